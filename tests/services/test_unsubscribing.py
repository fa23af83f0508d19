"""The way out of the mails: one POST is enough, a look never is, and the link works for ever, for its owner only."""

import html
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest

from chalicelib import clock, ids
from chalicelib.models.mailing import Mailing, outcome, send_id
from chalicelib.models.writes import Step, transact
from chalicelib.services import addresses, consent, contacts, ledger, mail_links, suppressions, unsubscribing
from chalicelib.services.preference_page import HEADERS
from tests.feeds import deliver, taken
from tests.house import Answer, House, Sender

FORM = "application/x-www-form-urlencoded"
ONE_CLICK = "List-Unsubscribe=One-Click"
PARTS = (
    '--b1\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--b1--\r\n',
    "multipart/form-data; boundary=b1",
)


def press(house: House, path: str, form: str = ONE_CLICK, kind: str = FORM) -> Answer:
    return house.http("POST", path, form.encode(), {"Content-Type": kind}, source="203.0.113.7")


def link(sender: Sender, contact: Any, topic: str | None = None, run: str = "") -> str:
    return unsubscribing.url("", sender.tenant, contact["id"], run, topic)


def choices(sender: Sender, contact: Any) -> Any:
    return sender.get(f"/v1/contacts/{contact['id']}").json["preferences"]


def log(sender: Sender, contact: Any) -> list[Any]:
    rows: list[Any] = sender.get(f"/v1/contacts/{contact['id']}/consents").json["data"]
    return rows


def refused(sender: Sender, contact_id: str, topic: str | None = None) -> str | None:
    contact = contacts.load(sender.tenant, contact_id)
    return consent.refusals(sender.tenant, [contact], topic)[contact_id]


def topic(sender: Sender, name: str, **fields: Any) -> None:
    assert sender.call("PUT", f"/v1/topics/{name}", {"label": name.title(), **fields}).status in (200, 201)


def mailed(sender: Sender, contact: Any) -> Mailing:
    """A mail of a campaign that the contact got."""
    mailing = Mailing.at(sender.tenant, contact["id"], ids.new("run"))
    mailing.campaign_id, mailing.address = ids.new("cam"), contact["emails"][0]["address"]
    mailing.claim, mailing.claimed_at = "clm", clock.stamp()
    mailing.outcome = outcome("sent", clock.stamp(), message_id="m1")
    transact(Step("save", mailing))
    return mailing


# The headers


