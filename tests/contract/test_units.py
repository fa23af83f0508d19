"""Stated units are consumed units: every access pattern is performed, and read off the engine's meter."""

import importlib
import pkgutil
import uuid

import pytest

from chalicelib import ids
from chalicelib.models._pattern import Pattern
from chalicelib.models.keys import PATTERNS
from chalicelib.models.moment import Moment
from chalicelib.models.task import Task
from chalicelib.models.writes import Step, transact
from tests.contract import performed
from tests.contract.performed.house import idle_minute
from tests.contract.performing import PERFORMERS, of, person
from tests.feeds import forget
from tests.house import House, Sender
from tests.units import exact_units

pytestmark = exact_units

for module in pkgutil.iter_modules(performed.__path__):
    importlib.import_module(f"{performed.__name__}.{module.name}")


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: str(pattern.name))
def test_stated_units_are_consumed_units(pattern: Pattern, house: House, owner: Sender) -> None:
    assert pattern.name in PERFORMERS, f"nothing performs {pattern.name}: state only what is measured"
    owner.get("/v1/contacts?limit=1")  # the session's standing is asked once a minute, and stated by itself
    assert PERFORMERS[pattern.name](house, owner) == (pattern.read, pattern.write), pattern.why


def test_nothing_is_performed_that_is_not_stated() -> None:
    assert set(PERFORMERS) == {pattern.name for pattern in PATTERNS}


def test_a_contact_costs_at_most_eight_write_units_in_its_request(house: House, owner: Sender) -> None:
    assert of(owner.post("/v1/contacts", person()))[1] <= 8
    two = [{"address": f"{uuid.uuid4().hex}@example.com"} for _ in range(2)]
    assert of(owner.post("/v1/contacts", {"first_name": "Ada", "last_name": "Lovelace", "emails": two}))[1] <= 8


def test_an_idle_minute_does_not_grow_with_what_lies_ahead(house: House, owner: Sender) -> None:
    """2,000 tasks with a reminder to come: the minute reads no more than in an empty house, and writes nothing."""
    future = [[item for number in range(40) for item in _future(owner, number)] for _ in range(50)]
    for items in future:
        transact(*(Step("save", item) for item in items))
    rru, wru = idle_minute(house)
    for items in future:  # other tests move the clock
        transact(*(Step("delete", item) for item in items if isinstance(item, Moment)))
    forget(house)
    assert 0 < rru <= 4
    assert wru == 0


def _future(owner: Sender, number: int) -> tuple[Task, Moment]:
    at = f"2098-01-01T00:00:{number % 60:02}.000Z"
    task = Task(id=ids.new("tsk"), tenant=owner.tenant, title="Call", what="call", due_at=at, assignee_id=owner.user)
    task.touch(owner.user)
    task.keys()
    made = Moment(tenant=owner.tenant, subject_id=task.id, what="task_reminder", at=at)
    made.keys()
    return task, made
