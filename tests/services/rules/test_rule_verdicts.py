"""What rules say of contacts, and until when: random rules on random contacts, against a judge of other words."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chalicelib.models.contact import Contact
from chalicelib.services import rules
from chalicelib.services.rules import Facts, reasons
from chalicelib.services.rules.facts import Part
from chalicelib.services.rules.nodes import Condition, Group, settled
from chalicelib.services.rules.times import micros
from tests import ruling
from tests.ruling import FIELDS, stamp

BASE = datetime(2026, 11, 2, 9, tzinfo=UTC)
CAMPAIGNS = [f"cam_01HX{number:022}" for number in range(3)]
WORDS = ["ada", "Ada Lovelace", "grace", "lovelace"]
TAGS = ["vip", "News", "fair"]
CHOICES = {
    "relationship": ["customer", "prospect", "partner"],
    "deal.status": ["open", "won", "lost"],
    "order.status": ["open", "paid", "cancelled"],
    "mail.campaign_id": CAMPAIGNS,
}
# Few days, and hours at which a day begins somewhere: so that moments often meet the very edge of what rules ask for.
DAYS = [-120, -91, -90, -89, -37, -31, -30, -29, -8, -7, -6, -2, -1, 0, 1, 2, 7, 8, 30]
HOURS = [0, 0, 0, 1, 14, 15, 18, 19]
STAMPS = [stamp(BASE + timedelta(days=number, hours=hour)) for number in DAYS for hour in (0, 0, 0, 15)]
DATES = [(BASE + timedelta(days=number)).date().isoformat() for number in DAYS]
moments = st.builds(
    lambda number, hour: BASE + timedelta(days=number, hours=hour),
    st.sampled_from([-60, -30, -7, -1, 0, 0, 0, 1, 7, 60, 90]),
    st.sampled_from(HOURS),
)
stamps, days = st.sampled_from(STAMPS), st.sampled_from(DATES)
BIRTHDAYS = ["1815-12-10", "--12-10", "--11-02", "1990-10-30", "--02-29", "2000-01-01"]
birthdays = st.sampled_from(BIRTHDAYS)
lengths = st.sampled_from([1, 2, 7, 30, 90])
distances = lengths | lengths.map(lambda number: {"last": number}) | lengths.map(lambda number: {"next": number})
sums = st.builds(
    lambda amount, currency: {"amount": amount * 100, "currency": currency},
    st.integers(0, 5),
    st.sampled_from(["EUR", "USD"]),
)


def choice(key: str) -> Any:
    return st.sampled_from(CHOICES[key])


class Chance:
    """A contact with all that is known of it, made by chance: of each thing something, or nothing."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def maybe(self, *values: Any) -> Any:
        return self.rng.choice([None, *values])

    def stamp(self) -> str:
        return self.rng.choice(STAMPS)

    def some(self, values: list[Any]) -> list[Any]:
        return [one for one in values if self.rng.random() < 0.4]

    def money(self) -> Any:
        return {"amount": self.rng.randint(0, 5) * 100, "currency": self.rng.choice(["EUR", "USD"])}

    def world(self) -> Any:
        several = range(self.rng.randint(0, 3))
        return {
            "first_name": self.maybe(*WORDS),
            "lifecycle": self.maybe("lead", "customer"),
            "emails": self.some(["ada@example.com", "grace@navy.mil"]),
            "tags": self.some(TAGS),
            "relationship": self.maybe(*CHOICES["relationship"]),
            "preferences.channels.email": self.maybe(True, False),
            "address.country": self.maybe("AT", "DE"),
            "birthday": self.maybe(*BIRTHDAYS),
            "last_contacted_at": self.maybe(self.stamp()),
            "next_activity_at": self.maybe(self.stamp()),
            "time_zone": self.maybe("America/Santiago", "Pacific/Kiritimati", "UTC"),
            "company": self.maybe({"name": self.rng.choice(WORDS), "tags": self.some(TAGS)}),
            "orders.count": self.rng.randint(0, 3),
            "tasks.open": self.rng.randint(0, 3),
            "activity.call.last_at": self.maybe(self.stamp()),
            "deals": [self.deal() for _ in several],
            "orders": [self.order() for _ in several],
            "mails": [self.mail() for _ in range(self.rng.randint(0, 5))],
        }

    def deal(self) -> Any:
        return {
            "status": self.rng.choice(CHOICES["deal.status"]),
            "value": self.maybe(self.money()),
            "expected_close": self.maybe(self.rng.choice(DATES)),
            "closed_at": self.maybe(self.stamp()),
            "tags": self.some(TAGS),
        }

    def order(self) -> Any:
        return {
            "status": self.rng.choice(CHOICES["order.status"]),
            "total": self.maybe(self.money()),
            "ordered_at": self.stamp(),
            "product": self.some(WORDS),
        }

    def mail(self) -> Any:
        return {
            "campaign_id": self.rng.choice(CAMPAIGNS),
            "sent_at": self.stamp(),
            "opened_at": self.maybe(self.stamp()),
            "clicked_at": self.maybe(self.stamp()),
        }


