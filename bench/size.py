"""What ships: the zip of `make package`, and its largest parts. Lambda reads all of it at every cold start."""

import zipfile
from collections import Counter
from typing import Any

from bench import _packages

PROMISE_MB = 35
PARTS = 5


def rows() -> list[dict[str, Any]]:
    """Size of the zip, of its contents, and of the five largest folders or files at its top."""
    archive, _ = _packages.ours()
    parts: Counter[str] = Counter()
    with zipfile.ZipFile(archive) as content:
        for entry in content.infolist():
            parts[entry.filename.split("/")[0]] += entry.file_size
    return [
        _row("package, zipped", archive.stat().st_size),
        _row("package, unzipped", parts.total(), PROMISE_MB),
        *(_row(f"package, {name}", size) for name, size in parts.most_common(PARTS)),
    ]


def _row(name: str, size: int, limit: float | None = None) -> dict[str, Any]:
    value = round(size / 1e6, 2)
    return {"name": name, "value": value, "unit": "MB", "limit": limit, "holds": limit is None or value <= limit}
