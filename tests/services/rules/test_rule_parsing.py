"""What rules may say: everything else is refused with its place in the rule, and with what would fit."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.models.contact import Contact
from chalicelib.services import rules
from chalicelib.services.rules import catalog, parsing
from chalicelib.services.rules.kinds import KINDS
from chalicelib.services.rules.known import Part
from tests.house import Sender

OK = {"field": "lifecycle", "op": "eq", "value": "lead"}
CAMPAIGN = "cam_01HX0000000000000000000000"


def flaws(plain: Any, tenant: str = "t") -> dict[str, tuple[str, str]]:
    """By pointer the code and the sentence."""
    with pytest.raises(errors.Invalid) as refused:
        rules.parse(tenant, plain)
    return {flaw.pointer: (flaw.code, flaw.message) for flaw in refused.value.flaws}


def one(field: str, op: str, value: Any = None) -> Any:
    return {"all": [{"field": field, "op": op, "value": value}]}


def nested(depth: int) -> Any:
    plain: Any = OK
    for number in range(depth):
        plain = {("all", "any", "not")[number % 3]: [plain]}
    return plain


@pytest.mark.parametrize(
    ("plain", "pointer", "code"),
    [
        (None, "/rule", "type"),
        ([], "/rule", "type"),
        ({}, "/rule", "type"),
        (OK, "/rule", "type"),
        ({"deal": {"all": [OK]}}, "/rule", "type"),
        ({"all": [OK], "any": [OK]}, "/rule", "type"),
        ({"all": []}, "/rule/all", "type"),
        ({"any": {"field": "tags"}}, "/rule/any", "type"),
        ({"all": [OK, 7]}, "/rule/all/1", "type"),
        ({"all": [{}]}, "/rule/all/0", "type"),
        ({"all": [{"none": [OK]}]}, "/rule/all/0/none", "unknown_field"),
        ({"all": [{"a/b~": [OK]}]}, "/rule/all/0/a~1b~0", "unknown_field"),
        ({"all": [{"deal": {"all": [{"deal": OK}]}}]}, "/rule/all/0/deal/all/0/deal", "unknown_field"),
        ({"all": [{**OK, "why": 1}]}, "/rule/all/0/why", "unknown_field"),
        ({"all": [{"op": "eq", "value": "x"}]}, "/rule/all/0/field", "required"),
        ({"all": [{"field": "tags", "op": 1}]}, "/rule/all/0/op", "required"),
        ({"all": [{"field": "tags", "op": "eq"}]}, "/rule/all/0/value", "required"),
        ({"not": {"not": [{"field": "tag", "op": "eq", "value": "x"}]}}, "/rule/not/not/0/field", "unknown"),
        (one("tags", "is", "x"), "/rule/all/0/op", "not_allowed"),
        (one("tags", "gt", "x"), "/rule/all/0/op", "not_allowed"),
        (one("lifecycle", "eq", None), "/rule/all/0/value", "type"),
        (one("lifecycle", "eq", "  "), "/rule/all/0/value", "type"),
        (one("lifecycle", "in", "lead"), "/rule/all/0/value", "type"),
        (one("lifecycle", "in", []), "/rule/all/0/value", "type"),
        (one("lifecycle", "in", ["a", 2]), "/rule/all/0/value/1", "type"),
        (one("lifecycle", "exists", "yes"), "/rule/all/0/value", "type"),
        (one("relationship", "eq", "friend"), "/rule/all/0/value", "not_allowed"),
        (one("owner_id", "eq", "con_01HX0000000000000000000000"), "/rule/all/0/value", "format"),
        (one("campaign.opened", "contains", "Spring"), "/rule/all/0/value", "format"),
        (one("created_at", "lt", 1), "/rule/all/0/value", "type"),
        (one("created_at", "lt", "2026-02-30"), "/rule/all/0/value", "type"),
        (one("created_at", "lt", "2026-01-01T09:00:00"), "/rule/all/0/value", "type"),
        (one("created_at", "lt", "2026-W01-1"), "/rule/all/0/value", "type"),
        (one("created_at", "within_days", 0), "/rule/all/0/value", "range"),
        (one("created_at", "within_days", 36_501), "/rule/all/0/value", "range"),
        (one("created_at", "within_days", 1.5), "/rule/all/0/value", "type"),
        (one("created_at", "within_days", True), "/rule/all/0/value", "type"),
        (one("created_at", "within_days", {"last": "x"}), "/rule/all/0/value/last", "type"),
        (one("created_at", "within_days", {"until": 3}), "/rule/all/0/value", "type"),
        (one("created_at", "older_than_days", -1), "/rule/all/0/value", "range"),
        (one("birthday", "eq", "12-10"), "/rule/all/0/value", "type"),
        (one("birthday", "within_days", 367), "/rule/all/0/value", "range"),
        (one("deals.open", "gt", "3"), "/rule/all/0/value", "type"),
        (one("deals.open", "gt", float(10**17)), "/rule/all/0/value", "range"),
        (one("orders.total", "gt", {"amount": 1.5, "currency": "EUR"}), "/rule/all/0/value", "type"),
        (one("orders.total", "gt", {"amount": 1, "currency": "XXX"}), "/rule/all/0/value/currency", "unknown"),
        (one("preferences.channels.email", "eq", "yes"), "/rule/all/0/value", "type"),
        (one("mail.opened.count.0d", "gt", 1), "/rule/all/0/field", "unknown"),
        (one("mail.read.count", "gt", 1), "/rule/all/0/field", "unknown"),
        (one("mail.opened.count", "exists", True), "/rule/all/0/op", "not_allowed"),
        (one("preferences.topics.", "eq", True), "/rule/all/0/field", "unknown"),
        (one("activity.Call.last_at", "exists", True), "/rule/all/0/field", "unknown"),
        (one("deal.", "exists", True), "/rule/all/0/field", "unknown"),
        (one("deal.state", "exists", True), "/rule/all/0/field", "unknown"),
        (one("status", "eq", "open"), "/rule/all/0/field", "unknown"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_at_its_place(plain: Any, pointer: str, code: str) -> None:
    found = flaws(plain)
    assert {place: said[0] for place, said in found.items()} == {pointer: code}


def test_a_refusal_says_what_would_fit() -> None:
    found = flaws({"all": [one("lifecyle", "eq", "x"), one("tags", "gt", 1), one("relationship", "eq", "x")]})
    assert "lifecycle" in found["/rule/all/0/all/0/field"][1]
    assert "eq, ne, contains, in, exists" in found["/rule/all/1/all/0/op"][1]
    assert "customer, prospect" in found["/rule/all/2/all/0/value"][1]
    assert "expected_close" in flaws(one("deal.expected_clos", "exists"))["/rule/all/0/field"][1]


def test_everything_that_is_wrong_is_told_at_once() -> None:
    plain = {"all": [OK, {"any": [{"field": "foo", "op": "eq", "value": 1}, {**OK, "value": 1}]}, {"not": []}]}
    assert set(flaws(plain)) == {"/rule/all/1/any/0/field", "/rule/all/1/any/1/value", "/rule/all/2/not"}


def test_limits() -> None:
    assert rules.parse("t", nested(10))
    assert flaws(nested(11)) == {f"/rule{'/any/0/all/0/not/0' * 3}/any/0/all": ("depth", "Groups go 10 deep at most.")}
    assert rules.parse("t", {"all": [OK] * 100})
    assert flaws({"all": [OK] * 101}) == {"/rule": ("length", "A rule has at most 100 conditions, not 101.")}
    assert flaws({"all": [{**OK, "value": "x" * 1999}] * 16})["/rule"][0] == "length"
    deep: Any = OK
    for _ in range(100_000):
        deep = {"all": [deep]}
    assert flaws(deep)["/rule"][0] == "format"


def test_every_operator_of_every_field_takes_some_value(engine: str) -> None:
    """The table holds together: each field has a kind, each of its operators can be asked of an empty contact."""
    values: list[Any] = [3, "2026-03-01", True, {"amount": 1, "currency": "EUR"}, "x", *_IDS]
    for scope, fields in catalog.FIELDS.items():
        for name, field in fields.items():
            for op in KINDS[field.kind]:
                found = [rule for value in [*values, *field.options] if (rule := _accepted(scope, name, op, value))]
                assert found, (scope, name, op)
                assert found[0].fields
                contact = Contact(id="con_1", tenant="t", name="x")
                for rule in found:
                    assert rule.verdict(rules.Facts(contact), _now()).reason


_IDS = [f"{prefix}_01HX0000000000000000000000" for prefix in ("con", "usr", "com", "pip", "stg", "cam", "pro")]


def _accepted(scope: str, name: str, op: str, value: Any) -> rules.Rule | None:
    plain: Any = {"field": name, "op": op, "value": [value] if op == "in" else value}
    try:
        return rules.parse("t", {"all": [plain if scope == "contact" else {scope: plain}]})
    except errors.Invalid:
        return None


def _now() -> Any:
    from datetime import UTC, datetime

    return datetime(2026, 11, 2, tzinfo=UTC)


names = st.sampled_from([name for scope in catalog.FIELDS for name in catalog.names(scope)]) | st.text(max_size=20)
ops = st.sampled_from(parsing._OPS) | st.text(max_size=5)
anything: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.sampled_from(["2026-03-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["last", "next", "amount", "currency", "all", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)
condition = st.fixed_dictionaries({}, optional={"field": names, "op": ops, "value": anything, "more": st.none()})
likely: Any = st.recursive(
    condition | anything,
    lambda inner: st.dictionaries(
        st.sampled_from(["all", "any", "not", "deal", "order", "mail", "", "~/"]),
        st.lists(inner, max_size=3) | inner,
        max_size=2,
    ),
    max_leaves=6,
)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow])
@given(likely)
def test_nothing_but_a_refusal_comes_of_any_json(engine: str, plain: Any) -> None:
    try:
        rule = rules.parse("t", plain)
    except errors.Invalid as error:
        refused = error.flaws
    else:
        assert rule.verdict(rules.Facts(Contact(id="con_1", tenant="t", name="x")), _now()).reason
        return
    assert refused
    for flaw in refused:
        assert flaw.pointer.startswith("/rule")
        assert flaw.message
        _leads_somewhere({"rule": plain}, flaw.pointer)


def _leads_somewhere(document: Any, pointer: str) -> None:
    """Every step but the last is there: what is required and missing is pointed at too."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    for step in steps[:-1]:
        document = document[int(step)] if isinstance(document, list) else document[step]


