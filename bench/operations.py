"""What each operation of the API consumes, what follows through the feed, and how long its way through the rim is."""

import statistics
import time
from collections.abc import Callable
from typing import Any

from bench import creation
from bench._house import Context, House, house

PAGE = 25
ROUNDS = 7
CALLS = 120
PEOPLE = [(f"Person{number:03}", f"Family{number % 40:02}") for number in range(PAGE)]
Row = dict[str, Any]


def rows() -> list[Row]:
    """Units per operation, then times beside a bare call to the same engine."""
    with house() as here:
        return [*_units(here), *creation.rows(here), *_times(here)]


def _units(here: House) -> list[Row]:
    found: list[Row] = []

    def note(name: str, cost: dict[str, float], read: float | None = None, write: float | None = None) -> None:
        found.append(_row(f"{name}, read", cost["rru"], "units", read))
        found.append(_row(f"{name}, write", cost["wru"], "units", write))

    contact, cost = here.call("POST", "/v1/contacts", _person("Ada", "Lovelace"))
    note("create contact", cost, write=8)
    here.feed.drain()
    found += _followed(here)
    path = f"/v1/contacts/{contact['id']}"
    note("get contact", here.call("GET", path)[1], read=0.5, write=0)
    note("find contact by mail", here.call("GET", "/v1/contacts?email=ada.lovelace@example.com")[1])
    note("patch contact", here.call("PATCH", path, {"title": "Countess"})[1])
    note("log activity", here.call("POST", f"{path}/activities", {"kind": "call", "text": "Hello."})[1])
    note("read timeline", here.call("GET", f"{path}/timeline")[1])
    later = {"title": "Call back", "due_at": "2099-01-01T09:00:00Z", "subject_id": contact["id"]}
    task, cost = here.call("POST", "/v1/tasks", later)
    note("create task", cost)
    note("list tasks due", here.call("GET", "/v1/tasks?due_before=2100-01-01T00:00:00Z")[1])
    note("complete task", here.call("POST", f"/v1/tasks/{task['id']}/complete", {})[1])
    note("delete contact", here.call("DELETE", path)[1])
    note("restore contact", here.call("POST", f"{path}/restore", {})[1])
    note("create contact with Idempotency-Key", _keyed(here))
    for first, last in PEOPLE:
        here.call("POST", "/v1/contacts", _person(first, last))
    page, cost = here.call("GET", f"/v1/contacts?limit={PAGE}")
    if len(page["data"]) != PAGE:
        raise RuntimeError(f"{len(page['data'])} contacts on a page of {PAGE}")
    note(f"page of {PAGE} contacts", cost, read=4, write=0)
    note("idle minute", _idle_minute(), read=4, write=0)
    return found


def _followed(here: House) -> list[Row]:
    """What the change feed did for the contact, by the tenant's own bill."""
    bill, _ = here.call("GET", "/v1/usage?group_by=purpose")
    feed = next(row for row in bill["data"] if row["group"] == "stream")
    return [
        _row("create contact, then through the feed, read", feed["read_units"], "units"),
        _row("create contact, then through the feed, write", feed["write_units"], "units"),
    ]


def _keyed(here: House) -> dict[str, float]:
    headers = {"Idempotency-Key": "bench-1"}
    return here.call("POST", "/v1/contacts", _person("Once", "Only"), **headers)[1]


def _idle_minute() -> dict[str, float]:
    from chalicelib import observability
    from chalicelib.services import due

    with observability.measured("bench") as meter:
        due.run()
    return {"rru": meter.rru, "wru": meter.wru}


def _times(here: House) -> list[Row]:
    """Medians over interleaved rounds, so that a slow moment of the machine meets both sides alike."""
    import boto3

    from app import app

    bare = boto3.client("dynamodb")
    contact, _ = here.call("POST", "/v1/contacts", _person("Grace", "Hopper"))
    key = {"pk": {"S": f"T#{here.tenant}#{contact['id']}"}, "sk": {"S": "#"}}
    get = here.event("GET", f"/v1/contacts/{contact['id']}")
    page = here.event("GET", f"/v1/contacts?limit={PAGE}")
    names = iter(range(10**9))
    listed = {":p": {"S": f"T#{here.tenant}#contact"}}
    condition = "gsi1pk = :p"

    def create() -> None:
        app(here.event("POST", "/v1/contacts", {"first_name": f"N{next(names)}"}), Context())

    def put() -> None:
        indexed = {"gsi1pk": "bare", "gsi1sk": str(next(names)), "gsi2pk": "bare", "gsi2sk": str(next(names))}
        item = {"pk": f"T#bare#{next(names)}", "sk": "#", **indexed}
        bare.put_item(TableName=_table(), Item={name: {"S": value} for name, value in item.items()})

    def query() -> None:
        bare.query(
            TableName=_table(),
            IndexName="gsi1",
            KeyConditionExpression=condition,
            ExpressionAttributeValues=listed,
            Limit=PAGE,
        )

    pairs: dict[str, tuple[Callable[[], Any], Callable[[], Any], float | None]] = {
        "get": (lambda: app(get, Context()), lambda: bare.get_item(TableName=_table(), Key=key), 2.0),
        "create": (create, put, None),
        f"list {PAGE}": (lambda: app(page, Context()), query, None),
    }
    found: list[Row] = []
    for name, (ours, theirs, limit) in pairs.items():
        mine, bare_time = _interleaved(ours, theirs)
        found += [
            _row(f"{name} through the rim", mine, "ms"),
            _row(f"{name} by bare boto3", bare_time, "ms"),
            _row(f"{name} through the rim : bare", mine / bare_time, "x", limit),
        ]
    return found


def _interleaved(ours: Callable[[], Any], theirs: Callable[[], Any]) -> tuple[float, float]:
    for call in (ours, theirs):
        _once(call, CALLS // 2)  # warm
    rounds = [(_once(ours, CALLS), _once(theirs, CALLS)) for _ in range(ROUNDS)]
    return statistics.median(one for one, _ in rounds), statistics.median(other for _, other in rounds)


def _once(call: Callable[[], Any], times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - started) / times * 1000


def _person(first: str, last: str) -> dict[str, Any]:
    """A contact as firms have them."""
    return {
        "first_name": first,
        "last_name": last,
        "emails": [{"address": f"{first}.{last}@example.com".lower(), "kind": "work", "primary": True}],
        "phones": [{"number": "+43 1 5880 1000", "kind": "work"}],
        "title": "Head of Engines",
        "address": {"street": "Karlsplatz 13", "postal_code": "1040", "city": "Wien", "country": "AT"},
        "time_zone": "Europe/Vienna",
        "language": "de-AT",
        "tags": ["customer", "newsletter"],
    }


def _table() -> str:
    from bench._house import TABLE

    return TABLE


def _row(name: str, value: float, unit: str, limit: float | None = None) -> Row:
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "limit": limit,
        "holds": limit is None or value <= limit,
    }
