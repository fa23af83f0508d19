"""Quotas over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.quota import QuotaDraft, QuotaPatch, QuotaQuery, QuotaView

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/quotas", permission="quotas:write", body=QuotaDraft, returns=QuotaView)
def create_quota(actor: Actor, body: QuotaDraft) -> QuotaView:
    """Set what a user, a team or the firm is to win in a period."""
    from chalicelib.services import quotas

    return quotas.create(actor, body)


@routes.get("/v1/quotas", permission="quotas:read", query=QuotaQuery, returns=Listing[QuotaView], paged=True)
def list_quotas(actor: Actor, query: QuotaQuery, page: Page) -> Listing[QuotaView]:
    """List quotas by period."""
    from chalicelib.services import quotas

    return quotas.listing(actor, query, page)


@routes.get("/v1/quotas/{quota_id}", permission="quotas:read", returns=QuotaView)
def get_quota(actor: Actor, quota_id: str) -> QuotaView:
    """Read a quota."""
    from chalicelib.services import quotas

    return quotas.get(actor, quota_id)


@routes.patch("/v1/quotas/{quota_id}", permission="quotas:write", body=QuotaPatch, returns=QuotaView, errors=(409,))
def patch_quota(actor: Actor, quota_id: str, body: dict[str, Any], expected: int | None) -> QuotaView:
    """Change the amount of a quota; whose and when it is stays."""
    from chalicelib.services import quotas

    return quotas.update(actor, quota_id, body, expected)


@routes.delete("/v1/quotas/{quota_id}", permission="quotas:write")
def delete_quota(actor: Actor, quota_id: str, expected: int | None) -> None:
    """Put a quota into the trash."""
    from chalicelib.services import quotas

    quotas.delete(actor, quota_id, expected)


@routes.post("/v1/quotas/{quota_id}/restore", permission="quotas:write", returns=QuotaView, status=200)
def restore_quota(actor: Actor, quota_id: str, expected: int | None) -> QuotaView:
    """Take a quota out of the trash."""
    from chalicelib.services import quotas

    return quotas.restore(actor, quota_id, expected)
