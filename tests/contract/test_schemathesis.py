"""A short seeded run of generated requests; `python -m tests.contract.schemathesis_run` is the long one."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_few_hundred_generated_requests_are_answered_as_described() -> None:
    # A process of its own: schemathesis keeps its hooks and settings in globals. Always on this machine's own engine.
    command = [sys.executable, "-m", "tests.contract.schemathesis_run"]
    options = ["--phases", "fuzzing", "--max-examples", "8", "--at-least", "200"]
    environment = {name: value for name, value in os.environ.items() if name not in ("BASE_URL", "PYTEST_XDIST_WORKER")}
    done = subprocess.run(
        [*command, *options], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_not_described_is_found() -> None:
    # The run has to fail if answers were wrong: it is held to a description that promises too much.
    command = [sys.executable, "-c", _LYING_RUN]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "violates schema" in done.stdout


_LYING_RUN = """
import sys
import tests.conftest
import app
from tests.contract import schemathesis_run
from chalicelib.handlers import _openapi
document = _openapi.document()
document["components"]["schemas"]["Health"]["properties"]["status"]["enum"] = ["perfect"]
sys.exit(schemathesis_run.main(["--phases", "fuzzing", "--max-examples", "1", "--at-least", "0"]))
"""
