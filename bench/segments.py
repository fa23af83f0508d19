"""Segments: one changed contact asked of 50 rules, with its facts in hand and with what it costs to read them.

The rules are what firms ask for: nested, on fields, relative dates, deals, orders and engagement; half of them hold for
the contact, and it has as much behind it as a good customer: 20 mails, 5 deals, 10 orders.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Final

from bench._bases import row as _row
from bench._house import House, house

RULES: Final = 50
PROMISE: Final = 3.0  # ms of CPU for one contact and all rules
_ROUNDS: Final = 60
_STRETCH: Final = 10
_NOW: Final = datetime(2026, 11, 2, 9, tzinfo=UTC)
Row = dict[str, Any]


def rows() -> list[Row]:
    """CPU per changed contact: the rules alone, with reasons, and with reading; and what parsing takes."""
    with house() as here:
        return list(_evaluated(here))


def _evaluated(here: House) -> Iterator[Row]:
    from chalicelib.services import nouns, rules

    asked = [rules.parse(here.tenant, plain) for plain in _rules()]
    contact = _filled(here)
    needs = frozenset().union(*(rule.needs for rule in asked))
    full = rules.facts.of(here.tenant, contact, needs)
    held = sum(rule.verdict(_fresh(full), _NOW).matches for rule in asked)
    if not RULES // 4 < held < RULES * 3 // 4:
        raise RuntimeError(f"{held} of {RULES} rules hold: these measure nothing")

    def judge(known: Any) -> None:
        for rule in asked:
            rule.verdict(known, _NOW)

    def explain(known: Any) -> None:
        for rule in asked:
            _ = rule.verdict(known, _NOW).reason

    def read(_known: Any) -> None:
        judge(rules.facts.of(here.tenant, contact, needs))

    def look(_known: Any) -> None:
        judge(rules.look(here.tenant, [contact], asked, _NOW)[0])

    def parse(_known: Any) -> None:
        for plain in _rules():
            rules.parse(here.tenant, plain)

    yield _row(f"segments, a contact against {RULES} rules, facts in hand", _cpu(judge, full), "ms CPU", PROMISE)
    yield _row(f"segments, the same with {RULES} reasons", _cpu(explain, full), "ms CPU")
    yield _row("segments, the same with its facts read", _cpu(read, full), "ms CPU")
    yield _row("segments, the same with facts read as far as rules need", _cpu(look, full), "ms CPU")
    yield _row("segments, facts read for all rules", _units(read), "units")
    yield _row("segments, facts read as far as rules need", _units(look), "units")
    audience = [rule for number, rule in enumerate(asked) if number % len(_PATTERNS) in (0, 5)]
    stranger, _ = here.call("POST", "/v1/contacts", {"first_name": "Grace"})
    other = nouns.load(nouns.NOUNS["contact"], here.tenant, stranger["id"])
    alone = _units(lambda _known: rules.look(here.tenant, [other], audience, _NOW))
    yield _row(f"segments, facts read for {len(audience)} rules that its own fields decide", alone, "units", 0)
    yield _row(f"segments, {RULES} rules parsed", _cpu(parse, full), "ms CPU")


def _fresh(facts: Any) -> Any:
    """The same facts, with nothing worked out yet."""
    from chalicelib.services.rules.facts import Facts, Part

    found = Facts(facts.contact, facts.firm_zone, facts.company, cells=facts.cells, activity=facts.activity)
    for noun in ("deals", "orders", "mails"):
        setattr(found, noun, [Part(part.record, found) for part in getattr(facts, noun)])
    return found


def _cpu(act: Callable[[Any], None], facts: Any) -> float:
    """What one call takes, in milliseconds of this process's CPU: the median of the quietest stretch, as others who are
    at the machine take their share of its caches.
    """
    taken = []
    for _ in range(_ROUNDS):
        known = _fresh(facts)
        started = time.process_time()
        act(known)
        taken.append((time.process_time() - started) * 1000)
    return min(median(taken[start : start + _STRETCH]) for start in range(0, _ROUNDS, _STRETCH))


def _units(act: Callable[[Any], object]) -> float:
    """Read units of one call."""
    from chalicelib import observability

    with observability.measured("bench") as meter:
        act(None)
    return meter.rru


def _filled(here: House) -> Any:
    """A customer in the table, with what belongs to him."""
    from chalicelib import ids
    from chalicelib.models.mailing import Mailing, outcome
    from chalicelib.models.writes import Step, transact
    from chalicelib.services import nouns

    company, _ = here.call("POST", "/v1/companies", {"name": "Analytical Engines", "relationship": "customer"})
    draft = {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "emails": [{"address": "ada@example.com"}, {"address": "ada@home.example"}],
        "company_id": company["id"],
        "title": "Head of Engines",
        "lifecycle": "customer",
        "tags": ["vip", "newsletter", "fair-2026"],
        "address": {"city": "Wien", "country": "AT"},
        "language": "de-AT",
        "time_zone": "Europe/Vienna",
        "birthday": "1815-12-10",
        "preferences": {"channels": {"email": True}, "topics": {"news": True}},
    }
    contact, _ = here.call("POST", "/v1/contacts", draft)
    price = {"amount": 129900, "currency": "EUR"}
    for number in range(5):
        deal = {"title": f"Engine {number}", "contact_ids": [contact["id"]], "value": price}
        here.call("POST", "/v1/deals", deal)
    for number in range(10):
        order = {
            "contact_id": contact["id"],
            "items": [{"name": "Punch cards", "quantity": 2, "unit_price": price}],
            "ordered_at": f"2026-{number + 1:02}-01T09:00:00Z",
        }
        here.call("POST", "/v1/orders", order)
    here.feed.drain()
    for number in range(20):
        at = _NOW - timedelta(days=10 * number + 1)
        stamp = at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
        mail = Mailing.at(here.tenant, contact["id"], ids.at("run", at))
        mail.campaign_id, mail.claim, mail.claimed_at = ids.at("cam", at), "c", stamp
        mail.outcome = outcome("sent", stamp, message_id=f"0100018f{number:032x}")
        mail.seen = {"delivered": stamp, **({"opened": stamp, "opened_human": stamp} if number % 4 == 0 else {})}
        transact(Step("save", mail))
    return nouns.load(nouns.NOUNS["contact"], here.tenant, contact["id"])


def _rules() -> list[dict[str, Any]]:
    """Fifty, of ten patterns with other values each."""
    return [pattern(number) for number in range(RULES // len(_PATTERNS)) for pattern in _PATTERNS]


def _is(field: str, op: str, value: Any) -> dict[str, Any]:
    return {"field": field, "op": op, "value": value}


_PATTERNS: Final[tuple[Callable[[int], dict[str, Any]], ...]] = (
    lambda n: {
        "all": [
            _is("lifecycle", "eq", "customer"),
            {"not": [_is("mail.opened_at", "within_days", 30 * n + 5)]},
            _is("mail.sent_at", "within_days", 90),
        ]
    },
    lambda n: {
        "all": [
            {"any": [_is("tags", "contains", "vip"), _is("company.relationship", "eq", "customer")]},
            _is("address.country", "in", ["AT", "DE", "CH"]),
            _is("orders.last_at", "older_than_days", 30 * n + 1),
        ]
    },
    lambda n: {
        "all": [
            {"deal": {"all": [_is("status", "eq", "open"), _is("value", "gte", 100_000 + 10_000 * n)]}},
            {"not": [_is("last_contacted_at", "within_days", 14)]},
        ]
    },
    lambda n: {
        "any": [
            _is("email_domain", "eq", "example.com"),
            {"all": [_is("title", "contains", "head"), _is("language", "starts_with", "de")]},
            {"not": [_is("preferences.channels.email", "eq", n % 2 == 0), _is("phone", "exists", True)]},
        ]
    },
    lambda n: {
        "all": [
            _is("orders.count", "gte", 3 * n),
            _is("orders.total", "gt", 100_000),
            {"not": [{"order": {"all": [_is("product", "contains", "card"), _is("ordered_at", "within_days", 30)]}}]},
        ]
    },
    lambda n: {"all": [_is("birthday", "within_days", 7 + 10 * n), _is("preferences.topics.news", "eq", True)]},
    lambda n: {
        "all": [
            _is("mail.sent.count.90d", "gte", 3),
            _is("mail.opened.count.90d", "lt", 2 + n),
            {"not": [_is("mail.bounced_at", "exists", True)]},
            {"not": [{"mail": {"all": [_is("clicked_at", "within_days", 60), _is("delivered_at", "exists", True)]}}]},
        ]
    },
    lambda n: {
        "all": [
            _is("created_at", "older_than_days", n),
            {"any": [_is("deals.won", "gte", 1), _is("deals.open_value", "gt", 500_000)]},
            {"not": [_is("tags", "in", ["competitor", "press"])]},
        ]
    },
    lambda n: {
        "not": [
            _is("lifecycle", "in", ["subscriber", "lead"]),
            {"all": [_is("company.name", "starts_with", "analytical"), _is("deal.status", "eq", "lost")]},
            _is("next_activity_at", "within_days", 7 + n),
        ]
    },
    lambda n: {
        "any": [
            {"all": [_is("first_name", "eq", "Grace"), _is("time_zone", "starts_with", "America/")]},
            {"all": [_is("updated_at", "within_days", 3 + n), _is("owner_id", "exists", False)]},
            {"all": [_is("mail.clicked_at", "older_than_days", 30), _is("address.city", "ne", "Wien")]},
        ]
    },
)

if __name__ == "__main__":
    for row in rows():
        print(f"{row['name']:<62} {row['value']:>10,.3f} {row['unit']:<8} {'' if row['holds'] else 'BROKEN'}".rstrip())
