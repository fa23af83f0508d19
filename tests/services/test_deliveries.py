"""What follows from the events of mails: however they come - twice, late, in another order, cut off between writes."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors, ids
from chalicelib.adapters import mailer
from chalicelib.handlers import streams
from chalicelib.models import keys
from chalicelib.models import mailing as mailings
from chalicelib.models.activity import Activity
from chalicelib.models.contact import Contact
from chalicelib.models.mailing import Mailing
from chalicelib.models.table import every, fetch
from chalicelib.models.template import Template
from chalicelib.models.writes import put_all, transact
from chalicelib.observability import measured
from chalicelib.schemas.mail_event import Event
from chalicelib.services import addresses, consent, deliveries, mail_events, purging, seen, suppressions
from tests import feeds, mailshots
from tests.busy import InTheWay, cancelled
from tests.house import Context, House, Sender
from tests.mailed import AT, FIREFOX, counted, event, mailing, now, told

STEP = 50  # mailings of one transaction


def happened(*events: tuple[Mailing, Event]) -> None:
    """What the feed does with events as they are written, in one batch."""
    with deliveries.gathering() as gathered:
        for one, said in events:
            deliveries.happened(None, mail_events.build(one.tenant, said))
    for tenant in gathered.tenants():
        gathered.settle(tenant)


def entries(one: Mailing) -> dict[str, str]:
    """What the contact's timeline tells of it: when, by kind."""
    found = every(keys.key("contact", tenant=one.tenant, id=one.contact_id)[0])
    return {entry.what: entry.at[11:19] for entry in found if isinstance(entry, Activity)}


def test_from_the_hook_to_the_report_and_the_timeline(house: House, owner: Sender) -> None:
    contact = owner.contact()["id"]
    one = mailing(owner.tenant, contact_id=contact)
    other = mailing(owner.tenant, one.campaign_id)
    mail_events.record(
        owner.tenant,
        [
            event(one, "delivered", 5),
            event(one, "opened", 60),
            event(one, "clicked", 99),
            event(other, "bounced", 3, recipient="gone@home.test"),
        ],
    )
    house.settle()
    assert counted(owner.tenant, one.campaign_id) == {
        "delivered": 1,
        "opened": 1,
        "opened_human": 1,
        "clicked": 1,
        "clicked_human": 1,
        "bounced": 1,
    }
    assert told(one)["clicked_human"] == "2026-03-01T09:01:39.000Z"
    assert told(other)["bounced"] == "hard"
    timeline = owner.get(f"/v1/contacts/{contact}/timeline?kind=mail.clicked").json["data"]
    assert [(entry["at"], entry["data"]) for entry in timeline] == [
        ("2026-03-01T09:01:39.000Z", {"campaign_id": one.campaign_id})
    ]
    assert entries(one).keys() >= {"mail.opened", "mail.clicked"}
    assert entries(other) == {"mail.bounced": "09:00:03"}
    known = suppressions.load(owner.tenant, addresses.digest(owner.tenant, "gone@home.test"))
    assert known is not None
    assert "hard_bounce" in known.reasons["*"]


def test_a_complaint_keeps_further_mails_away(house: House, owner: Sender) -> None:
    address = f"{ids.new('xxx')[-8:].lower()}@home.test"
    contact = owner.contact(first_name="Ann", emails=[{"address": address}])
    one = mailing(owner.tenant, contact_id=contact["id"], address=address)
    mail_events.record(owner.tenant, [event(one, "complained", 500)])
    house.settle()
    assert counted(owner.tenant, one.campaign_id) == {"delivered": 1, "complained": 1}
    record = fetch(Contact, *keys.key("contact", tenant=owner.tenant, id=contact["id"]), consistent=True)
    assert record is not None
    assert consent.refusals(owner.tenant, [record], None) == {contact["id"]: "complaint"}


def test_an_event_that_is_told_twice_in_any_order_counts_once(house: House) -> None:
    tenant = ids.new("ten")
    one = mailing(tenant)
    late = event(one, "delivered", 3)
    happened((one, event(one, "opened", 60)), (one, event(one, "opened", 60)))
    happened((one, late))
    happened((one, late), (one, event(one, "sent", 1)))
    assert counted(tenant, one.campaign_id) == {"delivered": 1, "opened": 1, "opened_human": 1}
    assert told(one)["delivered"] == "2026-03-01T09:00:03.000Z"


