"""Exports over HTTP."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.exports import ExportDraft
from chalicelib.schemas.job import JobView

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/exports", permission="exports:write", body=ExportDraft, returns=JobView, status=202)
def create_export(actor: Actor, body: ExportDraft) -> JobView:
    """Export records into a file: the job says when and where it is there."""
    from chalicelib.services import exports

    return exports.start(actor, body)
