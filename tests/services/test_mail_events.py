"""Events of mails: kept once, found by message, mailbox and time, read anew, and nobody else's."""

import json
from datetime import timedelta
from typing import Any

from chalicelib import clock, ids
from chalicelib.adapters import hooks
from chalicelib.models import mail_event
from chalicelib.models.mail_event import MailEvent
from chalicelib.models.table import Item, every
from chalicelib.models.writes import put_all
from chalicelib.observability import measured
from chalicelib.schemas.mail_event import Event
from chalicelib.services import mail_events, packing, replays
from tests import feeds
from tests.adapters.hooks import samples
from tests.house import House, Sender
from tests.mailed import AT, event, mailing, now


def listed(owner: Sender, query: str = "") -> list[Any]:
    answer = owner.get(f"/v1/mail-events{query}")
    assert answer.status == 200, answer.text
    return list(answer.json["data"])


def items(tenant: str, message: str) -> list[MailEvent]:
    return list(every(mail_event.partition(tenant, message)))


def test_told_again_it_is_the_same_item_and_nobody_is_told(house: House, owner: Sender) -> None:
    clock.set(AT + timedelta(days=1))
    one = mailing(owner.tenant)
    events = [event(one, "delivered"), event(one, "opened", 90), event(one, "opened", 90)]
    mail_events.record(owner.tenant, events)
    first = items(owner.tenant, one.result["message_id"])
    house.settle()
    clock.set(AT + timedelta(days=3))
    mail_events.record(owner.tenant, list(reversed(events)))
    assert [item.serialize() for item in items(owner.tenant, one.result["message_id"])] == [
        item.serialize() for item in first
    ]
    assert len(first) == 2
    # The engine here tells of a write that changes nothing, which DynamoDB does not; nothing follows from it anyway.
    changes = [record["dynamodb"] for record in feeds.taken(house)]
    assert [one for one in changes if one["OldImage"] != one["NewImage"]] == []


def test_the_list_is_newest_first_and_says_whose_mail_it_was(house: House, owner: Sender) -> None:
    one = mailing(owner.tenant)
    several = [event(one, "opened", 300), event(one, "delivered", 20), event(one, "bounced", 900, bounce="soft")]
    mail_events.record(owner.tenant, several)
    assert [row["type"] for row in listed(owner)] == ["bounced", "opened", "delivered"]
    row = listed(owner)[0]
    assert row == {
        "id": row["id"],
        "type": "bounced",
        "bounce": "soft",
        "recipient": "ann@home.test",
        "message_id": one.result["message_id"],
        "at": "2026-03-01T09:15:00.000Z",
        "provider": "sendgrid",
        "event_id": several[2].event_id,
        "reason": None,
        "url": None,
        "machine": None,
        "contact_id": one.contact_id,
        "campaign_id": one.campaign_id,
    }


def test_one_message_one_mailbox_and_since_when(owner: Sender, house: House) -> None:
    one, other = mailing(owner.tenant), mailing(owner.tenant, address="bob@home.test")
    mail_events.record(owner.tenant, [event(one, "delivered", second) for second in range(5)])
    mail_events.record(owner.tenant, [event(other, "delivered", 2, recipient="Bob@HOME.test")])
    message = one.result["message_id"]
    assert len(listed(owner, f"?message_id={message}")) == 5
    assert len(listed(owner, f"?message_id=%3C{message}%3E")) == 5  # in brackets, as a header has it
    assert len(listed(owner, f"?message_id={message}&since=2026-03-01T09:00:03Z")) == 2
    assert listed(owner, f"?message_id={message}&recipient=bob@home.test") == []
    assert [row["recipient"] for row in listed(owner, "?recipient=BOB@home.test")] == ["bob@home.test"]
    assert len(listed(owner, "?recipient=ann@home.test&since=2026-03-01T09:00:04Z")) == 1
    assert len(listed(owner, "?since=2026-03-01T09:00:02Z")) == 4
    first = owner.get(f"/v1/mail-events?message_id={message}&limit=2").json
    rest = owner.get(f"/v1/mail-events?message_id={message}&limit=9&cursor={first['next_cursor']}").json
    assert [row["at"][17:19] for row in first["data"] + rest["data"]] == ["04", "03", "02", "01", "00"]
    assert rest["next_cursor"] is None
    assert listed(house.signup(), f"?message_id={message}") == []


