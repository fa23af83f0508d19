"""Mail addresses: two spellings of one mailbox must be one."""

import unicodedata
from typing import Final

from chalicelib import errors
from chalicelib.schemas import decoding
from chalicelib.schemas.fields import Address

_LONGEST: Final = 254  # characters (RFC 5321)


def folded(address: str) -> str:
    """The form in which addresses are compared: composed, in lower case, the host in its ASCII form (IDNA, RFC 3490).

    The local part is case-sensitive by RFC 5321, but no provider of note treats it so, and people type both. Cut to
    what an address can be at most, so that it always fits into a key.
    """
    return _folded(address)[:_LONGEST]


def checked(address: str, pointer: str) -> str:
    """The folded address. Raises `Invalid` at `pointer` if it cannot exist.

    Folding may turn a harmless character into a comma, a space or several dots, so what comes out is checked as well.
    """
    result = _folded(address)
    try:
        decoding.convert(result, Address)
        result.rpartition("@")[2].encode("ascii")
    except (errors.Invalid, UnicodeError):
        raise errors.invalid(pointer, "format", "There can be no such address.") from None
    return result


def _folded(address: str) -> str:
    # NFC, not NFKC: that would make other letters, even blanks, of what stands in the local part (RFC 6532, 3.1).
    local, _, host = unicodedata.normalize("NFC", address.strip()).lower().rpartition("@")
    return f"{local}@{_ascii(host)}"


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host
