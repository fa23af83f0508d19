"""Addresses that are not mailed: what is known of one is the same whatever the order in which it was told, and stays
when its person is forgotten.
"""

import json
import threading
import uuid
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import permutations
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.models.suppression import Suppression
from chalicelib.models.table import Item
from chalicelib.schemas.mail_event import Event
from chalicelib.services import addresses, consent, contacts, mail_events, standings, suppressions
from tests.contract.performing import consumed
from tests.feeds import deliver, taken
from tests.house import House, Sender

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
# Few of each, so that much of what is said is about the same, and at the same moment.
WHAT = st.tuples(
    st.sampled_from(["say", "say", "lift", "confirm"]),
    st.sampled_from(["*", "news"]),
    st.sampled_from(["unsubscribed", "complaint"]),
    st.integers(1, 3).map(lambda number: f"2026-03-0{number}T00:00:00.000Z"),
    st.sampled_from(["ses", "user"]),
)
SAID = st.tuples(
    st.just("say"),
    st.sampled_from(["*", "news", "offers"]),
    st.sampled_from(standings.RANK),
    st.integers(1, 7).map(lambda number: f"2026-03-0{number}T00:00:00.000Z"),
    st.sampled_from(["ses", "user"]),
)


def mailbox() -> str:
    return f"{uuid.uuid4().hex}@example.com"


def known(sender: Sender, address: str) -> Suppression:
    found = suppressions.load(sender.tenant, addresses.digest(sender.tenant, address))
    assert found is not None
    return found


def refused(sender: Sender, contact_id: str, topic: str | None = None) -> str | None:
    contact = contacts.load(sender.tenant, contact_id)
    return consent.refusals(sender.tenant, [contact], topic)[contact_id]


def event(kind: Any, address: str, *, day: float = 0, **more: Any) -> Event:
    defaults = {"provider": "ses", "event_id": uuid.uuid4().hex, "message_id": uuid.uuid4().hex}
    return Event(type=kind, recipient=address, at=NOON + timedelta(days=day), **{**defaults, **more})


def told(sender: Sender, *events: Event) -> None:
    """Each is recorded and followed up."""
    for one in events:
        mail_events.record(sender.tenant, [one])
        suppressions.after(sender.tenant, one)


def purge(sender: Sender, contact: Any) -> None:
    assert sender.delete(f"/v1/contacts/{contact['id']}").status == 204
    assert sender.call("POST", f"/v1/contacts/{contact['id']}/purge").status in (200, 204)


# What is known of an address


def _told(said: Any) -> tuple[Any, ...]:
    address = Suppression()
    for do, scope, reason, at, source in said:
        if do == "say":
            standings.say(address, scope, reason, {"at": at, "source": source})
        elif do == "lift":
            standings.lift(address, scope, [reason], at)
        else:
            standings.confirm(address, scope, at)
    return (
        address.reasons,
        address.lifted,
        [standings.holding(address, topic) for topic in (None, "news", "offers")],
        [standings.confirmed(address, topic) for topic in ("news", "offers")],
    )


@settings(max_examples=300)
@given(said=st.lists(WHAT, max_size=9), data=st.data())
@example(
    said=[("say", "*", "unsubscribed", "2026-03-02", "ses"), ("lift", "*", "unsubscribed", "2026-03-03", "ses")],
    data=None,
)
def test_neither_order_nor_repetition_matters(said: Any, data: Any) -> None:
    other = data.draw(st.permutations(said + said[:3])) if data is not None else [*reversed(said), *said]
    assert _told(said) == _told(other)


@settings(max_examples=100)
@given(said=st.lists(SAID, max_size=9))
def test_a_lift_after_everything_leaves_nothing_and_the_strongest_is_told_first(said: Any) -> None:
    address = Suppression()
    for _, scope, reason, at, source in said:
        standings.say(address, scope, reason, {"at": at, "source": source})
    for topic in (None, "news"):
        held = standings.holding(address, topic)
        assert held == sorted(held, key=standings.RANK.index)
        assert set(held) == {reason for _, scope, reason, _, _ in said if scope in ("*", topic)}
    for scope in ("*", "news", "offers"):
        standings.lift(address, scope, standings.RANK, "2026-04-01")
    assert address.reasons == {}


