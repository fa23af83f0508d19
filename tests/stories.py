"""Documents that tell a story by curl, run as a reader would paste them into a shell beside `make run`."""

import re
import subprocess
from pathlib import Path

from infra.local import template
from tests.local.test_machine import Run

_SECONDS = 240  # for a whole story


def said(document: str, folder: Path) -> list[str]:
    """The lines that the blocks of a document below `docs/` print, in one shell that stops at the first failure."""
    told = (template.ROOT / "docs" / document).read_text()
    script = "".join(re.findall(r"```sh\n(.*?)```", told, re.DOTALL))
    machine = Run(folder / "data").until_ready()
    try:
        script = script.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{machine.port}")
        ran = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=_SECONDS, check=False)
    finally:
        machine.end()
    assert ran.returncode == 0, ran.stderr + ran.stdout
    return [line.strip() for line in ran.stdout.splitlines() if line.strip()]
