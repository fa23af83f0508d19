"""Moments: claimed by one of many, finished or put off only by the one who holds the claim."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib import clock, ids
from chalicelib.models import keys, moments
from chalicelib.models.moment import Moment
from chalicelib.models.table import Item
from chalicelib.models.writes import Step, transact

pytestmark = pytest.mark.usefixtures("engine")

AT = "2001-01-01T00:00:00.000Z"
LATER, LATEST = "2001-01-01T00:05:00.000Z", "2001-01-01T00:10:00.000Z"


@pytest.fixture
def moment() -> Iterator[Moment]:
    made = Moment(tenant=ids.new("ten"), subject_id=ids.new("tsk"), what=f"kind-{uuid.uuid4().hex}", at=AT)
    made.keys()
    transact(Step("save", made))
    yield made
    transact(Step("delete", made))  # or the next test's minute would find a moment of no known kind


def seen(moment: Moment, until: str = AT) -> list[Item]:
    """The keys of this moment as the scheduler finds them."""
    found: list[Any] = []
    start = None
    while True:
        page = moments.due(str(moment.due_pk).removeprefix("DUE#"), until, start)
        found += [item for item in page.items if item.pk == moment.pk]
        start = page.last
        if start is None:
            return found


def load(moment: Moment) -> Moment | None:
    return moments.load(moment.tenant, moment.subject_id, moment.what)


def test_it_is_due_from_its_very_millisecond_on(moment: Moment) -> None:
    assert seen(moment, "2000-12-31T23:59:59.999Z") == []
    assert len(seen(moment, AT)) == 1
    assert len(seen(moment, clock.stamp())) == 1


def test_one_of_twenty_threads_wins_the_claim(moment: Moment) -> None:
    item = seen(moment)[0]
    with ThreadPoolExecutor(20) as pool:
        claims = list(pool.map(lambda _: moments.claim(item, LATER), range(20)))
    won = [claim for claim in claims if claim is not None]
    assert len(won) == 1
    assert (won[0].attempts, won[0].at, won[0].what) == (1, AT, moment.what), "the claim brings the whole moment"
    assert seen(moment) == []
    assert len(seen(moment, LATER)) == 1


def test_a_claim_that_ran_out_can_be_claimed_again(moment: Moment) -> None:
    first = moments.claim(seen(moment)[0], LATER)
    second = moments.claim(seen(moment, LATER)[0], LATEST)
    assert first is not None
    assert second is not None
    assert second.attempts == 2
    moments.finish(first)
    assert load(moment) is not None, "whose lease ran out can no longer finish it"
    moments.postpone(first, AT)
    assert seen(moment) == []
    moments.finish(second)
    assert load(moment) is None
    assert seen(moment, LATEST) == []


def test_a_postponed_one_comes_again_without_counting(moment: Moment) -> None:
    claim = moments.claim(seen(moment)[0], LATER)
    assert claim is not None
    moments.postpone(claim, LATEST)
    assert seen(moment, LATER) == []
    again = moments.claim(seen(moment, LATEST)[0], LATEST)
    assert again is not None
    assert again.attempts == 2


def test_what_was_seen_before_a_reschedule_cannot_be_claimed(moment: Moment) -> None:
    item = seen(moment)[0]
    moved = Moment(tenant=moment.tenant, subject_id=moment.subject_id, what=moment.what, at=LATEST)
    moved.keys()
    transact(Step("save", moved))
    assert moments.claim(item, LATER) is None
    now = load(moment)
    assert now is not None
    assert (now.at, now.attempts) == (LATEST, 0)


def test_what_was_removed_cannot_be_claimed_nor_brought_back(moment: Moment) -> None:
    item = seen(moment)[0]
    transact(Step("delete", moment))
    assert moments.claim(item, LATER) is None
    moments.postpone(moment, LATER)
    assert load(moment) is None


def test_a_subject_always_has_the_same_shard_and_all_shards_are_used() -> None:
    subjects = [ids.new("tsk") for _ in range(100)]
    for subject in subjects:
        pair = [Moment(tenant="t", subject_id=subject, what=what, at=AT) for what in ("a", "b")]
        for one in pair:
            one.keys()
        assert pair[0].due_pk == pair[1].due_pk
    made = [Moment(tenant="t", subject_id=subject, what="a", at=AT) for subject in subjects]
    for one in made:
        one.keys()
    assert {one.due_pk for one in made} == {f"DUE#{number}" for number in range(keys.DUE_SHARDS)}
