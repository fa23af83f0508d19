"""Writes: transactions refuse for the right reason, changes are tried again, none is lost."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from chalicelib import errors
from chalicelib.models.guard import Guard
from chalicelib.models.table import fetch
from chalicelib.models.task import Task
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.observability import Meter
from tests.busy import MET, InTheWay, cancelled
from tests.models.items import guard, place, task
from tests.units import exact_units

pytestmark = pytest.mark.usefixtures("engine")


def held(tenant: str, value: str) -> str | None:
    there = fetch(Guard, *place(guard(tenant, value)), consistent=True)
    return there.holder if there else None


def _refusal(text: str) -> Any:
    return lambda: errors.Conflict(text)


@exact_units
def test_a_transaction_of_one_step_is_a_plain_write_at_half_the_price(tenant: str, meter: Meter) -> None:
    transact(Step("save", guard(tenant, "a"), absent()))
    assert meter.wru == 1
    transact(Step("save", guard(tenant, "b"), absent()), Step("save", guard(tenant, "c"), absent()))
    assert meter.wru == 1 + 4
    transact(Step("delete", guard(tenant, "a")))
    assert meter.wru == 5 + 1
    assert [held(tenant, value) for value in "abc"] == [None, "me", "me"]


@pytest.mark.parametrize("do", ["save", "delete", "update"])
def test_the_refusal_of_a_single_step_is_its_own(tenant: str, do: Any) -> None:
    transact(Step("save", guard(tenant, "a")))
    step = Step(do, guard(tenant, "a"), absent(), _actions(do))
    with pytest.raises(errors.Stale):
        transact(step)
    with pytest.raises(errors.Conflict, match="mine"):
        transact(step._replace(refusal=_refusal("mine")))
    assert held(tenant, "a") == "me"


def test_a_check_alone_is_a_transaction_too(tenant: str) -> None:
    with pytest.raises(errors.Conflict, match="gone"):
        transact(Step("check", guard(tenant, "a"), Guard.holder.exists(), refusal=_refusal("gone")))
    transact(Step("save", guard(tenant, "a")))
    transact(Step("check", guard(tenant, "a"), Guard.holder.exists(), refusal=_refusal("gone")))


KINDS: Sequence[Any] = ("update", "check", "save", "delete")  # on purpose not in the order in which they are sent


def _actions(kind: str) -> Sequence[Any]:
    return [Guard.holder.set("x")] if kind == "update" else ()


@pytest.mark.parametrize("failing", KINDS)
def test_the_refusal_is_that_of_the_step_that_failed_whatever_the_order(tenant: str, failing: str) -> None:
    for kind in KINDS:
        if kind != failing:
            transact(Step("save", guard(tenant, kind)))
    steps = [
        Step(kind, guard(tenant, kind, "new"), Guard.holder.exists(), _actions(kind), _refusal(kind)) for kind in KINDS
    ]
    with pytest.raises(errors.Conflict) as refused:
        transact(*steps)
    assert str(refused.value) == failing
    assert {held(tenant, kind) for kind in KINDS if kind != failing} == {"me"}, "all or none"


def test_with_two_failures_the_version_speaks_before_the_guard(tenant: str) -> None:
    first = task(tenant)
    transact(Step("save", first, absent()))
    stale = fetch(Task, *place(first), consistent=True)
    assert stale is not None
    transact(Step("save", first))
    transact(Step("save", guard(tenant, "a")))
    with pytest.raises(errors.Stale):
        transact(Step("save", stale), Step("save", guard(tenant, "a"), absent(), refusal=_refusal("taken")))


def test_the_version_counts_each_write_and_protects_against_lost_updates(tenant: str) -> None:
    made = task(tenant)
    transact(Step("save", made, absent()))
    one, two = (fetch(Task, *place(made), consistent=True) for _ in range(2))
    assert one is not None
    assert two is not None
    one.title, two.title = "One", "Two"
    transact(Step("save", one), Step("save", guard(tenant, "x")))
    with pytest.raises(errors.Stale):
        transact(Step("save", two))
    now = fetch(Task, *place(made), consistent=True)
    assert now is not None
    assert (now.title, now.version) == ("One", 2)


class Loading:
    """A `load` that notes how it was asked, and lets somebody else write in between."""

    def __init__(self, place: tuple[str, str], interfere: int) -> None:
        self.place, self.interfere, self.asked = place, interfere, list[bool]()

    def __call__(self, consistent: bool) -> Task:
        self.asked.append(consistent)
        record = fetch(Task, *self.place, consistent=True)
        assert record is not None
        if self.interfere:
            self.interfere -= 1
            other = fetch(Task, *self.place, consistent=True)
            assert other is not None
            other.outcome = f"other {self.interfere}"
            transact(Step("save", other))
        return record


def _rename(record: Task) -> list[Step]:
    record.title = f"{record.title}!"
    return [Step("save", record)]


def test_change_tries_again_from_a_consistent_read_and_loses_nothing(tenant: str) -> None:
    made = task(tenant)
    transact(Step("save", made, absent()))
    load = Loading(place(made), interfere=3)
    changed = change(load, _rename, None)
    assert (changed.title, changed.outcome, changed.version) == ("Call!", "other 0", 5)
    assert load.asked == [False, True, True, True]


def test_change_gives_up_in_the_end(tenant: str) -> None:
    made = task(tenant)
    transact(Step("save", made, absent()))
    with pytest.raises(errors.Stale):
        change(Loading(place(made), interfere=10_000), _rename, None)


def test_change_with_an_expected_version_writes_on_that_version_only(tenant: str) -> None:
    made = task(tenant)
    transact(Step("save", made, absent()))
    load = Loading(place(made), interfere=0)
    with pytest.raises(errors.Stale):
        change(load, _rename, 7)
    assert load.asked == [False, True], "an old read may be behind: it asks once more, consistently"
    assert change(load, _rename, 1).version == 2
    with pytest.raises(errors.Stale):
        change(Loading(place(made), interfere=1), _rename, 2)
    now = fetch(Task, *place(made), consistent=True)
    assert now is not None
    assert (now.title, now.outcome) == ("Call!", "other 0")


def test_twenty_changes_at_once_all_count(tenant: str) -> None:
    made = task(tenant, "")
    transact(Step("save", made, absent()))

    def load(consistent: bool) -> Task:
        record = fetch(Task, *place(made), consistent=True)
        assert record is not None
        return record

    gone: list[str] = []

    def work() -> None:
        try:
            change(load, _rename, None)
        except errors.Stale:
            gone.append("!")

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    now = load(True)
    assert len(now.title) + len(gone) == 20
    assert now.version == 1 + len(now.title)


_NAMES = {"save": "PutItem", "delete": "DeleteItem", "update": "UpdateItem"}


@pytest.mark.parametrize("do", _NAMES)
def test_a_plain_write_waits_for_the_transaction_at_its_item(tenant: str, do: Any) -> None:
    transact(Step("save", guard(tenant, "a")))
    with InTheWay(_NAMES[do], MET, times=2) as met:
        transact(Step(do, guard(tenant, "a", "new"), Guard.holder == "me", _actions(do)))
    assert met.sent == 3
    assert held(tenant, "a") == {"save": "new", "delete": None, "update": "x"}[do]


@pytest.mark.parametrize("do", _NAMES)
def test_a_plain_write_that_always_meets_one_says_nothing_of_its_condition(tenant: str, do: Any) -> None:
    transact(Step("save", guard(tenant, "a")))
    with InTheWay(_NAMES[do], MET, times=100) as met, pytest.raises(errors.Unready):
        transact(Step(do, guard(tenant, "a", "new"), absent(), _actions(do), _refusal("taken")))
    assert met.sent == 6
    assert held(tenant, "a") == "me"


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_transaction_waits_for_what_passes(tenant: str, code: str) -> None:
    steps = [Step("save", guard(tenant, value), absent()) for value in "ab"]
    with InTheWay("TransactWriteItems", cancelled("None", code), times=2) as met:
        transact(*steps)
    assert met.sent == 3
    assert [held(tenant, value) for value in "ab"] == ["me", "me"]
    others = [Step("save", guard(tenant, value), absent()) for value in "cd"]
    with InTheWay("TransactWriteItems", cancelled("None", code), times=100), pytest.raises(errors.Unready):
        transact(*others)
    assert [held(tenant, value) for value in "cd"] == [None, None]
