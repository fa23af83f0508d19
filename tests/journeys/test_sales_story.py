"""The story of `docs/sales-week.md`, as a reader would paste it into a shell beside `make run`."""

import json
from pathlib import Path
from typing import Any

from tests import stories


def test_the_story_works_as_it_stands(tmp_path: Path) -> None:
    said = iter([json.loads(line) for line in stories.said("sales-week.md", tmp_path)])

    offered, done, told_of = next(said), next(said), next(said)
    assert (offered["status"], bool(offered["candidates"]["contact"])) == (409, True)
    assert done["following"]["due_at"] == "2027-03-29T07:30:00.000Z"
    assert done["next"]["title"] == "Send prices"
    assert [one["title"] for one in told_of["data"]] == ["Weekly call"]

    tasks, refused, board = next(said), next(said), next(said)
    assert titles(tasks) == {"Weekly call", "Send prices", "Send references", "Ask what they think"}
    assert [flaw["pointer"] for flaw in refused["errors"]] == ["/value"]
    assert {stage["name"]: stage["count"] for stage in board["stages"] if stage["count"]} == {
        "Meeting": 1,
        "Negotiation": 1,
        "Lost": 1,
    }

    won, bought = next(said), next(said)
    assert (won["status"], won["base_value"]["amount"]) == ("won", 350730)
    assert (bought["orders"], bought["total"]["amount"]) == (2, 353730)

    forecast, funnel, reasons, chance, home, events = (next(said) for _ in range(6))
    assert (forecast["total"]["won"]["amount"], forecast["total"]["sum"]["amount"]) == (350730, 73600)
    assert (funnel["deals"], funnel["won"], funnel["lost"]) == (3, 1, 1)
    assert [one["reason"] for one in reasons["data"]] == ["No budget"]
    assert chance["method"] == "stage"
    assert home["won_this_month"]["attainment"] == 0.7015
    assert "Send prices" in {task["title"] for task in home["overdue"]["tasks"]}
    assert events >= 2

    mails, snapshots = next(said), next(said)
    assert mails.count("Reminder: Weekly call") == 2
    assert snapshots["data"][0]["week"] == "2027-03-29"


def titles(listing: Any) -> set[str]:
    return {one["title"] for one in listing["data"]}
