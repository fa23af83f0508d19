"""Ranks: there is always one between two, in order, whoever inserts where; and spread anew they are short."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.services import ranks

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LOWEST, HIGHEST = "00000000", "zzzzzzzz"
# Where each next card goes, as a part of the way through the board.
ORDERS: dict[str, Callable[[int], float]] = {
    "behind": lambda _number: 1.0,
    "before": lambda _number: 0.0,
    "middle": lambda _number: 0.5,
    "in turn": lambda number: 0.5 if number % 2 else 0.51,
    "second": lambda number: 1 / (number + 1),
}


def rank() -> st.SearchStrategy[str]:
    """Ranks as they may be: eight digits and a fraction that does not end with the lowest, never the very lowest."""
    whole = st.text(DIGITS, min_size=8, max_size=8) | st.sampled_from([LOWEST, "00000001", HIGHEST])
    fraction = st.just("") | st.tuples(st.text(DIGITS, max_size=6), st.sampled_from(DIGITS[1:])).map("".join)
    return st.tuples(whole, fraction).map("".join).filter(lambda found: found != LOWEST)


def is_between(low: str | None, found: str, high: str | None) -> bool:
    return (low is None or low < found) and (high is None or found < high)


@given(st.lists(rank(), min_size=2, max_size=2, unique=True).map(sorted))
def test_there_is_a_rank_between_any_two_and_beyond_each(ends: list[str]) -> None:
    low, high = ends
    for before, after in ((low, high), (None, low), (high, None)):
        found = ranks.between(before, after)
        assert is_between(before, found, after)
        assert found[8:] == found[8:].rstrip("0")
        assert len(found) <= max(len(low), len(high)) + 2


@given(st.lists(rank(), min_size=2, max_size=2, unique=True).map(sorted), st.integers(0, 100))
def test_ranks_are_spread_between_any_two_and_beyond_each(ends: list[str], count: int) -> None:
    low, high = ends
    for before, after in ((low, high), (None, low), (high, None), (None, None)):
        found = ranks.spread(count, before, after)
        assert len(found) == count
        assert found == sorted(set(found))
        assert all(is_between(before, one, after) for one in found)


@given(st.lists(st.floats(0, 1), max_size=120))
def test_a_board_keeps_the_order_in_which_cards_were_put_there(places: list[float]) -> None:
    board: list[str] = []
    for place in places:
        at = round(place * len(board))
        board.insert(at, ranks.between(board[at - 1] if at else None, board[at] if at < len(board) else None))
    assert board == sorted(set(board))


@pytest.mark.parametrize("order", ORDERS)
def test_ranks_grow_by_a_digit_for_every_few_cards_at_worst(order: str) -> None:
    board: list[str] = []
    for number in range(400):
        at = round(ORDERS[order](number) * len(board))
        board.insert(at, ranks.between(board[at - 1] if at else None, board[at] if at < len(board) else None))
    assert board == sorted(set(board))
    longest = max(map(len, board))
    assert longest <= (8 if order in ("behind", "before") else 8 + 400 / 3)
    spread = ranks.spread(len(board))
    assert max(map(len, spread)) == 8


def test_the_ends_of_all_numbers_are_not_the_ends_of_the_board() -> None:
    last, first = HIGHEST, "00000001"
    for _ in range(50):
        behind, before = ranks.between(last, None), ranks.between(None, first)
        assert last < behind
        assert LOWEST < before < first
        last, first = behind, before


def test_there_is_nothing_between_what_is_not_in_order() -> None:
    for low, high in (("V0000000", "V0000000"), ("V0000001", "V0000000")):
        with pytest.raises(ValueError, match="nothing between"):
            ranks.between(low, high)
        with pytest.raises(ValueError, match="nothing between"):
            ranks.spread(1, low, high)