def test_a_mail_carries_both_headers_and_no_address(owner: Sender) -> None:
    contact = owner.contact()
    found = unsubscribing.headers("https://crm.example.com/api", owner.tenant, contact["id"], topic="news")
    match = re.fullmatch(r"<(https://crm\.example\.com/api/u/[A-Za-z0-9._-]+)>", found.pop("List-Unsubscribe"))
    assert match is not None
    assert found == {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    assert len(match[1]) < 200
    assert match[1] == unsubscribing.url("https://crm.example.com/api", owner.tenant, contact["id"], topic="news")


# Looking


@pytest.mark.parametrize("way", ["", "/preferences"])
def test_a_look_changes_nothing(house: House, owner: Sender, way: str) -> None:
    topic(owner, "news")
    contact = owner.contact()
    path = link(owner, contact, "news") + way
    before = owner.get(f"/v1/contacts/{contact['id']}").json
    for method, asked in (("GET", path), ("GET", f"{path}?{ONE_CLICK}"), ("HEAD", path), ("OPTIONS", path)):
        answer = house.http(method, asked, headers={"Purpose": "prefetch", "User-Agent": "Scanner/1.0"})
        assert answer.status in ((200,) if method == "GET" else (200, 204, 404, 405)), answer.status
    assert owner.get(f"/v1/contacts/{contact['id']}").json == before
    assert log(owner, contact) == []
    assert refused(owner, contact["id"], "news") is None


def test_the_page_says_what_it_does_and_is_safe(house: House, owner: Sender) -> None:
    assert owner.call("PUT", "/v1/topics/news", {"label": "<script>alert(1)</script>"}).status == 201
    answer = house.http("GET", link(owner, owner.contact(), "news"))
    assert answer.status == 200
    assert HEADERS.items() <= answer.headers.items()
    assert "Set-Cookie" not in answer.headers
    assert "<script" not in answer.text
    assert html.escape("<script>alert(1)</script>") in answer.text
    assert "example.com" not in answer.text, "no address: a mail may be forwarded"
    for button in ("topic", "all"):
        assert f'<button name="scope" value="{button}"' in answer.text


# Pressing


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (ONE_CLICK, FORM),
        (ONE_CLICK, f"{FORM}; charset=utf-8"),
        PARTS,
        (PARTS[0].replace("\r\n", "\n"), 'Multipart/Form-Data; charset=utf-8; boundary="b1"'),
        ("scope=all", FORM),
        ('{"List-Unsubscribe": "One-Click"}', "application/json"),
    ],
)
def test_one_press_is_enough_and_again_is_the_same(house: House, owner: Sender, body: str, kind: str) -> None:
    contact = owner.contact()
    path = link(owner, contact)
    for _ in range(3):
        answer = press(house, path, body, kind)
        assert answer.status == 200, answer.text
        assert {"Location", "Set-Cookie"}.isdisjoint(answer.headers)
    assert choices(owner, contact)["channels"] == {"email": False}
    assert refused(owner, contact["id"]) == "unsubscribed"
    (entry,) = log(owner, contact)
    assert (entry["what"], entry["how"], entry["topic"], entry["ip"], entry["by"]) == (
        "withdrawn",
        "unsubscribe_link",
        None,
        "203.0.113.7",
        "contact",
    )
    assert entry["address"] == contact["emails"][0]["address"]
    assert entry["wording"]
    house.settle()
    told = owner.get(f"/v1/contacts/{contact['id']}/timeline").json["data"]
    assert [one["kind"] for one in told].count("mail.unsubscribed") == 1
    assert len(log(owner, contact)) == 1, "what the link changed is not noted a second time"


def test_one_click_is_about_the_topic_of_the_mail_and_the_page_offers_both(house: House, owner: Sender) -> None:
    topic(owner, "news")
    one, other = owner.contact(), owner.contact()
    assert press(house, link(owner, one, "news")).status == 200
    assert [refused(owner, one["id"], name) for name in ("news", None)] == ["unsubscribed", None]
    assert choices(owner, one) == {"channels": {}, "topics": {"news": False}}
    assert press(house, link(owner, other, "news"), "scope=all").status == 200
    assert [refused(owner, other["id"], name) for name in ("news", None)] == ["unsubscribed", "unsubscribed"]


@pytest.mark.parametrize("body", ["", "List-Unsubscribe=Later", "scope=", "scope=&List-Unsubscribe="])
def test_what_says_nothing_does_nothing(house: House, owner: Sender, body: str) -> None:
    contact = owner.contact()
    assert press(house, link(owner, contact), body).status == 200
    assert refused(owner, contact["id"]) is None


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("scope=everybody", FORM, 422),
        ("a=b", FORM, 422),
        ("%zz" + "&a=b" * 300, FORM, 400),
        ("--b1\r\n", "multipart/form-data; boundary=b1", 400),
        ("x", "multipart/form-data", 400),
        ("x" * 5000, 'multipart/form-data; boundary=""', 400),
        (PARTS[0].replace("; name", '; filename="a"; name'), PARTS[1], 400),
        (PARTS[0].replace("form-data", "attachment"), PARTS[1], 400),
        (PARTS[0].removesuffix("--\r\n"), PARTS[1], 400),
        ("--b1\r\n" * 300, PARTS[1], 400),
        ("Content-Type: multipart/mixed; boundary=b1\r\n\r\n--b1\r\n" * 9000, PARTS[1], 400),
        ("x", "text/plain", 415),
    ],
)
def test_a_broken_form_is_refused_and_tells_nothing(
    house: House, owner: Sender, body: str, kind: str, status: int
) -> None:
    contact = owner.contact()
    answers = [press(house, path, body, kind) for path in (link(owner, contact), "/u/none")]
    assert [answer.status for answer in answers] == [status] * 2
    assert refused(owner, contact["id"]) is None


