"""Compile a package: Lambda's disk is read-only, so without bytecode every cold start compiles every module anew.

Our own sources stay beside their bytecode, so that a stack trace shows the line. Of other people's modules only the
bytecode ships: it starts as fast either way, but takes 8 MB instead of 13; their part of a stack trace still names
file, line number and function.
"""

import os
import subprocess
import sys
from pathlib import Path

# Where Lambda unpacks a function, and what a stack trace shows.
TASK = "/var/task"
OURS = ("app.py", "chalicelib")


def compile_all(root: Path) -> None:
    """Compile the package at `root` in place with the running Python. Raises RuntimeError naming what does not compile.

    Unchecked: bytecode is valid whatever the time stamp of its source, which unpacking would change.
    """
    ours = [root / name for name in OURS]
    theirs = [path for path in sorted(root.iterdir()) if path.name not in OURS]
    _compileall(root, *map(str, ours))
    _compileall(root, "-b", *map(str, theirs))
    for path in theirs:
        for source in [path] if path.is_file() else sorted(path.rglob("*.py")):
            if source.suffix == ".py":
                source.unlink()


def _compileall(root: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"]
    # A fixed hash seed fixes the order of set constants: the same sources give the same bytes.
    done = subprocess.run(
        [*command, "-s", str(root), "-p", TASK, *arguments],
        env={**os.environ, "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"Does not compile:\n{done.stdout}{done.stderr}")
