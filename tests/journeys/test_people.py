"""The story of `docs/people.md`, as a reader would paste it into a shell beside `make run`."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

from infra.local import template
from tests.local.test_machine import Run


def test_the_story_works_as_it_stands(tmp_path: Path) -> None:
    told = (template.ROOT / "docs" / "people.md").read_text()
    script = "".join(re.findall(r"```sh\n(.*?)```", told, re.DOTALL))
    machine = Run(tmp_path / "data").until_ready()
    try:
        script = script.replace("http://127.0.0.1:8000", f"http://127.0.0.1:{machine.port}")
        script = script.replace("/tmp/export.csv", str(tmp_path / "export.csv"))
        ran = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, timeout=240, check=False)
    finally:
        machine.end()
    assert ran.returncode == 0, ran.stderr
    said = iter([json.loads(line) for line in ran.stdout.splitlines() if line.strip()])

    tried, failed, done = next(said), next(said), next(said)
    assert tried["counts"] == done["counts"] == {"created": 5, "updated": 0, "skipped": 0, "failed": 1}
    assert [row["line"] for row in failed["data"]] == [7]
    assert done["status"] == "partial"

    by_name, by_number, leads, gap, both = (next(said) for _ in range(5))
    assert firsts(by_name) == firsts(by_number) == ["Zoë"]
    assert sorted(firsts(leads)) == ["Jonathan", "Jonathon", "José"]
    assert len(gap["data"]) == 5
    assert both["status"] == 422

    gold, brass = next(said), next(said)
    assert firsts(gold) == ["Zoë"]
    assert brass["errors"][0]["pointer"] == "/custom/tier"

    pairs, merged, sent_on, parted, other = (next(said) for _ in range(5))
    (pair,) = pairs["data"]
    assert len(merged["emails"]) == 2
    assert sent_on["merged_into"] == merged["id"] == parted["id"]
    assert {parted["id"], other["id"]} == set(pair["ids"])
    assert [len(one["emails"]) for one in (parted, other)] == [1, 1]

    bulk, tagged = next(said), next(said)
    assert (bulk["status"], bulk["progress"]) == ("succeeded", {"done": 3, "total": 3})
    assert sorted(firsts(tagged)) == ["Jonathan", "Jonathon", "José"]

    history, then = next(said), next(said)
    assert history["data"][0]["changes"] == [{"field": "title", "old": None, "new": "Managing Director"}]
    assert then["title"] is None
    assert then["custom"] == {"tier": "gold"}

    exported, reverted, trash = next(said), next(said), next(said)
    assert exported["emails"]
    assert (reverted["status"], reverted["counts"]["reverted"]) == ("succeeded", 1)
    assert firsts(trash) == ["Grace"]
    assert next(said, None) is None


def firsts(answer: Any) -> list[str]:
    """The first names in a list."""
    return [contact["first_name"] for contact in answer["data"]]