# The firm's own fields -------------------------------------------------------------------------------------------


def field(owner: Sender, noun: str, name: str, kind: str, **more: Any) -> Any:
    answer = owner.post("/v1/fields", {"noun": noun, "name": name, "label": name.title(), "type": kind, **more})
    assert answer.status == 201, answer.text
    return answer.json


def test_the_firms_own_fields_are_asked_by_their_type(owner: Sender) -> None:
    tier = field(owner, "contact", "tier", "enum", options=["gold", "silver"])
    field(owner, "contact", "seats", "number")
    field(owner, "contact", "budget", "money")
    field(owner, "contact", "renewal", "date")
    field(owner, "contact", "likes", "multi", options=["tea", "coffee"])
    field(owner, "contact", "vegan", "bool")
    field(owner, "contact", "mentor", "reference", refers_to="contact")
    field(owner, "company", "branch", "text")
    field(owner, "deal", "risk", "number")
    plain = {
        "all": [
            {"field": "custom.tier", "op": "eq", "value": "gold"},
            {"field": "custom.seats", "op": "gte", "value": 5},
            {"field": "custom.budget", "op": "gt", "value": 1000},
            {"field": "custom.renewal", "op": "within_days", "value": {"next": 30}},
            {"field": "custom.likes", "op": "contains", "value": "tea"},
            {"field": "custom.vegan", "op": "eq", "value": True},
            {"field": "custom.mentor", "op": "exists"},
            {"field": "company.custom.branch", "op": "exists", "value": False},
            {"not": [{"field": "deal.custom.risk", "op": "gt", "value": 3}]},
        ]
    }
    custom = {
        "tier": "gold",
        "seats": 5,
        "budget": {"amount": 1001, "currency": "EUR"},
        "renewal": "2026-12-01",
        "likes": ["tea"],
        "vegan": True,
        "mentor": "con_01HX0000000000000000000000",
    }
    rule = rules.parse(owner.tenant, plain)
    assert rule.needs == {"company", "deals", "zone"}
    assert {("contact", "custom"), ("company", "custom"), ("deal", "custom")} <= rule.fields

    def holds(**values: Any) -> bool:
        contact = Contact(id="con_1", tenant=owner.tenant, name="x", custom={**custom, **values})
        return rule.verdict(rules.Facts(contact), _now()).matches

    assert holds()
    assert not any((holds(tier="silver"), holds(seats=4), holds(renewal="2026-12-03"), holds(likes=[])))
    assert not holds(budget={"amount": 1001, "currency": "USD"})  # a plain number is of the firm's own currency

    wrong = [
        ("custom.tier", "eq", "lead", "value"),
        ("custom.tier", "gt", 1, "op"),
        ("custom.seats", "eq", "5", "value"),
        ("custom.mentor", "eq", "com_01HX0000000000000000000000", "value"),
        ("custom.nothing", "exists", True, "field"),
        ("company.custom.tier", "exists", True, "field"),
    ]
    for name, op, value, place in wrong:
        assert set(flaws(one(name, op, value), owner.tenant)) == {f"/rule/all/0/{place}"}, name
    assert "tier" in flaws(one("custom.tire", "exists"), owner.tenant)["/rule/all/0/field"][1]

    # What was acceptable once goes on meaning what it meant, when the option or the field is gone.
    asked = one("custom.tier", "eq", "silver")
    owner.patch(f"/v1/fields/{tier['id']}", {"options": ["gold"]})
    owner.delete(f"/v1/fields/{tier['id']}")
    assert set(flaws(asked, owner.tenant)) == {"/rule/all/0/field"}
    rule = rules.parse(owner.tenant, asked, kept=True)
    assert holds(tier="silver")
    assert not holds(tier="gold")


