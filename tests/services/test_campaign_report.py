"""What became of a campaign: the report adds up, each recipient is accounted for, with the reason if he got none."""

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from chalicelib import ids
from chalicelib.models import keys
from chalicelib.models.ledger import Sheet
from chalicelib.models.mailing import Mailing
from chalicelib.models.table import Item, fetch
from chalicelib.models.writes import Step, put_all, transact
from chalicelib.services import recipients
from chalicelib.services.exporting import sources
from tests import mailshots
from tests.campaigning import AT, campaign, edited, settled
from tests.house import House, Sender

SEEN = {"delivered": 3, "opened": 3, "opened_human": 1, "clicked": 2, "clicked_human": 1, "bounced": 1}
COST = {"rru": 12_500, "wru": 30_000, "ms": 4_200_500, "nano_usd": 412_000, "mails": 4}


def add(tenant: str, campaign_id: str, name: str, cells: dict[str, int]) -> None:
    """What the engine and the events have counted."""
    sheet = Sheet(*keys.key("sheet", tenant=tenant, book=campaign_id, name=name))
    transact(Step("update", sheet, actions=Sheet.adding(cells)))


def report(sender: Sender, made: Any) -> Any:
    answer = sender.get(f"/v1/campaigns/{made['id']}/report")
    assert answer.status == 200, answer.text
    return answer.json


def people(sender: Sender, count: int) -> list[str]:
    made = [mailshots.contact(sender.tenant) for _ in range(count)]
    put_all(made)
    return [one.id for one in made]


def over(sender: Sender, letters: list[str], *, status: str = "finished") -> tuple[Any, list[str]]:
    """A campaign in shards of these letters, one for each recipient."""
    made, run = campaign(sender), ids.new("run")
    size = sum(map(len, letters))
    edited(sender.tenant, made["id"], status=status, run=run, audience=size, shards=len(letters), launched_at=AT)
    there: list[str] = []
    for number, some in enumerate(letters):
        who = people(sender, len(some))
        settled(sender.tenant, made["id"], run, number, who, dict(zip(who, some, strict=True)))
        there += who
    return made, there


def rows(sender: Sender, made: Any, query: str = "") -> list[Any]:
    """All pages of the recipients."""
    found: list[Any] = []
    cursor = ""
    for _ in range(50):
        answer = sender.get(f"/v1/campaigns/{made['id']}/recipients?{query}{cursor}")
        assert answer.status == 200, answer.text
        found += answer.json["data"]
        if answer.json["next_cursor"] is None:
            return found
        cursor = f"&cursor={answer.json['next_cursor']}"
    raise AssertionError("the list has no end")


class TestReport:
    def test_a_draft_has_zeros(self, owner: Sender) -> None:
        found = report(owner, campaign(owner))
        cost = found.pop("cost")
        assert cost == {"usd": 0, "read_units": 0, "write_units": 0, "ms": 0, "mails": 0}
        assert {value for value in found.values() if isinstance(value, int)} == {0}
        assert set(found["rates"].values()) == {0}

    def test_it_adds_up(self, owner: Sender) -> None:
        made, _ = over(owner, ["sssfx", "sux"])
        add(owner.tenant, made["id"], "seen", SEEN)
        add(owner.tenant, made["id"], "cost", COST)
        found = report(owner, made)
        assert (found["sent"], found["failed"], found["suppressed"], found["unknown"]) == (4, 1, 2, 1)
        assert found["sent"] + found["failed"] + found["suppressed"] + found["unknown"] == found["audience"] == 8
        assert {name: found[name] for name in SEEN} == SEEN
        assert (found["unsubscribed"], found["complained"], found["pending"]) == (0, 0, 0)
        assert found["rates"]["delivered"] == 0.75
        assert found["rates"]["opened_human"] == 0.3333
        assert found["cost"] == {
            "usd": 0.000412,
            "read_units": 12.5,
            "write_units": 30.0,
            "ms": 4200.5,
            "mails": 4,
        }

    def test_while_it_runs_some_are_pending(self, owner: Sender) -> None:
        made, _ = over(owner, ["ss", "s-~"], status="running")
        assert (report(owner, made)["sent"], report(owner, made)["pending"]) == (2, 3)

    def test_another_firms_is_not_there(self, house: House, owner: Sender) -> None:
        made = campaign(owner)
        stranger = house.signup()
        assert stranger.get(f"/v1/campaigns/{made['id']}/report").status == 404
        assert stranger.get(f"/v1/campaigns/{made['id']}/recipients").status == 404