worlds = st.integers(0, 10**9).map(lambda seed: Chance(seed).world())


def asked(ops: list[str], values: Any) -> Any:
    return st.fixed_dictionaries({"op": st.sampled_from(ops), "value": values})


def several(values: Any) -> Any:
    return asked(["in"], st.lists(values, min_size=1, max_size=2))


EQUAL, COMPARED = ["eq", "ne"], ["eq", "ne", "lt", "lte", "gt", "gte"]
EXISTS = asked(["exists"], st.booleans()) | st.just({"op": "exists"})
RELATIVE = asked(["within_days"], distances) | asked(["older_than_days"], lengths)
words = st.sampled_from([*WORDS, "AT", "lead", "Customer", "example", "grace@navy.mil"])
TEXT = asked([*EQUAL, "contains", "starts_with"], words) | several(words) | EXISTS
MOMENT = RELATIVE | asked(COMPARED, stamps | days) | EXISTS
COUNTED = asked(COMPARED, st.integers(0, 3))
# Operator and value of a condition, by the kind of the field.
ASKED = {
    "text": TEXT,
    "texts": TEXT,
    "bool": asked(EQUAL, st.booleans()) | EXISTS,
    "number": asked(COMPARED, st.integers(0, 3)) | several(st.integers(0, 3)),
    "money": asked(COMPARED, sums) | EXISTS,
    "moment": MOMENT,
    "ahead": MOMENT,
    "day": RELATIVE | asked(COMPARED, days) | several(days) | EXISTS,
    "yearly": asked(["within_days"], distances) | asked(EQUAL, birthdays) | several(birthdays) | EXISTS,
}


def condition(scope: str, field: str, kind: str) -> Any:
    values = ASKED.get(kind)
    if kind == "set":
        labels = st.sampled_from(CAMPAIGNS if field.startswith("campaign.") else ["VIP", "news", "other"])
        values = asked([*EQUAL, "contains"], labels) | several(labels) | EXISTS
    if kind == "choice":
        one = choice(field if scope == "contact" else f"{scope}.{field}")
        values = asked(EQUAL, one) | several(one) | EXISTS
    assert values is not None
    return values.map(lambda value: {"field": field, **value})


def groups(scope: str, *more: Any) -> Any:
    conditions = [condition(scope, field, kind) for field, kind in FIELDS[scope].items()]
    return st.recursive(st.one_of(*conditions, *more), grouped, max_leaves=5).filter(
        lambda rule: bool(rule.keys() & {"all", "any", "not"})
    )


def grouped(inner: Any) -> Any:
    return st.tuples(st.sampled_from(["all", "any", "not"]), st.lists(inner, min_size=1, max_size=3)).map(
        lambda group: {group[0]: group[1]}
    )


