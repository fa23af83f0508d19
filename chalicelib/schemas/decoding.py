"""Plain objects into structs, and msgspec's findings into refusals with a JSON pointer."""

import re
from typing import Any, Final, TypeVar

import msgspec

from chalicelib import errors
from chalicelib.errors import Flaw

S = TypeVar("S")

# What msgspec says of an input, and the code a client can rely on.
_CODES: Final = (
    ("unknown field", "unknown_field"),
    ("missing required field", "required"),
    ("matching regex", "format"),
    ("of length", "length"),
    ("RFC3339", "format"),
    ("Invalid enum", "not_allowed"),
    ("timezone", "format"),
    (">=", "range"),
    ("<=", "range"),
    ("Expected", "type"),
)
_FIELD: Final = re.compile(r" field `([^`]*)`")
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")


def convert(plain: Any, kind: type[S], *, strict: bool = True) -> S:
    """`plain` as `kind`; not strict takes numbers from text, as query strings need. Raises `Invalid`."""
    try:
        return msgspec.convert(plain, kind, strict=strict)
    except msgspec.ValidationError as error:
        raise refusal(error) from None


def refusal(error: msgspec.ValidationError) -> errors.Invalid:
    """msgspec's finding as ours, with a JSON pointer (RFC 6901) instead of its path."""
    text, _, path = str(error).partition(" - at `$")
    pointer = "".join("/" + _escape(step[0] or step[1]) for step in _STEP.findall(path.rstrip("`")))
    code = next((code for sign, code in _CODES if sign in text), "invalid")
    field = _FIELD.search(text)
    if field and code in ("unknown_field", "required"):
        pointer += "/" + _escape(field[1])
    return errors.Invalid("The input is not acceptable.", Flaw(pointer, code, text))


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
