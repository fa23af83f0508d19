"""Reports say what the raw deals say: the funnel, time in stage, velocity, reasons; and how likely a deal is won."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors
from chalicelib.models.deal import Deal
from chalicelib.schemas.deal import Move
from chalicelib.schemas.report import ReportQuery, WinProbabilityQuery
from chalicelib.services import changes, deal_sheets, deals, outcomes, probabilities, reports, text
from tests import dealing
from tests.dealing import Firm
from tests.feeds import deliver, taken
from tests.house import House

WHY: Final = ("Price", "price", "PRICE", "Prïce ", "No need", "no  need", "Other")
WORK: Final = (*dealing.WORK, "move", "why", "transfer")
OPERATION: Final = st.tuples(st.sampled_from(WORK), st.integers(0, 5), st.integers(0, 29))
MONTHS: Final = (None, "2026-03", "2026-04", "2026-05-20", "2026-12")


class Sales(Firm):
    """A firm that says why it lost its deals."""

    def why(self, which: int, other: int) -> None:
        self._change(which, {"lost_reason": WHY[other % len(WHY)]})


@pytest.fixture(autouse=True)
def _no_others(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Only what reports are made of: other reactions have tests of their own, and take most of the time."""
    ours = (deal_sheets.contributed, outcomes.outcome)
    rows = {
        place: kept
        for place, several in changes.REACTIONS.items()
        if place[0] == "deal" and (kept := tuple(one for one in several if one in ours))
    }
    monkeypatch.setattr(changes, "REACTIONS", rows)
    yield
    clock.reset()


def asked(raw: list[Deal], query: ReportQuery) -> tuple[list[Deal], list[Deal]]:
    """Open and closed deals that a report is about."""
    mine = [
        deal
        for deal in dealing.live(raw)
        if deal.pipeline_id == query.pipeline_id and query.owner_id in (None, deal.owner_id)
    ]
    first, last = (query.since or "2025-04")[:7], (query.until or "9999-12")[:7]
    going = [
        deal
        for deal in mine
        if deal.status == "open"
        and (first <= deal.expected_close[:7] <= last if deal.expected_close else query.until is None)
    ]
    over = [deal for deal in mine if deal.status != "open" and first <= deal.closed_at[:7] <= last]
    return going, over


def lived(deal: Deal) -> int:
    made, closed = datetime.fromisoformat(deal.created_at), datetime.fromisoformat(deal.closed_at)
    return round((closed - made).total_seconds())


def check_funnel(firm: Firm, raw: list[Deal], query: ReportQuery) -> None:
    going, over = asked(raw, query)
    found = reports.funnel(firm.actor, query)
    won = [deal for deal in over if deal.status == "won"]
    assert (found.deals, found.open, found.won, found.lost) == (
        len(going) + len(over),
        len(going),
        len(won),
        len(over) - len(won),
    )
    pipeline = next(one for one in firm.pipelines if one.id == query.pipeline_id)
    assert [stage.stage_id for stage in found.stages] == [stage["id"] for stage in pipeline.stages]
    for stage, shown in zip(pipeline.stages, found.stages, strict=True):
        code = str(stage["code"])
        reached = [deal for deal in (*going, *over) if code in deal.entered]
        assert shown.reached == len(reached)
        assert shown.won == sum(deal.status == "won" for deal in reached)
        stays = [deal.stayed[code] for deal in reached if code in (deal.stayed or {})]
        assert shown.left == len(stays)
        assert shown.seconds == (pytest.approx(sum(stays) / len(stays), abs=0.06) if stays else None)
        closing = stage["forecast"] in ("won", "lost")
        expected = None if closing or not reached else shown.won / len(reached)
        assert shown.to_won == (None if expected is None else pytest.approx(expected, abs=1e-4))
        behind = [one for one in found.stages[found.stages.index(shown) + 1 :] if one.reached]
        forecasts = {one["id"]: one["forecast"] for one in pipeline.stages}
        behind = [one for one in behind if forecasts[one.stage_id] != "lost"]
        if closing or not reached or not behind:
            assert shown.to_next is None
        else:
            assert shown.to_next == pytest.approx(behind[0].reached / len(reached), abs=1e-4)


def check_velocity(firm: Firm, raw: list[Deal], query: ReportQuery) -> None:
    _, over = asked(raw, query)
    going = [
        deal
        for deal in dealing.live(raw)
        if deal.status == "open" and deal.pipeline_id == query.pipeline_id and query.owner_id in (None, deal.owner_id)
    ]
    won = [deal for deal in over if deal.status == "won"]
    found = reports.velocity(firm.actor, query)
    assert (found.open, found.won, found.lost) == (len(going), len(won), len(over) - len(won))
    seconds, worth = sum(map(lived, won)), sum(deal.base_value["amount"] for deal in won if deal.base_value)
    if not won:
        assert (found.mean_value, found.days_to_close, found.per_day) == (None, None, None)
        return
    assert found.mean_value is not None
    assert found.mean_value.amount == dealing.cents(Fraction(worth, len(won)))
    assert found.days_to_close == pytest.approx(seconds / len(won) / 86400, abs=0.006)
    if not seconds:
        assert found.per_day is None
        return
    daily = Fraction(len(going)) * Fraction(len(won), len(over)) * Fraction(worth, len(won))
    assert found.per_day is not None
    assert found.per_day.amount == dealing.cents(daily / (Fraction(seconds, len(won)) / 86400))
    assert found.per_day.currency == "EUR"


