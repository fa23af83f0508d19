"""House rules about source: the layers hold and would be missed if broken, and what no linter can say.

Each rule is also shown something that breaks it, so that a rule that has stopped looking fails here.
"""

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IGNORED = shutil.ignore_patterns("__pycache__", "*.json", "*.html")


def python_files(*places: str) -> list[Path]:
    """Our own source files in these places."""
    found = [path for place in places for path in sorted((ROOT / place).rglob("*.py"))]
    assert found
    return found


OURS = ("chalicelib", "infra", "bench", "tests")


def lint_imports(folder: Path) -> str:
    """What import-linter says of the tree in `folder`; empty if every contract is kept."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)
    return "" if done.returncode == 0 else done.stdout + done.stderr


# Layers


def test_the_contracts_hold() -> None:
    assert lint_imports(ROOT) == ""


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("helpers.py", '"""A stray module."""', "Missing layers"),
        ("services/contacts.py", "from chalicelib.handlers import queues", "Each layer imports only"),
        ("models/keys.py", "from chalicelib.adapters import queue", "Each layer imports only"),
        ("adapters/queue.py", "from chalicelib.models import keys", "Each layer imports only"),
        ("schemas/mail.py", "from chalicelib.models import keys", "Each layer imports only"),
        ("errors.py", "from chalicelib.schemas import mail", "Each layer imports only"),
        ("handlers/_http.py", "from chalicelib.models import keys", "Handlers never import models"),
        ("services/contacts.py", "import chalice.app", "Chalice only in handlers"),
        ("services/contacts.py", "def f(): import boto3", "boto3 and botocore only in adapters"),
        ("models/table.py", "import botocore.session", "boto3 and botocore only in adapters"),
        ("adapters/queue.py", "import pynamodb.models", "PynamoDB only in models"),
        ("services/zzz_one.py", "from chalicelib.services import contacts", "No import cycles"),
    ],
)
def test_a_broken_contract_is_seen(tmp_path: Path, file: str, line: str, contract: str) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in ("chalicelib", "infra"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=IGNORED)
    with (tmp_path / "chalicelib" / file).open("a") as target:
        target.write(f"\n{line}\n")
    if contract == "No import cycles":
        with (tmp_path / "chalicelib/services/contacts.py").open("a") as target:
            target.write("\nfrom chalicelib.services import zzz_one\n")
    said = " ".join(lint_imports(tmp_path).split())
    if contract == "Missing layers":
        assert "chalicelib.helpers" in said
    else:
        assert re.search(rf"{re.escape(contract)}(?:(?!KEPT).)*? BROKEN", said), said


# What no linter can say


def names(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every `module.attribute` that is used, or imported by `from module import attribute`, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}", node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute):
            yield f"{node.value.attr}.{node.attr}", node.lineno
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node.lineno


ENVIRONMENT = frozenset({"os.environ", "os.environb", "os.getenv", "os.putenv"})
CLOCKS = frozenset(
    {f"time.{name}" for name in ("time", "time_ns", "monotonic", "perf_counter", "localtime", "gmtime")}
    | {f"datetime.{name}" for name in ("now", "utcnow", "today")}
    | {"date.today", "utils.localtime", "email.utils.localtime"}
)
PRINTS = frozenset({"print", "stdout.write", "stderr.write"})

# What is forbidden in chalicelib, and the one file that exists for it.
FORBIDDEN = {
    "reads the environment": (ENVIRONMENT, "config.py"),
    "reads the clock": (CLOCKS, "clock.py"),
    "prints": (PRINTS, None),
}


@pytest.mark.parametrize(("forbidden", "home"), FORBIDDEN.values(), ids=FORBIDDEN)
def test_only_one_file_does_it(forbidden: frozenset[str], home: str | None) -> None:
    offences = [
        f"{path.relative_to(ROOT)}:{line} {name}"
        for path in python_files("chalicelib")
        if path.relative_to(ROOT / "chalicelib").as_posix() != home
        for name, line in names(ast.parse(path.read_text()))
        if name in forbidden
    ]
    assert offences == []


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        ("reads the environment", "import os\nx = os.environ['A']"),
        ("reads the environment", "from os import environ"),
        ("reads the environment", "import os\nos.getenv('A')"),
        ("reads the clock", "import time\ntime.time()"),
        ("reads the clock", "from time import time"),
        ("reads the clock", "from datetime import datetime\ndatetime.now()"),
        ("reads the clock", "import datetime\ndatetime.datetime.utcnow()"),
        ("reads the clock", "import datetime\ndatetime.date.today()"),
        ("prints", "print('x')"),
        ("prints", "import sys\nsys.stdout.write('x')"),
    ],
)
def test_an_offence_is_seen(rule: str, source: str) -> None:
    assert FORBIDDEN[rule][0] & {name for name, _ in names(ast.parse(source))}


def test_every_module_says_why_it_exists() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in [*python_files(*OURS), *ROOT.glob("*.py")]
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_no_utils() -> None:
    named = [str(path.relative_to(ROOT)) for path in python_files(*OURS) if path.stem in {"utils", "helpers", "common"}]
    assert named == []


def test_handlers_init_is_empty() -> None:
    # Lambda imports it before every event handler, so whatever stood here would be part of each cold start.
    assert (ROOT / "chalicelib/handlers/__init__.py").read_bytes() == b""


# Reasons

_EXEMPTION = re.compile(r"#\s*(?:noqa|type:\s*ignore|pragma:\s*no cover)\b(?P<rest>.*)")
_REASON = re.compile(r"(?:(?::\s*[A-Z0-9, ]+|\[[a-z, -]+\])\s*(?:-|#)\s*\S.{4,}|\s*-\s*\S.{4,})$")


def unreasoned(source: str) -> list[int]:
    """The lines with an exemption from a checker but no reason behind it: `# noqa: X000 - why`."""
    return [
        number
        for number, line in enumerate(source.splitlines(), 1)
        if (match := _EXEMPTION.search(line)) and not _REASON.fullmatch(match["rest"].rstrip())
    ]


def test_every_exemption_has_its_reason() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in python_files(*OURS)
        if path != Path(__file__)
        for line in unreasoned(path.read_text())
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa",
        "x = 1  # noqa: S101",
        "x = 1  # noqa: S101, ARG002 -",
        "x = 1  # type: ignore[arg-type]",
        "x = 1  # pragma: no cover",
    ],
)
def test_a_missing_reason_is_seen(line: str) -> None:
    assert unreasoned(line) == [1]


@pytest.mark.parametrize(
    "line",
    [
        "x = 1  # noqa: S101 - the name of a key",
        "x = 1  # noqa: S101, ARG002 - its own signature",
        "x = 1  # type: ignore[arg-type]  # the stubs are wrong",
        "x = 1  # pragma: no cover - ends the process",
    ],
)
def test_a_reason_is_seen(line: str) -> None:
    assert unreasoned(line) == []


def ignores(configuration: str) -> list[str]:
    """The lines of pyproject.toml that name an ignored rule."""
    sections = re.findall(r"(?ms)^ignore = \[\n(.*?)^\]|^\"[^\"\n]+\" = \[\n(.*?)^\]", configuration)
    return [line for section in sections for line in "".join(section).splitlines() if line.strip()]


def test_every_ignored_rule_has_its_reason() -> None:
    lines = ignores((ROOT / "pyproject.toml").read_text())
    assert len(lines) > 10
    assert [line for line in lines if not re.fullmatch(r'  "[A-Z]+[0-9]*",  # \S.{8,}', line)] == []


def test_no_tool_is_silenced_elsewhere() -> None:
    # Another way to ignore would escape the rule above.
    text = (ROOT / "pyproject.toml").read_text()
    for other in ("extend-ignore", "extend-per-file-ignores", "ignore_errors", "disable_error_code"):
        assert other not in text
    whole_file = re.compile(r"#\s*(?:ruff:\s*noqa|flake8:\s*noqa|mypy:)")
    assert [str(path) for path in python_files(*OURS) if whole_file.search(path.read_text())] == []
