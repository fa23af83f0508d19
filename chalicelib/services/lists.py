"""Which lists of contacts and companies there are, as one table, and how each is read; those of deals have their own.

A list is an access pattern: parameters that are asked together and lead to one stretch of an index. Whatever else is
asked is refused with the lists that would fit, as it would mean to read all records and throw most away.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.models import keys, table
from chalicelib.models.guard import Guard
from chalicelib.models.table import Item, find
from chalicelib.schemas import decoding
from chalicelib.schemas.page import ListQuery, Page
from chalicelib.services import deal_lists, emails, nouns, plans, scans, selections, words
from chalicelib.services.plans import BY_NAME, FIRST, ROWS, Boards, Given, Index, Listed, One, Plan
from chalicelib.services.scans import END, LastKey, Look, Scan

QUERIES: Final = selections.QUERIES
_PAGING: Final = ("limit", "cursor", "view_id")
_STAGES: Final = 20  # whose boards one page reads at most: half a unit for each that is empty
# Sorted by these a list is read from the index: the longest not in touch first, or whoever is to be contacted next.
_TIMES: Final = ("last_contacted_at", "next_activity_at")


def page(noun: str, tenant: str, query: ListQuery, wanted: Page) -> tuple[list[Any], LastKey | None]:
    """A page of the records that a query asks for, and where to go on.

    Raises `Invalid` for parameters that are no list together, and for values that cannot be.
    """
    plan = _plan(noun, tenant, query)
    if isinstance(plan, Look):
        return scans.gather(plan, tenant, wanted.start, wanted.limit)
    if isinstance(plan, One):
        return _holder(noun, tenant, plan), None
    found = _boarded(tenant, plan, wanted) if isinstance(plan, Boards) else _indexed(plan, wanted)
    return found.items, found.last


def walk(
    noun: str, tenant: str, query: dict[str, Any], start: LastKey | None, limit: int = 100
) -> tuple[list[str], LastKey | None]:
    """A page of the ids that a query asks for, read from the index alone: some may no longer answer, see `fits`.

    `query` has the parameters of the list; an id may come again on another page. Raises `Invalid`.
    """
    plan = _plan(noun, tenant, _asked(noun, query))
    if isinstance(plan, Look):
        return scans.ids(plan, tenant, start, limit)
    if isinstance(plan, One):
        return [record.id for record in _holder(noun, tenant, plan)], None
    wanted = Page(limit, start)
    found = _boarded(tenant, plan, wanted) if isinstance(plan, Boards) else _indexed(plan, wanted)
    return [record.id for record in found.items], found.last


def fitting(noun: str, tenant: str, query: dict[str, Any]) -> Callable[[Any], bool]:
    """Whether a record is one of those that a query asks for, as a function to be asked of many. Raises `Invalid`."""
    asked = _asked(noun, query)
    given, plan = _given(asked), _plan(noun, tenant, asked)
    held = {record.id for record in _holder(noun, tenant, plan)} if isinstance(plan, One) else set()

    def fits(record: Any) -> bool:
        if bool(record.deleted_at) != ("deleted" in given) or record.merged_into:
            return False
        if isinstance(plan, Look):
            return plan.place(nouns.plain(record)) is not None
        if isinstance(plan, One):
            return record.id in held
        if isinstance(plan, Boards):
            return record.stage_id in plan.stages and plan.takes(record)
        since = given.get("updated_since")
        return since is None or str(record.updated_at) >= clock.stamp(since)

    return fits


# How each list is read -------------------------------------------------------------------------------------------


def _by_name(noun: str, tenant: str, given: Given) -> Plan:
    if given.get("sort") == "-updated_at":
        return _by_change(noun, tenant, given)
    if given.get("sort") in _TIMES:
        return plans.by_facet(noun, Scan(f"{noun}.{given['sort']}", FIRST, END))
    return Index("gsi1", keys.partition(noun, "gsi1", tenant=tenant))


def _by_change(noun: str, tenant: str, given: Given) -> Plan:
    since = given.get("updated_since")
    if since is not None and given.get("sort") == "name":
        raise errors.invalid("/sort", "unsupported", "`updated_since` lists by `-updated_at`; drop one of the two.")
    where = Item.gsi2sk >= clock.stamp(since) if since is not None else None
    return Index("gsi2", keys.partition(noun, "gsi2", tenant=tenant), where, newest_first=True)


def _email(noun: str, tenant: str, given: Given) -> Plan:
    return One("email", emails.folded(given["email"]))


def _domain(noun: str, tenant: str, given: Given) -> Plan:
    return One("domain", emails.folded(f"x@{given['domain']}").rpartition("@")[2])


def _phone(noun: str, tenant: str, given: Given) -> Plan:
    """The records with this number, however it is spelt: looked for by its digits, and compared as a whole."""
    query = words.tokens(given["phone"])
    if len(query) != 1 or not query[0].text.isdigit():
        raise errors.invalid("/phone", "format", "This is no phone number.")
    found = scans.search(noun, query)

    def check(plain: dict[str, Any]) -> Any:
        several = [digits for one in plain["phones"] for digits in words.numbers(one["number"])]
        return found.check(plain) if query[0].text in several else ()

    return found._replace(check=check)


def _facet(name: str) -> Callable[[str, str, Given], Plan]:
    def plan(noun: str, tenant: str, given: Given) -> Plan:
        return plans.by_facet(noun, scans.beginning(f"{noun}.{name}.{given[name]}", ""))

    return plan


def _company(noun: str, tenant: str, given: Given) -> Plan:
    """Contacts of a company, and of those that were merged into it; also of one that was removed for good."""
    several = plans.ids_in("company", tenant, given["company_id"])
    return plans.by_facet(noun, *(scans.beginning(f"{noun}.company_id.{one}", "") for one in several))


def _gap(noun: str, tenant: str, given: Given) -> Plan:
    """Those who were last in touch before a moment, or never; the longest ago first."""
    moment = given.get("not_contacted_since") or clock.after(-86400 * given["no_contact_days"])
    return plans.by_facet(noun, Scan(f"{noun}.last_contacted_at", FIRST, clock.stamp(moment)))


def _next(noun: str, tenant: str, given: Given) -> Plan:
    return plans.by_facet(noun, Scan(f"{noun}.next_activity_at", FIRST, clock.stamp(given["next_activity_before"])))


def _birthday(noun: str, tenant: str, given: Given) -> Plan:
    """From today (UTC) on, so many days ahead; over the end of a year in two stretches."""
    first = clock.now()
    last = first + timedelta(days=min(given["birthday_within"], 365))
    days = (f"{first:%m-%d}", f"{last:%m-%d}")
    space = f"{noun}.birthday"
    if last.year == first.year:
        return plans.by_facet(noun, Scan(space, days[0], days[1] + END))
    if given["birthday_within"] >= 365:
        days = (days[0], f"{first - timedelta(days=1):%m-%d}")
    return plans.by_facet(noun, Scan(space, days[0], END), Scan(space, FIRST, days[1] + END))


# The lists of both nouns. A parameter that a noun does not have is refused before this is asked.
LISTS: Final = (
    Listed((), _by_name, "0.5 for each 4 KB, sorted by a time 0.5 a row", "by name, change or time", ("sort",)),
    Listed(("updated_since",), _by_change, "0.5 for each 4 KB", "last changed first", ("sort",)),
    Listed(("deleted",), plans.trash, "0.5 for each 4 KB", "last deleted first"),
    Listed(("email",), _email, "1, a miss 1.5", "one"),
    Listed(("domain",), _domain, "1, a miss 1.5", "one"),
    Listed(("external_id",), plans.external, "1, a miss 1.5", "one"),
    Listed(("q",), plans.search, "at most 5 a page", "names first"),
    Listed(("phone",), _phone, "at most 5 a page", BY_NAME),
    Listed(("owner_id",), _facet("owner_id"), ROWS, BY_NAME),
    Listed(("tag",), plans.tag, ROWS, BY_NAME),
    Listed(("lifecycle",), _facet("lifecycle"), ROWS, BY_NAME),
    Listed(("relationship",), _facet("relationship"), ROWS, BY_NAME),
    Listed(("parent_id",), _facet("parent_id"), ROWS, BY_NAME),
    Listed(("company_id",), _company, f"{ROWS}; 0.5 for the company", BY_NAME),
    Listed(("custom",), plans.custom, f"{ROWS}; 0.5 for the definitions", "by name, of a range by value"),
    Listed(("not_contacted_since",), _gap, ROWS, "the longest ago first"),
    Listed(("no_contact_days",), _gap, ROWS, "the longest ago first"),
    Listed(("next_activity_before",), _next, ROWS, "the earliest first"),
    Listed(("created_since",), plans.made, ROWS, "the oldest first"),
    Listed(("birthday_within",), _birthday, ROWS, "the next first"),
)


def _asked(noun: str, query: dict[str, Any]) -> ListQuery:
    return decoding.convert(selections.nested(query), QUERIES[noun])


def _plan(noun: str, tenant: str, query: ListQuery) -> Plan:
    given = _given(query)
    asked = set(given)
    for one in _lists(noun):
        if set(one.needs) <= asked <= {*one.needs, *one.also}:
            return one.plan(noun, tenant, given)
    if "sort" in asked:  # lists by a facet are by name anyway
        chosen = next((one for one in LISTS if one.needs and set(one.needs) == asked - {"sort"}), None)
        if chosen is not None and chosen.order == BY_NAME and given["sort"] == "name":
            return chosen.plan(noun, tenant, given)
        if chosen is not None:
            message = f"`{chosen.needs[0]}` lists {chosen.order}; drop `sort`."
            raise errors.invalid("/sort", "unsupported", message)
    raise _no_list(noun, query, asked)


def _given(query: ListQuery) -> dict[str, Any]:
    values = {name: getattr(query, name) for name in query.__struct_fields__ if name not in _PAGING}
    return {name: value for name, value in values.items() if value not in (None, {})}


def _lists(noun: str) -> tuple[Listed, ...]:
    return deal_lists.LISTS if noun == "deal" else LISTS


def _no_list(noun: str, query: ListQuery, asked: set[str]) -> errors.Invalid:
    """Why there is no such list, and which there are with what was asked for."""
    known = [one for one in _lists(noun) if set(one.needs) <= set(query.__struct_fields__)]
    fits = [_named(one.needs) for one in known if one.needs and set(one.needs) <= asked]
    # What is taken only besides something else.
    fits = fits or [_named((*one.needs, name)) for one in known for name in sorted(asked.intersection(one.also))]
    message = (
        f"These cannot be asked for together. Ask for one of {', '.join(fits)} and look through its pages, "
        "or export all and filter there."
    )
    return errors.invalid(f"/{max(asked)}", "unsupported", message)


def _named(parameters: Iterable[str]) -> str:
    return " + ".join(f"`{name}`" for name in parameters)


def _boarded(tenant: str, plan: Boards, wanted: Page) -> table.PageOf:
    """Cards in the order of their boards. As many are read as are wanted, so a page may be short and still lead on."""
    start = wanted.start or {"stage": 0, "key": None}
    number, key, left = start["stage"], start["key"], wanted.limit
    found: list[Any] = []
    last = number + _STAGES
    while number < min(last, len(plan.stages)) and left > 0:
        partition = keys.partition("deal", "gsi1", tenant=tenant, stage=plan.stages[number])
        cards = table.page(partition, index="gsi1", limit=left, start=key)
        found += [card for card in cards.items if plan.takes(card)]
        left -= len(cards.items)
        number, key = (number, cards.last) if cards.last else (number + 1, None)
        if key and left:
            break  # DynamoDB reads one megabyte at once, which is as much as an answer should have
    return table.PageOf(found, {"stage": number, "key": key} if number < len(plan.stages) else None)


def _indexed(plan: Index, wanted: Page) -> table.PageOf:
    return table.page(
        plan.partition,
        index=plan.name,
        where=plan.where,
        limit=wanted.limit,
        start=wanted.start,
        newest_first=plan.newest_first,
    )


def _holder(noun: str, tenant: str, wanted: One) -> list[Any]:
    place = keys.key("guard", tenant=tenant, noun=noun, field=wanted.field, value=wanted.value)
    guard = find(Guard, *place)
    record = nouns.peek(nouns.NOUNS[noun], tenant, guard.holder) if guard else None
    return [record] if record is not None and record.live else []
