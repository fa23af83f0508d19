"""Mail addresses: two spellings of one mailbox must be one."""

import unicodedata

from chalicelib import errors


def folded(address: str) -> str:
    """The form in which addresses are compared: composed, in lower case, the host in its ASCII form (IDNA, RFC 3490).

    The local part is case-sensitive by RFC 5321, but no provider of note treats it so, and people type both.
    """
    local, _, host = unicodedata.normalize("NFKC", address.strip()).lower().rpartition("@")
    return f"{local}@{_ascii(host)}"


def checked(address: str, pointer: str) -> str:
    """The folded address. Raises `Invalid` at `pointer` if its host cannot exist."""
    try:
        result = folded(address)
        result.rpartition("@")[2].encode("ascii")
    except UnicodeError:
        raise errors.invalid(pointer, "format", "The host of this address is not valid.") from None
    return result


def _ascii(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode()
    except UnicodeError:
        return host
