"""The bill: what each tenant consumed, by day and purpose, and one log line per call.

Rows are gathered in memory and written by the first call and then by one call a minute, since a write per request
would double what it counts, and since nobody tells a function that it will not be called again. What a process loses
when it ends is at most the calls within a minute of its last write.
"""

import threading
from collections import Counter
from datetime import UTC, date, datetime
from typing import Any, Final

from chalicelib import clock, errors, money, observability
from chalicelib.models import keys, usages
from chalicelib.models.ledger import Usage
from chalicelib.models.table import Item, every
from chalicelib.observability import Meter
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.usage import UsageQuery, UsageRow, UsageView

FLUSH_EVERY: Final = 60.0  # seconds
MAX_DAYS: Final = 366
CAMPAIGN: Final = "campaign "  # what the purpose of sending begins with; the campaign's id follows
_DEFAULT_DAYS: Final = 31

_lock = threading.Lock()
_pending: dict[tuple[str, str, str], Counter[str]] = {}
_written: list[float] = []  # when this process last wrote; none or one


def record(meter: Meter, **fields: Any) -> None:
    """Log what a call did, and put it on its tenant's bill."""
    figures = {"rru": meter.rru, "wru": meter.wru, "ms": round(meter.ms, 1), "usd": round(meter.usd(), 9)}
    observability.note("call", **fields, **figures)
    if meter.tenant is not None:
        with _lock:
            row = _pending.setdefault((meter.tenant, clock.stamp()[:10], meter.purpose), Counter())
            row.update(_amounts(meter))
    with _lock:
        # Not by the monotonic clock, which may stand still while a function sleeps between two calls.
        overdue = not _written or abs(clock.epoch() - _written[0]) >= FLUSH_EVERY
        due = bool(_pending) and overdue
    if due:
        flush()


def flush() -> None:
    """Write what is pending. What cannot be written stays pending, and is tried again in a minute."""
    with _lock:
        rows = dict(_pending)
        _pending.clear()
        _written[:] = [clock.epoch()]
    for place, row in rows.items():
        try:
            usages.add(*place, row)
        except Exception as error:  # noqa: BLE001 - a bill that cannot be written must not fail the call it is for
            observability.failure("usage not written", error)
            with _lock:
                _pending.setdefault(place, Counter()).update(row)


def report(actor: Actor, query: UsageQuery) -> UsageView:
    """The tenant's bill, by day, by purpose, or of its campaigns alone.

    Raises `Invalid` for a span that is upside down or over a year.
    """
    flush()
    until = _day(query.until, "/to") or clock.now().date()
    since = _day(query.since, "/from") or date.fromordinal(max(1, until.toordinal() - _DEFAULT_DAYS + 1))
    if not 0 <= (until - since).days < MAX_DAYS:
        raise errors.invalid(
            "/from", "range", f"`from` must not lie after `to`, and at most {MAX_DAYS} days are added up."
        )
    groups: dict[str, Counter[str]] = {}
    for row in _rows(actor.tenant, since, until):
        day, _, purpose = row.sk.partition("#")
        group = {"day": day, "purpose": purpose, "campaign": _campaign(purpose)}[query.group_by]
        if group is not None:
            groups.setdefault(group, Counter()).update(usages.amounts(row))
    data = [_row(group, amounts) for group, amounts in sorted(groups.items())]
    return UsageView(data=data, usd=round(sum(row.usd for row in data), 9), priced_on=money.PRICED_ON)


def _campaign(purpose: str) -> str | None:
    """The campaign for which something was done, if it was for one."""
    return purpose.removeprefix(CAMPAIGN) if purpose.startswith(CAMPAIGN) else None


def _day(given: str | None, pointer: str) -> date | None:
    """The day that is meant, in UTC. Raises `Invalid` for one that is in no calendar."""
    try:
        moment = datetime.fromisoformat(given) if given else None
        return moment and (moment.astimezone(UTC) if moment.tzinfo else moment).date()
    except (ValueError, OverflowError):
        raise errors.invalid(pointer, "format", "This is no day, like 2026-03-01, and no moment of one.") from None


def _amounts(meter: Meter) -> dict[str, int]:
    """Whole numbers, so that adding never rounds."""
    return {
        "calls": 1,
        "rru": round(meter.rru * 1000),
        "wru": round(meter.wru * 1000),
        "ms": round(meter.ms * 1000),
        "mails": meter.mails,
        "nano_usd": round(meter.usd() * 1e9),
    }


def _rows(tenant: str, since: date, until: date) -> list[Usage]:
    where = Item.sk.between(since.isoformat(), f"{until.isoformat()}~")
    return list(every(keys.partition("usage", tenant=tenant), where=where))


def _row(group: str, amounts: Counter[str]) -> UsageRow:
    return UsageRow(
        group=group,
        calls=amounts["calls"],
        units=(amounts["rru"] + amounts["wru"]) / 1000,
        read_units=amounts["rru"] / 1000,
        write_units=amounts["wru"] / 1000,
        ms=amounts["ms"] / 1000,
        mails=amounts["mails"],
        usd=amounts["nano_usd"] / 1e9,
    )
