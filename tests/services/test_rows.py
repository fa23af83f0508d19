"""Rows of a job: written step by step, also twice, read page by page, handed over as files."""

import json
from typing import Any

import pytest

from chalicelib import errors, ids
from chalicelib.adapters import storage
from chalicelib.models.job import Job
from chalicelib.schemas.page import Page
from chalicelib.schemas.row import RowError, RowView, failed
from chalicelib.services import rows


@pytest.fixture
def job() -> Job:
    return Job(id=ids.new("job"), tenant=ids.new("ten"), what="test")


def row(line: int, status: str = "updated") -> RowView:
    return RowView(line=line, id=f"con_{line}", status=status)


def write(job: Job, numbers: range, failing: int = 0) -> list[RowView]:
    several = [row(number, "failed" if failing and number % failing == 0 else "updated") for number in numbers]
    rows.append(job, several)
    return several


def read(job: Job, status: str | None = None, limit: int = 7) -> list[RowView]:
    """All pages, one after the other."""
    found: list[RowView] = []
    start: dict[str, Any] | None = None
    while True:
        page = rows.page(job, status, Page(limit, start))
        assert len(page.data) <= limit
        found += page.data
        start = page.last
        if start is None:
            return found


def saved(job: Job) -> Any:
    """The state as the table would keep it."""
    return json.loads(json.dumps(job.state))


def test_rows_are_read_in_the_order_of_the_steps(job: Job) -> None:
    assert read(job) == []
    written = write(job, range(10), failing=3) + write(job, range(10, 25), failing=3)
    assert read(job) == written
    assert read(job, limit=25) == written
    assert read(job, "failed", limit=2) == [one for one in written if one.status == "failed"]
    assert read(job, "created") == []


def test_a_step_that_is_done_again_writes_its_rows_once(job: Job) -> None:
    first = write(job, range(5))
    state = saved(job)
    write(job, range(100, 140), failing=2)  # cut off before its state was kept
    job.state = state
    assert read(job) == first, "what was cut off is not read"
    second = write(job, range(5, 9))
    once = saved(job)
    job.state = state
    write(job, range(5, 9))
    assert saved(job) == once
    assert read(job) == first + second
    assert read(job, "failed") == []


def test_many_rows_are_found_by_status_without_reading_all(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "FULL", 10)
    written: list[RowView] = []
    for step in range(12):
        written += write(job, range(step * 5, step * 5 + 5))
    written += write(job, range(60, 65), failing=63)
    reads: list[str] = []
    get = storage.get

    def counted(key: str, *where: Any) -> bytes:
        reads.append(key)
        return get(key, *where)

    monkeypatch.setattr(storage, "get", counted)
    assert [one.line for one in read(job, "failed")] == [63]
    assert len(reads) == 1
    assert read(job) == written
    assert len(saved(job)["rows"]["holding"]["updated"]) == 7


def test_a_page_reads_few_objects_and_leads_on(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "FULL", 2)
    written = [one for step in range(10) for one in write(job, range(step * 2, step * 2 + 2))]
    page = rows.page(job, None, Page(50))
    assert len(page.data) == 6
    assert page.last is not None
    assert read(job, limit=50) == written


@pytest.mark.parametrize("part", [1, 10**9])
def test_all_rows_and_those_that_failed_are_handed_over(job: Job, monkeypatch: pytest.MonkeyPatch, part: int) -> None:
    monkeypatch.setattr(rows, "FULL", 10)
    if part == 1:  # a part of its own for each object, which a folder takes only from 5 MB
        monkeypatch.setattr(storage, "_PART", part)
        monkeypatch.setattr("chalicelib.adapters._objects.PART", 1)
    written = [one for step in range(5) for one in write(job, range(step * 10, step * 10 + 10), failing=4)]
    for _ in range(2):
        rows.finish(job)
        assert job.result_key is not None
        assert job.errors_key is not None
        found = [json.loads(line) for line in storage.get(job.result_key).splitlines()]
        assert [(one["line"], one["status"]) for one in found] == [(one.line, one.status) for one in written]
        wrong = [json.loads(line)["line"] for line in storage.get(job.errors_key).splitlines()]
        assert wrong == [one.line for one in written if one.status == "failed"]


def test_a_job_without_rows_has_an_empty_report(job: Job) -> None:
    rows.append(job, [])
    rows.finish(job)
    assert job.result_key is not None
    assert storage.get(job.result_key) == b""
    assert job.errors_key is None


def test_a_refusal_becomes_a_row_that_says_why() -> None:
    invalid = failed(3, errors.invalid("/title", "length", "Too long."), "con_1")
    assert (invalid.line, invalid.id, invalid.status) == (3, "con_1", "failed")
    assert invalid.errors == [RowError("/title", "length", "Too long.")]
    assert failed(4, errors.NotFound("Not there.")).errors == [RowError("", "notfound", "Not there.")]