def test_a_scanner_that_shows_later_takes_the_human_figures_back(house: House, owner: Sender) -> None:
    one = mailing(owner.tenant)
    mail_events.record(owner.tenant, [event(one, "opened", 60)])
    house.settle()
    assert entries(one) == {"mail.opened": "09:01:00"}
    scan = [event(one, "clicked", 61, url=f"https://firm.test/{number}") for number in range(3)]
    mail_events.record(owner.tenant, scan)
    house.settle()
    assert counted(owner.tenant, one.campaign_id) == {"opened": 1, "clicked": 1}
    assert entries(one) == {}


def test_an_earlier_opening_that_comes_late_moves_the_entry(house: House, owner: Sender) -> None:
    one = mailing(owner.tenant)
    for second in (300, 100):
        mail_events.record(owner.tenant, [event(one, "opened", second)])
        house.settle()
    assert entries(one) == {"mail.opened": "09:01:40"}
    assert counted(owner.tenant, one.campaign_id)["opened_human"] == 1


def test_that_a_sent_mail_was_sent_costs_no_write(house: House) -> None:
    one = mailing(ids.new("ten"))
    with measured("test") as meter:
        happened((one, event(one, "sent", 1)))
    assert (meter.rru, meter.wru) == (0.5, 0)
    assert now(one).seen is None


def test_what_nobody_knows_changes_no_campaign(house: House, owner: Sender) -> None:
    stranger = mailing(house.signup().tenant)
    unknown = Event(type="bounced", provider="ses", event_id="1", at=AT, message_id="0100-nobody", bounce="hard")
    of_nobody = Mailing.at(owner.tenant, ids.new("con"), ids.new("run"))
    mail_events.record(owner.tenant, [unknown, event(stranger, "opened"), event(of_nobody, "opened")])
    house.settle()
    assert now(stranger).seen is None  # another firm's provider told of it, and it is not that firm's
    assert len(owner.get("/v1/mail-events").json["data"]) == 3


def test_a_mail_without_a_tag_is_known_by_the_message_id_that_we_made(house: House, owner: Sender) -> None:
    one = mailing(owner.tenant)
    said = event(one, "delivered", send=None, message_id=f"{one.send_id}@firm.test")
    mail_events.record(owner.tenant, [said])
    house.settle()
    assert told(one)["delivered"]


# What was not known


@pytest.mark.parametrize(("what", "status"), [("sent", "sent"), ("opened", "sent"), ("rejected", "failed")])
@pytest.mark.parametrize("first", ["event", "outcome"])
def test_a_mail_of_which_nobody_knew_is_settled_by_what_is_told_of_it(
    house: House, owner: Sender, what: str, status: str, first: str
) -> None:
    one = mailing(owner.tenant, status=None if first == "event" else "unknown")
    mail_events.record(owner.tenant, [event(one, what, 30, message_id="m-1")])
    if first == "event":
        house.settle()
        assert now(one).status == "claimed"  # whoever has the claim says what became of it
        current = now(one)
        current.outcome = mailings.outcome("unknown", clock.stamp(AT))
        put_all([current])
    house.settle()
    assert now(one).status == status
    if status == "sent":
        assert now(one).result["message_id"] == "m-1"


