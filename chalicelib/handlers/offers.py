"""The page on which a customer, who has no account, reads a quote and answers."""

from chalicelib.handlers._http import PAGE, Routes
from chalicelib.handlers._request import FORM
from chalicelib.schemas.page import Document
from chalicelib.schemas.quote import QuoteAnswer

routes = Routes(__name__)
_OVER = (404, 410)


@routes.get("/q/{link}", permission=None, media_type=PAGE, pages=_OVER)
def get_offer(link: str) -> Document:
    """Show a quote to whoever has its link."""
    from chalicelib.services import offers

    return offers.page(link)


@routes.post("/q/{link}/accept", permission=None, body=QuoteAnswer, form=FORM, media_type=PAGE, pages=_OVER, status=200)
def accept_offer(link: str, body: QuoteAnswer) -> Document:
    """Accept a quote; once is enough."""
    from chalicelib.services import offers

    return offers.accept(link, body.name)


@routes.post(
    "/q/{link}/decline", permission=None, body=QuoteAnswer, form=FORM, media_type=PAGE, pages=_OVER, status=200
)
def decline_offer(link: str, body: QuoteAnswer) -> Document:
    """Decline a quote."""
    from chalicelib.services import offers

    return offers.decline(link, body.name)
