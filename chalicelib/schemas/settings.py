"""What a firm settles for itself, on the wire."""

from typing import Annotated

from msgspec import Meta

from chalicelib.schemas.fields import Draft, Stamp, View, Zone, patch_of
from chalicelib.schemas.hours import Holidays, Hours, HoursPatch
from chalicelib.schemas.parts import Part

Currency = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z]{3}$(?!\n)",
        description="ISO 4217: the currency of the firm's sums. It stays once something was added up in it",
        examples=["EUR"],
    ),
]


class FrequencyCap(Part):
    """How many mails of campaigns one contact gets at most within so many days, over all campaigns."""

    count: Annotated[int, Meta(ge=1, le=40, examples=[2])]
    days: Annotated[int, Meta(ge=1, le=90, examples=[7])]


class SoftBounces(Part):
    """After how many messages that bounced softly within so many days an address is not mailed any more."""

    count: Annotated[int, Meta(ge=1, le=20, examples=[3])] = 3
    days: Annotated[int, Meta(ge=1, le=90, examples=[30])] = 30


class Following(Part):
    """Whether it is noted who opens the firm's mails and follows their links. A campaign may do without either."""

    opens: bool = True
    clicks: bool = True


class SettingsDraft(Draft):
    """What a firm may settle; what it does not is as usual: euros, UTC, Monday to Friday from nine to five."""

    currency: Currency = "EUR"
    time_zone: Zone = "UTC"
    hours: Hours | None = None
    holidays: Holidays = []
    campaign_approval: Annotated[
        bool, Meta(description="Whether a campaign is sent only after somebody else than who wrote it has approved it")
    ] = False
    campaign_share: Annotated[
        int,
        Meta(ge=1, le=100, description="Preflight warns of an audience over this share of all contacts, in percent"),
    ] = 50
    address: (
        Annotated[
            str,
            Meta(
                max_length=300,
                description="Where the firm has its post: `firm.address` in templates, as mails to many have to say it",
                examples=["Engines Ltd, 12 St James's Square, London SW1Y 4JH"],
            ),
        ]
        | None
    ) = None
    frequency_cap: FrequencyCap | None = None
    soft_bounces: SoftBounces | None = None
    tracking: Following | None = None


SettingsPatch = patch_of(
    SettingsDraft,
    hours=HoursPatch,
    frequency_cap=patch_of(FrequencyCap),
    soft_bounces=patch_of(SoftBounces),
    tracking=patch_of(Following),
)


class SettingsView(View):
    """The firm's settings. `version` is 0, and `updated_at` null, while nothing was ever settled."""

    currency: str
    time_zone: str
    hours: Hours
    holidays: Holidays
    campaign_approval: bool
    campaign_share: int
    address: str | None
    frequency_cap: FrequencyCap | None
    soft_bounces: SoftBounces
    tracking: Following
    updated_at: Stamp | None
    version: int
