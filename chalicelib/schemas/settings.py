"""What a firm settles for itself, on the wire."""

from typing import Annotated

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Stamp, View, Zone, patch_of
from chalicelib.schemas.hours import Holidays, Hours, HoursPatch

Currency = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z]{3}$(?!\n)",
        description="ISO 4217: the currency of the firm's sums. It stays once something was added up in it",
        examples=["EUR"],
    ),
]


class SettingsDraft(Draft):
    """What a firm may settle; what it does not is as usual: euros, UTC, Monday to Friday from nine to five."""

    currency: Currency = "EUR"
    time_zone: Zone = "UTC"
    hours: Hours | None = None
    holidays: Holidays = []


SettingsPatch = patch_of(SettingsDraft, hours=HoursPatch)


class SettingsView(View):
    """The firm's settings. `version` is 0, and `updated_at` null, while nothing was ever settled."""

    currency: str
    time_zone: str
    hours: Hours
    holidays: Holidays
    updated_at: Stamp | None
    version: int
