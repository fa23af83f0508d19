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

from collections.abc import Callable, Iterator, Sequence, Set
from itertools import chain
from typing import Any, Final, TypeVar

from chalicelib.adapters import hands
from chalicelib.models import keys
from chalicelib.models.activity import Activity
from chalicelib.models.company import Company
from chalicelib.models.contact import Contact
from chalicelib.models.deal import Deal
from chalicelib.models.ledger import OpenTask, Sheet
from chalicelib.models.order import Order
from chalicelib.models.table import Item, every, page, several
from chalicelib.models.term import place_of
from chalicelib.services import absorbed, settings
from chalicelib.services.rules.known import SENT, Facts, Part

__all__ = ["Facts", "Part", "gather", "many", "of"]

T = TypeVar("T")
DEALS: Final = 100
ORDERS: Final = 100
MAILS: Final = 100
_HOPS: Final = 3  # mergers of a company that are followed
_BOUGHT: Final = "purchases"  # the sheet of what orders come to, as `services/purchases.py` keeps it
_ACTIVITY: Final = "activity."
# In which order they are read: the cheapest first, and what tells most of people.
_DEARNESS: Final = ("zone", "company", "purchases", "tasks", _ACTIVITY, "orders", "deals", "mail")


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
        linked = dict(self._each(lambda facts: (facts.contact.id, self._linked(facts.contact))))
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

        def read(facts: Facts) -> None:
            everyone = absorbed.ids_of(facts.contact)
            known = {**{order.id: order for one in everyone for order in self._orders(one)}, **told}
            theirs = [one for one in known.values() if one.contact_id in everyone and not one.deleted_at]
            theirs.sort(key=lambda order: str(order.ordered_at), reverse=True)
            facts.orders = [Part(order, facts) for order in theirs[:ORDERS]]

        self._each(read)

    def purchases(self) -> None:
        owners = [(facts, one) for facts in self.all for one in absorbed.ids_of(facts.contact)]
        places = [keys.key("sheet", tenant=self.tenant, book=one, name=_BOUGHT) for _, one in owners]
        for (facts, _), sheet in zip(owners, several(places, consistent=self.consistent), strict=True):
            for cell, amount in (sheet.cells if isinstance(sheet, Sheet) else {}).items():
                facts.cells[cell] = facts.cells.get(cell, 0) + amount

    def mail(self) -> None:
        """Mails that were sent; what was only claimed, or suppressed, is none."""

        def read(facts: Facts) -> None:
            mails = [mail for one in absorbed.ids_of(facts.contact) for mail in self._mails(one)]
            mails.sort(key=lambda mail: str(mail.sk), reverse=True)
            parts = (Part(mail, facts) for mail in mails[:MAILS])
            facts.mails = [part for part in parts if part.stamp(SENT)]

        self._each(read)

    def tasks(self) -> None:
        """How many tasks are open."""
        where = OpenTask.sk.startswith(keys.prefix("open_task"))

        def read(facts: Facts) -> None:
            several = (
                keys.partition("open_task", tenant=self.tenant, subject=one) for one in absorbed.ids_of(facts.contact)
            )
            facts.open_tasks = sum(
                said.is_open for one in several for said in every(one, where=where, consistent=self.consistent)
            )

        self._each(read)

    def activity(self, what: str) -> None:
        """When an activity of this kind last happened."""

        def read(facts: Facts) -> None:
            everyone = absorbed.ids_of(facts.contact)
            stamps = [one.at for one in self._seen(Activity) if one.what == what and one.subject_id in everyone]
            for one in everyone:
                partition = keys.partition("activity", "gsi1", tenant=self.tenant, subject=one, what=what)
                stamps += [entry.at for entry in page(partition, index="gsi1", limit=1, newest_first=True).items]
            if stamps:
                facts.activity[what] = max(map(str, stamps))

        self._each(read)

    def _each(self, read: Callable[[Facts], T]) -> list[T]:
        """Of several contacts what has to be asked one by one, at once. Raises what the first of them raised."""
        found = []
        for answer in hands.each(read, self.all):
            if isinstance(answer, Exception):
                raise answer
            found.append(answer)
        return found

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


def _newer(one: Any, other: Any) -> bool:
    return other is None or int(one.version or 0) > int(other.version or 0)
