"""Custom fields over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.field import FieldDraft, FieldPatch, FieldQuery, FieldView
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import fields

routes = Routes(__name__)


@routes.post("/v1/fields", permission="fields:write", body=FieldDraft, returns=FieldView)
def create_field(actor: Actor, body: FieldDraft) -> FieldView:
    """Define a custom field of contacts, companies or deals."""
    return fields.create(actor, body)


@routes.get("/v1/fields", permission="fields:read", query=FieldQuery, returns=Listing[FieldView], paged=True)
def list_fields(actor: Actor, query: FieldQuery, page: Page) -> Listing[FieldView]:
    """List custom fields by noun and name."""
    return fields.listing(actor, query, page)


@routes.get("/v1/fields/{field_id}", permission="fields:read", returns=FieldView)
def get_field(actor: Actor, field_id: str) -> FieldView:
    """Read a custom field."""
    return fields.get(actor, field_id)


@routes.patch("/v1/fields/{field_id}", permission="fields:write", body=FieldPatch, returns=FieldView, errors=(409,))
def patch_field(actor: Actor, field_id: str, body: dict[str, Any], expected: int | None) -> FieldView:
    """Change label, options or description of a custom field; its name and type stay."""
    return fields.update(actor, field_id, body, expected)


@routes.delete("/v1/fields/{field_id}", permission="fields:write")
def delete_field(actor: Actor, field_id: str, expected: int | None) -> None:
    """Put a custom field into the trash; the values that records have of it stay readable."""
    fields.delete(actor, field_id, expected)


@routes.post("/v1/fields/{field_id}/restore", permission="fields:write", returns=FieldView, status=200)
def restore_field(actor: Actor, field_id: str, expected: int | None) -> FieldView:
    """Take a custom field out of the trash."""
    return fields.restore(actor, field_id, expected)
