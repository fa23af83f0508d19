"""The columns of each kind's CSV file, under the names by which our own import knows them.

Addresses and numbers stand in a column for each of their kinds, as people and other systems read them; `emails` and
`phones` say it in full where those columns would not give back the same list.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from chalicelib.services.exporting import cells

Plain = Mapping[str, Any]
Read = Callable[[Plain], Any]

_MAILS: Final = ("work", "home", "other")
_PHONES: Final = ("work", "mobile", "home", "fax", "other")
_ADDRESS: Final = ("street", "city", "region", "postal_code", "country")


def _field(name: str) -> Read:
    return lambda record: record.get(name)


def _member(name: str, member: str) -> Read:
    return lambda record: (record.get(name) or {}).get(member)


def _of_kind(name: str, member: str, kind: str) -> Read:
    return lambda record: [one[member] for one in record.get(name) or () if one["kind"] == kind]


def _in_full(name: str, member: str, kinds: Sequence[str]) -> Read:
    """The whole list, unless the columns for each kind give it back."""

    def read(record: Plain) -> Any:
        several = record.get(name) or []
        back = [one for kind in kinds for one in several if one["kind"] == kind]
        simple = all(bool(one.get("primary")) == (number == 0) for number, one in enumerate(back))
        return None if back == several and simple else several

    return read


def _fields(*names: str) -> dict[str, Read]:
    return {name: _field(name) for name in names}


def _money(value: Any) -> Any:
    """A sum of money as people write it: `129900 EUR`, in minor units."""
    if isinstance(value, dict) and value.keys() == {"amount", "currency"}:
        return f"{value['amount']} {value['currency']}"
    return value


_PARTY: Final[dict[str, Read]] = {
    "phones": _in_full("phones", "number", _PHONES),
    **{f"phone.{kind}": _of_kind("phones", "number", kind) for kind in _PHONES},
    **{f"address.{member}": _member("address", member) for member in _ADDRESS},
    "tags": _field("tags"),
    "owner": _field("owner_id"),
    **_fields("relationship", "social", "dates", "external_ids"),
}
_TIMES: Final = _fields("last_contacted_at", "next_activity_at", "created_at", "updated_at", "version")

COLUMNS: Final[dict[str, dict[str, Read]]] = {
    "contact": {
        **_fields("id", "first_name", "last_name"),
        "emails": _in_full("emails", "address", _MAILS),
        **{f"email.{kind}": _of_kind("emails", "address", kind) for kind in _MAILS},
        "company": _field("company_name"),
        **_fields("company_id", "title"),
        **_PARTY,
        **_fields("companies", "birthday", "time_zone", "language", "lifecycle", "lifecycle_since", "preferences"),
        **_TIMES,
    },
    "company": {
        **_fields("id", "name"),
        "domain": _field("domains"),
        **_fields("website", "parent_id"),
        **_PARTY,
        **_TIMES,
    },
    "deal": {
        **_fields("id", "title", "pipeline_id", "stage_id", "status"),
        "value": lambda record: _money(record.get("value")),
        "base_value": lambda record: _money(record.get("base_value")),
        **_fields("rate", "recurring", "company_id", "contact_ids", "contact_roles"),
        "owner": _field("owner_id"),
        **_fields("expected_close", "items", "pricebook_id", "next_step", "competitor", "source", "lost_reason"),
        **_fields("stage_since", "closed_at", "tags", "external_ids"),
        **_TIMES,
    },
    "task": _fields(
        *("id", "title", "kind", "status", "due_at", "remind_before", "assignee_id", "subject_id", "priority"),
        *("outcome", "completed_at", "created_at", "updated_at", "version"),
    ),
    "recipient": _fields(
        *("contact_id", "address", "status", "reason", "at", "provider_message_id"),
        *("delivered_at", "opened_at", "clicked_at"),
    ),
    "activity": _fields(
        *("id", "subject_id", "kind", "at", "actor", "text", "data", "external_id", "mentions", "pinned"),
        *("updated_at", "version"),
    ),
}


def headers(kind: str, custom: Sequence[str]) -> list[str]:
    """The first line of the file: the kind's columns, then the firm's own fields by their names."""
    return [*COLUMNS[kind], *(f"custom.{name}" for name in custom)]


def row(kind: str, custom: Sequence[str], record: Plain) -> list[str]:
    """One record, in its wire form, as the cells of a line."""
    own = record.get("custom") or {}
    values = [*(read(record) for read in COLUMNS[kind].values()), *(_money(own.get(name)) for name in custom)]
    return [cells.harmless(cells.written(value)) for value in values]
