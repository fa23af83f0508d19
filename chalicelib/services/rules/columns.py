"""The fields of the records that people work with, as rules ask of them: a table of each record, and how it is read."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, get_args

from chalicelib.schemas import order as order_schema
from chalicelib.schemas.deal import Status
from chalicelib.schemas.parts import Relationship
from chalicelib.services import custom_values
from chalicelib.services.rules.values import Field


class Owned(NamedTuple):
    """A field of the firm's own."""

    type: str
    label: str
    options: tuple[str, ...]
    refers_to: str | None


Own = Callable[[str, str], Owned | None]  # by noun and name
Read = Callable[[Any], Any]
Make = Callable[[str, Own], Field | None]
Needs = frozenset[str]
Watch = frozenset[tuple[str, str]]
# What a firm's own field holds, as a kind of ours.
_OWN: Final = {
    "text": "text",
    "url": "text",
    "number": "number",
    "money": "money",
    "date": "day",
    "enum": "choice",
    "multi": "set",
    "bool": "bool",
    "reference": "choice",
}
_KEY: Final = 50  # characters of a channel or topic, or of another system's name
DEALS: Final = ("contact_ids", "deleted_at", "merged_into")  # which deals there are
ORDERS: Final = ("contact_id", "deleted_at")

# Name, kind, attribute, label; of the records that people work with.
Row = tuple[str, str, str, str]
_SUBJECT: Final[tuple[Row, ...]] = (
    ("tags", "set", "tags", "tags"),
    ("owner_id", "choice", "owner_id", "owner"),
    ("created_at", "moment", "created_at", "created"),
    ("updated_at", "moment", "updated_at", "changed"),
    ("last_contacted_at", "moment", "last_contacted_at", "last contacted"),
    ("next_activity_at", "moment", "next_activity_at", "next activity"),
)
_PARTY: Final[tuple[Row, ...]] = (*_SUBJECT, ("relationship", "choice", "relationship", "relationship"))
PERSON: Final[tuple[Row, ...]] = (
    *_PARTY,
    ("id", "choice", "id", "id"),
    ("first_name", "text", "first_name", "first name"),
    ("last_name", "text", "last_name", "last name"),
    ("title", "text", "title", "title"),
    ("company_id", "choice", "company_id", "company"),
    ("lifecycle", "text", "lifecycle", "lifecycle"),
    ("lifecycle_since", "moment", "lifecycle_since", "lifecycle since"),
    ("language", "text", "language", "language"),
    ("time_zone", "text", "time_zone", "time zone"),
    ("birthday", "yearly", "birthday", "birthday"),
)
FIRM: Final[tuple[Row, ...]] = (
    *_PARTY,
    ("name", "text", "display_name", "name"),
    ("domains", "texts", "domains", "domains"),
    ("parent_id", "choice", "parent_id", "parent"),
    ("website", "text", "website", "website"),
)
DEAL: Final[tuple[Row, ...]] = (
    *_SUBJECT,
    ("title", "text", "title", "title"),
    ("pipeline_id", "choice", "pipeline_id", "pipeline"),
    ("stage_id", "choice", "stage_id", "stage"),
    ("stage_since", "moment", "stage_since", "in its stage since"),
    ("status", "choice", "status", "status"),
    ("value", "money", "value", "value"),
    ("expected_close", "day", "expected_close", "expected close"),
    ("closed_at", "moment", "closed_at", "closed"),
    ("source", "text", "source", "source"),
    ("competitor", "text", "competitor", "competitor"),
    ("lost_reason", "text", "lost_reason", "lost reason"),
)
ORDER: Final[tuple[Row, ...]] = (
    ("status", "choice", "status", "status"),
    ("number", "text", "number", "number"),
    ("total", "money", "base_value", "total"),
    ("ordered_at", "moment", "ordered_at", "ordered"),
)
_ADDRESS: Final = ("street", "city", "region", "postal_code", "country")
_AHEAD: Final = frozenset({"next_activity_at", "expected_close", "birthday"})
_PREFIXES: Final = {
    "id": "con",
    "owner_id": "usr",
    "company_id": "com",
    "parent_id": "com",
    "pipeline_id": "pip",
    "stage_id": "stg",
}
_OPTIONS: Final = {
    "relationship": get_args(Relationship),
    "deal.status": get_args(Status),
    "order.status": get_args(order_schema.Status),
}


