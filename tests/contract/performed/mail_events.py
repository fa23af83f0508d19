"""What providers tell of mails, and our own picture and links: told, kept, followed up, listed."""

import json
from datetime import timedelta
from typing import Any

from chalicelib import clock, ids
from chalicelib.models.mailing import Mailing
from chalicelib.services import deliveries, mail_events, mail_links
from tests.adapters.hooks import signing
from tests.contract.performing import Units, consumed, of, performs
from tests.house import House, Sender
from tests.mailed import AT, FIREFOX, event, mailing, now

PROVIDERS = "/v1/settings/providers"


def hook(owner: Sender, provider: str, request: signing.Request) -> Units:
    """What a provider's call consumes, once it is set up."""
    secrets = {name: list(values) for name, values in _set(provider).items() if values}
    answer = owner.call("PUT", f"{PROVIDERS}/{provider}", secrets)
    path = "/v1" + answer.json["hook_url"].partition("/v1")[2]
    return of(owner.house.http("POST", path, request.body, request.headers))


def _set(provider: str) -> dict[str, Any]:
    secrets = signing.SECRETS[provider]
    return {name: getattr(secrets, name) for name in secrets.__struct_fields__}


def sendgrid(one: Mailing, **fields: Any) -> dict[str, Any]:
    """A delivery as SendGrid tells of it."""
    return {
        "email": one.address,
        "timestamp": int(AT.timestamp()) + 20,
        "smtp-id": f"<{one.result['message_id']}>",
        "event": "delivered",
        "category": ["marketing"],
        "sg_event_id": "ZGVsaXZlcmVkLTAtMTIzNDU2NzgtYWJjZGVmZ2hpams",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        "response": "250 2.0.0 OK 1772355620 x12-20020a05 - gsmtp",
        "tls": 1,
        "ip": "149.72.1.2",
        "send": one.send_id,
        **fields,
    }


@performs("hook.delivered")
def _(house: House, owner: Sender) -> Units:
    clock.set(signing.NOW)
    return hook(owner, "sendgrid", signing.sendgrid(sendgrid(mailing(owner.tenant))))


@performs("hook.mailgun")
def _(house: House, owner: Sender) -> Units:
    clock.set(signing.NOW)
    one = mailing(owner.tenant)
    said = {
        "event": "delivered",
        "id": "CPgfbmQMTCKtHW6uIWtuVe",
        "timestamp": AT.timestamp() + 20.25,
        "log-level": "info",
        "recipient": one.address,
        "recipient-domain": "home.test",
        "message": {"headers": {"to": one.address, "message-id": one.result["message_id"], "subject": "News"}},
        "user-variables": {"send": one.send_id},
        "delivery-status": {"attempt-no": 1, "code": 250, "message": "OK", "session-seconds": 0.4},
        "flags": {"is-routed": False, "is-authenticated": True},
    }
    return hook(owner, "mailgun", signing.mailgun(said))


@performs("hook.refused")
def _(house: House, owner: Sender) -> Units:
    clock.set(signing.NOW)
    answer = owner.call("PUT", f"{PROVIDERS}/postmark", {"basic_auth": "a:b"})
    path = "/v1" + answer.json["hook_url"].partition("/v1")[2]
    request = signing.postmark({"RecordType": "Delivery"}, password="a:c")
    refused = house.http("POST", path, request.body, request.headers)
    assert refused.status == 401
    return refused.cost["rru"], refused.cost["wru"]


def _delivered(owner: Sender, count: int) -> Units:
    campaign = ids.new("cam")
    several = [mailing(owner.tenant, campaign) for _ in range(count)]
    items = [mail_events.build(owner.tenant, event(one, "delivered")) for one in several]

    def act() -> None:
        with deliveries.gathering() as gathered:
            for item in items:
                deliveries.happened(None, item)
        gathered.settle(owner.tenant)

    return consumed(act)


@performs("feed.mail_delivered")
def _(house: House, owner: Sender) -> Units:
    return _delivered(owner, 1)


@performs("feed.mails_delivered")
def _(house: House, owner: Sender) -> Units:
    return _delivered(owner, 40)


@performs("feed.mail_opened")
def _(house: House, owner: Sender) -> Units:
    one = mailing(owner.tenant)
    deliveries.happened(None, mail_events.build(owner.tenant, event(one, "delivered", 5)))
    before = now(one)
    opened = mail_events.build(owner.tenant, event(one, "opened", 60))
    followed = consumed(lambda: deliveries.happened(None, opened))
    after = now(one)
    told = consumed(lambda: deliveries.told(before, after))
    return followed[0] + told[0], followed[1] + told[1]


@performs("feed.mail_resolved")
def _(house: House, owner: Sender) -> Units:
    one = mailing(owner.tenant, status="unknown")
    deliveries.happened(None, mail_events.build(owner.tenant, event(one, "delivered")))
    after = now(one)
    return consumed(lambda: deliveries.proved(None, after))


@performs("tracking.opened")
def _(house: House, owner: Sender) -> Units:
    clock.set(AT + timedelta(minutes=5))
    one = mailing(owner.tenant)
    token = mail_links.make("open", owner.tenant, one.contact_id, one.run)
    return of(house.http("GET", f"/t/o/{token}", headers={"User-Agent": FIREFOX}))


@performs("tracking.clicked")
def _(house: House, owner: Sender) -> Units:
    clock.set(AT + timedelta(minutes=5))
    one = mailing(owner.tenant)
    url = "https://www.firm.test/offers/spring?utm_source=news&utm_campaign=spring"
    token = mail_links.make("click", owner.tenant, one.contact_id, one.run, extra=url)
    answer = house.http("GET", f"/t/c/{token}", headers={"User-Agent": FIREFOX})
    assert answer.status == 302
    return answer.cost["rru"], answer.cost["wru"]


@performs("mail_event.page")
def _(house: House, owner: Sender) -> Units:
    one = mailing(owner.tenant)
    several = [event(one, "delivered", second, event_id=str(second), raw=sendgrid(one)) for second in range(25)]
    mail_events.record(owner.tenant, several)
    answer = owner.get("/v1/mail-events?limit=25")
    assert len(answer.json["data"]) == 25
    assert of(owner.get(f"/v1/mail-events?limit=25&recipient={one.address}")) == of(answer)
    return of(answer)


@performs("mail_event.message")
def _(house: House, owner: Sender) -> Units:
    one = mailing(owner.tenant)
    mail_events.record(owner.tenant, [event(one, what) for what in ("delivered", "opened", "clicked")])
    answer = owner.get(f"/v1/mail-events?message_id={one.result['message_id']}")
    assert len(answer.json["data"]) == 3
    return of(answer)


@performs("mail_event.replay")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/mail-events/replay", {"since": "2026-03-01T00:00:00Z"}))


@performs("provider.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(f"{PROVIDERS}/postmark"))


@performs("provider.put")
def _(house: House, owner: Sender) -> Units:
    return of(owner.call("PUT", f"{PROVIDERS}/postmark", {"basic_auth": json.dumps("a:b")}))


@performs("provider.delete")
def _(house: House, owner: Sender) -> Units:
    owner.call("PUT", f"{PROVIDERS}/postmark", {"basic_auth": "a:b"})
    return of(owner.delete(f"{PROVIDERS}/postmark"))
