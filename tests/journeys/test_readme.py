"""The README's journey, as a reader would paste it into a shell beside `make run`."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from infra.local import template
from tests.local.test_machine import Run


def test_the_journey_works_as_it_stands(tmp_path: Path) -> None:
    script = _journey((template.ROOT / "README.md").read_text())
    machine = Run(tmp_path / "data").until_ready()
    try:
        script = script.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{machine.port}")
        ran = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=60, check=False)
    finally:
        machine.end()
    assert ran.returncode == 0, ran.stderr
    activity, task, idle, contact, timeline, _, _, outbox, bill, _ = _answers(ran.stdout)
    assert activity["kind"] == "call"
    assert task["subject_id"] == contact["id"]
    assert idle["idle"] is True
    assert contact["last_contacted_at"] == activity["at"]
    assert contact["next_activity_at"] == task["due_at"]
    assert [entry["kind"] for entry in timeline["data"]] == ["task.created", "call", "contact.created"]
    assert [mail["subject"] for mail in outbox["data"]] == ["Reminder: Show Ada the engine"]
    assert {row["group"] for row in bill["data"]} >= {"POST /v1/contacts", "stream", "sqs"}
    assert bill["usd"] > 0


def _journey(readme: str) -> str:
    """The longest block of shell in the README."""
    return max(re.findall(r"```sh\n(.*?)```", readme, re.DOTALL), key=len)


def _answers(output: str) -> list[Any]:
    """What the journey printed: one JSON document a line."""
    return [json.loads(line) for line in output.splitlines() if line.strip()]
