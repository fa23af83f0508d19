"""The forecast of each week is kept once: on time, twice, late, after an outage, over changes of the clock; and how it
drifted is what the snapshots say.
"""

import threading
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors, ids
from chalicelib.models import keys, moments
from chalicelib.models.moment import Moment
from chalicelib.models.snapshot import Snapshot
from chalicelib.models.table import Item, every
from chalicelib.models.writes import transact
from chalicelib.schemas.deal import DealDraft, Move
from chalicelib.schemas.page import Page
from chalicelib.schemas.report import DriftQuery, DriftView, SnapshotView
from chalicelib.services import deal_sheets, deals, drift, due, hints, snapshots
from chalicelib.services import settings as firms
from tests import dealing
from tests.dealing import Firm
from tests.feeds import deliver, taken
from tests.house import House
from tests.schedules import SETTINGS, reacting

MONDAY: Final = datetime(2026, 4, 6, tzinfo=UTC)  # the first after `dealing.START`
ZONES: Final = ("UTC", "Europe/Vienna", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Africa/Cairo")
MOMENTS: Final = st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC))


@pytest.fixture(autouse=True)
def _no_others(monkeypatch: pytest.MonkeyPatch, house: House) -> Iterator[None]:
    """Only what snapshots are made of."""
    reacting(monkeypatch, (deal_sheets.contributed, snapshots.started).__contains__)
    monkeypatch.setattr(snapshots, "_known", {})
    yield
    clock.reset()


@pytest.fixture
def firm(house: House) -> Firm:
    """A firm with an open deal of 2026-05."""
    firm = Firm()
    made(firm)
    follow(house)
    return firm


def made(firm: Firm, **fields: Any) -> str:
    usual = {
        "title": "Ten engines",
        "pipeline_id": firm.pipelines[0].id,
        "value": {"amount": 1001, "currency": "EUR"},
        "expected_close": "2026-05-15",
        "owner_id": firm.users[0],
    }
    firm.deals.append(deals.create(firm.actor, msgspec.convert({**usual, **fields}, DealDraft)).id)
    return firm.deals[-1]


def follow(house: House) -> None:
    deliver(taken(house))


def standing(firm: Firm) -> Moment | None:
    return moments.load(firm.actor.tenant, firm.actor.tenant, snapshots.WHAT)


def come(firm: Firm) -> float | None:
    """What the moment of the firm does now."""
    moment = standing(firm)
    assert moment is not None
    return snapshots.take(moment)


def weeks(firm: Firm) -> list[SnapshotView]:
    return drift.listing(firm.actor, Page()).data


def told(firm: Firm, **query: Any) -> DriftView:
    return drift.report(firm.actor, DriftQuery(**query))


def everything(firm: Firm) -> list[Any]:
    found = every(keys.partition("snapshot", tenant=firm.actor.tenant))
    return [item.serialize() for item in found]


