"""Which column of a file is which field: guessed from the headers of the systems people come from, and correctable.

A target is a dotted name such as `email.home` or `address.city`. A guess that finds its field taken by an earlier
column is dropped; what the caller says is never dropped but refused.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from chalicelib import errors
from chalicelib.errors import Flaw
from chalicelib.services.importing import opt_outs
from chalicelib.services.importing.headers import COMPANY, CONTACT, IDS, IGNORED
from chalicelib.services.importing.words import plain

_ADDRESS: Final = frozenset(f"address.{part}" for part in ("street", "city", "region", "postal_code", "country"))
_PHONES: Final = frozenset({"phone", *(f"phone.{kind}" for kind in ("work", "mobile", "home", "fax", "other"))})
_COMMON: Final = frozenset({"id", "name", "tags", "owner", "relationship"}) | _ADDRESS | _PHONES
TARGETS: Final[Mapping[str, frozenset[str]]] = {
    "contact": _COMMON
    | {"first_name", "last_name", "email", "email.work", "email.home", "email.other", "company", "company_domain"}
    | {"title", "birthday", "lifecycle", "time_zone", "language"}
    | {"emails", "phones", "companies", "preferences", "company_id", "social", "dates", "external_ids"},
    "company": _COMMON | {"domain", "website", "parent", "phones", "parent_id", "social", "dates", "external_ids"},
}
# What several columns may hold (of companies the first that is named); of everything else there is one.
MANY: Final = re.compile(r"(email|phone|opt_out)(\..+)?|tags|domain|company")
_NAMED: Final = re.compile(r"(custom|external_ids)\.[a-z][a-z0-9_]{0,39}|social\.[^.]{1,30}")
# Said by a client for "not this one"; `created_at` and the like are computed here.
_DROPPED: Final = frozenset(
    {"", "created_at", "updated_at", "last_contacted_at", "next_activity_at", "lifecycle_since", "version"}
)
# Headers of our own files, in which a cell may hold a whole list or object as JSON.
_OURS: Final = frozenset(
    {"id", "emails", "phones", "companies", "preferences", "company_id", "parent_id", "social", "dates"}
    | {"external_ids"}
)
_PIPEDRIVE: Final = {"contact": re.compile(r"^person "), "company": re.compile(r"^organi[sz]ation ")}

Columns = dict[str, str | None]


def columns(
    kind: str,
    source: str,
    headers: Sequence[str],
    wanted: Mapping[str, str | None],
    own: Mapping[str, str] = MappingProxyType({}),
) -> Columns:
    """The target of each header, None for those that are left out; `own` are the firm's fields by their plain names.

    Raises `Invalid` with a pointer below /mapping for a header that the file does not have, for a target that is none,
    and for two columns that would fill one field; at /mapping if no column is known at all.
    """
    _check(kind, headers, wanted)
    said = {header: None if (target or "") in _DROPPED else target for header, target in wanted.items()}
    taken = {target for target in said.values() if target}
    found: Columns = {}
    for header in headers:
        target = said[header] if header in said else guess(kind, source, header) or own.get(plain(header))
        if header not in said and target is not None:
            if target in taken and not MANY.fullmatch(target):
                target = None
            taken.add(target or "")
        found[header] = target
    if not any(found.values()):
        known = "None of the columns is known; say by `mapping` which is which."
        raise errors.invalid("/mapping", "unknown", known)
    return found


def guess(kind: str, source: str, header: str) -> str | None:
    """The target that a header of this name most likely means."""
    name = _PIPEDRIVE[kind].sub("", plain(header))
    if source in IDS and name in IDS[source][kind]:
        return f"external_ids.{source}"
    if header in _OURS and valid(kind, header):
        return header
    if name in IGNORED:
        return None
    if kind == "contact" and (refused := opt_outs.guess(header, name)):
        return refused
    return (CONTACT if kind == "contact" else COMPANY).get(name) or _own(kind, header)


def valid(kind: str, target: str) -> bool:
    """Whether there is such a target."""
    known = target in TARGETS[kind] or _NAMED.fullmatch(target) is not None
    return known or (kind == "contact" and opt_outs.valid(target))


def dropped(target: str) -> bool:
    """Whether this target means that the column is left out."""
    return target in _DROPPED


def _own(kind: str, header: str) -> str | None:
    """Our own dotted names, as our own files have them."""
    return header if valid(kind, header) else None


def _check(kind: str, headers: Sequence[str], wanted: Mapping[str, str | None]) -> None:
    flaws, taken = [], set()
    for header, target in wanted.items():
        pointer = f"/mapping/{escaped(header)}"
        if header not in headers:
            flaws.append(Flaw(pointer, "unknown_header", "The file has no column of this name."))
        elif (target or "") in _DROPPED:
            continue
        elif not valid(kind, target or ""):
            flaws.append(Flaw(pointer, "unknown_field", f"There is no field {str(target)[:100]!r} to import into."))
        elif target in taken and not MANY.fullmatch(target or ""):
            flaws.append(Flaw(pointer, "repeated", f"Another column goes into {target!r} already."))
        taken.add(target)
    if flaws:
        raise errors.Invalid("The mapping does not fit.", *flaws)


def escaped(step: str) -> str:
    """One step of a JSON pointer (RFC 6901)."""
    return step.replace("~", "~0").replace("/", "~1")
