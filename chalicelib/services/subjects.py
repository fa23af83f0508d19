"""Records that have a timeline: which noun an id belongs to, and whether it is there."""

from typing import Any

from chalicelib import errors
from chalicelib.services import nouns


def check(tenant: str, subject_id: str, pointer: str) -> None:
    """Nothing, or `Invalid` at `pointer` if the tenant has no such record."""
    try:
        load(tenant, subject_id)
    except (errors.NotFound, errors.Merged, errors.Gone):
        raise errors.invalid(pointer, "unknown", "There is no such record.") from None


def load(tenant: str, subject_id: str) -> Any:
    """The record. Raises `NotFound`, also for a noun that has no timeline; `Merged`, `Gone`."""
    noun = nouns.of_id(subject_id)
    if noun is None:
        raise errors.NotFound("There is no such record.")
    return nouns.load(noun, tenant, subject_id)
