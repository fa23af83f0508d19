"""How access patterns are performed for the test of stated units: the table of performers, and what they share."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from chalicelib import observability
from tests.house import Answer, House, Sender

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