def test_it_is_found_by_our_message_id_although_a_provider_cuts_it_at_a_dot(owner: Sender) -> None:
    one = mailing(owner.tenant)
    whole = f"{one.send_id}@mail.firm.test"
    mail_events.record(owner.tenant, [event(one, "delivered", message_id=whole.partition(".")[0], send=None)])
    mail_events.record(owner.tenant, [event(one, "opened", message_id=None)])  # nobody knew it then
    found = listed(owner, f"?message_id={whole}")
    assert {row["type"] for row in found} == {"delivered", "opened"}
    assert {row["contact_id"] for row in found} == {one.contact_id}


def test_an_answer_is_known_by_the_message_that_it_answers(owner: Sender, house: House) -> None:
    one = mailing(owner.tenant)
    raw = {"From": "ann@home.test", "Headers": [{"Name": "In-Reply-To", "Value": f"<{one.send_id}@firm.test>"}]}
    answer = event(one, "inbound", 600, send=None, message_id="answer@home.test", recipient="news@firm.test", raw=raw)
    mail_events.record(owner.tenant, [answer])
    house.settle()
    assert (now(one).seen or {})["replied"] == "2026-03-01T09:10:00.000Z"
    kinds = [entry["kind"] for entry in _timeline(owner, one.contact_id)]
    assert kinds == ["mail.replied"]


def _timeline(owner: Sender, contact_id: str) -> list[Any]:
    from chalicelib.models import keys
    from chalicelib.models.activity import Activity

    found = every(keys.key("contact", tenant=owner.tenant, id=contact_id)[0])
    return [{"kind": one.what} for one in found if isinstance(one, Activity)]


def test_what_a_provider_sends_of_one_mail_fits_a_write_unit_each_for_the_item_and_its_two_lists(engine: str) -> None:
    """Or all of it would cost twice."""
    tenant = ids.new("ten")
    for provider, several in samples.SAMPLES.items():
        for number, sample in enumerate(several):
            headers, body = replays.request(provider, sample.raw, f"11111111-2222-3333-4444-{number:012}")
            for one in hooks.adapter(provider).parse(headers, body).events:
                with measured("test") as meter:
                    mail_events.record(tenant, [one])
                assert meter.wru <= 3, (provider, sample.name, meter.wru)


def test_a_delivery_as_ses_tells_of_it_does_too(engine: str) -> None:
    """With the headers of our mail, of which it says nothing, it would not."""
    tenant, send = ids.new("ten"), f"{ids.new('run')}-{ids.new('con')}"
    message, to = "0107018f3b1c2d4e-5f607182-9a0b-4c1d-8e2f-3a4b5c6d7e8f-000000", "wilhelmina.feather@industries.test"
    headers = [{"name": f"X-{ids.new('xxx')}", "value": ids.new("xxx")} for _ in range(9)]
    mail = {
        "timestamp": "2026-02-28T23:59:58.123Z",
        "source": "Firm News <news@firm.test>",
        "sourceArn": "arn:aws:ses:eu-central-1:123456789012:identity/firm.test",
        "sendingAccountId": "123456789012",
        "messageId": message,
        "destination": [to],
        "headersTruncated": False,
        "headers": headers,
        "commonHeaders": {"from": ["Firm News <news@firm.test>"], "to": [to], "messageId": message, "subject": "News"},
        "tags": {
            "ses:operation": ["SendEmail"],
            "ses:configuration-set": ["all"],
            "ses:source-ip": ["203.0.113.7"],
            "ses:from-domain": ["firm.test"],
            "ses:caller-identity": ["tendril-work"],
            "ses:outgoing-ip": ["203.0.113.8"],
            "send": [send],
        },
    }
    delivery = {
        "timestamp": "2026-03-01T00:00:04.133Z",
        "processingTimeMillis": 6010,
        "recipients": [to],
        "smtpResponse": "250 2.0.0 OK 1772323204 x12-20020a05 - gsmtp",
        "remoteMtaIp": "203.0.113.9",
        "reportingMTA": "b224-1.smtp-out.eu-central-1.amazonses.com",
    }
    raw = {"eventType": "Delivery", "mail": mail, "delivery": delivery}
    request = replays.request("ses", raw, "11111111-2222-3333-4444-555555555555")
    (one,) = hooks.adapter("ses").parse(*request).events
    with measured("test") as meter:
        mail_events.record(tenant, [one])
    assert meter.wru == 3
    item = mail_events.build(tenant, one)
    kept = mail_events.raw_of(item)
    assert kept["delivery"] == delivery
    assert kept["mail"].keys() == mail.keys() - {"headers", "headersTruncated", "commonHeaders"}
    again = hooks.adapter("ses").parse(*replays.request("ses", kept, item.event_id or "")).events
    assert [mail_events.build(tenant, event).serialize() for event in again] == [item.serialize()]