def test_a_mail_that_the_engine_could_not_account_for_is_counted_as_sent_in_the_end(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Together with the engine: the shard is counted anew, and the sum stays right."""
    monkeypatch.setenv("MAIL_RATE", "1000")
    people = [mailshots.contact(owner.tenant) for _ in range(3)]
    segment = mailshots.segment(owner.tenant, people)
    template = owner.post("/v1/templates", {"name": "News", "subject": "News", "html": "<p>Hello</p>"}).json
    one = mailshots.campaign(owner.tenant, segment, _template(owner.tenant, template["id"]))
    post = mailshots.Post(script=[errors.MailUncertain("lost")])
    monkeypatch.setattr(mailer, "send", post.send)
    one = mailshots.sent(mailshots.cut(mailshots.moved(one, "launch")))
    assert mailshots.sums(one) == {"sent": 2, "unknown": 1}
    (unknown,) = [mail for mail in mailshots.mailings(one, people) if mail and mail.status == "unknown"]
    mail_events.record(owner.tenant, [event(unknown, "delivered", message_id="m-1", recipient=unknown.address)])
    house.settle()
    assert mailshots.sums(one) == {"sent": 3}
    assert counted(owner.tenant, one.id) == {"delivered": 1}


def _template(tenant: str, template_id: str) -> Template:
    found = fetch(Template, *keys.key("template", tenant=tenant, id=template_id), consistent=True)
    assert found is not None
    return found


def test_one_that_certainly_was_not_sent_stays_so(house: House, owner: Sender) -> None:
    one = mailing(owner.tenant, status="suppressed")
    mail_events.record(owner.tenant, [event(one, "opened")])
    house.settle()
    assert now(one).status == "suppressed"


# Faults


def test_the_table_goes_away_between_the_writes_and_the_batch_comes_again(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    several = [mailing(owner.tenant) for _ in range(3)]
    feeds.forget(house)
    mail_events.record(owner.tenant, [event(one, "delivered") for one in several])
    records = feeds.taken(house)
    calls = []

    def fails_at_first(*steps: Any) -> None:
        calls.append(len(steps))
        if len(calls) == 1:
            raise errors.Unready("The table is too busy.")
        transact(*steps)

    monkeypatch.setattr(deliveries, "transact", fails_at_first)
    answer = streams.on_change({"Records": records}, Context())
    assert len(answer["batchItemFailures"]) == len(records)
    assert [now(one).seen for one in several] == [None, None, None]
    feeds.deliver(records)
    feeds.deliver(records)
    assert all(counted(owner.tenant, one.campaign_id) == {"delivered": 1} for one in several)


def test_two_workers_at_one_mailing_count_it_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another shard of the feed writes between our read and our write."""
    tenant = ids.new("ten")
    one = mailing(tenant)
    real, meanwhile = deliveries._write, [lambda: happened((one, event(one, "opened", 70)))]

    def late(*given: Any) -> None:
        if meanwhile:
            meanwhile.pop()()
        real(*given)

    monkeypatch.setattr(deliveries, "_write", late)
    happened((one, event(one, "delivered", 5)), (one, event(one, "opened", 60)))
    assert counted(tenant, one.campaign_id) == {"delivered": 1, "opened": 1, "opened_human": 1}
    assert told(one)["opened"] == "2026-03-01T09:01:00.000Z"


def test_what_was_counted_of_somebody_stands_when_he_is_erased_whatever_is_told_late(house: House) -> None:
    tenant = ids.new("ten")
    one = mailing(tenant)
    happened((one, event(one, "opened", 70)))
    before = counted(tenant, one.campaign_id)
    assert before == {"delivered": 1, "opened": 1, "opened_human": 1}
    purging._blot([now(one)])
    happened((one, event(one, "delivered", 5)), (one, event(one, "complained", 90)))
    deliveries.again(tenant, (one.run, one.contact_id, one.step))
    assert counted(tenant, one.campaign_id) == before
    left = now(one)
    assert left.seen is None
    assert left.address is None


def test_nothing_is_kept_or_told_of_somebody_who_was_erased_before_anything_was_known(
    house: House, owner: Sender
) -> None:
    one, other = mailing(owner.tenant), mailing(owner.tenant)
    purging._blot([now(one)])
    mail_events.record(owner.tenant, [event(each, what) for each in (one, other) for what in ("delivered", "opened")])
    house.settle()
    assert (now(one).seen, now(one).counted, entries(one)) == (None, None, {})
    assert entries(other) == {"mail.opened": "09:01:00"}


def test_one_that_goes_meanwhile_keeps_nobody_else_from_being_counted(house: House) -> None:
    tenant, campaign = ids.new("ten"), ids.new("cam")
    several = [mailing(tenant, campaign) for _ in range(5)]
    put_all([], several[2:3])
    happened(*((one, event(one, "delivered")) for one in several))
    assert counted(tenant, campaign) == {"delivered": 4}


def test_a_busy_table_is_waited_for(house: House) -> None:
    one = mailing(ids.new("ten"))
    with InTheWay("TransactWriteItems", cancelled("TransactionConflict", "None"), times=2) as way:
        happened((one, event(one, "complained")))
    assert way.sent == 3
    assert told(one)["complained"]


def test_more_than_one_transaction_takes(house: House) -> None:
    tenant, campaign = ids.new("ten"), ids.new("cam")
    several = [mailing(tenant, campaign) for _ in range(STEP + 7)]
    with measured("test") as meter:
        happened(*((one, event(one, "delivered")) for one in several))
    assert counted(tenant, campaign) == {"delivered": STEP + 7}
    assert meter.rru == 0.5 * len(several)
    assert meter.wru == 2 * len(several) + 2 * 2  # each mailing, and twice the sheet


def test_each_of_another_campaign_is_still_one_transaction(house: House) -> None:
    tenant = ids.new("ten")
    several = [mailing(tenant) for _ in range(STEP)]
    happened(*((one, event(one, "delivered")) for one in several))
    assert all(counted(tenant, one.campaign_id) == {"delivered": 1} for one in several[::7])


# Whatever comes

KINDS = ["sent", "delivered", "deferred", "bounced", "complained", "unsubscribed", "opened", "clicked", "rejected"]
stories = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.sampled_from([*KINDS, "opened", "clicked", "clicked"]),
        st.integers(1, 40),
        st.sampled_from(["https://firm.test/1", "https://firm.test/2", "https://firm.test/3"]),
        st.sampled_from([FIREFOX, "curl/8"]),
    ),
    min_size=1,
    max_size=25,
)


