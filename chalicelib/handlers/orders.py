"""Orders over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.order import OrderDraft, OrderPatch, OrderQuery, OrderView
from chalicelib.schemas.page import Listing, Made, Page

routes = Routes(__name__)


@routes.post("/v1/orders", permission="orders:write", body=OrderDraft, returns=OrderView, again=True)
def create_order(actor: Actor, body: OrderDraft) -> Made[OrderView]:
    """Create an order; the same one sent again, known by its external id, is answered with 200."""
    from chalicelib.services import orders

    return orders.create(actor, body)


@routes.get("/v1/orders", permission="orders:read", query=OrderQuery, returns=Listing[OrderView], paged=True)
def list_orders(actor: Actor, query: OrderQuery, page: Page) -> Listing[OrderView]:
    """List orders, the last ordered first."""
    from chalicelib.services import orders

    return orders.listing(actor, query, page)


@routes.get("/v1/orders/{order_id}", permission="orders:read", returns=OrderView)
def get_order(actor: Actor, order_id: str) -> OrderView:
    """Read an order."""
    from chalicelib.services import orders

    return orders.get(actor, order_id)


@routes.patch("/v1/orders/{order_id}", permission="orders:write", body=OrderPatch, returns=OrderView, errors=(409,))
def patch_order(actor: Actor, order_id: str, body: dict[str, Any], expected: int | None) -> OrderView:
    """Change some fields of an order."""
    from chalicelib.services import orders

    return orders.update(actor, order_id, body, expected)


@routes.put(
    "/v1/orders/by/external_id/{external_id}",
    permission="orders:write",
    body=OrderPatch,
    returns=OrderView,
    errors=(409,),
)
def put_order_by_external_id(actor: Actor, external_id: str, body: dict[str, Any]) -> Made[OrderView]:
    """Change the order that another system knows by this id, or create it; what says nothing new writes nothing."""
    from chalicelib.services import orders

    return orders.upsert(actor, external_id, body)


@routes.delete("/v1/orders/{order_id}", permission="orders:write")
def delete_order(actor: Actor, order_id: str, expected: int | None) -> None:
    """Put an order into the trash."""
    from chalicelib.services import orders

    orders.delete(actor, order_id, expected)


@routes.post("/v1/orders/{order_id}/restore", permission="orders:write", returns=OrderView, status=200)
def restore_order(actor: Actor, order_id: str, expected: int | None) -> OrderView:
    """Take an order out of the trash."""
    from chalicelib.services import orders

    return orders.restore(actor, order_id, expected)
