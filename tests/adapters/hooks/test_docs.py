"""docs/providers.md says what the code does: its tables are those of the code, and what it names is there."""

import re
from pathlib import Path

import pytest

from chalicelib.adapters import hooks
from tests.adapters.hooks import matrix

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs/providers.md").read_text()


@pytest.mark.parametrize("table", matrix.tables().split("\n\n"), ids=["proofs", "answers", "types"])
def test_the_tables_are_those_of_the_code(table: str) -> None:
    """`python -m tests.adapters.hooks.matrix` prints them anew."""
    assert table in TEXT


def test_every_provider_has_a_module_and_every_module_is_in_the_table() -> None:
    there = {path.stem for path in (ROOT / "chalicelib/adapters/hooks").glob("[a-z]*.py")}
    assert there == set(hooks.HOOKS)
    assert all((ROOT / f"tests/adapters/hooks/test_{name}.py").exists() for name in hooks.HOOKS)


def test_what_it_names_is_there() -> None:
    named = re.findall(r"`((?:chalicelib|tests|docs)/[\w./{}]+)`", TEXT)
    assert len(named) >= 4
    for name in named:
        assert (ROOT / name.replace("{provider}", "ses")).exists()
