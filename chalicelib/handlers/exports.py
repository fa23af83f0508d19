"""Exports over HTTP."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.exports import ExportDraft
from chalicelib.schemas.job import JobView
from chalicelib.services import exports

routes = Routes(__name__)


@routes.post("/v1/exports", permission="exports:write", body=ExportDraft, returns=JobView, status=202)
def create_export(actor: Actor, body: ExportDraft) -> JobView:
    """Export records into a file: the job says when and where it is there."""
    return exports.start(actor, body)
