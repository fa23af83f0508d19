"""Stated units are consumed units: every access pattern is performed, and read off the engine's meter."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from chalicelib import clock, ids, observability
from chalicelib.models import keys, moments
from chalicelib.models.keys import PATTERNS
from chalicelib.models.moment import Moment
from chalicelib.models.task import Task
from chalicelib.models.writes import Step, transact
from chalicelib.services import ledger, sessions, usage
from tests.feeds import forget
from tests.house import Answer, House, Sender
from tests.loglines import heard
from tests.units import exact_units

pytestmark = exact_units

Units = tuple[float, float]
Performer = Callable[[House, Sender], Units]
PERFORMERS: Final[dict[str, Performer]] = {}
ANY_AGE: Final = "2099-01-01T09:00:00Z"


def performs(name: str) -> Callable[[Performer], Performer]:
    def enter(performer: Performer) -> Performer:
        assert name not in PERFORMERS, f"{name} is performed twice"
        PERFORMERS[name] = performer
        return performer

    return enter


def of(answer: Answer) -> Units:
    assert answer.status < 300, answer.text
    return answer.cost["rru"], answer.cost["wru"]


@contextmanager
def metered(into: list[Units]) -> Iterator[None]:
    with observability.measured("test") as meter:
        yield
    into.append((meter.rru, meter.wru))


def consumed(act: Callable[[], Any]) -> Units:
    units: list[Units] = []
    with metered(units):
        act()
    return units[0]


def person(number: int = 1) -> dict[str, Any]:
    """A contact as firms have them, with its keys about 1 KB."""
    mark = uuid.uuid4().hex[:10]
    return {
        "first_name": f"Wilhelmina{number:02}",
        "last_name": "Featherstonehaugh",
        "emails": [{"address": f"wilhelmina.{mark}@featherstone-industries.example", "kind": "work"}],
        "phones": [{"number": "+44 20 7946 0101"}, {"number": "+44 7700 900123", "kind": "mobile"}],
        "title": "Deputy Head of Procurement",
        "address": {"street": "221b Baker Street", "city": "London", "postal_code": "NW1 6XE", "country": "GB"},
        "social": {"linkedin": "https://www.linkedin.com/in/wilhelmina"},
        "time_zone": "Europe/London",
        "language": "en-GB",
        "tags": ["newsletter", "fair-2026"],
    }


def task(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/tasks", {"title": "Call back", "due_at": ANY_AGE, **fields})
    assert answer.status == 201, answer.text
    return answer.json


def path(record: Any) -> str:
    return f"/v1/{'contacts' if record['id'].startswith('con') else 'tasks'}/{record['id']}"


@performs("auth.signup")
def _(house: House, owner: Sender) -> Units:
    draft = {"company": "F", "name": "N", "email": f"{uuid.uuid4().hex}@example.com", "password": "long enough pass"}
    return of(house.http("POST", "/v1/auth/signup", draft))


@performs("auth.login")
def _(house: House, owner: Sender) -> Units:
    email = owner.signed_up["user"]["email"]
    return of(house.http("POST", "/v1/auth/login", {"email": email, "password": "long enough pass"}))


@performs("auth.refresh")
def _(house: House, owner: Sender) -> Units:
    token = owner.signed_up["refresh_token"]
    return of(house.http("POST", "/v1/auth/refresh", {"refresh_token": token}))


@performs("auth.standing")
def _(house: House, owner: Sender) -> Units:
    assert owner.get("/v1/health").cost["rru"] == 0
    sessions._standing.clear()
    first, second = (of(owner.get("/v1/contacts?limit=1")) for _ in range(2))
    return first[0] - second[0], first[1]


@performs("auth.token")
def _(house: House, owner: Sender) -> Units:
    made = owner.post("/v1/tokens", {"name": "t", "scopes": ["contacts:read"]})
    program = Sender(house, made.json["secret"])
    program.get("/v1/contacts?limit=1")  # the first use in an hour is noted
    rru, wru = of(program.get("/v1/contacts?limit=1"))
    return rru - 0.5, wru


@performs("contact.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/contacts", person()))


@performs("contact.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(path(owner.contact(**person()))))


@performs("contact.by_email")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person())
    answer = owner.get(f"/v1/contacts?email={made['emails'][0]['address']}")
    assert len(answer.json["data"]) == 1
    return of(answer)


@performs("contact.page")
def _(house: House, owner: Sender) -> Units:
    for number in range(25):
        owner.contact(**person(number))
    for query in ("sort=name", "sort=-updated_at", "updated_since=2020-01-01T00:00:00Z"):
        answer = owner.get(f"/v1/contacts?limit=25&{query}")
        assert len(answer.json["data"]) == 25
        assert answer.cost["rru"] <= 4
    return of(answer)


@performs("contact.patch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(path(owner.contact(**person())), {"title": "Head"}))


@performs("contact.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(path(owner.contact(**person()))))


@performs("contact.restore")
def _(house: House, owner: Sender) -> Units:
    made = path(owner.contact(**person()))
    owner.delete(made)
    return of(owner.post(f"{made}/restore"))


@performs("contact.timeline")
def _(house: House, owner: Sender) -> Units:
    made = path(owner.contact())
    owner.post(f"{made}/activities", {"kind": "note", "text": "Hello."})
    return of(owner.get(f"{made}/timeline"))


@performs("contact.timeline_kind")
def _(house: House, owner: Sender) -> Units:
    made = path(owner.contact())
    owner.post(f"{made}/activities", {"kind": "note", "text": "Hello."})
    return of(owner.get(f"{made}/timeline?kind=note"))


@performs("activity.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post(f"{path(owner.contact())}/activities", {"kind": "call", "text": "Hello.", "data": {"a": 1}}))


@performs("task.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/tasks", {"title": "Call back", "due_at": ANY_AGE}))


@performs("task.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(path(task(owner))))


@performs("task.page")
def _(house: House, owner: Sender) -> Units:
    for _ in range(3):
        made = task(owner)
    for query in ("", "due_before=2100-01-01T00:00:00Z", f"assignee_id={made['assignee_id']}"):
        answer = owner.get(f"/v1/tasks?{query}")
        assert len(answer.json["data"]) == 3
        assert of(answer) == (0.5, 0)
    return of(answer)


@performs("task.complete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post(f"{path(task(owner))}/complete"))


@performs("feed.contact_created")
def _(house: House, owner: Sender) -> Units:
    house.feed.drain()
    usage.flush()
    owner.contact(**person())
    return feed(house, owner)


@performs("feed.activity_created")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact()
    house.feed.drain()
    owner.post(f"{path(made)}/activities", {"kind": "call"})
    return feed(house, owner)


@performs("feed.task_created")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact()
    house.feed.drain()
    task(owner, subject_id=made["id"])
    return feed(house, owner)


@performs("feed.user_limited")
def _(house: House, owner: Sender) -> Units:
    draft = {"name": "Ursula", "email": f"{uuid.uuid4().hex}@example.com", "password": "long enough pass"}
    made = owner.post("/v1/users", draft).json
    house.feed.drain()
    assert owner.patch(f"/v1/users/{made['id']}", {"role": "viewer"}).status == 200
    return feed(house, owner)


def feed(house: House, owner: Sender) -> Units:
    """What following up the pending changes consumes, by the tenant's own bill."""

    def bill() -> Units:
        rows = {row["group"]: row for row in owner.get("/v1/usage?group_by=purpose").json["data"]}
        row = rows.get("stream", {"read_units": 0, "write_units": 0})
        return row["read_units"], row["write_units"]

    before = bill()
    house.feed.drain()
    after = bill()
    return after[0] - before[0], after[1] - before[1]


