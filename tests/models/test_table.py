"""Reads: pages are exact, a miss is asked again, another kind is nothing."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib import errors, observability
from chalicelib.models import table
from chalicelib.models.guard import Guard
from chalicelib.models.ledger import Total
from chalicelib.models.table import Item, fetch, find, page
from chalicelib.models.task import Task
from chalicelib.models.writes import Step, transact
from chalicelib.observability import Meter
from tests.models.items import guard, place, task

pytestmark = pytest.mark.usefixtures("engine")


def _fill(tenant: str, names: Sequence[str]) -> str:
    for name in names:
        total = Total(f"T#{tenant}#total", name, amount=1)
        transact(Step("save", total))
    return f"T#{tenant}#total"


@pytest.mark.parametrize(("limit", "sizes"), [(3, [3, 3, 1]), (7, [7]), (1, [1] * 7), (200, [7])])
def test_pages_are_exact_and_go_on_where_the_last_ended(tenant: str, limit: int, sizes: list[int]) -> None:
    names = [f"{number}" for number in range(7)]
    partition = _fill(tenant, names)
    for newest_first in (False, True):
        seen, got, start = list[str](), list[int](), None
        while True:
            found = page(partition, limit=limit, start=start, newest_first=newest_first)
            got.append(len(found.items))
            seen += [item.sk for item in found.items]
            start = found.last
            if start is None:
                break
        assert seen == (names[::-1] if newest_first else names)
        assert [size for size in got if size] == sizes


def test_a_page_costs_one_query_and_reads_no_neighbours(tenant: str, meter: Meter) -> None:
    partition = _fill(tenant, [f"{number:02}" for number in range(30)])
    _fill(f"{tenant}2", ["foreign"])
    found = page(partition, limit=5, where=Item.sk.between("10", "20"))
    assert [item.sk for item in found.items] == ["10", "11", "12", "13", "14"]
    assert meter.rru == 0.5
    assert isinstance(found.items[0], Total)


def test_threads_that_come_first_at_once_share_one_connection_metered_once(
    tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    transact(Step("save", guard(tenant, "a")))
    monkeypatch.setattr(Item, "_connection", None)
    barrier = threading.Barrier(8)

    def read(_: int) -> float:
        barrier.wait()
        with observability.measured("test") as running:
            assert fetch(Guard, *place(guard(tenant, "a")), consistent=True) is not None
        return running.rru

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(read, range(8))) == {1.0}


def test_find_asks_twice_only_on_a_miss(tenant: str, meter: Meter) -> None:
    transact(Step("save", guard(tenant, "a")))
    assert find(Guard, *place(guard(tenant, "a"))) is not None
    assert meter.rru == 0.5
    assert find(Guard, *place(guard(tenant, "b"))) is None
    assert meter.rru == 0.5 + 1.5


def test_what_is_of_another_kind_is_not_found(tenant: str) -> None:
    transact(Step("save", guard(tenant, "a")))
    assert fetch(Task, *place(guard(tenant, "a"))) is None
    assert fetch(Item, *place(guard(tenant, "a"))) is not None


def test_out_of_the_trash_or_404() -> None:
    made = task("t")
    assert table.found_or_404(made, "task") is made
    made.deleted_at = "2026-01-01T00:00:00.000Z"
    for missing in (None, made):
        with pytest.raises(errors.NotFound):
            table.found_or_404(missing, "task")