def test_unknown_links_are_all_answered_alike(house: House, owner: Sender) -> None:
    good = link(owner, owner.contact()).rpartition("/")[2]
    kid, _, body = good.partition(".")
    forged = [
        "none",
        f"{kid}.{body[:-2]}AA",
        f"{kid}.{'A' * len(body)}",
        f"k9-000000.{body}",
        mail_links.make("open", owner.tenant, ids.new("con")),
        mail_links.make("confirm", owner.tenant, ids.new("con")),
        "x" * 5000,
        "%2e%2e",
    ]
    for way in ("", "/preferences", "/confirm"):
        pages = {
            (answer.status, answer.text)
            for token in forged
            if not (way == "/confirm" and token == forged[5])
            for answer in (house.http("GET", f"/u/{token}{way}"), press(house, f"/u/{token}{way}", ""))
        }
        assert {status for status, _ in pages} == {404}
        assert len(pages) == 1


def test_a_link_is_good_for_its_own_recipient_and_firm_only(house: House, owner: Sender) -> None:
    other = house.signup()
    one, two, three = owner.contact(), owner.contact(), other.contact()
    assert press(house, link(owner, one)).status == 200
    assert refused(owner, two["id"]) is None
    assert refused(other, three["id"]) is None
    strange = unsubscribing.url("", other.tenant, one["id"])
    assert press(house, strange).status == 200, "the same page: it tells nothing"
    assert log(other, three) == []


# For ever


def test_it_works_for_ever(house: House, owner: Sender) -> None:
    contact = owner.contact()
    path = link(owner, contact)
    clock.advance(timedelta(days=20 * 365).total_seconds())
    assert press(house, path).status == 200
    assert refused(owner, contact["id"]) == "unsubscribed"


def test_after_a_merge_it_is_the_winner_who_is_mailed_no_more(house: House, owner: Sender) -> None:
    winner, loser = owner.contact(), owner.contact()
    mailing = mailed(owner, loser)
    path = link(owner, loser, run=mailing.run)
    assert owner.post(f"/v1/contacts/{winner['id']}/merge", {"loser_id": loser["id"]}).status == 200
    assert press(house, path).status == 200
    assert choices(owner, winner)["channels"] == {"email": False}
    assert refused(owner, winner["id"]) == "unsubscribed"
    for contact in (winner, loser):
        address = contact["emails"][0]["address"]
        assert owner.get(f"/v1/suppressions/{address}").json["reason"] == "unsubscribed", "also the one that was mailed"
    assert [one["how"] for one in log(owner, winner)] == ["unsubscribe_link"]
    assert owner.post(f"/v1/contacts/{winner['id']}/unmerge", {"loser_id": loser["id"]}).status == 200
    assert refused(owner, loser["id"]) == "unsubscribed"
    assert choices(owner, winner)["channels"] == {"email": False}


def test_in_the_trash_it_is_kept_for_when_he_comes_back(house: House, owner: Sender) -> None:
    contact = owner.contact()
    path = link(owner, contact)
    assert owner.delete(f"/v1/contacts/{contact['id']}").status == 204
    assert press(house, path).status == 200
    assert owner.post(f"/v1/contacts/{contact['id']}/restore").status == 200
    assert choices(owner, contact)["channels"] == {"email": False}
    assert refused(owner, contact["id"]) == "unsubscribed"


