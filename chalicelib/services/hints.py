"""Hints to the work queue that something is to be done: sent when it is, and again by a tick if a hint got lost."""

import math
from typing import Final

from chalicelib.models.moment import Moment

# What a function of `due.DUE` answers when it said itself when its moment comes up next.
SETTLED: Final = math.inf


def of(moment: Moment) -> dict[str, object]:
    """The hint of one moment."""
    return about(moment.tenant, moment.subject_id, moment.what, moment.at)


def about(tenant: str, subject_id: str, what: str, at: str) -> dict[str, object]:
    """The hint of the moment that a subject has at `at` (a stamp)."""
    return {"task": "due", "tenant": tenant, "subject_id": subject_id, "what": what, "at": at}
