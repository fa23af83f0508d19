"""THE property of the change feed: whatever the order, however often, with whatever crashes in between, what follows
from the records is in the end what the records say.

Operations run on the real engine and their real stream records are kept. A schedule delivers those duplicated, in any
order, late (after later operations) and cut into batches, while writes of reactions fail before or after they are
made. What the function reports as failed comes again, as Lambda does it.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors, ids
from chalicelib.models.contact import Contact
from chalicelib.models.task import Task
from chalicelib.schemas.activity import ActivityDraft
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.contact import ContactDraft
from chalicelib.schemas.task import Completion, TaskDraft
from chalicelib.services import activities, contacts, counts, engagement, history, ledger, permissions, tasks
from tests import lean, truth
from tests.house import House
from tests.schedules import SETTINGS, Crashes, crashing, news, push, reacting

KINDS: Final = ("contact", "task", "activity")
OF_CONTACTS: Final = 390  # schedules
OF_TASKS: Final = 120  # each of them more than twice as dear
ran: Counter[str] = Counter()


@pytest.fixture
def crashes(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crashes]:
    with lean.connection(engine):
        yield crashing(monkeypatch, history, ledger, engagement)


@pytest.fixture(autouse=True)
def _no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the reactions of this property."""
    ours = {one.__name__ for one in (history, counts, engagement)}
    reacting(monkeypatch, lambda one: one.__module__ in ours)


class World:
    """One tenant, what was done in it, and what must follow."""

    def __init__(self) -> None:
        self.actor = Actor(ids.new("ten"), ids.new("usr"), "owner", permissions.ALL)
        self.contacts: list[str] = []
        self.tasks: list[str] = []
        self.told: dict[str, list[tuple[str, str]]] = {}
        self.expected: dict[str, Counter[str]] = {}

    def perform(self, name: str, which: int, other: int) -> None:
        """One operation on one of the records there are; what the house refuses is not done."""
        try:
            getattr(self, name)(which, other)
        except (errors.CrmError, IndexError):
            return

    def contact(self, which: int, other: int) -> None:
        made = contacts.create(self.actor, ContactDraft(first_name="Ada"))
        self.contacts.append(made.id)
        self.told[made.id] = []
        self.expected[made.id] = Counter({"contact.created": 1})

    def delete_contact(self, which: int, other: int) -> None:
        one = self._one(self.contacts, which)
        contacts.delete(self.actor, one, None)
        self.expected[one]["contact.deleted"] += 1

    def restore_contact(self, which: int, other: int) -> None:
        one = self._one(self.contacts, which)
        contacts.restore(self.actor, one)
        self.expected[one]["contact.restored"] += 1

    def activity(self, which: int, other: int) -> None:
        one, kind = self._one(self.contacts, which), ("call", "note", "email")[other % 3]
        at = clock.now() - timedelta(hours=other)
        activities.create(self.actor, "contact", one, ActivityDraft(kind=kind, at=at))
        self.told[one].append((kind, clock.stamp(at)))
        self.expected[one][kind] += 1

    def task(self, which: int, other: int) -> None:
        one = self._one(self.contacts, which)
        made = tasks.create(self.actor, TaskDraft(title="Call", due_at=self._due(other), subject_id=one))
        self.tasks.append(made.id)
        self.expected[one]["task.created"] += 1

    def complete(self, which: int, other: int) -> None:
        done = tasks.complete(self.actor, self._one(self.tasks, which), Completion(), None)
        if done.subject_id:
            self.expected[done.subject_id]["task.completed"] += 1

    def delete_task(self, which: int, other: int) -> None:
        tasks.delete(self.actor, self._one(self.tasks, which), None)

    def restore_task(self, which: int, other: int) -> None:
        tasks.restore(self.actor, self._one(self.tasks, which))

    def due(self, which: int, other: int) -> None:
        due = self._due(other)
        patch = {"due_at": clock.stamp(due) if due else None}
        tasks.update(self.actor, self._one(self.tasks, which), patch, None)

    def move(self, which: int, other: int) -> None:
        to = self._one(self.contacts, other) if other % 4 else None
        tasks.update(self.actor, self._one(self.tasks, which), {"subject_id": to}, None)

    def check(self) -> None:
        """Everything derived equals what is computed anew."""
        tenant = self.actor.tenant
        kept = {one: truth.collection(tenant, one) for one in (*self.contacts, *self.tasks)}
        records = [item for items in kept.values() for item in items]
        all_contacts = [item for item in records if isinstance(item, Contact)]
        all_tasks = [item for item in records if isinstance(item, Task)]
        assert len(all_contacts) + len(all_tasks) == len(kept)
        totals = {name: amount for name, amount in ledger.totals(tenant).items() if amount}
        assert totals == truth.counts(all_contacts, all_tasks)
        for contact in all_contacts:
            assert contact.next_activity_at == truth.next_activity_at(contact, all_tasks)
            assert contact.last_contacted_at == truth.last_contacted_at(self.told[contact.id])
            assert truth.entries(kept[contact.id]) == self.expected[contact.id]

    @staticmethod
    def _one(several: list[str], which: int) -> str:
        return several[which % len(several)] if several else several[0]

    @staticmethod
    def _due(other: int) -> Any:
        return clock.now() + timedelta(days=1 + other) if other % 4 else None


