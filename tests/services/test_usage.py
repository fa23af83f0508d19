"""The bill: each call once, under its tenant, day and purpose; written in batches; nothing lost when a write fails."""

import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chalicelib import clock, ids, money, observability
from chalicelib.models import usages
from chalicelib.observability import Meter
from chalicelib.services import usage
from tests.house import House, Sender
from tests.units import exact_units


@pytest.fixture(autouse=True)
def _nothing_pending(engine: str) -> Iterator[None]:
    usage.flush()
    yield
    clock.reset()


def meter(tenant: str | None, purpose: str = "test", **consumed: Any) -> Meter:
    return Meter(tenant=tenant, purpose=purpose, **consumed)


def bill(owner: Sender, query: str = "") -> dict[str, Any]:
    answer = owner.get(f"/v1/usage?{query}")
    assert answer.status == 200, answer.text
    return {row["group"]: row for row in answer.json["data"]}


def test_each_call_is_on_the_bill_under_its_purpose(house: House, owner: Sender) -> None:
    costs = [owner.post("/v1/contacts", {"first_name": "A"}).cost for _ in range(3)]
    gets = [owner.get("/v1/contacts").cost for _ in range(2)]
    rows = bill(owner, "group_by=purpose")
    created, listed = rows["POST /v1/contacts"], rows["GET /v1/contacts"]
    assert (created["calls"], listed["calls"]) == (3, 2)
    assert created["units"] == created["read_units"] + created["write_units"]
    assert created["write_units"] == sum(cost["wru"] for cost in costs)
    assert listed["read_units"] == sum(cost["rru"] for cost in gets)
    for row, several in ((created, costs), (listed, gets)):
        assert row["usd"] == pytest.approx(sum(cost["usd"] for cost in several), abs=1e-7)


def test_paths_of_records_are_one_purpose(owner: Sender) -> None:
    for _ in range(2):
        owner.get(f"/v1/contacts/{owner.contact()['id']}")
    rows = bill(owner, "group_by=purpose")
    assert rows["GET /v1/contacts/{contact_id}"]["calls"] == 2


def test_a_campaign_has_what_was_done_for_it(owner: Sender) -> None:
    for purpose, mails in (("campaign cam_1", 2), ("campaign cam_1", 3), ("campaign cam_2", 1), ("sqs", 9)):
        usage.record(meter(owner.tenant, purpose, mails=mails, wru=2 * mails))
    usage.flush()
    rows = bill(owner, "group_by=campaign")
    assert {name: row["mails"] for name, row in rows.items()} == {"cam_1": 5, "cam_2": 1}
    assert rows["cam_1"]["write_units"] == 10
    assert bill(owner, "group_by=purpose").keys() >= {"campaign cam_1", "sqs"}


def test_the_sum_is_that_of_the_rows_and_dated(owner: Sender) -> None:
    owner.contact()
    answer = owner.get("/v1/usage?group_by=purpose").json
    assert answer["usd"] == pytest.approx(sum(row["usd"] for row in answer["data"]))
    assert answer["usd"] > 0
    assert answer["priced_on"] == money.PRICED_ON


@exact_units
def test_what_follows_is_the_tenants_own_too(house: House, owner: Sender) -> None:
    stranger = house.signup()
    owner.contact(first_name="Ada")
    house.settle()
    # Timeline entry 2, contribution and total 4; of the index the name, two lists by time, and the card 4.
    assert bill(owner, "group_by=purpose")["stream"]["write_units"] == 10
    own = bill(stranger, "group_by=purpose")["stream"]  # that its owner was made, from which nothing follows
    assert (own["calls"], own["read_units"], own["write_units"]) == (1, 0, 0)


def test_by_day(owner: Sender) -> None:
    start = datetime(2031, 5, 30, 23, 59, 0, tzinfo=UTC)
    for minutes in (0, 2, 60 * 24 * 2):
        clock.set(start + timedelta(minutes=minutes))
        usage.record(meter(owner.tenant, rru=1.5))
    clock.reset()
    by_day = bill(owner, "from=2031-05-30&to=2031-06-01")
    assert {day: row["read_units"] for day, row in by_day.items()} == dict.fromkeys(
        ("2031-05-30", "2031-05-31", "2031-06-01"), 1.5
    )
    assert set(bill(owner, "from=2031-05-31&to=2031-05-31")) == {"2031-05-31"}
    assert bill(owner, "from=2031-05-30&to=2031-06-01&group_by=purpose")["test"]["calls"] == 3
    assert "2031-05-30" not in bill(owner), "by default the last month only"


