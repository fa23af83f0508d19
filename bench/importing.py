"""How fast contacts are imported, beside what the engine itself takes by raw batch writes for as many items."""

import time
from typing import Any

from bench._house import TABLE, House, house

CONTACTS = 1000
ROUNDS = 3
ITEMS = 3  # of each: itself, the guard of its address, that of its id in the other system
PROMISE = 2.0  # an import may take twice the time of the raw writes


def rows() -> list[dict[str, Any]]:
    """Contacts per second, the best of interleaved rounds; the ratio of the two is what is promised."""
    with house() as here:
        _import(here, 100, 0)  # warm
        pairs = [(_import(here, CONTACTS, number + 1), _raw(number, ITEMS * CONTACTS)) for number in range(ROUNDS)]
    ours, raw = min(one for one, _ in pairs), min(other for _, other in pairs)
    return [
        _row("import, contacts per second", CONTACTS / ours, "contacts/s"),
        _row("raw batch writes of as many items, contacts per second", CONTACTS / raw, "contacts/s"),
        _row("import : raw batch writes of as many items, time", ours / raw, "x", PROMISE),
    ]


def _import(here: House, contacts: int, number: int) -> float:
    """Seconds of all steps of an import, from its uploaded file to the report; the change feed comes after."""
    from chalicelib.adapters import storage
    from chalicelib.models.job import Job
    from chalicelib.services import jobs
    from chalicelib.services.steps import STEPS

    made, _ = here.call("POST", "/v1/imports", {"source": "hubspot"})
    source = f"{here.tenant}/imports/{made['id']}/source"
    storage.put(source, _file(contacts, number).encode())
    here.call("POST", f"/v1/imports/{made['id']}/start", {})
    job: Job = jobs.load(here.tenant, made["id"])
    started = time.perf_counter()
    while not STEPS[job.what](job):
        job.save()
    taken = time.perf_counter() - started
    if job.counts["created"] != contacts:
        raise RuntimeError(f"{job.counts} of {contacts}")
    return taken


def _raw(number: int, items: int) -> float:
    """Seconds of as many items, of the sizes that contacts and their guards have, 25 to a BatchWriteItem."""
    import boto3

    client = boto3.client("dynamodb")
    written = [_item(number, one) for one in range(items)]
    started = time.perf_counter()
    for start in range(0, items, 25):
        client.batch_write_item(RequestItems={TABLE: written[start : start + 25]})
    return time.perf_counter() - started


def _item(number: int, one: int) -> dict[str, Any]:
    """One of three a contact in both lists, the others guards."""
    item = {"pk": f"T#raw#{number}#{one}", "sk": "#", "kind": "raw"}
    if one % ITEMS == 0:
        lists = {"gsi1pk": f"T#raw{number}#contact", "gsi1sk": f"name {one:06}"}
        lists |= {"gsi2pk": f"T#raw{number}#contact", "gsi2sk": f"2026-01-01T00:00:00.{one:06}Z"}
        item |= {**lists, "text": "x" * 500}
    return {"PutRequest": {"Item": {name: {"S": value} for name, value in item.items()}}}


def _file(contacts: int, number: int) -> str:
    """A HubSpot-shaped export: names, a mail address, a phone, a city, a stage, and one company for ten people."""
    header = "Record ID,First Name,Last Name,Email,Phone Number,City,Country/Region,Lifecycle Stage,Associated Company"
    people = (
        f"{number}{one:06},Ada{one},Lovelace{one % 97},ada{number}x{one}@example{one % 50}.com,+4366412{one:05},"
        f"Wien,Austria,Lead,Firm {one // 10}"
        for one in range(contacts)
    )
    return "\n".join((header, *people))


def _row(name: str, value: float, unit: str, limit: float | None = None) -> dict[str, Any]:
    holds = limit is None or value <= limit
    return {"name": name, "value": round(value, 3), "unit": unit, "limit": limit, "holds": holds}
