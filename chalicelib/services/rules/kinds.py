"""Which operators fit which kind of value: one table."""

import operator
from typing import Final, NamedTuple

from chalicelib.services.rules import operators
from chalicelib.services.rules.operands import (
    Read,
    a_bool,
    a_choice,
    a_day,
    a_distance,
    a_moment,
    a_number,
    a_text,
    a_yearly,
    an_age,
    an_amount,
    an_element,
    presence,
    several,
)
from chalicelib.services.rules.operators import Build, Test, count, ends, holds, of_currency
from chalicelib.services.rules.values import digits, folded


class Op(NamedTuple):
    """An operator: how its value is understood, what it then says of a scope at a moment, and whether time matters."""

    read: Read
    build: Build
    timely: bool = False


Ops = dict[str, Op]
_YEAR: Final = 366
_LINE: Final = a_text(folded)
_NUMBER: Final = a_text(digits)
_ORDER: Final = {"lt": operator.lt, "lte": operator.le, "gt": operator.gt, "gte": operator.ge}
_EXISTS: Final[Ops] = {"exists": Op(presence, operators.exists)}


def _equal(read: Read, test: Test = operator.eq) -> Ops:
    return {"eq": Op(read, holds(test)), "ne": Op(read, holds(test, turned=True))}


def _ordered(read: Read) -> Ops:
    return {name: Op(read, holds(test)) for name, test in _ORDER.items()}


def _one_of(read: Read, test: Test = operators.among) -> Ops:
    return {"in": Op(several(read), holds(test))}


def _texts(read: Read) -> Ops:
    """Several texts, of which any one may be meant."""
    return {
        **_equal(read, operator.contains),
        "contains": Op(read, holds(operators.inside)),
        "starts_with": Op(read, holds(operators.one_begins)),
        **_one_of(read, operators.meets),
        **_EXISTS,
    }


KINDS: Final[dict[str, Ops]] = {
    "text": {
        **_equal(_LINE),
        "contains": Op(_LINE, holds(operator.contains)),
        "starts_with": Op(_LINE, holds(operators.begins)),
        **_one_of(_LINE),
        **_EXISTS,
    },
    "texts": _texts(_LINE),
    "phones": _texts(_NUMBER),
    "set": {
        **_equal(an_element, operator.contains),
        "contains": Op(an_element, holds(operator.contains)),
        **_one_of(an_element, operators.meets),
        **_EXISTS,
    },
    "choice": {**_equal(a_choice), **_one_of(a_choice), **_EXISTS},
    "bool": {**_equal(a_bool), **_EXISTS},
    "number": {**_equal(a_number), **_ordered(a_number), **_one_of(a_number), **_EXISTS},
    "money": {
        **_equal(an_amount, of_currency(operator.eq)),
        **{name: Op(an_amount, holds(of_currency(test))) for name, test in _ORDER.items()},
        **_EXISTS,
    },
    "moment": {
        "eq": Op(a_moment, ends(operators.at)),
        "ne": Op(a_moment, ends(operators.not_at, missing=True)),
        "lt": Op(a_moment, ends(operators.before)),
        "lte": Op(a_moment, ends(operators.by_end)),
        "gt": Op(a_moment, ends(operators.behind)),
        "gte": Op(a_moment, ends(operators.from_begin)),
        "within_days": Op(a_distance(1), operators.near, timely=True),
        "older_than_days": Op(an_age(0), operators.past, timely=True),
        **_EXISTS,
    },
    "day": {
        **_equal(a_day),
        **_ordered(a_day),
        **_one_of(a_day),
        "within_days": Op(a_distance(0), operators.near_day, timely=True),
        "older_than_days": Op(an_age(0), operators.past_day, timely=True),
        **_EXISTS,
    },
    "yearly": {
        **_equal(a_yearly, operators.same_day),
        **_one_of(a_yearly, operators.one_day),
        "within_days": Op(a_distance(0, _YEAR), operators.near_yearly, timely=True),
        **_EXISTS,
    },
    "count": {
        "eq": Op(a_number, count(operator.eq), timely=True),
        "ne": Op(a_number, count(operator.ne), timely=True),
        **{name: Op(a_number, count(test), timely=True) for name, test in _ORDER.items()},
        "in": Op(several(a_number), count(operators.among), timely=True),
    },
}
