"""The filters of templates: those of Liquid that a mail needs, each with bounds.

What comes out of a filter is a plain value and escaped where it is printed. Only what was captured from the template,
or escaped already, is HTML (`Markup`); the filters in `KEEPING` leave it so, all others take the text it stands for.
"""

import html
import math
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import quote_plus, unquote_plus

from liquid.exceptions import FilterArgumentError
from liquid.undefined import Undefined
from markupsafe import Markup, escape

from chalicelib import clock
from chalicelib.services.rendering import list_filters
from chalicelib.services.rendering.coercing import Filter, list_of, number_of, text_of, whole
from chalicelib.services.rendering.limits import VALUE, Limit, Meter, checked

_TAG: Final = re.compile(r"<[^<>]*>")
_BREAK: Final = re.compile(r"\r?\n")
_BLANKS: Final = re.compile(r"\s+")
_DIRECTIVE: Final = re.compile(r"%([-^0_]?)([aAbBcdDeFHIjklmMpRSTuUwWxXyYZz%])")
_DIGITS: Final = 18  # of seconds since 1970
_FORMAT: Final = 100  # characters of a date's format


def _exact(do: Callable[[Any, Any], Any]) -> Filter:
    """Arithmetic: whole numbers stay whole, others are added as people write them."""

    def calculate(left: Any, right: Any) -> Any:
        one, other = number_of(left), number_of(right)
        try:
            if isinstance(one, int) and isinstance(other, int):
                return do(one, other)
            return float(do(Decimal(str(one)), Decimal(str(other))))
        except (ZeroDivisionError, InvalidOperation):
            raise FilterArgumentError("a division by zero", token=None) from None

    return calculate


def _divided(left: Any, right: Any) -> Any:
    return left // right if isinstance(left, int) else left / right


def _round(value: Any, digits: Any = 0) -> Any:
    count = max(0, min(10, whole(digits, 0)))
    return round(number_of(value), count) if count else round(number_of(value))


def _replace(count: int) -> Filter:
    def replace(value: Any, old: Any, new: Any = "") -> str:
        text, found, put = text_of(value), text_of(old), text_of(new)
        times = text.count(found) if count < 0 else 1
        if len(text) + times * len(put) > VALUE:
            raise Limit(f"A value has more than {VALUE} characters.")
        return text.replace(found, put, count)

    return replace


def _replace_last(value: Any, old: Any, new: Any = "") -> str:
    before, found, after = text_of(value).rpartition(text_of(old) or "\0")
    return f"{before}{text_of(new)}{after}" if found else after


def _slice(value: Any, start: Any = 0, length: Any = 1) -> Any:
    several = list_of(value) if isinstance(value, list | tuple | range) else text_of(value)
    at, count = whole(start, 0), max(0, whole(length, 1))
    at = max(0, len(several) + at) if at < 0 else at
    return several[at : at + count]


def _truncate(value: Any, length: Any = 50, end: Any = "...") -> str:
    text, tail, most = text_of(value), text_of(end), max(0, whole(length, 50))
    return text if len(text) <= most else text[: max(0, most - len(tail))] + tail


def _truncate_words(value: Any, count: Any = 15, end: Any = "...") -> str:
    words, most = text_of(value).split(), max(1, whole(count, 15))
    return " ".join(words) if len(words) <= most else " ".join(words[:most]) + text_of(end)


def _unescaped_once(value: Any) -> Any:
    return escape(html.unescape(text_of(value)))


def _breaks(value: Any) -> Any:
    broken = _BREAK.sub("<br />\n", escape(_words(value)))
    return Markup(broken)  # noqa: S704 - escaped in the line above


def _append(value: Any, other: Any) -> Any:
    return _words(value) + _words(other)


def _words(value: Any) -> Any:
    return value if isinstance(value, Markup) else text_of(value)


def _default(value: Any, otherwise: Any = "", *, allow_false: Any = False) -> Any:
    empty = value is None or isinstance(value, Undefined) or (isinstance(value, str | list | dict) and not value)
    return otherwise if empty or (value is False and allow_false is not True) else value


