"""What is known of a contact: the contact itself, what was read besides, and what that comes to."""

from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import Any, Final

from chalicelib.models.company import Company
from chalicelib.models.contact import Contact
from chalicelib.models.mailing import Mailing
from chalicelib.services import seen, settings
from chalicelib.services.rules import times

SENT: Final = "sent"
_STAMPS: Final = frozenset({*seen.STAMPS.values(), "opened_human", "clicked_human"})
_VOID: Final = ("cancelled", "refunded")
_VALUE: Final = "v."  # what cells begin with that hold amounts, by currency


@dataclass(slots=True)
class Part:
    """One deal, order or mail of a contact."""

    record: Any
    whole: "Facts"
    memo: dict[str, Any] = field(default_factory=dict)
    stamps: dict[str, str] | None = None

    @property
    def zone(self) -> tzinfo:
        """Where calendar days begin."""
        return self.whole.zone

    def stamp(self, event: str) -> str | None:
        """When this was told of the mail, if it was."""
        if self.stamps is None:
            self.stamps = _stamps(self.record)
        return self.stamps.get(event)


@dataclass(slots=True)
class Facts:
    """A contact, and what was read for it. Values of fields are worked out once, however many rules ask for them."""

    contact: Contact
    firm_zone: str = settings.TIME_ZONE
    company: Company | None = None
    deals: list[Part] = field(default_factory=list)
    orders: list[Part] = field(default_factory=list)
    mails: list[Part] = field(default_factory=list)
    cells: dict[str, int] = field(default_factory=dict)
    activity: dict[str, str] = field(default_factory=dict)
    open_tasks: int = 0
    read: frozenset[str] = frozenset()  # which families are known
    memo: dict[str, Any] = field(default_factory=dict)

    @property
    def zone(self) -> tzinfo:
        """Where calendar days begin: the contact's own zone, or else the firm's."""
        found: tzinfo | None = self.memo.get("")
        if found is None:
            found = self.memo[""] = _zone(self.contact.time_zone or self.firm_zone)
        return found

    def some(self, noun: str) -> list[Part]:
        """The deals, orders or mails, of which some one is meant."""
        found: list[Part] = getattr(self, f"{noun}s")
        return found

    def deal_count(self, status: str | None) -> int:
        """How many deals there are, of one status or in all."""
        return sum(1 for part in self.deals if status in (None, part.record.status))

    def deal_worth(self, status: str) -> dict[str, int]:
        """What deals of a status are worth by currency: closed ones in the firm's own, as of then."""
        sums: dict[str, int] = {}
        for part in self.deals:
            worth = part.record.base_value or part.record.value
            if part.record.status == status and worth:
                sums[worth["currency"]] = sums.get(worth["currency"], 0) + worth["amount"]
        return sums

    @property
    def last_won(self) -> str | None:
        """When a deal was last won."""
        won = (part.record.closed_at for part in self.deals if part.record.status == "won")
        return max(filter(None, won), default=None)

    @property
    def last_ordered(self) -> str | None:
        """When the last order was placed that counts."""
        counting = (part.record.ordered_at for part in self.orders if part.record.status not in _VOID)
        return max(counting, default=None)

    def bought(self, cell: str) -> int:
        """One figure of what all orders come to."""
        return self.cells.get(cell, 0)

    def bought_sums(self) -> dict[str, int]:
        """What all orders come to, by currency."""
        return {name.removeprefix(_VALUE): sum_ for name, sum_ in self.cells.items() if name.startswith(_VALUE)}

    def events(self, event: str) -> tuple[int, ...]:
        """When this was told of mails, once for each."""
        stamps = (part.stamp(event) for part in self.mails)
        return tuple(at for stamp in stamps if stamp and (at := times.of_stamp(stamp)) is not None)

    def last_event(self, event: str) -> str | None:
        """When this was last told of a mail."""
        return max(filter(None, (part.stamp(event) for part in self.mails)), default=None)

    def campaigns(self, event: str) -> list[str]:
        """The campaigns of whose mails this was told."""
        return [part.record.campaign_id for part in self.mails if part.stamp(event)]


def _stamps(mail: Mailing) -> dict[str, str]:
    """When each thing was told of a mail, by its name there; and when it was sent, if it was."""
    told, result = mail.seen or {}, mail.result
    stamps = {name: at for name, at in told.items() if isinstance(at, str) and name in _STAMPS}
    recorded = result.get("status") == SENT
    if recorded or seen.proves_sent(told):  # the record may still be missing, or never come
        stamps[SENT] = str(result["at"] if recorded else stamps.get(SENT) or mail.claimed_at)
    return stamps


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # loaded only when a rule asks for days of the calendar

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # one that the machine does not know
        return UTC
