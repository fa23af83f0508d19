"""The one door for mail. Which provider takes it is configuration; what may be sent is checked here, for all."""

import re
from collections.abc import Sequence
from importlib import import_module
from typing import Final

from chalicelib import config, errors, observability
from chalicelib.adapters import _mailbox, hands
from chalicelib.schemas.mail import Mail

# Modules with `send(mail) -> provider message id`, raising MailRefused, MailDeferred or MailUncertain. Loaded late.
PROVIDERS: Final[dict[str, str]] = {
    "smtp": "chalicelib.adapters.providers.smtp",
    "ses": "chalicelib.adapters.providers.ses",
}

# Headers that the mailer or the provider writes; a second one could redirect a mail or forge its origin.
RESERVED: Final = frozenset(
    {
        *("bcc", "cc", "date", "from", "message-id", "mime-version", "resent-bcc", "resent-cc", "resent-to"),
        *("return-path", "sender", "subject", "to", "x-tendril-tag"),
    }
)

LINE: Final = 870  # characters of a header's value: what SES takes, and under SMTP's 998 with the longest name

_HEADER_NAME = re.compile(r"[!-9;-~]{1,126}")  # RFC 5322 section 2.2; the length is the narrowest provider's
_TAG = re.compile(r"[A-Za-z0-9_-]{1,256}")  # what SES takes, the narrowest of the providers
_BREAK = re.compile(r"[\r\n\0]")


def send(mail: Mail) -> str:
    """Hand a mail to the configured provider and answer the provider's id of it.

    Raises Invalid before any I/O for what could not, or must not, be put into a mail; MailRefused if the provider said
    no for good; MailDeferred if it was certainly not sent and may be tried again; MailUncertain if it may have been
    sent.
    """
    _check(mail)
    name = config.mail_provider()
    if name not in PROVIDERS:
        raise errors.MailDeferred(f"MAIL_PROVIDER names no known provider ({', '.join(PROVIDERS)}): {name!r}")
    try:
        message_id: str = import_module(PROVIDERS[name]).send(mail)
    except errors.MailUncertain:
        observability.meter().mails += 1  # billed if it went out, and we cannot tell
        raise
    observability.meter().mails += 1
    return message_id


def mailbox(text: str, pointer: str) -> tuple[str, str]:
    """The (name, address) of one mailbox, as a mail would have it. Raises Invalid at `pointer` for anything else."""
    read = _mailbox.parse(text, pointer)
    return read.name, read.address


def send_all(mails: Sequence[Mail]) -> list[str | Exception]:
    """Hand several to the provider at once: for each its id there, or what `send` raised; in their order."""
    return hands.each(send, mails)


def _check(mail: Mail) -> None:
    _mailbox.parse(mail.sender, "/sender")
    _mailbox.parse(mail.to, "/to")
    _check_line("/subject", mail.subject)
    _check_text("/text", mail.text)
    _check_text("/html", mail.html or "")
    for name, value in mail.headers.items():
        _check_header(name, value)
    for name, value in mail.tags.items():
        if not (_TAG.fullmatch(name) and _TAG.fullmatch(value)):
            raise errors.invalid(_pointer("tags", name), "tag", "takes letters, digits, _ and - only, at most 256")


def _check_header(name: str, value: str) -> None:
    if not _HEADER_NAME.fullmatch(name):
        raise errors.invalid(_pointer("headers", name), "header_name", "is not a header name")
    if name.lower() in RESERVED or name.lower().startswith("content-"):
        raise errors.invalid(_pointer("headers", name), "reserved", "is set by the mailer")
    _check_line(_pointer("headers", name), value)


def _check_line(pointer: str, value: str) -> None:
    if _BREAK.search(value):
        raise errors.invalid(pointer, "line_break", "must be one line")
    if len(value) > LINE:
        raise errors.invalid(pointer, "too_long", f"takes at most {LINE} characters")
    _check_text(pointer, value)


def _check_text(pointer: str, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise errors.invalid(pointer, "unicode", "holds half of a character") from error


def _pointer(field: str, key: str) -> str:
    return f"/{field}/{key.replace('~', '~0').replace('/', '~1')}"