def test_what_was_sent_can_be_read_again(owner: Sender) -> None:
    raw = {"event": "delivered", "email": "ann@home.test", "n": [1, None, "ä"], "url": "https://firm.test/?q=1"}
    item = mail_events.build(owner.tenant, _told(raw=raw))
    assert mail_events.raw_of(item) == raw
    assert len(item.raw or b"") < len(json.dumps(raw)) * 0.8
    assert packing.packed({"noise": [ids.new("xxx") for _ in range(9000)]}) is None


def test_times_out_of_all_reason_neither_keep_it_for_ever_nor_throw_it_away_at_once(owner: Sender) -> None:
    clock.set(AT)
    ages = [timedelta(days=-9000), timedelta(days=9000), timedelta(0)]
    ttls = [int(mail_events.build(owner.tenant, _told(at=AT + age)).ttl) for age in ages]
    days = [(ttl - AT.timestamp()) / 86400 for ttl in ttls]
    assert 29 <= days[0] <= 31
    assert 90 <= days[1] <= 93
    assert days[2] == 90


def _told(**fields: Any) -> Event:
    given = {"type": "delivered", "provider": "sendgrid", "event_id": "1", "at": AT, "recipient": "ann@home.test"}
    return Event(**{**given, **fields})


def test_without_a_message_each_event_lies_alone(owner: Sender) -> None:
    mail_events.record(owner.tenant, [_told(event_id=str(number)) for number in range(3)])
    assert len(listed(owner)) == 3


# Reading anew


def replayed(house: House, owner: Sender, **fields: Any) -> Any:
    house.settle()
    answer = owner.post("/v1/mail-events/replay", {"since": "2026-02-01T00:00:00Z", **fields})
    assert answer.status == 202, answer.text
    house.settle()
    job = owner.get(f"/v1/jobs/{answer.json['id']}").json
    assert job["status"] in ("succeeded", "partial"), job
    return job


def test_events_that_were_read_wrongly_are_read_anew(house: House, owner: Sender) -> None:
    """As after a mistake that took what was clicked for an opening, under an id of another event."""
    clock.set(AT + timedelta(days=1))
    one = mailing(owner.tenant)
    raw = {
        "event": "click",
        "email": one.address,
        "timestamp": int(AT.timestamp()) + 90,
        "sg_event_id": "e1",
        "sg_message_id": f"{one.result['message_id']}",
        "url": "https://firm.test/offer",
        "send": one.send_id,
    }
    message = one.result["message_id"].partition(".")[0]
    wrong = event(one, "opened", 90, provider="sendgrid", event_id="wrong", raw=raw, message_id=message, agent=None)
    good = event(one, "delivered", 20, raw={})
    mail_events.record(owner.tenant, [wrong, good])
    house.settle()
    assert set(now(one).counted or {}) == {"delivered", "opened", "opened_human"}
    assert replayed(house, owner)["counts"] == {"changed": 1, "unchanged": 1}
    assert set(now(one).counted or {}) == {"delivered", "clicked", "clicked_human"}
    assert "opened" not in (now(one).seen or {})
    assert {row["type"] for row in listed(owner)} == {"clicked", "delivered"}
    assert replayed(house, owner)["counts"] == {"unchanged": 2}
    assert set(now(one).counted or {}) == {"delivered", "clicked", "clicked_human"}


