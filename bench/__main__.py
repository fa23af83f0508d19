"""`make bench`: everything measured, as one table and as build/bench.json; exits 1 if a promise is not kept."""

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from bench._part import measured

REPORT = Path(__file__).parent.parent / "build" / "bench.json"
PARTS = (
    "cold_start",
    "size",
    "operations",
    "search",
    "deals",
    "duplicates",
    "importing",
    "imports",
    "reminders",
    "sending",
    "segments",
    "rendering",
    "webhooks",
    "membership",
    "memory",
)


def main() -> int:
    """Measure, print, write; the exit code."""
    rows: list[dict[str, Any]] = []
    for part in PARTS:
        started = time.perf_counter()
        # A process each: the models read the table's name once, and what one part imports is no start of another.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
            found = alone.submit(measured, part).result()
        rows += found
        _print(part.replace("_", " "), found, time.perf_counter() - started)
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(rows, indent=1) + "\n")
    broken = [row["name"] for row in rows if not row["holds"]]
    promised = sum(row["limit"] is not None for row in rows)
    print(f"{len(rows)} figures, {promised} promises, {len(broken)} broken{': ' if broken else ''}{', '.join(broken)}")
    return 1 if broken else 0


def _promise(row: dict[str, Any]) -> str:
    """Most figures should be small; a row with `least` promises not to be smaller."""
    return f"{'>=' if row.get('least') else '<='} {row['limit']:g} {'holds' if row['holds'] else 'BROKEN'}"


def _print(title: str, rows: list[dict[str, Any]], seconds: float) -> None:
    print(f"\n{title} (measured in {seconds:.0f} s)")
    for row in rows:
        promise = "" if row["limit"] is None else _promise(row)
        print(f"  {row['name']:<62} {row['value']:>12,.3f} {row['unit']:<14} {promise}".rstrip(), flush=True)


if __name__ == "__main__":
    sys.exit(main())
