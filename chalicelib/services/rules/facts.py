"""What rules look at besides the contact itself: read only as far as some rule needs it, and bounded.

Families of facts, and what each costs to read for one contact; for one into which others were merged as much again for
each of them:

    company       the contact's company: 0.5
    deals         those it is part of, at most `DEALS`: 0.5 for 25 entries of the index, 0.5 each
    orders        the last `ORDERS` of them: 0.5 for each 4 KB
    purchases     what all orders come to: 0.5
    mail          the last `MAILS` mails of campaigns: 0.5 for each 4 KB, some five mails
    tasks         which of its tasks are open: 0.5
    activity.X    the last activity of kind X: 0.5
    zone          the firm's time zone, for a contact that has none: 0.5

Read consistently it is twice that. What stands in an index can lag behind even then, so whoever reacts to a change
hands in what changed as `seen`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import chain
from typing import Any, Final

from chalicelib.models import keys
from chalicelib.models.activity import Activity
from chalicelib.models.company import Company
from chalicelib.models.contact import Contact
from chalicelib.models.deal import Deal
from chalicelib.models.ledger import OpenTask, Sheet
from chalicelib.models.mailing import Mailing
from chalicelib.models.order import Order
from chalicelib.models.table import Item, every, page, several
from chalicelib.models.term import place_of
from chalicelib.services import absorbed, settings
from chalicelib.services.rules import times

DEALS: Final = 100
ORDERS: Final = 100
MAILS: Final = 100
_HOPS: Final = 3  # mergers of a company that are followed
_BOUGHT: Final = "purchases"  # the sheet of what orders come to, as `services/purchases.py` keeps it
_VOID: Final = ("cancelled", "refunded")
_SENT: Final = "sent"
_ACTIVITY: Final = "activity."
# In which order they are read: the cheapest first, and what tells most of people.
_DEARNESS: Final = ("zone", "company", "purchases", "tasks", _ACTIVITY, "orders", "deals", "mail")
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


def of(tenant: str, contact: Contact, needs: Set[str], *, seen: Sequence[Any] = (), consistent: bool = False) -> Facts:
    """The facts of one contact. `seen` are records as a change left them: what was read of them may be older."""
    return many(tenant, [contact], needs, seen=seen, consistent=consistent)[0]


def many(
    tenant: str, contacts: Sequence[Contact], needs: Set[str], *, seen: Sequence[Any] = (), consistent: bool = False
) -> list[Facts]:
    """The facts of several contacts, in their order. Raises `Unready` if the table does not give them all."""
    return gather(tenant, contacts, lambda known: needs - known.read, seen=seen, consistent=consistent)


def gather(
    tenant: str,
    contacts: Sequence[Contact],
    wanted: Callable[[Facts], Set[str]],
    *,
    seen: Sequence[Any] = (),
    consistent: bool = False,
) -> list[Facts]:
    """The facts of several contacts; of each those families that are `wanted` by what is known of it so far.

    The cheapest is read first, and then asked again whether the dearer ones are wanted still.
    """
    found = [Facts(contact) for contact in contacts]
    open_ = [(facts, wanted(facts)) for facts in found]
    while families := {family for _, several in open_ for family in several}:
        family = min(families, key=_dearness)
        theirs = [facts for facts, several in open_ if family in several]
        _Reader(tenant, theirs, seen, consistent).all_of(family)
        open_ = [(facts, wanted(facts) if family in several else several) for facts, several in open_]
    return found


def _dearness(family: str) -> tuple[int, str]:
    return (_DEARNESS.index(family) if family in _DEARNESS else _DEARNESS.index(_ACTIVITY)), family


class _Reader:
    """One read of each family for several contacts together."""

    def __init__(self, tenant: str, several: Sequence[Facts], seen: Sequence[Any], consistent: bool) -> None:
        self.tenant, self.all, self.seen, self.consistent = tenant, several, seen, consistent

    def all_of(self, family: str) -> None:
        """Read one family for all of them."""
        if family.startswith(_ACTIVITY):
            self.activity(family.removeprefix(_ACTIVITY))
        else:
            getattr(self, family)()
        for facts in self.all:
            facts.read |= {family}

    def zone(self) -> None:
        if any(not facts.contact.time_zone for facts in self.all):
            zone = str(settings.of(self.tenant).time_zone)
            for facts in self.all:
                facts.firm_zone = zone

    def company(self) -> None:
        """Companies, and those into which they were merged while their contacts still name the old one."""
        wanted = {facts.contact.company_id: facts.contact.company_id for facts in self.all if facts.contact.company_id}
        known: dict[str, Company] = {}
        for _ in range(_HOPS):
            asked = sorted(set(wanted.values()) - known.keys())
            if not asked:
                break
            known.update(self._records("company", Company, asked))
            for first, now in wanted.items():
                wanted[first] = str((known[now].merged_into if now in known else None) or now)
        for facts in self.all:
            found = known.get(wanted.get(facts.contact.company_id or "", ""))
            facts.company = found if found is not None and found.live else None

    def deals(self) -> None:
        """Deals, also what was handed in; that may be late itself, so it is read as well."""
        linked = {facts.contact.id: self._linked(facts.contact) for facts in self.all}
        told = [deal.id for deal in self._seen(Deal)]
        known = self._records("deal", Deal, list(dict.fromkeys([*chain(*linked.values()), *told])))
        for facts in self.all:
            everyone = set(absorbed.ids_of(facts.contact))
            several = (known.get(one) for one in dict.fromkeys([*linked[facts.contact.id], *told]))
            facts.deals = [
                Part(deal, facts)
                for deal in several
                if deal is not None and deal.live and everyone.intersection(deal.contact_ids or ())
            ]

    def orders(self) -> None:
        """The last orders, also what was handed in, as `deals`."""
        told = self._records("order", Order, [order.id for order in self._seen(Order)])
        for facts in self.all:
            everyone = absorbed.ids_of(facts.contact)
            known = {**{order.id: order for one in everyone for order in self._orders(one)}, **told}
            theirs = [one for one in known.values() if one.contact_id in everyone and not one.deleted_at]
            theirs.sort(key=lambda order: str(order.ordered_at), reverse=True)
            facts.orders = [Part(order, facts) for order in theirs[:ORDERS]]

    def purchases(self) -> None:
        owners = [(facts, one) for facts in self.all for one in absorbed.ids_of(facts.contact)]
        places = [keys.key("sheet", tenant=self.tenant, book=one, name=_BOUGHT) for _, one in owners]
        for (facts, _), sheet in zip(owners, several(places, consistent=self.consistent), strict=True):
            for cell, amount in (sheet.cells if isinstance(sheet, Sheet) else {}).items():
                facts.cells[cell] = facts.cells.get(cell, 0) + amount

    def mail(self) -> None:
        """Mails that were sent; what was only claimed, or suppressed, is none."""
        for facts in self.all:
            mails = [mail for one in absorbed.ids_of(facts.contact) for mail in self._mails(one)]
            mails.sort(key=lambda mail: str(mail.sk), reverse=True)
            parts = (Part(mail, facts) for mail in mails[:MAILS])
            facts.mails = [part for part in parts if part.stamp(_SENT)]

    def tasks(self) -> None:
        where = OpenTask.sk.startswith(keys.prefix("open_task"))
        for facts in self.all:
            partitions = self._partitions("open_task", facts.contact, "subject")
            facts.open_tasks = sum(
                said.is_open for one in partitions for said in every(one, where=where, consistent=self.consistent)
            )

    def activity(self, what: str) -> None:
        for facts in self.all:
            everyone = absorbed.ids_of(facts.contact)
            stamps = [one.at for one in self._seen(Activity) if one.what == what and one.subject_id in everyone]
            for one in everyone:
                partition = keys.partition("activity", "gsi1", tenant=self.tenant, subject=one, what=what)
                stamps += [entry.at for entry in page(partition, index="gsi1", limit=1, newest_first=True).items]
            if stamps:
                facts.activity[what] = max(map(str, stamps))

    def _records(self, noun: str, model: type[Any], asked: Sequence[str]) -> dict[str, Any]:
        places = [keys.key(noun, tenant=self.tenant, id=one) for one in asked]
        found = several(places, consistent=self.consistent) if places else []
        known = {one.id: one for one in found if isinstance(one, model)}
        known.update({one.id: one for one in self._seen(model) if one.id in asked and _newer(one, known.get(one.id))})
        return known

    def _seen(self, model: type[Any]) -> Iterator[Any]:
        return (one for one in self.seen if isinstance(one, model))

    def _linked(self, contact: Contact) -> list[str]:
        """The ids of its deals, as the index has them."""
        found: dict[str, None] = {}
        for one in absorbed.ids_of(contact):
            partition = keys.partition("term", tenant=self.tenant, space=f"deal.contact_id.{one}")
            entries = page(partition, limit=DEALS, consistent=self.consistent).items
            found.update({place_of(entry.sk)[1]: None for entry in entries})
        return list(found)[:DEALS]

    def _orders(self, contact_id: str) -> list[Any]:
        partition = keys.partition("order", "gsi2", tenant=self.tenant, contact=contact_id)
        return page(partition, index="gsi2", limit=ORDERS, newest_first=True).items

    def _mails(self, contact_id: str) -> list[Any]:
        return page(
            keys.partition("mailing", tenant=self.tenant, contact=contact_id),
            where=Item.sk.startswith(keys.prefix("mailing")),
            limit=MAILS,
            newest_first=True,
            consistent=self.consistent,
        ).items

    def _partitions(self, kind: str, contact: Contact, part: str) -> Iterable[str]:
        return (keys.partition(kind, **{"tenant": self.tenant, part: one}) for one in absorbed.ids_of(contact))


def _stamps(mail: Mailing) -> dict[str, str]:
    """When each thing was told of a mail, by its name there; and when it was sent."""
    seen, result, claimed = mail.seen or {}, mail.result, str(mail.claimed_at)
    told = {name: said if _is_stamp(said) else claimed for name, said in seen.items() if said}
    # A mail of which nobody knew whether it left did, if anything was told of it since.
    if result.get("status") == _SENT or (result.get("status") == "unknown" and told):
        told[_SENT] = str(result.get("at") or claimed)
    return told


def _is_stamp(said: Any) -> bool:
    return isinstance(said, str) and said[:1].isdigit()


def _newer(one: Any, other: Any) -> bool:
    return other is None or int(one.version or 0) > int(other.version or 0)


def _zone(name: str) -> tzinfo:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # loaded only when a rule asks for days of the calendar

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # one that the machine does not know
        return UTC
