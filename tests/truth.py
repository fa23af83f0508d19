"""Everything that follows from records, computed anew from the records themselves: what the house must agree with."""

import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any

from chalicelib.models import keys
from chalicelib.models.activity import Activity
from chalicelib.models.contact import Contact
from chalicelib.models.table import Item, page
from chalicelib.models.task import Task

IN_TOUCH = {"call", "email", "meeting", "message"}


def counts(contacts: list[Contact], tasks: list[Task]) -> dict[str, int]:
    """The totals of a tenant, zeros left out."""
    open_tasks = sum(1 for task in tasks if task.status == "open" and not task.deleted_at)
    found = {"contacts": sum(1 for contact in contacts if not contact.deleted_at), "tasks_open": open_tasks}
    return {name: amount for name, amount in found.items() if amount}


def next_activity_at(contact: Contact, tasks: list[Task]) -> str | None:
    """The earliest due time of a contact's open tasks."""
    times = [
        task.due_at
        for task in tasks
        if task.subject_id == contact.id and task.status == "open" and not task.deleted_at and task.due_at
    ]
    return min(times, default=None)


def last_contacted_at(told: list[tuple[str, str]]) -> str | None:
    """The latest of what was told of a contact as (kind, at), if people were in touch by it."""
    return max((at for kind, at in told if kind in IN_TOUCH), default=None)


def collection(tenant: str, record_id: str) -> list[Any]:
    """The record itself, in the trash or not, and all that is kept beside it."""
    return list(_all(keys.partition("contact", tenant=tenant, id=record_id), None))


def entries(kept: list[Any]) -> Counter[str]:
    """The kinds of the timeline in a record's collection."""
    return Counter(entry.what for entry in kept if isinstance(entry, Activity))


def _all(partition: str, where: Any) -> Iterator[Any]:
    start = None
    while True:
        found = page(partition, where=where, limit=200, start=start, consistent=True)
        yield from found.items
        start = found.last
        if start is None:
            return


def record(kind: type[Any], tenant: str, record_id: str) -> Any:
    """One record as it stands now, in the trash or not."""
    (found,) = (item for item in collection(tenant, record_id) if isinstance(item, kind))
    return found


def raw(tenant: str, kind: str) -> dict[str, Any]:
    """All items of one kind that a tenant has, by id, read one by one from the whole table: no index is trusted."""
    connection = Item._get_connection().connection
    asked: dict[str, Any] = {
        "TableName": Item.Meta.table_name,
        "ConsistentRead": True,
        "FilterExpression": "begins_with(#pk, :tenant) AND #kind = :kind",
        "ExpressionAttributeNames": {"#pk": "pk", "#kind": "kind"},
        "ExpressionAttributeValues": {":tenant": {"S": f"T#{tenant}#"}, ":kind": {"S": kind}},
    }
    found: dict[str, Any] = {}
    while True:
        answer = connection.dispatch("Scan", asked)
        found |= {image["id"]["S"]: Item.from_raw_data(image) for image in answer["Items"]}
        if "LastEvaluatedKey" not in answer:
            return found
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def words(record: dict[str, Any]) -> set[str]:
    """What a contact can be found by, as a reader of its record would say."""
    text = " ".join(
        [
            *(str(record[name] or "") for name in ("first_name", "last_name", "company_name")),
            *(one["address"] for one in record["emails"]),
        ]
    )
    marks = unicodedata.normalize("NFKD", text)
    plain = "".join(mark for mark in marks if not unicodedata.combining(mark)).casefold()
    return {word for word in plain.split() if word}


def matches(record: dict[str, Any], query: str) -> bool:
    """Whether each word of a query (in small letters, without accents) begins a word of the contact."""
    return all(any(word.startswith(asked) for word in words(record)) for asked in query.split())
