"""Header text and mailboxes, `Name <name@host>`, read strictly and written in ASCII.

Strictly, so that what is parsed is what is sent to, and nobody else. In ASCII here, because the standard library's own
folding puts stray spaces into long names of other alphabets.
"""

import re
from email.header import Header
from email.utils import formataddr
from typing import Final, NamedTuple

from chalicelib import errors

LENGTH: Final = 800  # characters, name included, so that its header fits a line

_UNFIT = re.compile(r"[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")  # controls, line breaks, halves of characters
_SHAPE = re.compile(r"(?:(?P<name>[^<>]*)<(?P<angled>[^<>]+)>|(?P<bare>[^<>]+))")
# The address as browsers check it (HTML standard, "valid e-mail address"), the host also a single label.
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*")


class Mailbox(NamedTuple):
    """A person's name (perhaps empty, any alphabet) and an address in ASCII, international hosts as Punycode."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """The host of the address."""
        return self.address.rpartition("@")[2]


def parse(text: str, pointer: str) -> Mailbox:
    """Read one mailbox. Raises Invalid, pointing at `pointer`, for anything but exactly one, line breaks included."""
    match = _SHAPE.fullmatch(text.strip(" "))
    if match is None or len(text) > LENGTH or _UNFIT.search(text):
        raise errors.invalid(pointer, "mailbox", "is not a mail address")
    address = _ascii((match["angled"] or match["bare"]).strip())
    if not _ADDRESS.fullmatch(address):
        raise errors.invalid(pointer, "mailbox", "is not a mail address")
    return Mailbox(_unquoted((match["name"] or "").strip()), address)


def written(mailbox: Mailbox, fold: str = " ") -> str:
    """The mailbox as header text in ASCII."""
    if mailbox.name.isascii():
        return formataddr(mailbox)
    return f"{encoded(mailbox.name, fold)}{fold}<{mailbox.address}>"


def encoded(text: str, fold: str = " ") -> str:
    """Header text in ASCII: other alphabets as encoded words (RFC 2047), with `fold` between two of them."""
    if text.isascii() and "=?" not in text:
        return text
    return fold.join(Header(text, "utf-8").encode().split())


def _unquoted(name: str) -> str:
    if len(name) >= 2 and name[0] == name[-1] == '"':
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return name


def _ascii(address: str) -> str:
    """The address with its host as Punycode; unchanged, to be refused, if that is not possible."""
    local, at, host = address.rpartition("@")
    try:
        return local + at + host.encode("idna").decode("ascii")
    except UnicodeError:
        return address
