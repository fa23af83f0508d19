"""What rules can ask of: each field with its kind, where it is read, and what has to be read for it; as tables.

`company.…` is the contact's company. `deals.…` and `orders.…` sum up, `deal.…` and `order.…` are said of some one of
them; `mail.…` is about all mail of campaigns, where opened and clicked mean: by a human.
"""

import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple, get_args

from chalicelib.schemas import order as order_schema
from chalicelib.schemas.deal import Status
from chalicelib.schemas.parts import Relationship
from chalicelib.services import custom_values
from chalicelib.services.rules.times import DAY
from chalicelib.services.rules.values import Field


class Owned(NamedTuple):
    """A field of the firm's own."""

    type: str
    label: str
    options: tuple[str, ...]
    refers_to: str | None


Own = Callable[[str, str], Owned | None]  # by noun and name
Read = Callable[[Any], Any]
CONTACT: Final = "contact"  # the scope of a rule; the others are those of which one is meant: deal, order, mail
SOME: Final = ("deal", "order", "mail")
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
# What is told of a mail, and under which name the mailing keeps when.
EVENTS: Final = {
    "sent": "sent",
    "delivered": "delivered",
    "opened": "opened_human",
    "clicked": "clicked_human",
    "replied": "replied",
    "bounced": "bounced",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
}
_ACTIVITY: Final = re.compile(r"activity\.([a-z][a-z0-9_-]{0,29}(?:\.[a-z0-9_-]{1,40})?)\.last_at")
_COUNT: Final = re.compile(r"mail\.([a-z]+)\.count(?:\.([1-9][0-9]{0,3})d)?")
_KEY: Final = 50  # characters of a channel or topic, or of another system's name
_DEALS: Final = ("contact_ids", "deleted_at", "merged_into")  # which deals there are
_ORDERS: Final = ("contact_id", "deleted_at")
_TOLD: Final = frozenset({("mailing", "seen")})
_MAILED: Final = _TOLD | {("mailing", "outcome")}  # what says that a mail was sent