def test_a_rule_says_what_it_looks_at() -> None:
    plain = {
        "any": [
            {"field": "birthday", "op": "within_days", "value": 7},
            {"field": "company.tags", "op": "contains", "value": "vip"},
            {"field": "campaign.opened", "op": "contains", "value": CAMPAIGN},
        ]
    }
    rule = rules.parse("t", plain)
    assert rule.needs == {"zone", "company", "mail"}
    assert rule.fields == {
        ("contact", "birthday"),
        ("contact", "time_zone"),
        ("contact", "company_id"),
        ("company", "tags"),
        ("company", "deleted_at"),
        ("company", "merged_into"),
        ("mailing", "seen"),
        ("contact", "layers"),
    }
    still = rules.parse("t", {"all": [OK, one("created_at", "lt", "2026-01-01T00:00:00Z")]})
    assert still.needs == frozenset()


def test_every_watched_attribute_is_one_of_its_kind() -> None:
    """A misspelt attribute would mean that a change is never noticed."""
    from chalicelib.models import activity, company, contact, deal, mailing, order, task

    kinds = (contact.Contact, company.Company, deal.Deal, order.Order, task.Task, activity.Activity, mailing.Mailing)
    known = {kind.__name__.lower(): set(kind.get_attributes()) for kind in kinds}
    watched = {pair for fields in catalog.FIELDS.values() for field in fields.values() for pair in field.watch}
    watched |= parsing._GATHERED | {("contact", "time_zone")}
    assert {(kind, name) for kind, name in watched if name not in known[kind]} == set()


