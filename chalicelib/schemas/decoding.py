"""Plain objects into structs, and msgspec's findings into refusals with a JSON pointer."""

import re
from typing import Any, Final, TypeVar

import msgspec

from chalicelib import errors
from chalicelib.errors import Flaw

S = TypeVar("S")

# What msgspec says of an input, and the code a client can rely on.
_CODES: Final = (
    ("contains unknown", "unknown_field"),
    ("missing required", "required"),
    ("Invalid enum", "not_allowed"),
    ("matching regex", "format"),
    ("of length", "length"),
    ("RFC3339", "format"),
    ("timezone", "format"),
    (">=", "range"),
    ("<=", "range"),
    (" > ", "range"),
    (" < ", "range"),
    ("Expected", "type"),
)
_FIELD: Final = re.compile(r" field `(.*)`", re.DOTALL)
_QUOTED: Final = re.compile(r" field `.*`| value '.*'", re.DOTALL)  # what the client wrote, which is no sign
_PLACE: Final = re.compile(r" - at (?:`key` in )?`\$([^`]*)`\Z")
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
_LONGEST: Final = 300  # characters of a sentence, which may quote what was sent


def convert(plain: Any, kind: type[S]) -> S:
    """`plain` as `kind`. Raises `Invalid`."""
    try:
        return msgspec.convert(plain, kind)
    except msgspec.ValidationError as error:
        raise refusal(error) from None


def refusal(error: msgspec.ValidationError) -> errors.Invalid:
    """msgspec's finding as ours, with a JSON pointer (RFC 6901) instead of its path.

    msgspec does not say which member of a free-form object is wrong, so there the pointer ends at the object.
    """
    place = _PLACE.search(str(error))
    text = str(error)[: place.start()] if place else str(error)
    path = place[1].partition("[...]")[0] if place else ""
    pointer = "".join("/" + _escape(step[0] or step[1]) for step in _STEP.findall(path))
    plain = _QUOTED.sub("", text)
    code = next((code for sign, code in _CODES if sign in plain), "invalid")
    field = _FIELD.search(text)
    if field and code in ("unknown_field", "required"):
        pointer += "/" + _escape(field[1])
    before, regex, _ = text.partition(" matching regex") if code == "format" else (text, "", "")
    sentence = f"{before} of the documented form" if regex else text
    return errors.Invalid("The input is not acceptable.", Flaw(pointer, code, sentence[:_LONGEST]))


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