def test_of_somebody_forgotten_the_page_is_the_same(house: House, owner: Sender) -> None:
    contact = owner.contact()
    path = link(owner, contact)
    before = [house.http("GET", path).text, press(house, path, "scope=").text]
    assert owner.delete(f"/v1/contacts/{contact['id']}").status == 204
    assert owner.post(f"/v1/contacts/{contact['id']}/purge").status == 204
    house.settle()
    assert [house.http("GET", path).text, press(house, path, "scope=").text] == before
    assert press(house, path).status == 200
    assert house.http("GET", f"{path}/preferences").status == 200
    assert press(house, f"{path}/preferences", "email=on").status == 200
    (row,) = owner.get("/v1/suppressions").json["data"]
    assert (row["reason"], row["address"]) == ("erased", None)


def test_a_contact_whose_address_has_changed_since_is_not_mailed_at_either(house: House, owner: Sender) -> None:
    contact = owner.contact()
    mailing = mailed(owner, contact)
    new = f"{uuid.uuid4().hex}@example.com"
    assert owner.patch(f"/v1/contacts/{contact['id']}", {"emails": [{"address": new}]}).status == 200
    assert press(house, link(owner, contact, run=mailing.run)).status == 200
    for address in (new, mailing.address):
        assert owner.get(f"/v1/suppressions/{address}").status == 200


# What counts it


def test_the_campaign_counts_it_once(house: House, owner: Sender) -> None:
    contact = owner.contact()
    mailing = mailed(owner, contact)
    path = link(owner, contact, run=mailing.run)
    assert press(house, path).status == press(house, path).status == 200
    records = taken(house)
    deliver(records)
    deliver(list(reversed(records)))
    house.settle()
    assert ledger.sheets(owner.tenant, mailing.campaign_id)["seen"]["unsubscribed"] == 1
    (event,) = owner.get(f"/v1/mail-events?recipient={mailing.address}").json["data"]
    assert (event["type"], event["provider"], event["contact_id"]) == ("unsubscribed", "tendril", contact["id"])
    told = owner.get(f"/v1/contacts/{contact['id']}/timeline").json["data"]
    assert [one["kind"] for one in told].count("mail.unsubscribed") == 1
    shown = owner.get(f"/v1/suppressions/{mailing.address}").json
    assert shown["reasons"][0]["campaign_id"] == mailing.campaign_id
    assert mailing.send_id == send_id(mailing.run, contact["id"])


def test_cut_off_anywhere_the_next_press_does_the_rest(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    contact = owner.contact()
    path = link(owner, contact)

    def dies(*_: Any, **__: Any) -> None:
        raise RuntimeError("cut off")

    for name in ("choosing.choose", "consent_log.note", "_tell"):
        owner_of, _, attribute = f"chalicelib.services.unsubscribing.{name}".rpartition(".")
        with monkeypatch.context() as broken:
            broken.setattr(f"{owner_of}.{attribute}", dies)
            assert press(house, path).status == 500
        assert refused(owner, contact["id"]) == "unsubscribed", "what matters most comes first"
    assert press(house, path).status == 200
    (entry,) = log(owner, contact)
    (row,) = owner.get("/v1/suppressions").json["data"]
    assert entry["at"] == row["at"], "of the first time"
    assert choices(owner, contact)["channels"] == {"email": False}


# The preference page


def shown(page: str) -> dict[str, bool]:
    """Which boxes there are, and which are ticked."""
    boxes = re.findall(r'<input type="checkbox" name="(\w+)" value="([^"]*)"( checked)?>', page)
    return {f"{name}.{value}" if name != "email" else name: bool(ticked) for name, value, ticked in boxes}


def send(house: House, path: str, page: str, **wanted: bool) -> str:
    """What a browser sends after ticking boxes on the page; the page that comes back."""
    boxes = {**shown(page), **{name.replace("__", "."): on for name, on in wanted.items()}}
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page)
    fields += [("email", "on") if name == "email" else tuple(name.split(".", 1)) for name, on in boxes.items() if on]
    answer = press(house, path, "&".join(f"{name}={value}" for name, value in fields))
    assert answer.status == 200, answer.text
    return answer.text