SOME = [groups(noun).map(lambda rule, noun=noun: {noun: rule}) for noun in ("deal", "order", "mail")]
RULES = groups("contact", *SOME)
ALONE = st.one_of(*(condition("contact", field, kind) for field, kind in FIELDS["contact"].items()))
# What time alone changes.
TIMELY = st.one_of(
    *(
        (COUNTED if ".count." in field else RELATIVE).map(lambda value, field=field: {"field": field, **value})
        for field, kind in FIELDS["contact"].items()
        if kind in ("moment", "ahead", "day") or ".count." in field
    )
)


def rule(plain: Any) -> rules.Rule:
    return rules.parse("t", plain)


@settings(max_examples=250)
@given(RULES, worlds, moments)
def test_rules_say_what_a_judge_of_other_words_says(plain: Any, world: Any, now: datetime) -> None:
    assert rule(plain).verdict(ruling.facts(world), now).matches == ruling.holds(plain, world, now)


@settings(max_examples=900)
@given(ALONE, worlds, moments)
def test_so_does_each_condition_by_itself(plain: Any, world: Any, now: datetime) -> None:
    asked = {"any": [plain]}
    assert rule(asked).verdict(ruling.facts(world), now).matches == ruling.holds(asked, world, now)


@settings(max_examples=300)
@given(RULES, worlds, moments, st.integers(0, 10**9))
def test_a_verdict_holds_until_the_moment_it_says_and_not_longer(
    plain: Any, world: Any, now: datetime, seed: int
) -> None:
    holds_until(plain, world, now, seed)


@settings(max_examples=500)
@given(grouped(TIMELY), worlds, moments, st.integers(0, 10**9))
def test_so_do_relative_dates_alone_and_together(plain: Any, world: Any, now: datetime, seed: int) -> None:
    holds_until(plain, world, now, seed)
    assert rule(plain).verdict(ruling.facts(world), now).matches == ruling.holds(plain, world, now)


def holds_until(plain: Any, world: Any, now: datetime, seed: int) -> None:
    verdict = rule(plain).verdict(ruling.facts(world), now)
    until, rng = verdict.until, random.Random(seed)
    for _ in range(12):
        at = now + timedelta(hours=rng.randint(0, 200 * 24))
        if until is None or at < until:
            assert ruling.holds(plain, world, at) == verdict.matches, at
    if until is None:
        return
    assert until > now
    for at in (now + (until - now) * rng.random(), until - timedelta(microseconds=1)):
        if at < until:
            assert ruling.holds(plain, world, at) == verdict.matches, at
    if "birthday" not in str(plain):  # that comes every year, and is followed for some years only
        assert ruling.holds(plain, world, until) != verdict.matches


@settings(max_examples=60)
@given(RULES, RULES, worlds, moments)
def test_not_is_none_of_these(one: Any, other: Any, world: Any, now: datetime) -> None:
    """De Morgan: the same answer until the same moment."""

    def said(plain: Any) -> Any:
        verdict = rule(plain).verdict(ruling.facts(world), now)
        return verdict.matches, verdict.until

    assume("birthday" not in f"{one}{other}")
    assert said({"not": [one, other]}) == said({"all": [{"not": [one]}, {"not": [other]}]})
    assert said({"not": [{"all": [one, other]}]}) == said({"any": [{"not": [one]}, {"not": [other]}]})
    assert said({"not": [{"not": [one]}]}) == said({"all": [one]}) == said({"any": [one]})
    assert said({"not": {"all": [one]}}) == said({"not": [one]})


@settings(max_examples=80)
@given(RULES, worlds, moments)
def test_there_is_always_a_short_reason(plain: Any, world: Any, now: datetime) -> None:
    assert 0 < len(rule(plain).verdict(ruling.facts(world), now).reason) <= 200


# Where what was read of a family is kept.
KEPT = {
    "zone": "firm_zone",
    "company": "company",
    "deals": "deals",
    "orders": "orders",
    "purchases": "cells",
    "mail": "mails",
    "tasks": "open_tasks",
    "activity.call": "activity",
}


