"""Cells become what a client would send: trimmed, split, in one form, and a flaw names its header."""

from typing import Any

import pytest

from chalicelib.services.importing import cards, values, wire
from chalicelib.services.importing.drafting import Drafted, Drafter

TYPES = {"size": "number", "vip": "bool", "since": "date", "colors": "multi", "budget": "money"}


def draft(*cells: tuple[str, str, str], kind: str = "contact", country: str | None = None) -> Drafted:
    """Of cells as (header, target, text)."""
    headers = [header for header, _, _ in cells]
    drafter = Drafter(kind, headers, {header: target for header, target, _ in cells}, TYPES, country)
    return drafter.read([text for _, _, text in cells])


def test_several_mails_in_one_cell_and_in_several() -> None:
    found = draft(("Email", "email", " Ada@Example.com "), ("More", "email", "ada@example.com; a@b.org;c@d.org"))
    assert found.draft["emails"] == [
        {"address": one, "kind": "work"} for one in ("ada@example.com", "a@b.org", "c@d.org")
    ]
    assert found.origins["/emails/1"] == "More"


def test_one_number_in_two_columns_is_one_number() -> None:
    found = draft(("Phone", "phone", "0664 1234567"), ("Mobile", "phone.mobile", "+43 664 1234567"), country="AT")
    assert found.draft["phones"] == [{"number": "+436641234567", "kind": "work"}]


def test_the_country_of_the_address_tells_that_of_the_phone() -> None:
    found = draft(("Phone", "phone", "030 901820"), ("Land", "address.country", "Deutschland"), country="AT")
    assert found.draft["phones"][0]["number"] == "+4930901820"
    assert found.draft["address"] == {"country": "DE"}


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("Ada Lovelace", "Ada", "Lovelace"),
        ("Lovelace, Ada", "Ada", "Lovelace"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Charles de la Vallée", "Charles", "de la Vallée"),
        ("Plato", "Plato", None),
    ],
)
def test_names_are_split(text: str, first: str, last: str | None) -> None:
    found = draft(("Name", "name", text)).draft
    assert (found.get("first_name"), found.get("last_name")) == (first, last)


def test_a_whole_name_gives_way_to_its_parts() -> None:
    found = draft(("Name", "name", "Countess Ada"), ("First", "first_name", "Ada"))
    assert found.draft == {"first_name": "Ada"}


@pytest.mark.parametrize("formula", ["=1+2", "+1", "-1", "@SUM(A1)", '=HYPERLINK("x")'])
def test_formulas_stay_text(formula: str) -> None:
    assert draft(("T", "title", formula)).draft == {"title": formula}
    assert draft(("T", "title", f"'{formula}")).draft == {"title": formula}


@pytest.mark.parametrize(
    ("text", "country", "day"),
    [
        ("1990-04-03", None, "1990-04-03"),
        ("1990-04-03T00:00:00Z", None, "1990-04-03"),
        ("19900403", None, "1990-04-03"),
        ("3.4.1990", None, "1990-04-03"),
        ("31/12/1990", None, "1990-12-31"),
        ("12/31/1990", None, "1990-12-31"),
        ("4/3/1990", "US", "1990-04-03"),
        ("3/4/1990", "GB", "1990-04-03"),
        ("5/5/1990", None, "1990-05-05"),
        ("--12-10", None, "--12-10"),
    ],
)
def test_days(text: str, country: str | None, day: str) -> None:
    assert values.day(text, country) == day