def test_the_last_month_by_default(owner: Sender) -> None:
    today = clock.now().date()
    for days in (0, 30, 31):
        usages.add(owner.tenant, str(today - timedelta(days=days)), "test", dict.fromkeys(usages.FIELDS, 1))
    found = bill(owner)
    assert str(today - timedelta(days=30)) in found
    assert str(today - timedelta(days=31)) not in found


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=2031-01-02&to=2031-01-01", 422),
        ("from=2031-01-01&to=2032-01-01", 200),
        ("from=2031-01-01&to=2032-01-02", 422),
        ("from=2031-01-01T00:00:00Z", 422),
        ("from=2031-01-01T00:00:00Z&to=2031-01-01T23:59:59Z", 200),
        ("from=2031-01-01T00:30:00%2B01:00&to=2031-12-31", 200),  # the day before in UTC: 366 days
        ("from=2031-01-01T00:30:00%2B01:00&to=2032-01-01", 422),
        ("from=2031-02-30", 422),
        ("from=0001-01-01T00:00:00%2B14:00", 422),
        ("from=yesterday", 422),
        ("from=0001-01-01&to=0001-01-05", 200),
        ("to=0001-01-05", 200),
        ("to=9999-12-31", 200),
        ("from=9999-12-31", 422),
        ("group_by=week", 422),
        ("limit=5", 422),
    ],
)
def test_spans(owner: Sender, query: str, status: int) -> None:
    assert owner.get(f"/v1/usage?{query}").status == status


def test_nobody_sees_another_firms_bill(house: House, owner: Sender) -> None:
    usage.record(meter(owner.tenant, "secret"))
    assert "secret" not in bill(house.signup(), "group_by=purpose")


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str, dict[str, int]]]:
    """What is written from now on."""
    rows: list[tuple[str, str, str, dict[str, int]]] = []
    add = usages.add

    def noted(tenant: str, day: str, purpose: str, amounts: Mapping[str, int]) -> None:
        rows.append((tenant, day, purpose, dict(amounts)))
        add(tenant, day, purpose, amounts)

    monkeypatch.setattr(usages, "add", noted)
    return rows


def test_the_first_call_is_written_at_once_and_further_ones_are_gathered_for_a_minute(
    written: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, now = ids.new("ten"), [100.0]
    monkeypatch.setattr(clock, "epoch", lambda: now[0])
    monkeypatch.setattr(usage, "_written", [])
    usage.record(meter(tenant, rru=0.5))
    (row,) = written
    assert (row[0], row[3]["calls"], row[3]["rru"]) == (tenant, 1, 500)
    written.clear()
    for seconds in (0, 30, 29.9):
        now[0] += seconds
        usage.record(meter(tenant, rru=0.5))
    assert written == []
    now[0] += 0.2
    usage.record(meter(tenant, rru=0.5))
    (row,) = written
    assert (row[0], row[3]["calls"], row[3]["rru"]) == (tenant, 4, 2000)
    written.clear()
    now[0] += 3600
    usage.record(meter(None))
    assert written == [], "nothing is pending"
    usage.record(meter(tenant))
    assert len(written) == 1


def test_what_belongs_to_nobody_is_not_billed(written: list[Any]) -> None:
    usage.record(meter(None))
    usage.flush()
    assert written == []


def test_nothing_is_lost_when_a_write_fails(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    add, broken = usages.add, [True]

    def sometimes(tenant: str, day: str, purpose: str, amounts: Mapping[str, int]) -> None:
        if broken[0] and purpose != "good":
            raise ConnectionError("password=secret")
        add(tenant, day, purpose, amounts)

    monkeypatch.setattr(usages, "add", sometimes)
    for purpose in ("bad", "good", "bad"):
        usage.record(meter(owner.tenant, purpose, rru=1.0))
    usage.flush()
    usage.record(meter(owner.tenant, "bad", rru=1.0))
    usage.flush()
    broken[0] = False
    rows = bill(owner, "group_by=purpose")
    assert (rows["good"]["calls"], rows["bad"]["calls"]) == (1, 3)
    assert (rows["good"]["read_units"], rows["bad"]["read_units"]) == (1.0, 3.0)


def test_many_threads_lose_nothing(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage, "FLUSH_EVERY", 0.002)
    together = threading.Barrier(8)

    def calls(_: int) -> None:
        together.wait()
        for _ in range(25):
            usage.record(meter(owner.tenant, "threads", rru=0.5, wru=1.0, mails=1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(calls, range(8)))
    row = bill(owner, "group_by=purpose")["threads"]
    assert (row["calls"], row["read_units"], row["write_units"], row["mails"]) == (200, 100.0, 200.0, 200)


def test_small_amounts_add_up_without_rounding_away(owner: Sender) -> None:
    for _ in range(100):
        usage.record(meter(owner.tenant, "small", rru=0.5))
        usage.flush()
    row = bill(owner, "group_by=purpose")["small"]
    assert row["read_units"] == 50.0
    assert row["usd"] > 100 * money.usd(rru=0.5) - 1e-7


def test_a_mail_is_on_the_bill(house: House, owner: Sender) -> None:
    with observability.measured("mail") as running:
        observability.charge_to(owner.tenant)
        running.mails += 1
    usage.record(running)
    row = bill(owner, "group_by=purpose")["mail"]
    assert row["mails"] == 1
    assert row["usd"] >= money.PRICES["mails"]


def test_days_are_those_of_utc(owner: Sender) -> None:
    clock.set(datetime(2031, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC))
    usage.record(meter(owner.tenant, "late"))
    clock.reset()
    assert set(bill(owner, "from=2031-12-31&to=2031-12-31")) == {str(date(2031, 12, 31))}
