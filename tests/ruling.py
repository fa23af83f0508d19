"""Rules of segments judged by other words than the house uses: on plain data, by dates and plain loops."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from chalicelib import clock
from chalicelib.models.company import Company
from chalicelib.models.contact import Contact
from chalicelib.models.deal import Deal
from chalicelib.models.mailing import Mailing, outcome
from chalicelib.models.order import Order
from chalicelib.services.rules.facts import Facts, Part

World = dict[str, Any]
FIRM: Final = "Europe/Vienna"
EVERYTHING: Final = frozenset(
    {"zone", "company", "deals", "orders", "purchases", "mail", "tasks", "activity.call", "activity.meeting"}
)

# The fields that random rules ask of, by scope and kind.
FIELDS: Final[dict[str, dict[str, str]]] = {
    "contact": {
        "first_name": "text",
        "lifecycle": "text",
        "email": "texts",
        "tags": "set",
        "relationship": "choice",
        "preferences.channels.email": "bool",
        "address.country": "text",
        "birthday": "yearly",
        "last_contacted_at": "moment",
        "next_activity_at": "ahead",
        "company.name": "text",
        "company.tags": "set",
        "deals.open": "number",
        "deals.open_value": "money",
        "orders.count": "number",
        "orders.last_at": "moment",
        "tasks.open": "number",
        "activity.call.last_at": "moment",
        "mail.sent_at": "moment",
        "mail.opened_at": "moment",
        "mail.opened.count": "number",
        "mail.sent.count.30d": "number",
        "mail.opened.count.90d": "number",
        "campaign.opened": "set",
        "deal.status": "choice",
        "deal.expected_close": "day",
    },
    "deal": {"status": "choice", "value": "money", "expected_close": "day", "closed_at": "moment", "tags": "set"},
    "order": {"status": "choice", "total": "money", "ordered_at": "moment", "product": "texts"},
    "mail": {"campaign_id": "choice", "sent_at": "moment", "opened_at": "moment", "clicked_at": "moment"},
}


def holds(rule: Any, world: World, now: datetime, scope: str = "contact", one: Any = None) -> bool:
    """Whether a rule holds for a contact (or for one of its deals, orders or mails) at a moment."""
    if "all" in rule:
        return all(holds(part, world, now, scope, one) for part in rule["all"])
    if "any" in rule:
        return any(holds(part, world, now, scope, one) for part in rule["any"])
    if "not" in rule:
        parts = rule["not"] if isinstance(rule["not"], list) else [rule["not"]]
        return not any(holds(part, world, now, scope, one) for part in parts)
    for noun in ("deal", "order", "mail"):
        if noun in rule:
            return any(holds(rule[noun], world, now, noun, each) for each in world[f"{noun}s"])
    field, op, value = rule["field"], rule["op"], rule.get("value")
    if scope == "contact" and field.startswith("deal."):
        inner = {**rule, "field": field.removeprefix("deal.")}
        return any(holds(inner, world, now, "deal", each) for each in world["deals"])
    zone = ZoneInfo(world.get("time_zone") or FIRM)
    have = _of_contact(field, world, now) if scope == "contact" else one.get(field)
    return _fits(FIELDS[scope][field], have, op, value, now, zone)


def _of_contact(field: str, world: World, now: datetime) -> Any:
    if field in _FOUND:
        return _FOUND[field](world)
    if field.startswith("mail.") and ".count" in field:
        return _count(field, world, now)
    if field.startswith("mail."):
        return _last(mail[field.removeprefix("mail.")] for mail in world["mails"])
    return world.get(field)


def _last(stamps: Iterable[str | None]) -> str | None:
    return max((one for one in stamps if one), default=None)


def _count(field: str, world: World, now: datetime) -> int:
    _, event, _, *window = field.split(".")
    stamps = [clock.parse(mail[f"{event}_at"]) for mail in world["mails"] if mail[f"{event}_at"]]
    if not window:
        return len(stamps)
    return len([at for at in stamps if at <= now and now - at < timedelta(days=int(window[0][:-1]))])


def _open_value(world: World) -> dict[str, int]:
    sums: dict[str, int] = {}
    for deal in world["deals"]:
        if deal["status"] == "open" and deal["value"]:
            currency = deal["value"]["currency"]
            sums[currency] = sums.get(currency, 0) + deal["value"]["amount"]
    return sums


_FOUND: Final[dict[str, Callable[[World], Any]]] = {
    "email": lambda world: world["emails"],
    "company.name": lambda world: world["company"] and world["company"]["name"],
    "company.tags": lambda world: world["company"] and world["company"]["tags"],
    "deals.open": lambda world: len([deal for deal in world["deals"] if deal["status"] == "open"]),
    "deals.open_value": _open_value,
    "orders.last_at": lambda world: _last(
        one["ordered_at"] for one in world["orders"] if one["status"] in ("open", "paid")
    ),
    "campaign.opened": lambda world: [mail["campaign_id"] for mail in world["mails"] if mail["opened_at"]],
}


def _fits(kind: str, have: Any, op: str, value: Any, now: datetime, zone: ZoneInfo) -> bool:
    missing = have in (None, [], {}, "")
    if op == "exists":
        return missing != (value is not False)
    if op == "ne":
        return not _fits(kind, have, "eq", value, now, zone)
    if missing:
        return False
    if kind in ("text", "texts", "set"):
        return any(_text(one.lower(), op, value, whole=kind == "set") for one in ([have] if kind == "text" else have))
    if kind == "money":
        amounts = {have["currency"]: have["amount"]} if "currency" in have else have
        return value["currency"] in amounts and _compares(amounts[value["currency"]], op, value["amount"])
    if kind in ("moment", "ahead"):
        return _moment(clock.parse(have), op, value, now, zone, ahead=kind == "ahead")
    if kind in ("day", "yearly"):
        return _day(kind, have, op, value, now.astimezone(zone).date())
    return have in value if op == "in" else _compares(have, op, value)


def _text(have: str, op: str, value: Any, *, whole: bool) -> bool:
    if op == "in":
        return have in [one.lower() for one in value]
    wanted = value.lower()
    if op == "contains" and not whole:
        return wanted in have
    return have.startswith(wanted) if op == "starts_with" else bool(have == wanted)


def _compares(have: Any, op: str, value: Any) -> bool:
    tests = {"eq": have == value, "lt": have < value, "lte": have <= value, "gt": have > value, "gte": have >= value}
    return bool(tests[op])


def _moment(at: datetime, op: str, value: Any, now: datetime, zone: ZoneInfo, *, ahead: bool) -> bool:
    if op == "older_than_days":
        return now - at >= timedelta(days=value)
    if op == "within_days":
        days, ahead = _distance(value, ahead=ahead)
        return now < at and at - now <= timedelta(days=days) if ahead else at <= now and now - at < timedelta(days=days)
    if "T" in value:
        return _compares(at, op, clock.parse(value))
    return _compares(at.astimezone(zone).date(), op, date.fromisoformat(value))


def _day(kind: str, have: str, op: str, value: Any, today: date) -> bool:
    if op == "in":
        return any(_day(kind, have, "eq", one, today) for one in value)
    if kind == "yearly" and op == "eq":
        return have == value or value == "-" + have[4:]
    if op not in ("within_days", "older_than_days"):
        return _compares(date.fromisoformat(have), op, date.fromisoformat(value))
    if op == "older_than_days":
        return (today - date.fromisoformat(have)).days > value
    days, ahead = _distance(value, ahead=True)
    if kind == "day":
        left = (date.fromisoformat(have) - today).days
        return 0 <= left <= days if ahead else 0 <= -left <= days
    around = [today + timedelta(days=step if ahead else -step) for step in range(days + 1)]
    return any(_is_that_day(one, have) for one in around)


def _is_that_day(day: date, yearly: str) -> bool:
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    return f"{day:%m-%d}" == ("02-28" if yearly.endswith("02-29") and not leap else yearly[-5:])


def _distance(value: Any, *, ahead: bool) -> tuple[int, bool]:
    if isinstance(value, dict):
        return next(iter(value.values())), "next" in value
    return value, ahead


def facts(world: World) -> Facts:
    """The same contact as the house has it."""
    contact = Contact(id="con_1", tenant="t", name="x", first_name=world.get("first_name"), tags=world["tags"])
    contact.emails = [{"address": one} for one in world["emails"]] or None
    for name in ("lifecycle", "relationship", "birthday", "last_contacted_at", "next_activity_at", "time_zone"):
        setattr(contact, name, world.get(name))
    contact.address = {"country": world["address.country"]} if world.get("address.country") else None
    allowed = world.get("preferences.channels.email")
    contact.preferences = None if allowed is None else {"channels": {"email": allowed}}
    found = Facts(contact, FIRM)
    if world["company"]:
        found.company = Company(id="com_1", tenant="t", display_name=world["company"]["name"], name="x")
        found.company.tags = world["company"]["tags"]
    found.deals = [Part(deal(one), found) for one in world["deals"]]
    found.orders = [Part(_order(one), found) for one in world["orders"]]
    found.mails = [Part(_mail(one), found) for one in world["mails"]]
    found.cells = {"n": world["orders.count"]} if world["orders.count"] else {}
    called = world.get("activity.call.last_at")
    found.activity = {"call": called} if called else {}
    found.open_tasks = world["tasks.open"]
    found.read = EVERYTHING
    return found


def deal(one: World) -> Deal:
    found = Deal(id="dea_1", tenant="t", title="x", status=one["status"], tags=one["tags"])
    found.value, found.expected_close, found.closed_at = one["value"], one["expected_close"], one["closed_at"]
    return found


def _order(one: World) -> Order:
    order = Order(id="ord_1", tenant="t", status=one["status"], ordered_at=one["ordered_at"])
    order.base_value, order.items = one["total"], [{"name": name} for name in one["product"]]
    return order


def _mail(one: World) -> Mailing:
    mail = Mailing(campaign_id=one["campaign_id"], claimed_at=one["sent_at"])
    mail.outcome = outcome("sent", one["sent_at"])
    seen = {"opened": one["opened_at"], "opened_human": one["opened_at"], "clicked_human": one["clicked_at"]}
    mail.seen = {name: at for name, at in seen.items() if at} or None
    return mail


def stamp(at: datetime) -> str:
    """As records have it."""
    return clock.stamp(at.astimezone(UTC))