def test_what_is_lifted_for_a_topic_holds_for_all_others() -> None:
    address = Suppression()
    standings.say(address, "*", "unsubscribed", {"at": "2026-03-01", "source": "ses"})
    standings.lift(address, "news", ["unsubscribed"], "2026-03-02")
    assert standings.holding(address, "news") == []
    assert standings.holding(address, "offers") == standings.holding(address, None) == ["unsubscribed"]
    assert standings.excused(address, "*", "unsubscribed")


def test_a_yes_before_a_no_is_none() -> None:
    address = Suppression()
    standings.confirm(address, "news", "2026-03-01")
    assert standings.confirmed(address, "news")
    standings.say(address, "*", "unsubscribed", {"at": "2026-03-02", "source": "ses"})
    standings.lift(address, "*", ["unsubscribed"], "2026-03-03")
    assert not standings.confirmed(address, "news"), "who said no has to say yes anew"


# In the table


def test_one_mailbox_has_one_standing_however_it_is_spelt_and_in_one_firm(house: House, owner: Sender) -> None:
    other = house.signup()
    for tenant in (owner.tenant, other.tenant):
        assert addresses.digest(tenant, " Ada@Exämple.com") == addresses.digest(tenant, "ada@xn--exmple-cua.com")
    assert addresses.digest(owner.tenant, "ada@example.com") != addresses.digest(other.tenant, "ada@example.com")
    assert "ada" not in json.dumps(addresses.digest(owner.tenant, "ada@example.com"))


def test_the_key_is_made_once_and_kept(owner: Sender) -> None:
    before = addresses.digest(owner.tenant, "ada@example.com")
    addresses.forget()
    assert addresses.digest(owner.tenant, "ada@example.com") == before


def test_the_same_again_writes_nothing(owner: Sender) -> None:
    address = mailbox()
    bounced = partial(suppressions.add, owner.tenant, address, "hard_bounce", "ses")
    assert consumed(partial(bounced, at="2026-03-01T00:00:00.000Z")) == (1, 2)
    assert consumed(partial(bounced, at="2026-03-01T00:00:00.000Z")) == (1, 0)
    assert consumed(partial(bounced, at="2026-02-01T00:00:00.000Z")) == (1, 0)
    assert int(known(owner, address).version) == 1