def test_events_of_every_provider_are_read_as_they_were(house: House, owner: Sender) -> None:
    clock.set(samples.AT + timedelta(hours=1))
    for provider, several in samples.SAMPLES.items():
        for number, sample in enumerate(several):
            headers, body = replays.request(provider, sample.raw, f"11111111-2222-3333-4444-{number:012}")
            events = hooks.adapter(provider).parse(headers, body).events
            mail_events.record(owner.tenant, events)
    before = {item.pk + item.sk: item.serialize() for item in _all(owner)}
    count = len(before)
    assert count > 70
    assert replayed(house, owner)["counts"] == {"unchanged": count}
    assert {item.pk + item.sk: item.serialize() for item in _all(owner)} == before


def _all(owner: Sender) -> list[Any]:
    from chalicelib.models import keys

    return list(every(keys.partition("mail_event", "gsi2", tenant=owner.tenant), index="gsi2"))


def test_what_could_not_be_read_is_kept_apart_until_it_can_be(house: House, owner: Sender) -> None:
    clock.set(AT)
    good = {"event": "delivered", "email": "ann@home.test", "timestamp": 1772355600, "sg_event_id": "e1"}
    bad = {**good, "email": "nobody", "sg_event_id": "e2"}
    mail_events.set_aside(owner.tenant, "sendgrid", [(json.dumps(bad), "no address"), ("{not json", "why")])
    assert listed(owner) == []
    assert {row["reason"] for row in listed(owner, "?unreadable=true")} == {"no address", "why"}
    assert replayed(house, owner)["counts"] == {"unreadable": 2}
    mail_events.set_aside(owner.tenant, "sendgrid", [(json.dumps(good), "a mistake of ours")])
    assert replayed(house, owner)["counts"] == {"changed": 1, "unreadable": 2}
    assert [row["event_id"] for row in listed(owner)] == ["e1"]
    assert len(listed(owner, "?unreadable=true")) == 2


def test_what_is_nested_too_deep_to_be_read_stops_no_reading_anew(house: House, owner: Sender) -> None:
    clock.set(AT)
    mail_events.set_aside(owner.tenant, "mailersend", [("[" * 60_000 + "]" * 60_000, "nested too deep")])
    mail_events.record(owner.tenant, [_told()])
    assert replayed(house, owner)["counts"] == {"unchanged": 1, "unreadable": 1}


def test_what_was_told_of_somebody_goes_when_he_does(house: House, owner: Sender) -> None:
    address = f"{ids.new('xxx')[-8:].lower()}@home.test"
    contact = owner.contact(first_name="Ann", emails=[{"address": address.title()}])
    one, other = mailing(owner.tenant, contact_id=contact["id"], address=address), mailing(owner.tenant)
    mail_events.record(owner.tenant, [event(one, "delivered"), event(one, "opened"), event(other, "delivered")])
    house.settle()
    assert owner.delete(f"/v1/contacts/{contact['id']}").status == 204
    house.settle()
    assert len(listed(owner, f"?recipient={address}")) == 2
    assert owner.post(f"/v1/contacts/{contact['id']}/purge").status in (200, 204)
    house.settle()
    assert listed(owner, f"?recipient={address}") == []
    assert len(listed(owner)) == 1


def test_only_one_provider_is_read_anew_and_an_unknown_one_is_refused(house: House, owner: Sender) -> None:
    mail_events.record(owner.tenant, [_told(), _told(provider="mailgun")])
    assert replayed(house, owner, provider="mailgun")["counts"] == {"unchanged": 1}
    refused = owner.post("/v1/mail-events/replay", {"since": "2026-02-01T00:00:00Z", "provider": "pigeon"})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, "/provider")


def test_many_are_written_in_few_requests(owner: Sender) -> None:
    with measured("test") as meter:
        mail_events.record(owner.tenant, [_told(event_id=str(number), recipient=None) for number in range(60)])
    assert meter.wru == 180
    put_all([], [Item(item.pk, item.sk) for item in _all(owner)])
