"""Why somebody is in a segment or not: the facts that decide, for people."""

from typing import Any, Final

from chalicelib.schemas.money import EXPONENTS
from chalicelib.services.rules import times
from chalicelib.services.rules.known import Facts
from chalicelib.services.rules.nodes import Condition, Node, Some, settled
from chalicelib.services.rules.values import Field

LONGEST: Final = 200  # characters of a reason: it is kept beside each membership
_SHOWN: Final = 5  # of several values
_VALUE: Final = 60  # characters of a value


def why(node: Node, scope: Any, now: int) -> str:
    """Why the rule holds, or why it does not: the facts that decide."""
    told = list(dict.fromkeys(_told(node, scope, now)))
    text = "; ".join(told)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _told(node: Node, scope: Any, now: int) -> list[str]:
    if isinstance(node, Condition):
        return [_fact(node.field, node.field.reader()(scope), scope, now)]
    if isinstance(node, Some):
        found = next((part for part in scope.some(node.noun) if node.part.judge(part, now)[0]), None)
        return [f"{node.noun}: {', '.join(_told(node.part, found, now))}"] if found else [f"no such {node.noun}"]
    # Of all that must hold one that does not is enough to say, and of any one that does.
    decisive = node.how != "all"
    deciding = [part for part in node.parts if _holds(part, scope, now) is decisive]
    return [fact for part in deciding[:1] or node.parts for fact in _told(part, scope, now)]


def _holds(node: Node, scope: Any, now: int) -> bool | None:
    """Whether it holds; None where that rests on what was not read, as something else had decided."""
    if isinstance(scope, Facts) and node.needs - scope.read:
        return settled(node, scope, now)[0]
    return node.judge(scope, now)[0]


def _fact(field: Field, value: Any, scope: Any, now: int) -> str:
    if field.kind == "count":
        return f"{field.label}: {times.in_last(value, field.window, now) if field.window else len(value)}"
    if value is None:
        last = field.label.startswith("last ")
        return f"never {field.label.removeprefix('last ')}" if last else f"no {field.label}"
    return field.label + _SHOWS.get(field.kind, _is)(field, value, scope)


def _is(field: Field, value: Any, scope: Any) -> str:
    return f" is {_shown(field.read(scope))}"


def _are(field: Field, value: Any, scope: Any) -> str:
    return f": {_shown(sorted(map(str, filter(None, field.read(scope)))))}"


def _at(field: Field, value: int, scope: Any) -> str:
    moment = times.moment(value)
    return f" {moment.date()}" if moment else " some day"


def _worth(field: Field, value: dict[str, int], scope: Any) -> str:
    return ": " + ", ".join(f"{amount(one, currency)} {currency}" for currency, one in sorted(value.items()))


def amount(minor: int, currency: str) -> str:
    """Minor units as people write them: 129900 EUR are 1299.00."""
    digits = EXPONENTS.get(currency, 2)
    sign, whole = "-" if minor < 0 else "", f"{abs(minor):0{digits + 1}}"
    return f"{sign}{whole[:-digits]}.{whole[-digits:]}" if digits else f"{sign}{whole}"


_SHOWS: Final = {"texts": _are, "phones": _are, "set": _are, "moment": _at, "money": _worth}


def _shown(value: Any) -> str:
    if isinstance(value, dict) and "currency" in value:
        return f"{amount(value['amount'], value['currency'])} {value['currency']}"
    if isinstance(value, list):
        return ", ".join(_shown(one) for one in value[:_SHOWN]) + (" …" if len(value) > _SHOWN else "")
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)[:_VALUE]
