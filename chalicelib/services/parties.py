"""The nouns by name, for rooms that serve contacts, companies and deals alike."""

from typing import Any, Final

from chalicelib.services import companies, contacts, deals
from chalicelib.services.records import Records

VERBS: Final[dict[str, Records[Any]]] = {
    "contact": contacts.VERBS,
    "company": companies.VERBS,
    "deal": deals.VERBS,
}


def of(noun: str) -> Records[Any]:
    """The verbs of a noun (`contact`, `company`, `deal`). Raises KeyError for another one."""
    return VERBS[noun]
