"""Access patterns of long work."""

import pytest

from chalicelib.schemas.actor import Actor
from chalicelib.services import jobs, permissions, steps, work
from tests.contract.performing import Units, consumed, of, performs
from tests.house import House, Sender


def actor(owner: Sender) -> Actor:
    return Actor(owner.tenant, owner.user, "owner", permissions.ALL)


@performs("job.start")
def _(house: House, owner: Sender) -> Units:
    return consumed(lambda: jobs.start(actor(owner), "toy", {"size": 1}))


@performs("job.get")
def _(house: House, owner: Sender) -> Units:
    made = jobs.start(actor(owner), "toy", {}).id
    return of(owner.get(f"/v1/jobs/{made}"))


@performs("job.page")
def _(house: House, owner: Sender) -> Units:
    for _ in range(3):
        jobs.start(actor(owner), "toy", {})
    for query in ("", "kind=toy"):
        answer = owner.get(f"/v1/jobs?{query}")
        assert len(answer.json["data"]) == 3
        assert of(answer) == (0.5, 0)
    return of(answer)


@performs("job.cancel")
def _(house: House, owner: Sender) -> Units:
    made = jobs.start(actor(owner), "toy", {}).id
    return of(owner.post(f"/v1/jobs/{made}/cancel"))


@performs("job.turn")
def _(house: House, owner: Sender) -> Units:
    return turned(house, owner, 1)


@performs("job.step")
def _(house: House, owner: Sender) -> Units:
    one, four = turned(house, owner, 1), turned(house, owner, 4)
    return (four[0] - one[0]) / 3, (four[1] - one[1]) / 3


def turned(house: House, owner: Sender, size: int) -> Units:
    """What a worker consumes that does a job of so many empty steps in one turn."""
    house.settle()
    rest = iter(range(size - 1))
    jobs.start(actor(owner), "toy", {})
    house.feed.drain()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(steps.STEPS, "toy", lambda _: next(rest, None) is None)
        (hint,) = house.queue
        house.queue.clear()
        return consumed(lambda: work.run(hint))
