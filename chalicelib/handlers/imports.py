"""Imports over HTTP."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.imports import ImportDraft, ImportQuery, ImportView
from chalicelib.schemas.job import JobView
from chalicelib.schemas.page import Begun, Listing, Page
from chalicelib.schemas.row import RowQuery, RowView

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/imports", permission="imports:write", body=ImportDraft, returns=ImportView, begins=True)
def create_import(actor: Actor, body: ImportDraft) -> ImportView | Begun[ImportView]:
    """Import a file of contacts or companies: begun at once (202) if the content is there, else to be uploaded."""
    from chalicelib.services import imports

    made = imports.create(actor, body)
    return Begun(made) if body.content is not None else made


@routes.get("/v1/imports", permission="imports:read", query=ImportQuery, returns=Listing[ImportView], paged=True)
def list_imports(actor: Actor, page: Page) -> Listing[ImportView]:
    """List the imports that were started, the newest first, without how their files were understood."""
    from chalicelib.services import imports

    return imports.listing(actor, page)


@routes.get("/v1/imports/{import_id}", permission="imports:read", returns=ImportView)
def get_import(actor: Actor, import_id: str) -> ImportView:
    """Read an import: how its file was understood, and how far it is."""
    from chalicelib.services import imports

    return imports.get(actor, import_id)


@routes.post("/v1/imports/{import_id}/start", permission="imports:write", returns=ImportView, status=202, errors=(409,))
def start_import(actor: Actor, import_id: str) -> ImportView:
    """Begin an import whose file has been uploaded."""
    from chalicelib.services import imports

    return imports.start(actor, import_id)


@routes.get(
    "/v1/imports/{import_id}/rows",
    permission="imports:read",
    query=RowQuery,
    returns=Listing[RowView],
    paged=True,
    errors=(410,),
)
def list_import_rows(actor: Actor, import_id: str, query: RowQuery, page: Page) -> Listing[RowView]:
    """List what became of each row of an import."""
    from chalicelib.services import imports

    return imports.row_listing(actor, import_id, query, page)


@routes.post("/v1/imports/{import_id}/revert", permission="imports:write", returns=JobView, status=202, errors=(409,))
def revert_import(actor: Actor, import_id: str) -> JobView:
    """Take an import back, where nobody has changed since what it did."""
    from chalicelib.services import imports

    return imports.revert(actor, import_id)
