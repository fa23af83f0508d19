"""Which records somebody means: the parameters of a list as an object, kept by views and used by bulk changes."""

from typing import Any, Final

from chalicelib import errors
from chalicelib.schemas import decoding
from chalicelib.schemas.filters import CompanyQuery, ContactQuery, DealQuery
from chalicelib.schemas.page import ListQuery

QUERIES: Final[dict[str, type[ListQuery]]] = {"contact": ContactQuery, "company": CompanyQuery, "deal": DealQuery}
_CUSTOM: Final = "custom"
# What is not about which records, or would lead to another selection.
_NOT_HERE: Final = ("limit", "cursor", "view_id")


def query(noun: str, parameters: dict[str, Any], pointer: str = "/filter") -> Any:
    """The list's query struct. Raises `Invalid` at `pointer` and the parameter."""
    for name in _NOT_HERE:
        if name in parameters:
            raise errors.invalid(f"{pointer}/{name}", "unknown_field", f"`{name}` says nothing of which records.")
    try:
        return decoding.convert(nested(parameters), QUERIES[noun])
    except errors.Invalid as error:
        raise below(pointer, error) from None


def nested(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters as the query struct has them: `custom.tier` inside `custom`, its value a text as in a query."""
    found: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for name, value in parameters.items():
        if name.startswith(f"{_CUSTOM}."):
            custom[name.removeprefix(f"{_CUSTOM}.")] = _text(value)
        elif name == _CUSTOM and isinstance(value, dict):
            custom.update({inner: _text(one) for inner, one in value.items()})
        else:
            found[name] = _text(value) if isinstance(value, bool) else value
    return {**found, _CUSTOM: custom} if custom else found


def flat(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters as they stand in a query: `custom.tier` for what is inside `custom`."""
    found = nested(parameters)
    custom = found.pop(_CUSTOM, {})
    return {**found, **{f"{_CUSTOM}.{name}": value for name, value in custom.items()}}


def below(pointer: str, error: errors.Invalid) -> errors.Invalid:
    """The same refusal, of an input that stands at `pointer` of a larger one."""
    flaws = [flaw._replace(pointer=pointer + flaw.pointer) for flaw in error.flaws]
    return errors.Invalid(error.detail, *flaws, **error.extra)


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (int, float)) else value