def _date(value: Any, form: Any = "") -> str:
    """A day or a moment in the form of strftime; what is neither is printed as it is. `now` is the clock's, in UTC."""
    moment, wanted = _moment(value), text_of(form)[:_FORMAT]
    if moment is None or not wanted:
        return text_of(value)
    return _DIRECTIVE.sub(lambda found: moment.strftime(f"%{found[1]}{found[2]}"), wanted)


def _moment(value: Any) -> datetime | date | None:
    if value in ("now", "today"):
        return clock.now()
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        text = text_of(value)
        if text.isdigit() and len(text) > 8:
            return datetime.fromtimestamp(int(text[:_DIGITS]), UTC)
        return datetime.fromisoformat(text) if len(text) <= 40 else None
    except (ValueError, OverflowError, OSError):
        return None


_PLAIN: Final[dict[str, Filter]] = {
    **list_filters.PLAIN,
    "abs": lambda value: abs(number_of(value)),
    "at_least": lambda value, other: max(number_of(value), number_of(other)),
    "at_most": lambda value, other: min(number_of(value), number_of(other)),
    "ceil": lambda value: math.ceil(number_of(value)),
    "floor": lambda value: math.floor(number_of(value)),
    "round": _round,
    "plus": _exact(lambda one, other: one + other),
    "minus": _exact(lambda one, other: one - other),
    "times": _exact(lambda one, other: one * other),
    "divided_by": _exact(_divided),
    "modulo": _exact(lambda one, other: one % other),
    "capitalize": lambda value: text_of(value).capitalize(),
    "downcase": lambda value: text_of(value).lower(),
    "upcase": lambda value: text_of(value).upper(),
    "remove": lambda value, old: text_of(value).replace(text_of(old), ""),
    "remove_first": lambda value, old: text_of(value).replace(text_of(old), "", 1),
    "remove_last": _replace_last,
    "replace": _replace(-1),
    "replace_first": _replace(1),
    "replace_last": _replace_last,
    "slice": _slice,
    "squish": lambda value: _BLANKS.sub(" ", text_of(value).strip()),
    "strip_html": lambda value: _TAG.sub("", text_of(value)),
    "strip_newlines": lambda value: _BREAK.sub("", text_of(value)),
    "truncate": _truncate,
    "truncatewords": _truncate_words,
    "url_encode": lambda value: quote_plus(text_of(value)),
    "url_decode": lambda value: unquote_plus(text_of(value)),
    "date": _date,
}

KEEPING: Final[dict[str, Filter]] = {
    **list_filters.KEEPING,
    "append": _append,
    "prepend": lambda value, other: _append(other, value),
    "default": _default,
    "strip": lambda value: _words(value).strip(),
    "lstrip": lambda value: _words(value).lstrip(),
    "rstrip": lambda value: _words(value).rstrip(),
}

_OF_HTML: Final[dict[str, Filter]] = {
    "escape": lambda value: escape(text_of(value)),
    "escape_once": _unescaped_once,
    "newline_to_br": _breaks,
}


def _guarded(do: Filter, keeping: bool) -> Filter:
    def guarded(meter: Meter, value: Any, *others: Any, **named: Any) -> Any:
        meter.handle(value)
        for one in others:
            meter.handle(one)
        if not keeping:
            value = value.unescape() if isinstance(value, Markup) else value
            others = tuple(one.unescape() if isinstance(one, Markup) else one for one in others)
        return checked(do(value, *others, **named))

    return guarded


# In a text there is nothing to escape: these leave a value as it is, so that a text made from HTML reads well.
IN_HTML: Final = {
    **{name: _guarded(one, False) for name, one in _PLAIN.items()},
    **{name: _guarded(one, True) for name, one in {**KEEPING, **_OF_HTML}.items()},
}
IN_TEXT: Final = {**IN_HTML, **{name: _guarded(text_of, True) for name in _OF_HTML}}
