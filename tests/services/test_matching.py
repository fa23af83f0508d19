"""Two records are one or not: by examples, by properties over whatever people type, and by how many are found."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.duplicates import PRECISION, RECALL, pairs_of
from bench.people import PROFILES, people
from chalicelib.services import matching
from chalicelib.services.matching import THRESHOLD, blocking_keys, compare

SIZE = 1_000


def person(**fields: Any) -> dict[str, Any]:
    """A contact on the wire: `street`, `city`, `code`, `mail` and `phone` are written in short here."""
    place = {"street": fields.pop("street", None), "city": fields.pop("city", None)}
    place["postal_code"] = fields.pop("code", None)
    mail, phone = fields.pop("mail", None), fields.pop("phone", None)
    return {
        "first_name": None,
        "last_name": None,
        "emails": [{"address": mail}] if mail else [],
        "phones": [{"number": phone}] if phone else [],
        "address": place if any(place.values()) else None,
        "birthday": None,
        "company_name": None,
        **fields,
    }


HOME: dict[str, Any] = {"street": "Josefstädter Straße 12/4", "city": "Wien", "code": "1080"}
ANNA = {"first_name": "Anna", "last_name": "Müllner", "birthday": "1980-05-12", "phone": "+43 1 5880 1234", **HOME}

# Entered twice, with these differences.
SAME: dict[str, dict[str, Any]] = {
    "letters swapped": {"last_name": "Mülnler"},
    "as it sounds": {"last_name": "Muellner"},
    "another short form": {"first_name": "Annie"},
    "an initial": {"first_name": "A."},
    "a second given name": {"first_name": "Anna Maria"},
    "a title": {"first_name": "Mag. Anna"},
    "names in each other's place": {"first_name": "Müllner", "last_name": "Anna"},
    "the whole name in one field": {"first_name": "Anna Müllner", "last_name": None},
    "a double name": {"last_name": "Müllner-Gruber"},
    "married": {"last_name": "Gruber"},
    "moved": {"street": "Praterstraße 7", "city": "Wien", "code": "1020"},
    "day and month swapped": {"birthday": "1980-12-05"},
    "digits of the year swapped": {"birthday": "1908-05-12"},
    "day and month alone": {"birthday": "--05-12"},
    "the street in short": {"street": "Josefstädter Str. 12/4"},
    "the number written another way": {"phone": "01/5880 1234"},
    "a slip in the number": {"phone": "+43 1 5880 1243"},
    "no phone, no birthday": {"phone": None, "birthday": None},
    "no first name": {"first_name": None},
}

# Somebody else, whatever agrees.
OTHERS: dict[str, dict[str, Any]] = {
    "a husband": {"first_name": "Georg", "birthday": "1978-01-30", "phone": "+43 664 1234567"},
    "a son": {"first_name": "Jakob", "birthday": "2009-08-02", "phone": None},
    "a brother, at the same phone": {"first_name": "Markus", "birthday": "1984-11-03"},
    "a neighbour": {"first_name": "Petra", "last_name": "Kovacs", "birthday": None, "phone": None},
    "a namesake in another city": {
        "birthday": "1955-02-27",
        "phone": "+43 316 998877",
        "street": "Herrengasse 3",
        "city": "Graz",
        "code": "8010",
    },
}


def both(fields: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    return person(**ANNA), person(**{**ANNA, **fields})


@pytest.mark.parametrize("fields", SAME.values(), ids=SAME)
def test_the_same_person_entered_otherwise_is_found(fields: dict[str, Any]) -> None:
    one, other = both(fields)
    assert set(blocking_keys("contact", one)) & set(blocking_keys("contact", other))
    assert compare("contact", one, other).score >= THRESHOLD


@pytest.mark.parametrize("fields", OTHERS.values(), ids=OTHERS)
def test_somebody_else_is_not_taken_for_one(fields: dict[str, Any]) -> None:
    assert compare("contact", *both(fields)).score < THRESHOLD


def test_a_namesake_of_whom_nothing_else_is_known_is_not_enough() -> None:
    maria = person(first_name="Maria", last_name="Huber")
    assert 0.3 < compare("contact", maria, maria).score < THRESHOLD


def test_a_rare_last_name_tells_more_than_a_common_one() -> None:
    scores = [
        compare("contact", person(first_name="Maria", last_name=name), person(first_name="Maria", last_name=name)).score
        for name in ("Huber", "Nöstlinger")
    ]
    assert scores[0] < scores[1]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("anna.muellner@a.example", "anna.mullner@a.example", True),
        ("anna.muellner@a.example", "anna.muellner@b.example", True),
        ("a.muellner@a.example", "b.muellner@a.example", False),
        ("muellner61@a.example", "muellner62@a.example", False),
        ("office@a.example", "office@b.example", False),
    ],
)
def test_mail_addresses_agree_by_what_tells_people_apart(one: str, other: str, *, same: bool) -> None:
    known = {"last_name": "Müllner"}
    plain = compare("contact", person(**known), person(**known)).score
    mailed = compare("contact", person(**known, mail=one), person(**known, mail=other)).score
    assert (mailed > plain) == same


def test_colleagues_at_one_switchboard_are_not_one() -> None:
    firm: dict[str, Any] = {"company_name": "Nordwind", "phone": "+43 1 234567"}
    pair = [person(first_name=first, last_name=last, **firm) for first, last in (("Eva", "Lang"), ("Udo", "Kern"))]
    assert compare("contact", *pair).score < 0.1


def test_reasons_say_what_counts_the_strongest_first() -> None:
    one, other = both({"first_name": "Ana", "phone": "+43 1 111111"})
    reasons = compare("contact", one, other).reasons
    assert reasons[0] == "same birthday"
    assert {"same last name", "nearly the same first name", "same street", "other phone number"} <= set(reasons)


def chain(**last: Any) -> dict[str, matching.Prepared]:
    """Three entries of one person: the first and the last have little in common, the middle one has much with both."""
    place: dict[str, Any] = {"city": "Wien", "code": "1080"}
    known: dict[str, Any] = {"birthday": "1980-05-12", "phone": "+43 1 5880 1234"}
    entries = {
        "a": person(first_name="Anna", last_name="Müllner", **place),
        "b": person(first_name="Anna", last_name="Müllner", **known, **place),
        "c": person(**{"first_name": "Anna", "last_name": "Gruber", **known, **place, **last}),
    }
    return {name: matching.prepare("contact", record) for name, record in entries.items()}


def test_two_that_are_one_with_a_third_are_one() -> None:
    records = chain()
    direct, other, third = sorted(matching.within(records, "abc", 50), key=lambda found: found.through or "")
    assert (direct.ids, other.ids) == (("a", "b"), ("b", "c"))
    assert (third.ids, third.through) == (("a", "c"), "b")
    assert matching.between(records["a"], records["c"]).score < THRESHOLD
    assert third.match.score == min(direct.match.score, other.match.score)
    assert third.match.reasons[0] == "both found to be the same as a third"


def test_a_third_does_not_join_what_speaks_against_itself() -> None:
    records = chain(city=None, code=None)
    assert [found.ids for found in matching.within(records, "abc", 50)] == [("a", "b"), ("b", "c")]


def test_in_a_large_block_each_is_compared_with_the_next_ones_only() -> None:
    records = {number: matching.prepare("contact", person(**ANNA)) for number in range(6)}
    assert [found.ids for found in matching.within(records, range(6), 1) if found.through is None] == [
        (number, number + 1) for number in range(5)
    ]
    assert len(matching.within(records, range(6), 5)) == 15


FIRM = {"name": "Nordwind Logistik GmbH", "domains": ["nordwind.example"]}


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ({"name": "Nordwind Logistik"}, True),
        ({"name": "Nordwind Logistic AG", "website": "https://www.nordwind.example/en"}, True),
        ({"name": "NORDWIND LOGISTIK GmbH & Co KG", "domains": ["cargo.example"]}, False),
        ({"name": "Südwind Reisen GmbH", "domains": ["nordwind.example"]}, False),
        ({"name": "Kestrel GmbH"}, False),
    ],
)
def test_firms_are_one_by_name_and_domain(other: dict[str, Any], *, same: bool) -> None:
    assert (compare("company", FIRM, other).score >= THRESHOLD) == same


# Whatever people type

texts = st.none() | st.text(max_size=20)
names = st.none() | st.sampled_from(["Anna", "Maria-Luise", "von der Berg", "O'Neill", "李", "Иванов", "ﬁ"]) | texts
places = st.none() | st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("street", "city", "region", "postal_code", "country"), texts)
)
numbers = st.lists(st.fixed_dictionaries({"number": st.from_regex(r"\A[+0-9][0-9 ()./-]{2,20}\Z")}), max_size=3)
mails = st.lists(st.fixed_dictionaries({"address": st.text(min_size=1, max_size=20) | st.emails()}), max_size=3)
records = st.fixed_dictionaries(
    {
        "first_name": names,
        "last_name": names,
        "emails": mails,
        "phones": numbers,
        "address": places,
        "birthday": st.none() | st.dates().map(str) | st.from_regex(r"\A--[0-9]{2}-[0-9]{2}\Z") | st.text(max_size=10),
        "company_name": texts,
        "name": texts,
        "domains": st.lists(st.text(min_size=1, max_size=10), max_size=3),
        "website": texts,
    }
)
nouns = st.sampled_from(["contact", "company"])


@given(noun=nouns, one=records, other=records)
@settings(max_examples=300, deadline=None)
def test_two_records_are_as_alike_in_either_order(noun: str, one: dict[str, Any], other: dict[str, Any]) -> None:
    match = compare(noun, one, other)
    assert match == compare(noun, other, one)
    assert 0 <= match.score <= 1


@given(noun=nouns, one=records)
@settings(deadline=None)
def test_nothing_is_like_an_empty_record(noun: str, one: dict[str, Any]) -> None:
    assert compare(noun, one, {}).score < 0.01
    assert blocking_keys(noun, {}) == []


@given(one=records)
@settings(deadline=None)
def test_a_record_is_itself_as_soon_as_enough_is_known(one: dict[str, Any]) -> None:
    known = {**one, "last_name": "Zangerl", "birthday": "1980-05-12", "phones": [{"number": "+43158801234"}]}
    assert compare("contact", known, known).score == 1


@given(noun=nouns, one=records)
@settings(deadline=None)
def test_keys_are_few_short_and_the_same_for_the_same_record(noun: str, one: dict[str, Any]) -> None:
    keys = blocking_keys(noun, one)
    assert len(keys) == len(set(keys)) <= 12
    assert keys == blocking_keys(noun, dict(one)) == blocking_keys(noun, matching.prepare(noun, one))
    for key in keys:
        assert 1 < len(key) <= 40
        assert not {" ", "\n", "\t"} & set(key)


@pytest.mark.parametrize("profile", PROFILES)
def test_of_a_thousand_people_the_duplicates_are_found_and_no_others(profile: str) -> None:
    true, compared, found = pairs_of(people(SIZE, profile, seed=7))
    assert len(true) > 200
    assert len(compared) <= 0.01 * SIZE * (SIZE - 1) / 2
    assert len(found & true) >= PRECISION * len(found)
    assert len(found & true) >= RECALL * len(true)