@settings(max_examples=25)
@given(stories, st.integers(0, 10**6))
def test_a_feed_that_repeats_reorders_and_breaks_off_ends_as_the_whole_would(
    engine: str, story: list[Any], seed: int
) -> None:
    chance, tenant, campaign = random.Random(seed), ids.new("ten"), ids.new("cam")
    several = [mailing(tenant, campaign) for _ in range(4)]
    said = [
        (several[number], event(several[number], what, second, **_more(what, url, agent)))
        for number, what, second, url, agent in story
    ]
    batches = [chance.sample(said, chance.randint(1, len(said))) for _ in range(4)] + [said]
    chance.shuffle(batches)

    def breaks_off(*steps: Any) -> None:
        if chance.random() < 0.3:
            raise errors.Unready("The table is too busy.")
        transact(*steps)
        if chance.random() < 0.2:
            raise errors.Unready("The answer was lost.")

    for batch in batches:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(deliveries, "transact", breaks_off)
            while not _done(batch):
                pass
    for one in several:
        whole = seen.state_of([event for other, event in said if other is one])
        assert told(one) == {name: value for name, value in whole.items() if name != "sent"}
    expected: Counter[str] = Counter()
    for one in several:
        expected.update(seen.cells(now(one).seen or {}))
    assert counted(tenant, campaign) == dict(expected)


def _more(what: str, url: str, agent: str) -> dict[str, Any]:
    if what == "clicked":
        return {"url": url, "agent": agent}
    return {"agent": agent} if what == "opened" else {}


def _done(batch: Any) -> bool:
    with deliveries.gathering() as gathered:
        for one, said in batch:
            gathered.add(one.tenant, ((one.run, one.contact_id, one.step), said))
    try:
        for tenant in gathered.tenants():
            gathered.settle(tenant)
    except errors.Unready:
        return False
    return True


# Anew


def test_derived_anew_it_is_the_same_and_what_is_not_kept_any_more_stays(house: House, owner: Sender) -> None:
    clock.set(AT + timedelta(days=1))
    one = mailing(owner.tenant)
    mail_events.record(owner.tenant, [event(one, "delivered", 5), event(one, "opened", 60)])
    house.settle()
    before = now(one).seen
    deliveries.again(owner.tenant, (one.run, one.contact_id, one.step))
    assert now(one).seen == before
    clock.set(AT + timedelta(days=100))
    gone = list(every(keys.partition("mail_event", tenant=owner.tenant, message=one.result["message_id"])))
    put_all([], gone)
    deliveries.again(owner.tenant, (one.run, one.contact_id, one.step))
    assert now(one).seen == before
    assert counted(owner.tenant, one.campaign_id) == {"delivered": 1, "opened": 1, "opened_human": 1}


def test_a_mailing_that_was_opened_and_clicked_stays_small(house: House) -> None:
    """Or each write of it would cost twice."""
    one = mailing(ids.new("ten"))
    happened(*((one, event(one, what, 20)) for what in ("delivered", "opened", "unsubscribed")))
    happened((one, event(one, "clicked", 40)), (one, event(one, "clicked", 90, url="https://firm.test/other")))
    with measured("test") as meter:
        happened((one, event(one, "opened", 300)))
    assert len((now(one).seen or {})[seen.TOUCHES]) == 4
    assert meter.wru == 1
