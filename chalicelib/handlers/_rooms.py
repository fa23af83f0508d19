"""Which rooms there are, and which of them answers a path.

Where the app is described, packaged, tested or run on one machine, every room is opened at the start. In the package an
index of paths lies beside this file, and a room is opened when somebody comes to it: a cold start pays for the one room
that is asked, however many there are.
"""

import json
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any, Final

ROOMS: Final = (
    "auth",
    "batches",
    "boards",
    "bulk",
    "calendars",
    "campaigns",
    "companies",
    "consents",
    "contacts",
    "deals",
    "digests",
    "duplicates",
    "exports",
    "fields",
    "followups",
    "forecast",
    "home",
    "hooks",
    "imports",
    "jobs",
    "leads",
    "mail_events",
    "merges",
    "notifications",
    "offers",
    "orders",
    "pipelines",
    "playbooks",
    "pricebooks",
    "products",
    "providers",
    "purchases",
    "quotas",
    "quotes",
    "rates",
    "reports",
    "segments",
    "settings",
    "suppressions",
    "system",
    "tasks",
    "teams",
    "templates",
    "timelines",
    "tracking",
    "topics",
    "unsubscribes",
    "users",
    "vcards",
    "views",
)
SOURCES: Final = ("queues", "schedules", "streams")  # what is not HTTP
INDEX: Final = "_index.json"  # {path: [room, ...]}, written by infra/package.py


def open_at_start(app: Any) -> None:
    """Register every room, unless the index is there to open them one by one."""
    if _index():
        return
    for name in ROOMS:
        app.register_blueprint(_room(name).routes)
    for name in SOURCES:
        app.register_blueprint(_room(name).room)


def open_for(app: Any, path: str) -> None:
    """Register the rooms that answer this path (as it is registered), if they are not open yet."""
    for name in _index().get(path, ()):
        if name not in app.opened:
            app.opened.add(name)
            app.register_blueprint(_room(name).routes)


def load_all() -> None:
    """Fill the registry of routes with every room, for whoever describes them all."""
    for name in ROOMS:
        _room(name)


def _room(name: str) -> Any:
    return import_module(f"chalicelib.handlers.{name}")


@cache
def _index() -> dict[str, list[str]]:
    path = Path(__file__).with_name(INDEX)
    found: dict[str, list[str]] = json.loads(path.read_text()) if path.exists() else {}
    return found