@settings(max_examples=300)
@given(RULES | grouped(TIMELY), worlds, moments)
def test_what_is_not_read_would_not_change_the_answer(plain: Any, world: Any, now: datetime) -> None:
    """Facts as far as a rule still needs them: the same verdict until the same moment, and no reason that is not so."""
    asked, full = rule(plain), ruling.facts(world)
    found = Facts(full.contact)
    while wanted := settled(asked.node, found, micros(now))[1]:
        family = min(wanted)
        setattr(found, KEPT[family], getattr(full, KEPT[family]))
        found.read |= {family}
    verdict, whole = asked.verdict(found, now), asked.verdict(full, now)
    assert (verdict.matches, verdict.until) == (whole.matches, whole.until)
    told = [fact for fact in reasons._told(asked.node, found, micros(now)) if not fact.startswith(NOUNS)]
    assert set(told) <= {reasons._fact(one, one.reader()(full), full, micros(now)) for one in _fields(asked.node)}


NOUNS = ("deal: ", "order: ", "mail: ", "no such ")


def _fields(node: Any) -> list[Any]:
    if isinstance(node, Group):
        return [field for part in node.parts for field in _fields(part)]
    return [node.field] if isinstance(node, Condition) else []


def test_what_decides_for_good_spares_the_rest() -> None:
    plain = {
        "all": [NEVER_OPENED, {"field": "deals.open", "op": "gt", "value": 0}, *one("tags", "eq", "vip").plain["all"]]
    }
    asked, now = rule(plain), micros(BASE)
    nobody, vip = contact(), contact(tags=["vip"])
    assert settled(asked.node, nobody, now) == (False, frozenset())
    assert asked.verdict(nobody, BASE).reason == "no tags"
    assert settled(asked.node, vip, now) == (None, frozenset({"mail", "deals"}))
    vip.read |= {"deals"}
    assert settled(asked.node, vip, now) == (False, frozenset())
    assert asked.verdict(vip, BASE).reason == "open deals is 0"


def contact(**fields: Any) -> Facts:
    return Facts(Contact(id="con_1", tenant="t", **fields), "Europe/Vienna")


def one(field: str, op: str, value: Any = None) -> rules.Rule:
    return rule({"all": [{"field": field, "op": op, "value": value}]})


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


NEVER_OPENED = {"not": [{"field": "mail.opened_at", "op": "within_days", "value": 90}]}


def mailed(opened: str | None) -> Facts:
    empty: Any = {
        "company": None,
        "deals": [],
        "orders": [],
        "emails": [],
        "tags": [],
        "orders.count": 0,
        "tasks.open": 0,
    }
    mail = {"campaign_id": CAMPAIGNS[0], "sent_at": "2026-07-01T09:00:00.000Z", "opened_at": opened, "clicked_at": None}
    return ruling.facts({**empty, "mails": [mail], "lifecycle": "customer"})


def test_opened_nothing_for_90_days() -> None:
    """As other CRMs have it: also true of who was never mailed; "older than" is said only of what happened."""
    asked, opened = rule(NEVER_OPENED), mailed("2026-08-01T09:00:00.000Z")
    before, after = at("2026-10-30T08:59:59Z"), at("2026-10-30T09:00:00Z")
    first = asked.verdict(opened, before)
    assert (first.matches, first.until, first.reason) == (False, after, "last opened 2026-08-01")
    then = asked.verdict(opened, after)
    assert (then.matches, then.until) == (True, None)
    for never in (mailed(None), contact()):
        assert asked.verdict(never, before).matches
        assert asked.verdict(never, before).until is None
        assert asked.verdict(never, before).reason == "never opened"
        assert not one("mail.opened_at", "older_than_days", 90).verdict(never, before).matches
    both = rule({"all": [*one("mail.opened_at", "older_than_days", 90).plain["all"], {"not": [_mailed_lately()]}]})
    assert both.verdict(opened, after).matches


