"""The meter and the log: what a call consumed is counted to it alone, and no line says more than it may."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import observability
from tests.house import House, Sender


@pytest.fixture
def lines() -> Iterator[Any]:
    """A function that gives the log lines written so far, as they left the formatter."""
    observability.configure()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(observability.log.handlers[0].formatter)
    observability.log.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    observability.log.removeHandler(handler)


def _called(name: str, units: Any) -> None:
    observability.count_capacity({"ConsumedCapacity": units}, SimpleNamespace(name=name))


def test_reads_and_writes_are_counted_apart_and_added_up() -> None:
    with observability.measured("x") as meter:
        _called("GetItem", {"CapacityUnits": 0.5})
        _called("Query", {"CapacityUnits": 1.5})
        _called("PutItem", {"CapacityUnits": 3})
        _called("TransactWriteItems", [{"CapacityUnits": 4}, {"CapacityUnits": 2}])
        _called("TransactGetItems", [{"CapacityUnits": 2}])
        observability.count_capacity({}, SimpleNamespace(name="GetItem"))
    assert (meter.rru, meter.wru) == (4.0, 9.0)


def test_what_a_call_says_it_consumed_is_asked_for_but_not_overruled() -> None:
    mine: dict[str, Any] = {}
    theirs = {"ReturnConsumedCapacity": "INDEXES"}
    observability.ask_capacity(mine)
    observability.ask_capacity(theirs)
    assert mine == {"ReturnConsumedCapacity": "TOTAL"}
    assert theirs == {"ReturnConsumedCapacity": "INDEXES"}


def test_the_table_itself_says_what_a_request_costs(owner: Sender) -> None:
    made = owner.contact(first_name="Ada")
    answer = owner.get(f"/v1/contacts/{made['id']}")
    assert answer.cost["rru"] == 0.5
    assert answer.cost["wru"] == 0
    assert answer.cost["usd"] > 0
    assert owner.post("/v1/contacts", {"first_name": "Bob"}).cost["wru"] == 3  # no address: a plain write, two indexes


def test_outside_of_a_call_nothing_is_kept() -> None:
    observability.meter().rru += 1
    assert observability.meter().rru == 0


def test_an_inner_call_has_its_own_meter_and_the_outer_one_goes_on() -> None:
    with observability.measured("outer") as outer:
        observability.meter().rru += 1
        with observability.measured("inner") as inner:
            observability.meter().rru += 10
        observability.meter().rru += 1
    assert (outer.rru, inner.rru) == (2, 10)


def test_an_error_leaves_no_meter_behind() -> None:
    with pytest.raises(ValueError, match="x"), observability.measured("failing"):
        raise ValueError("x")
    assert observability.meter().purpose == ""


def test_threads_do_not_count_to_each_other(lines: Any) -> None:
    together = threading.Barrier(8)

    def call(number: int) -> tuple[float, str | None]:
        with observability.measured(f"purpose {number}") as meter:
            observability.charge_to(f"ten_{number}")
            together.wait(10)
            for _ in range(200):
                observability.meter().rru += number
            observability.note("done", number=number)
            return meter.rru, meter.tenant

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(call, range(8)))
    assert results == [(200.0 * number, f"ten_{number}") for number in range(8)]
    for line in lines():
        assert (line["purpose"], line["tenant"]) == (f"purpose {line['number']}", f"ten_{line['number']}")


def test_a_tenant_is_forgotten_when_the_call_ends(lines: Any) -> None:
    with observability.measured("one", request_id="r"):
        observability.charge_to("ten_1")
        observability.note("inside")
    observability.note("outside")
    inside, outside = lines()
    assert (inside["tenant"], inside["request_id"]) == ("ten_1", "r")
    assert "tenant" not in outside
    assert "request_id" not in outside


def test_a_failure_tells_its_type_and_place_and_not_its_text(lines: Any) -> None:
    try:
        raise KeyError("ada@example.com")
    except KeyError as error:
        observability.failure("unforeseen", error)
    (line,) = lines()
    assert line["error"] == "KeyError"
    assert "test_observability.py" in line["trace"][-1]
    assert "ada@example.com" not in json.dumps(line)


def test_a_library_that_logs_an_exception_tells_no_text_of_it_either(lines: Any) -> None:
    try:
        raise ValueError("ada@example.com")
    except ValueError:
        observability.log.exception("Caught exception")
    (line,) = lines()
    assert line["error"] == "ValueError"
    assert "ada@example.com" not in json.dumps(line)


def test_each_line_is_one_line_of_json_whatever_is_in_it(lines: Any) -> None:
    observability.note("two\nlines\u2028", odd=object(), text='"\ud800')
    (line,) = lines()
    assert line["message"] == "two\nlines\u2028"
    assert line["level"] == "INFO"


def test_an_unforeseen_error_is_logged_once_with_tenant_and_request(
    house: House, owner: Sender, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib.adapters import queue
    from chalicelib.services import contacts

    def broken(*_: Any) -> None:
        raise RuntimeError("secret of ada@example.com")

    monkeypatch.setattr(contacts.VERBS, "view", broken)
    monkeypatch.setattr(queue, "send_all", broken)
    answer = owner.post("/v1/contacts", {"first_name": "Ada", "last_name": "Lovelace"})
    assert answer.status == 500
    assert not answer.json.get("detail")
    wrong = [line for line in lines() if line["level"] == "ERROR"]
    assert len(wrong) == 1
    assert wrong[0]["tenant"] == owner.tenant
    assert wrong[0]["request_id"] == answer.json["request_id"] == answer.headers["X-Request-Id"]
    assert "ada@example.com" not in json.dumps(lines())
    assert "ada@example.com" not in answer.text


def test_no_line_of_a_day_at_work_has_personal_data(house: House, lines: Any) -> None:
    owner = house.signup(name="Zacharias Quirin", email="zacharias.quirin@example.com", password="long enough pass")
    made = owner.contact(first_name="Wilhelmina", emails=[{"address": "wilhelmina@example.org"}])
    owner.post(f"/v1/contacts/{made['id']}/activities", {"kind": "note", "text": "Likes marmalade"})
    owner.get("/v1/contacts?email=wilhelmina@example.org")
    owner.post("/v1/contacts", {"emails": [{"address": "wilhelmina@example.org"}]})
    owner.post("/v1/contacts", {"first_name": "Wilhelmina", "shoe": "marmalade"})
    house.stranger().post("/v1/auth/login", {"email": "zacharias.quirin@example.com", "password": "wrong password"})
    owner.post("/v1/tasks", {"title": "Buy marmalade", "subject_id": made["id"], "due_at": "2020-01-01T00:00:00Z"})
    house.settle()
    house.minute()
    written = json.dumps(lines()).lower()
    assert len(lines()) > 8
    for word in ("zacharias", "quirin", "wilhelmina", "marmalade", "long enough", "wrong password", "bearer"):
        assert word not in written