CONTACT_WORK: Final = ("contact", "delete_contact", "restore_contact", "activity")
TASK_WORK: Final = ("task", "complete", "delete_task", "restore_task", "due", "move")


def schedules(work: tuple[str, ...]) -> Any:
    operation = st.tuples(st.sampled_from(work), st.integers(0, 3), st.integers(0, 7))
    crash = st.tuples(st.integers(0, 5), st.booleans())
    return st.tuples(
        st.lists(operation, min_size=1, max_size=4),
        st.lists(operation, max_size=1),  # made while the first are still under way
        st.lists(crash, max_size=2),
        st.integers(1, 4),
        st.randoms(use_true_random=False),
    )


def run(schedule: Any, begin: tuple[str, ...], house: House, crashes: Crashes) -> None:
    first, late, planned, size, chance = schedule
    world = World()
    tenant = world.actor.tenant
    for name in begin:
        world.perform(name, 0, 1)
    for operation in first:
        world.perform(*operation)
    records = news(house, tenant, KINDS)
    chance.shuffle(records)
    early, rest = records[: len(records) // 2], records[len(records) // 2 :]
    crashes.planned[:] = planned
    push(early, size)
    for operation in late:
        world.perform(*operation)
    again = chance.sample(records, chance.randint(0, min(3, len(records))))
    # The reactions' own writes are changes as well, and among what is delivered.
    rest = rest + again + news(house, tenant, KINDS)
    chance.shuffle(rest)
    push(rest, size)
    crashes.planned.clear()
    world.check()


def test_schedules_of_contacts_and_activities(house: House, crashes: Crashes) -> None:
    @settings(SETTINGS, max_examples=OF_CONTACTS)
    @given(schedules(CONTACT_WORK))
    def property_holds(schedule: Any) -> None:
        run(schedule, ("contact",), house, crashes)
        ran["contacts"] += 1

    property_holds()
    print(f"{ran['contacts']} schedules of contacts")  # noqa: T201 - the figure is promised
    assert ran["contacts"] >= OF_CONTACTS


def test_schedules_of_tasks(house: House, crashes: Crashes) -> None:
    @settings(SETTINGS, max_examples=OF_TASKS)
    @given(schedules((*TASK_WORK, "delete_contact", "restore_contact")))
    def property_holds(schedule: Any) -> None:
        run(schedule, ("contact", "task"), house, crashes)
        ran["tasks"] += 1

    property_holds()
    print(f"{ran['tasks']} schedules of tasks")  # noqa: T201 - the figure is promised
    assert ran["tasks"] >= OF_TASKS
