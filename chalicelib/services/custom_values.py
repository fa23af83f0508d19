"""Values of custom fields: what each type takes, in one form each, so that equal values are equal as they are kept."""

import math
import re
from collections.abc import Callable
from datetime import date
from typing import Any, Final
from urllib.parse import urlsplit

from chalicelib import errors, ids
from chalicelib.schemas import decoding
from chalicelib.schemas.field import FieldView
from chalicelib.schemas.money import CURRENCIES, MOST, Money

CHOSEN: Final = 50  # options of one value
LONGEST: Final = 2000  # characters of a text or an address of a page
PREFIXES: Final = {"contact": "con", "company": "com", "deal": "dea"}
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_NUMBER: Final = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,16})?", re.ASCII)
_MONEY: Final = re.compile(r"(-?[0-9]{1,16}) ?([A-Z]{3})", re.ASCII)
_BOOLS: Final = {"true": True, "false": False}


def checked(field: FieldView, value: Any, pointer: str) -> Any:
    """The value in its one form. Raises `Invalid` at `pointer`, or below it for money.

    Whether a referred record exists is not seen here.
    """
    return _TYPES[field.type](field, value, pointer)


def parsed(field: FieldView, text: str, pointer: str) -> Any:
    """The value that a query parameter means: money as `129900 EUR`, of a `multi` one option. Raises `Invalid`."""
    if field.type == "number" and _NUMBER.fullmatch(text):
        return checked(field, float(text) if "." in text else int(text), pointer)
    if field.type == "money" and (match := _MONEY.fullmatch(text)):
        return checked(field, {"amount": int(match[1]), "currency": match[2]}, pointer)
    if field.type == "bool":
        return checked(field, _BOOLS.get(text, text), pointer)
    if field.type == "multi":
        return checked(field, [text], pointer)[0]
    return checked(field, text, pointer)


def terms(value: Any) -> list[str]:
    """The texts under which a kept value is found: one, but of a `multi` one for each option."""
    if isinstance(value, list):
        return [one for several in map(terms, value) for one in several]
    if isinstance(value, bool):
        return ["true" if value else "false"]
    if isinstance(value, dict):
        return [f"{value.get('amount')} {value.get('currency')}"]
    return [str(value)]


def _text(_field: FieldView, value: Any, pointer: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _type(pointer, "a text; null clears")
    if len(value) > LONGEST:
        raise errors.invalid(pointer, "length", f"At most {LONGEST} characters are kept.")
    return value


def _number(_field: FieldView, value: Any, pointer: str) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _type(pointer, "a number")
    if isinstance(value, int) and abs(value) > MOST:
        raise errors.invalid(pointer, "range", f"Whole numbers reach to {MOST} either way.")
    if not math.isfinite(value):
        raise _type(pointer, "a number")
    return int(value) if value == int(value) and abs(value) <= MOST else value  # 5.0 is 5


def _money(_field: FieldView, value: Any, pointer: str) -> dict[str, Any]:
    try:
        money = decoding.convert(value, Money)
    except errors.Invalid as error:
        flaws = [flaw._replace(pointer=pointer + flaw.pointer) for flaw in error.flaws]
        raise errors.Invalid(error.detail, *flaws) from None
    if money.currency not in CURRENCIES:
        raise errors.invalid(f"{pointer}/currency", "unknown", "There is no such currency (ISO 4217).")
    return {"amount": money.amount, "currency": money.currency}


def _date(_field: FieldView, value: Any, pointer: str) -> str:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise _type(pointer, "a date such as 2026-03-01")
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise errors.invalid(pointer, "range", "There is no such day.") from None


def _enum(field: FieldView, value: Any, pointer: str) -> str:
    if not isinstance(value, str):
        raise _type(pointer, "one of its options")
    if value not in field.options:
        raise errors.invalid(pointer, "not_allowed", f"The options are {_named(field.options)}.")
    return value


def _multi(field: FieldView, value: Any, pointer: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _type(pointer, "a list of its options")
    if unknown := [one for one in value if one not in field.options]:
        sentence = f"{unknown[0][:100]!r} is no option; there are {_named(field.options)}."
        raise errors.invalid(f"{pointer}/{value.index(unknown[0])}", "not_allowed", sentence)
    chosen = [option for option in field.options if option in value]
    if len(chosen) > CHOSEN:
        raise errors.invalid(
            pointer, "length", f"At most {CHOSEN} options can be chosen, as each is an entry of the index."
        )
    return chosen


def _bool(_field: FieldView, value: Any, pointer: str) -> bool:
    if not isinstance(value, bool):
        raise _type(pointer, "true or false")
    return value


def _reference(field: FieldView, value: Any, pointer: str) -> str:
    noun = field.refers_to or ""
    if not isinstance(value, str) or not ids.is_id(PREFIXES[noun], value):
        raise _type(pointer, f"the id of a {noun}")
    return value


def _url(_field: FieldView, value: Any, pointer: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST:
        raise _type(pointer, f"a web address of at most {LONGEST} characters")
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and not re.search(r"\s", value)
    except ValueError:
        good = False
    if not good:
        raise errors.invalid(pointer, "format", "A web address begins with http:// or https:// and has no blanks.")
    return value


_TYPES: Final[dict[str, Callable[[FieldView, Any, str], Any]]] = {
    "text": _text,
    "number": _number,
    "money": _money,
    "date": _date,
    "enum": _enum,
    "multi": _multi,
    "bool": _bool,
    "reference": _reference,
    "url": _url,
}


def _type(pointer: str, what: str) -> errors.Invalid:
    return errors.invalid(pointer, "type", f"Expected {what}.")


def _named(options: list[str], most: int = 20) -> str:
    return ", ".join(options[:most]) + (" …" if len(options) > most else "")