def _mailed_lately() -> Any:
    return {"field": "mail.sent_at", "op": "within_days", "value": 30}


def test_the_reason_names_what_decides() -> None:
    plain = {
        "all": [
            NEVER_OPENED,
            {"field": "lifecycle", "op": "eq", "value": "customer"},
            {"any": [{"field": "tags", "op": "contains", "value": "vip"}, {"field": "title", "op": "exists"}]},
        ]
    }
    found = mailed("2026-08-01T09:00:00.000Z")
    found.contact.tags = ["vip", "fair"]
    assert rule(plain).verdict(found, BASE).reason == "last opened 2026-08-01; lifecycle is customer; tags: fair, vip"
    found = mailed("2026-08-01T09:00:00.000Z")
    assert rule(plain).verdict(found, BASE).reason == "no tags; no title"
    found = mailed("2026-10-01T09:00:00.000Z")
    assert rule(plain).verdict(found, BASE).reason == "last opened 2026-10-01"


def test_of_what_never_changes_nothing_is_to_be_looked_at_again() -> None:
    """A contact that another condition keeps out is not waited for, whatever time does to the rest."""
    plain = {"all": [{"field": "lifecycle", "op": "eq", "value": "lead"}, NEVER_OPENED]}
    assert rule(plain).verdict(mailed("2026-08-01T09:00:00.000Z"), at("2026-10-01T00:00:00Z")).until is None


@pytest.mark.parametrize(
    ("way", "now", "matches", "until"),
    [
        ("next", "2026-12-24T00:00:00Z", False, "2026-12-25T00:00:00Z"),
        ("next", "2026-12-25T00:00:00Z", True, "2027-01-02T00:00:00Z"),
        ("next", "2027-01-02T00:00:00Z", False, "2027-12-25T00:00:00Z"),
        ("last", "2026-12-31T00:00:00Z", False, "2027-01-01T00:00:00Z"),
        ("last", "2027-01-08T23:59:59Z", True, "2027-01-09T00:00:00Z"),
        ("last", "2027-01-09T00:00:00Z", False, "2028-01-01T00:00:00Z"),
    ],
)
def test_a_birthday_at_the_turn_of_the_year(way: str, now: str, matches: bool, until: str) -> None:
    found = one("birthday", "within_days", {way: 7}).verdict(contact(birthday="--01-01", time_zone="UTC"), at(now))
    assert (found.matches, found.until) == (matches, at(until))


def test_a_birthday_on_new_years_eve_is_still_known_in_the_new_year() -> None:
    asked = one("birthday", "within_days", {"last": 7})
    assert asked.verdict(contact(birthday="--12-31", time_zone="UTC"), at("2027-01-03T00:00:00Z")).matches


@pytest.mark.parametrize(
    ("zone", "begins", "ends"),
    [
        ("Europe/Vienna", "2026-12-02T23:00:00Z", "2026-12-10T23:00:00Z"),
        ("Pacific/Kiritimati", "2026-12-02T10:00:00Z", "2026-12-10T10:00:00Z"),
        ("Pacific/Pago_Pago", "2026-12-03T11:00:00Z", "2026-12-11T11:00:00Z"),
        (None, "2026-12-02T23:00:00Z", "2026-12-10T23:00:00Z"),
    ],
)
def test_a_birthday_begins_where_the_contact_lives(zone: str | None, begins: str, ends: str) -> None:
    asked, ada = one("birthday", "within_days", 7), contact(birthday="1815-12-10", time_zone=zone)
    before = asked.verdict(ada, at(begins) - timedelta(seconds=1))
    during = asked.verdict(ada, at(begins))
    after = asked.verdict(ada, at(ends))
    assert (before.matches, before.until) == (False, at(begins))
    assert (during.matches, during.until) == (True, at(ends))
    assert (after.matches, after.until) == (False, at(begins).replace(year=2027))


