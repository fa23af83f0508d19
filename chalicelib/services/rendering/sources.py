"""What a template is made of, as it is kept: its own body, and the partials it renders, which are read with it."""

import hashlib
import zlib
from collections.abc import Mapping
from typing import Final, NamedTuple

import msgspec

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.table import several
from chalicelib.models.template import Body, Template

DEEPEST: Final = 5  # partials within partials
MOST: Final = 30  # partials of one mail
_LEVEL: Final = 9


class Sources(msgspec.Struct, omit_defaults=True):
    """The texts of a template; `html` is cleaned, or made from `mjml`."""

    html: str | None = None
    text: str | None = None
    mjml: str | None = None


class Piece(NamedTuple):
    """A template or a partial: its name, the digest of its body, and by name the ids of the partials it renders."""

    name: str
    body: str | None
    uses: Mapping[str, str]


def packed(sources: Sources) -> tuple[str, bytes]:
    """The texts as they are kept, a fifth of their size or so, and their digest."""
    raw = msgspec.json.encode(sources)
    return hashlib.sha256(raw).hexdigest()[:32], zlib.compress(raw, _LEVEL)


def unpacked(body: Body) -> Sources:
    """The texts again."""
    return msgspec.json.decode(zlib.decompress(body.packed), type=Sources)


def read(tenant: str, wanted: Mapping[str, str | None]) -> dict[str, Sources]:
    """The bodies of these templates, {id: digest}. Half a unit for each 4 KB packed."""
    places = [
        keys.key("template_body", tenant=tenant, id=one, digest=digest) for one, digest in wanted.items() if digest
    ]
    found = {body.pk: unpacked(body) for body in several(places) if isinstance(body, Body)}
    late = [place for place in places if place[0] not in found]
    if late:
        found.update({body.pk: unpacked(body) for body in several(late, consistent=True) if isinstance(body, Body)})
    return {one: found.get(keys.key("template", tenant=tenant, id=one)[0], Sources()) for one in wanted}


def pieces(template: Template) -> dict[str, Piece]:
    """The template and all partials below it, by id. Half a unit for each partial; none for one that was pinned.

    A partial in the trash is still read: what mails are made of must not break by what somebody tidies up. Raises
    `Invalid` for partials that render each other, and for too many.
    """
    found = {template.id: Piece(template.label, template.body, template.uses or {})}
    if template.pins is not None:
        return {**found, **{one: Piece(**piece) for one, piece in template.pins.items()}}
    for _ in range(DEEPEST):
        missing = {one for piece in found.values() for one in piece.uses.values()} - found.keys()
        if not missing:
            break
        found.update(_level(template, missing))
        if len(found) > MOST:
            raise errors.invalid("/html", "partials", f"There are more than {MOST} partials.")
    _check(template.id, found, ())
    return found


def _level(template: Template, wanted: set[str]) -> dict[str, Piece]:
    places = [keys.key("template", tenant=template.tenant, id=one) for one in sorted(wanted)]
    records = {one.id: one for one in several(places) if isinstance(one, Template)}
    gone = Piece("?", None, {})
    return {
        one: Piece(records[one].label, records[one].body, records[one].uses or {}) if one in records else gone
        for one in wanted
    }


def _check(one: str, found: Mapping[str, Piece], path: tuple[str, ...]) -> None:
    if one in path:
        names = " > ".join(found[step].name for step in (*path[path.index(one) :], one))
        raise errors.invalid("/html", "partial_cycle", f"Partials render each other: {names}.")
    if len(path) > DEEPEST or one not in found:
        raise errors.invalid("/html", "partials", f"Partials are nested deeper than {DEEPEST}.")
    for inner in found[one].uses.values():
        _check(inner, found, (*path, one))
