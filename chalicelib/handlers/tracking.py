"""The picture and the links in mails, over HTTP. Everybody may ask; a HEAD is answered, and taken for a program's."""

from chalicelib.handlers._http import PAGE, Routes
from chalicelib.schemas.page import Document

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.get("/t/o/{opening}", permission=None, media_type="image/gif")
def track_open(opening: str, headers: dict[str, str]) -> Document:
    """Show the picture that tells that a mail was opened."""
    from chalicelib.services import tracking

    return tracking.opened(opening, headers.get("user-agent"))


@routes.head("/t/o/{opening}", permission=None, media_type="image/gif")
def track_open_head(opening: str, headers: dict[str, str]) -> Document:
    """Say what the picture is, without it."""
    from chalicelib.services import tracking

    return tracking.opened(opening, headers.get("user-agent"), head=True)


@routes.get("/t/c/{click}", permission=None, media_type=PAGE, pages=(404,), status=302)
def track_click(click: str, headers: dict[str, str]) -> Document:
    """Go on to where a link of a mail leads."""
    from chalicelib.services import tracking

    return tracking.clicked(click, headers.get("user-agent"))


@routes.head("/t/c/{click}", permission=None, media_type=PAGE, pages=(404,), status=302)
def track_click_head(click: str, headers: dict[str, str]) -> Document:
    """Say where a link of a mail leads."""
    from chalicelib.services import tracking

    return tracking.clicked(click, headers.get("user-agent"), head=True)