@performs("due.idle_minute")
def _(house: House, owner: Sender) -> Units:
    return idle_minute(house)


def idle_minute(house: House) -> Units:
    """What the log says of a minute before whatever other tests have left."""
    usage.flush()  # of requests: in the cloud another process, with a minute of its own
    clock.set(clock.parse("1990-01-01T00:00:00Z"))
    with heard() as lines:
        house.minute()
    assert house.queue == []
    (call,) = lines.fields("call")
    return call["rru"], call["wru"]


def _moment() -> Moment:
    made = Moment(tenant=ids.new("ten"), subject_id=ids.new("tsk"), what="test", at="1999-01-01T00:00:00.000Z")
    made.keys()
    transact(Step("save", made))
    return made


@performs("due.claim")
def _(house: House, owner: Sender) -> Units:
    made = _moment()
    units = consumed(lambda: moments.claim(made, "1999-01-01T00:05:00.000Z"))
    moments.finish(moments.load(made.tenant, made.subject_id, made.what) or made)
    return units


@performs("due.finish")
def _(house: House, owner: Sender) -> Units:
    made = _moment()
    return consumed(lambda: moments.finish(made))


@performs("usage.page")
def _(house: House, owner: Sender) -> Units:
    owner.get("/v1/contacts")
    usage.flush()
    return of(owner.get("/v1/usage"))


@performs("total.page")
def _(house: House, owner: Sender) -> Units:
    owner.contact()
    house.feed.drain()
    assert ledger.totals(owner.tenant) == {"contacts": 1}
    return consumed(lambda: ledger.totals(owner.tenant))


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: str(pattern.name))
def test_stated_units_are_consumed_units(pattern: keys.Pattern, house: House, owner: Sender) -> None:
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
