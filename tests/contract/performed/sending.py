"""Access patterns of the engine that sends campaigns."""

from typing import Any

import pytest

from chalicelib.adapters import mailer
from chalicelib.services import audience, budget, caps, dispatch, lanes, settling, usage
from tests import mailshots
from tests.contract.performing import Units, consumed, performs
from tests.house import House, Sender


def launched(house: House, owner: Sender, count: int, **fields: Any) -> Any:
    people = [mailshots.contact(owner.tenant) for _ in range(count)]
    segment, template = mailshots.segment(owner.tenant, people), mailshots.template(owner.tenant)
    return mailshots.moved(mailshots.campaign(owner.tenant, segment, template, **fields), "launch"), people


def stepped(one: Any) -> list[Units]:
    """What each step of its lane consumes."""
    (job,) = mailshots.jobs_of(one.tenant, dispatch.LANE)[-1:]
    return [of_campaign(lambda: lanes.step(job)) for _ in range(2)]


def of_campaign(act: Any) -> Units:
    """What is billed to a campaign, which has a meter of its own."""
    units = []

    def noted(meter: Any) -> None:
        units.append((meter.rru, meter.wru))

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAIL_RATE", "1000")
        patch.setattr(usage, "record", noted)
        act()
    return sum(read for read, _ in units), sum(write for _, write in units)


@performs("sending.audience")
def _(house: House, owner: Sender) -> Units:
    launched(house, owner, 100)
    (job,) = mailshots.jobs_of(owner.tenant, dispatch.AUDIENCE)

    def act() -> None:
        while not audience.step(job):
            pass

    return of_campaign(act)


@performs("sending.step")
def _(house: House, owner: Sender) -> Units:
    one, _ = launched(house, owner, 25)
    mailshots.cut(one)
    return stepped(one)[0]


@performs("sending.finish")
def _(house: House, owner: Sender) -> Units:
    one, _ = launched(house, owner, 1)
    mailshots.cut(one)
    return stepped(one)[1]


@performs("sending.cap")
def _(house: House, owner: Sender) -> Units:
    one, people = launched(house, owner, 1)
    return consumed(lambda: caps.verdicts(one, {"count": 1, "days": 7}, [people[0].id]))


@performs("sending.budget")
def _(house: House, owner: Sender) -> Units:
    one, _ = launched(house, owner, 1, max_cost=1_000_000)
    units = consumed(lambda: budget.reserve(one, budget.estimate(25)))
    one.max_cost = None
    assert consumed(lambda: budget.reserve(one, budget.estimate(25))) == (0, 0)
    return units


@performs("sending.cancelled")
def _(house: House, owner: Sender) -> Units:
    one, _ = launched(house, owner, 25)
    mailshots.cut(one)
    return stepped(mailshots.moved(one, "cancel"))[0]


@performs("sending.recount")
def _(house: House, owner: Sender) -> Units:
    from chalicelib.errors import MailUncertain

    one, _ = launched(house, owner, 1)
    mailshots.cut(one)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mailer, "send", lambda mail: (_ for _ in ()).throw(MailUncertain()))
        stepped(one)
    return consumed(lambda: settling.recount(one.tenant, one.id, 0))
