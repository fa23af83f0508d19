"""The recipes hold: what they name exists, and what stands in the code is what they say to add."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import app  # noqa: F401 - importing it fills the registry of routes
from chalicelib import errors
from chalicelib.adapters import hooks, mailer
from chalicelib.handlers import _openapi_words
from chalicelib.handlers._routes import ROUTES
from chalicelib.models import keys
from chalicelib.services import changes, due, permissions, work
from tests.contract import calling

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/recipes.md").read_text()
RECIPES = {title: body for title, _, body in (part.partition("\n") for part in TEXT.split("\n## ")[1:])}

# The tables each recipe is about. A recipe that does not name them would leave its reader with half of the work.
TABLES = {
    "Add a noun": {
        "SHAPES",
        "PATTERNS",
        "NOUNS",
        "VERBS",
        "READ",
        "WRITE",
        "ROUTES",
        "KINDS",
        "REACTIONS",
        "IDS",
        "MAKE",
    },
    "Add a mail provider": {"PROVIDERS"},
    "Add a reaction": {"REACTIONS", "TASKS", "PATTERNS"},
    "Add a due kind": {"DUE", "GIVEN_UP"},
    "Add a webhook provider": {"TYPES", "IGNORED", "HOOKS", "SIGN", "SECRETS", "SAMPLES"},
}
NOUNS = {"contact": "contacts", "task": "tasks"}  # those that are made as the recipe says, file for file
FILE = re.compile(r"[\w.{}/-]*[\w}]\.(?:py|json|txt|md)|[\w./-]+/")
TABLE = re.compile(r"[A-Z][A-Z_]+")


def quoted(text: str) -> list[str]:
    """What stands in backticks, in order."""
    return re.findall(r"`([^`]+)`", text)


def steps(recipe: str) -> list[str]:
    """The numbered steps of a recipe, each in one line."""
    return [" ".join(step.split()) for step in re.split(r"\n\d+\. ", RECIPES[recipe])[1:]]


def files(text: str) -> list[str]:
    """The files and folders that the text names."""
    return [name for name in quoted(text) if FILE.fullmatch(name)]


def filled(text: str, noun: str = "task", nouns: str = "tasks", provider: str = "smtp", hook: str = "resend") -> str:
    """The text with its placeholders filled."""
    words = {"{noun}": noun, "{nouns}": nouns, "{Noun}": noun.title(), "{provider}": provider, "{hook}": hook}
    for placeholder, word in words.items():
        text = text.replace(placeholder, word)
    return text


def globals_of(path: str) -> set[str]:
    """The names that a module defines."""
    names: set[str] = set()
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, ast.Assign):
            names |= {one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return names


def test_there_is_a_recipe_for_what_is_added_most_often() -> None:
    assert RECIPES.keys() == TABLES.keys()
    assert all(len(steps(recipe)) >= 3 for recipe in RECIPES)


@pytest.mark.parametrize("recipe", TABLES)
def test_every_file_exists(recipe: str) -> None:
    named = files(filled(RECIPES[recipe]))
    assert len(named) >= 4
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("recipe", TABLES)
def test_every_table_stands_where_it_is_said_to_stand(recipe: str) -> None:
    named = set()
    for step in steps(recipe):
        modules = [name for name in files(filled(step)) if name.endswith(".py")]
        for table in (name for name in quoted(step) if TABLE.fullmatch(name)):
            assert any(table in globals_of(module) for module in modules), f"{table} is in none of {modules}"
            named.add(table)
    assert named >= TABLES[recipe]


@pytest.mark.parametrize("recipe", TABLES)
def test_every_make_target_exists(recipe: str) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {name.removeprefix("make ") for name in quoted(RECIPES[recipe]) if name.startswith("make ")}
    assert {"check", "test"} <= named <= targets


# Add a noun


def homes(noun: str, nouns: str) -> set[str]:
    """The files of chalicelib that bear the noun's name."""
    return {
        path.relative_to(ROOT).as_posix() for path in (ROOT / "chalicelib").rglob("*.py") if path.stem in (noun, nouns)
    }


