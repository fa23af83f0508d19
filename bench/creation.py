"""What a new contact costs in write units, part by part, down to each kind of entry in the index.

Why none of them can be left out stands with the patterns `contact.create`, `feed.contact_created` and `index.contact`
in `chalicelib/models/keys.py`, and under "Search and lists" in `docs/decisions.md`.
"""

from collections import Counter
from typing import Any, Final

from bench._house import House

Row = dict[str, Any]
# How spaces of the index are called here: by what comes after the noun.
FAMILIES: Final = {
    "name": "search: pairs of name words",
    "word": "search: words of company, numbers and addresses",
    "mail": "search: further mail addresses",
    "dup": "blocks in which duplicates meet",
    "tag": "lists by tag",
    "created_at": "list by time of creation",
    "last_contacted_at": "list by last contact",
}
PERSON: Final = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "phones": [{"number": "+43 1 5880 1000", "kind": "work"}],
    "title": "Head of Engines",
    "address": {"street": "Karlsplatz 13", "postal_code": "1040", "city": "Wien", "country": "AT"},
    "time_zone": "Europe/Vienna",
    "tags": ["customer", "newsletter"],
}


def rows(here: House) -> list[Row]:
    """The request's part, then what follows through the feed, by reaction, and the index by kind of entry."""
    from chalicelib.services import nouns, terms

    emails = [{"address": "ada.lovelace@analytical-engines.example", "kind": "work"}]
    _, without = here.call("POST", "/v1/contacts", PERSON)
    made, cost = here.call("POST", "/v1/contacts", {**PERSON, "emails": emails})
    found = [
        _row("in the request: record, list by name, list by last change", without["wru"] + 1),
        _row("in the request: guard of the address", cost["wru"] - without["wru"] - 1),
        _row("in the request", cost["wru"], 8),
    ]
    record = nouns.load(nouns.NOUNS["contact"], here.tenant, made["id"], consistent=True)
    told = {name: units for name, units in _reactions(record).items() if units}
    found += [_row(f"through the feed: {name}", units) for name, units in told.items()]
    families = Counter(space.split(".")[1] for space, _ in terms.terms_of("contact", nouns.plain(record)))
    found += [_row(f"  of the index, {FAMILIES.get(one, one)}", count) for one, count in sorted(families.items())]
    found.append(_row("  of the index, the card that keeps it right", told["indexing"] - sum(families.values())))
    found.append(_row("in all", cost["wru"] + sum(told.values())))
    return found


def _reactions(record: Any) -> dict[str, float]:
    """Each reaction to the making of this record, by itself; the feed repeats them without effect."""
    from chalicelib import observability
    from chalicelib.services.changes import REACTIONS

    spent: dict[str, float] = {}
    done = set()
    for (kind, field), reactions in REACTIONS.items():
        for reaction in reactions:
            if kind != "contact" or getattr(record, field) is None or reaction in done:
                continue
            done.add(reaction)
            with observability.measured("bench") as meter:
                reaction(None, record)
            name = reaction.__module__.rpartition(".")[2]
            spent[name] = spent.get(name, 0) + meter.wru
    return spent


def _row(name: str, value: float, limit: float | None = None) -> Row:
    holds = limit is None or value <= limit
    return {"name": f"create contact, {name}", "value": value, "unit": "write units", "limit": limit, "holds": holds}
