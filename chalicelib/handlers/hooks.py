"""What mail providers call, over HTTP: the body is handed on as it came, for its signature is over its bytes."""

from chalicelib.handlers._http import Routes
from chalicelib.schemas.mail_event import TakenView
from chalicelib.schemas.page import Document

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post(
    "/v1/hooks/{provider}/{tenant_key}",
    permission=None,
    returns=TakenView,
    status=200,
    pages=(406,),
    errors=(400, 401, 403, 413, 503),
)
def receive_hook(provider: str, tenant_key: str, headers: dict[str, str], raw: bytes) -> Document:
    """Take what a mail provider tells of mails; the answer is what makes it come again, or not."""
    from chalicelib.services import inbound

    return inbound.accept(provider, tenant_key, headers, raw)


@routes.head("/v1/hooks/{provider}/{tenant_key}", permission=None, media_type="application/json")
def probe_hook(provider: str, tenant_key: str) -> Document:
    """Say whether the address is there, as some providers want to know before they use it."""
    from chalicelib.services import inbound

    return inbound.probed(provider, tenant_key)
