"""In the package a room is opened when somebody comes to it; everywhere else all of them are open from the start."""

import json
import pkgutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import app as opened
from chalicelib import handlers
from chalicelib.handlers import _rooms
from chalicelib.handlers._routes import ROUTES
from infra.local.gateway import Request, Router, event
from infra.package import ROOT, index_of_rooms

# In a process of its own: a room is registered once in its life.
ASKED = """
import json, sys
import app
from chalicelib.handlers import _rooms

rooms = lambda: sorted(name for name in _rooms.ROOMS if f"chalicelib.handlers.{name}" in sys.modules)
said = [rooms()]
for given in json.load(sys.stdin):
    said += [app.app(given, None)["statusCode"], rooms()]
print(json.dumps(said))
"""


def test_every_room_is_named() -> None:
    modules = [name for _, name, _ in pkgutil.iter_modules(handlers.__path__) if not name.startswith("_")]
    rooms = [import_module(f"chalicelib.handlers.{name}") for name in modules]
    of_http = {room.__name__.rpartition(".")[2] for room in rooms if hasattr(room, "routes")}
    assert of_http == set(_rooms.ROOMS)
    assert set(modules) == of_http | set(_rooms.SOURCES)


def test_the_index_leads_to_every_route() -> None:
    found = json.loads(index_of_rooms())
    assert found.keys() == {route.path for route in ROUTES} == opened.app.routes.keys()
    for route in ROUTES:
        assert route.view.__module__.rpartition(".")[2] in found[route.path]


def test_from_the_package_a_room_is_opened_when_it_is_asked(tmp_path: Path) -> None:
    for source in (ROOT / "app.py", *(ROOT / "chalicelib").rglob("*.py")):
        kept = tmp_path / source.relative_to(ROOT)
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(source.read_bytes())
    (tmp_path / "chalicelib" / "handlers" / _rooms.INDEX).write_text(index_of_rooms())
    asked = [asking(path) for path in ("/v1/health", "/v1/contacts", "/v1/health", "/v1/nowhere")]
    done = subprocess.run(
        [sys.executable, "-c", ASKED],
        cwd=tmp_path,
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    said = json.loads(done.stdout.splitlines()[-1])
    both = ["contacts", "system"]
    assert said == [[], 200, ["system"], 401, both, 200, both, 404, both]


def asking(path: str) -> dict[str, Any]:
    """The event of a GET without a token."""
    resource, parameters = Router(opened.app.routes).match(path) or (None, {})
    request = Request("GET", path, [], b"", "127.0.0.1")
    return event(request, resource, parameters, stage="api", binary_types=opened.app.api.binary_types)