class TestWeeks:
    @settings(max_examples=300)
    @given(MOMENTS, st.sampled_from(ZONES))
    @example(datetime(2011, 12, 29, 12, tzinfo=UTC), "Pacific/Apia")  # where the next day was left out
    @example(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), "Europe/Vienna")  # the day on which clocks go forward
    @example(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Europe/Vienna")  # and back
    def test_the_next_one_is_ahead_and_begins_on_a_monday_at_midnight(self, now: datetime, zone: str) -> None:
        at = snapshots.next_monday(now, zone)
        assert timedelta(0) < at - now <= timedelta(days=7, hours=25)
        local = at.astimezone(ZoneInfo(zone))
        assert (local.weekday(), local.hour, local.minute) == (0, 0, 0)
        assert snapshots.week_of(at, zone) == local.date().isoformat()

    @given(MOMENTS, st.sampled_from(ZONES))
    def test_a_moment_is_in_the_week_of_its_monday(self, now: datetime, zone: str) -> None:
        monday = date.fromisoformat(snapshots.week_of(now, zone))
        assert monday.weekday() == 0
        assert 0 <= (now.astimezone(ZoneInfo(zone)).date() - monday).days <= 6
        assert snapshots.week_of(snapshots.next_monday(now, zone), zone) == (monday + timedelta(days=7)).isoformat()

    def test_where_midnight_is_left_out_it_is_when_the_old_clock_would_have_shown_it(self) -> None:
        zone = "America/Toronto"  # on 1919-03-30 from half past eleven at night to half past midnight
        sunday = datetime(1919, 3, 30, 12, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        at = snapshots.next_monday(sunday, zone)
        assert at == datetime(1919, 3, 31, 5, tzinfo=UTC)
        assert at.astimezone(ZoneInfo(zone)).date() == date(1919, 3, 31)

    def test_a_week_of_the_change_of_clocks_is_an_hour_shorter_or_longer(self) -> None:
        before = snapshots.next_monday(datetime(2026, 3, 20, tzinfo=UTC), "Europe/Vienna")
        after = snapshots.next_monday(before, "Europe/Vienna")
        assert (before, after - before) == (datetime(2026, 3, 22, 23, tzinfo=UTC), timedelta(days=7, hours=-1))
        before = snapshots.next_monday(datetime(2026, 10, 15, tzinfo=UTC), "Europe/Vienna")
        assert snapshots.next_monday(before, "Europe/Vienna") - before == timedelta(days=7, hours=1)

    @given(st.dates(date(1, 2, 1), date(9999, 12, 31)))
    def test_the_month_before(self, day: date) -> None:
        last = day.replace(day=1) - timedelta(days=1)
        assert snapshots.month_before(day.isoformat()[:7]) == last.isoformat()[:7]


class TestMoment:
    def test_the_first_deal_of_a_firm_sets_it_to_the_next_monday(self, firm: Firm) -> None:
        moment = standing(firm)
        assert moment is not None
        assert moment.at == clock.stamp(MONDAY)

    def test_it_is_midnight_in_the_zone_of_the_firm(self, house: House) -> None:
        firm = Firm()
        firms.update(firm.actor, {"time_zone": "America/New_York"}, None)
        made(firm)
        follow(house)
        moment = standing(firm)
        assert moment is not None
        assert moment.at == "2026-04-06T04:00:00.000Z"

    def test_many_deals_ask_once(self, house: House, firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []
        load = moments.load

        def noted(tenant: str, subject_id: str, what: str) -> Moment | None:
            asked.append(tenant)
            return load(tenant, subject_id, what)

        monkeypatch.setattr(moments, "load", noted)
        for _ in range(5):
            made(firm)
        follow(house)
        assert asked == []
        clock.set(MONDAY)  # from then on nobody knows
        made(firm)
        follow(house)
        assert asked == [firm.actor.tenant]

    def test_a_closed_deal_sets_none_and_a_reopened_one_does(self, house: House) -> None:
        firm = Firm()
        made(firm, stage_id=firm.pipelines[0].stages[4]["id"])
        follow(house)
        assert standing(firm) is None
        deals.move(firm.actor, firm.deals[0], Move(stage_id=firm.pipelines[0].stages[0]["id"]))
        follow(house)
        assert standing(firm) is not None

    def test_it_comes_week_after_week_and_stops_when_nothing_is_open(self, house: House, firm: Firm) -> None:
        for number in range(3):
            clock.set(MONDAY + timedelta(weeks=number, minutes=1))
            assert come(firm) == hints.SETTLED
        moment = standing(firm)
        assert moment is not None
        assert moment.at == clock.stamp(MONDAY + timedelta(weeks=3))
        deals.move(firm.actor, firm.deals[0], Move(stage_id=firm.pipelines[0].stages[4]["id"]))
        follow(house)
        clock.set(MONDAY + timedelta(weeks=3, minutes=1))
        assert come(firm) is None
        moments.finish(moment)
        assert standing(firm) is None
        assert [one.count for one in weeks(firm)] == [0, 1, 1, 1]
        made(firm)  # and begins again
        follow(house)
        again = standing(firm)
        assert again is not None
        assert again.at == clock.stamp(MONDAY + timedelta(weeks=4))

    def test_a_deal_made_while_it_is_about_to_stop_has_it_look_again(self, house: House, firm: Firm) -> None:
        deals.delete(firm.actor, firm.deals[0], None)
        follow(house)
        clock.set(MONDAY + timedelta(minutes=1))
        moment = standing(firm)
        assert moment is not None
        assert snapshots.take(moment) is None  # nothing is open, so it would be finished; but before it is
        made(firm)
        follow(house)
        moments.finish(moment)
        left = standing(firm)
        assert left is not None
        clock.advance(61)
        assert left.due_sk < f"{clock.stamp()}~"  # it comes up again
        assert snapshots.take(left) == hints.SETTLED
        assert len(weeks(firm)) == 1

    def test_given_up_it_comes_next_week(self, firm: Firm) -> None:
        clock.set(MONDAY + timedelta(hours=30))
        moment = standing(firm)
        assert moment is not None
        due.GIVEN_UP[snapshots.WHAT](moment)
        moments.finish(moment)
        left = standing(firm)
        assert left is not None
        assert left.at == clock.stamp(MONDAY + timedelta(weeks=1))
        assert weeks(firm) == []

    def test_the_minute_brings_it(self, house: House, firm: Firm) -> None:
        clock.set(MONDAY + timedelta(minutes=1))
        while not weeks(firm):
            due.run()
            assert house.queue
            house.work()
        assert [one.week for one in weeks(firm)] == ["2026-04-06"]


class TestKeeping:
    def test_twice_or_late_in_the_same_week_nothing_changes(self, house: House, firm: Firm) -> None:
        clock.set(MONDAY + timedelta(minutes=1))
        moment = standing(firm)
        assert moment is not None
        snapshots.take(moment)
        before = everything(firm)
        made(firm, expected_close="2026-06-01")
        follow(house)
        clock.set(MONDAY + timedelta(days=6, hours=23))
        assert snapshots.take(moment) == hints.SETTLED
        assert everything(firm) == before
        assert [one.sum.amount for one in weeks(firm)] == [1001]

    def test_several_at_once_keep_one(self, firm: Firm) -> None:
        clock.set(MONDAY + timedelta(minutes=1))
        moment = standing(firm)
        assert moment is not None
        failures: list[Exception] = []
        together = threading.Barrier(4)

        def work() -> None:
            together.wait()
            try:
                snapshots.take(moment)
            except Exception as error:  # noqa: BLE001 - told below, by the test's own thread
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        assert len(weeks(firm)) == 1
        assert len(everything(firm)) == 2  # the week and its one month

    def test_after_an_outage_of_weeks_there_is_one_of_the_week_that_it_is(self, firm: Firm) -> None:
        clock.set(MONDAY + timedelta(weeks=5, days=2))
        assert come(firm) == hints.SETTLED
        assert [one.week for one in weeks(firm)] == ["2026-05-11"]
        moment = standing(firm)
        assert moment is not None
        assert moment.at == clock.stamp(MONDAY + timedelta(weeks=6))

    def test_a_worker_that_dies_in_between_leaves_all_or_nothing(
        self, firm: Firm, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        clock.set(MONDAY + timedelta(minutes=1))
        write, calls = transact, list[int]()

        def die(*steps: Any) -> None:
            calls.append(len(steps))
            if len(calls) > 1:
                raise errors.Unready("The table is too busy.")
            write(*steps)

        monkeypatch.setattr(snapshots, "transact", die)
        with pytest.raises(errors.Unready):
            come(firm)  # kept, but the next moment is not set
        monkeypatch.setattr(snapshots, "transact", write)
        before = everything(firm)
        assert len(before) == 2
        assert come(firm) == hints.SETTLED
        assert everything(firm) == before

    def test_of_more_months_than_a_transaction_takes_those_to_come_are_kept(self, house: House) -> None:
        firm = Firm()
        for number in range(104):
            made(firm, expected_close=f"{2025 + number // 12}-{number % 12 + 1:02}-01")
        follow(house)
        clock.set(MONDAY + timedelta(minutes=1))
        come(firm)
        (week,) = weeks(firm)
        assert (week.count, week.sum.amount, len(week.months)) == (104, 104 * 1001, 99)
        assert week.months[-1] == "2033-08"


def recomputed(firm: Firm, month: str) -> dict[str, Fraction]:
    """What the forecast of a month is now, from the raw deals."""
    found: dict[str, Fraction] = defaultdict(Fraction)
    for deal in dealing.live(firm.raw()):
        stage = firm.stage(deal)
        if deal.status == "won" and deal.closed_at[:7] == month:
            found["won"] += (deal.base_value or {"amount": 0})["amount"]
        if deal.status != "open" or (deal.expected_close or "-")[:7] != month:
            continue
        worth = dealing.in_euros(deal.value)
        found[stage["forecast"]] += worth
        if stage["forecast"] != "omitted":
            found["sum"] += worth
            found["weighted"] += worth * Fraction(str(stage["probability"]))
            found["count"] += 1
    return found


class TestDrift:
    def test_what_is_told_is_what_the_deals_said_each_monday(self, house: House) -> None:
        ran = 0
        operation = st.tuples(st.sampled_from((*dealing.WORK, "transfer")), st.integers(0, 5), st.integers(0, 29))

        @settings(SETTINGS, max_examples=10)
        @given(st.lists(st.lists(operation, max_size=4), min_size=2, max_size=4))
        def property_holds(work: list[Any]) -> None:
            nonlocal ran
            firm = Firm()
            made(firm)
            expected: dict[str, dict[str, dict[str, Fraction]]] = {}
            for number, operations in enumerate(work):
                for one in operations:
                    firm.perform(*one)
                follow(house)
                week = MONDAY + timedelta(weeks=4 * number)
                clock.set(week + timedelta(minutes=1))
                snapshots.take(Moment(tenant=firm.actor.tenant, subject_id=firm.actor.tenant, what=snapshots.WHAT))
                expected[week.date().isoformat()] = {
                    month: recomputed(firm, month) for month in ("2026-03", "2026-04", "2026-05", "2027-01")
                }
            for month in ("2026-04", "2026-05", "2027-01"):
                check(firm, month, {week: found[month] for week, found in expected.items()})
            ran += 1

        property_holds()
        assert ran >= 10

    def test_it_is_told_for_one_owner_and_one_pipeline(self, house: House, firm: Firm) -> None:
        made(firm, owner_id=firm.users[1], value={"amount": 500, "currency": "EUR"})
        made(firm, pipeline_id=firm.pipelines[1].id, value={"amount": 70, "currency": "EUR"})
        made(firm, value={"amount": 9, "currency": "EUR"})
        deals.update(firm.actor, firm.deals[-1], {"owner_id": None})
        follow(house)
        clock.set(MONDAY + timedelta(minutes=1))
        come(firm)

        def sums(**query: Any) -> list[int]:
            return [one.sum.amount for one in told(firm, month="2026-05", **query).data]

        assert sums() == [1580]
        assert sums(owner_id=firm.users[1]) == [500]
        assert sums(pipeline_id=firm.pipelines[1].id) == [70]
        assert sums(pipeline_id=firm.pipelines[0].id, owner_id=firm.users[0]) == [1001]
        assert sums(owner_id=ids.new("usr")) == [0]

    def test_a_month_that_lost_its_deals_falls_to_nothing(self, house: House, firm: Firm) -> None:
        clock.set(MONDAY + timedelta(minutes=1))
        come(firm)
        deals.update(firm.actor, firm.deals[0], {"expected_close": "2026-07-01"})
        follow(house)
        clock.set(MONDAY + timedelta(weeks=1, minutes=1))
        come(firm)
        may = told(firm, month="2026-05").data
        assert [(one.count, one.sum.amount) for one in may] == [(1, 1001), (0, 0)]
        assert may[1].change is not None
        assert (may[1].change.sum.amount, may[1].change.expected.amount) == (-1001, -100)
        july = told(firm, month="2026-07").data  # spoken of for the first time in the second week
        assert [(one.week, one.sum.amount, one.change) for one in july] == [("2026-04-13", 1001, None)]

    def test_weeks_can_be_chosen_by_any_of_their_days(self, firm: Firm) -> None:
        for number in range(4):
            clock.set(MONDAY + timedelta(weeks=number, minutes=1))
            come(firm)
        chosen = told(firm, month="2026-05", from_week="2026-04-19", to_week="2026-04-20")
        assert [one.week for one in chosen.data] == ["2026-04-13", "2026-04-20"]
        assert told(firm, month="2026-05", from_week="2027-01-01").data == []
        with pytest.raises(errors.Invalid):
            told(firm, from_week="2026-02-30")
        with pytest.raises(errors.Invalid, match="before"):
            told(firm, from_week="2026-04-20", to_week="2026-04-13")
        assert told(firm, month="2029-01", to_week="2026-04-20").data == []

    def test_without_a_month_it_is_this_one_in_the_zone_of_the_firm(self, firm: Firm) -> None:
        clock.set(datetime(2026, 4, 30, 23, 30, tzinfo=UTC))
        assert told(firm).month == "2026-04"
        firms.update(firm.actor, {"time_zone": "Europe/Vienna"}, None)
        assert told(firm).month == "2026-05"

    def test_a_list_of_weeks_goes_on_where_it_ended(self, firm: Firm) -> None:
        for number in range(3):
            clock.set(MONDAY + timedelta(weeks=number, minutes=1))
            come(firm)
        first = drift.listing(firm.actor, Page(limit=2))
        rest = drift.listing(firm.actor, Page(limit=2, start=first.last))
        assert [one.week for one in (*first.data, *rest.data)] == ["2026-04-20", "2026-04-13", "2026-04-06"]

    def test_another_firm_sees_nothing_of_it(self, firm: Firm) -> None:
        clock.set(MONDAY + timedelta(minutes=1))
        come(firm)
        other = Firm()
        assert weeks(other) == []
        assert told(other, month="2026-05").data == []


def check(firm: Firm, month: str, expected: dict[str, dict[str, Fraction]]) -> None:
    speaking = {week: said for week, said in expected.items() if snapshots.month_before(week[:7]) <= month}
    while speaking and not any(speaking[min(speaking)].values()) and not _mentioned(firm, month, min(speaking)):
        del speaking[min(speaking)]
    shown = told(firm, month=month).data
    assert [row.week for row in shown] == sorted(speaking)
    before = None
    for row in shown:
        said = speaking[row.week]
        assert row.count == said["count"]
        for name in ("sum", "weighted", "won", "commit", "best_case", "pipeline", "omitted"):
            assert getattr(row, name).amount == dealing.cents(said[name]), name
        assert row.expected.amount == dealing.cents(said["weighted"] + said["won"])
        assert (row.change is None) == (before is None)
        if before is not None and row.change is not None:
            for name in ("sum", "weighted", "won", "expected"):
                assert getattr(row.change, name).amount == getattr(row, name).amount - getattr(before, name).amount
        before = row


def _mentioned(firm: Firm, month: str, week: str) -> bool:
    """Whether the week's snapshot has rows of the month, were they worth nothing."""
    place = keys.key("snapshot", tenant=firm.actor.tenant, month=month, week=week)
    try:
        return isinstance(Item.get(*place), Snapshot)
    except Item.DoesNotExist:
        return False
