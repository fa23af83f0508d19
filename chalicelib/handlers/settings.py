"""What a firm settles for itself, over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.settings import SettingsPatch, SettingsView

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.get("/v1/settings", permission="settings:read", returns=SettingsView)
def get_settings(actor: Actor) -> SettingsView:
    """Read the firm's currency, time zone, working hours and holidays."""
    from chalicelib.services import settings

    return settings.get(actor)


@routes.patch("/v1/settings", permission="settings:write", body=SettingsPatch, returns=SettingsView, errors=(409,))
def patch_settings(actor: Actor, body: dict[str, Any], expected: int | None) -> SettingsView:
    """Change some of the firm's settings; the currency only until something is added up in it."""
    from chalicelib.services import settings

    return settings.update(actor, body, expected)