# Name, kind, attribute, label; of the records that people work with.
_Row = tuple[str, str, str, str]
_SUBJECT: Final[tuple[_Row, ...]] = (
    ("tags", "set", "tags", "tags"),
    ("owner_id", "choice", "owner_id", "owner"),
    ("created_at", "moment", "created_at", "created"),
    ("updated_at", "moment", "updated_at", "changed"),
    ("last_contacted_at", "moment", "last_contacted_at", "last contacted"),
    ("next_activity_at", "moment", "next_activity_at", "next activity"),
)
_PARTY: Final[tuple[_Row, ...]] = (*_SUBJECT, ("relationship", "choice", "relationship", "relationship"))
_PERSON: Final[tuple[_Row, ...]] = (
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
_FIRM: Final[tuple[_Row, ...]] = (
    *_PARTY,
    ("name", "text", "display_name", "name"),
    ("domains", "texts", "domains", "domains"),
    ("parent_id", "choice", "parent_id", "parent"),
    ("website", "text", "website", "website"),
)
_DEAL: Final[tuple[_Row, ...]] = (
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
_ORDER: Final[tuple[_Row, ...]] = (
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


def resolve(scope: str, name: str, own: Own) -> Field | None:
    """The field of this name in a scope; None if there is none. `own` knows the firm's fields."""
    found = FIELDS[scope].get(name)
    if found is not None:
        return found
    return next((field for make in _MADE[scope] if (field := make(name, own)) is not None), None)


def names(scope: str) -> list[str]:
    """All names of a scope, with the beginnings of those that go on."""
    return [*FIELDS[scope], *_GO_ON[scope]]


# Where values are read --------------------------------------------------------------------------------------------


def _at(owner: str, attribute: str) -> Read:
    def read(scope: Any) -> Any:
        record = getattr(scope, owner)
        return getattr(record, attribute) if record is not None else None

    return read


def _inside(owner: str, *path: str) -> Read:
    """A member of an attribute that is an object; `path` begins with the attribute."""

    def read(scope: Any) -> Any:
        record = getattr(scope, owner)
        found = getattr(record, path[0]) if record is not None else None
        for step in path[1:]:
            found = found.get(step) if isinstance(found, dict) else None
        return found

    return read


def _each(owner: str, attribute: str, member: str) -> Read:
    """One member of each object in a list."""

    def read(scope: Any) -> Any:
        record = getattr(scope, owner)
        return [one.get(member) for one in (getattr(record, attribute) if record is not None else None) or ()]

    return read


def _domains(scope: Any) -> Any:
    return [str(one.get("address", "")).rpartition("@")[2] for one in scope.contact.emails or ()]


def _watch(kind: str, *attributes: str) -> frozenset[tuple[str, str]]:
    return frozenset((kind, one) for one in attributes)


def _rows(rows: tuple[_Row, ...], owner: str, of: str, **more: Any) -> dict[str, Field]:
    """The fields of a record, which is the scope's `owner` and `of` this kind."""
    lead = "company." if of == "company" else ""
    found = {}
    for name, kind, attribute, label in rows:
        found[f"{lead}{name}"] = Field(
            f"{lead}{name}",
            kind,
            f"company's {label}" if lead else label,
            _at(owner, attribute),
            more.get("needs", frozenset()),
            more.get("watch", frozenset()) | _watch(of, attribute),
            ahead=name in _AHEAD,
            options=_OPTIONS.get(f"{of}.{name}", _OPTIONS.get(name, ())),
            prefix=_PREFIXES.get(name, ""),
        )
    return found


_OF_COMPANY: Final[dict[str, Any]] = {
    "needs": frozenset({"company"}),
    "watch": _watch("contact", "company_id") | _watch("company", "deleted_at", "merged_into"),
}


def _addresses(owner: str, lead: str, label: str, **more: Any) -> dict[str, Field]:
    watch = more.get("watch", frozenset()) | _watch(owner, "address")
    needs = more.get("needs", frozenset())
    return {
        f"{lead}address.{part}": Field(
            f"{lead}address.{part}", "text", f"{label}{part}", _inside(owner, "address", part), needs, watch
        )
        for part in _ADDRESS
    }


def _sums() -> dict[str, Field]:
    """What deals, orders and tasks come to."""
    deals, orders, bill = frozenset({"deals"}), frozenset({"orders"}), frozenset({"purchases"})
    deal = _watch("deal", *_DEALS, "status")
    worth = deal | _watch("deal", "value", "base_value")
    order = _watch("order", *_ORDERS, "status")
    bought = order | _watch("order", "base_value")
    task = _watch("task", "status", "subject_id", "deleted_at")
    return {
        field.name: field
        for field in (
            Field("deals.count", "number", "deals", lambda facts: facts.deal_count(None), deals, deal),
            *(
                Field(f"deals.{one}", "number", f"{one} deals", _counted(one), deals, deal)
                for one in ("open", "won", "lost")
            ),
            Field("deals.open_value", "money", "open value", lambda facts: facts.deal_worth("open"), deals, worth),
            Field("deals.won_value", "money", "won value", lambda facts: facts.deal_worth("won"), deals, worth),
            Field("deals.last_won_at", "moment", "last won", lambda facts: facts.last_won, deals, worth),
            Field("orders.count", "number", "orders", lambda facts: facts.bought("n"), bill, bought),
            Field("orders.total", "money", "ordered", lambda facts: facts.bought_sums(), bill, bought),
            Field("orders.last_at", "moment", "last ordered", lambda facts: facts.last_ordered, orders, bought),
            Field("tasks.open", "number", "open tasks", lambda facts: facts.open_tasks, frozenset({"tasks"}), task),
        )
    }


def _counted(status: str) -> Read:
    return lambda facts: facts.deal_count(status)


def _mailed() -> dict[str, Field]:
    """What became of mails: when last, and of which campaigns."""
    needs, found = frozenset({"mail"}), {}
    for name, event in EVENTS.items():
        found[f"mail.{name}_at"] = Field(f"mail.{name}_at", "moment", f"last {name}", _last(event), needs, _seen(name))
        found[f"campaign.{name}"] = Field(
            f"campaign.{name}", "set", f"{name} campaigns", _campaigns(event), needs, _seen(name), prefix="cam"
        )
    return found


def _seen(name: str) -> frozenset[tuple[str, str]]:
    """What changes when this is told of a mail. That mails go out concerns no rule that asks only what came of them."""
    return _MAILED if name == "sent" else _TOLD


def _last(event: str) -> Read:
    return lambda facts: facts.last_event(event)


def _campaigns(event: str) -> Read:
    return lambda facts: facts.campaigns(event)


def _of_mail() -> dict[str, Field]:
    found = {
        "campaign_id": Field(
            "campaign_id", "choice", "campaign", _at("record", "campaign_id"), watch=_MAILED, prefix="cam"
        )
    }
    for name, event in EVENTS.items():
        found[f"{name}_at"] = Field(f"{name}_at", "moment", name, _event(event), watch=_seen(name))
    return found


def _event(event: str) -> Read:
    return lambda part: part.stamp(event)


_CONTACT_MORE: Final = (
    Field("email", "texts", "address", _each("contact", "emails", "address"), watch=_watch("contact", "emails")),
    Field("email_domain", "texts", "mail domain", _domains, watch=_watch("contact", "emails")),
    Field("phone", "phones", "phone", _each("contact", "phones", "number"), watch=_watch("contact", "phones")),
)
_ORDER_MORE: Final = (
    Field(
        "product_id",
        "set",
        "products",
        _each("record", "items", "product_id"),
        watch=_watch("order", "items"),
        prefix="pro",
    ),
    Field("product", "texts", "products", _each("record", "items", "name"), watch=_watch("order", "items")),
)
FIELDS: Final[dict[str, dict[str, Field]]] = {
    "contact": {
        **_rows(_PERSON, "contact", "contact"),
        **{field.name: field for field in _CONTACT_MORE},
        **_addresses("contact", "", ""),
        **_rows(_FIRM, "company", "company", **_OF_COMPANY),
        **_addresses("company", "company.", "company's ", **_OF_COMPANY),
        **_sums(),
        **_mailed(),
    },
    "deal": _rows(_DEAL, "record", "deal", watch=_watch("deal", *_DEALS)),
    "order": {
        **_rows(_ORDER, "record", "order", watch=_watch("order", *_ORDERS)),
        **{field.name: field._replace(watch=_watch("order", "items", *_ORDERS)) for field in _ORDER_MORE},
    },
    "mail": _of_mail(),
}


# Fields whose names go on ------------------------------------------------------------------------------------------

Make = Callable[[str, Own], Field | None]


def _custom(lead: str, noun: str, owner: str, **more: Any) -> Make:
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
            _inside(owner, "custom", key),
            more.get("needs", frozenset()),
            more.get("watch", frozenset()) | _watch(noun, "custom"),
            options=definition.options,
            prefix=custom_values.PREFIXES[definition.refers_to] if definition.refers_to else "",
        )

    return make


def _keyed(lead: str, kind: str, noun: str, owner: str, *path: str, **more: Any) -> Make:
    """A member of an object whose keys are the client's own."""

    def make(name: str, own: Own) -> Field | None:
        key = name.removeprefix(lead)
        if not name.startswith(lead) or not 0 < len(key) <= _KEY:
            return None
        watch = more.get("watch", frozenset()) | _watch(noun, path[0])
        return Field(name, kind, name, _inside(owner, *path, key), more.get("needs", frozenset()), watch)

    return make


def _activity(name: str, own: Own) -> Field | None:
    """When an activity of a kind last happened, such as `activity.call.last_at`."""
    match = _ACTIVITY.fullmatch(name)
    if match is None:
        return None
    what = match[1]
    needs = frozenset({f"activity.{what}"})
    return Field(
        name, "moment", f"last {what}", lambda facts: facts.activity.get(what), needs, _watch("activity", "id")
    )


def _count(name: str, own: Own) -> Field | None:
    """How many mails, such as `mail.opened.count`, or `mail.opened.count.30d` for those of the last 30 days."""
    match = _COUNT.fullmatch(name)
    if match is None or match[1] not in EVENTS:
        return None
    event, days = EVENTS[match[1]], match[2]
    label = f"mails {match[1]}" + (f" in {days} days" if days else "")
    needs, window = frozenset({"mail"}), int(days or 0) * DAY
    return Field(name, "count", label, lambda facts: facts.events(event), needs, _seen(match[1]), window=window)


_MADE: Final[dict[str, tuple[Make, ...]]] = {
    "contact": (
        _custom("", "contact", "contact"),
        _keyed("external_ids.", "text", "contact", "contact", "external_ids"),
        _keyed("social.", "text", "contact", "contact", "social"),
        _keyed("preferences.channels.", "bool", "contact", "contact", "preferences", "channels"),
        _keyed("preferences.topics.", "bool", "contact", "contact", "preferences", "topics"),
        _custom("company.", "company", "company", **_OF_COMPANY),
        _keyed("company.external_ids.", "text", "company", "company", "external_ids", **_OF_COMPANY),
        _activity,
        _count,
    ),
    "deal": (
        _custom("", "deal", "record", watch=_watch("deal", *_DEALS)),
        _keyed("external_ids.", "text", "deal", "record", "external_ids", watch=_watch("deal", *_DEALS)),
    ),
    "order": (_keyed("external_ids.", "text", "order", "record", "external_ids", watch=_watch("order", *_ORDERS)),),
    "mail": (),
}
_GO_ON: Final[dict[str, tuple[str, ...]]] = {
    "contact": (
        "custom.…",
        "external_ids.…",
        "social.…",
        "preferences.channels.…",
        "preferences.topics.…",
        "company.custom.…",
        "company.external_ids.…",
        "activity.….last_at",
        *(f"mail.{name}.count" for name in EVENTS),
        "deal.…",
        "order.…",
    ),
    "deal": ("custom.…", "external_ids.…"),
    "order": ("external_ids.…",),
    "mail": (),
}
