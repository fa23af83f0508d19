"""What the messages of the work queue ask for, as one table.

A message is a hint; the table knows what is really to be done.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib import errors
from chalicelib.services import due

TASKS: Final[dict[str, Callable[[Mapping[str, Any]], None]]] = {
    "due": due.hand_over,
    "crowd": due.sweep,
}


def run(message: Mapping[str, Any]) -> None:
    """Do one message's task.

    Raises `Invalid` for a message that no try will make better, and whatever keeps the task from being done.
    """
    task = TASKS.get(str(message.get("task")))
    if task is None:
        raise errors.invalid("/task", "unknown", "There is no such task.")
    task(message)
