"""Templates over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.template import (
    PreviewDraft,
    PreviewView,
    TemplateDraft,
    TemplatePatch,
    TemplateQuery,
    TemplateRow,
    TemplateView,
)

routes = Routes(__name__)


@routes.post("/v1/templates", permission="templates:write", body=TemplateDraft, returns=TemplateView, errors=(409,))
def create_template(actor: Actor, body: TemplateDraft) -> TemplateView:
    """Create a template, or a partial for others to render."""
    from chalicelib.services import templates

    return templates.create(actor, body)


@routes.get("/v1/templates", permission="templates:read", query=TemplateQuery, returns=Listing[TemplateRow], paged=True)
def list_templates(actor: Actor, query: TemplateQuery, page: Page) -> Listing[TemplateRow]:
    """List templates by name, without their texts."""
    from chalicelib.services import templates

    return templates.listing(actor, query, page)


@routes.get("/v1/templates/{template_id}", permission="templates:read", returns=TemplateView)
def get_template(actor: Actor, template_id: str) -> TemplateView:
    """Read a template."""
    from chalicelib.services import templates

    return templates.get(actor, template_id)


@routes.patch(
    "/v1/templates/{template_id}",
    permission="templates:write",
    body=TemplatePatch,
    returns=TemplateView,
    errors=(409,),
)
def patch_template(actor: Actor, template_id: str, body: dict[str, Any], expected: int | None) -> TemplateView:
    """Change some fields of a template. A changed partial is in all mails made from then on."""
    from chalicelib.services import templates

    return templates.update(actor, template_id, body, expected)


@routes.delete("/v1/templates/{template_id}", permission="templates:write", errors=(409,))
def delete_template(actor: Actor, template_id: str, expected: int | None) -> None:
    """Put a template into the trash; not a partial that another template renders."""
    from chalicelib.services import templates

    templates.delete(actor, template_id, expected)


@routes.post("/v1/templates/{template_id}/restore", permission="templates:write", returns=TemplateView, status=200)
def restore_template(actor: Actor, template_id: str, expected: int | None) -> TemplateView:
    """Take a template out of the trash."""
    from chalicelib.services import templates

    return templates.restore(actor, template_id, expected)


@routes.post(
    "/v1/templates/{template_id}/preview",
    permission="templates:read",
    body=PreviewDraft,
    returns=PreviewView,
    status=200,
)
def preview_template(actor: Actor, template_id: str, body: PreviewDraft, base: str) -> PreviewView:
    """The mail that one contact would get, and what is to be said about the template."""
    from chalicelib.services import templates

    return templates.preview(actor, template_id, body, base)
