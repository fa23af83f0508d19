"""Double opt-in: asked by mail, said yes by a button, in time, once."""

import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import clock, errors, ids
from chalicelib.models.campaign import Campaign
from chalicelib.models.mailing import Mailing
from chalicelib.models.writes import Step, transact
from chalicelib.services import (
    addresses,
    consent,
    consent_log,
    contacts,
    optin,
    permissions,
    standings,
    suppressions,
    unsubscribing,
)
from tests.contract.calling import token
from tests.house import Answer, House, Sender

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = 24 * 3600


@pytest.fixture(autouse=True)
def _noon(house: House) -> None:
    clock.set(NOON)


@pytest.fixture
def program(owner: Sender) -> Sender:
    """The owner's own program, whose token does not expire."""
    return token(owner, permissions.SCOPES)


def topic(sender: Sender, name: str, opt_in: str = "double") -> None:
    assert sender.call("PUT", f"/v1/topics/{name}", {"label": name.title(), "opt_in": opt_in}).status == 201


def ask(sender: Sender, contact: Any, **body: Any) -> Answer:
    return sender.post(f"/v1/contacts/{contact['id']}/consents/request", body)


def address_of(contact: Any) -> str:
    return str(contact["emails"][0]["address"])


def mails(house: House, contact: Any) -> list[str]:
    """The paths of the links that were mailed to the contact."""
    texts = [mail.text for mail in house.outbox.mails if mail.to == address_of(contact)]
    return ["/u/" + text.partition("/u/")[2].split()[0] for text in texts]


def asked(house: House, sender: Sender, contact: Any, **body: Any) -> str:
    """Asked and mailed: the path of the link."""
    answer = ask(sender, contact, **body)
    assert answer.status == 200, answer.text
    house.minute()
    house.settle()
    return mails(house, contact)[-1]


def press(house: House, path: str, form: str = "confirm=yes") -> Answer:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return house.http("POST", path, form.encode(), kind, source="203.0.113.7")


def refused(sender: Sender, contact: Any, topic: str | None = None) -> str | None:
    found = contacts.load(sender.tenant, contact["id"])
    return consent.refusals(sender.tenant, [found], topic)[found.id]


def log(sender: Sender, contact: Any) -> list[tuple[str, str | None]]:
    rows = sender.get(f"/v1/contacts/{contact['id']}/consents").json["data"]
    return [(row["what"], row["topic"]) for row in rows]


def test_asked_mailed_confirmed(house: House, owner: Sender) -> None:
    topic(owner, "news")
    contact = owner.contact()
    path = asked(house, owner, contact, topic="news")
    (mail,) = [mail for mail in house.outbox.mails if mail.to == address_of(contact)]
    assert mail.tags["purpose"] == "optin"
    assert "News" in mail.text
    assert refused(owner, contact, "news") == "not_confirmed"
    for method in ("GET", "HEAD", "GET"):
        house.http(method, path)
    assert "<form" in house.http("GET", path).text
    assert refused(owner, contact, "news") == "not_confirmed", "scanners follow every link"
    clock.advance(60)
    for _ in range(2):
        answer = press(house, path)
        assert answer.status == 200
        assert "Thank you" in answer.text
    assert "<form" not in house.http("GET", path).text
    assert refused(owner, contact, "news") is None
    found = owner.get(f"/v1/contacts/{contact['id']}").json
    assert found["preferences"] == {"channels": {"email": True}, "topics": {"news": True}}
    house.settle()
    assert log(owner, contact) == [("confirmed", "news"), ("requested", "news")]
    rows = owner.get(f"/v1/contacts/{contact['id']}/consents").json["data"]
    assert rows[0]["ip"] == "203.0.113.7"
    assert rows[0]["wording"] == rows[1]["wording"]
    assert rows[0]["address"] == rows[1]["address"] == address_of(contact)


def test_a_link_holds_for_seven_days(house: House, owner: Sender, program: Sender) -> None:
    contact, later = owner.contact(), owner.contact()
    path, other = asked(house, owner, contact), asked(house, owner, later)
    clock.advance(7 * DAY - 60)
    assert press(house, path).status == 200
    clock.advance(120)
    for answer in (house.http("GET", other), press(house, other)):
        assert answer.status == 410
        assert "expired" in answer.text
    assert ("confirmed", None) not in log(program, later)


