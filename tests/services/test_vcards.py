"""A contact's card is one that address books read, and imported again it is the same contact."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.schemas import decoding
from chalicelib.schemas.contact import ContactDraft, ContactView
from chalicelib.services import vcards
from chalicelib.services.importing import cards
from tests.house import House, Sender

ADA: dict[str, Any] = {
    "first_name": "Ada King",
    "last_name": "Lovelace; the 1st",
    "emails": [
        {"address": "ada@example.com", "kind": "home", "primary": True},
        {"address": "a@work.example", "kind": "work", "primary": False},
    ],
    "phones": [{"number": "+4315880100", "kind": "mobile", "primary": True}],
    "address": {"street": "Karlsplatz 13, Stiege 2\nTop 5", "city": "Wien", "postal_code": "1040", "country": "AT"},
    "title": "Countess" + " of a very long title with ümläuts" * 4,
    "birthday": "--12-10",
    "tags": ["a,b", "c;d", "e\\"],
    "social": {"LinkedIn": "https://www.linkedin.com/in/ada", 'a "b",;^:': "x"},
    "time_zone": "Europe/Vienna",
    "language": "de-AT",
}
EMPTY = dict.fromkeys(ContactView.__struct_fields__)


def shown(fields: dict[str, Any]) -> ContactView:
    lists: dict[str, Any] = {name: [] for name in ("phones", "emails", "dates", "tags", "companies")}
    objects: dict[str, Any] = {name: {} for name in ("social", "custom", "external_ids", "preferences")}
    texts = {"id": "con_1", "created_at": "x", "updated_at": "2026-01-01T00:00:00.000Z", "version": 1}
    return decoding.convert({**EMPTY, **lists, **objects, **texts, **fields}, ContactView)


def back(text: str) -> dict[str, Any]:
    found = cards.read(text)
    assert not found.flaws
    several = {name: [{"primary": False, **one} for one in found.draft.get(name, ())] for name in ("emails", "phones")}
    return {**found.draft, **{name: entries for name, entries in several.items() if entries}}


def test_a_card_read_back_is_the_same_contact() -> None:
    assert back(vcards.card(shown(ADA))) == ADA


def test_lines_are_short_and_end_as_the_standard_says() -> None:
    card = vcards.card(shown(ADA))
    assert card.endswith("END:VCARD\r\n")
    assert all(len(line.encode()) <= 75 for line in card.split("\r\n"))


TEXT = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=40)


CALLED = {"first_name": TEXT, "last_name": TEXT, "title": TEXT, "tags": st.lists(TEXT, max_size=4, unique=True)}


@settings(max_examples=80)
@given(st.fixed_dictionaries(CALLED))
def test_whatever_a_contact_is_called(fields: dict[str, Any]) -> None:
    wanted = {name: value for name, value in fields.items() if value}
    assert back(vcards.card(shown(fields))) == wanted
    decoding.convert(wanted, ContactDraft)


def test_over_http(house: House, owner: Sender) -> None:
    contact = owner.contact(**ADA)
    answer = owner.get(f"/v1/contacts/{contact['id']}/vcard")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/vcard; charset=utf-8")
    assert "LAST" not in answer.text
    assert back(answer.text)["emails"][0]["address"] == "ada@example.com"
    stranger = house.signup()
    assert stranger.get(f"/v1/contacts/{contact['id']}/vcard").status == 404


def test_a_card_of_ours_is_imported(house: House, owner: Sender) -> None:
    card = owner.get(f"/v1/contacts/{owner.contact(**ADA)['id']}/vcard").text
    other = house.signup()
    begun = other.post(
        "/v1/imports", {"source": "vcard", "content": card + card.replace("ada@", "eve@").replace("a@w", "e@w")}
    )
    assert begun.status == 202, begun.text
    house.settle()
    assert other.get(f"/v1/imports/{begun.json['id']}").json["counts"]["created"] == 2
    (ada,) = other.get("/v1/contacts?email=ada@example.com").json["data"]
    assert {name: ada[name] for name in ADA if name != "address"} == {
        name: ADA[name] for name in ADA if name != "address"
    }