def test_a_day_of_which_the_clock_skips_the_first_hour_begins_when_it_leaps() -> None:
    """Santiago, 2026-09-06: at midnight it is one o'clock."""
    asked = one("deal.expected_close", "within_days", {"next": 1})
    found = contact(time_zone="America/Santiago")
    world: Any = {"status": "open", "value": None, "expected_close": "2026-09-07", "closed_at": None, "tags": []}
    found.deals = [Part(ruling.deal(world), found)]
    verdict = asked.verdict(found, at("2026-09-06T03:59:59Z"))
    assert (verdict.matches, verdict.until) == (False, at("2026-09-06T04:00:00Z"))
    assert asked.verdict(found, at("2026-09-06T04:00:00Z")).until == at("2026-09-08T03:00:00Z")


@pytest.mark.parametrize(
    ("asked", "holds"),
    [
        (one("phone", "eq", "+43 (1) 5880-10"), True),
        (one("phone", "starts_with", "+43"), True),
        (one("first_name", "eq", "jose"), True),
        (one("first_name", "eq", "JOSÉ"), True),
        (one("email_domain", "eq", "example.com"), True),
        (one("email", "contains", "@example."), True),
        (one("external_ids.hubspot", "eq", "1201"), True),
        (one("external_ids.shop", "exists"), False),
        (one("preferences.topics.news.weekly", "eq", True), True),
        (one("preferences.topics.other", "ne", True), True),
        (one("address.country", "in", ["AT", "DE"]), True),
        (one("created_at", "eq", "2026-01-01"), True),
        (one("created_at", "lt", "2026-01-01"), False),
        (one("created_at", "gt", "2025-12-31T23:00:00Z"), True),
        (one("created_at", "gte", "2026-01-01T01:30:00+01:00"), True),
        (one("created_at", "lt", "2026-01-01T00:30:00Z"), False),
        (one("created_at", "lte", "2026-01-01T00:30:00Z"), True),
        (one("created_at", "gt", "2026-01-01T00:30:00Z"), False),
        (one("created_at", "gte", "2026-01-01T00:30:00Z"), True),
        (one("created_at", "eq", "2026-01-01T00:30:00Z"), True),
        (one("created_at", "ne", "2026-01-01T00:30:00Z"), False),
        (one("lifecycle_since", "eq", "2026-01-01"), True),
        (one("lifecycle_since", "lt", "2026-01-01"), False),
        (one("lifecycle_since", "gte", "2026-01-01"), True),
        (one("lifecycle_since", "gt", "2025-12-31"), True),
        (one("lifecycle_since", "lte", "2025-12-31"), False),
        (one("id", "exists"), True),
    ],
    ids=lambda value: str(value.plain["all"][0]) if isinstance(value, rules.Rule) else str(value),
)
def test_values_are_compared_as_people_mean_them(asked: rules.Rule, holds: bool) -> None:
    found = contact(
        first_name="José",
        emails=[{"address": "jose@example.com"}],
        phones=[{"number": "+43158 8010"}],
        external_ids={"hubspot": "1201"},
        preferences={"topics": {"news.weekly": True}},
        address={"country": "AT"},
        created_at="2026-01-01T00:30:00.000Z",  # half past one in Vienna
        lifecycle_since="2025-12-31T23:00:00.000Z",  # midnight there
    )
    assert asked.verdict(found, BASE).matches is holds


def test_what_lies_beyond_all_dates_is_never_reached() -> None:
    found = contact(last_contacted_at="9999-12-31T23:00:00.000Z", next_activity_at="0001-01-01T00:00:00.000Z")
    for asked in (one("last_contacted_at", "older_than_days", 36_500), one("next_activity_at", "within_days", 36_500)):
        assert asked.verdict(found, BASE).until is None
    birthday = one("birthday", "within_days", 7)
    assert birthday.verdict(contact(birthday="--12-31"), datetime.max.replace(tzinfo=UTC)).matches