def test_two_who_tell_at_once_are_both_heard(owner: Sender) -> None:
    address = mailbox()
    threads = [
        threading.Thread(target=suppressions.add, args=(owner.tenant, address, reason, "ses"))
        for reason in ("hard_bounce", "complaint", "manual")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert known(owner, address).reasons["*"].keys() == {"hard_bounce", "complaint", "manual"}


# Over HTTP


def test_it_is_put_there_read_and_taken_off_and_the_contact_s_log_tells_who(owner: Sender) -> None:
    contact = owner.contact()
    address = contact["emails"][0]["address"]
    path = f"/v1/suppressions/{address}"
    assert owner.get(path).status == 404
    made = owner.call("PUT", path, {})
    assert made.status == 201, made.text
    assert (made.json["address"], made.json["reason"], made.json["source"], made.json["topic"]) == (
        address,
        "manual",
        "user",
        None,
    )
    assert owner.call("PUT", path, {"reason": "manual"}).status == 200
    assert owner.get(path).json["version"] == 1
    assert refused(owner, contact["id"]) == "manual"
    assert [row["address"] for row in owner.get("/v1/suppressions").json["data"]] == [address]
    assert [row["address"] for row in owner.get(f"/v1/suppressions?starts_with={address[:8]}").json["data"]] == [
        address
    ]
    assert owner.get("/v1/suppressions?starts_with=zzz").json["data"] == []
    assert owner.delete(path, If_Match='"7"').status == 412
    assert owner.delete(path, If_Match='"1"').status == 204
    assert owner.get(path).status == 404
    assert owner.delete(path).status == 404
    assert refused(owner, contact["id"]) is None
    assert owner.get("/v1/suppressions").json["data"] == []
    log = owner.get(f"/v1/contacts/{contact['id']}/consents").json["data"]
    assert [(one["what"], one["how"], one["by"]) for one in log] == [
        ("lifted", "suppression_list", owner.user),
        ("suppressed", "suppression_list", owner.user),
    ]


def test_an_address_nobody_has_can_be_there_too_and_is_tried(owner: Sender) -> None:
    assert owner.call("PUT", "/v1/suppressions/nobody@example.com", {"reason": "complaint"}).status == 201
    assert owner.call("PUT", "/v1/suppressions/no%20body", {}).status == 422
    assert owner.call("PUT", "/v1/suppressions/nobody@example.com", {"reason": "erased"}).status == 422
    assert owner.call("PUT", "/v1/suppressions/nobody@example.com", {"topic": "none_such"}).status == 422
    shown = owner.get("/v1/suppressions/NOBODY@Example.com").json
    assert (shown["address"], shown["reason"]) == ("nobody@example.com", "complaint")


def test_of_a_topic_it_keeps_only_that(owner: Sender) -> None:
    assert owner.call("PUT", "/v1/topics/news", {"label": "News"}).status == 201
    contact = owner.contact()
    path = f"/v1/suppressions/{contact['emails'][0]['address']}"
    assert owner.call("PUT", path, {"topic": "news"}).status == 201
    assert [refused(owner, contact["id"], topic) for topic in ("news", None)] == ["manual", None]
    assert owner.call("PUT", path, {"reason": "unsubscribed"}).status == 200
    shown = owner.get(path).json
    assert [(one["reason"], one["topic"]) for one in shown["reasons"]] == [("manual", "news"), ("unsubscribed", None)]
    assert owner.delete(path).status == 204
    assert refused(owner, contact["id"], "news") is None


def test_a_complaint_stays_until_a_new_consent(owner: Sender) -> None:
    contact = owner.contact()
    address = contact["emails"][0]["address"]
    told(owner, event("complained", address))
    answer = owner.delete(f"/v1/suppressions/{address}")
    assert answer.status == 409
    assert "new consent" in answer.json["detail"]
    assert owner.post(f"/v1/contacts/{contact['id']}/consents", {"what": "granted", "how": "phone"}).status == 201
    assert refused(owner, contact["id"]) == "complaint"


# What follows from events


def test_each_event_says_what_it_says(owner: Sender) -> None:
    cases = {
        ("bounced", "hard"): "hard_bounce",
        ("bounced", "soft"): None,
        ("complained", None): "complaint",
        ("unsubscribed", None): "unsubscribed",
        ("delivered", None): None,
        ("rejected", None): None,
        ("opened", None): None,
        ("deferred", None): None,
    }
    for (kind, bounce), reason in cases.items():
        contact = owner.contact()
        told(owner, *[event(kind, contact["emails"][0]["address"].upper(), bounce=bounce)] * 2)
        assert refused(owner, contact["id"]) == reason, kind


def test_whoever_unsubscribes_at_the_provider_has_chosen_so(owner: Sender) -> None:
    contact = owner.contact()
    address, path = contact["emails"][0]["address"], f"/v1/contacts/{contact['id']}"
    told(owner, *[event("unsubscribed", address)] * 2)
    assert owner.get(path).json["preferences"]["channels"] == {"email": False}
    told(owner, event("subscribed", address, day=1))
    assert owner.get(path).json["preferences"]["channels"] == {"email": True}
    assert refused(owner, contact["id"]) is None
    told(owner, event("unsubscribed", address, day=0.5))
    assert refused(owner, contact["id"]) is None, "that was before he subscribed again"
    assert owner.get(path).json["preferences"]["channels"] == {"email": True}
    log = owner.get(f"{path}/consents").json["data"]
    assert [(one["what"], one["how"]) for one in log] == [
        ("granted", "provider"),
        ("withdrawn", "provider"),
        ("withdrawn", "provider"),
    ]


def test_told_again_it_takes_no_later_consent_to_a_topic_back(owner: Sender) -> None:
    assert owner.call("PUT", "/v1/topics/news", {"label": "News"}).status == 201
    contact = owner.contact()
    once = event("unsubscribed", contact["emails"][0]["address"])
    told(owner, once)
    assert owner.post(f"/v1/contacts/{contact['id']}/consents", {"topic": "news"}).status == 201
    told(owner, once)
    assert [refused(owner, contact["id"], topic) for topic in ("news", None)] == [None, "unsubscribed"]


def test_subscribing_again_takes_back_no_complaint_and_no_bounce(owner: Sender) -> None:
    contact = owner.contact()
    address = contact["emails"][0]["address"]
    told(owner, event("complained", address), event("bounced", address, bounce="hard"), event("unsubscribed", address))
    told(owner, event("subscribed", address, day=2))
    assert set(known(owner, address).reasons["*"]) == {"complaint", "hard_bounce"}


def test_what_we_tell_ourselves_is_left_to_who_told_it(owner: Sender) -> None:
    contact = owner.contact()
    told(owner, event("unsubscribed", contact["emails"][0]["address"], provider=suppressions.OWN))
    assert refused(owner, contact["id"]) is None


def test_three_messages_that_bounce_softly_in_a_month_are_too_many_in_any_order(owner: Sender) -> None:
    for days in permutations((0.0, 14.5, 30.0)):
        contact = owner.contact()
        address = contact["emails"][0]["address"]
        for day in days:
            assert refused(owner, contact["id"]) is None
            told(owner, event("bounced", address, day=day, bounce="soft"))
        assert refused(owner, contact["id"]) == "soft_bounces", days
        assert known(owner, address).reasons["*"]["soft_bounces"]["at"] == clock.stamp(NOON + timedelta(days=30))


def test_fewer_are_not_nor_one_message_that_bounces_often_nor_such_that_lie_apart(owner: Sender) -> None:
    often, apart = owner.contact(), owner.contact()
    address = often["emails"][0]["address"]
    told(owner, *[event("bounced", address, day=day, bounce="soft", message_id="one") for day in (0, 1, 2, 3)])
    told(owner, event("bounced", address, day=4, bounce="soft", message_id="two"))
    assert refused(owner, often["id"]) is None
    address = apart["emails"][0]["address"]
    told(owner, *[event("bounced", address, day=day, bounce="soft") for day in (0, 29, 31, 60.5)])
    assert refused(owner, apart["id"]) is None


def test_one_that_the_index_does_not_have_yet_counts_too(owner: Sender) -> None:
    contact = owner.contact()
    address = contact["emails"][0]["address"]
    told(owner, event("bounced", address, bounce="soft"), event("bounced", address, day=1, bounce="soft"))
    suppressions.after(owner.tenant, event("bounced", address, day=2, bounce="soft"))
    assert refused(owner, contact["id"]) == "soft_bounces"


def test_how_many_are_too_many_is_the_firm_s(owner: Sender) -> None:
    shown = owner.get("/v1/settings").json
    assert shown["soft_bounces"] == {"count": 3, "days": 30}
    changed = owner.patch("/v1/settings", {"soft_bounces": {"count": 2, "days": 5}})
    assert changed.status == 200, changed.text
    contact = owner.contact()
    address = contact["emails"][0]["address"]
    told(owner, event("bounced", address, bounce="soft"), event("bounced", address, day=6, bounce="soft"))
    assert refused(owner, contact["id"]) is None
    told(owner, event("bounced", address, day=3, bounce="soft"))
    assert refused(owner, contact["id"]) == "soft_bounces"
    assert owner.patch("/v1/settings", {"soft_bounces": {"count": 0}}).status == 422


def test_after_a_lift_they_are_counted_anew(owner: Sender) -> None:
    clock.set(NOON + timedelta(days=3))
    contact = owner.contact()
    address = contact["emails"][0]["address"]
    told(owner, *[event("bounced", address, day=day, bounce="soft") for day in (0, 1, 2)])
    assert owner.delete(f"/v1/suppressions/{address}").status == 204
    told(owner, *[event("bounced", address, day=day, bounce="soft") for day in (4, 5)])
    assert refused(owner, contact["id"]) is None
    told(owner, event("bounced", address, day=6, bounce="soft"))
    assert refused(owner, contact["id"]) == "soft_bounces"


# Who may be mailed


def test_why_not_has_a_fixed_order(owner: Sender) -> None:
    assert owner.call("PUT", "/v1/topics/news", {"label": "News", "opt_in": "single"}).status == 201
    contact = owner.contact()
    address, path = contact["emails"][0]["address"], f"/v1/contacts/{contact['id']}"
    assert refused(owner, contact["id"], "news") == "not_confirmed"
    assert owner.patch(path, {"preferences": {"topics": {"news": False}}}).status == 200
    assert refused(owner, contact["id"], "news") == "topic_off"
    assert owner.patch(path, {"preferences": {"channels": {"email": False}}}).status == 200
    assert refused(owner, contact["id"], "news") == refused(owner, contact["id"]) == "channel_off"
    for reason in reversed(standings.RANK):
        suppressions.add(owner.tenant, address, reason, "test")
        assert refused(owner, contact["id"], "news") == reason
    kept = contacts.load(owner.tenant, contact["id"])
    kept.emails = None
    assert consent.refusals(owner.tenant, [kept], "news") == {contact["id"]: "no_address"}
    kept.deleted_at = clock.stamp()
    assert consent.refusals(owner.tenant, [kept], "news") == {contact["id"]: "deleted"}
    kept.merged_into = contact["id"]
    assert consent.refusals(owner.tenant, [kept], "news") == {contact["id"]: "merged"}
    assert {"merged", "deleted", "no_address", *standings.RANK} < set(consent.REASONS)


def test_a_slice_is_asked_in_one_request(owner: Sender) -> None:
    several = [contacts.load(owner.tenant, owner.contact()["id"]) for _ in range(5)]
    nobody = contacts.load(owner.tenant, owner.contact(first_name="Ada")["id"])
    answers: dict[str, str | None] = {}
    units = consumed(lambda: answers.update(consent.refusals(owner.tenant, [*several, nobody], "news")))
    assert units == (3, 0)
    assert answers == {**{one.id: None for one in several}, nobody.id: "no_address"}
    assert consent.refusals(owner.tenant, [], None) == {}


# Erasure


def test_of_somebody_forgotten_a_hash_stays_and_he_is_never_mailed(house: House, owner: Sender) -> None:
    contact = owner.contact(
        first_name="Ada", emails=[{"address": mailbox()}, {"address": mailbox()}], preferences={"channels": {}}
    )
    first, second = (one["address"] for one in contact["emails"])
    suppressions.add(owner.tenant, first, "unsubscribed", "link")
    assert owner.get(f"/v1/suppressions/{first}").json["address"] == first
    told(owner, event("opened", first), event("bounced", second, bounce="soft"))
    house.settle()
    purge(owner, contact)
    records = taken(house)
    deliver(records)
    deliver(records)
    rows = owner.get("/v1/suppressions").json["data"]
    assert [(row["address"], row["reason"]) for row in rows] == [(None, "erased")] * 2
    assert owner.get("/v1/mail-events").json["data"] == []
    for address in (first, second):
        kept = Item.from_raw_data(known(owner, address).serialize()).serialize()
        assert address not in json.dumps(kept, default=str)
        again = owner.contact(first_name="Ada", emails=[{"address": address}])
        assert refused(owner, again["id"]) == "erased"
        assert owner.delete(f"/v1/suppressions/{address}").status == 410
        assert owner.post(f"/v1/contacts/{again['id']}/consents", {}).status == 201
        assert refused(owner, again["id"]) == "erased", "only what the mailbox itself confirms takes it back"
        suppressions.add(owner.tenant, address, "hard_bounce", "ses")
        assert owner.get(f"/v1/suppressions/{address}").json["address"] is None


def test_a_late_word_of_the_erasure_takes_no_later_consent_back(house: House, owner: Sender) -> None:
    contact = owner.contact()
    address = contact["emails"][0]["address"]
    house.settle()
    purge(owner, contact)
    records = taken(house)
    deliver(records)
    suppressions.lift(owner.tenant, address, standings.RANK)
    deliver(records)
    assert refused(owner, owner.contact(first_name="Ada", emails=[{"address": address}])["id"]) is None


def test_a_mail_to_the_trash_is_no_erasure(house: House, owner: Sender) -> None:
    contact = owner.contact()
    assert owner.delete(f"/v1/contacts/{contact['id']}").status == 204
    house.settle()
    assert owner.get("/v1/suppressions").json["data"] == []


@pytest.mark.parametrize("role", ["viewer", "rep"])
def test_only_managers_change_it(owner: Sender, role: str) -> None:
    from tests.contract.calling import colleague

    sender = colleague(owner, role)
    assert sender.call("PUT", "/v1/suppressions/ada@example.com", {}).status == 403
    assert sender.get("/v1/suppressions").status == 200