def test_three_a_day_to_one_mailbox(house: House, program: Sender) -> None:
    contact = program.contact()
    answers = [ask(program, contact).status for _ in range(4)]
    assert answers == [200, 200, 200, 429]
    last = ask(program, contact)
    assert 0 < int(last.headers["Retry-After"]) <= DAY
    house.minute()
    house.settle()
    assert len(mails(house, contact)) == 3
    clock.advance(DAY)
    assert ask(program, contact).status == 200
    house.minute()
    house.settle()
    assert len(mails(house, contact)) == 4, "those of yesterday are not sent again"


def test_what_was_asked_at_once_is_mailed_each_and_once(house: House, owner: Sender) -> None:
    topic(owner, "news")
    topic(owner, "offers")
    contact = owner.contact()
    for name in ("news", "offers"):
        assert ask(owner, contact, topic=name).status == 200
        clock.advance(1)
    house.minute()
    hints = list(house.queue)
    house.queue += hints
    house.settle()
    house.queue += hints
    house.settle()
    paths = mails(house, contact)
    assert len(paths) == len(set(paths)) == 2
    assert press(house, paths[0]).status == 200
    answers = [refused(owner, contact, name) for name in ("news", "offers")]
    assert sorted(map(str, answers)) == ["None", "not_confirmed"]


def test_however_much_was_said_since_what_was_asked_is_mailed(house: House, owner: Sender) -> None:
    topic(owner, "news")
    contact = owner.contact()
    path = unsubscribing.preferences_url("", owner.tenant, contact["id"])
    assert press(house, path, "email=on&shown_topic=news&topic=news").status == 200
    clock.advance(1)
    for number in range(20):
        consent_log.note(
            consent_log.entry(owner.tenant, contact["id"], "granted", "api", clock.stamp(), "x", seed=str(number))
        )
    assert len(log(owner, contact)) == 21
    house.minute()
    house.settle()
    assert len(mails(house, contact)) == 1


def test_the_link_leads_where_the_mail_led_whatever_host_the_page_was_asked_by(house: House, owner: Sender) -> None:
    topic(owner, "news")
    contact, home = owner.contact(), "https://crm.example.com/api"
    campaign = Campaign(id=ids.new("cam"), tenant=owner.tenant, label="Spring", base_url=home, run=ids.new("run"))
    campaign.touch(owner.user)
    campaign.keys()
    mailing = Mailing.at(owner.tenant, contact["id"], str(campaign.run))
    mailing.campaign_id, mailing.claim, mailing.claimed_at = campaign.id, "clm", clock.stamp()
    transact(Step("save", campaign), Step("save", mailing))
    path = unsubscribing.preferences_url("", owner.tenant, contact["id"], str(campaign.run))
    forged = {"Content-Type": "application/x-www-form-urlencoded", "Host": "evil.test"}
    form = b"email=on&shown_topic=news&topic=news"
    assert house.http("POST", path, form, forged).status == 200
    house.minute()
    house.settle()
    (mail,) = [mail for mail in house.outbox.mails if mail.to == address_of(contact)]
    assert f"{home}/u/" in mail.text
    assert f'href="{home}/u/' in (mail.html or "")
    assert "evil.test" not in f"{mail.text}{mail.html}"


def test_a_provider_that_is_away_is_asked_again_and_a_lost_hint_does_no_harm(house: House, owner: Sender) -> None:
    contact = owner.contact()
    assert ask(owner, contact).status == 200
    house.minute()
    house.queue.clear()
    clock.advance(600)
    house.outbox.failures.append(errors.MailDeferred("away"))
    house.minute()
    house.settle()
    assert mails(house, contact) == []
    clock.advance(3600)
    house.minute()
    house.settle()
    assert len(mails(house, contact)) == 1


def test_a_yes_from_the_mailbox_takes_back_all_but_what_the_firm_said(house: House, owner: Sender) -> None:
    for reason in standings.RANK:
        contact = owner.contact()
        suppressions.add(owner.tenant, address_of(contact), reason, "test")
        if reason in ("manual", "erased"):
            answer = ask(owner, contact)
            assert answer.status == 409
            continue
        clock.advance(1)
        path = asked(house, owner, contact)
        assert refused(owner, contact) == reason, "asking is not enough"
        assert press(house, path).status == 200
        assert refused(owner, contact) is None, reason