@pytest.mark.parametrize(("noun", "nouns"), NOUNS.items())
def test_a_noun_has_the_files_of_the_recipe_and_no_others(noun: str, nouns: str) -> None:
    templates = [name for name in files(RECIPES["Add a noun"]) if "{noun" in name]
    named = {filled(name, noun, nouns) for name in templates}
    assert {name for name in named if name.startswith("chalicelib/")} == homes(noun, nouns)
    assert (ROOT / f"tests/services/test_{nouns}.py").exists()


@pytest.mark.parametrize(("noun", "nouns"), NOUNS.items())
def test_a_noun_is_in_the_tables_of_the_recipe(noun: str, nouns: str) -> None:
    assert noun in keys.SHAPES
    assert {f"{noun}.create", f"{noun}.get", f"{noun}.page"} <= {pattern.name for pattern in keys.PATTERNS}
    assert f"{nouns}:read" in permissions.READ
    assert f"{nouns}:write" in permissions.WRITE - permissions.READ
    assert any(route.path == f"/v1/{nouns}" for route in ROUTES)
    assert noun in changes.KINDS
    assert (noun, "id") in changes.REACTIONS
    assert f"{noun}_id" in _openapi_words.IDS
    assert f"{noun}_id" in calling.MAKE
    assert f"/v1/{nouns}" in (ROOT / "tests/contract/routes.txt").read_text()
    for module in ("counts", "history"):
        assert noun in globals_of(f"chalicelib/services/{module}.py")


@pytest.mark.parametrize(("noun", "nouns"), NOUNS.items())
def test_a_noun_has_the_names_of_the_recipe(noun: str, nouns: str) -> None:
    wire, verbs = steps("Add a noun")[2:4]
    structs = {filled(name, noun) for name in quoted(wire) if name.startswith("{Noun}")}
    assert len(structs) == 3
    assert structs <= globals_of(f"chalicelib/schemas/{noun}.py")
    named = {name for name in quoted(verbs) if re.fullmatch("[a-z]+", name)}
    assert len(named) == 8
    assert named <= globals_of(f"chalicelib/services/{nouns}.py")


# Add a mail provider, a reaction, a due kind


@pytest.mark.parametrize("provider", mailer.PROVIDERS)
def test_a_provider_is_made_as_the_recipe_says(provider: str) -> None:
    for name in files(filled(RECIPES["Add a mail provider"], provider=provider)):
        assert (ROOT / name).exists()
    path = f"chalicelib/adapters/providers/{provider}.py"
    assert mailer.PROVIDERS[provider] == path.removesuffix(".py").replace("/", ".")
    assert "send" in globals_of(path)
    raised = {name for name in quoted(RECIPES["Add a mail provider"]) if re.fullmatch("Mail[A-Z][a-z]+", name)}
    assert raised == {name for name in vars(errors) if re.fullmatch("Mail[A-Z][a-z]+", name)}
    source = (ROOT / path).read_text()
    assert all(name in source for name in raised)


def test_every_provider_is_in_the_table() -> None:
    there = {path.stem for path in (ROOT / "chalicelib/adapters/providers").glob("[a-z]*.py")}
    assert there == set(mailer.PROVIDERS)


@pytest.mark.parametrize("hook", hooks.HOOKS)
def test_a_webhook_provider_is_made_as_the_recipe_says(hook: str) -> None:
    for name in files(filled(RECIPES["Add a webhook provider"], hook=hook)):
        assert (ROOT / name).exists()
    assert {"verify", "parse", "TYPES", "IGNORED"} <= globals_of(f"chalicelib/adapters/hooks/{hook}.py")


def test_every_reaction_is_of_a_known_kind_and_lives_in_services() -> None:
    for (kind, _field), reactions in changes.REACTIONS.items():
        assert kind in changes.KINDS
        for reaction in reactions:
            assert reaction.__module__.startswith("chalicelib.services.")
            assert [name.lstrip("_") for name in inspect.signature(reaction).parameters] == ["before", "after"]


def test_every_due_kind_is_also_given_up() -> None:
    assert due.DUE.keys() == due.GIVEN_UP.keys()
    assert work.TASKS["due"] is due.hand_over
    for name in ("_reminder", "_moved"):
        assert name in globals_of("chalicelib/services/tasks.py")
