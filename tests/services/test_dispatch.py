"""A campaign from its launch to its end: everybody in the audience gets one mail or a reason, and the sum is right."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import clock, errors
from chalicelib.adapters import mailer
from chalicelib.models import keys
from chalicelib.models.contact import Contact
from chalicelib.models.pace import Spending
from chalicelib.models.segment import Member
from chalicelib.models.settings import Settings
from chalicelib.models.writes import Step, put_all, transact
from chalicelib.observability import Meter
from chalicelib.services import (
    audience,
    budget,
    dispatch,
    lanes,
    ledger,
    pace,
    recipients,
    settling,
    shards,
    suppressions,
)
from tests import mailshots
from tests.house import House, Sender
from tests.mailshots import Post


@pytest.fixture
def post(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    yield from mailshots.posted(monkeypatch)


def ready(contacts: list[Contact], **fields: Any) -> Any:
    tenant = contacts[0].tenant
    return mailshots.campaign(tenant, mailshots.segment(tenant, contacts), mailshots.template(tenant), **fields)


def people(count: int, **fields: Any) -> list[Contact]:
    tenant = mailshots.tenant()
    return [mailshots.contact(tenant, **fields) for _ in range(count)]


def launched(contacts: list[Contact], **fields: Any) -> Any:
    return mailshots.cut(mailshots.moved(ready(contacts, **fields), "launch"))


def test_the_primary_address_is_mailed_wherever_it_stands(post: Post) -> None:
    (ada,) = people(1)
    ada.emails = [{"address": "old@ada.example"}, {"address": "new@ada.example", "primary": True}]
    suppressions.add(ada.tenant, "old@ada.example", "hard_bounce", "ses")  # which nobody asks about
    one = mailshots.sent(launched([ada]))
    assert (mailshots.sums(one), post.addresses) == ({"sent": 1}, ["new@ada.example"])


def test_everybody_gets_one_mail_and_it_is_finished(post: Post) -> None:
    contacts = people(130)
    one = mailshots.sent(launched(contacts))
    assert one.status == "finished"
    assert (one.audience, one.shards) == (130, 2)
    assert mailshots.sums(one) == {"sent": 130}
    assert Counter(post.addresses) == Counter(each.emails[0]["address"] for each in contacts)
    assert {mail.status for mail in mailshots.mailings(one, contacts) if mail} == {"sent"}


def test_whoever_may_not_be_mailed_has_a_reason(post: Post) -> None:
    contacts = people(6)
    tenant = contacts[0].tenant
    contacts[1].preferences = {"channels": {"email": False}}
    contacts[2].emails = None
    one = launched(contacts)
    moved, gone, deleted = contacts[3], contacts[4], contacts[5]
    moved.emails = [{"address": f"other.{tenant}@example.com"}]
    deleted.deleted_at = clock.stamp()
    put_all([moved, deleted], [gone])
    one = mailshots.sent(one)
    assert post.addresses == [contacts[0].emails[0]["address"]]
    assert {name: mailshots.fates(one)[each.id] for name, each in zip("abcdef", contacts, strict=True)} == {
        "a": ("s", None),
        "b": ("x", "channel_off"),
        "c": ("x", "no_address"),
        "d": ("x", "address_changed"),
        "e": ("x", "erased"),
        "f": ("x", "deleted"),
    }
    assert mailshots.sums(one) == {"sent": 1, "suppressed": 5}
    assert one.status == "finished"


def test_an_address_that_two_have_gets_one_mail(post: Post) -> None:
    contacts = sorted(people(3), key=lambda each: each.id)  # the order of a segment
    for each, address in zip(contacts, ("Ann@home.test", "ann@home.test", "bob@home.test"), strict=True):
        each.emails = [{"address": address}]
    one = mailshots.sent(launched(contacts))
    assert sorted(post.addresses) == ["Ann@home.test", "bob@home.test"]
    assert mailshots.fates(one)[contacts[1].id] == ("x", "duplicate_address")
    assert mailshots.sums(one) == {"sent": 2, "suppressed": 1}


def test_an_audience_of_nobody_is_finished_at_once(post: Post) -> None:
    tenant = mailshots.tenant()
    empty = mailshots.segment(tenant, [])
    one = mailshots.campaign(tenant, empty, mailshots.template(tenant))
    one = mailshots.sent(mailshots.cut(mailshots.moved(one, "launch")))
    assert (one.status, one.audience, mailshots.sums(one)) == ("finished", 0, {})


def test_a_step_of_the_audience_done_again_writes_the_same(post: Post) -> None:
    contacts = people(7)
    one = mailshots.moved(ready(contacts), "launch")
    (job,) = mailshots.jobs_of(one.tenant, dispatch.AUDIENCE)
    over = False
    while not over:
        state = dict(job.state)
        audience.step(job)
        before = [(shard.sk, shard.packed, shard.of_version) for shard in mailshots.all_shards(one)]
        job.state = state
        over = audience.step(job)
        after = [(shard.sk, shard.packed, shard.of_version) for shard in mailshots.all_shards(one)]
        assert after == before
    assert len(mailshots.jobs_of(one.tenant, dispatch.LANE)) == 1
    assert mailshots.read(one).audience == 7


def test_a_segment_that_changes_during_the_run_changes_nothing(post: Post) -> None:
    contacts = people(3)
    one = launched(contacts)
    late = mailshots.contact(one.tenant)
    places = [
        keys.key("member", tenant=one.tenant, segment=one.segment_id, contact=each.id) for each in (late, contacts[0])
    ]
    put_all([late, Member(*places[0], contact_id=late.id, at=clock.stamp())], [Member(*places[1])])
    one = mailshots.sent(one)
    assert Counter(post.addresses) == Counter(each.emails[0]["address"] for each in contacts)
    assert mailshots.sums(one) == {"sent": 3}


def test_a_segment_that_is_being_built_is_not_launched(post: Post) -> None:
    tenant = mailshots.tenant()
    half = mailshots.segment(tenant, [])
    half.building = "job_1"
    put_all([half])
    one = mailshots.campaign(tenant, half, mailshots.template(tenant))
    with pytest.raises(errors.Conflict):
        mailshots.moved(one, "launch")
    assert mailshots.read(one).status == "draft"


def test_paused_lanes_end_and_resumed_ones_go_on_without_a_second_mail(post: Post, monkeypatch: Any) -> None:
    contacts = people(60)
    one = launched(contacts)
    halted: list[Any] = []

    def send(mail: Any) -> str:
        if not halted:
            halted.append(mailshots.moved(one, "pause"))
        return post.send(mail)

    monkeypatch.setattr(mailer, "send", send)
    one = mailshots.sent(one)
    assert one.status == "paused"
    assert len(post.taken) == 25, "the slice in flight goes on, no further one does"
    one = mailshots.moved(one, "resume")
    again = mailshots.moved(one, "resume")
    assert again.frozen == one.frozen, "resumed twice, it has no lanes twice"
    one = mailshots.sent(one)
    assert one.status == "finished"
    assert Counter(post.addresses) == Counter(each.emails[0]["address"] for each in contacts)
    assert mailshots.sums(one) == {"sent": 60}


def test_paused_while_its_audience_is_cut_it_begins_when_it_is_resumed(post: Post) -> None:
    contacts = people(2)
    one = mailshots.moved(ready(contacts), "launch")
    mailshots.moved(one, "pause")
    one = mailshots.cut(one)
    assert (one.status, one.audience) == ("paused", 2)
    assert mailshots.jobs_of(one.tenant, dispatch.LANE) == []
    one = mailshots.sent(mailshots.moved(one, "resume"))
    assert (one.status, len(post.taken)) == ("finished", 2)


def test_resumed_while_its_audience_is_cut_it_has_one_round_of_lanes(post: Post) -> None:
    one = mailshots.moved(ready(people(2)), "launch")
    mailshots.moved(one, "pause")
    mailshots.moved(one, "resume")
    one = mailshots.sent(mailshots.cut(one))
    assert (one.status, len(post.taken), len(mailshots.jobs_of(one.tenant, dispatch.LANE))) == ("finished", 2, 1)


def test_paused_as_the_last_one_is_counted_it_stays_so_until_it_is_resumed(post: Post) -> None:
    one = launched(people(1))
    lanes.step(mailshots.jobs_of(one.tenant, dispatch.LANE)[0])
    mailshots.moved(one, "pause")
    assert settling.finish(one), "the lane saw it running"
    assert mailshots.read(one).status == "paused"
    one = mailshots.sent(mailshots.moved(one, "resume"))
    assert (one.status, mailshots.sums(one), len(post.taken)) == ("finished", {"sent": 1}, 1)


def test_cancelled_the_rest_is_settled_and_the_sum_is_right(post: Post, monkeypatch: Any) -> None:
    contacts = people(60)
    one = launched(contacts)

    def send(mail: Any) -> str:
        if len(post.taken) == 3:
            mailshots.moved(one, "cancel")
        return post.send(mail)

    monkeypatch.setattr(mailer, "send", send)
    one = mailshots.sent(one)
    assert one.status == "cancelled"
    assert mailshots.sums(one) == {"sent": 25, "suppressed": 35}
    assert Counter(reason for _, reason in mailshots.fates(one).values()) == {None: 25, "cancelled": 35}


def test_cancelled_before_anybody_was_asked_it_had_no_audience(post: Post) -> None:
    one = mailshots.moved(ready(people(2)), "launch")
    one = mailshots.moved(one, "cancel")
    assert mailshots.cut(one).audience == 0
    assert (post.taken, mailshots.sums(one)) == ([], {})


def test_only_the_failed_are_tried_again(post: Post) -> None:
    contacts = people(5)
    one = launched(contacts)
    post.script = [errors.MailRefused(), None, errors.MailUncertain(), None, errors.MailRefused()]
    one = mailshots.sent(one)
    assert one.status == "finished"
    assert mailshots.sums(one) == {"sent": 2, "unknown": 1, "failed": 2}
    clock.advance(1)
    post.script = [errors.MailRefused(), None]
    one = mailshots.sent(mailshots.moved(one, "retry"))
    assert one.status == "finished"
    assert mailshots.sums(one) == {"sent": 3, "unknown": 1, "failed": 1}
    assert max(Counter(post.addresses).values()) == 1


def test_the_unknown_who_turns_out_to_be_sent_is_counted_anew(post: Post) -> None:
    from chalicelib.models.mailing import outcome
    from chalicelib.services import claims

    contacts = people(3)
    one = launched(contacts)
    post.script = [errors.MailUncertain()]
    one = mailshots.sent(one)
    assert mailshots.sums(one) == {"sent": 2, "unknown": 1}
    (mail,) = [each for each in mailshots.mailings(one, contacts) if each and each.status == "unknown"]
    assert claims.settle(mail, outcome("sent", clock.stamp()))
    for _ in range(2):
        settling.recount(one.tenant, one.id, int(mail.shard))
        assert mailshots.sums(one) == {"sent": 3}


def test_a_lane_goes_on_when_its_shard_was_counted_by_nobody(post: Post, monkeypatch: Any) -> None:
    one = launched(people(2))
    (job,) = mailshots.jobs_of(one.tenant, dispatch.LANE)

    def killed(shard: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(settling, "count", killed)
        with pytest.raises(KeyboardInterrupt):
            lanes.step(job)
    assert mailshots.sums(one) == {}
    one = mailshots.sent(one)
    assert (one.status, mailshots.sums(one), len(post.taken)) == ("finished", {"sent": 2}, 2)


def test_two_lanes_that_end_at_once_leave_it_finished(post: Post, monkeypatch: Any) -> None:
    """Each counts its shard before either looks at the sum; and one looks before the other has counted."""
    monkeypatch.setattr(shards, "SIZE", 2)
    contacts = people(3)
    for order in ((0, 1, 0, 1), (0, 0, 1, 1), (1, 0, 0, 1)):
        one = launched(contacts, concurrency=2)
        steps = {job.params["lane"]: job for job in mailshots.jobs_of(one.tenant, dispatch.LANE)
                 if job.params["run"] == one.run}  # fmt: skip
        assert len(steps) == 2
        for lane in order:
            lanes.step(steps[lane])
        assert mailshots.read(one).status == "finished", order


def test_each_mail_knows_its_campaign_and_its_way_out(post: Post) -> None:
    contacts = people(1)
    one = mailshots.sent(launched(contacts, reply_to="reply@firm.test", topic=None))
    (mail,) = post.taken
    assert mail.subject == "Hello Ada"
    assert all(part in (mail.html or "") for part in ("/t/c/", "/t/o/", "/u/"))
    assert mail.sender == "News <news@firm.test>"
    assert mail.tags == {"send": f"{one.run}-{contacts[0].id}", "tenant": one.tenant, "campaign": one.id}
    assert mail.headers["Reply-To"] == "reply@firm.test"
    assert mail.headers["List-Unsubscribe"].startswith("<https://crm.test/u/")
    assert mail.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_seeds_get_a_marked_copy_once_and_are_not_counted(post: Post) -> None:
    contacts = people(1)
    one = mailshots.moved(ready(contacts, seeds=["seed@firm.test"]), "launch")
    (job,) = mailshots.jobs_of(one.tenant, dispatch.AUDIENCE)
    for _ in range(2):
        audience._seeds(job, mailshots.read(one), {"size": 1, "number": 1})
    one = mailshots.sent(mailshots.cut(one))
    assert [(mail.to, mail.subject) for mail in post.taken if mail.to == "seed@firm.test"] == [
        ("seed@firm.test", "[Seed] Hello")
    ]
    assert mailshots.sums(one) == {"sent": 1}


def test_what_it_took_is_on_its_sheet(post: Post) -> None:
    one = mailshots.sent(launched(people(4)))
    cost = ledger.sheet(one.tenant, one.id, settling.COST)
    assert {"rru", "wru", "ms", "nano_usd"} <= cost.keys()
    assert cost["wru"] > 8000


def test_letters_and_cells_are_each_others_inverse() -> None:
    assert {shards.LETTERS[cell]: cell for cell in shards.CELLS.values()} == shards.CELLS
    assert all(map(shards.is_open, (shards.UNTOUCHED, shards.HELD)))


def test_what_is_edited_after_the_launch_changes_nothing(post: Post) -> None:
    from chalicelib.schemas.actor import Actor
    from chalicelib.services import permissions, templates

    contacts = people(1)
    one = launched(contacts)
    actor = Actor(one.tenant, "usr_0", "owner", permissions.ALL)
    templates.update(actor, str(one.template_id), {"subject": "Other", "html": "<p>Other</p>"}, None)
    mailshots.sent(one)
    assert post.taken[0].subject == "Hello Ada"
    assert "Other" not in (post.taken[0].html or "")


@pytest.mark.parametrize(
    ("fields", "name", "reason"),
    [
        ({"html": "{% for a in (1..900) %}{% for b in (1..900) %}{{ a }}{% endfor %}{% endfor %}"}, "Ada", None),
        ({"subject": "Hi {{ contact.first_name }}"}, "Ada\r\nBcc: all@firm.test", "sent"),
    ],
)
def test_a_template_bomb_and_a_name_with_headers_in_it(
    post: Post, fields: dict[str, str], name: str, reason: str | None
) -> None:
    contacts = people(2)
    contacts[0].first_name = name
    segment = mailshots.segment(contacts[0].tenant, contacts)
    template = mailshots.template(contacts[0].tenant, **fields)
    one = mailshots.campaign(contacts[0].tenant, segment, template)
    one = mailshots.sent(mailshots.cut(mailshots.moved(one, "launch")))
    assert one.status == "finished"
    if reason is None:
        assert (mailshots.sums(one), post.taken) == ({"failed": 2}, [])
        assert all(why for _, why in mailshots.fates(one).values()), "each knows what was wrong"
    else:
        assert mailshots.sums(one) == {"sent": 2}
        assert all("\n" not in mail.subject and "\r" not in mail.subject for mail in post.taken)


def closed(one: Any) -> Any:
    """Its audience could not be cut: the last job of it has failed, or was cancelled."""
    audience.close(mailshots.jobs_of(one.tenant, dispatch.AUDIENCE)[-1])
    return mailshots.read(one)


def test_an_audience_that_could_not_be_cut_is_cut_anew_when_it_is_resumed(post: Post) -> None:
    contacts = people(3)
    one = mailshots.moved(ready(contacts), "launch")
    (job,) = mailshots.jobs_of(one.tenant, dispatch.AUDIENCE)
    audience.step(job)
    one = closed(one)
    assert (one.status, one.paused_reason) == ("paused", "audience_failed")
    closed(one)  # as it may be called twice
    one = mailshots.moved(one, "resume")
    assert audience.step(job) is True  # the first one does nothing any more
    (again,) = [each for each in mailshots.jobs_of(one.tenant, dispatch.AUDIENCE) if each.id != job.id]
    while not audience.step(again):
        pass
    one = mailshots.sent(mailshots.read(one))
    assert (one.status, mailshots.sums(one)) == ("finished", {"sent": 3})


def test_one_that_was_paused_when_its_audience_failed_goes_on_too(post: Post) -> None:
    one = mailshots.moved(mailshots.moved(ready(people(2)), "launch"), "pause")
    assert closed(one).status == "paused"
    one = mailshots.moved(one, "resume")
    assert len(mailshots.jobs_of(one.tenant, dispatch.AUDIENCE)) == 2
    one = mailshots.moved(mailshots.moved(one, "pause"), "resume")
    assert len(mailshots.jobs_of(one.tenant, dispatch.AUDIENCE)) == 2  # which one is at work now


def test_lanes_that_are_cancelled_as_jobs_leave_nobody_of_a_cancelled_campaign_open(post: Post) -> None:
    one = mailshots.moved(launched(people(3)), "cancel")
    lane = mailshots.jobs_of(one.tenant, dispatch.LANE)[-1]
    lane.cancelled_by = "usr_0"
    lanes.close(lane)
    lanes.close(lane)  # as it may be called twice
    one = mailshots.sent(one)
    assert (one.status, mailshots.sums(one)) == ("cancelled", {"suppressed": 3})


@pytest.mark.parametrize("trashed", [False, True])
def test_lanes_of_a_cancelled_campaign_that_fail_leave_nobody_open(post: Post, trashed: bool) -> None:
    one = mailshots.moved(launched(people(3)), "cancel")
    if trashed:
        one.deleted_at = clock.stamp()
        transact(Step("save", one))
    failed = mailshots.jobs_of(one.tenant, dispatch.LANE)[-1]
    for _ in range(2):  # as it may be called twice
        lanes.close(failed)
    assert len(mailshots.jobs_of(one.tenant, dispatch.LANE)) == 3
    one = mailshots.sent(one)
    assert (one.status, mailshots.sums(one)) == ("cancelled", {"suppressed": 3})
    failed.params["round"] = lanes.ROUNDS
    one.frozen = {**one.frozen, "round": lanes.ROUNDS}
    transact(Step("save", one))
    lanes.close(failed)
    assert len(mailshots.jobs_of(one.tenant, dispatch.LANE)) == 3, "not for ever"


def test_who_launched_it_is_told_once_why_it_is_paused_by_itself(house: House, owner: Sender) -> None:
    contacts = [mailshots.contact(owner.tenant) for _ in range(2)]
    one = ready(contacts, launched_by=owner.user)
    one = mailshots.cut(mailshots.moved(one, "launch"))
    for lane in mailshots.jobs_of(one.tenant, dispatch.LANE) * 2:
        lanes.close(lane)
    assert mailshots.read(one).paused_reason == "lane_failed"
    (told,) = owner.get("/v1/notifications").json["data"]
    assert (told["kind"], told["subject_id"]) == ("campaign", one.id)
    assert told["title"] == "News is paused: sending has failed, again and again."


def test_a_cancelled_one_in_the_trash_is_accounted_for(post: Post, monkeypatch: Any) -> None:
    monkeypatch.setattr(shards, "SIZE", 3)
    contacts = people(5)
    post.script = [errors.MailUncertain("?")]
    one = launched(contacts, concurrency=1)
    lanes.step(mailshots.jobs_of(one.tenant, dispatch.LANE)[0])
    one = mailshots.moved(one, "cancel")
    one.deleted_at = clock.stamp()
    transact(Step("save", one))
    assert mailshots.sums(mailshots.sent(one)) == {"sent": 2, "unknown": 1, "suppressed": 2}


def test_who_is_tried_again_is_so_also_after_a_pause(post: Post, monkeypatch: Any) -> None:
    monkeypatch.setattr(shards, "SIZE", 2)
    contacts = people(5)
    post.script = [errors.MailRefused("no") for _ in contacts]
    one = mailshots.sent(launched(contacts, concurrency=3))
    assert (one.shards, mailshots.sums(one)) == (3, {"failed": 5})
    one = mailshots.moved(mailshots.moved(mailshots.moved(one, "retry"), "pause"), "resume")
    one = mailshots.sent(one)
    assert (one.status, mailshots.sums(one)) == ("finished", {"sent": 5})


def test_a_seed_of_the_audience_gets_one_mail_and_one_that_said_no_none(post: Post) -> None:
    contacts = people(2)
    mine = contacts[0].emails[0]["address"]
    suppressions.add(contacts[0].tenant, "no@firm.test", "manual", "test")
    mailshots.sent(launched(contacts, seeds=[mine.upper(), "no@firm.test", "qa@firm.test"]))
    assert Counter(post.addresses) == Counter([*(each.emails[0]["address"] for each in contacts), "qa@firm.test"])


@pytest.mark.parametrize(("answer", "ends"), [(errors.MailRefused, {"failed": 1}), (errors.MailDeferred, {"sent": 1})])
def test_who_has_it_by_what_the_provider_tells_gets_no_second_one(
    post: Post, answer: type[Exception], ends: dict[str, int]
) -> None:
    contacts = people(1)
    post.script = [answer("no")]
    one = launched(contacts)
    lanes.step(mailshots.jobs_of(one.tenant, dispatch.LANE)[0])
    (mail,) = mailshots.mailings(one, contacts)
    assert mail is not None
    mail.seen = {"delivered": clock.stamp()}
    transact(Step("save", mail))
    one = mailshots.sent(one)
    if answer is errors.MailRefused:
        one = mailshots.sent(mailshots.moved(one, "retry"))
    assert (one.status, mailshots.sums(one), post.addresses) == ("finished", ends, [])


def test_a_limit_that_is_set_later_counts_what_it_took_by_then(post: Post) -> None:
    one = mailshots.moved(launched(people(3)), "pause")
    assert budget.begun(one) == []
    one.max_cost = 1000
    settling.charge(one.tenant, one.id, Meter(mails=9))
    (step,) = budget.begun(one)
    assert isinstance(step.item, Spending)
    assert step.item.nano > 9 * 99_000
    transact(step)
    assert budget.begun(one) == []
    assert not budget.reserve(one, budget.estimate(1))


def test_a_limit_that_is_set_again_counts_what_it_took_without_one(post: Post) -> None:
    one = mailshots.moved(launched(people(3), max_cost=1000), "pause")
    assert budget.reserve(one, budget.estimate(1))
    settling.charge(one.tenant, one.id, Meter(mails=9))  # of which eight while it had none
    (step,) = budget.begun(one)
    transact(step)
    assert budget.begun(one) == []
    assert not budget.reserve(one, budget.estimate(1))


def test_a_step_that_fails_is_on_the_bill(post: Post, monkeypatch: Any) -> None:
    one = launched(people(1))
    before = ledger.sheet(one.tenant, one.id, settling.COST)
    monkeypatch.setattr(mailer, "send_all", lambda mails: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        lanes.step(mailshots.jobs_of(one.tenant, dispatch.LANE)[0])
    assert ledger.sheet(one.tenant, one.id, settling.COST)["wru"] >= before["wru"] + 2000, "a claim, and this entry"


def test_seeds_go_out_no_faster_than_the_provider_takes_them(post: Post, monkeypatch: Any) -> None:
    monkeypatch.setenv("MAIL_RATE", "2")
    monkeypatch.setattr(pace, "wait", clock.advance)
    when: list[float] = []
    post.script = [lambda mail: when.append(clock.epoch())] * 4
    launched(people(1), seeds=[f"seed{number}@firm.test" for number in range(4)])
    assert len(post.taken) == 4
    assert when[-1] - when[0] >= 1, "half a second each, but for what may come early"


def test_seeds_do_not_wait_for_a_provider_that_takes_nothing_for_hours(post: Post) -> None:
    contacts = people(1)
    pace.close(contacts[0].tenant, 3600)
    one = launched(contacts, seeds=["seed0@firm.test", "seed1@firm.test"])
    assert (one.shards, post.taken) == (1, [])


def test_a_mail_says_whom_it_is_from_and_where_the_firm_is(post: Post) -> None:
    contacts = people(1)
    tenant = contacts[0].tenant
    transact(
        Step("save", Settings(*keys.key("settings", tenant=tenant), tenant=tenant, updated_at="", address="1 Mill"))
    )
    html = '<p>{{ sender.name }} {{ sender.email }}, {{ firm.address }} <a href="{{ unsubscribe_url }}">no</a></p>'
    segment, template = mailshots.segment(tenant, contacts), mailshots.template(tenant, html=html)
    one = mailshots.moved(mailshots.campaign(tenant, segment, template), "launch")
    mailshots.sent(mailshots.cut(one))
    assert "News news@firm.test, 1 Mill" in (post.taken[0].html or "")


def test_what_a_job_left_behind_is_nobody_of_the_audience(post: Post) -> None:
    one = mailshots.moved(ready(people(2)), "launch")
    (job,) = mailshots.jobs_of(one.tenant, dispatch.AUDIENCE)
    audience.step(job)
    one = mailshots.moved(one, "cancel")
    assert recipients.read(one, None, 10, None)[0] == []
