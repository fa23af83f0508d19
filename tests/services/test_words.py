"""Words: how names, numbers and addresses are folded, and what a query means."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.services import terms, words

NAMES = st.lists(st.text(min_size=1, max_size=12), max_size=3)


def person(**fields: Any) -> dict[str, Any]:
    return {"first_name": None, "last_name": None, **fields}


def found(query: str, **fields: Any) -> bool:
    tokens = words.tokens(query)
    return bool(tokens) and words.matches(tokens, words.of_record("contact", person(**fields)))


@pytest.mark.parametrize(
    ("name", "queries"),
    [
        ("O'Brien", ["obrien", "o'brien", "O’BRIEN", "brien", "o brien", "o'br"]),
        ("Müller-Lüdenscheidt", ["muller", "MÜLLER", "lüden", "muller-lud", "mullerlud", "müller lüdenscheidt"]),
        ("Straße", ["strasse", "STRASSE", "straß"]),
        ("Łukasz Żółć", ["lukasz", "łukasz", "zolc", "zol luk"]),
        ("Søren Ærø", ["soren", "sør", "aero"]),
        ("Işıl İnan", ["isil", "ISIL", "inan", "ışıl"]),
        ("Đorđe Þór", ["dorde", "thor"]),
        ("王小明", ["王", "小明", "王小明", "明"]),
        ("김철수", ["김", "철수"]),
        ("محمد أحمد", ["محمد", "احمد", "أحمد"]),
        ("فاطمة", ["فاطمه", "فاطمة"]),
        ("Ольга Ёлкина", ["ольга", "елкина", "ЁЛК"]),
        ("हिन्दी", ["हिन्दी", "हि"]),
        ("José María de la Cruz", ["jose cruz", "de la", "maria jose", "cr"]),
        ("J. R. R. Tolkien", ["tolkien", "j tolk", "j. r. r. tolkien", "J.R.R."]),
        ("Zoe\u0308", ["zoë", "zoe"]),
        ("3M", ["3m", "3"]),
    ],
)
def test_a_name_is_found_by_what_people_type(name: str, queries: list[str]) -> None:
    for query in queries:
        assert found(query, last_name=name), query


@pytest.mark.parametrize(
    ("number", "queries", "others"),
    [
        (
            "+4315880100",
            ["+43 1 5880", "0043 1 588", "01 5880 100", "15880100", "+43 (0)1 5880", "(01) 58 80 100", "4315880100"],
            ["5880100", "+44 1 5880"],
        ),
        ("+15551234567", ["1-555-123", "(555) 123-4567", "+1 555", "555 123"], ["123 4567"]),
        ("+390669812345", ["+39 06 698", "06 6981", "0039 06 698"], []),
        ("+35312345678", ["+353 1 234", "01 2345"], []),
        ("07700 900", ["07700900", "7700 900"], []),
    ],
)
def test_a_phone_number_is_found_however_it_is_dialled(number: str, queries: list[str], others: list[str]) -> None:
    for query in queries:
        assert found(query, phones=[{"number": number}]), query
    for query in others:
        assert not found(query, phones=[{"number": number}]), query


def test_two_numbers_and_a_number_with_a_name() -> None:
    fields: dict[str, Any] = {
        "last_name": "Area 51",
        "phones": [{"number": "+4315880100"}, {"number": "+4915112345678"}],
    }
    assert found("4315880100 4915112345678", **fields)
    assert found("01 5880 area", **fields)
    assert found("51 area", **fields)


def test_addresses_and_domains() -> None:
    fields: dict[str, Any] = {"emails": [{"address": "maria.garcia@acme-robots.co.uk"}, {"address": "mg@gmail.com"}]}
    for query in (
        "maria",
        "garcia maria",
        "maria.garcia@ac",
        "MARIA.GARCIA@ACME-robots.co.uk",
        "acmerob",
        "mg@gm",
        "mg",
    ):
        assert found(query, **fields), query
    for query in ("@acme-robots.co.uk", "acme-robots.co.uk", "<mg@gmail.com>"):
        assert found(query, **fields), query
    for query in ("gmail", "uk", "aria", "garcia@acme"):
        assert not found(query, **fields), query


@given(NAMES, st.sampled_from(["contact", "company"]))
def test_every_word_of_a_name_and_every_beginning_of_it_finds_it(names: list[str], noun: str) -> None:
    text = " ".join(names)
    record = words.of_record(noun, {"name": text} if noun == "company" else person(first_name=text))
    for word in words.words(text):
        for end in range(1, len(word) + 1):
            assert words.matches((words.Token(word[:end]),), record)
    if not any(sign == "@" or sign.isdigit() for sign in text):  # which look like addresses and numbers
        assert words.matches(words.tokens(text), record)


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once_and_nothing_breaks(text: str) -> None:
    for word in words.words(text):
        assert word
        assert " " not in word
        assert "#" not in word
    words.tokens(text)


def test_of_any_two_words_of_a_name_each_leads_once_with_the_other_behind_it() -> None:
    for count, entries in ((0, 0), (1, 1), (2, 2), (3, 6)):
        names = tuple("abcd"[:count])
        orders = words.pairs(names)
        assert len(orders) == entries
        assert {order[0] for order in orders} == set(names)
        assert {order[:2] for order in orders if count > 1} == {(a, b) for a in names for b in names if a != b}
        assert all(sorted(order) == sorted(names) for order in orders)


def test_particles_are_not_paired() -> None:
    record = words.of_record("contact", person(first_name="María", last_name="de la Cruz"))
    assert record.names == ("maria", "cruz")
    assert record.other == ("de", "la")


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53), st.floats(allow_nan=False))
def test_numbers_sort_as_numbers_do(one: float, other: float) -> None:
    assert (terms.sortable(one) < terms.sortable(other)) == (float(one) < other)


def test_terms_of_a_record() -> None:
    plain = {
        "id": "con_1",
        "first_name": "Ada",
        "last_name": "Lovelace",
        "emails": [{"address": "ada@engines.example"}],
        "phones": [{"number": "+4315880100"}],
        "company_name": "Engines",
        "company_id": "com_1",
        "companies": [{"company_id": "com_2", "to": None}, {"company_id": "com_3", "to": "2020-01-01"}],
        "owner_id": "usr_1",
        "tags": ["VIP", "vip"],
        "birthday": "--12-10",
        "custom": {"tier": "Gold", "size": 5, "fee": {"amount": 7, "currency": "EUR"}, "on": True, "day": "2026-01-02"},
        "created_at": "2026-01-01T00:00:00.000Z",
    }
    found = {term for term in terms.terms_of("contact", plain) if ".dup." not in term[0]}
    assert found == {
        ("contact.name.a", "ada lovelace"),
        ("contact.name.l", "lovelace ada"),
        ("contact.word.e", "engines ada lovelace /"),
        ("contact.mail.a", "ada@engines.example"),
        ("contact.word.1", "15880100 ada lovelace"),
        ("contact.company_id.com_1", "ada lovelace"),
        ("contact.company_id.com_2", "ada lovelace"),
        ("contact.owner_id.usr_1", "ada lovelace"),
        ("contact.quiet.usr_1", "2026-01-01 Ada Lovelace"),
        ("contact.tag.vip", "ada lovelace"),
        ("contact.birthday", "12-10 ada lovelace"),
        ("contact.custom.tier=gold", "ada lovelace"),
        ("contact.custom.size", terms.sortable(5)),
        ("contact.custom.fee.EUR", terms.sortable(7)),
        ("contact.custom.on=true", "ada lovelace"),
        ("contact.custom.day", "2026-01-02"),
        ("contact.created_at", "2026-01-01T00:00:00.000Z"),
        ("contact.last_contacted_at", "-"),
    }
    assert terms.terms_of("contact", {**plain, "deleted_at": "2026-01-01T00:00:00.000Z"}) == set()
