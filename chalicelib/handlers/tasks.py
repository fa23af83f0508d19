"""Tasks over HTTP."""

from typing import Any

from chalicelib.handlers._http import Routes
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.task import (
    CompletedTask,
    Completion,
    Snooze,
    TaskDraft,
    TaskPatch,
    TaskQuery,
    TaskScope,
    TaskView,
)

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)


@routes.post("/v1/tasks", permission="tasks:write", body=TaskDraft, returns=TaskView)
def create_task(actor: Actor, body: TaskDraft) -> TaskView:
    """Create a task; its assignee is reminded by mail and in the inbox."""
    from chalicelib.services import tasks

    return tasks.create(actor, body)


@routes.get("/v1/tasks", permission="tasks:read", query=TaskQuery, returns=Listing[TaskView], paged=True)
def list_tasks(actor: Actor, query: TaskQuery, page: Page) -> Listing[TaskView]:
    """List tasks, the earliest due first."""
    from chalicelib.services import tasks

    return tasks.listing(actor, query, page)


@routes.get("/v1/tasks/{task_id}", permission="tasks:read", returns=TaskView)
def get_task(actor: Actor, task_id: str) -> TaskView:
    """Read a task."""
    from chalicelib.services import tasks

    return tasks.get(actor, task_id)


@routes.patch("/v1/tasks/{task_id}", permission="tasks:write", query=TaskScope, body=TaskPatch, returns=TaskView)
def patch_task(actor: Actor, task_id: str, query: TaskScope, body: dict[str, Any], expected: int | None) -> TaskView:
    """Change some fields of a task; of one that recurs only this one, or all from it on."""
    from chalicelib.services import tasks

    return tasks.update(actor, task_id, body, expected, query.scope)


@routes.delete("/v1/tasks/{task_id}", permission="tasks:write")
def delete_task(actor: Actor, task_id: str, expected: int | None) -> None:
    """Put a task into the trash."""
    from chalicelib.services import tasks

    tasks.delete(actor, task_id, expected)


@routes.post("/v1/tasks/{task_id}/restore", permission="tasks:write", returns=TaskView, status=200)
def restore_task(actor: Actor, task_id: str, expected: int | None) -> TaskView:
    """Take a task out of the trash."""
    from chalicelib.services import tasks

    return tasks.restore(actor, task_id, expected)


@routes.post(
    "/v1/tasks/{task_id}/complete", permission="tasks:write", body=Completion, returns=CompletedTask, status=200
)
def complete_task(actor: Actor, task_id: str, body: Completion, expected: int | None) -> CompletedTask:
    """Complete a task, with how it went, and make what is next in the same call."""
    from chalicelib.services import tasks

    return tasks.complete(actor, task_id, body, expected)


@routes.post("/v1/tasks/{task_id}/snooze", permission="tasks:write", body=Snooze, returns=TaskView, status=200)
def snooze_task(actor: Actor, task_id: str, body: Snooze, expected: int | None) -> TaskView:
    """Be reminded of a task later; it stays due when it is."""
    from chalicelib.services import tasks

    return tasks.snooze(actor, task_id, body.until, expected)
