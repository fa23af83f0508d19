"""Writes the committed API description, `docs/openapi.json`, anew from the routes: `make openapi`.

A contract test holds the served description to this file, so that a change of the API is seen in review.
"""

import json
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).parents[1] / "docs" / "openapi.json"


def text() -> str:
    """The description as it is committed."""
    import app  # noqa: F401 - importing it fills the registry of routes
    from chalicelib.handlers import _openapi

    return json.dumps(_openapi.document(), indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write the file."""
    FILE.parent.mkdir(exist_ok=True)
    FILE.write_text(text(), encoding="utf-8")
    print(f"Written: {FILE}")


if __name__ == "__main__":
    main()
