"""Ten thousand reminders of one minute, and minutes in which nothing is due.

What is promised of the crowd: one tick within its budget tells workers of all of it, and each reminder is given to the
mail door once, although every message is delivered twice. Of the idle minute: its units, and that its time does not
grow with what lies ahead. The queue is a list here; in the cloud it takes ten messages to a request.
"""

import json
import sqlite3
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench._bases import Base, copy_house, into
from bench._house import TABLE, house
from infra.local.engine import Engine

DUE_AT_ONCE: Final = 10_000
DONE: Final = 300  # of them are done here, in this one process; the others only have to be told of
AHEAD: Final = 200_000
LATER: Final = 3600  # seconds until the crowd is due, when the idle minutes are over
ROUNDS: Final = 21
MINUTES: Final = 10  # in a row, of each round
TIMES: Final = 1.15  # times the idle minute without anything ahead
IDLE: Final = 4.0  # read units
Row = dict[str, Any]


def rows() -> list[Row]:
    """The idle minute with an empty index and with a full one, then the crowd in the full one."""
    with house() as here, tempfile.TemporaryDirectory(prefix="tendril-bench-") as folder, _told() as told:
        files = Path(folder) / "empty.db", Path(folder) / "ahead.db"
        for file in files:
            copy_house(here, file)
        from chalicelib import clock

        owner, due_at = here.call("GET", "/v1/me")[0]["user"]["id"], clock.after(LATER)
        _ahead(files[1], here.tenant, _due(here.tenant, owner, clock.stamp(due_at)))
        with Engine.start(files[0]) as one, Engine.start(files[1]) as other:
            empty, full = Base(one.endpoint), Base(other.endpoint)
            idle = _idle(empty, full)
            full.enter()
            clock.set(due_at)
            clock.advance(30)
            return [*idle, *_crowd(told)]


class _Told:
    """What was sent to the queue and to the mail door."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.mails = Counter[str]()

    def send_all(self, messages: Sequence[Any]) -> None:
        self.messages.extend(messages)

    def mail(self, mail: Any) -> str:
        self.mails[mail.tags["task"]] += 1
        return "<bench>"


@contextmanager
def _told() -> Iterator[_Told]:
    from chalicelib.adapters import mailer, queue

    told, doors = _Told(), (queue.send_all, mailer.send)
    queue.send_all, mailer.send = told.send_all, told.mail
    try:
        yield told
    finally:
        queue.send_all, mailer.send = doors


# An idle minute ---------------------------------------------------------------------------------------------------


def _idle(empty: Base, full: Base) -> list[Row]:
    """In turns, so that a slow moment of the machine meets both alike."""
    for base in (empty, full):
        _minute(base)  # warm
    pairs = [
        (_minute(empty), _minute(full)) if number % 2 else tuple(reversed((_minute(full), _minute(empty))))
        for number in range(ROUNDS)
    ]
    times = [statistics.median(pair[place][0] for pair in pairs) for place in (0, 1)]
    # Of each pair, since the two were measured right after each other.
    ratio = statistics.median(full[0] / empty[0] for empty, full in pairs)
    return [
        _row("idle minute, nothing ahead", times[0], "ms"),
        _row(f"idle minute, {AHEAD:,} moments ahead", times[1], "ms"),
        _row(f"idle minute, {AHEAD:,} ahead : none", ratio, "x", TIMES),
        _row("idle minute, read", max(full[1] for _, full in pairs), "units", IDLE),
    ]


def _minute(base: Base) -> tuple[float, float]:
    """Milliseconds and read units of a minute in which nothing is due, as the mean of some."""
    from chalicelib import observability
    from chalicelib.services import due

    base.enter()
    with observability.measured("bench") as meter:
        began = time.perf_counter()
        claimed = sum(due.run() for _ in range(MINUTES))
        ms = (time.perf_counter() - began) * 1000
    if claimed:
        raise RuntimeError(f"{claimed} moments were due in an idle minute")
    return ms / MINUTES, (meter.rru + meter.wru) / MINUTES


def _ahead(file: Path, tenant: str, soon: list[Any]) -> None:
    """Moments of the years to come and what is due before, into the engine's own tables."""
    years = (f"20{40 + number % 50}-03-01T09:00:00.000Z" for number in range(AHEAD))
    items = [*soon, *(_moment(tenant, number, at) for number, at in enumerate(years))]
    into(file, iter(items))
    database = sqlite3.connect(file)
    rows = ([f"S:{one[name]['S']}" for name in ("due_pk", "due_sk", "pk", "sk")] for one in items if "due_pk" in one)
    database.executemany(
        f'INSERT INTO "{TABLE}::gsi::due" VALUES (?, ?, ?, ?, ?)',  # noqa: S608 - our own name
        sorted((pk, sk, *place, _keys(pk, sk, *place)) for pk, sk, *place in rows),
    )
    database.commit()
    database.close()


