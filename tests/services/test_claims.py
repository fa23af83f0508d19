"""One claim for each recipient: who has it sends, and who comes late changes nothing. And what a lane makes of it."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from chalicelib import clock, errors
from chalicelib.models import writes
from chalicelib.models.contact import Contact
from chalicelib.models.mailing import Mailing, outcome
from chalicelib.models.writes import put_all
from chalicelib.services import audience, claims, dispatch, lanes, mail_answers, pace, settling, shards
from chalicelib.services.claims import Wish
from tests import mailshots
from tests.house import House
from tests.mailshots import Post


@pytest.fixture
def post(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    monkeypatch.setattr(pace, "wait", clock.advance)
    yield from mailshots.posted(monkeypatch)


def launched(count: int = 2, **fields: Any) -> tuple[Any, list[Contact]]:
    tenant = mailshots.tenant()
    people = [mailshots.contact(tenant) for _ in range(count)]
    return begun(people, **fields), people


def begun(people: list[Contact], **fields: Any) -> Any:
    tenant = people[0].tenant
    one = mailshots.campaign(tenant, mailshots.segment(tenant, people), mailshots.template(tenant), **fields)
    return mailshots.cut(mailshots.moved(one, "launch"))


def taken(one: Any, people: list[Contact]) -> tuple[list[Mailing], list[Mailing | None]]:
    return claims.take(one, 0, [Wish(each.id, "a@home.test") for each in people])


def test_the_first_has_it_and_the_second_sees_whose_it_is(post: Post) -> None:
    one, people = launched()
    ours, nobodys = taken(one, people)
    theirs, others = taken(one, people)
    assert nobodys == [None, None]
    assert [other.claim for other in others if other] == [mine.claim for mine in ours]
    assert theirs[0].claim != ours[0].claim
    assert all(other and other.status == "claimed" and not claims.is_lost(other) for other in others)


def test_a_claim_whose_answer_was_lost_is_ours(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    one, people = launched()

    def twice(items: Any) -> list[bool]:
        writes.insert_each(items)
        return writes.insert_each(items)

    monkeypatch.setattr(claims, "insert_each", twice)
    assert taken(one, people)[1] == [None, None]


def test_a_claim_that_was_lost_is_never_recorded_or_taken_again(post: Post) -> None:
    one, people = launched(1)
    (mine,), _ = taken(one, people)
    clock.advance(claims.LEASE + 1)
    (theirs,) = claims.held([mine])
    assert theirs is not None
    assert claims.is_lost(theirs)
    assert claims.lost(theirs) == "unknown"
    mine.outcome = outcome("sent", clock.stamp(), message_id="m-1")
    assert claims.record([mine]) == [False], "its answer came after its lease"
    (there,) = claims.held([mine])
    assert there is not None
    assert there.status == "unknown"
    stale = Mailing(theirs.pk, theirs.sk, outcome=None, claim=mine.claim)
    assert not claims.settle(stale, outcome("failed", clock.stamp()))


def test_a_lost_claim_of_a_mail_that_was_delivered_was_sent(post: Post) -> None:
    one, people = launched(1)
    (mine,), _ = taken(one, people)
    mine.seen = {"delivered": clock.stamp()}
    assert claims.lost(mine) == "sent"


def test_of_two_who_take_a_deferred_one_again_one_has_it(post: Post) -> None:
    one, people = launched(1)
    (mine,), _ = taken(one, people)
    mine.outcome = claims.deferred("throttled", 3, clock.stamp())
    assert claims.record([mine]) == [True]
    first, second = claims.held([mine])[0], claims.held([mine])[0]
    assert first is not None
    assert second is not None
    assert claims.attempts(first) == 3
    assert claims.retake(first, "a@home.test")
    assert not claims.retake(second, "a@home.test")
    assert first.outcome is None
    first.outcome = outcome("sent", clock.stamp())
    assert claims.record([first]) == [True]


def test_somebody_in_two_shards_is_mailed_once_and_accounted_for_twice(post: Post) -> None:
    """No walk of a segment gives him twice; if one ever did, the sum were right all the same."""
    one, _ = launched(2)
    (shard,) = mailshots.all_shards(one)
    from chalicelib.models.campaign import Shard
    from chalicelib.models.writes import Step, transact

    double = Shard.at(one.tenant, one.id, 1)
    double.size, double.packed = 1, bytes(shard.packed)[: len(bytes(shard.packed)) // 2]
    put_all([double])
    one.shards, one.audience = 2, 3
    transact(Step("save", one))
    one = mailshots.sent(one)
    assert (one.status, mailshots.sums(one)) == ("finished", {"sent": 2, "suppressed": 1})
    assert max(Counter(post.addresses).values()) == 1


def test_whom_the_provider_would_not_take_yet_is_tried_later_and_slower(post: Post) -> None:
    one, people = launched(4)
    post.script = [errors.MailThrottled(), errors.MailDeferred(), errors.MailThrottled(), None]
    began = clock.epoch()
    one = mailshots.sent(one)
    assert (one.status, mailshots.sums(one)) == ("finished", {"sent": 4})
    assert clock.epoch() - began >= mail_answers.PAUSE
    assert pace._read(one.tenant).slowed == 500
    assert {mail.result["status"] for mail in mailshots.mailings(one, people) if mail} == {"sent"}


def test_after_the_quota_of_the_day_nothing_goes_for_long(post: Post) -> None:
    one, _ = launched(30)
    post.script = [errors.MailThrottled("", 3600.0)]
    began = clock.epoch()
    one = mailshots.sent(one)
    assert (one.status, mailshots.sums(one)) == ("finished", {"sent": 30})
    assert clock.epoch() - began >= 3600


def test_a_mail_that_is_never_taken_has_failed_in_the_end_and_may_be_tried_again(post: Post) -> None:
    one, _ = launched(1)
    post.script = [errors.MailDeferred() for _ in range(mail_answers.ATTEMPTS)]
    one = mailshots.sent(one)
    assert (one.status, mailshots.sums(one)) == ("finished", {"failed": 1})
    assert set(mailshots.fates(one).values()) == {("f", "deferred")}
    clock.advance(1)
    one = mailshots.sent(mailshots.moved(one, "retry"))
    assert mailshots.sums(one) == {"sent": 1}


def test_a_fault_of_our_own_in_one_mail_keeps_nobody_else_from_his(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    from chalicelib.services import composing

    one, people = launched(3)
    real = composing.mail

    def mail(campaign: Any, contact: Contact, *more: Any) -> Any:
        if contact.id == people[0].id:
            raise ZeroDivisionError
        return real(campaign, contact, *more)

    monkeypatch.setattr(composing, "mail", mail)
    one = mailshots.sent(one)
    assert mailshots.sums(one) == {"sent": 2, "failed": 1}
    assert mailshots.fates(one)[people[0].id] == ("f", "ZeroDivisionError")


def test_each_is_mailed_in_his_own_hours(post: Post) -> None:
    clock.set(datetime(2026, 3, 9, 8, 30, tzinfo=UTC))  # Monday: open in Vienna, night in New York
    tenant = mailshots.tenant()
    zones = ("Europe/Vienna", "America/New_York", "Europe/Vienna", None)
    people = [mailshots.contact(tenant, time_zone=zone) for zone in zones]
    window = {"hours": {"mon": [["09:00", "17:00"]]}, "holidays": [], "zone": "contact"}
    one = begun(people, window=window)
    assert {shard.zone for shard in mailshots.all_shards(one)} == {"Europe/Vienna", "America/New_York", None}
    when: dict[str, datetime] = {}
    post.script = [lambda mail: when.update({mail.to: clock.now()})] * 4
    moved = people[2]  # since the audience was cut
    moved.time_zone = "America/New_York"
    put_all([moved])
    one = mailshots.sent(one)
    assert (one.status, mailshots.sums(one)) == ("finished", {"sent": 4})
    hours = [when[each.emails[0]["address"]].hour for each in people]
    assert hours == [8, 13, 13, 9], "New York opens at 13:00 UTC, the firm's zone is UTC"


def test_a_lane_that_was_lost_is_revived_by_its_moment(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_RATE", "1000")
    one, _ = launched(3)
    house.queue.clear()  # all hints are lost

    def killed(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(claims, "record", killed)
        house.minute()
        with pytest.raises(KeyboardInterrupt):
            house.work()
    assert len(house.outbox.mails) == 3
    for _ in range(8):
        clock.advance(301)
        house.queue.clear()
        house.minute()
        house.work()
    one = mailshots.read(one)
    assert (one.status, mailshots.sums(one), len(house.outbox.mails)) == ("finished", {"unknown": 3}, 3)


def test_a_lane_that_fails_for_good_pauses_its_campaign_and_says_so(post: Post) -> None:
    one, _ = launched(1)
    (job,) = mailshots.jobs_of(one.tenant, dispatch.LANE)
    for _ in range(2):
        lanes.close(job)
    one = mailshots.read(one)
    assert (one.status, one.paused_reason) == ("paused", "lane_failed")
    assert lanes.step(job) is True
    one = mailshots.sent(mailshots.moved(one, "resume"))
    assert one.status == "finished"


def test_an_audience_that_fails_for_good_pauses_its_campaign_and_says_so(post: Post) -> None:
    tenant = mailshots.tenant()
    people = [mailshots.contact(tenant)]
    one = mailshots.campaign(tenant, mailshots.segment(tenant, people), mailshots.template(tenant))
    one = mailshots.moved(one, "launch")
    (job,) = mailshots.jobs_of(tenant, dispatch.AUDIENCE)
    audience.close(job)
    assert mailshots.read(one).paused_reason == "audience_failed"


def test_a_trace_tells_no_address_and_is_of_one_run() -> None:
    tenant = mailshots.tenant()
    same = [shards.trace(tenant, "run_1", address) for address in ("Ann@Home.test", "ann@home.test")]
    assert same[0] == same[1]
    assert shards.trace(tenant, "run_2", "ann@home.test") != same[0]
    assert shards.trace(tenant, "run_1", None) == shards.NOWHERE


def test_what_others_write_meanwhile_is_not_written_over(post: Post) -> None:
    one, _ = launched(2)
    first, second = settling.load(one.tenant, one.id, 0), settling.load(one.tenant, one.id, 0)
    assert first is not None
    assert second is not None
    settling.keep(first, ["s", "-"], {}, None)
    with pytest.raises(errors.Stale):
        settling.keep(second, ["-", "-"], {}, None)
