"""What the timeline says by itself: each change once, however often it is told."""

from typing import Any

from chalicelib.handlers import streams
from chalicelib.models.contact import Contact
from chalicelib.models.task import Task
from tests import truth
from tests.feeds import deliver as deliver_all
from tests.feeds import taken
from tests.house import Context, House, Sender


def told(owner: Sender, contact: Any) -> list[Any]:
    answer = owner.get(f"/v1/contacts/{contact['id']}/timeline")
    assert answer.status == 200, answer.text
    return list(answer.json["data"])


def deliver(*changes: tuple[Any, Any]) -> None:
    records = [
        {
            "eventName": "MODIFY" if old and new else "INSERT" if new else "REMOVE",
            "dynamodb": {
                "SequenceNumber": str(number),
                **({"OldImage": old} if old else {}),
                **({"NewImage": new} if new else {}),
            },
        }
        for number, (old, new) in enumerate(changes)
    ]
    assert streams.on_change({"Records": records}, Context()) == {"batchItemFailures": []}


def image(kind: Any, owner: Sender, record: Any) -> Any:
    return truth.record(kind, owner.tenant, record["id"]).serialize()


def test_a_contact_made_deleted_and_restored_says_so(house: House, owner: Sender) -> None:
    contact = owner.contact()
    path = f"/v1/contacts/{contact['id']}"
    owner.patch(path, {"title": "Dr"})
    owner.delete(path)
    owner.post(f"{path}/restore")
    house.settle()
    entries = told(owner, contact)
    assert [entry["kind"] for entry in entries] == ["contact.restored", "contact.deleted", "contact.created"]
    assert {entry["actor"] for entry in entries} == {owner.user}
    assert entries[-1]["at"] == contact["created_at"]
    assert {entry["subject_id"] for entry in entries} == {contact["id"]}


def test_a_task_set_and_done_is_told_on_its_record(house: House, owner: Sender) -> None:
    contact = owner.contact()
    made = owner.post("/v1/tasks", {"title": "Call Ada", "subject_id": contact["id"]}).json
    owner.patch(f"/v1/tasks/{made['id']}", {"title": "Call Ada now"})
    owner.post(f"/v1/tasks/{made['id']}/complete", {"outcome": "Reached."})
    house.settle()
    completed, created, _ = told(owner, contact)
    assert (completed["kind"], completed["text"]) == ("task.completed", "Reached.")
    assert completed["data"] == {"task_id": made["id"], "title": "Call Ada now"}
    assert (created["kind"], created["data"]["title"]) == ("task.created", "Call Ada")
    assert owner.get(f"/v1/contacts/{contact['id']}/timeline?kind=task.completed").json["data"] == [completed]


def test_a_task_on_no_record_tells_nobody(house: House, owner: Sender) -> None:
    made = owner.post("/v1/tasks", {"title": "Call"}).json
    owner.post(f"/v1/tasks/{made['id']}/complete")
    house.settle()
    assert truth.entries(truth.collection(owner.tenant, made["id"])) == {}


def test_delivered_twice_it_is_written_once_and_the_same(house: House, owner: Sender) -> None:
    contact = owner.contact()
    made = owner.post("/v1/tasks", {"title": "Call", "subject_id": contact["id"]}).json
    new, task = image(Contact, owner, contact), image(Task, owner, made)
    deliver((None, new), (None, task))
    once = told(owner, contact)
    assert len(once) == 2
    deliver((None, task), (None, new), (None, task))
    house.settle()
    assert told(owner, contact) == once


def test_each_turn_to_and_from_the_trash_is_one_entry(house: House, owner: Sender) -> None:
    contact = owner.contact()
    path = f"/v1/contacts/{contact['id']}"
    for _ in range(3):
        owner.delete(path)
        owner.post(f"{path}/restore")
    house.settle()
    kinds = [entry["kind"] for entry in told(owner, contact)]
    assert kinds == ["contact.restored", "contact.deleted"] * 3 + ["contact.created"]


def test_other_tenants_and_other_kinds_of_items_are_let_be(house: House, owner: Sender) -> None:
    contact = owner.contact()
    stranger = house.signup()
    deliver(
        (None, image(Contact, owner, contact)),
        (None, {"pk": {"S": "x"}, "sk": {"S": "#"}}),
        (None, {"kind": {"S": "?"}}),
    )
    assert len(told(owner, contact)) == 1
    assert stranger.get("/v1/me").json["counts"] == {"contacts": 0, "companies": 0, "deals": 0, "tasks_open": 0}
    assert owner.get("/v1/me").json["counts"] == {"contacts": 1, "companies": 0, "deals": 0, "tasks_open": 0}


def company(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/companies", {"name": "Engines Ltd", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def test_a_company_says_the_same_of_itself(house: House, owner: Sender) -> None:
    path = f"/v1/companies/{company(owner)['id']}"
    owner.patch(path, {"website": "https://example.com"})
    owner.patch(path, {"owner_id": owner.user})
    owner.delete(path)
    owner.post(f"{path}/restore")
    house.settle()
    entries = owner.get(f"{path}/timeline").json["data"]
    assert [entry["kind"] for entry in entries] == [
        "company.restored",
        "company.deleted",
        "company.owner_changed",
        "company.created",
    ]


def test_another_owner_and_another_stage_are_told_with_both(house: House, owner: Sender) -> None:
    contact = owner.contact(first_name="Ada", lifecycle="lead")
    path = f"/v1/contacts/{contact['id']}"
    owner.patch(path, {"title": "Dr"})
    owner.patch(path, {"lifecycle": "customer", "owner_id": owner.user})
    owner.patch(path, {"owner_id": None})
    house.settle()
    entries = told(owner, contact)
    assert [entry["kind"] for entry in entries if entry["kind"] != "contact.lifecycle_changed"] == [
        "contact.owner_changed",
        "contact.owner_changed",
        "contact.created",
    ]
    (stage,) = owner.get(f"{path}/timeline?kind=contact.lifecycle_changed").json["data"]
    assert stage["data"] == {"from": "lead", "to": "customer", "version": 3}
    last, first = owner.get(f"{path}/timeline?kind=contact.owner_changed").json["data"]
    assert (first["data"]["from"], first["data"]["to"]) == (None, owner.user)
    assert (last["data"]["from"], last["data"]["to"]) == (owner.user, None)


def test_a_merge_and_its_undo_are_told_where_it_led(house: House, owner: Sender) -> None:
    winner, loser = owner.contact(first_name="Ada"), owner.contact(first_name="Ada L.")
    assert owner.post(f"/v1/contacts/{winner['id']}/merge", {"loser_id": loser["id"]}).status == 200
    house.settle()
    assert owner.post(f"/v1/contacts/{loser['id']}/unmerge").status == 200
    events = taken(house)
    deliver_all(events)
    deliver_all(events[::-1])
    house.settle()
    kinds = [entry["kind"] for entry in told(owner, winner)]
    assert kinds == ["contact.unmerged", "contact.merged", "contact.created"]
    assert told(owner, winner)[0]["data"]["id"] == loser["id"]
    assert [entry["kind"] for entry in told(owner, loser)] == ["contact.created"]
