"""Products over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.product import ProductDraft, ProductPatch, ProductQuery, ProductView

routes = Routes(__name__)


@routes.post("/v1/products", permission="products:write", body=ProductDraft, returns=ProductView)
def create_product(actor: Actor, body: ProductDraft) -> ProductView:
    """Create a product."""
    from chalicelib.services import products

    return products.create(actor, body)


@routes.get("/v1/products", permission="products:read", query=ProductQuery, returns=Listing[ProductView], paged=True)
def list_products(actor: Actor, query: ProductQuery, page: Page) -> Listing[ProductView]:
    """List products by name, or find one by its sku."""
    from chalicelib.services import products

    return products.listing(actor, query, page)


@routes.get("/v1/products/{product_id}", permission="products:read", returns=ProductView)
def get_product(actor: Actor, product_id: str) -> ProductView:
    """Read a product."""
    from chalicelib.services import products

    return products.get(actor, product_id)


@routes.patch(
    "/v1/products/{product_id}", permission="products:write", body=ProductPatch, returns=ProductView, errors=(409,)
)
def patch_product(actor: Actor, product_id: str, body: dict[str, Any], expected: int | None) -> ProductView:
    """Change some fields of a product; lines that have it stay as they are."""
    from chalicelib.services import products

    return products.update(actor, product_id, body, expected)


@routes.delete("/v1/products/{product_id}", permission="products:write")
def delete_product(actor: Actor, product_id: str, expected: int | None) -> None:
    """Put a product into the trash; lines that have it keep it."""
    from chalicelib.services import products

    products.delete(actor, product_id, expected)


@routes.post("/v1/products/{product_id}/restore", permission="products:write", returns=ProductView, status=200)
def restore_product(actor: Actor, product_id: str, expected: int | None) -> ProductView:
    """Take a product out of the trash."""
    from chalicelib.services import products

    return products.restore(actor, product_id, expected)