def check_reasons(firm: Firm, raw: list[Deal], query: ReportQuery) -> None:
    lost = [deal for deal in asked(raw, query)[1] if deal.status == "lost"]
    found = reports.lost_reasons(firm.actor, query)
    counts, worth, spelt = Counter[str](), Counter[str](), defaultdict[str, Counter[str]](Counter)
    for deal in lost:
        reason = text.folded(deal.lost_reason)
        counts[reason] += 1
        worth[reason] += (deal.base_value or {"amount": 0})["amount"]
        spelt[reason][" ".join(deal.lost_reason.split())] += 1
    assert found.lost == len(lost)
    assert found.sum.amount == worth.total()
    assert {text.folded(one.reason): (one.count, one.sum.amount) for one in found.data} == {
        reason: (count, worth[reason]) for reason, count in counts.items()
    }
    assert [one.count for one in found.data] == sorted((one.count for one in found.data), reverse=True)
    for one in found.data:
        assert one.share == pytest.approx(one.count / len(lost))
        spellings = spelt[text.folded(one.reason)]
        assert spellings[one.reason] == max(spellings.values())


def test_whatever_was_done_reports_say_what_the_deals_say(house: House) -> None:
    ran = 0

    @settings(
        deadline=None,
        max_examples=20,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
        phases=[Phase.explicit, Phase.reuse, Phase.generate],
    )
    @given(
        st.lists(OPERATION, min_size=4, max_size=14),
        st.sampled_from(MONTHS),
        st.sampled_from(MONTHS),
        st.integers(0, 3),
        st.randoms(use_true_random=False),
    )
    def property_holds(work: Any, since: str | None, until: str | None, owner: int, chance: Any) -> None:
        nonlocal ran
        firm = Sales()
        for stage in (4, 5):
            firm.perform("make", 0, stage)
        for operation in work:
            firm.perform(*operation)
        records = taken(house)
        records += chance.sample(records, min(3, len(records)))
        chance.shuffle(records)
        deliver(records)
        clock.set(dealing.START)
        raw = firm.raw()
        if since and until and since[:7] > until[:7]:
            since, until = until, since
        for pipeline in firm.pipelines:
            mine = firm.users[owner] if owner < 3 else None
            query = ReportQuery(pipeline_id=pipeline.id, since=since, until=until, owner_id=mine)
            check_funnel(firm, raw, query)
            check_velocity(firm, raw, query)
            check_reasons(firm, raw, query)
        ran += 1

    property_holds()
    assert ran >= 20


@pytest.fixture
def firm(house: House) -> Firm:
    return Firm()


def to(firm: Firm, number: int, stage: int, why: str = "Price") -> None:
    """Move a deal of the first pipeline: 4 is won, 5 lost, the others are open."""
    lost = why if stage == 5 else None
    deals.move(firm.actor, firm.deals[number], Move(stage_id=firm.pipelines[0].stages[stage]["id"], lost_reason=lost))


class TestMonths:
    def test_upside_down_they_are_refused(self, firm: Firm) -> None:
        with pytest.raises(errors.Invalid):
            reports.funnel(firm.actor, ReportQuery(since="2026-05", until="2026-04"))

    def test_an_end_long_ago_alone_means_that_month(self, firm: Firm) -> None:
        assert reports.funnel(firm.actor, ReportQuery(until="2001-02")).since == "2001-02"

    def test_without_any_it_is_the_last_twelve_and_all_to_come(self, firm: Firm) -> None:
        found = reports.funnel(firm.actor, ReportQuery())  # on 2026-03-30
        assert (found.since, found.until) == ("2025-04", None)


def test_a_reopened_or_trashed_deal_was_not_lost(house: House, firm: Firm) -> None:
    for _ in range(3):
        firm.make(0, 0)
    for number in range(3):
        to(firm, number, 5)
    deliver(taken(house))
    assert reports.lost_reasons(firm.actor, ReportQuery()).lost == 3
    to(firm, 0, 1)
    deals.delete(firm.actor, firm.deals[1], None)
    deliver(taken(house))
    found = reports.lost_reasons(firm.actor, ReportQuery())
    assert [(one.reason, one.count, one.share) for one in found.data] == [("Price", 1, 1.0)]


