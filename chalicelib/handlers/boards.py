"""Boards over HTTP, and the deals of a company or a contact."""

from typing import Final

from chalicelib.handlers import _cursor
from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.board import BoardQuery, BoardView
from chalicelib.schemas.deal import DealView
from chalicelib.schemas.filters import DealQuery
from chalicelib.schemas.page import Listing, ListQuery, Page

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)
_DEALS: Final = "/v1/deals"  # the list in which a stage goes on: its cursors are those of that list


@routes.get("/v1/pipelines/{pipeline_id}/board", permission="deals:read", query=BoardQuery, returns=BoardView)
def pipeline_board(actor: Actor, pipeline_id: str, query: BoardQuery) -> BoardView:
    """Read the board of a pipeline: counts, sums and the first cards of each stage; or further cards of one."""
    from chalicelib.services import boards

    asked = DealQuery(pipeline_id=pipeline_id, stage_id=query.stage_id, cursor=query.cursor)
    page = Page(query.limit, _cursor.unseal(actor, _DEALS, asked))
    board, ends = boards.view(actor, pipeline_id, query.stage_id, page)
    for stage in board.stages:
        asked = DealQuery(pipeline_id=pipeline_id, stage_id=stage.stage_id)
        last = ends[stage.stage_id]
        stage.next_cursor = _cursor.seal(last, actor, _DEALS, asked) if last else None
    return board


@routes.get(
    "/v1/companies/{company_id}/deals",
    permission="deals:read",
    query=ListQuery,
    returns=Listing[DealView],
    paged=True,
)
def company_deals(actor: Actor, company_id: str, page: Page) -> Listing[DealView]:
    """List the deals of a company, and of those that were merged into it, by title."""
    from chalicelib.services import boards

    return boards.of_company(actor, company_id, page)


@routes.get(
    "/v1/contacts/{contact_id}/deals",
    permission="deals:read",
    query=ListQuery,
    returns=Listing[DealView],
    paged=True,
)
def contact_deals(actor: Actor, contact_id: str, page: Page) -> Listing[DealView]:
    """List the deals of a contact, and of those that were merged into it, by title."""
    from chalicelib.services import boards

    return boards.of_contact(actor, contact_id, page)
