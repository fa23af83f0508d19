"""Firms made ready for comparison."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.services.matching._address import Address, address
from chalicelib.services.matching._people import tails
from chalicelib.services.matching._words import FORMS, plain


@dataclass(frozen=True, slots=True)
class Firm:
    """Plain words and digits, empty where nothing is known; the name without its legal form."""

    name: str
    domains: tuple[str, ...]
    phones: tuple[str, ...]
    address: Address


def firm(record: Mapping[str, Any]) -> Firm:
    """The company, given as on the wire, made ready."""
    words = plain(record.get("name") or "").split()
    hosts = [_host(text) for text in (*(record.get("domains") or ()), record.get("website") or "")]
    return Firm(
        name=" ".join([word for word in words if word not in FORMS] or words),
        domains=tuple(dict.fromkeys(host for host in hosts if "." in host)),
        phones=tails(phone.get("number") for phone in record.get("phones") or ()),
        address=address(record.get("address")),
    )


def _host(text: str) -> str:
    """The host of a domain or web address, without `www`."""
    return text.casefold().partition("://")[2 if "://" in text else 0].partition("/")[0].removeprefix("www.").strip()
