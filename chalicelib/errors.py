"""What can go wrong, in the words of the house. Doors translate: HTTP to a status, queues to a drop or a retry."""

from typing import Any, NamedTuple


class Flaw(NamedTuple):
    """One thing wrong with an input: where (JSON pointer, RFC 6901), a stable code, and a sentence for people."""

    pointer: str
    code: str
    message: str


class CrmError(Exception):
    """The root. `detail` is for people; `extra` adds members to the answer, such as `existing_id`."""

    title = "Error"

    def __init__(self, detail: str, *flaws: Flaw, **extra: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.flaws = flaws
        self.extra = extra


class BadRequest(CrmError):
    """The request cannot be read at all, such as a body that is not JSON."""

    title = "Bad request"


class Unauthenticated(CrmError):
    """Nobody we know: no token, or one that is malformed, expired or revoked."""

    title = "Not authenticated"


class Forbidden(CrmError):
    """Known, but not allowed to do this."""

    title = "Not allowed"


class NotFound(CrmError):
    """There is no such thing for this tenant - which is also what is said of another tenant's things."""

    title = "Not found"


class MethodNotAllowed(CrmError):
    """The path exists, the method does not; `extra` names the allowed ones."""

    title = "Method not allowed"


class Conflict(CrmError):
    """The state of the record does not permit it, such as an address that another contact has."""

    title = "Conflict"


class Stale(CrmError):
    """The record is no longer at the version the caller saw."""

    title = "Changed meanwhile"


class Merged(CrmError):
    """The record has become part of another one; `into` is that one's id."""

    title = "Merged"

    def __init__(self, record_id: str, into: str) -> None:
        super().__init__(f"This record was merged into {into}.", merged_into=into)
        self.record_id, self.into = record_id, into


class Gone(CrmError):
    """The record was removed for good."""

    title = "Gone"


class TooLarge(CrmError):
    """The body is over the limit."""

    title = "Body too large"


class UnsupportedMediaType(CrmError):
    """The body is not of a media type this route reads."""

    title = "Unsupported media type"


class Invalid(CrmError):
    """Well-formed, but not acceptable; `flaws` point at the fields."""

    title = "Invalid input"


class TooMany(CrmError):
    """Too many attempts; `retry_after` is in whole seconds."""

    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after: int, **extra: Any) -> None:
        super().__init__(detail, **extra)
        self.retry_after = retry_after


class Unready(CrmError):
    """A part the system needs does not answer, or has not come so far; `retry_after` is in whole seconds."""

    title = "Not ready"
    retry_after = 1


class MailRefused(Exception):
    """The provider said a definite no: not sent, and not worth another try."""


class MailDeferred(Exception):
    """Certainly not sent, and worth another try later."""


class MailThrottled(MailDeferred):
    """Not sent because it came too fast, or was one too many for today: then `pause` says for how many seconds."""

    def __init__(self, detail: str = "", pause: float = 0.0) -> None:
        super().__init__(detail)
        self.pause = pause


class MailUncertain(Exception):
    """The provider may have taken it: the answer was lost. Never sent again on our own account."""


def invalid(pointer: str, code: str, message: str) -> Invalid:
    """An `Invalid` about one field."""
    return Invalid(message, Flaw(pointer, code, message))