class TestRecipients:
    def test_each_is_told_with_his_reason(self, owner: Sender) -> None:
        made, there = over(owner, ["sfxu"])
        found = rows(owner, made)
        assert [one["contact_id"] for one in found] == there
        assert [one["status"] for one in found] == ["sent", "failed", "suppressed", "unknown"]
        assert [one["reason"] for one in found] == [None, "refused", "unsubscribed", None]
        assert [one["provider_message_id"] for one in found] == ["m-1", None, None, None]
        assert (found[0]["at"], found[0]["address"]) == (AT, "a@x.example")
        assert found[2]["address"].endswith("@example.com")  # no mail was begun: the address he has by now
        assert found[2]["at"] is None

    @pytest.mark.parametrize("status", ["sent", "failed", "suppressed", "unknown", "waiting", "claimed"])
    def test_those_of_one_status(self, owner: Sender, status: str) -> None:
        letters = {"sent": "s", "failed": "f", "suppressed": "x", "unknown": "u", "waiting": "-"}
        made, there = over(owner, ["sfxu", "xxsf", "s-u"], status="running")
        wanted = [one for one, letter in zip(there, "sfxuxxsfs-u", strict=True) if letter == letters.get(status)]
        assert [one["contact_id"] for one in rows(owner, made, f"status={status}")] == wanted

    @pytest.mark.parametrize("limit", [1, 3, 7, 200])
    def test_pages_have_each_once_in_order(self, owner: Sender, limit: int) -> None:
        made, there = over(owner, ["sss", "f", "xxxxx", "su"])
        assert [one["contact_id"] for one in rows(owner, made, f"limit={limit}")] == there
        kept = [one for one, letter in zip(there, "sssfxxxxxsu", strict=True) if letter == "x"]
        assert [one["contact_id"] for one in rows(owner, made, f"limit={limit}&status=suppressed")] == kept

    def test_only_the_rows_that_are_shown_are_read(self, owner: Sender) -> None:
        made, _ = over(owner, ["s" * 60, "s" * 60, "x"])
        answer = owner.get(f"/v1/campaigns/{made['id']}/recipients?status=suppressed")
        assert len(answer.json["data"]) == 1
        assert answer.cost["rru"] <= 3.5  # the campaign, three shards in one query, his mailing and his contact
        first = owner.get(f"/v1/campaigns/{made['id']}/recipients?limit=5")
        assert first.cost["rru"] <= 4.5

    def test_while_a_shard_is_open_its_mailings_know_better(self, owner: Sender) -> None:
        made, there = over(owner, ["--"], status="running")
        run = fetch_run(owner, made)
        one = Mailing.at(owner.tenant, there[0], run)
        one.campaign_id, one.address, one.claim, one.claimed_at = made["id"], "a@x.example", "c", AT
        transact(Step("save", one))
        assert [row["status"] for row in rows(owner, made)] == ["claimed", "waiting"]
        one.outcome = '{"status":"sent","at":"2026-03-10T12:00:01.000Z","message_id":"m-7"}'
        transact(Step("save", one))
        (row,) = rows(owner, made, "status=sent")
        assert (row["contact_id"], row["provider_message_id"]) == (there[0], "m-7")

    def test_what_he_did_stands_beside_it(self, owner: Sender) -> None:
        made, there = over(owner, ["s"])
        mailing = fetch(Mailing, *mail_key(owner, made, there[0]))
        assert mailing is not None
        mailing.seen = {"delivered": AT, "opened": AT, "clicked": AT, "bounced": "soft", "bounced_at": AT}
        transact(Step("save", mailing))
        (row,) = rows(owner, made)
        assert (row["delivered_at"], row["opened_at"], row["clicked_at"]) == (AT, AT, AT)

    def test_of_somebody_who_was_erased_the_count_is_left(self, owner: Sender) -> None:
        made, there = over(owner, ["sx"])
        for one in there:
            for place in (keys.key("contact", tenant=owner.tenant, id=one), mail_key(owner, made, one)):
                Item(*place).delete()
        found = rows(owner, made)
        assert [(one["contact_id"], one["status"], one["address"]) for one in found] == [
            (there[0], "sent", None),
            (there[1], "suppressed", None),
        ]

    def test_a_draft_has_none(self, owner: Sender) -> None:
        assert rows(owner, campaign(owner)) == []

    def test_report_and_recipients_agree(self, owner: Sender) -> None:
        made, _ = over(owner, ["sfxu" * 5, "ssx", "u"])
        told = Counter(one["status"] for one in rows(owner, made, "limit=9"))
        found = report(owner, made)
        assert told == {name: found[name] for name in ("sent", "failed", "suppressed", "unknown")}

    def test_no_more_places_than_one_reads(self, owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(recipients, "_TOGETHER", 1)
        monkeypatch.setattr(recipients, "_QUERIES", 2)
        made, there = over(owner, ["s", "s", "s", "s", "f"])
        first = owner.get(f"/v1/campaigns/{made['id']}/recipients?status=failed").json
        assert (first["data"], first["next_cursor"] is None) == ([], False)
        assert [one["contact_id"] for one in rows(owner, made, "status=failed")] == there[-1:]


class TestExport:
    def file(self, house: House, sender: Sender, **draft: Any) -> str:
        begun = sender.post("/v1/exports", {"kind": "recipients", "format": "csv", **draft})
        assert begun.status == 202, begun.text
        house.settle()
        job = sender.get(f"/v1/jobs/{begun.json['id']}").json
        assert job["status"] == "succeeded", job
        return Path(unquote(urlsplit(job["result_url"]).path)).read_text()

    def test_each_recipient_is_a_line(self, house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sources, "PAGE", 4)
        made, there = over(owner, ["sf" * 5, "xu"])
        lines = list(csv.DictReader(self.file(house, owner, filter={"campaign_id": made["id"]}).splitlines()))
        assert [one["contact_id"] for one in lines] == there
        assert Counter(one["status"] for one in lines) == {"sent": 5, "failed": 5, "suppressed": 1, "unknown": 1}
        assert lines[1]["reason"] == "refused"

    def test_those_of_one_status(self, house: House, owner: Sender) -> None:
        made, there = over(owner, ["sfxu"])
        only = {"campaign_id": made["id"], "status": "failed"}
        lines = self.file(house, owner, format="jsonl", filter=only).splitlines()
        assert [json.loads(one)["contact_id"] for one in lines] == there[1:2]

    def test_it_is_of_one_campaign(self, house: House, owner: Sender) -> None:
        theirs = campaign(house.signup())
        mine = campaign(owner)["id"]
        for given, pointer in (
            ({}, "/filter/campaign_id"),
            ({"campaign_id": theirs["id"]}, "/filter/campaign_id"),
            ({"campaign_id": mine, "status": "lost"}, "/filter/status"),
            ({"campaign_id": mine, "tag": "vip"}, "/filter/tag"),
        ):
            refused = owner.post("/v1/exports", {"kind": "recipients", "filter": given})
            assert (refused.status, refused.json["errors"][0]["pointer"]) == (422, pointer)


def fetch_run(sender: Sender, made: Any) -> str:
    from chalicelib.services import campaigns

    return str(campaigns.load(sender.tenant, made["id"], consistent=True).run)


def mail_key(sender: Sender, made: Any, contact_id: str) -> tuple[str, str]:
    one = Mailing.at(sender.tenant, contact_id, fetch_run(sender, made))
    return str(one.pk), str(one.sk)
