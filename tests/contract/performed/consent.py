"""Who may be mailed: asked, said, taken back, confirmed."""

import uuid
from typing import Any

from chalicelib import clock, ids
from chalicelib.models import moments
from chalicelib.models.mailing import Mailing, outcome
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.mail_event import Event
from chalicelib.services import consent, consents, contacts, mail_events, mail_links, optin, suppressions, unsubscribing
from tests.contract.performing import Units, consumed, of, performs, person
from tests.house import House, Sender

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def made(owner: Sender) -> Any:
    return owner.contact(**person())


def address(contact: Any) -> str:
    return str(contact["emails"][0]["address"])


def topic(owner: Sender, name: str = "news", **fields: Any) -> None:
    assert owner.call("PUT", f"/v1/topics/{name}", {"label": "News", **fields}).status in (200, 201)


def event(contact: Any, kind: Any, **more: Any) -> Event:
    return Event(
        type=kind,
        provider="ses",
        event_id=uuid.uuid4().hex,
        at=clock.now(),
        recipient=address(contact),
        **more,
    )


def press(house: House, path: str, form: str) -> Units:
    return of(house.http("POST", path, form.encode(), FORM))


@performs("consent.refusals")
def _(house: House, owner: Sender) -> Units:
    several = [contacts.load(owner.tenant, made(owner)["id"]) for _ in range(4)]
    suppressions.add(owner.tenant, several[0].emails[0]["address"], "manual", "user")
    return consumed(lambda: consent.refusals(owner.tenant, several, "news"))


@performs("suppression.add")
def _(house: House, owner: Sender) -> Units:
    return consumed(lambda: suppressions.add(owner.tenant, "ada@example.com", "hard_bounce", "ses"))


@performs("suppression.add_again")
def _(house: House, owner: Sender) -> Units:
    at = clock.stamp()
    suppressions.add(owner.tenant, "ada@example.com", "hard_bounce", "ses", at=at)
    return consumed(lambda: suppressions.add(owner.tenant, "ada@example.com", "hard_bounce", "ses", at=at))


@performs("suppression.none")
def _(house: House, owner: Sender) -> Units:
    read = event({"emails": [{"address": "ada@example.com"}]}, "delivered")
    return consumed(lambda: suppressions.after(owner.tenant, read))


@performs("suppression.soft_bounce")
def _(house: House, owner: Sender) -> Units:
    bounced = event({"emails": [{"address": "ada@example.com"}]}, "bounced", bounce="soft")
    return consumed(lambda: suppressions.after(owner.tenant, bounced))


@performs("suppression.unsubscribed")
def _(house: House, owner: Sender) -> Units:
    contact = made(owner)
    return consumed(lambda: suppressions.after(owner.tenant, event(contact, "unsubscribed")))


@performs("suppression.get")
def _(house: House, owner: Sender) -> Units:
    owner.call("PUT", "/v1/suppressions/ada@example.com", {})
    return of(owner.get("/v1/suppressions/ada@example.com"))


@performs("suppression.page")
def _(house: House, owner: Sender) -> Units:
    for number in range(5):
        suppressions.add(owner.tenant, f"ada{number}@example.com", "manual", "user")
    answer = owner.get("/v1/suppressions")
    assert len(answer.json["data"]) == 5
    return of(answer)


@performs("suppression.put")
def _(house: House, owner: Sender) -> Units:
    return of(owner.call("PUT", f"/v1/suppressions/{address(made(owner))}", {}))


@performs("suppression.delete")
def _(house: House, owner: Sender) -> Units:
    path = f"/v1/suppressions/{address(made(owner))}"
    assert owner.call("PUT", path, {}).status == 201
    return of(owner.delete(path))


@performs("topic.put")
def _(house: House, owner: Sender) -> Units:
    return of(owner.call("PUT", "/v1/topics/news", {"label": "News"}))


@performs("topic.put_again")
def _(house: House, owner: Sender) -> Units:
    topic(owner)
    return of(owner.call("PUT", "/v1/topics/news", {"label": "Product news"}))


@performs("topic.get")
def _(house: House, owner: Sender) -> Units:
    topic(owner)
    return of(owner.get("/v1/topics/news"))


@performs("topic.page")
def _(house: House, owner: Sender) -> Units:
    for number in range(10):
        topic(owner, f"t{number}", description="Once a month: what is new.")
    return of(owner.get("/v1/topics"))


@performs("topic.delete")
def _(house: House, owner: Sender) -> Units:
    topic(owner)
    return of(owner.delete("/v1/topics/news"))


