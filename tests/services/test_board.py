"""The board: a place before, after or at a number, whoever comes at the same moment; ranks that never run out."""

import itertools
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.deal import Deal
from chalicelib.models.pipeline import Pipeline
from chalicelib.models.table import every, fetch
from chalicelib.models.writes import Step, put_all, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.deal import DealDraft, Move
from chalicelib.services import board, deals, permissions, pipelines, ranks
from chalicelib.services.board import Where

SETTINGS = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NOW = "2026-03-02T09:00:00.000Z"


class Firm:
    """A firm with the usual pipeline."""

    def __init__(self) -> None:
        self.tenant = ids.new("ten")
        self.actor = Actor(self.tenant, ids.new("usr"), "token", permissions.ALL)
        self.pipeline: Pipeline = pipelines.first_of(self.tenant, self.actor.user)
        transact(Step("save", self.pipeline))
        self.stages: list[str] = [one["id"] for one in self.pipeline.stages]

    def deal(self, stage: int = 0, title: str = "Deal", **fields: Any) -> str:
        return deals.create(self.actor, DealDraft(title=title, stage_id=self.stages[stage], **fields)).id

    def move(self, deal_id: str, stage: int | None = None, **where: Any) -> None:
        deals.move(self.actor, deal_id, Move(stage_id=None if stage is None else self.stages[stage], **where))

    def cards(self, stage: int = 0) -> list[Any]:
        partition = keys.partition("deal", "gsi1", tenant=self.tenant, stage=self.stages[stage])
        return list(every(partition, index="gsi1"))

    def order(self, stage: int = 0) -> list[str]:
        return [one.id for one in self.cards(stage)]

    def read(self, deal_id: str) -> Any:
        return fetch(Deal, *keys.key("deal", tenant=self.tenant, id=deal_id), consistent=True)

    def put(self, deal_id: str, rank: str) -> None:
        """Let a card have this rank, whatever leads to it."""
        deal = self.read(deal_id)
        deal.rank = rank
        deal.keys()
        transact(Step("save", deal))

    def ranked(self, *several: str) -> list[str]:
        """Cards of the first stage with these ranks."""
        one = self.read(self.deal())
        made = []
        for rank in several:
            card = Deal.from_raw_data(one.serialize())
            card.id, card.rank, card.version = ids.new("dea"), rank, 1
            card.keys()
            made.append(card)
        put_all(made, [one])
        return [card.id for card in made]


@pytest.fixture
def firm(engine: str) -> Firm:
    return Firm()


# Places ---------------------------------------------------------------------------------------------------------------

PLACES = st.tuples(
    st.integers(0, 5), st.sampled_from(["before_id", "after_id", "position", "stage"]), st.integers(0, 5), st.booleans()
)


@SETTINGS
@given(st.lists(PLACES, min_size=1, max_size=12))
def test_cards_stand_where_they_were_put(engine: str, moves: list[Any]) -> None:
    """The board against a list: one that is moved is taken out first, then put where it was said."""
    firm = Firm()
    made = [firm.deal(number % 2) for number in range(6)]
    model: list[list[str]] = [[], []]
    for number, one in enumerate(made):
        model[number % 2].append(one)
    for number, how, at, stays in moves:
        one, beside = made[number], made[at]
        here = next(stage for stage in (0, 1) if one in model[stage])
        stage = here if stays else 1 - here
        if how in ("before_id", "after_id") and (beside == one or beside not in model[stage]):
            with pytest.raises(errors.Invalid) as refused:
                firm.move(one, stage, **{how: beside})
            assert refused.value.flaws[0].pointer == f"/{how}"
            continue
        if how == "stage":
            firm.move(one, stage)
            if stays:  # nothing is said that is not so
                continue
        else:
            firm.move(one, stage, **{how: at if how == "position" else beside})
        model[here].remove(one)
        place = {"position": at, "stage": len(model[stage])}.get(how)
        if place is None:
            place = model[stage].index(beside) + (how == "after_id")
        model[stage].insert(place, one)
    assert [firm.order(0), firm.order(1)] == model


def test_a_place_that_there_is_not_is_refused_where_it_is_said(firm: Firm) -> None:
    one, other, third = firm.deal(), firm.deal(), firm.deal(1)
    stranger, gone = Firm().deal(), firm.deal()
    deals.delete(firm.actor, gone)
    for pointer, where in (
        ("/before_id", {"before_id": third}),
        ("/after_id", {"after_id": stranger}),
        ("/before_id", {"before_id": gone}),
        ("/after_id", {"after_id": ids.new("dea")}),
        ("/before_id", {"before_id": "nonsense"}),
        ("/after_id", {"after_id": one}),
        ("/after_id", {"before_id": other, "after_id": other}),
        ("/before_id", {"before_id": other, "position": 0}),
        ("/after_id", {"after_id": other, "position": 0}),
    ):
        with pytest.raises(errors.Invalid) as refused:
            firm.move(one, **where)
        assert [flaw.pointer for flaw in refused.value.flaws] == [pointer]
    assert firm.order() == [one, other]
    assert firm.read(one).version == 1


