"""Campaigns on the wire: what is sent to whom, what would happen, and what became of it."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chalicelib.schemas.fields import Address, Draft, Id, Moment, Stamp, Title, View, Zone, patch_of
from chalicelib.schemas.hours import Holidays, Hours, HoursPatch
from chalicelib.schemas.page import ListQuery
from chalicelib.schemas.parts import Part

Status = Literal["draft", "scheduled", "running", "paused", "finished", "cancelled"]
Outcome = Literal["claimed", "sent", "failed", "suppressed", "unknown"]
Mailbox = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=320,
        description="`name@host` or `Name <name@host>`",
        examples=["Ada at Lovelace <news@lovelace.example>"],
    ),
]
Topic = Annotated[
    str, Meta(min_length=1, max_length=50, description="What it is about, as contacts choose topics", examples=["news"])
]
MicroUsd = Annotated[
    int, Meta(ge=1, le=10**15, description="Micro-dollars: 1,000,000 are one US dollar", examples=[5_000_000])
]
_Word = Annotated[str, Meta(min_length=1, max_length=100)]


class Utm(Part, omit_defaults=True):
    """Tags that each tracked link of its mails gets in its query, unless the link has its own."""

    source: _Word | None = None
    medium: _Word | None = None
    campaign: _Word | None = None
    term: _Word | None = None
    content: _Word | None = None


class Tracking(Part):
    """Whether opens and clicks are noted. The firm and each contact may refuse what is asked for here."""

    opens: bool = True
    clicks: bool = True
    utm: Utm | None = None


class SendWindow(Part):
    """When mails may go out: within these hours, on no holiday, as the clock of the contact (his time zone, else the
    firm's) or of one fixed zone shows. Without `hours` those of the firm.
    """

    hours: Hours | None = None
    holidays: Holidays = []
    zone: Annotated[Zone, Meta(description="`contact`, or an IANA time zone", examples=["contact"])] = "contact"


class CampaignDraft(Draft):
    """What is sent to whom. `rate` is in mails a second, at most; `concurrency` how many workers send at once. At
    `max_cost` it is paused. Of two campaigns that want the same contact's time the one with more `priority` goes first.
    `seeds` get a copy when it begins. `ab` is kept for later and has to be empty.
    """

    name: Title
    segment_id: Id | None = None
    template_id: Id | None = None
    sender: Mailbox | None = msgspec.field(default=None, name="from")
    reply_to: Mailbox | None = None
    topic: Topic | None = None
    send_window: SendWindow | None = None
    rate: Annotated[float, Meta(gt=0, le=10_000)] | None = None
    concurrency: Annotated[int, Meta(ge=1, le=20)] | None = None
    max_cost: MicroUsd | None = None
    priority: Annotated[int, Meta(ge=0, le=100)] = 0
    tracking: Tracking | None = None
    seeds: Annotated[list[Address], Meta(max_length=10)] = []
    ab: Annotated[dict[str, Any], Meta(description="Not supported yet: leave it empty", max_length=20)] = {}


CampaignPatch = patch_of(
    CampaignDraft,
    send_window=patch_of(SendWindow, hours=HoursPatch),
    tracking=patch_of(Tracking, utm=patch_of(Utm)),
)


class Approval(View):
    """Whether somebody has allowed it to be sent. `void`: it was, and something changed since."""

    state: Literal["none", "approved", "rejected", "void"]
    by: str | None = None
    at: Stamp | None = None
    reason: str | None = None


class CampaignView(View):
    """A campaign as a client reads it. `status_reason` says why it is paused, or a draft again, where nobody asked for
    that. `launched_by` is also who has it launched later.
    """

    id: str
    name: str
    status: Status
    segment_id: str | None
    template_id: str | None
    sender: str | None = msgspec.field(name="from")
    reply_to: str | None
    topic: str | None
    send_window: SendWindow | None
    rate: float | None
    concurrency: int | None
    max_cost: int | None
    priority: int
    tracking: Tracking
    seeds: list[str]
    ab: dict[str, Any]
    approval: Approval
    status_reason: str | None
    audience: int | None
    scheduled_at: Stamp | None
    launched_at: Stamp | None
    launched_by: str | None
    finished_at: Stamp | None
    created_at: Stamp
    updated_at: Stamp
    deleted_at: Stamp | None
    version: int


class CampaignQuery(ListQuery):
    """All campaigns, the newest first."""


class Start(Draft):
    """When it is to be launched."""

    at: Moment


class Rejection(Draft):
    """Why it is not to be sent so."""

    reason: Annotated[str, Meta(min_length=1, max_length=500, examples=["The price is last year's."])] | None = None


class TrialDraft(Draft):
    """Who gets a mail on trial: addresses of the firm's own users, or of the campaign's seeds. It is written as to this
    contact, or to somebody of whom nothing is known.
    """

    to: Annotated[list[Address], Meta(min_length=1, max_length=10)]
    contact_id: Id | None = None


class Excluded(View):
    """How many do not get it by one rule."""

    rule: str
    count: int


class Remark(View):
    """Something about it that a person should see. An error keeps it from being launched."""

    severity: Literal["error", "warning", "info"]
    message: str
    pointer: str


class Price(View):
    """What it takes: units of the database and Lambda milliseconds. `usd` is the sum at list prices, the provider's fee
    for each mail included.
    """

    usd: float
    read_units: float
    write_units: float
    ms: float


class Cost(Price):
    """What it took, as measured; `mails` were handed to the provider."""

    mails: int


class Preflight(View):
    """What would happen if it were launched now: how many are addressed, who of them does not get it and by which rule,
    what is wrong, how long it takes, and what it costs. An error in `lint` keeps it from being launched.
    """

    audience: int
    excluded: list[Excluded]
    lint: list[Remark]
    duration_seconds: int
    cost: Price


class CampaignReport(View):
    """What became of it, in people. `_human` is what no program did, as far as that can be told. Once it is finished,
    `sent + failed + suppressed + unknown` is `audience`; before that, `pending` are still to come.
    """

    campaign_id: str
    status: Status
    audience: int
    sent: int
    delivered: int
    failed: int
    suppressed: int
    unknown: int
    pending: int
    opened: int
    opened_human: int
    clicked: int
    clicked_human: int
    unsubscribed: int
    bounced: int
    complained: int
    rates: Annotated[dict[str, float], Meta(description="Shares from 0 to 1, by what they are shares of")]
    cost: Cost


class RecipientView(View):
    """One of those it was for, and what became of the mail to him; `at` is when that was known. Of somebody who was
    removed for good only what the campaign itself counts is left.
    """

    contact_id: str
    address: str | None
    status: Outcome | Literal["waiting"]
    reason: str | None
    at: Stamp | None
    provider_message_id: str | None
    delivered_at: Stamp | None = None
    opened_at: Stamp | None = None
    clicked_at: Stamp | None = None


class RecipientQuery(ListQuery):
    """Which recipients, in the order of the audience."""

    status: Outcome | Literal["waiting"] | None = None