def _keys(*kept: str) -> str:
    """What the index keeps of a moment: its keys."""
    names = ("due_pk", "due_sk", "pk", "sk")
    return json.dumps({name: {"S": key.removeprefix("S:")} for name, key in zip(names, kept, strict=True)})


def _id(number: int) -> str:
    return f"tsk_01HX{number:022}"


def _moment(tenant: str, number: int, at: str) -> Any:
    from chalicelib.models.moment import Moment
    from chalicelib.services import tasks

    moment = Moment(tenant=tenant, subject_id=_id(number), what=tasks.REMINDER, at=at)
    moment.keys()
    return moment.serialize()


# The crowd --------------------------------------------------------------------------------------------------------


def _crowd(told: _Told) -> list[Row]:
    from chalicelib import observability
    from chalicelib.services import due

    with observability.measured("bench") as tick:
        began = time.perf_counter()
        claimed = due.run()
        seconds = time.perf_counter() - began
    named = Counter(place[0].rpartition("#")[2] for message in told.messages for place in message.get("moments", ()))
    named.update(message["subject_id"] for message in told.messages if message["task"] == "due")
    done, worked, rru, wru = _worked(told)
    once = sum(times == 1 for times in told.mails.values())
    return [
        _row(f"{DUE_AT_ONCE:,} reminders at once, one tick", seconds, "s", due.BUDGET),
        _row("of them told of", sum(named.values()), "moments", DUE_AT_ONCE, least=True),
        _row("of them told of twice", sum(times > 1 for times in named.values()), "moments", 0),
        _row("messages for them", len(told.messages), "messages"),
        _row("a reminder, the tick's part", seconds / claimed * 1000, "ms"),
        _row("a reminder, the tick's part, read", tick.rru / claimed, "units"),
        _row("a reminder, the tick's part, written", tick.wru / claimed, "units"),
        _row("a reminder, the worker's part", worked / done * 1000, "ms"),
        _row("a reminder, the worker's part, read", rru / done, "units"),
        _row("a reminder, the worker's part, written", wru / done, "units"),
        _row("reminders done, each message delivered twice", once, "mails", done, least=True),
        _row("reminders mailed more than once", len(told.mails) - once, "mails", 0),
    ]


def _due(tenant: str, owner: str, at: str) -> list[Any]:
    """Open tasks of the owner that are due then, each with its moment."""
    from chalicelib.models.task import Task

    items = []
    for number in range(AHEAD, AHEAD + DUE_AT_ONCE):
        task = Task(id=_id(number), tenant=tenant, version=1, title="Call back", what="call", status="open")
        task.due_at, task.remind_before, task.assignee_id = at, 0, owner
        task.touch(owner)
        task.keys()
        items += [task.serialize(), _moment(tenant, number, at)]
    return items


def _worked(told: _Told) -> tuple[int, float, float, float]:
    """Do some of the bundles, then all of them again; how many reminders, seconds of the first time, units of it."""
    from chalicelib import observability
    from chalicelib.services import due, usage

    spent = [0.0, 0.0]

    def record(meter: observability.Meter, **_: Any) -> None:
        spent[0], spent[1] = spent[0] + meter.rru, spent[1] + meter.wru

    bundles = [message for message in told.messages if message["task"] == "crowd"][: DONE // 10]
    kept, usage.record = usage.record, record
    try:
        began = time.perf_counter()
        for message in bundles:
            due.sweep(message)
        seconds, first = time.perf_counter() - began, tuple(spent)
        for message in bundles:
            due.sweep(message)
    finally:
        usage.record = kept
    return sum(len(message["moments"]) for message in bundles), seconds, first[0], first[1]


def _row(name: str, value: float, unit: str, limit: float | None = None, *, least: bool = False) -> Row:
    holds = limit is None or (value >= limit if least else value <= limit)
    return {"name": name, "value": round(value, 3), "unit": unit, "limit": limit, "holds": holds, "least": least}
