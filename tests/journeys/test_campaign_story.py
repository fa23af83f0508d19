"""The story of `docs/first-campaign.md`, as a reader would paste it into a shell beside `make run`."""

import json
from pathlib import Path
from typing import Any

from tests import stories

VIENNA = ["Ada@steel.example", "Ben@tapas.example", "Cleo@pub.example"]
YORK = ["Dan@york.example", "Finn@york.example"]


def test_the_story_works_as_it_stands(tmp_path: Path) -> None:
    said = iter([_read(line) for line in stories.said("first-campaign.md", tmp_path)])

    preview, members, lacking, refused, good = (next(said) for _ in range(5))
    assert (preview["size"], len(members["data"])) == (6, 6)
    assert [one["severity"] for one in lacking["lint"] if "nsubscribe" in one["message"]] == ["error"]
    assert refused["status"] == 409
    assert (good["audience"], [one for one in good["lint"] if one["severity"] == "error"]) == (6, [])
    assert {one["rule"]: one["count"] for one in good["excluded"] if one["count"]} == {"manual": 1}

    assert next(said)["status"] == 403
    mailed = [[_folded(one) for one in next(said)] for _ in range(4)]
    vienna, york = map(_all_folded, (VIENNA, YORK))
    assert mailed == [[], vienna, vienna, sorted(vienna + york)]

    codes = [next(said) for _ in range(5)]
    assert codes[0] == 200
    assert codes[1] in (401, 403)
    assert codes[2:] == [200, 200, 200]
    assert [one["bounce"] for one in next(said)["data"]] == ["hard"]

    assert next(said) == 200
    assert next(said) == "302 https://firm.example/engine?utm_source=tendril"
    assert next(said) == 200
    report, left_out = next(said), next(said)
    shown = ("audience", "sent", "suppressed", "delivered", "bounced", "complained", "unsubscribed", "opened_human")
    assert [report[name] for name in shown] == [6, 5, 1, 3, 1, 1, 1, 1]  # who opens or complains has got it
    assert (report["opened"], report["clicked"], report["clicked_human"]) == (2, 2, 1)
    assert [row["reason"] for row in left_out["data"]] == ["manual"]

    rows, second, spent = next(said), next(said), next(said)
    assert sorted(row["reason"] or row["status"] for row in rows["data"]) == sorted(
        ["sent", "sent", "hard_bounce", "complaint", "manual", "unsubscribed"]
    )
    assert [second[name] for name in ("status", "audience", "sent", "suppressed")] == ["finished", 6, 2, 4]
    assert [row["mails"] for row in sorted(spent["data"], key=lambda row: row["group"])] == [5, 2]


def _read(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return line


def _folded(address: str) -> str:
    return address.lower()


def _all_folded(addresses: list[str]) -> list[str]:
    return sorted(map(_folded, addresses))
