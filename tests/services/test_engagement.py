"""When a contact was last in touch and when next: right whatever the order of telling, also under many at once."""

import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chalicelib import clock
from chalicelib.models import keys
from chalicelib.models.contact import Contact
from chalicelib.models.ledger import OpenTask
from chalicelib.models.table import fetch
from chalicelib.models.task import Task
from chalicelib.services import changes
from tests import truth
from tests.feeds import deliver, taken
from tests.house import House, Sender


def at(hours: float) -> str:
    return clock.stamp(clock.after(hours * 3600))


def shown(owner: Sender, contact: Any) -> Any:
    return owner.get(f"/v1/contacts/{contact['id']}").json


def task(owner: Sender, contact: Any, due: str | None, **fields: Any) -> Any:
    answer = owner.post("/v1/tasks", {"title": "Call", "due_at": due, "subject_id": contact["id"], **fields})
    assert answer.status == 201, answer.text
    return answer.json


def test_the_last_contact_is_the_latest_in_whatever_order_it_is_told(house: House, owner: Sender) -> None:
    contact = owner.contact()
    hours = list(range(-12, 0))
    random.Random(1).shuffle(hours)
    latest = at(-1)
    for hour in hours:
        when = latest if hour == -1 else at(hour)
        owner.post(f"/v1/contacts/{contact['id']}/activities", {"kind": "call", "at": when})
        if hour % 3 == 0:
            house.settle()
    house.settle()
    assert shown(owner, contact)["last_contacted_at"] == latest


def test_a_note_is_no_contact(house: House, owner: Sender) -> None:
    contact = owner.contact()
    owner.post(f"/v1/contacts/{contact['id']}/activities", {"kind": "note"})
    house.settle()
    now = shown(owner, contact)
    assert now["last_contacted_at"] is None
    assert now["version"] == 1


def test_the_next_activity_follows_each_change_of_a_task(house: House, owner: Sender) -> None:
    one, two = owner.contact(), owner.contact()
    early, late = at(10), at(20)

    def both() -> list[Any]:
        house.settle()
        return [shown(owner, contact)["next_activity_at"] for contact in (one, two)]

    first, second = task(owner, one, early), task(owner, one, late)
    task(owner, one, None)
    assert both() == [early, None]
    owner.patch(f"/v1/tasks/{first['id']}", {"subject_id": two["id"]})
    assert both() == [late, early]
    owner.patch(f"/v1/tasks/{first['id']}", {"subject_id": None})
    assert both() == [late, None]
    later = at(30)
    owner.patch(f"/v1/tasks/{second['id']}", {"due_at": later})
    assert both() == [later, None]
    owner.post(f"/v1/tasks/{second['id']}/complete")
    assert both() == [None, None]
    third = task(owner, two, early)
    owner.delete(f"/v1/tasks/{third['id']}")
    assert both() == [None, None]
    owner.post(f"/v1/tasks/{third['id']}/restore")
    assert both() == [None, early]


def test_a_contact_in_the_trash_comes_back_up_to_date(house: House, owner: Sender) -> None:
    contact = owner.contact()
    path = f"/v1/contacts/{contact['id']}"
    made = task(owner, contact, at(5))
    house.settle()
    owner.delete(path)
    owner.post(f"/v1/tasks/{made['id']}/complete")
    house.settle()
    assert owner.get("/v1/contacts").json["data"] == [], "what follows must not bring it back into lists"
    assert owner.post(f"{path}/restore").json["next_activity_at"] is None


def test_many_tasks_changed_at_once_by_many_workers(house: House, owner: Sender) -> None:
    contact = owner.contact()
    house.feed.drain()
    made = [task(owner, contact, at(hour)) for hour in range(1, 13)]
    for one in made[:4]:
        owner.post(f"/v1/tasks/{one['id']}/complete")
    for one in made[4:6]:
        owner.delete(f"/v1/tasks/{one['id']}")
    images = [image(owner, one) for one in made]

    def react(one: Any) -> bool:
        try:
            changes.react(None, one)
        except Exception:  # noqa: BLE001 - the stream brings it again
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(react, images * 2))
    for one, done in zip(images * 2, results, strict=True):
        assert done or react(one)
    assert shown(owner, contact)["next_activity_at"] == made[6]["due_at"]
    records = [truth.record(Task, owner.tenant, one["id"]) for one in made]
    assert made[6]["due_at"] == truth.next_activity_at(truth.record(Contact, owner.tenant, contact["id"]), records)