def test_a_number_beyond_the_last_card_is_behind_it(firm: Firm) -> None:
    one, other = firm.deal(), firm.deal()
    firm.move(one, position=1_000_000)
    assert firm.order() == [other, one]
    cards = firm.ranked(*ranks.spread(201))
    firm.move(one, 1, position=0)
    firm.move(other, 1, position=0)
    firm.move(one, 0, position=200)
    assert firm.order() == [*cards[:200], one, cards[200]]
    with pytest.raises(errors.Invalid, match="Beyond 200") as refused:
        firm.move(one, position=201)
    assert refused.value.flaws[0].pointer == "/position"


# Ranks that tie, and ranks that grow ----------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["position", "before_id", "after_id"])
@pytest.mark.parametrize("count", [2, 3, 7])
@pytest.mark.parametrize("from_stage", [0, 1])
def test_between_two_of_the_same_rank_there_is_a_place(firm: Firm, how: str, count: int, from_stage: int) -> None:
    firm.ranked("V0000000", *["V0000001"] * count, "V0000002")
    order = firm.order()
    one = firm.deal(from_stage)
    firm.move(one, 0, **{how: {"position": 2, "before_id": order[2], "after_id": order[1]}[how]})
    assert firm.order() == [*order[:2], one, *order[2:]]


def test_a_card_that_was_read_before_its_rank_was_changed_does_not_take_it_back(firm: Firm) -> None:
    made = firm.ranked("V0000001", "V0000001")
    order = firm.order()
    stale = firm.read(order[0])
    firm.move(firm.deal(), position=1)
    with pytest.raises(errors.Stale):
        transact(Step("save", stale))
    assert sorted(made) == sorted(set(firm.order()) & set(made))


def crowd(firm: Firm, length: int) -> tuple[list[str], Any]:
    """A board on which cards were put into one gap until a rank had this length; the last of them."""
    known = ranks.spread(12)
    while len(known[6]) < length:
        known.insert(6, ranks.between(known[5], known[6]))
    order = firm.ranked(*known)
    return order, firm.read(order[6])


def test_a_long_rank_gives_those_around_fresh_ones_and_nobody_else(firm: Firm) -> None:
    order, last = crowd(firm, ranks.LONGEST + 1)
    before = {one.id: one for one in firm.cards()}
    board.crowded(None, last)
    after = {one.id: one for one in firm.cards()}
    assert firm.order() == order
    changed = [one for one in order if after[one].rank != before[one].rank]
    assert last.id in changed
    assert len(changed) <= 4
    assert max(len(after[one].rank) for one in changed) <= ranks.LONGEST // 2
    assert [one for one in order if after[one].version != before[one].version] == changed
    board.crowded(None, last)  # told twice
    assert [one.rank for one in firm.cards()] == [after[one].rank for one in order]


def test_where_ranks_are_long_on_both_sides_more_cards_move(firm: Firm) -> None:
    known = ranks.spread(4)
    middle = 2
    for number in itertools.count():  # in turn before and behind the one that was put there last
        known.insert(middle, ranks.between(known[middle - 1], known[middle]))
        middle += number % 2
        if len(known[middle - 1]) > ranks.LONGEST:
            break
    order = firm.ranked(*known)
    for one in order:
        board.crowded(None, firm.read(one))
    assert firm.order() == order
    assert max(len(one.rank) for one in firm.cards()) <= ranks.LONGEST
    board.crowded(None, firm.read(order[middle]))


def test_a_card_that_has_moved_on_is_left_where_it_is(firm: Firm) -> None:
    order, last = crowd(firm, ranks.LONGEST + 1)
    firm.move(last.id, 1)
    ranked = [one.rank for one in firm.cards()]
    board.crowded(None, last)
    assert [one.rank for one in firm.cards()] == ranked
    assert firm.order() == [one for one in order if one != last.id]


