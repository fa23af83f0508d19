"""The filters of templates that make, take apart or look through lists. As in `filters.py`, which bounds them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from markupsafe import Markup, escape

from chalicelib.services.rendering.coercing import Filter, list_of, number_of, text_of
from chalicelib.services.rendering.limits import ITEMS, VALUE, Limit


def _split(value: Any, separator: Any = " ") -> list[str]:
    text, by = text_of(value), text_of(separator)
    if (text.count(by) if by else len(text)) > ITEMS:
        raise Limit(f"A list or a range has more than {ITEMS} items.")
    if not by:
        return list(text)
    return (text.split(None if by == " " else by)) if text else []


def _join(value: Any, separator: Any = " ") -> Any:
    several, by = list_of(value), separator if isinstance(separator, Markup) else text_of(separator)
    if len(by) * len(several) > VALUE:
        raise Limit(f"A value has more than {VALUE} characters.")
    if any(isinstance(one, Markup) for one in several):
        return Markup("").join([escape(by)]).join(one if isinstance(one, Markup) else text_of(one) for one in several)
    return by.join(text_of(one) for one in several)


def _at(item: Any, name: Any) -> Any:
    return item.get(text_of(name)) if isinstance(item, dict) else None


def _fits(item: Any, name: Any, wanted: Any) -> bool:
    value = _at(item, name)
    return value == wanted if wanted is not None else value not in (None, False)


def _where(keep: bool) -> Filter:
    def where(value: Any, name: Any, wanted: Any = None) -> list[Any]:
        return [item for item in list_of(value) if _fits(item, name, wanted) is keep]

    return where


def _find(value: Any, name: Any, wanted: Any = None) -> Any:
    return next((item for item in list_of(value) if _fits(item, name, wanted)), None)


def _sort(fold: bool) -> Filter:
    def key(value: Any) -> tuple[int, Any]:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return (0, value)
        text = text_of(value)
        return (2 if not text else 1, text.casefold() if fold else text)

    def sort(value: Any, name: Any = None) -> list[Any]:
        return sorted(list_of(value), key=key if name is None else lambda item: key(_at(item, name)))

    return sort


def _uniq(value: Any, name: Any = None) -> list[Any]:
    seen: dict[Any, Any] = {}
    for item in list_of(value):
        part = item if name is None else _at(item, name)
        seen.setdefault((type(part), repr(part)), item)
    return list(seen.values())


def _sum(value: Any, name: Any = None) -> Any:
    parts = (item if name is None else _at(item, name) for item in list_of(value))
    total = sum(Decimal(str(number_of(one))) for one in parts)
    return int(total) if total == int(total) else float(total)


def _size(value: Any) -> int:
    return len(value) if isinstance(value, str | list | tuple | dict | range) else 0


def _end(which: int) -> Filter:
    def end(value: Any) -> Any:
        if isinstance(value, str):
            return None
        several: Sequence[Any] = list_of(value)
        return several[which] if several else None

    return end


PLAIN: Final[dict[str, Filter]] = {
    "split": _split,
    "compact": lambda value, name=None: [
        item for item in list_of(value) if (item if name is None else _at(item, name)) is not None
    ],
    "concat": lambda value, other: [*list_of(value), *list_of(other)],
    "map": lambda value, name: [_at(item, name) for item in list_of(value)],
    "reverse": lambda value: list_of(value)[::-1],
    "sort": _sort(False),
    "sort_natural": _sort(True),
    "sum": _sum,
    "uniq": _uniq,
    "where": _where(True),
    "reject": _where(False),
    "find": _find,
    "has": lambda value, name, wanted=None: any(_fits(item, name, wanted) for item in list_of(value)),
    "size": _size,
}

KEEPING: Final[dict[str, Filter]] = {
    "first": _end(0),
    "last": _end(-1),
    "join": _join,
}