def image(owner: Sender, one: Any) -> Any:
    """The task as the stream would show it now."""
    return truth.record(Task, owner.tenant, one["id"]).serialize()


def test_a_task_that_is_done_leaves_word_for_late_events_and_then_vanishes(house: House, owner: Sender) -> None:
    contact = owner.contact()
    made = task(owner, contact, at(5))
    place = keys.key("open_task", tenant=owner.tenant, subject=contact["id"], task=made["id"])
    house.settle()
    said = fetch(OpenTask, *place, consistent=True)
    assert said is not None
    assert said.ttl is None
    late = image(owner, made)
    owner.post(f"/v1/tasks/{made['id']}/complete")
    house.settle()
    changes.react(None, late)
    said = fetch(OpenTask, *place, consistent=True)
    assert said is not None
    assert said.due_at is None
    assert said.ttl is not None
    assert said.ttl > clock.epoch() + 7 * 24 * 3600, "longer than a stream and its dead letters keep an event"
    assert shown(owner, contact)["next_activity_at"] is None


# Companies


def company(owner: Sender) -> Any:
    answer = owner.post("/v1/companies", {"name": "Engines Ltd"})
    assert answer.status == 201, answer.text
    return answer.json


def firm(owner: Sender, made: Any) -> Any:
    return owner.get(f"/v1/companies/{made['id']}").json


def test_a_company_is_in_touch_and_has_plans_too(house: House, owner: Sender) -> None:
    made, then, due = company(owner), at(-2), at(5)
    owner.post(f"/v1/companies/{made['id']}/activities", {"kind": "call", "at": then})
    task(owner, made, due)
    house.settle()
    shown = firm(owner, made)
    assert (shown["last_contacted_at"], shown["next_activity_at"]) == (then, due)


def test_what_happens_with_a_contact_happened_with_its_company(house: House, owner: Sender) -> None:
    made, early, late = company(owner), at(-9), at(-3)
    one, two = (owner.contact(first_name=name, company_id=made["id"]) for name in ("Ada", "Grace"))
    owner.post(f"/v1/contacts/{one['id']}/activities", {"kind": "call", "at": late})
    house.settle()
    owner.post(f"/v1/contacts/{two['id']}/activities", {"kind": "email", "at": early})
    owner.post(f"/v1/contacts/{two['id']}/activities", {"kind": "note"})
    house.settle()
    assert firm(owner, made)["last_contacted_at"] == late
    assert owner.get(f"/v1/companies/{made['id']}/timeline?kind=call").json["data"] == []


def test_a_contact_brings_its_last_contact_to_a_new_company(house: House, owner: Sender) -> None:
    made, then = company(owner), at(-3)
    contact = owner.contact()
    owner.post(f"/v1/contacts/{contact['id']}/activities", {"kind": "call", "at": then})
    house.settle()
    assert firm(owner, made)["last_contacted_at"] is None
    owner.patch(f"/v1/contacts/{contact['id']}", {"company_id": made["id"]})
    house.settle()
    assert firm(owner, made)["last_contacted_at"] == then


def test_a_company_hears_of_its_contacts_in_any_order_and_twice(house: House, owner: Sender) -> None:
    made, hours = company(owner), list(range(-8, 0))
    people = [owner.contact(first_name="Ada", company_id=made["id"]) for _ in range(3)]
    times = {hour: at(hour) for hour in hours}
    for hour in random.Random(7).sample(hours, len(hours)):
        owner.post(f"/v1/contacts/{people[hour % 3]['id']}/activities", {"kind": "call", "at": times[hour]})
    for _ in range(3):
        events = taken(house)
        random.Random(1).shuffle(events)
        deliver(events + events[::-1])
    house.settle()
    assert firm(owner, made)["last_contacted_at"] == times[-1]
    assert firm(owner, made)["version"] <= 1 + len(hours)