def test_nobody_who_moves_meanwhile_is_lost_or_put_back(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the cards is moved away between the reading of the run and its writing."""
    order, last = crowd(firm, ranks.LONGEST + 1)
    away = iter([order[5], order[7]])
    written = board._written

    def late(run: Any, fresh: Any) -> Any:
        for one in itertools.islice(away, 1):
            firm.move(one, 1)
        return written(run, fresh)

    monkeypatch.setattr(board, "_written", late)
    board.crowded(None, last)
    gone = firm.order(1)
    assert gone == [order[5], order[7]]
    assert firm.order() == [one for one in order if one not in gone]
    assert max(len(one.rank) for one in firm.cards()) <= ranks.LONGEST


# At the same moment ---------------------------------------------------------------------------------------------------


def test_of_cards_that_move_at_the_same_moment_none_is_lost_or_doubled(firm: Firm) -> None:
    """Twelve threads move cards over three stages, into the same few gaps. Then each stands exactly once, where its
    last move put it or, in another stage, nowhere; and what did not move is in the order it was.
    """
    made = [firm.deal(number % 3) for number in range(18)]
    still = {stage: firm.order(stage)[-2:] for stage in range(3)}
    moving = [one for one in made if all(one not in kept for kept in still.values())]

    def go(number: int) -> tuple[str, int] | None:
        one, stage = moving[number % len(moving)], number // len(moving) % 3
        beside = still[stage][number % 2]
        places: list[dict[str, Any]] = [{"position": 1}, {"before_id": beside}, {"after_id": beside}, {}]
        try:
            firm.move(one, stage, **places[number % 4])
        except errors.Stale:  # others kept moving it: refused, and so not to be seen
            return None
        return one, stage

    with ThreadPoolExecutor(12) as pool:
        told = list(pool.map(go, range(60)))
    on_boards = {stage: firm.cards(stage) for stage in range(3)}
    standing = Counter(card.id for cards in on_boards.values() for card in cards)
    assert standing == Counter(made)
    for stage, cards in on_boards.items():
        places = [(card.rank, card.id) for card in cards]
        assert places == sorted(places)
        assert [card.id for card in cards if card.id in still[stage]] == still[stage]
        for card in cards:
            kept = firm.read(card.id)
            assert (kept.rank, kept.stage_id) == (card.rank, firm.stages[stage])
            assert card.id in still[stage] or (card.id, stage) in told


def test_ranks_are_spread_anew_while_others_move(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranks count as long soon, so that every other move is followed by fresh ranks around it, while six threads go on
    putting cards into the same two gaps. None is lost or doubled, and those that nobody moves stay in their order.
    """
    still = [firm.deal() for _ in range(4)]
    moving = [firm.deal() for _ in range(12)]
    monkeypatch.setattr(ranks, "LONGEST", 9)
    monkeypatch.setattr(ranks, "STEP", 4)  # cards come close at once
    for one, rank in zip(still, ranks.spread(4), strict=True):
        firm.put(one, rank)

    def go(number: int) -> None:
        one = moving[number % 12]
        with suppress(errors.Stale):  # refused, which is told; and the feed would tell of a move again
            firm.move(one, 0, after_id=still[number % 2])
            board.crowded(None, firm.read(one))

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(go, range(72)))
    for one in moving:
        board.crowded(None, firm.read(one))
    cards = firm.cards()
    assert Counter(card.id for card in cards) == Counter([*still, *moving])
    assert [card.id for card in cards if card.id in still] == still
    assert [firm.read(card.id).rank for card in cards] == [card.rank for card in cards]
    assert max(firm.read(one).version for one in still) > 2, "nobody's rank was spread anew"


@SETTINGS
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=2, max_size=10))
def test_moves_that_chose_their_place_before_others_wrote_keep_a_total_order(engine: str, moves: list[Any]) -> None:
    """Ranks are worked out in pairs before either is written, as two who do not know of each other would."""
    firm = Firm()
    made = [firm.deal() for _ in range(5)]
    for pair in zip(moves[::2], moves[1::2], strict=False):
        planned = [
            (made[number], board.rank(firm.tenant, firm.stages[0], made[number], Where(position=at)))
            for number, at in pair
        ]
        for one, rank in planned:
            firm.put(one, rank)
    assert sorted(firm.order()) == sorted(made)
    one = firm.order()[2]
    for at in range(4):  # wherever it is put then, that is where it stands
        firm.move(one, position=at)
        assert firm.order()[at] == one


def test_days_are_told_by_the_clock(firm: Firm) -> None:
    from chalicelib.services import rotting

    stage: dict[str, Any] = {"rotting_days": 14, "forecast": "pipeline"}
    now = clock.parse(NOW)
    told = {
        days: (rotting.days(clock.stamp(since), now), rotting.age(stage, clock.stamp(since), now))
        for days in (0, 6, 7, 13, 14, 400)
        for since in [now - timedelta(days=days)]
    }
    assert told == {
        0: (0, "green"),
        6: (6, "green"),
        7: (7, "amber"),
        13: (13, "amber"),
        14: (14, "red"),
        400: (400, "red"),
    }
    for stage in ({"rotting_days": None, "forecast": "pipeline"}, {"rotting_days": 1, "forecast": "won"}):
        assert rotting.age(stage, "2020-01-01T00:00:00.000Z", now) == "green"
    assert rotting.days(clock.stamp(now + timedelta(minutes=1)), now) == 0
