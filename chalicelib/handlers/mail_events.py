"""What became of mails, over HTTP."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.job import JobView
from chalicelib.schemas.mail_event import MailEventQuery, MailEventView, ReplayDraft
from chalicelib.schemas.page import Listing, Page

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.get(
    "/v1/mail-events",
    permission="mail_events:read",
    query=MailEventQuery,
    returns=Listing[MailEventView],
    paged=True,
)
def list_mail_events(actor: Actor, query: MailEventQuery, page: Page) -> Listing[MailEventView]:
    """List what became of mails, the newest first: of the firm, of one message or of one mailbox."""
    from chalicelib.services import mail_events

    return mail_events.listing(actor, query, page)


@routes.post("/v1/mail-events/replay", permission="settings:write", body=ReplayDraft, returns=JobView, status=202)
def replay_mail_events(actor: Actor, body: ReplayDraft) -> JobView:
    """Read the events that are kept anew from what the providers sent, and derive from them what follows."""
    from chalicelib.services import replays

    return replays.start(actor, body)
