"""The first day with the house: from sign-up to the first reminder done, through HTTP, stream, queue and schedule."""

from datetime import timedelta
from typing import Any

from chalicelib import clock
from chalicelib.models.contact import Contact
from chalicelib.models.task import Task
from chalicelib.services import usage
from tests import truth
from tests.house import House


def test_the_first_day(house: House) -> None:
    # Olga signs up and looks around.
    olga = house.signup(name="Olga Owner", company="Olga & Co")
    me = olga.get("/v1/me").json
    assert (me["tenant"]["name"], me["user"]["role"]) == ("Olga & Co", "owner")
    assert me["counts"] == {"contacts": 0, "companies": 0, "deals": 0, "tasks_open": 0}
    assert olga.get("/v1/contacts").json["data"] == []

    # She meets Ada, and says so twice; the second time she is led to the first.
    draft = {"first_name": "Ada", "last_name": "Lovelace", "emails": [{"address": "Ada@Analytical.example"}]}
    ada = olga.contact(**draft)
    path = f"/v1/contacts/{ada['id']}"
    assert olga.post("/v1/contacts", draft).json["existing_id"] == ada["id"]

    # They have spoken yesterday; she will call again in half an hour.
    yesterday = clock.stamp(clock.after(-24 * 3600))
    olga.post(f"{path}/activities", {"kind": "call", "at": yesterday, "text": "Wants an engine."})
    due = clock.stamp(clock.after(1800))
    task = olga.post(
        "/v1/tasks", {"title": "Call Ada", "kind": "call", "due_at": due, "remind_before": 600, "subject_id": ada["id"]}
    ).json
    house.settle()

    seen = olga.get(path).json
    assert (seen["last_contacted_at"], seen["next_activity_at"]) == (yesterday, due)
    assert kinds(olga.get(f"{path}/timeline").json) == ["task.created", "contact.created", "call"]
    assert olga.get("/v1/me").json["counts"] == {"contacts": 1, "companies": 0, "deals": 0, "tasks_open": 1}

    # Nothing happens too early. Ten minutes before, the minute brings one mail, and no further one ever.
    for seconds, mails in ((-660, 0), (-599, 1), (-540, 1), (-120, 1)):
        clock.set(clock.parse(due) + timedelta(seconds=seconds))
        house.minute()
        house.settle()
        assert [mail.tags["task"] for mail in house.outbox.mails if mail.tags["tenant"] == olga.tenant] == (
            [task["id"]] * mails
        )
    mail = next(mail for mail in house.outbox.mails if mail.tags["tenant"] == olga.tenant)
    assert mail.to == olga.signed_up["user"]["email"]
    assert "Call Ada" in mail.subject

    # She calls, notes it, and is done.
    olga.post(f"{path}/activities", {"kind": "call", "text": "Ordered two."})
    done = olga.post(f"/v1/tasks/{task['id']}/complete", {"outcome": "Ordered two."})
    assert done.json["status"] == "done"
    assert olga.post(f"/v1/tasks/{task['id']}/complete").status == 409
    house.settle()
    timeline = olga.get(f"{path}/timeline").json
    assert sorted(kinds(timeline)) == sorted(["task.completed", "call", "task.created", "contact.created", "call"])
    assert kinds(timeline)[-1] == "call"
    assert timeline["data"] == sorted(timeline["data"], key=lambda entry: str(entry["at"]), reverse=True)

    # What the house says equals what its records say.
    contact, record = (truth.record(Contact, olga.tenant, ada["id"]), truth.record(Task, olga.tenant, task["id"]))
    counts = {name: amount for name, amount in olga.get("/v1/me").json["counts"].items() if amount}
    assert counts == truth.counts([contact], [record]) == {"contacts": 1}
    told = [(entry["kind"], entry["at"]) for entry in timeline["data"]]
    assert contact.last_contacted_at == truth.last_contacted_at(told)
    assert contact.next_activity_at is None
    assert olga.get("/v1/tasks").json["data"] == []
    assert [one["id"] for one in olga.get("/v1/tasks?status=done").json["data"]] == [task["id"]]

    # And the bill shows all of it, the mail too.
    usage.flush()
    rows = {row["group"]: row for row in olga.get("/v1/usage?group_by=purpose").json["data"]}
    assert rows["POST /v1/contacts"]["calls"] == 2
    assert rows["POST /v1/tasks"]["calls"] == 1
    assert {"stream", "sqs"} <= set(rows)
    assert 0 < sum(row["usd"] for row in rows.values()) < 0.01


def kinds(timeline: Any) -> list[str]:
    return [entry["kind"] for entry in timeline["data"]]
