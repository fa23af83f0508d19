"""What a firm has settled for itself, and what holds until it does."""

from typing import Final

from chalicelib.models import keys
from chalicelib.models.settings import Settings
from chalicelib.models.table import fetch
from chalicelib.services.remembered import ask

CURRENCY: Final = "EUR"
TIME_ZONE: Final = "UTC"


def of(tenant: str) -> Settings:
    """The firm's settings, with what holds where it settled nothing. Half a unit."""
    return ask(("settings", tenant), lambda: _read(tenant))


def _read(tenant: str) -> Settings:
    place = keys.key("settings", tenant=tenant)
    found = fetch(Settings, *place) or Settings(*place, tenant=tenant)
    found.currency, found.time_zone = found.currency or CURRENCY, found.time_zone or TIME_ZONE
    return found