class Spy:
    """A record that notes which of its attributes are read."""

    def __init__(self, kind: str, read: set[tuple[str, str]], **values: Any) -> None:
        self._kind, self._read, self._values = kind, read, values

    def __getattr__(self, name: str) -> Any:
        self._read.add((self._kind, name))
        return self._values.get(name)


@pytest.mark.parametrize("scope", catalog.FIELDS)
def test_every_attribute_that_a_field_reads_is_watched(scope: str) -> None:
    """Else a change would go unnoticed, and somebody stay in a segment for ever."""
    missing = {}
    for name, field in catalog.FIELDS[scope].items():
        read: set[tuple[str, str]] = set()
        contact: Any = Spy("contact", read)
        known = rules.Facts(contact, company=Spy("company", read))  # type: ignore[arg-type]  # as much of one as is read
        worth = {"amount": 1, "currency": "EUR"}
        for status in ("open", "won"):
            closed = {"status": status, "value": worth, "base_value": worth, "closed_at": "2026-01-01T00:00:00Z"}
            known.deals.append(Part(Spy("deal", read, **closed), known))
        known.orders.append(Part(Spy("order", read, status="paid", ordered_at="2026-01-01T00:00:00Z"), known))
        part = known.deals[0] if scope == "deal" else known.orders[0]
        if not field.watch & {("mailing", "seen")}:  # a mailing says it all in one
            field.read(known if scope == "contact" else part)
        if unwatched := read - field.watch - {("contact", "id")}:
            missing[name] = unwatched
    assert missing == {}


def test_every_field_is_documented() -> None:
    """And the example there is a rule."""
    page = (Path(__file__).parents[3] / "docs" / "segment-rules.md").read_text()
    named = set(re.findall(r"`([^`\n]+)`", page.partition("## Fields")[2]))
    assert {name for scope in catalog.FIELDS for name in catalog.names(scope)} - named == set()
    for kind, fitting in KINDS.items():
        assert all(f"{op}" in page for op in fitting), kind
    example = json.loads(page.partition("```json")[2].partition("```")[0])
    assert rules.parse("t", example).needs == {"deals", "mail", "purchases", "zone"}