@pytest.mark.parametrize("text", ["3/4/1990", "31.2.1990", "13/13/1990", "soon", "1990", "--13-01"])
def test_no_days(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        values.day(text, None)


def test_custom_fields_have_their_types() -> None:
    cells = (
        ("Size", "custom.size", "1.234,5"),
        ("VIP", "custom.vip", "Ja"),
        ("Since", "custom.since", "1.2.2020"),
        ("Colors", "custom.colors", "red; blue"),
        ("Budget", "custom.budget", "129900 EUR"),
        ("Note", "custom.note", "12"),
    )
    assert draft(*cells).draft["custom"] == {
        "size": 1234.5,
        "vip": True,
        "since": "2020-02-01",
        "colors": ["red", "blue"],
        "budget": {"amount": 129900, "currency": "EUR"},
        "note": "12",
    }


@pytest.mark.parametrize(
    ("header", "target", "text"),
    [
        ("E-Mail", "email", "ada"),
        ("A/B", "custom.size", "many"),
        ("Size", "custom.size", "1,234"),
        ("Land", "address.country", "Atlantis"),
        ("Born", "birthday", "3/4/1990"),
        ("Type", "relationship", "foe"),
        ("VIP", "custom.vip", "perhaps"),
    ],
)
def test_a_flaw_names_its_header(header: str, target: str, text: str) -> None:
    (flaw,) = draft((header, target, text)).flaws
    assert flaw.pointer == "/" + header.replace("/", "~1")
    assert flaw.code == "format"
    assert text in flaw.message


def test_tags_stages_and_what_is_looked_up() -> None:
    found = draft(
        ("Tags", "tags", "a; b ;a,c"),
        ("Stage", "lifecycle", "Marketing Qualified Lead"),
        ("Owner", "owner", "olga@example.com"),
        ("Company", "company", ""),
        ("Company 2", "company", "Acme"),
        ("Web", "company_domain", "https://www.Acme.com/about"),
    )
    assert found.draft == {"tags": ["a", "b", "c"], "lifecycle": "marketing_qualified_lead"}
    assert found.also == {"owner": "olga@example.com", "company": "Acme", "company_domain": "acme.com"}


def test_lists_in_full_stand_for_the_columns_of_their_kinds() -> None:
    whole = '[{"address":"b@x.org","kind":"home","primary":true},{"address":"a@x.org","kind":"work"}]'
    found = draft(("emails", "emails", whole), ("email.home", "email.home", "b@x.org"))
    assert [one["address"] for one in found.draft["emails"]] == ["b@x.org", "a@x.org"]


def test_our_own_lines_of_json() -> None:
    text = '{"id":"con_1","version":3,"first_name":"Ada","tags":[],"company_id":"com_1","company_name":"Acme"}'
    found = wire.read(text)
    assert found.draft == {"first_name": "Ada"}
    assert found.also == {"company": "Acme", "company_id": "com_1"}


@pytest.mark.parametrize("text", ["{", "[]", "1", '"x"'])
def test_lines_that_are_no_record(text: str) -> None:
    assert wire.read(text).flaws


def card(*lines: str, country: str | None = None) -> dict[str, Any]:
    found = cards.read("\r\n".join(("BEGIN:VCARD", *lines, "END:VCARD", "")), country)
    assert not found.flaws
    return found.draft


def test_a_card_of_version_3() -> None:
    found = card(
        "VERSION:3.0",
        "N:Lovelace;Ada;King;;",
        "FN:Ada King Lovelace",
        "item1.EMAIL;type=INTERNET;type=HOME;type=pref:ada@x.org",
        "TEL;TYPE=CELL,VOICE:+43 664 12",
        " 34567",
        r"ADR;TYPE=WORK:;;Karlsplatz 13\, Stiege 2;Wien;;1040;Austria",
        "BDAY:1815-12-10",
        r"CATEGORIES:a\,b,c",
    )
    assert found["first_name"] == "Ada King"
    assert found["emails"] == [{"address": "ada@x.org", "kind": "home", "primary": True}]
    assert found["phones"] == [{"number": "+436641234567", "kind": "mobile"}]
    assert found["address"] == {
        "street": "Karlsplatz 13, Stiege 2",
        "city": "Wien",
        "postal_code": "1040",
        "country": "AT",
    }
    assert (found["birthday"], found["tags"]) == ("1815-12-10", ["a,b", "c"])


def test_a_card_of_version_2() -> None:
    found = card(
        "VERSION:2.1",
        "N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=B6=",
        "rg",
        "TEL;CELL:0664 1234567",
        country="AT",
    )
    assert (found["first_name"], found["last_name"]) == ("Jörg", "Müller")
    assert found["phones"] == [{"number": "+436641234567", "kind": "mobile"}]


def test_a_card_of_version_4() -> None:
    found = card("VERSION:4.0", "FN:Ada Lovelace", 'TEL;VALUE=uri;TYPE="voice,home":tel:+43-664-1234567', "LANG:de")
    assert found["phones"] == [{"number": "+436641234567", "kind": "home"}]
    assert (found["first_name"], found["last_name"], found["language"]) == ("Ada", "Lovelace", "de")
