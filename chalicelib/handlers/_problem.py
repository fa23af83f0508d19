"""Errors on the wire: RFC 9457 problem+json, and the one table from an error to a status."""

from typing import Any, Final

import msgspec

from chalicelib import errors
from chalicelib.errors import CrmError

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[dict[type[CrmError], int]] = {
    errors.BadRequest: 400,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.MethodNotAllowed: 405,
    errors.Conflict: 409,
    errors.Merged: 409,  # a read is sent on instead: the rim's `_sent_on`
    errors.Gone: 410,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.UnsupportedMediaType: 415,
    errors.Invalid: 422,
    errors.TooMany: 429,
    errors.Unready: 503,
}


class Problem(msgspec.Struct, kw_only=True):
    """What every error answers (RFC 9457, with `request_id` and `errors`, an empty list where no field is to blame)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    errors: list[dict[str, str]] = []


def problem(error: CrmError, instance: str, request_id: str) -> tuple[int, str]:
    """The status and the body that tell of `error`."""
    status = STATUS[type(error)]
    body = msgspec.to_builtins(_about(status, error.title, error.detail, instance, request_id))
    body["errors"] = [flaw._asdict() for flaw in error.flaws]
    return status, msgspec.json.encode({**body, **error.extra}).decode()


def unforeseen(instance: str, request_id: str) -> tuple[int, str]:
    """The answer to what nobody foresaw: no detail but the request id, which the log has too."""
    return 500, msgspec.json.encode(_about(500, "Internal error", "", instance, request_id)).decode()


def _about(status: int, title: str, detail: str, instance: str, request_id: str) -> Problem:
    kind = title.lower().replace(" ", "-")
    return Problem(
        type=f"/problems/{kind}", title=title, status=status, detail=detail, instance=instance, request_id=request_id
    )


def retitled(response: dict[str, Any], instance: str, request_id: str) -> tuple[int, str] | None:
    """An answer that Chalice itself made, in our form; None if it needs none."""
    status = int(response["statusCode"])
    for error, known in STATUS.items():
        if known == status:
            return problem(error("The request was refused."), instance, request_id)
    return unforeseen(instance, request_id) if status >= 500 else None