def test_a_yes_to_a_topic_is_one_to_that_only(house: House, owner: Sender) -> None:
    topic(owner, "news")
    topic(owner, "offers", "none")
    contact = owner.contact()
    assert house.http("POST", unsubscribing.url("", owner.tenant, contact["id"]), b'{"scope": "all"}').status == 200
    clock.advance(1)
    path = asked(house, owner, contact, topic="news")
    assert press(house, path).status == 200
    assert [refused(owner, contact, name) for name in ("news", "offers", None)] == [
        None,
        "unsubscribed",
        "unsubscribed",
    ]
    clock.advance(1)
    link = unsubscribing.url("", owner.tenant, contact["id"])
    assert house.http("POST", link, b'{"scope": "all"}').status == 200
    assert refused(owner, contact, "news") == "unsubscribed", "everything is everything, again"


def test_after_a_no_the_old_yes_is_none(house: House, owner: Sender) -> None:
    topic(owner, "news")
    contact = owner.contact()
    assert press(house, asked(house, owner, contact, topic="news")).status == 200
    clock.advance(1)
    link = unsubscribing.url("", owner.tenant, contact["id"], topic="news")
    assert house.http("POST", link, b'{"List-Unsubscribe": "One-Click"}').status == 200
    clock.advance(1)
    granted = owner.post(f"/v1/contacts/{contact['id']}/consents", {"topic": "news", "how": "phone"})
    assert granted.status == 201
    assert refused(owner, contact, "news") == "not_confirmed", "what needs the mailbox is not said by others"


def test_who_was_forgotten_is_not_even_asked(house: House, owner: Sender) -> None:
    address = f"{uuid.uuid4().hex}@example.com"
    first = owner.contact(first_name="Ada", emails=[{"address": address}])
    old = asked(house, owner, first)
    assert owner.delete(f"/v1/contacts/{first['id']}").status == 204
    assert owner.post(f"/v1/contacts/{first['id']}/purge").status == 204
    house.settle()
    assert press(house, old).status == 410, "his own request went with him"
    back = owner.contact(first_name="Ada", emails=[{"address": address}])
    assert refused(owner, back) == "erased"
    assert ask(owner, back).status == 409
    assert refused(owner, back) == "erased"


def test_after_a_merge_the_winner_has_said_yes(house: House, owner: Sender) -> None:
    winner, loser = owner.contact(), owner.contact()
    path = asked(house, owner, loser)
    assert owner.post(f"/v1/contacts/{winner['id']}/merge", {"loser_id": loser["id"]}).status == 200
    assert press(house, path).status == 200
    assert ("confirmed", None) in log(owner, winner)
    found = suppressions.load(owner.tenant, addresses.digest(owner.tenant, address_of(loser)))
    assert standings.confirmed(found, standings.ALL)


def test_nobody_is_asked_without_address_topic_or_contact(house: House, owner: Sender) -> None:
    nobody = owner.contact(first_name="Ada")
    assert ask(owner, nobody).status == 409
    assert ask(owner, owner.contact(), topic="none_such").status == 422
    assert ask(owner, {"id": "con_01HX5ZZKBKACTAV9WEVGEMMVRZ"}).status == 404
    assert ask(house.signup(), owner.contact()).status == 404


def test_one_who_went_to_the_trash_meanwhile_gets_no_mail(house: House, owner: Sender) -> None:
    contact = owner.contact()
    assert ask(owner, contact).status == 200
    assert owner.delete(f"/v1/contacts/{contact['id']}").status == 204
    house.minute()
    house.settle()
    assert mails(house, contact) == []


def test_given_up_it_is_accounted_for(house: House, owner: Sender) -> None:
    from chalicelib.models.moment import Moment
    from chalicelib.models.send import Send
    from chalicelib.models.table import Item, page

    contact = owner.contact()
    assert ask(owner, contact).status == 200
    moment = Moment(tenant=owner.tenant, subject_id=contact["id"], what=optin.WHAT, at=clock.stamp())
    optin.give_up(moment)
    (send,) = page(f"T#{owner.tenant}#{contact['id']}", where=Item.sk.startswith("SEND#"), limit=9).items
    assert isinstance(send, Send)
    assert send.status == "failed"
    house.minute()
    house.settle()
    assert mails(house, contact) == []