def test_people_choose_among_what_is_offered(house: House, owner: Sender) -> None:
    topic(owner, "news", description="Once a month")
    topic(owner, "offers", opt_in="single")
    topic(owner, "inner", public=False)
    topic(owner, "old")
    assert owner.delete("/v1/topics/old").status == 204
    contact = owner.contact(
        first_name="Ada",
        emails=[{"address": f"{uuid.uuid4().hex}@example.com"}],
        preferences={"channels": {"phone": True}},
    )
    path = unsubscribing.preferences_url("", owner.tenant, contact["id"])
    page = house.http("GET", path).text
    assert shown(page) == {"email": True, "topic.news": True, "topic.offers": False, "channel.phone": True}
    page = send(house, path, page, topic__news=False, topic__offers=True, channel__phone=False)
    expected = {"email": True, "topic.news": False, "topic.offers": True, "channel.phone": False}
    assert shown(page) == shown(house.http("GET", path).text) == expected
    assert choices(owner, contact) == {"channels": {"phone": False}, "topics": {"news": False, "offers": True}}
    assert [refused(owner, contact["id"], name) for name in ("news", "offers", None)] == ["unsubscribed", None, None]
    entries = {(one["what"], one["topic"], one["channel"]) for one in log(owner, contact)}
    assert entries == {
        ("withdrawn", "news", "email"),
        ("granted", "offers", "email"),
        ("withdrawn", None, "phone"),
    }
    before = len(log(owner, contact))
    send(house, path, page)
    assert len(log(owner, contact)) == before, "saved again without a change"


def test_off_and_on_again(house: House, owner: Sender) -> None:
    topic(owner, "news")
    contact = owner.contact()
    path = link(owner, contact) + "/preferences"
    page = send(house, path, house.http("GET", path).text, email=False)
    assert refused(owner, contact["id"], "news") == "unsubscribed"
    assert shown(page) == {"email": False, "topic.news": True}
    page = send(house, path, page, email=True, topic__news=False)
    assert [refused(owner, contact["id"], name) for name in ("news", None)] == ["unsubscribed", None]
    send(house, path, page, topic__news=True)
    assert refused(owner, contact["id"], "news") is None


def test_on_again_takes_back_no_complaint(house: House, owner: Sender) -> None:
    contact = owner.contact()
    suppressions.add(owner.tenant, contact["emails"][0]["address"], "complaint", "ses")
    path = link(owner, contact)
    press(house, path)
    page = house.http("GET", f"{path}/preferences").text
    send(house, f"{path}/preferences", page, email=True)
    assert refused(owner, contact["id"]) == "complaint"


def test_a_topic_that_was_not_on_the_page_stays_as_it_is(house: House, owner: Sender) -> None:
    topic(owner, "news")
    contact = owner.contact()
    path = link(owner, contact) + "/preferences"
    page = house.http("GET", path).text
    topic(owner, "offers")
    send(house, path, page)
    assert refused(owner, contact["id"], "offers") is None
    press(house, path, "email=on&shown_topic=none_such&topic=none_such&shown_channel=fax&channel=fax")
    assert choices(owner, contact) == {"channels": {}, "topics": {}}


def test_a_topic_with_double_opt_in_is_chosen_by_mail(house: House, owner: Sender) -> None:
    topic(owner, "offers", opt_in="double")
    contact = owner.contact()
    path = link(owner, contact) + "/preferences"
    page = send(house, path, house.http("GET", path).text, topic__offers=True)
    assert "mailbox" in page
    assert shown(page)["topic.offers"] is False
    for _ in range(2):
        send(house, path, page, topic__offers=True)
    assert "tomorrow" in send(house, path, page, topic__offers=True)
    assert [one["what"] for one in log(owner, contact)] == ["requested"] * 3
    assert refused(owner, contact["id"], "offers") == "not_confirmed"
    digest = addresses.digest(owner.tenant, contact["emails"][0]["address"])
    assert suppressions.load(owner.tenant, digest) is None
