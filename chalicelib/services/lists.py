"""Which lists of contacts and companies there are, as one table, and how each is read.

A list is an access pattern: parameters that are asked together and lead to one stretch of an index. Whatever else is
asked is refused with the lists that would fit, as it would mean to read all records and throw most away.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any, Final, NamedTuple

from chalicelib import clock, errors
from chalicelib.models import keys, table
from chalicelib.models.guard import Guard
from chalicelib.models.table import Item, find
from chalicelib.schemas import decoding
from chalicelib.schemas.page import ListQuery, Page
from chalicelib.services import absorbed, emails, fields, nouns, scans, selections, terms, text, words
from chalicelib.services.scans import END, LastKey, Look, Scan

Given = Mapping[str, Any]
QUERIES: Final = selections.QUERIES
_PAGING: Final = ("limit", "cursor", "view_id")
# Sorted by these a list is read from the index: the longest not in touch first, or whoever is to be contacted next.
_TIMES: Final = ("last_contacted_at", "next_activity_at")
_FIRST: Final = "!"  # before every value


class Index(NamedTuple):
    """A list kept by a secondary index, records and all."""

    name: str
    partition: str
    where: Any = None
    newest_first: bool = False


class One(NamedTuple):
    """The one record that holds a value."""

    field: str
    value: str


Plan = Index | One | Look


def page(noun: str, tenant: str, query: ListQuery, wanted: Page) -> tuple[list[Any], LastKey | None]:
    """A page of the records that a query asks for, and where to go on.

    Raises `Invalid` for parameters that are no list together, and for values that cannot be.
    """
    plan = _plan(noun, tenant, query)
    if isinstance(plan, Look):
        return scans.gather(plan, tenant, wanted.start, wanted.limit)
    if isinstance(plan, One):
        return _holder(noun, tenant, plan), None
    found = _indexed(plan, wanted)
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
    found = _indexed(plan, Page(limit, start))
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
        since = given.get("updated_since")
        return since is None or str(record.updated_at) >= clock.stamp(since)

    return fits


# How each list is read -------------------------------------------------------------------------------------------


def _by_name(noun: str, tenant: str, given: Given) -> Plan:
    if given.get("sort") == "-updated_at":
        return _by_change(noun, tenant, given)
    if given.get("sort") in _TIMES:
        return _by_facet(noun, Scan(f"{noun}.{given['sort']}", _FIRST, END))
    return Index("gsi1", keys.partition(noun, "gsi1", tenant=tenant))


def _by_change(noun: str, tenant: str, given: Given) -> Plan:
    since = given.get("updated_since")
    if since is not None and given.get("sort") == "name":
        raise errors.invalid("/sort", "unsupported", "`updated_since` lists by `-updated_at`; drop one of the two.")
    where = Item.gsi2sk >= clock.stamp(since) if since is not None else None
    return Index("gsi2", keys.partition(noun, "gsi2", tenant=tenant), where, newest_first=True)


def _trash(noun: str, tenant: str, given: Given) -> Plan:
    return Index("gsi1", keys.partition("trash", "gsi1", tenant=tenant, noun=noun), newest_first=True)


def _email(noun: str, tenant: str, given: Given) -> Plan:
    return One("email", emails.folded(given["email"]))


def _domain(noun: str, tenant: str, given: Given) -> Plan:
    return One("domain", emails.folded(f"x@{given['domain']}").rpartition("@")[2])


def _external(noun: str, tenant: str, given: Given) -> Plan:
    return One("external_id", given["external_id"])


def _search(noun: str, tenant: str, given: Given) -> Plan:
    query = words.tokens(given["q"])
    if not query:
        raise errors.invalid("/q", "format", "There is neither a letter nor a digit to look for.")
    return scans.search(noun, query)


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
        return _by_facet(noun, scans.beginning(f"{noun}.{name}.{given[name]}", ""))

    return plan


def _tag(noun: str, tenant: str, given: Given) -> Plan:
    return _by_facet(noun, scans.beginning(f"{noun}.tag.{text.folded(given['tag'])}", ""))


def _company(noun: str, tenant: str, given: Given) -> Plan:
    """Contacts of a company, and of those that were merged into it; also of one that was removed for good."""
    company = None
    with suppress(errors.Gone):
        company = nouns.peek(nouns.NOUNS["company"], tenant, given["company_id"])
    several = absorbed.ids_of(company) if company is not None else [given["company_id"]]
    return _by_facet(noun, *(scans.beginning(f"{noun}.company_id.{one}", "") for one in several))


def _custom(noun: str, tenant: str, given: Given) -> Plan:
    """By a value of a custom field, or by a range of numbers, amounts of money or dates, both ends included."""
    asked = {name.partition(".")[0] for name in given["custom"]}
    name = asked.pop()
    if asked:
        raise errors.invalid("/custom", "unsupported", "A list is by one custom field at a time.")
    known = fields.definitions(tenant, noun)
    if name not in known:
        raise fields.unknown(f"/custom.{name}", name, known)
    bounds = {ending: value for key, value in given["custom"].items() for ending in [key[len(name) :]]}
    if unknown := set(bounds) - {"", ".from", ".to"} or (set(bounds) if "" in bounds and len(bounds) > 1 else set()):
        message = f"Of a custom field one can ask for `custom.{name}`, or `.from` and `.to` of it."
        raise errors.invalid(f"/custom.{name}{min(unknown)}", "unsupported", message)
    return _by_facet(noun, *_bounded(noun, known[name], bounds))


def _bounded(noun: str, field: Any, bounds: Mapping[str, str]) -> list[Scan]:
    if "" not in bounds and field.type not in ("number", "money", "date"):
        message = f"`{field.name}` is a {field.type}: one can ask for a value of it, not for a range."
        raise errors.invalid(f"/custom.{field.name}{min(bounds)}", "unsupported", message)
    ends = {
        ending: next(terms.custom(noun, field.name, fields.filter_value(field, value)))
        for ending, value in bounds.items()
    }
    if len({space for space, _ in ends.values()}) > 1:
        raise errors.invalid(f"/custom.{field.name}.to", "unsupported", "Both ends need the same currency.")
    space = next(iter(ends.values()))[0]
    exactly = ends.get("")
    if exactly is not None and exactly[1] is None:
        return [scans.beginning(space, "")]
    low, high = (exactly or ends.get(".from", (space, _FIRST)))[1], (exactly or ends.get(".to", (space, "")))[1]
    found = Scan(space, str(low), f"{high}#{END}" if high else END)
    return [found] if found.low <= found.high else []


def _gap(noun: str, tenant: str, given: Given) -> Plan:
    """Those who were last in touch before a moment, or never; the longest ago first."""
    moment = given.get("not_contacted_since") or clock.after(-86400 * given["no_contact_days"])
    return _by_facet(noun, Scan(f"{noun}.last_contacted_at", _FIRST, clock.stamp(moment)))


def _next(noun: str, tenant: str, given: Given) -> Plan:
    return _by_facet(noun, Scan(f"{noun}.next_activity_at", _FIRST, clock.stamp(given["next_activity_before"])))


def _made(noun: str, tenant: str, given: Given) -> Plan:
    return _by_facet(noun, Scan(f"{noun}.created_at", clock.stamp(given["created_since"]), END))


def _birthday(noun: str, tenant: str, given: Given) -> Plan:
    """From today (UTC) on, so many days ahead; over the end of a year in two stretches."""
    first = clock.now()
    last = first + timedelta(days=min(given["birthday_within"], 365))
    days = (f"{first:%m-%d}", f"{last:%m-%d}")
    space = f"{noun}.birthday"
    if last.year == first.year:
        return _by_facet(noun, Scan(space, days[0], days[1] + END))
    if given["birthday_within"] >= 365:
        days = (days[0], f"{first - timedelta(days=1):%m-%d}")
    return _by_facet(noun, Scan(space, days[0], END), Scan(space, _FIRST, days[1] + END))


def _by_facet(noun: str, *several: Scan) -> Look:
    return Look(noun, several, lambda plain: terms.facets(noun, plain))


class Listed(NamedTuple):
    """A list: which parameters it needs, which it takes besides, how it is read, its units, and its order."""

    needs: tuple[str, ...]
    plan: Callable[[str, str, Given], Plan]
    units: str
    order: str
    also: tuple[str, ...] = ()


_ROWS: Final = "0.5 a row, 0.5 for each 25 entries"
_NAME: Final = "by name"
# The lists of both nouns. A parameter that a noun does not have is refused before this is asked.
LISTS: Final = (
    Listed((), _by_name, "0.5 for each 4 KB, sorted by a time 0.5 a row", "by name, change or time", ("sort",)),
    Listed(("updated_since",), _by_change, "0.5 for each 4 KB", "last changed first", ("sort",)),
    Listed(("deleted",), _trash, "0.5 for each 4 KB", "last deleted first"),
    Listed(("email",), _email, "1, a miss 1.5", "one"),
    Listed(("domain",), _domain, "1, a miss 1.5", "one"),
    Listed(("external_id",), _external, "1, a miss 1.5", "one"),
    Listed(("q",), _search, "at most 5 a page", "names first"),
    Listed(("phone",), _phone, "at most 5 a page", _NAME),
    Listed(("owner_id",), _facet("owner_id"), _ROWS, _NAME),
    Listed(("tag",), _tag, _ROWS, _NAME),
    Listed(("lifecycle",), _facet("lifecycle"), _ROWS, _NAME),
    Listed(("relationship",), _facet("relationship"), _ROWS, _NAME),
    Listed(("parent_id",), _facet("parent_id"), _ROWS, _NAME),
    Listed(("company_id",), _company, f"{_ROWS}; 0.5 for the company", _NAME),
    Listed(("custom",), _custom, f"{_ROWS}; 0.5 for the definitions", "by name, of a range by value"),
    Listed(("not_contacted_since",), _gap, _ROWS, "the longest ago first"),
    Listed(("no_contact_days",), _gap, _ROWS, "the longest ago first"),
    Listed(("next_activity_before",), _next, _ROWS, "the earliest first"),
    Listed(("created_since",), _made, _ROWS, "the oldest first"),
    Listed(("birthday_within",), _birthday, _ROWS, "the next first"),
)


def _asked(noun: str, query: dict[str, Any]) -> ListQuery:
    return decoding.convert(selections.nested(query), QUERIES[noun])


def _plan(noun: str, tenant: str, query: ListQuery) -> Plan:
    given = _given(query)
    asked = set(given)
    for one in LISTS:
        if set(one.needs) <= asked <= {*one.needs, *one.also}:
            return one.plan(noun, tenant, given)
    if "sort" in asked:  # lists by a facet are by name anyway
        chosen = next((one for one in LISTS if one.needs and set(one.needs) == asked - {"sort"}), None)
        if chosen is not None and chosen.order == _NAME and given["sort"] == "name":
            return chosen.plan(noun, tenant, given)
        if chosen is not None:
            message = f"`{chosen.needs[0]}` lists {chosen.order}; drop `sort`."
            raise errors.invalid("/sort", "unsupported", message)
    raise _no_list(query, asked)


def _given(query: ListQuery) -> dict[str, Any]:
    values = {name: getattr(query, name) for name in query.__struct_fields__ if name not in _PAGING}
    return {name: value for name, value in values.items() if value not in (None, {})}


def _no_list(query: ListQuery, asked: set[str]) -> errors.Invalid:
    """Why there is no such list, and which there are with what was asked for."""
    fits = [
        " + ".join(f"`{name}`" for name in one.needs)
        for one in LISTS
        if one.needs and set(one.needs) <= asked and set(one.needs) <= set(query.__struct_fields__)
    ]
    message = (
        f"These cannot be asked for together. Ask for one of {', '.join(fits)} and look through its pages, "
        "or export all and filter there."
    )
    return errors.invalid(f"/{max(asked)}", "unsupported", message)


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
