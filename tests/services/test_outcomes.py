"""What is learned from closed deals is what the deals say, and what was foretold stays - whatever the stream does:
twice, late, in another order, cut off in the middle.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import clock, ids
from chalicelib.models import keys
from chalicelib.models.deal import Deal
from chalicelib.models.ledger import Contribution
from chalicelib.models.table import Item
from chalicelib.schemas.deal import Move
from chalicelib.services import chances, deals, ledger, outcomes, text
from tests import dealing, lean
from tests.dealing import Firm
from tests.feeds import deliver, taken
from tests.house import House
from tests.schedules import SETTINGS, Crashes, crashing, push, reacting

WHY: Final = ("Price", "price ", "Prix trop élevé", "a#b/c", "No need", "PRICE")
FROM: Final = (None, "Fair", "fair", "web#site", "Ünsere")
WORK: Final = ("make", "move", "move", "move", "worth", "give", "say", "why", "delete", "restore", "transfer", "purge")
OPERATION: Final = st.tuples(st.sampled_from(WORK), st.integers(0, 5), st.integers(0, 29))
FORETOLD: Final = ("p", "b")


class Sales(Firm):
    """A firm that also says where its deals come from, and why it lost them."""

    def say(self, which: int, other: int) -> None:
        self._change(which, {"source": FROM[other % len(FROM)]})

    def why(self, which: int, other: int) -> None:
        self._change(which, {"lost_reason": WHY[other % len(WHY)]})


@pytest.fixture(autouse=True)
def _no_others(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only the reaction of this room; and two deals are enough to learn from."""
    reacting(monkeypatch, (outcomes.outcome,).__contains__)
    monkeypatch.setattr(chances, "FEWEST", 2)
    yield
    clock.reset()


@pytest.fixture
def crashes(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crashes]:
    with lean.connection(engine):
        yield crashing(monkeypatch, ledger)