class TestProbability:
    @pytest.fixture
    def firm(self, house: House) -> Firm:
        """Of ten deals that reached Negotiation nine were won, of ten that did not nine were lost; and an open one."""
        firm = Firm()
        for number in range(20):
            firm.make(0, 0)
            deals.update(firm.actor, firm.deals[-1], {"source": "Fair" if number % 2 else "web"})
            far = number < 10
            to(firm, number, 3 if far else 1)
            clock.advance(timedelta(days=1).total_seconds())
            to(firm, number, 4 if far != (number % 10 == 0) else 5)
        firm.make(0, 0)
        deliver(taken(house))
        return firm

    def test_it_rises_with_the_stage_that_is_reached_and_says_why(self, house: House, firm: Firm) -> None:
        early = probabilities.of_deal(firm.actor, firm.deals[20])
        assert (early.method, early.stage_probability, early.basis.won, early.basis.lost) == ("learned", 0.1, 10, 10)
        to(firm, 20, 3)
        late = probabilities.of_deal(firm.actor, firm.deals[20])
        assert late.probability > 0.6 > early.probability
        reason = late.reasons[0]
        assert (reason.feature, reason.value) == ("stage", firm.pipelines[0].stages[3]["id"])
        assert reason.says == "9 of 10 closed deals that were in Negotiation were won."
        assert (reason.won, reason.lost) == (9, 1)
        assert reason.effect > 1

    def test_going_back_does_not_undo_how_far_it_came(self, house: House, firm: Firm) -> None:
        to(firm, 20, 3)
        far = probabilities.of_deal(firm.actor, firm.deals[20])
        to(firm, 20, 0)
        back = probabilities.of_deal(firm.actor, firm.deals[20])
        assert back.probability == pytest.approx(far.probability)
        assert back.stage_probability == 0.1

    def test_an_owner_and_a_source_count_in_any_spelling(self, house: House, firm: Firm) -> None:
        deals.update(firm.actor, firm.deals[20], {"source": "FAIR"})
        found = {one.feature: one for one in probabilities.of_deal(firm.actor, firm.deals[20]).reasons}
        assert (found["source"].value, found["source"].won + found["source"].lost) == ("FAIR", 10)
        assert (found["owner"].value, found["owner"].won + found["owner"].lost) == (firm.users[0], 20)
        assert found["owner"].effect == pytest.approx(1)

    def test_one_that_is_older_than_all_closed_ones_knows_nothing_of_its_age(self, house: House, firm: Firm) -> None:
        assert all(one.feature != "age" for one in probabilities.of_deal(firm.actor, firm.deals[20]).reasons)
        clock.advance(timedelta(days=400).total_seconds())
        assert all(one.feature != "age" for one in probabilities.of_deal(firm.actor, firm.deals[20]).reasons)

    def test_a_closed_deal_is_certain(self, firm: Firm) -> None:
        won, lost = (probabilities.of_deal(firm.actor, firm.deals[number]) for number in (1, 0))
        assert (won.method, won.probability, won.reasons) == ("closed", 1.0, [])
        assert (lost.method, lost.probability) == ("closed", 0.0)

    def test_with_few_closed_deals_it_is_that_of_the_stage(self, house: House) -> None:
        firm = Firm()
        for stage in (4,) * 9:
            firm.make(0, stage)
        firm.make(0, 2)
        deliver(taken(house))
        found = probabilities.of_deal(firm.actor, firm.deals[-1])
        assert (found.method, found.probability, found.reasons) == ("stage", 0.4, [])
        assert found.basis.won == 9

    def test_the_report_tells_how_good_predictions_were(self, house: House) -> None:
        firm = Firm()
        for number in range(30):
            firm.make(0, 0)
            to(firm, number, 3 if number % 3 else 1)
            to(firm, number, 4 if number % 3 else 5)
            deliver(taken(house))
        found = probabilities.report(firm.actor, WinProbabilityQuery())
        assert (found.basis.won, found.basis.lost) == (20, 10)
        assert found.base_rate == pytest.approx(21 / 32, abs=1e-4)
        assert found.predictions == sum(ten.predictions for ten in found.deciles) == 20
        assert sum(ten.won for ten in found.deciles) == 14
        assert found.brier is not None
        assert found.brier_of_base_rate is not None
        assert found.brier < found.brier_of_base_rate  # it learned what decides here
        for ten in found.deciles:
            assert (ten.mean is None) == (ten.predictions == 0)
            assert ten.mean is None or ten.low <= ten.mean <= ten.high

    def test_before_anything_is_closed_there_is_nothing_to_tell(self, house: House) -> None:
        found = probabilities.report(Firm().actor, WinProbabilityQuery())
        assert (found.base_rate, found.predictions, found.brier, found.brier_of_base_rate) == (0.5, 0, None, None)
        assert [ten.won_share for ten in found.deciles] == [None] * 10
