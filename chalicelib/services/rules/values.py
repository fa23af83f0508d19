"""Fields and the kinds of values they have: where a value is read, and the form in which it is compared."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from chalicelib.services import text
from chalicelib.services.rules import times
from chalicelib.services.rules.times import Judged

LONGEST: Final = 2000  # characters of a text, as of a custom field
_FOLDED: Final = LONGEST * 18  # one letter can become so many


class Field(NamedTuple):
    """One thing that a condition can ask of: see `catalog.py`. `read` gives the value as it is kept, of a scope: a
    contact with its facts, or one of its deals, orders or mails.

    `needs` are families of facts, `watch` the attributes by kind of item in which the value stands.
    """

    name: str
    kind: str
    label: str
    read: Callable[[Any], Any]
    needs: frozenset[str] = frozenset()
    watch: frozenset[tuple[str, str]] = frozenset()
    ahead: bool = False  # days without a direction are days to come
    options: tuple[str, ...] = ()
    prefix: str = ""  # of the ids it holds
    window: int = 0  # microseconds before now in which moments are counted; 0 counts all

    def reader(self) -> Callable[[Any], Any]:
        """A function of a scope: the value as operators compare it, None if there is none; worked out once."""
        name, read, normal = self.name, self.read, _NORMAL[self.kind]

        def value(scope: Any) -> Any:
            memo = scope.memo
            found = memo.get(name, memo)
            if found is memo:  # nobody has asked yet
                found = memo[name] = normal(read(scope))
            return found

        return value

    @property
    def called(self) -> str:
        """What one calls a value of this kind."""
        return CALLED[self.kind]


Judge = Callable[[Any, int], Judged]

# What a value of each kind is called.
CALLED: Final = {
    "text": "a text",
    "texts": "a list of texts",
    "phones": "a list of phone numbers",
    "set": "a set",
    "choice": "a choice",
    "bool": "true or false",
    "number": "a number",
    "money": "an amount of money",
    "moment": "a moment",
    "day": "a day",
    "yearly": "a day of every year",
    "count": "a number",
}


def folded(value: str) -> str:
    """A text without case, accents and stray spaces."""
    return " ".join(value.lower().split()) if value.isascii() else text.folded(value, _FOLDED)


def digits(value: str) -> str:
    """A phone number by its digits, and a plus before them."""
    return ("+" if value.lstrip().startswith("+") else "") + "".join(one for one in value if one.isdigit())


def _text(value: Any) -> str | None:
    return folded(value) if isinstance(value, str) and value else None


def _texts(value: Any) -> frozenset[str] | None:
    return frozenset(folded(one) for one in value or () if isinstance(one, str)) or None


def _numbers(value: Any) -> frozenset[str] | None:
    return frozenset(digits(one) for one in value or () if isinstance(one, str)) or None


def _key(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _bool(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _sums(value: Any) -> dict[str, int] | None:
    """Amounts by currency; one amount of money is a single one."""
    if isinstance(value, dict) and "currency" in value:
        return {value["currency"]: value["amount"]} if isinstance(value.get("amount"), int) else None
    return value or None


def _stamps(value: Any) -> tuple[int, ...]:
    return tuple(value or ())


_NORMAL: Final[dict[str, Callable[[Any], Any]]] = {
    "text": _text,
    "texts": _texts,
    "phones": _numbers,
    "set": _texts,
    "choice": _key,
    "bool": _bool,
    "number": _number,
    "money": _sums,
    "moment": lambda value: times.of_stamp(value) if value else None,
    "day": lambda value: times.of_day(value) if value else None,
    "yearly": lambda value: times.of_yearly(value) if value else None,
    "count": _stamps,
}