def recomputed(raw: list[Deal], pipeline_id: str) -> dict[str, dict[str, int]]:
    """What is counted of a pipeline's closed deals, one by one."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for deal in dealing.live(raw):
        if deal.pipeline_id != pipeline_id or deal.status == "open":
            continue
        mark = "w" if deal.status == "won" else "l"
        closed, made = datetime.fromisoformat(deal.closed_at), datetime.fromisoformat(deal.created_at)
        age = sum((closed - made).total_seconds() >= days * 86400 for days in (7, 14, 30, 60, 90, 180, 365))
        found["W"].update([mark, f"{mark}.a{age}"])
        found["W"].update(f"{mark}.s{code}" for code in deal.entered if int(code) != deal.stage_code)
        if deal.owner_id:
            found[f"W#o#{deal.owner_id}"][mark] += 1
        if deal.source:
            found[f"W#c#{text.folded(deal.source)}"][mark] += 1
        if mark == "l":
            name = f"R#{deal.closed_at[:7]}#{' '.join(deal.lost_reason.split())}#{deal.owner_id or '-'}"
            found[name]["n"] += 1
            found[name]["b"] += (deal.base_value or {"amount": 0})["amount"]
    return {name: {cell: n for cell, n in cells.items() if n} for name, cells in found.items()}


def kept(firm: Firm, pipeline_id: str) -> dict[str, dict[str, int]]:
    return {name: cells for name, cells in ledger.sheets(firm.actor.tenant, pipeline_id).items() if cells}


def check(firm: Firm) -> None:
    """Every sheet says what the deals say, and what was foretold adds up."""
    raw = firm.raw()
    for pipeline in firm.pipelines:
        found = kept(firm, pipeline.id)
        learned = found.get("W", {})
        scored = {cell: learned.pop(cell) for cell in list(learned) if cell[0] in FORETOLD}
        assert {name: cells for name, cells in found.items() if cells} == recomputed(raw, pipeline.id)
        made = sum(amount for cell, amount in scored.items() if cell[0] == "p" and cell[-1] == "n")
        won = sum(amount for cell, amount in scored.items() if cell[0] == "p" and cell[-1] == "w")
        closed = outcomes.counted(learned)
        assert won <= closed.won
        assert made - won <= closed.lost
        assert scored.get("br", 0) <= made * chances.MILLION
        assert scored == foretold(firm, raw, pipeline.id)


def foretold(firm: Firm, raw: list[Deal], pipeline_id: str) -> dict[str, int]:
    """Scores computed anew from what each contribution keeps as its prediction."""
    found: Counter[str] = Counter()
    for deal in dealing.live(raw):
        cells = contribution(firm, deal.id).get(f"{pipeline_id}/W", {})
        for cell, amount in cells.items():
            if cell[0] == "p" and cell[-1] == "s":
                ten = min(amount * 10 // chances.MILLION, 9)
                found.update({f"p{ten}n": 1, f"p{ten}s": amount, f"p{ten}w": int(deal.status == "won")})
                found["br"] += round((amount / chances.MILLION - (deal.status == "won")) ** 2 * chances.MILLION)
    return {cell: amount for cell, amount in found.items() if amount}


def contribution(firm: Firm, deal_id: str) -> dict[str, dict[str, int]]:
    place = keys.key("contribution", tenant=firm.actor.tenant, record=deal_id, ledger=outcomes.LEDGER)
    try:
        found = Item.get(*place, consistent_read=True)
    except Item.DoesNotExist:
        return {}
    assert isinstance(found, Contribution)
    return found.sheets or {}


def close(firm: Firm, number: int, to: int, why: str = "Price") -> None:
    """Move a deal of the first pipeline: 4 is won, 5 lost, the others are open."""
    stage = firm.pipelines[0].stages[to]["id"]
    deals.move(firm.actor, firm.deals[number], Move(stage_id=stage, lost_reason=why if to == 5 else None))


def test_whatever_the_stream_does_what_is_learned_is_what_the_deals_say(house: House, crashes: Crashes) -> None:
    ran = 0

    @settings(SETTINGS, max_examples=40)
    @given(
        st.lists(OPERATION, min_size=3, max_size=9),
        st.lists(OPERATION, max_size=3),
        st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=2),
        st.integers(1, 7),
        st.randoms(use_true_random=False),
    )
    def property_holds(first: Any, late: Any, planned: Any, size: int, chance: Any) -> None:
        nonlocal ran
        firm = Sales()
        for stage in (4, 5):
            firm.perform("make", 0, stage)
        for operation in first:
            firm.perform(*operation)
        records = taken(house)
        chance.shuffle(records)
        early, rest = records[: len(records) // 2], records[len(records) // 2 :]
        crashes.planned[:] = planned
        push(early, size)
        for operation in late:
            firm.perform(*operation)
        rest += chance.sample(records, chance.randint(0, min(4, len(records)))) + taken(house)
        chance.shuffle(rest)
        push(rest, size)
        crashes.planned.clear()
        check(firm)
        before = [kept(firm, pipeline.id) for pipeline in firm.pipelines]
        push(chance.sample(rest, len(rest)), size)  # once more: nothing changes, and nothing is foretold anew
        assert [kept(firm, pipeline.id) for pipeline in firm.pipelines] == before
        ran += 1

    property_holds()
    assert ran >= 40


class TestForetelling:
    @pytest.fixture
    def firm(self, house: House) -> Firm:
        """Four closed deals, two of them won, and an open one."""
        firm = Firm()
        for stage in (4, 4, 5, 5, 2):
            firm.make(0, stage)
        deliver(taken(house))
        return firm

    def test_an_outcome_is_foretold_from_what_was_counted_before_it(self, house: House, firm: Firm) -> None:
        book = firm.pipelines[0].id
        before, known = outcomes.seen(
            firm.actor.tenant,
            deals.load(firm.actor.tenant, firm.deals[4]),
            firm.pipelines[0].stages,
            clock.stamp(),
        )
        said = chances.chance(outcomes.counted(before), known).probability
        close(firm, 4, 4)
        deliver(taken(house))
        cells = contribution(firm, firm.deals[4])[f"{book}/W"]
        ten = f"p{chances.decile(said)}"
        assert cells[f"{ten}s"] == round(said * chances.MILLION)
        assert cells["br"] == round((1 - said) ** 2 * chances.MILLION)
        assert (cells[f"{ten}n"], cells[f"{ten}w"]) == (1, 1)

    def test_a_later_change_of_a_closed_deal_leaves_it(self, house: House, firm: Firm) -> None:
        book = firm.pipelines[0].id
        close(firm, 4, 5)
        deliver(taken(house))
        was = contribution(firm, firm.deals[4])[f"{book}/W"]
        for number in (0, 1):  # others come to another end, so that now something else would be foretold
            close(firm, number, 5)
        deals.update(firm.actor, firm.deals[4], {"source": "fair", "lost_reason": "Other"})
        deliver(taken(house))
        now = contribution(firm, firm.deals[4])
        assert now[f"{book}/W"] == was
        assert now[f"{book}/W#c#fair"] == {"l": 1}
        check(firm)

    def test_reopened_it_is_forgotten_and_closed_again_foretold_anew(self, house: House, firm: Firm) -> None:
        close(firm, 4, 4)
        deliver(taken(house))
        close(firm, 4, 1)
        deliver(taken(house))
        assert contribution(firm, firm.deals[4]) == {}
        check(firm)
        close(firm, 4, 5)
        deliver(taken(house))
        assert contribution(firm, firm.deals[4])
        check(firm)

    def test_lost_after_it_was_won_is_a_prediction_that_failed(self, house: House, firm: Firm) -> None:
        book = firm.pipelines[0].id
        close(firm, 4, 4)
        deliver(taken(house))
        was = contribution(firm, firm.deals[4])[f"{book}/W"]
        close(firm, 4, 5)
        deliver(taken(house))
        now = contribution(firm, firm.deals[4])[f"{book}/W"]
        assert {cell: n for cell, n in now.items() if cell[-1] == "s"} == {
            cell: n for cell, n in was.items() if cell[-1] == "s"
        }
        assert not any(cell[0] == "p" and cell[-1] == "w" for cell in now)
        check(firm)

    def test_with_too_few_closed_deals_nothing_is_foretold(
        self, house: House, firm: Firm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(chances, "FEWEST", 5)
        book = firm.pipelines[0].id
        close(firm, 4, 4)
        deliver(taken(house))
        cells = contribution(firm, firm.deals[4])[f"{book}/W"]
        assert not any(cell[0] in FORETOLD for cell in cells)
        # Nor later, when there are enough: by then it counts itself.
        deals.update(firm.actor, firm.deals[4], {"source": "fair"})
        deliver(taken(house))
        assert contribution(firm, firm.deals[4])[f"{book}/W"] == cells


def test_a_move_between_open_stages_touches_nothing(house: House) -> None:
    firm = Firm()
    firm.make(0, 0)
    deliver(taken(house))
    close(firm, 0, 3)
    deliver(taken(house))
    assert kept(firm, firm.pipelines[0].id) == {}
    assert contribution(firm, firm.deals[0]) == {}


def test_a_contribution_of_a_deal_that_was_everywhere_fits_in_one_kilobyte() -> None:
    made = Deal(id=ids.new("dea"), tenant=ids.new("ten"), version=1, pipeline_id=ids.new("pip"), stage_code=8)
    usual = {
        "status": "lost",
        "owner_id": ids.new("usr"),
        "source": "a source of some length",
        "lost_reason": "They found something cheaper",
        "entered": {str(code): 3 for code in range(1, 10)},
        "created_at": "2026-10-01T00:00:00.000Z",
        "closed_at": "2026-11-01T00:00:00.000Z",
        "base_value": {"amount": 10**12, "currency": "EUR"},
    }
    for name, value in usual.items():
        setattr(made, name, value)
    place = keys.key("contribution", tenant=made.tenant, record=made.id, ledger=outcomes.LEDGER)
    item = Contribution(*place, of_version=10**4, sheets=outcomes.contribution(made, 654_321))
    size = sum(len(name) + len(str(next(iter(held.values())))) for name, held in item.serialize().items())
    assert size < 1024, size


def test_what_is_learned_in_nine_stages_and_foretold_fits_in_one_kilobyte() -> None:
    """A second KB doubles what a closing costs. Bytes as DynamoDB counts them: of a number half its digits and one."""
    names = ["w", "l", *(f"{mark}.s{code}" for mark in "wl" for code in range(1, 10))]
    names += [f"{mark}.a{age}" for mark in "wl" for age in range(len(chances.AGES))]
    cells = dict.fromkeys(names, 99_999)
    for ten in range(10):
        cells |= {f"p{ten}n": 99_999, f"p{ten}w": 99_999, f"p{ten}s": 99_999 * chances.MILLION + 1}
    cells["br"] = 99_999 * chances.MILLION + 1
    pk, sk = keys.key("sheet", tenant=ids.new("ten"), book=ids.new("pip"), name=outcomes.LEARNED)
    numbers = sum(len(name) + 1 + (len(str(amount)) + 1) // 2 + 1 for name, amount in cells.items())
    assert numbers + len(pk) + len(sk) + len("pkskkindsheet") < 1024


@pytest.mark.parametrize("why", WHY)
def test_the_name_of_a_sheet_says_why_and_whose(why: str) -> None:
    for owner in (None, ids.new("usr")):
        made = Deal(id="d", pipeline_id="pip", lost_reason=why, closed_at="2026-11-01T00:00:00.000Z", owner_id=owner)
        written = " ".join(why.split())
        assert outcomes.reason_of(outcomes._reason(made)) == ("2026-11", written, owner)
