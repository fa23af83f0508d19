"""Several calls at once: each has its answer in its place, whatever becomes of the others, and all are on one bill."""

import threading

import pytest

from chalicelib import observability
from chalicelib.adapters import hands


def halved(number: int) -> int:
    """Two read units and half of an even number."""
    observability.meter().rru += 2
    if number % 2:
        raise ValueError(number)
    return number // 2


@pytest.mark.parametrize("several", [[], [4], [1], [4, 1, 0, 7, 30], [*range(3 * hands.MOST)]])
def test_each_has_its_own_answer_in_its_place_and_all_are_counted(several: list[int]) -> None:
    with observability.measured("test") as meter:
        found = hands.each(halved, several)
    assert [str(one) for one in found] == [str(one if one % 2 else one // 2) for one in several]
    assert [isinstance(one, ValueError) for one in found] == [bool(one % 2) for one in several]
    assert meter.rru == 2 * len(several)


def test_they_go_at_the_same_time_and_know_that_there_are_more() -> None:
    together = threading.Barrier(hands.MOST, timeout=10)

    def meet(_: int) -> tuple[bool, str]:
        together.wait()
        return hands.busy(), observability.meter().purpose

    with observability.measured("a campaign"):
        assert hands.each(meet, range(hands.MOST)) == [(True, "a campaign")] * hands.MOST
    assert not hands.busy()


def test_one_alone_is_one_of_several_too_and_whoever_asked_is_not() -> None:
    assert hands.each(lambda _: hands.busy(), [1]) == [True]
    assert not hands.busy()


@pytest.mark.parametrize("count", [1, 5])
def test_what_ends_everything_waits_for_the_others_first(count: int) -> None:
    done: list[int] = []

    def ends(number: int) -> None:
        if number == 0:
            raise KeyboardInterrupt
        done.append(number)

    with pytest.raises(KeyboardInterrupt):
        hands.each(ends, range(count))
    assert sorted(done) == list(range(1, count))
