"""Items to read and write."""

from chalicelib.models.guard import Guard
from chalicelib.models.table import Item
from chalicelib.models.task import Task


def guard(tenant: str, value: str, holder: str = "me") -> Guard:
    return Guard.of(tenant, "contact", "email", value, holder)


def task(tenant: str, title: str = "Call") -> Task:
    made = Task(id="tsk_1", tenant=tenant, title=title, what="todo", status="open", assignee_id="usr_1")
    made.touch("usr_1")
    made.keys()
    return made


def place(item: Item) -> tuple[str, str]:
    return item.pk, item.sk
