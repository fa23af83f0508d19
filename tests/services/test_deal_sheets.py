"""What deals add up to: each contribution, what a move writes, and that sheets are what the deals say - whatever the
stream does: twice, late, in another order, cut off in the middle, by several at once.
"""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pynamodb.exceptions import TransactWriteError

from chalicelib import ids, observability
from chalicelib.models import keys
from chalicelib.models.deal import Deal
from chalicelib.models.ledger import Contribution
from chalicelib.models.table import Item, page
from chalicelib.schemas.deal import DealDraft, Move
from chalicelib.services import changes, deal_sheets, deals, ledger
from tests import dealing, lean
from tests.busy import MET, InTheWay, cancelled
from tests.dealing import Firm
from tests.feeds import deliver, taken
from tests.house import House
from tests.schedules import SETTINGS, Crashes, crashing, push
from tests.units import exact_units

OWNER, PIPELINE = ids.new("usr"), ids.new("pip")


@pytest.fixture(autouse=True)
def _no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the reaction of this room: the others have tests of their own, and take most of the time."""
    rows = {place: (deal_sheets.contributed,) for place, all_ in changes.REACTIONS.items() if place[0] == "deal"}
    monkeypatch.setattr(changes, "REACTIONS", rows)


def deal(**fields: Any) -> Deal:
    made = Deal(id=ids.new("dea"), tenant=ids.new("ten"), version=1, pipeline_id=PIPELINE, stage_id="s", rank="V")
    usual = {
        "stage_code": 2,
        "status": "open",
        "owner_id": OWNER,
        "value": {"amount": 129900, "currency": "USD"},
        "expected_close": "2026-11-30",
        "entered": {"1": 1, "2": 2},
        "stayed": {"1": 3600, "2": 60},
        "created_at": "2026-10-01T00:00:00.000Z",
        "updated_at": "2026-11-01T00:00:00.000Z",
        "stage_since": "2026-11-01T00:00:00.000Z",
    }
    for name, value in {**usual, **fields}.items():
        setattr(made, name, value)
    return made


WON: dict[str, Any] = {
    "status": "won",
    "closed_at": "2026-10-31T23:59:59.000Z",
    "base_value": {"amount": 119807, "currency": "EUR"},
}


class TestContribution:
    def test_an_open_deal_is_in_the_sheet_of_its_owner_and_month(self) -> None:
        assert deal_sheets.contribution(deal()) == {
            f"{PIPELINE}/O#{OWNER}#2026-11": {
                "n": 1, "2n": 1, "2v.USD": 129900,
                "1e": 1, "2e": 1, "1t": 3600, "1x": 1, "2t": 60, "2x": 1,
            }
        }  # fmt: skip

    def test_a_won_one_is_in_that_of_its_month_and_in_that_of_the_board(self) -> None:
        days = 31 * 24 * 3600 - 1
        assert deal_sheets.contribution(deal(**WON)) == {
            f"{PIPELINE}/C#2026-10#{OWNER}": {
                "n": 1, "2n": 1, "2v.USD": 129900, "2b": 119807, "2d": days,
                "1e": 1, "2e": 1, "1w": 1, "2w": 1, "1t": 3600, "1x": 1, "2t": 60, "2x": 1,
            },
            f"{PIPELINE}/K": {"2n": 1, "2v.USD": 129900, "2b": 119807},
        }  # fmt: skip

    def test_what_a_deal_has_not_is_a_dash_or_nothing(self) -> None:
        bare = deal(owner_id=None, value=None, expected_close=None, entered={"2": 1}, stayed=None)
        assert deal_sheets.contribution(bare) == {f"{PIPELINE}/O#-#-": {"n": 1, "2n": 1, "2e": 1}}
        lost = deal(owner_id=None, value=None, **{**WON, "status": "lost", "base_value": None})
        assert set(deal_sheets.contribution(lost)) == {f"{PIPELINE}/C#2026-10#-", f"{PIPELINE}/K"}

    def test_in_the_trash_it_adds_nothing(self) -> None:
        assert deal_sheets.contribution(deal(deleted_at="2026-11-02T00:00:00.000Z")) == {}

    def test_each_name_says_whose_and_when(self) -> None:
        names = [name.partition("/")[2] for one in (deal(), deal(owner_id=None, expected_close=None), deal(**WON))
                 for name in deal_sheets.contribution(one) if not name.endswith("/K")]  # fmt: skip
        assert [tuple(deal_sheets.place(name)) for name in names] == [
            (True, OWNER, "2026-11"),
            (True, None, None),
            (False, OWNER, "2026-10"),
        ]

    def test_every_cell_is_read_as_what_it_was_written(self) -> None:
        (sheet, _) = deal_sheets.contribution(deal(**WON)).values()
        figures = deal_sheets.stage_sums([sheet, sheet])
        assert set(figures) == {1, 2}
        two = figures[2]
        assert (two.count, dict(two.sums), two.base) == (2, {"USD": 259800}, 239614)
        assert (two.entered, two.won, two.left, two.stayed) == (2, 2, 2, 120)
        assert two.age == 2 * (31 * 24 * 3600 - 1)
        assert (figures[1].count, figures[1].entered, figures[1].stayed) == (0, 2, 7200)


class TestSize:
    """A second KB doubles what each write costs."""

    @staticmethod
    def size(item: Item) -> int:
        """Bytes as DynamoDB counts them: names, texts, and of a number half its digits and one."""
        total = 0
        for name, value in item.serialize().items():
            ((kind, held),) = value.items()
            digits = len(str(held).lstrip("-").strip("0"))
            total += len(name) + (len(held.encode()) if kind == "S" else (digits + 1) // 2 + 1 if kind == "N" else 3)
        return total

    def test_a_contribution_of_a_deal_that_was_in_nine_stages_fits_in_one(self) -> None:
        codes = [str(code) for code in range(1, 10)]
        wide = deal(entered=dict.fromkeys(codes, 3), stayed=dict.fromkeys(codes, 10**7), stage_code=9)
        made = Contribution(
            *keys.key("contribution", tenant=wide.tenant, record=wide.id, ledger=deal_sheets.LEDGER), of_version=10**4
        )
        made.sheets = {name: dict(cells) for name, cells in deal_sheets.contribution(wide).items()}
        assert self.size(made) < 1024, self.size(made)

    def test_a_sheet_of_nine_stages_and_three_currencies_fits_in_one(self) -> None:
        tenant, big = ids.new("ten"), 10**11 + 1
        cells = {"n": 99999}
        for code in range(1, 10):
            cells |= {f"{code}{letter}": 99999 for letter in "nex"}
            cells |= {f"{code}t": big, **{f"{code}v.{one}": big for one in ("EUR", "USD", "CHF")}}
        pk, sk = keys.key("sheet", tenant=tenant, book=PIPELINE, name=f"O#{OWNER}#2026-11")
        numbers = sum(len(name) + 1 + (len(str(amount)) + 1) // 2 + 1 for name, amount in cells.items())
        assert numbers + len(pk) + len(sk) + len("pkskkindsheet") < 1024


@exact_units
class TestUnits:
    def moved(self, firm: Firm, house: House, to: int) -> tuple[float, float]:
        """What following up one move consumes."""
        stage = firm.pipelines[0].stages[to]
        lost = "price" if stage["forecast"] == "lost" else None
        deals.move(firm.actor, firm.deals[0], Move(stage_id=stage["id"], lost_reason=lost))
        return self.followed(taken(house))

    @staticmethod
    def followed(records: list[Any]) -> tuple[float, float]:
        """What following up these records consumes."""
        with observability.measured("test") as meter:
            for record in records:
                changes.react(record["dynamodb"].get("OldImage"), record["dynamodb"].get("NewImage"))
        return meter.rru, meter.wru

    def make(self, firm: Firm, house: House, count: int) -> None:
        for _ in range(count):
            firm.make(0, 7)
        deliver(taken(house))

    def test_a_plain_move_writes_its_contribution_and_one_sheet(self, house: House) -> None:
        firm = Firm()
        self.make(firm, house, 2)
        assert self.moved(firm, house, 2) == (1, 2 + 2)  # contribution read, and written; sheet

    def test_a_close_writes_three_sheets_and_tries_to_remove_the_one_it_leaves(self, house: House) -> None:
        firm = Firm()
        self.make(firm, house, 2)
        assert self.moved(firm, house, 4) == (1, 2 + 3 * 2)  # the removal that is refused is 1, untold

    def test_a_change_of_nothing_that_counts_is_free(self, house: House) -> None:
        firm = Firm()
        self.make(firm, house, 1)
        deals.update(firm.actor, firm.deals[0], {"expected_close": "2026-05-16"})
        deliver(taken(house))
        firm.rename(0, 5)
        deals.update(firm.actor, firm.deals[0], {"expected_close": "2026-05-01"})
        assert self.followed(taken(house)) == (0, 0)

    def test_the_board_is_one_query(self, house: House) -> None:
        firm = Firm()
        self.make(firm, house, 3)
        self.moved(firm, house, 4)
        with observability.measured("test") as meter:
            found = deal_sheets.board(firm.actor.tenant, firm.pipelines[0].id)
        assert {code: figures.count for code, figures in found.items() if figures.count} == {2: 2, 5: 1}
        assert (meter.rru, meter.wru) == (0.5, 0)


class TestEmptySheets:
    def names(self, firm: Firm) -> list[str]:
        """The items there are, also those with nothing but zeros."""
        found = page(keys.partition("sheet", tenant=firm.actor.tenant, book=firm.pipelines[0].id), limit=100)
        return [sheet.sk for sheet in found.items]

    def test_a_sheet_that_the_last_deal_has_left_is_gone(self, house: House) -> None:
        firm = Firm()
        firm.make(0, 2)  # 2026-04
        firm.make(0, 2)
        for number, left in enumerate((2, 1)):
            deals.update(firm.actor, firm.deals[number], {"expected_close": "2026-12-01"})
            deliver(taken(house))
            assert len(self.names(firm)) == left
        assert self.names(firm) == [f"O#{firm.users[0]}#2026-12"]
        deals.delete(firm.actor, firm.deals[0], None)
        deals.delete(firm.actor, firm.deals[1], None)
        deliver(taken(house))
        assert self.names(firm) == []

    def test_one_that_is_entered_meanwhile_stays(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        firm = Firm()
        firm.make(0, 2)
        deliver(taken(house))
        deals.update(firm.actor, firm.deals[0], {"expected_close": "2026-12-01"})
        moved = taken(house)
        firm.make(0, 2)
        entered = taken(house)
        clear = ledger._clear

        def late(tenant: str, sheets: Any) -> None:
            monkeypatch.setattr(ledger, "_clear", clear)
            deliver(entered)
            clear(tenant, sheets)

        monkeypatch.setattr(ledger, "_clear", late)
        deliver(moved)
        assert self.names(firm) == [f"O#{firm.users[0]}#2026-04", f"O#{firm.users[0]}#2026-12"]
        check(firm)


def check(firm: Firm) -> None:
    """Every sheet of every pipeline says what the deals say."""
    raw = firm.raw()
    for pipeline in firm.pipelines:
        found = {name: cells for name, cells in ledger.sheets(firm.actor.tenant, pipeline.id).items() if cells}
        assert found == dealing.sheets(raw, pipeline.id)


@pytest.fixture
def crashes(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crashes]:
    with lean.connection(engine):
        yield crashing(monkeypatch, ledger)


OPERATION = st.tuples(st.sampled_from((*dealing.WORK, "transfer")), st.integers(0, 5), st.integers(0, 29))


def test_whatever_the_stream_does_sheets_are_what_the_deals_say(house: House, crashes: Crashes) -> None:
    ran = 0

    @settings(SETTINGS, max_examples=80)
    @given(
        st.lists(OPERATION, min_size=2, max_size=8),
        st.lists(OPERATION, max_size=3),
        st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=2),
        st.integers(1, 7),
        st.randoms(use_true_random=False),
    )
    def property_holds(first: Any, late: Any, planned: Any, size: int, chance: Any) -> None:
        nonlocal ran
        firm = Firm()
        firm.perform("make", 0, 7)
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
        ran += 1

    property_holds()
    assert ran >= 80


def test_moves_by_several_at_once_are_all_counted(house: House) -> None:
    firm = Firm()
    for number in range(4):
        firm.make(0, 7 + 5 * number)
    deliver(taken(house))
    stages, failures = firm.pipelines[0].stages, []

    def work(number: int) -> None:
        try:
            for to in (1, 3, 2, 4, 0, 2):
                deals.move(firm.actor, firm.deals[number], Move(stage_id=stages[to]["id"]))
                record = Item.get(*keys.key("deal", tenant=firm.actor.tenant, id=firm.deals[number]))
                deal_sheets.contributed(None, record)  # as another function would that has the same shard
        except Exception as error:  # noqa: BLE001 - told below, by the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    check(firm)
    deliver(taken(house))  # late, and all in one batch: nothing changes any more
    check(firm)


def test_a_batch_of_more_steps_than_a_transaction_takes_is_settled(house: House) -> None:
    firm = Firm()
    lost = firm.pipelines[0].stages[5]["id"]
    months = [f"2026-{month:02}-01" for month in range(1, 13)]
    for number in range(48):  # forty-eight contributions, each with sheets of its own
        draft = DealDraft(
            title="X", owner_id=firm.users[number % 3], expected_close=f"{2026 + number // 12}{months[number % 12][4:]}"
        )
        firm.deals.append(deals.create(firm.actor, draft).id)
    deliver(taken(house))
    check(firm)
    for one in firm.deals:
        deals.move(firm.actor, one, Move(stage_id=lost, lost_reason="price"))
    deliver(taken(house))
    check(firm)
    assert set(ledger.sheets(firm.actor.tenant, firm.pipelines[0].id)) >= {"K"}


def test_one_record_alone_with_more_steps_than_that_is_refused_and_does_not_go_on_for_ever(house: House) -> None:
    many = {f"{PIPELINE}/O#{number}#-": {"1n": 1} for number in range(120)}
    with pytest.raises(TransactWriteError):
        ledger.settle(ids.new("ten"), ids.new("dea"), "deal", 1, {}, many)


def test_sums_beyond_what_a_float_holds_are_exact(engine: str) -> None:
    tenant, worth = ids.new("ten"), 10**16 + 1  # ten thousand of the largest deals
    for number in range(3):
        ledger.settle(tenant, ids.new("dea"), "deal", 1, {}, {f"{PIPELINE}/O#-#-": {"n": 1, "1v.EUR": worth + number}})
    assert ledger.sheet(tenant, PIPELINE, "O#-#-") == {"n": 3, "1v.EUR": 3 * worth + 3}


def test_a_batch_of_more_cells_than_an_update_takes_is_settled(engine: str) -> None:
    tenant = ids.new("ten")
    with ledger.gathering() as gathered:
        for number in range(4):
            cells = {"n": 1, **{f"{code}v.EUR": 1 for code in range(100 * number, 100 * number + 100)}}
            ledger.settle(tenant, ids.new("dea"), "deal", 1, {}, {f"{PIPELINE}/O#-#-": cells})
    gathered.settle(tenant)
    found = ledger.sheet(tenant, PIPELINE, "O#-#-")
    assert (found.pop("n"), len(found), set(found.values())) == (4, 400, {1})


def test_shards_of_the_feed_that_meet_at_a_sheet_wait_for_each_other(engine: str) -> None:
    tenant, sheet = ids.new("ten"), f"{PIPELINE}/O#-#-"
    with InTheWay("TransactWriteItems", cancelled("None", "TransactionConflict"), times=7) as busy:
        ledger.settle(tenant, ids.new("dea"), "deal", 1, {}, {sheet: {"n": 1, "1n": 1}})
    assert busy.sent == 8, "one transaction tries six times"
    assert ledger.sheet(tenant, PIPELINE, "O#-#-") == {"n": 1, "1n": 1}


def test_a_sheet_that_cannot_be_removed_now_stays_behind_empty(engine: str) -> None:
    tenant, deal = ids.new("ten"), ids.new("dea")
    ledger.settle(tenant, deal, "deal", 1, {}, {f"{PIPELINE}/O#-#-": {"n": 1, "1n": 1}})
    with InTheWay("DeleteItem", MET, times=6) as busy:
        ledger.settle(tenant, deal, "deal", 2, {}, {})
    assert busy.left == 0
    assert ledger.sheets(tenant, PIPELINE) == {"O#-#-": {}}
