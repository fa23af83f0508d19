"""Lists and search: every match is found once by following the cursor, nothing else is, and no page costs too much."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors, ids, observability
from chalicelib.models import keys
from chalicelib.models.company import Company
from chalicelib.models.contact import Contact
from chalicelib.models.writes import Step, put_all, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.field import FieldDraft
from chalicelib.schemas.filters import CompanyQuery, ContactQuery
from chalicelib.schemas.page import Page
from chalicelib.services import fields, indexing, lists, nouns, scans, words
from tests.units import exact_units

FIRST = ("Maria", "Mariana", "Mario", "Ana María", "Li", "Lin", "O'Brien", None)
LAST = ("Garcia", "García-Lopez", "Gar", "Marin", "Lindt", "de la Cruz Li", "Maria", None)
FIRMS = ("Acme Robotics GmbH", "Garcia & Co", "Maria Hilf", None)
LOCALS = ("maria", "mgarcia", "info", "acme.sales", "lin.gar", None)
HOSTS = ("acme.com", "gmail.com", "garcia-lopez.example")
PHONES = ("+4315880100", "+431588", "+15551234567", None)
ASKED = ("maria", "mar", "gar", "garcia", "li", "lin", "l", "acme", "gmbh", "o'brien", "info", "1588", "4315880", "555")


@pytest.fixture
def tenant(engine: str) -> str:
    return ids.new("ten")


def contact(tenant: str, **fields: Any) -> Contact:
    made = Contact(id=ids.new("con"), tenant=tenant, **fields)
    made.name = nouns_name(made)
    made.touch("usr_1")
    return keep(None, made)


def nouns_name(made: Any) -> str:
    return " ".join(filter(None, (made.first_name, made.last_name))).casefold() or "-"


def keep(before: Any, made: Any) -> Any:
    """Write the record, and let the index follow."""
    made.keys()
    transact(Step("save", made))
    indexing.follow(before, made)
    return made


def changed(record: Any, **fields: Any) -> Any:
    before = type(record).from_raw_data(record.serialize())
    for name, value in fields.items():
        setattr(record, name, value)
    return keep(before, record)


def pages(tenant: str, query: Any, limit: int = 50) -> Iterator[list[str]]:
    noun, start = "company" if isinstance(query, CompanyQuery) else "contact", None
    while True:
        records, start = lists.page(noun, tenant, query, Page(limit, start))
        yield [record.id for record in records]
        if start is None:
            return


def everything(tenant: str, limit: int = 50, **query: Any) -> list[str]:
    return [one for page in pages(tenant, ContactQuery(**query), limit) for one in page]


def ids_of(*records: Any) -> list[str]:
    return [record.id for record in records]


PEOPLE = st.lists(
    st.tuples(*(st.sampled_from(values) for values in (FIRST, LAST, FIRMS, LOCALS, HOSTS, PHONES))),
    min_size=1,
    max_size=8,
)
CHANGES = st.lists(
    st.tuples(st.integers(0, 7), st.sampled_from(["rename", "trash", "restore", "firm", "mail"])), max_size=4
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(PEOPLE, CHANGES, st.lists(st.sampled_from(ASKED), min_size=1, max_size=3), st.sampled_from([1, 2, 50]))
def test_a_search_finds_each_match_once_and_nothing_else(
    engine: str, people: list[Any], changes: list[Any], asked: list[str], limit: int
) -> None:
    tenant = ids.new("ten")
    made = [
        contact(
            tenant,
            first_name=first,
            last_name=last,
            company_name=firm,
            emails=[{"address": f"{local}@{host}"}] if local else None,
            phones=[{"number": phone}] if phone else None,
        )
        for first, last, firm, local, host, phone in people
    ]
    for number, what in changes:
        one = made[number % len(made)]
        edits: dict[str, dict[str, Any]] = {
            "rename": {"first_name": "Linda", "last_name": "Garmond"},
            "trash": {"deleted_at": clock.stamp()},
            "restore": {"deleted_at": None},
            "firm": {"company_name": "Li Maria Robots"},
            "mail": {"emails": [{"address": "gar.mar@acme.com"}]},
        }
        changed(one, **edits[what])
    live = [nouns.plain(one) for one in made if one.live]
    tokens = {token for one in live for text in words.of_record("contact", one).all for token in (text, text[:2])}
    for query in [" ".join(asked), " ".join(asked[::-1]), *sorted(tokens)[:6]]:
        truth = {one["id"] for one in live if words.matches(words.tokens(query), words.of_record("contact", one))}
        found = everything(tenant, limit, q=query)
        assert len(found) == len(set(found)), query
        assert set(found) == truth, query
        assert truth <= set(walked(tenant, {"q": query})), query


def walked(tenant: str, query: dict[str, Any]) -> list[str]:
    found, start = [], None
    while True:
        several, start = lists.walk("contact", tenant, query, start, limit=3)
        found += several
        if start is None:
            return found


def test_a_stale_entry_is_passed_over(tenant: str) -> None:
    one = contact(tenant, first_name="Ada", last_name="King")
    one.first_name, one.last_name = "Augusta", "Byron"
    one.keys()
    transact(Step("save", one))  # the index has not followed yet
    assert everything(tenant, q="ada") == []
    assert everything(tenant, q="king") == []


@exact_units
def test_no_page_of_a_search_costs_more_than_five_units(tenant: str) -> None:
    """200 people with the same few words: whatever is asked, however little it finds."""
    for number in range(200):
        contact_fast(tenant, number)
    for query in (
        "m",
        "maria",
        "mar gar",
        "maria garcia",
        "garcia 198",
        "acme",
        "acme zz",
        "m g a",
        "person101",
        "zz mar",
    ):
        for page_ids, units in metered(tenant, ContactQuery(q=query)):
            assert units <= 5, query
            assert len(page_ids) <= 9
    (first, units), *_ = metered(tenant, ContactQuery(q="person101 mar"))
    assert len(first) == 1
    assert units <= 2


def contact_fast(tenant: str, number: int) -> None:
    made = Contact(id=ids.new("con"), tenant=tenant, first_name=("Maria", "Mariana", "Mario")[number % 3])
    made.last_name, made.company_name, made.name = ("Garcia", f"Person{number}")[number % 2], "Acme", "x"
    made.touch("usr_1")
    made.version = 1
    made.keys()
    put_all([made])
    indexing.follow(None, made)


def metered(tenant: str, query: Any) -> Iterator[tuple[list[str], float]]:
    walk = pages(tenant, query)
    while True:
        with observability.measured("test") as meter:
            try:
                found = next(walk)
            except StopIteration:
                return
        yield found, meter.rru


def test_lists_by_one_value_are_sorted_by_name(tenant: str) -> None:
    bea = contact(tenant, first_name="Bea", owner_id="usr_1", tags=["VIP"], lifecycle="lead", company_id="com_1")
    ada = contact(tenant, first_name="Ada", owner_id="usr_1", tags=["vip", "x"], relationship="partner")
    contact(tenant, first_name="Cleo", owner_id="usr_2", lifecycle="customer")
    for limit in (1, 50):
        assert everything(tenant, limit, owner_id="usr_1") == ids_of(ada, bea)
        assert everything(tenant, limit, tag="Vip") == ids_of(ada, bea)
    assert everything(tenant, lifecycle="lead") == ids_of(bea)
    assert everything(tenant, relationship="partner", sort="name") == ids_of(ada)
    assert everything(tenant, company_id="com_1") == ids_of(bea)
    changed(ada, first_name="Zoe", owner_id="usr_1")
    assert everything(tenant, owner_id="usr_1") == ids_of(bea, ada)
    changed(bea, deleted_at=clock.stamp())
    assert everything(tenant, owner_id="usr_1") == ids_of(ada)
    assert everything(tenant, deleted="true") == ids_of(bea)


def test_lists_by_time(tenant: str) -> None:
    now = clock.now()

    def ago(days: int) -> str:
        return clock.stamp(now - timedelta(days=days))

    never = contact(tenant, first_name="Never")
    long = contact(tenant, first_name="Long", last_contacted_at=ago(60), next_activity_at=ago(-2))
    contact(tenant, first_name="Soon", last_contacted_at=ago(1), next_activity_at=ago(-20))
    assert everything(tenant, no_contact_days=30) == ids_of(never, long)
    assert everything(tenant, not_contacted_since=now - timedelta(days=30)) == ids_of(never, long)
    assert everything(tenant, limit=1, sort="last_contacted_at")[:2] == ids_of(never, long)
    assert everything(tenant, next_activity_before=now + timedelta(days=7)) == ids_of(long)
    assert len(everything(tenant, created_since=now - timedelta(days=1))) == 3
    assert everything(tenant, created_since=now + timedelta(days=1)) == []


def test_birthdays_to_come_also_over_the_end_of_a_year(tenant: str) -> None:
    clock.set(clock.parse("2026-12-30T12:00:00Z"))
    try:
        january = contact(tenant, first_name="Jan", birthday="1990-01-02")
        december = contact(tenant, first_name="Dec", birthday="--12-30")
        contact(tenant, first_name="Feb", birthday="--02-01")
        assert everything(tenant, birthday_within=5) == ids_of(december, january)
        assert everything(tenant, birthday_within=0) == ids_of(december)
        assert len(everything(tenant, birthday_within=365)) == 3
    finally:
        clock.reset()


def test_long_texts_that_begin_alike_are_told_apart(tenant: str) -> None:
    actor = Actor(tenant=tenant, user="usr_1", role="owner", scopes=frozenset())
    given = {"noun": "contact", "name": "page", "label": "Page", "type": "url"}
    fields.create(actor, msgspec.convert(given, FieldDraft))
    begin = "https://www.example.com/" + "directory/" * 30
    made = [contact(tenant, first_name="Ada", custom={"page": begin + end}) for end in ("", "1", "2")]
    for one in made:
        assert everything(tenant, custom={"page": one.custom["page"].upper().replace("HTTPS", "https")}) == ids_of(one)


def test_lists_by_custom_fields(tenant: str) -> None:
    actor = Actor(tenant=tenant, user="usr_1", role="owner", scopes=frozenset())
    for name, kind, options in (
        ("tier", "enum", ["Gold", "Tin"]),
        ("size", "number", []),
        ("fee", "money", []),
        ("since", "date", []),
        ("on", "bool", []),
        ("likes", "multi", ["Tea", "Rum"]),
    ):
        given = {"noun": "contact", "name": name, "label": name, "type": kind, "options": options}
        fields.create(actor, msgspec.convert(given, FieldDraft))
    gold = {"tier": "Gold", "size": -5, "fee": {"amount": 100, "currency": "EUR"}, "since": "2026-01-05", "on": True}
    ada = contact(tenant, first_name="Ada", custom={**gold, "likes": ["Tea", "Rum"]})
    bea = contact(tenant, first_name="Bea", custom={"tier": "Tin", "size": 10.5, "on": False, "since": "2026-02-01"})
    eva = contact(
        tenant, first_name="Eva", custom={"size": 9, "fee": {"amount": 100, "currency": "USD"}, "likes": ["Rum"]}
    )

    def by(**custom: str) -> list[str]:
        return everything(tenant, custom={name.replace("__", "."): value for name, value in custom.items()})

    assert by(tier="Gold") == ids_of(ada)
    assert by(likes="Rum") == ids_of(ada, eva)
    assert by(on="false") == ids_of(bea)
    assert by(size="9") == ids_of(eva)
    assert by(size__from="-5") == ids_of(ada, eva, bea)
    assert by(size__from="-4.5", size__to="10") == ids_of(eva)
    assert by(size__to="-6") == []
    assert by(size__from="10", size__to="1") == []
    assert by(fee="100 EUR") == ids_of(ada)
    assert by(fee__from="1 USD", fee__to="100 USD") == ids_of(eva)
    assert by(since__from="2026-01-06") == ids_of(bea)
    assert by(since__to="2026-01-05") == ids_of(ada)
    for wrong in ({"nope": "1"}, {"tier__from": "Gold"}, {"size": "1", "tier": "Tin"}, {"size": "1", "size__to": "2"}):
        with pytest.raises(errors.Invalid):
            by(**wrong)
    with pytest.raises(errors.Invalid):
        by(fee__from="1 USD", fee__to="100 EUR")


def test_by_phone_and_by_what_only_one_can_have(tenant: str) -> None:
    ada = contact(tenant, first_name="Ada", phones=[{"number": "+4315880100"}])
    contact(tenant, first_name="Bea", phones=[{"number": "+43158801001"}])
    assert everything(tenant, phone="+43 1 5880100") == ids_of(ada)
    assert everything(tenant, phone="01 5880 100") == ids_of(ada)
    assert everything(tenant, email="nobody@example.com") == []
    assert everything(tenant, external_id="crm:1") == []
    with pytest.raises(errors.Invalid):
        everything(tenant, phone="ada")


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"owner_id": "usr_1", "tag": "x"}, ("`owner_id`", "`tag`")),
        ({"q": "ada", "owner_id": "usr_1"}, ("`q`", "`owner_id`")),
        ({"q": "ada", "sort": "name"}, ("drop `sort`",)),
        ({"owner_id": "usr_1", "sort": "-updated_at"}, ("drop `sort`",)),
        ({"deleted": "true", "tag": "x"}, ("`deleted`", "`tag`")),
        ({"q": "..."}, ("letter",)),
    ],
)
def test_what_is_no_list_is_refused_with_what_would_fit(
    tenant: str, query: dict[str, Any], fits: tuple[str, ...]
) -> None:
    with pytest.raises(errors.Invalid) as refused:
        everything(tenant, **query)
    for word in fits:
        assert word in refused.value.detail
    assert refused.value.flaws[0].pointer.lstrip("/") in query


def test_companies(tenant: str) -> None:
    made: list[Any] = []
    for name in ("Acme Robotics", "Zeta"):
        company = Company(
            id=ids.new("com"), tenant=tenant, display_name=name, name=name.casefold(), domains=["acme.example"]
        )
        company.parent_id = made[0].id if made else None
        company.touch("usr_1")
        made.append(keep(None, company))
    found = [one for page in pages(tenant, CompanyQuery(q="robo ac")) for one in page]
    assert found == ids_of(made[0])
    assert [one for page in pages(tenant, CompanyQuery(parent_id=made[0].id)) for one in page] == ids_of(made[1])
    assert [one for page in pages(tenant, CompanyQuery(sort="name")) for one in page] == ids_of(*made)


def test_each_list_names_its_parameters_once() -> None:
    named = [one.needs for one in lists.LISTS]
    assert len(set(named)) == len(named)
    known = {*ContactQuery.__struct_fields__, *CompanyQuery.__struct_fields__}
    assert {name for one in lists.LISTS for name in (*one.needs, *one.also)} == known - {"limit", "cursor", "view_id"}
    assert keys.SHAPES["term"].indexes == {}


def test_a_page_of_heavy_records_ends_early_and_goes_on(tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scans, "_HEAVY", 2000)
    made = [contact(tenant, first_name=f"N{number:03}", owner_id="usr_1") for number in range(90)]
    found = list(pages(tenant, ContactQuery(owner_id="usr_1"), 200))
    assert [len(page) for page in found] == [40, 40, 10]
    assert [one for page in found for one in page] == ids_of(*made)
