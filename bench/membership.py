"""Segments of a large firm: what a preview of everybody takes, and what one contact takes to be kept where it belongs.

A preview of 100,000 contacts is a job that says how far it is. It is measured here over some thousands, and over five
times as many: if those take no more for each thousand, all of them take as many times as long.
"""

import time
from collections.abc import Iterator
from typing import Any, Final

from bench._bases import row as _row
from bench._house import House, house

SMALL: Final = 1_000
LARGE: Final = 5_000
GROWTH: Final = 1.3  # times the milliseconds for a thousand contacts in a base five times as large
_ROUNDS: Final = 3  # of which the quickest counts
_KEPT: Final = 200  # contacts whose change is followed up
_RULE: Final = {
    "all": [
        {"field": "lifecycle", "op": "eq", "value": "customer"},
        {
            "any": [
                {"field": "tags", "op": "contains", "value": "vip"},
                {"field": "title", "op": "contains", "value": "head"},
            ]
        },
    ]
}
Row = dict[str, Any]


def rows() -> list[Row]:
    """Previews of two bases, and contacts settled."""
    with house() as here:
        return list(_measured(here))


def _measured(here: House) -> Iterator[Row]:
    small = _preview(here, _grown(here, 0, SMALL), SMALL)
    large = _preview(here, _grown(here, SMALL, LARGE), LARGE)
    for size, (taken, rru, steps) in ((SMALL, small), (LARGE, large)):
        yield _row(f"segments, a preview, for each 1,000 of {size:,} contacts", taken, "ms")
        if size == LARGE:
            yield _row("segments, the same in read units", rru, "rru")
            yield _row("segments, the times it told how far it is", steps, "steps")
    yield _row("segments, a preview in the larger base to the smaller", large[0] / small[0], "x", GROWTH)
    yield _row("segments, a preview of 100,000 contacts, by that", large[0] * 100 / 1000, "s")
    yield _row("segments, a contact looked at when a rule is new", _settled(here), "ms")


def _grown(here: House, first: int, upto: int) -> int:
    """Let the firm have so many contacts; how many of all are to be found."""
    from chalicelib import ids
    from chalicelib.models.contact import Contact
    from chalicelib.models.writes import put_all

    made = []
    for number in range(first, upto):
        contact = Contact(id=ids.new("con"), tenant=here.tenant, name=f"lovelace{number:06}", last_name="Lovelace")
        contact.lifecycle, contact.tags = ("customer", "lead")[number % 2], ["vip"] if number % 4 == 0 else ["fair"]
        contact.title, contact.first_name, contact.version = "Deputy of Procurement", f"Ada{number}", 1
        contact.emails = [{"address": f"ada{number}@example.com", "kind": "work", "primary": True}]
        contact.touch("usr_0")
        contact.keys()
        made.append(contact)
    put_all(made)
    return (upto + 3) // 4


def _preview(here: House, expected: int, contacts: int) -> tuple[float, float, int]:
    """Milliseconds and read units for each thousand contacts, and how many steps the job had."""
    from chalicelib import observability
    from chalicelib.models.job import Job
    from chalicelib.services import previews

    found = []
    for _ in range(_ROUNDS):
        job = Job(id="job_01HX5ZZKBKACTAV9WEVGEMMVRZ", tenant=here.tenant, params={"rule": _RULE})
        told, started = 1, time.perf_counter()
        with observability.measured("bench") as meter:
            while not previews.step(job):
                told += 1
        found.append((time.perf_counter() - started, meter.rru, told))
        if job.counts != {"size": expected} or int(job.done) != contacts:
            raise RuntimeError(f"a preview found {job.counts} of {job.done}")
    taken, rru, told = min(found)
    return taken * 1_000_000 / contacts, rru * 1000 / contacts, told


def _settled(here: House) -> float:
    """Milliseconds to look at one of several contacts for one segment, when it is to be entered by a quarter."""
    from chalicelib.models import keys
    from chalicelib.models.table import page
    from chalicelib.services import membership

    made, _ = here.call("POST", "/v1/segments", {"name": "Ours", "kind": "dynamic", "rule": _RULE})
    found = page(keys.partition("contact", "gsi1", tenant=here.tenant), index="gsi1", limit=_KEPT).items
    started = time.perf_counter()
    done = membership.settle(here.tenant, [one.id for one in found], only=(made["id"],))
    if len(done.added) != _KEPT // 4:
        raise RuntimeError(f"{len(done.added)} came in")
    return (time.perf_counter() - started) * 1000 / _KEPT


if __name__ == "__main__":
    for row in rows():
        print(f"{row['name']:<62} {row['value']:>10,.3f} {row['unit']:<8} {'' if row['holds'] else 'BROKEN'}".rstrip())
