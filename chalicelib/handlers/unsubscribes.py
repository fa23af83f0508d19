"""The pages behind the links in mails, for people without an account: unsubscribe, choose, confirm.

What is got by GET changes nothing, as mail scanners follow every link.
"""

from chalicelib.handlers._http import PAGE, Routes
from chalicelib.handlers._request import ANY_FORM, FORM
from chalicelib.schemas.consent import Choices, Confirmation, OptOut
from chalicelib.schemas.page import Document

routes = Routes(__name__)
_OVER = (404, 410)


@routes.get("/u/{token}", permission=None, media_type=PAGE, pages=(404,))
def get_unsubscribe(token: str) -> Document:
    """Show whoever has the link of a mail how to unsubscribe."""
    from chalicelib.services import unsubscribing

    return unsubscribing.page(token)


@routes.post("/u/{token}", permission=None, body=OptOut, form=ANY_FORM, media_type=PAGE, pages=(404,), status=200)
def unsubscribe(token: str, body: OptOut, source: str) -> Document:
    """Unsubscribe, with one click (RFC 8058) or by the page's button; once is enough."""
    from chalicelib.services import unsubscribing

    return unsubscribing.act(token, body, source)


@routes.get("/u/{token}/preferences", permission=None, media_type=PAGE, pages=(404,))
def get_choices(token: str) -> Document:
    """Show whoever has the link of a mail what he may choose from."""
    from chalicelib.services import mail_choices

    return mail_choices.page(token)


@routes.post(
    "/u/{token}/preferences", permission=None, body=Choices, form=FORM, media_type=PAGE, pages=(404,), status=200
)
def save_choices(token: str, body: Choices, source: str, base: str) -> Document:
    """Save what somebody wants to be mailed about."""
    from chalicelib.services import mail_choices

    return mail_choices.save(token, body, source, base)


@routes.get("/u/{token}/confirm", permission=None, media_type=PAGE, pages=_OVER)
def get_confirmation(token: str) -> Document:
    """Ask whoever has the link of a confirmation mail to press the button."""
    from chalicelib.services import optin

    return optin.page(token)


@routes.post(
    "/u/{token}/confirm", permission=None, body=Confirmation, form=FORM, media_type=PAGE, pages=_OVER, status=200
)
def confirm_consent(token: str, body: Confirmation, source: str) -> Document:
    """Confirm that mail is wanted; once is enough."""
    from chalicelib.services import optin

    return optin.confirm(token, source)
