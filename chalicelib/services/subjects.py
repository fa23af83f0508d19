"""Records that have a timeline: which noun an id belongs to, and whether it is there."""

from collections.abc import Callable
from typing import Any, Final

from chalicelib import errors
from chalicelib.services import contacts

SUBJECTS: Final[dict[str, Callable[[str, str], Any]]] = {"con": contacts.load}


def check(tenant: str, subject_id: str, pointer: str) -> None:
    """Nothing, or `Invalid` at `pointer` if the tenant has no such record."""
    try:
        load(tenant, subject_id)
    except errors.NotFound:
        raise errors.invalid(pointer, "unknown", "There is no such record.") from None


def load(tenant: str, subject_id: str) -> Any:
    """The record. Raises `NotFound`, also for a noun that has no timeline."""
    by_noun = SUBJECTS.get(subject_id[:3])
    if by_noun is None:
        raise errors.NotFound("There is no such record.")
    return by_noun(tenant, subject_id)
