"""No contact gets more mails of campaigns than the firm allows, and of two at once the one with more priority goes."""

from collections.abc import Iterator
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.models import keys
from chalicelib.models.contact import Contact
from chalicelib.models.settings import Settings
from chalicelib.models.writes import put_all
from chalicelib.services import budget, caps, claims, settling
from chalicelib.services.claims import Wish
from tests import mailshots
from tests.mailshots import Post

CAP = {"count": 1, "days": 7}
DAY = 86_400


@pytest.fixture
def post(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    yield from mailshots.posted(monkeypatch)


def firm(cap: dict[str, int] | None = CAP) -> tuple[str, list[Contact]]:
    tenant = mailshots.tenant()
    place = keys.key("settings", tenant=tenant)
    put_all([Settings(*place, tenant=tenant, updated_at=clock.stamp(), version=1, frequency_cap=cap)])
    return tenant, [mailshots.contact(tenant) for _ in range(3)]


def launched(tenant: str, people: list[Contact], **fields: Any) -> Any:
    one = mailshots.campaign(tenant, mailshots.segment(tenant, people), mailshots.template(tenant), **fields)
    return mailshots.cut(mailshots.moved(one, "launch"))


def claimed(one: Any, contact: Contact) -> Any:
    """A worker of this campaign is about to send."""
    (mail,), _ = claims.take(one, 0, [Wish(contact.id, "a@home.test")])
    return mail


def verdict(one: Any, contact: Contact, cap: dict[str, int] = CAP) -> str | None:
    return caps.verdicts(one, cap, [contact.id])[contact.id]


def test_the_second_campaign_of_a_week_leaves_them_out(post: Post) -> None:
    tenant, people = firm()
    mailshots.sent(launched(tenant, people))
    assert caps.over(tenant, CAP, [each.id for each in people]) == {each.id for each in people}
    second = mailshots.sent(launched(tenant, people))
    assert mailshots.sums(second) == {"suppressed": 3}
    assert {reason for _, reason in mailshots.fates(second).values()} == {"frequency_cap"}
    clock.advance(7 * DAY + 60)
    assert caps.over(tenant, CAP, [each.id for each in people]) == set()
    third = mailshots.sent(launched(tenant, people))
    assert mailshots.sums(third) == {"sent": 3}
    assert len(post.taken) == 6


def test_without_a_cap_nobody_is_left_out(post: Post) -> None:
    tenant, people = firm(None)
    for _ in range(2):
        assert mailshots.sums(mailshots.sent(launched(tenant, people))) == {"sent": 3}


def test_of_two_under_way_the_one_with_more_priority_goes_and_the_other_waits_or_is_left_out(post: Post) -> None:
    tenant, people = firm()
    low, high = launched(tenant, people, priority=1), launched(tenant, people, priority=9)
    claimed(low, people[0])
    assert verdict(low, people[0]) is None, "alone"
    mail = claimed(high, people[0])
    assert verdict(low, people[0]) == caps.REASON
    assert verdict(high, people[0]) == "wait", "until it sees what became of the other"
    clock.advance(claims.LEASE + 1)
    assert verdict(low, people[0]) == caps.REASON
    assert claims.is_lost(mail)


def test_of_two_alike_the_earlier_launch_goes(post: Post) -> None:
    tenant, people = firm()
    first = launched(tenant, people)
    clock.advance(1)
    second = launched(tenant, people)
    claimed(first, people[0])
    claimed(second, people[0])
    assert (verdict(first, people[0]), verdict(second, people[0])) == ("wait", caps.REASON)


def test_whoever_waits_is_sent_to_when_the_other_is_left_out(post: Post) -> None:
    tenant, people = firm()
    low, high = launched(tenant, people[:1], priority=1), launched(tenant, people[:1], priority=9)
    mail = claimed(low, people[0])
    assert claims.settle(mail, '{"status":"suppressed","at":"2026-01-01T00:00:00.000Z","reason":"frequency_cap"}')
    assert mailshots.sums(mailshots.sent(high)) == {"sent": 1}


def test_the_limit_of_cost_pauses_it_and_a_higher_one_lets_it_go_on(post: Post) -> None:
    tenant = mailshots.tenant()
    people = [mailshots.contact(tenant) for _ in range(60)]
    one = launched(tenant, people, max_cost=6000, launched_by="usr_0")  # micro-dollars: 58 mails
    one = mailshots.sent(one)
    assert (one.status, one.paused_reason) == ("paused", "max_cost")
    assert len(post.taken) == 50, "two slices fit, the third does not"
    one.max_cost = 7000
    from chalicelib.models.writes import Step, transact

    one.touch("usr_0")
    transact(Step("save", one))
    one = mailshots.sent(mailshots.moved(one, "resume"))
    assert (one.status, mailshots.sums(one)) == ("finished", {"sent": 60})
    assert settling.sum_of(tenant, one.id)["sent"] == 60


def test_what_was_not_spent_is_given_back(post: Post) -> None:
    from chalicelib.errors import MailRefused
    from chalicelib.models.pace import Spending
    from chalicelib.models.table import fetch

    tenant = mailshots.tenant()
    people = [mailshots.contact(tenant) for _ in range(4)]
    one = launched(tenant, people, max_cost=10_000)
    post.script = [MailRefused(), MailRefused()]
    mailshots.sent(one)
    place = Spending.at(tenant, one.id)
    spent = fetch(Spending, place.pk, place.sk, consistent=True)
    assert spent is not None
    assert spent.nano == budget.estimate(2)


def test_two_workers_never_spend_the_same(post: Post) -> None:
    tenant, people = firm(None)
    one = launched(tenant, people, max_cost=1000)
    assert [budget.reserve(one, budget.estimate(4)) for _ in range(3)] == [True, True, False]
    assert budget.reserve(one, -budget.estimate(4))
    assert budget.reserve(one, budget.estimate(4))
