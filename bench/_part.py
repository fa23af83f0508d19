"""One part of the bench by its name, as a process of its own can be asked for it."""

import importlib
from typing import Any


def measured(part: str) -> list[dict[str, Any]]:
    """The rows of `bench.{part}`."""
    found: list[dict[str, Any]] = importlib.import_module(f"bench.{part}").rows()
    return found
