"""The daily digest over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.digest import DigestDraft, DigestView
from chalicelib.schemas.page import Made

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.get("/v1/me/digest", permission="self", returns=DigestView)
def get_digest(actor: Actor) -> DigestView:
    """Read when the caller's daily digest comes."""
    from chalicelib.services import digests

    return digests.get(actor)


@routes.put("/v1/me/digest", permission="self", body=DigestDraft, returns=DigestView)
def put_digest(actor: Actor, body: dict[str, Any], expected: int | None) -> Made[DigestView]:
    """Have a mail on each working day at this time: what is overdue, due today, and closing this week."""
    from chalicelib.services import digests

    return digests.put(actor, body, expected)


@routes.delete("/v1/me/digest", permission="self")
def delete_digest(actor: Actor) -> None:
    """Have no digest any more."""
    from chalicelib.services import digests

    digests.delete(actor)
