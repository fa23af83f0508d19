"""Both nouns by name, for rooms that serve contacts and companies alike."""

from typing import Any, Final

from chalicelib.services import companies, contacts
from chalicelib.services.records import Records

VERBS: Final[dict[str, Records[Any]]] = {"contact": contacts.VERBS, "company": companies.VERBS}


def of(noun: str) -> Records[Any]:
    """The verbs of a noun (`contact`, `company`). Raises KeyError for another one."""
    return VERBS[noun]
