"""Which of our modules costs what at import: a cold start pays for every one that a plain request pulls in.

A library counts for the module that imported it first, so the table shows where to make an import lazy.
"""

import subprocess
import sys
from collections import defaultdict
from pathlib import Path
from statistics import median
from typing import Any

from bench import _packages

RUNS = 5
# What handlers import that is not ours is listed under the room that asked first.
ROOMS = ("handlers", "services", "models", "adapters", "schemas")


def rows() -> list[dict[str, Any]]:
    """Milliseconds per room, and the five dearest modules of ours, each with the libraries it was first to ask for."""
    _, package = _packages.ours()
    runs = [_measure(package) for _ in range(RUNS)]
    costs = {name: median(run.get(name, 0.0) for run in runs) for name in set().union(*runs)}
    rooms: dict[str, float] = defaultdict(float)
    for name, cost in costs.items():
        rooms[_room(name)] += cost
    dearest = sorted(costs.items(), key=lambda item: -item[1])[:5]
    return [
        _row("import app, everything", sum(costs.values())),
        *(_row(f"import, {room}", cost) for room, cost in sorted(rooms.items(), key=lambda item: -item[1])),
        *(_row(f"import, module {name}", cost) for name, cost in dearest),
    ]


def _measure(package: Path) -> dict[str, float]:
    """Milliseconds by module of ours, from one fresh interpreter."""
    code = f"import sys; sys.path.insert(0, {str(package)!r}); import app"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-X", "importtime", "-c", code], capture_output=True, text=True, check=True
    )
    costs: dict[str, float] = defaultdict(float)
    owners: list[tuple[int, str]] = []
    # A module is printed after those it imported, one step further to the left: read from the end, parents come first.
    for line in reversed([line for line in done.stderr.splitlines() if line.startswith("import time:")]):
        own, _, name = line.removeprefix("import time:").split("|")
        if not own.strip().isdigit():
            continue
        depth, name = len(name) - len(name.lstrip()), name.strip()
        while owners and owners[-1][0] >= depth:
            owners.pop()
        owner = name if _is_ours(name) or not owners else owners[-1][1]
        owners.append((depth, owner))
        if _is_ours(owner):
            costs[owner] += int(own) / 1000
    return costs


def _is_ours(name: str) -> bool:
    return name == "app" or name.startswith("chalicelib")


def _room(name: str) -> str:
    parts = name.split(".")
    if parts[0] == "app":
        return "app.py"
    return parts[1] if len(parts) > 1 and parts[1] in ROOMS else "ground floor"


def _row(name: str, value: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 1), "unit": "ms", "limit": None, "holds": True}
