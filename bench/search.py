"""Search, list and get with 100,000 contacts against the same with 1,000: the same units, and nearly the same time.

Each contact has all the entries of search and lists that it has in the house (those of possible duplicates are left
out: nothing of them is read here).
"""

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from bench._bases import Base, Stored, copy_house, interleaved, into
from bench._bases import row as _row
from bench._house import House, house
from infra.local.engine import Engine

SIZES: Final = (1_000, 100_000)
PROMISE: Final = 1.15  # times the time at the smaller size
BUDGET: Final = 5.0  # units of a page of a search
PAGE: Final = 25
PROBES: Final = 9  # people of one name, in both bases: as many as a page of a search has
_FIRSTS: Final = 400
_SURNAMES: Final = 30_000
_SYLLABLES: Final = [first + last for first in "bdfkv" for last in ("a", "el", "in", "or", "un")]
Row = dict[str, Any]


def rows() -> list[Row]:
    """Units and times of each operation at both sizes, and their ratio."""
    with house() as here, tempfile.TemporaryDirectory(prefix="tendril-bench-") as folder:
        files = [Path(folder) / f"{size}.db" for size in SIZES]
        started = time.perf_counter()
        for file, size in zip(files, SIZES, strict=True):
            copy_house(here, file)
            into(file, _items(here.tenant, size))
        filled = time.perf_counter() - started
        with Engine.start(files[0]) as small, Engine.start(files[1]) as large:
            bases = Base(small.endpoint), Base(large.endpoint)
            return [_row("search, fill both bases", filled, "s"), *_compared(here, *bases)]


def _compared(here: House, small: Base, large: Base) -> list[Row]:
    found: list[Row] = []
    for name, (path, rows_there) in _operations().items():
        event = here.event("GET", path)
        seen = []
        for base in (small, large):
            base.enter()
            body, _ = here.call("GET", path)
            if len(body["data"]) != rows_there if "data" in body else not rows_there:
                raise RuntimeError(f"{name}: {len(body['data'])} rows instead of {rows_there}")
            seen.append(here.call("GET", path)[1]["rru"])
        one, other = interleaved(event, small, large)
        found += [
            _row(f"{name}, {SIZES[0]:,} contacts", one, "ms"),
            _row(f"{name}, {SIZES[1]:,} contacts", other, "ms"),
            _row(f"{name}, {SIZES[1]:,} : {SIZES[0]:,}", other / one, "x", PROMISE),
            _row(f"{name}, read at {SIZES[1]:,}", seen[1], "units", BUDGET if "q=" in path else None),
            _row(f"{name}, read at {SIZES[1]:,} more than at {SIZES[0]:,}", seen[1] - seen[0], "units", 0),
        ]
    return found


def _operations() -> dict[str, tuple[str, int]]:
    """By name the path, and how many rows it answers."""
    return {
        "get": (f"/v1/contacts/{_id(0)}", 1),
        f"list {PAGE} by name": (f"/v1/contacts?limit={PAGE}", PAGE),
        f"list {PAGE} of an owner": (f"/v1/contacts?limit={PAGE}&owner_id={_owner(0)}", PAGE),
        f"list {PAGE} not in touch for 30 days": (f"/v1/contacts?limit={PAGE}&no_contact_days=30", PAGE),
        "search by two beginnings": ("/v1/contacts?q=featherst+wilhel", PROBES),
        "search by a frequent name": (f"/v1/contacts?q={_first(0)}", PROBES),
        "search by a number": ("/v1/contacts?q=%2B44+7700+900999", 1),
        "search by an address": ("/v1/contacts?q=wilhelmina3@probes.ex", 1),
        "search for nobody": ("/v1/contacts?q=qqq+zzz", 0),
    }


# The two bases ---------------------------------------------------------------------------------------------------


def _items(tenant: str, size: int) -> Iterator[Stored]:
    """The contacts with their entries; first those who are looked for, the same in each base."""
    from chalicelib.services import nouns, terms, words

    rng = random.Random(size)
    for number in range(size):
        contact = _contact(tenant, number, rng)
        plain = nouns.plain(contact)
        yield contact.serialize()
        for space, value in terms.searched("contact", words.of_record("contact", plain)) | terms.facets(
            "contact", plain
        ):
            yield _entry(tenant, space, value, contact.id)


def _entry(tenant: str, space: str, value: str, record_id: str) -> Stored:
    from chalicelib.models import keys

    pk, sk = keys.key("term", tenant=tenant, space=space, value=value, id=record_id)
    return {"pk": {"S": pk}, "sk": {"S": sk}, "kind": {"S": "term"}}


def _contact(tenant: str, number: int, rng: random.Random) -> Any:
    from chalicelib.models.contact import Contact

    if number < PROBES:
        first, last, mail = "Wilhelmina", "Featherstonehaugh", f"wilhelmina{number}@probes.example"
        phone = "+447700900999" if number == 0 else f"+4930{number:08}"
    else:
        first = _first(min(int(rng.expovariate(0.02)), _FIRSTS - 1) if number > 100 else 0)
        last = _surname(rng.randrange(_SURNAMES))
        mail, phone = f"{first}.{last}.{number}@example.com", f"+43{rng.randrange(10**9, 10**10)}"
    contact = Contact(id=_id(number), tenant=tenant, first_name=first.title(), last_name=last.title(), version=1)
    contact.emails = [{"address": mail.lower(), "kind": "work", "primary": True}]
    contact.phones = [{"number": phone, "kind": "work", "primary": True}]
    contact.name, contact.title, contact.tags = f"{first} {last}".lower(), "Head of Engines", ["customer"]
    contact.owner_id, contact.lifecycle, contact.company_name = _owner(number), "lead", f"{_surname(number % 5000)} Ltd"
    contact.address = {"street": "Karlsplatz 13", "postal_code": "1040", "city": "Wien", "country": "AT"}
    contact.created_at = contact.updated_at = (
        f"2026-01-01T00:{number // 60_000:02}:{number // 1000 % 60:02}.{number % 1000:03}Z"
    )
    contact.keys()
    return contact


def _id(number: int) -> str:
    return f"con_01HX{number:022}"


def _owner(number: int) -> str:
    return f"usr_01HX{number % 20:022}"


def _first(number: int) -> str:
    return f"{_SYLLABLES[number % 25]}{_SYLLABLES[number // 25 % 25]}a"


def _surname(number: int) -> str:
    parts = (number % 25, number // 25 % 25, number // 625 % 25)
    return "".join(_SYLLABLES[part] for part in parts) + str(number // 15625 or "")


if __name__ == "__main__":
    for row in rows():
        print(f"{row['name']:<62} {row['value']:>10,.3f} {row['unit']:<6} {'' if row['holds'] else 'BROKEN'}".rstrip())
