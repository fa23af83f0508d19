"""What contacts and companies have bought, over HTTP."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.order import OrderView, PurchasesView
from chalicelib.schemas.page import Listing, ListQuery, Page

routes = Routes(__name__)


@routes.get(
    "/v1/contacts/{contact_id}/orders",
    permission="orders:read",
    query=ListQuery,
    returns=Listing[OrderView],
    paged=True,
)
def contact_orders(actor: Actor, contact_id: str, page: Page) -> Listing[OrderView]:
    """List the orders of a contact, and of those merged into it, the last ordered first."""
    from chalicelib.services import purchases

    return purchases.of_contact(actor, contact_id, page)


@routes.get(
    "/v1/companies/{company_id}/orders",
    permission="orders:read",
    query=ListQuery,
    returns=Listing[OrderView],
    paged=True,
)
def company_orders(actor: Actor, company_id: str, page: Page) -> Listing[OrderView]:
    """List the orders of a company, and of those merged into it, the last ordered first."""
    from chalicelib.services import purchases

    return purchases.of_company(actor, company_id, page)


@routes.get("/v1/contacts/{contact_id}/purchases", permission="orders:read", returns=PurchasesView)
def contact_purchases(actor: Actor, contact_id: str) -> PurchasesView:
    """Read what a contact has bought in all: how many orders, for how much, from when to when."""
    from chalicelib.services import purchases

    return purchases.summary(actor, contact_id)