def at(owner: str, attribute: str) -> Read:
    """An attribute of the scope's `owner`: its contact, its company, or the deal, order or mail that it is."""

    def read(scope: Any) -> Any:
        record = getattr(scope, owner)
        return getattr(record, attribute) if record is not None else None

    return read


def inside(owner: str, *path: str) -> Read:
    """A member of an attribute that is an object; `path` begins with the attribute."""

    def read(scope: Any) -> Any:
        record = getattr(scope, owner)
        found = getattr(record, path[0]) if record is not None else None
        for step in path[1:]:
            found = found.get(step) if isinstance(found, dict) else None
        return found

    return read


def each(owner: str, attribute: str, member: str) -> Read:
    """One member of each object in a list."""

    def read(scope: Any) -> Any:
        record = getattr(scope, owner)
        return [one.get(member) for one in (getattr(record, attribute) if record is not None else None) or ()]

    return read


def watching(kind: str, *attributes: str) -> Watch:
    """Attributes of a kind of item, as fields name what they watch."""
    return frozenset((kind, one) for one in attributes)


def rows(
    table: tuple[Row, ...], owner: str, of: str, *, needs: Needs = frozenset(), watch: Watch = frozenset()
) -> dict[str, Field]:
    """The fields of a record, which is the scope's `owner` and `of` this kind."""
    lead = "company." if of == "company" else ""
    found = {}
    for name, kind, attribute, label in table:
        found[f"{lead}{name}"] = Field(
            f"{lead}{name}",
            kind,
            f"company's {label}" if lead else label,
            at(owner, attribute),
            needs,
            watch | watching(of, attribute),
            ahead=name in _AHEAD,
            options=_OPTIONS.get(f"{of}.{name}", _OPTIONS.get(name, ())),
            prefix=_PREFIXES.get(name, ""),
        )
    return found


OF_COMPANY: Final[dict[str, Any]] = {
    "needs": frozenset({"company"}),
    "watch": watching("contact", "company_id") | watching("company", "deleted_at", "merged_into"),
}


def addresses(
    owner: str, lead: str, label: str, *, needs: Needs = frozenset(), watch: Watch = frozenset()
) -> dict[str, Field]:
    """The parts of a postal address."""
    watch |= watching(owner, "address")
    return {
        f"{lead}address.{part}": Field(
            f"{lead}address.{part}", "text", f"{label}{part}", inside(owner, "address", part), needs, watch
        )
        for part in _ADDRESS
    }


def custom(lead: str, noun: str, owner: str, *, needs: Needs = frozenset(), watch: Watch = frozenset()) -> Make:
    """A field of the firm's own."""

    def make(name: str, own: Own) -> Field | None:
        key = name.removeprefix(f"{lead}custom.")
        definition = own(noun, key) if name.startswith(f"{lead}custom.") else None
        if definition is None:
            return None
        return Field(
            name,
            _OWN[definition.type],
            definition.label,
            inside(owner, "custom", key),
            needs,
            watch | watching(noun, "custom"),
            options=definition.options,
            prefix=custom_values.PREFIXES[definition.refers_to] if definition.refers_to else "",
        )

    return make


def keyed(
    lead: str, kind: str, noun: str, owner: str, *path: str, needs: Needs = frozenset(), watch: Watch = frozenset()
) -> Make:
    """A member of an object whose keys are the client's own."""
    watch |= watching(noun, path[0])

    def make(name: str, own: Own) -> Field | None:
        key = name.removeprefix(lead)
        if not name.startswith(lead) or not 0 < len(key) <= _KEY:
            return None
        return Field(name, kind, name, inside(owner, *path, key), needs, watch)

    return make
