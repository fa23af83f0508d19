"""Columns by which people said no: to mail, calls, fax, or mail about one thing, in files of other systems.

Only a no is read from them. An empty cell, or that somebody did not object, is not a yes.
"""

import re
from typing import Final

from chalicelib.services.importing.words import NO, YES, plain

CHANNELS: Final = frozenset({"opt_out.email", "opt_out.phone", "opt_out.fax"})
_TOPIC: Final = re.compile(r"opt_out\.topic\..{1,50}")
_HEADERS: Final = {
    **dict.fromkeys(
        (
            *("unsubscribed from all email", "unsubscribed", "email opt out", "email opted out", "email optout"),
            *("opted out of email", "has opted out of email", "hs email optout", "marketing status", "do not email"),
        ),
        "opt_out.email",
    ),
    **dict.fromkeys(("do not call", "phone opt out", "has opted out of calls", "call opt out"), "opt_out.phone"),
    **dict.fromkeys(("fax opt out", "has opted out of fax", "do not fax"), "opt_out.fax"),
}
_ABOUT: Final = re.compile(r"opted out of email\s*:\s*(.{1,50})", re.IGNORECASE)
_REFUSED: Final = YES | {"unsubscribed", "not subscribed", "no consent", "opted out", "opt out", "abgemeldet"}
_SILENT: Final = NO | {"subscribed", "opted in", "opt in", "never", "none", "bounced", "archived", "pending"}


def guess(header: str, name: str) -> str | None:
    """The target of a header, whose plain form is `name`."""
    if match := _ABOUT.fullmatch(header.strip()):
        return f"opt_out.topic.{match[1].strip()}"
    return _HEADERS.get(name)


def valid(target: str) -> bool:
    """Whether there is such a target."""
    return target in CHANNELS or _TOPIC.fullmatch(target) is not None


def place(target: str) -> tuple[str, str]:
    """Where in the preferences the no belongs: the group and the member."""
    _, _, said = target.partition(".")
    topic = said.removeprefix("topic.")
    return ("channels", said) if topic == said else ("topics", topic)


def refuses(text: str) -> bool:
    """Whether the cell is a no to being contacted. Raises ValueError for one that may be: that is not passed over."""
    name = plain(text)
    if name not in _REFUSED | _SILENT:
        raise ValueError(f"It cannot be told whether {text[:40]!r} means that somebody opted out; write yes or no.")
    return name in _REFUSED
