"""What the value of a condition is understood as. A value that does not fit is refused, and told what would."""

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from chalicelib import errors, ids
from chalicelib.schemas.money import CURRENCIES, MOST
from chalicelib.services.rules import times
from chalicelib.services.rules.times import Yearly
from chalicelib.services.rules.values import LONGEST, Field, folded

LISTED: Final = 100  # values of one `in`
DAYS: Final = 36_500  # of a relative date


class Context(NamedTuple):
    """What the meaning of a value rests on besides the field. `kept`: it was accepted once, so options may be gone."""

    currency: Callable[[], str]
    kept: bool = False


Read = Callable[[Field, Any, str, Context], Any]


class Worth(NamedTuple):
    """An amount in minor units of a currency."""

    amount: int
    currency: str


class When(NamedTuple):
    """A moment, or a day from its beginning to its end where somebody is."""

    at: int | None
    day: int | None

    def ends(self, scope: Any) -> tuple[int, int]:
        """Its beginning, and the first moment that is no longer part of it."""
        if self.day is None:
            at = self.at or 0
            return at, at + 1
        return times.begins(self.day, scope.zone), times.begins(self.day + 1, scope.zone)


class Distance(NamedTuple):
    """So many days, ahead or behind."""

    days: int
    ahead: bool


def _wrong(pointer: str, what: str, field: Field) -> errors.Invalid:
    return errors.invalid(pointer, "type", f"`{field.name}` is {field.called}: expected {what} here.")


def a_text(fold: Callable[[str], str]) -> Read:
    """A text, in the form in which it is compared."""

    def read(field: Field, value: Any, pointer: str, context: Context) -> str:
        if not isinstance(value, str) or len(value) > LONGEST or not fold(value):
            raise _wrong(pointer, f"a text of at most {LONGEST} characters", field)
        return fold(value)

    return read


def a_choice(field: Field, value: Any, pointer: str, context: Context) -> str:
    """One of the options if there are any, an id if the field holds ids."""
    if not isinstance(value, str) or not value or len(value) > LONGEST:
        raise _wrong(pointer, "one of its options" if field.options else "an id" if field.prefix else "a text", field)
    if field.options and not context.kept and value not in field.options:
        there = ", ".join(field.options[:20]) + (" …" if len(field.options) > 20 else "")
        raise errors.invalid(pointer, "not_allowed", f"`{field.name}` is one of {there}.")
    if field.prefix and not ids.is_id(field.prefix, value):
        raise errors.invalid(pointer, "format", f"`{field.name}` is an id that begins with `{field.prefix}_`.")
    return value


def an_element(field: Field, value: Any, pointer: str, context: Context) -> str:
    """An element of a set: one of the options if there are any, an id if it holds ids."""
    return folded(a_choice(field, value, pointer, context))


def a_bool(field: Field, value: Any, pointer: str, context: Context) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise _wrong(pointer, "true or false", field)
    return value


def presence(field: Field, value: Any, pointer: str, context: Context) -> bool:
    """What `exists` is compared with: whether there is to be a value."""
    if value is None:
        return True
    if not isinstance(value, bool):
        raise errors.invalid(pointer, "type", "`exists` is true or false; left out it is true.")
    return value


def a_number(field: Field, value: Any, pointer: str, context: Context) -> float:
    """A number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise _wrong(pointer, "a number", field)
    if abs(value) > MOST:
        raise errors.invalid(pointer, "range", f"Numbers reach to {MOST} either way.")
    return value


def an_amount(field: Field, value: Any, pointer: str, context: Context) -> Worth:
    """An amount with its currency, or whole minor units of the firm's own."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = {"amount": value, "currency": context.currency()}
    amount = value.get("amount") if isinstance(value, dict) and len(value) == 2 else None
    if not isinstance(value, dict) or isinstance(amount, bool) or not isinstance(amount, int):
        what = 'whole minor units, as {"amount": 129900, "currency": "EUR"} or a number of the firm\'s own currency'
        raise _wrong(pointer, what, field)
    if abs(amount) > MOST:
        raise errors.invalid(f"{pointer}/amount", "range", f"Numbers reach to {MOST} either way.")
    if not isinstance(value.get("currency"), str) or value["currency"] not in CURRENCIES:
        raise errors.invalid(f"{pointer}/currency", "unknown", "There is no such currency (ISO 4217).")
    return Worth(amount, value["currency"])


def a_moment(field: Field, value: Any, pointer: str, context: Context) -> When:
    """A moment, or a day."""
    day = times.of_day(value) if isinstance(value, str) else None
    at = times.of_stamp(value) if isinstance(value, str) and day is None and _has_zone(value) else None
    if day is None and at is None:
        raise _wrong(pointer, "a moment such as 2026-03-01T09:00:00Z, or a day such as 2026-03-01,", field)
    return When(at, day)


def _has_zone(value: str) -> bool:
    return "T" in value.upper() and (value[-1:] in "Zz" or value[-6:-5] in ("+", "-"))


def a_day(field: Field, value: Any, pointer: str, context: Context) -> int:
    """A day, as an ordinal."""
    day = times.of_day(value) if isinstance(value, str) else None
    if day is None:
        raise _wrong(pointer, "a day such as 2026-03-01", field)
    return day


def a_yearly(field: Field, value: Any, pointer: str, context: Context) -> Yearly:
    """A day of every year, or of one."""
    day = times.of_yearly(value)
    if day is None:
        raise _wrong(pointer, "a day such as 1815-12-10, or --12-10 of any year,", field)
    return day


def a_distance(least: int, most: int = DAYS) -> Read:
    """So many days, in the direction that is given or lies in the nature of the field."""

    def read(field: Field, value: Any, pointer: str, context: Context) -> Distance:
        ahead = field.ahead
        if isinstance(value, dict) and len(value) == 1 and set(value) <= {"last", "next"}:
            ((way, value),) = value.items()
            ahead, pointer = way == "next", f"{pointer}/{way}"
        return Distance(_days(value, pointer, least, most), ahead)

    return read


def an_age(least: int) -> Read:
    """So many days ago."""

    def read(field: Field, value: Any, pointer: str, context: Context) -> int:
        return _days(value, pointer, least, DAYS)

    return read


def _days(value: Any, pointer: str, least: int, most: int) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        what = 'Expected a whole number of days; {"last": 30} and {"next": 30} say in which direction.'
        raise errors.invalid(pointer, "type", what)
    if not least <= value <= most:
        raise errors.invalid(pointer, "range", f"Days reach from {least} to {most}.")
    return value


def several(one: Read) -> Read:
    """A list of such values."""

    def read(field: Field, value: Any, pointer: str, context: Context) -> frozenset[Any]:
        if not isinstance(value, list) or not 0 < len(value) <= LISTED:
            raise errors.invalid(pointer, "type", f"`in` takes a list of 1 to {LISTED} values.")
        return frozenset(one(field, item, f"{pointer}/{number}", context) for number, item in enumerate(value))

    return read