@performs("unsubscribe.page")
def _(house: House, owner: Sender) -> Units:
    topic(owner)
    return of(house.http("GET", unsubscribing.url("", owner.tenant, made(owner)["id"], topic="news")))


@performs("unsubscribe.click")
def _(house: House, owner: Sender) -> Units:
    topic(owner)
    contact = made(owner)
    mailing = Mailing.at(owner.tenant, contact["id"], ids.new("run"))
    mailing.campaign_id, mailing.address, mailing.claim = ids.new("cam"), address(contact), "clm"
    mailing.claimed_at, mailing.outcome = clock.stamp(), outcome("sent", clock.stamp(), message_id="m1")
    transact(Step("save", mailing))
    path = unsubscribing.url("", owner.tenant, contact["id"], mailing.run, "news")
    return press(house, path, "List-Unsubscribe=One-Click")


@performs("unsubscribe.click_alone")
def _(house: House, owner: Sender) -> Units:
    return press(house, unsubscribing.url("", owner.tenant, made(owner)["id"]), "scope=all")


@performs("preferences.page")
def _(house: House, owner: Sender) -> Units:
    topic(owner)
    return of(house.http("GET", unsubscribing.preferences_url("", owner.tenant, made(owner)["id"])))


@performs("preferences.same")
def _(house: House, owner: Sender) -> Units:
    topic(owner)
    path = unsubscribing.preferences_url("", owner.tenant, made(owner)["id"])
    return press(house, path, "email=on&shown_topic=news&topic=news")


@performs("preferences.off")
def _(house: House, owner: Sender) -> Units:
    topic(owner)
    path = unsubscribing.preferences_url("", owner.tenant, made(owner)["id"])
    return press(house, path, "email=on&shown_topic=news")


@performs("consent.record")
def _(house: House, owner: Sender) -> Units:
    topic(owner)
    return of(owner.post(f"/v1/contacts/{made(owner)['id']}/consents", {"topic": "news"}))


@performs("consent.get")
def _(house: House, owner: Sender) -> Units:
    path = f"/v1/contacts/{made(owner)['id']}/consents"
    return of(owner.get(f"{path}/{owner.post(path, {}).json['id']}"))


@performs("consent.page")
def _(house: House, owner: Sender) -> Units:
    path = f"/v1/contacts/{made(owner)['id']}/consents"
    for number in range(5):
        assert owner.post(path, {"at": f"2026-03-0{number + 1}T09:00:00Z"}).status == 201
    return of(owner.get(path))


@performs("consent.chosen")
def _(house: House, owner: Sender) -> Units:
    contact = made(owner)
    before = contacts.load(owner.tenant, contact["id"])
    assert owner.patch(f"/v1/contacts/{contact['id']}", {"preferences": {"topics": {"news": False}}}).status == 200
    after = contacts.load(owner.tenant, contact["id"], consistent=True)
    return consumed(lambda: consents.chosen(before, after))


@performs("consent.request")
def _(house: House, owner: Sender) -> Units:
    topic(owner, opt_in="double")
    return of(owner.post(f"/v1/contacts/{made(owner)['id']}/consents/request", {"topic": "news"}))


def _requested(owner: Sender) -> tuple[str, str]:
    topic(owner, opt_in="double")
    contact = made(owner)
    answer = owner.post(f"/v1/contacts/{contact['id']}/consents/request", {"topic": "news"})
    assert answer.status == 200, answer.text
    token = mail_links.make("confirm", owner.tenant, contact["id"], extra=answer.json["id"])
    return contact["id"], f"/u/{token}/confirm"


@performs("consent.mail")
def _(house: House, owner: Sender) -> Units:
    moment = moments.load(owner.tenant, _requested(owner)[0], optin.WHAT)
    assert moment is not None
    return consumed(lambda: optin.come(moment))


@performs("consent.confirm_page")
def _(house: House, owner: Sender) -> Units:
    return of(house.http("GET", _requested(owner)[1]))


@performs("consent.confirm")
def _(house: House, owner: Sender) -> Units:
    return press(house, _requested(owner)[1], "confirm=yes")


@performs("feed.erased")
def _(house: House, owner: Sender) -> Units:
    contact = made(owner)
    before = contacts.load(owner.tenant, contact["id"])
    before.deleted_at = clock.stamp()
    mail_events.record(owner.tenant, [event(contact, "opened")])
    return consumed(lambda: suppressions.erased(before, None))
