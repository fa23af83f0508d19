"""Field types that several nouns share, each with its limits.

What the wire may carry is decided here and in the structs, nowhere else.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

Name = Annotated[str, Meta(min_length=1, max_length=100, examples=["Ada Lovelace"])]
Title = Annotated[str, Meta(min_length=1, max_length=200)]
Text = Annotated[str, Meta(min_length=1, max_length=10_000)]
Tag = Annotated[str, Meta(min_length=1, max_length=50)]
Id = Annotated[str, Meta(max_length=40)]
# One @, a local part of the characters mail systems take unquoted, a dotted host name (RFC 5321 sizes) whose last part
# does not begin with a digit. Non-ASCII is allowed on both sides; of ASCII a host has letters, digits and hyphens only.
# In Python a bare `$` also stands before a last line break, hence `$(?!\n)` here and elsewhere.
_LOCAL = r'[^\s@"(),:;<>\[\\\]\x00-\x1f]'
_HOST = r"[^\s\x00-,./:-@\[-`{-\x7f]"
_HOST_LETTER = r"[^\s\x00-@\[-`{-\x7f]"
Address = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=254,
        pattern=rf"^{_LOCAL}{{1,64}}@({_HOST}{{1,63}}\.)+{_HOST_LETTER}{_HOST}{{1,62}}$(?!\n)",
        examples=["ada@example.com"],
        description="A mail address",
    ),
]
Moment = Annotated[datetime, Meta(tz=True, examples=["2026-03-01T09:00:00Z"])]
Stamp = Annotated[str, Meta(extra_json_schema={"format": "date-time"}, examples=["2026-03-01T09:00:00.000Z"])]
Zone = Annotated[str, Meta(max_length=64, description="IANA time zone", examples=["Europe/Vienna"])]
Language = Annotated[
    str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}$(?!\n)", description="BCP 47", examples=["de-AT"])
]


# Nouns as paths have them, for clients that name a kind so.
SINGULAR = {
    "contacts": "contact",
    "companies": "company",
    "deals": "deal",
    "tasks": "task",
    "activities": "activity",
    "recipients": "recipient",
}


class Draft(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What a client may write. The base of every draft: a field that is not listed is refused, not ignored."""


class View(msgspec.Struct, kw_only=True):
    """What a client reads. The base of every view."""


def patch_of(draft: type[msgspec.Struct], **inner: Any) -> type[msgspec.Struct]:
    """The JSON merge patch (RFC 7396) of a draft: every field may be missing or null. `inner` gives the type of a
    field whose own members may be missing or null too.
    """
    fields = [
        (
            field.name,
            inner.get(field.name, field.type) | None | msgspec.UnsetType,
            msgspec.field(default=msgspec.UNSET, name=field.encode_name),
        )
        for field in msgspec.structs.fields(draft)
    ]
    name = draft.__name__.removesuffix("Draft").removesuffix("Change") + "Patch"
    return msgspec.defstruct(name, fields, forbid_unknown_fields=True, kw_only=True, module=draft.__module__)


def merged(current: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """`current` with `patch` applied as RFC 7396 says: null removes, objects merge, all else replaces."""
    result = dict(current)
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        elif isinstance(value, dict):
            inner = result.get(name)
            result[name] = merged(inner if isinstance(inner, dict) else {}, value)
        else:
            result[name] = value
    return result
