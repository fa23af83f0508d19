"""Mail providers' settings over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Made
from chalicelib.schemas.provider import ProviderPatch, ProviderView

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.get("/v1/settings/providers/{provider}", permission="settings:read", returns=ProviderView)
def get_provider(actor: Actor, provider: str, base: str) -> ProviderView:
    """Read which secrets of a mail provider are set, and the address that it is to call. Never the secrets."""
    from chalicelib.services import provider_settings

    return provider_settings.get(actor, provider, base)


@routes.put("/v1/settings/providers/{provider}", permission="settings:write", body=ProviderPatch, returns=ProviderView)
def put_provider(
    actor: Actor, provider: str, body: dict[str, Any], base: str, expected: int | None
) -> Made[ProviderView]:
    """Set what a mail provider's calls are proved by; several values of a field while one is being replaced."""
    from chalicelib.services import provider_settings

    return provider_settings.put(actor, provider, body, base, expected)


@routes.delete("/v1/settings/providers/{provider}", permission="settings:write")
def delete_provider(actor: Actor, provider: str) -> None:
    """Forget a mail provider's secrets; its calls are refused from then on."""
    from chalicelib.services import provider_settings

    provider_settings.delete(actor, provider)
