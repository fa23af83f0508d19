"""Single cells into values: dates in the forms people write, countries, stages, names, and what a spreadsheet adds.

Each raises ValueError with a sentence for people when a cell can mean several things or nothing.
"""

import re
from datetime import date
from typing import Any, Final

from chalicelib import errors
from chalicelib.services import emails
from chalicelib.services.exporting import cells
from chalicelib.services.importing.words import COUNTRIES, NO, RELATIONSHIPS, STAGES, YES, plain

_YEAR_FIRST: Final = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?:[T ].*)?")
_YEARLESS: Final = re.compile(r"--([0-9]{2})-?([0-9]{2})")
_COMPACT: Final = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_DOTTED: Final = re.compile(r"([0-9]{1,2})\. ?([0-9]{1,2})\. ?([0-9]{4})(?: .*)?")
_SLASHED: Final = re.compile(r"([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})(?: .*)?")
_MONTH_FIRST: Final = frozenset({"US", "PH", "FM", "PW", "MH"})  # CLDR: countries whose short date is month/day/year
_SPLIT_LIST: Final = re.compile(r"[;,\n|]")
_SPLIT_MAILS: Final = re.compile(r"[;,\s|]+")
_HOST: Final = re.compile(r"(?:[a-z]+://)?(?:[^/@\s]*@)?(?:www\.)?([^/:?#\s]+)", re.IGNORECASE)
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PARTICLES: Final = frozenset({"von", "van", "de", "der", "den", "del", "della", "di", "da", "la", "le", "zu", "dos"})


def cell(text: str) -> str:
    """Trimmed, without the apostrophe by which spreadsheets, and our own files, mark a formula as text."""
    return cells.plain(text.strip())


def listed(text: str) -> list[str]:
    """The parts between semicolons, commas or line ends, or of a list in JSON; each once."""
    whole = cells.structured(text)
    if isinstance(whole, list) and all(isinstance(one, str) for one in whole):
        return list(dict.fromkeys(whole))
    return list(dict.fromkeys(part.strip() for part in _SPLIT_LIST.split(text) if part.strip()))


def addresses(text: str) -> list[str]:
    """Several mail addresses in one cell, each once; `Ada <ada@example.com>` is its address."""
    found = (part.strip("<>\"'()") for part in _SPLIT_MAILS.split(text))
    parts = [part for part in found if part]
    if len(parts) > 1 and any("@" in part for part in parts) and "<" in text:
        parts = [part for part in parts if "@" in part]
    return list(dict.fromkeys(parts))


def day(text: str, country: str | None) -> str:
    """A date as `YYYY-MM-DD`, or `--MM-DD` without a year. `country` decides between 3/4 and 4/3."""
    if match := _YEARLESS.fullmatch(text):
        month, number = int(match[1]), int(match[2])
        date(2000, month, number)
        return f"--{month:02}-{number:02}"
    if match := _YEAR_FIRST.fullmatch(text) or _COMPACT.fullmatch(text):
        return _real(int(match[1]), int(match[2]), int(match[3]), text)
    if match := _DOTTED.fullmatch(text):
        return _real(int(match[3]), int(match[2]), int(match[1]), text)
    if match := _SLASHED.fullmatch(text):
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        if first == second or second > 12:
            return _real(year, first, second, text)
        if first > 12:
            return _real(year, second, first, text)
        if country is None:
            raise ValueError(f"{text[:40]!r} can mean two days; write it as YYYY-MM-DD, or give the `country`.")
        return _real(year, first, second, text) if country in _MONTH_FIRST else _real(year, second, first, text)
    raise ValueError(f"{text[:40]!r} is no date; write it as YYYY-MM-DD.")


def country(text: str) -> str:
    """The two letters of ISO 3166-1 for a name or for themselves."""
    if re.fullmatch(r"[A-Z]{2}", text):
        return {"UK": "GB"}.get(text, text)
    found = COUNTRIES.get(plain(text))
    if found is None:
        raise ValueError(f"There is no country {text[:60]!r}; two letters (ISO 3166-1) always do.")
    return found


def stage(text: str) -> str:
    """A lifecycle stage as a word of small letters: `Marketing Qualified Lead` is `marketing_qualified_lead`."""
    name = plain(text)
    name = STAGES.get(name, name).replace(" ", "_")[:40]
    if not _KEY.fullmatch(name):
        raise ValueError(f"{text[:60]!r} cannot be the name of a stage.")
    return name


def relationship(text: str) -> str:
    """One of the relationships there are."""
    found = RELATIONSHIPS.get(plain(text))
    if found is None:
        raise ValueError(f"{text[:60]!r} is none of the relationships there are.")
    return found


def language(text: str) -> str:
    """A language tag with its parts as usual: `de_at` is `de-AT`."""
    head, *rest = text.replace("_", "-").split("-")
    return "-".join([head.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])


def domain(text: str) -> str:
    """The host of a web address, without `www.`."""
    match = _HOST.match(text)
    if match is None or "." not in match[1]:
        raise ValueError(f"{text[:60]!r} is no domain.")
    return match[1].lower().rstrip(".")


def website(text: str) -> str:
    """A web address, with its scheme."""
    return text if "://" in text else f"https://{text}"


def names(text: str) -> tuple[str | None, str]:
    """First and last name: `Lovelace, Ada` as it says, else the last word with the particles before it."""
    last, comma, first = text.partition(",")
    if comma and first.strip() and last.strip():
        return first.strip(), last.strip()
    words = text.split()
    if len(words) < 2:
        return (text or None), ""
    start = len(words) - 1
    while start > 1 and words[start - 1].lower() in _PARTICLES:
        start -= 1
    return " ".join(words[:start]), " ".join(words[start:])


def boolean(text: str) -> bool:
    """Yes or no, in several languages."""
    name = plain(text)
    if name not in YES | NO:
        raise ValueError(f"{text[:40]!r} is neither yes nor no.")
    return name in YES


def number(text: str) -> Any:
    """A number, with a decimal point or comma; groups of thousands only where they cannot be decimals."""
    bare = text.replace(" ", "").replace("\u00a0", "").replace("'", "")
    if re.fullmatch(r"-?[0-9]{1,3}(,[0-9]{3})+\.[0-9]+|-?[0-9]{1,3}(,[0-9]{3}){2,}", bare):
        bare = bare.replace(",", "")
    elif re.fullmatch(r"-?[0-9]{1,3}(\.[0-9]{3})+,[0-9]+|-?[0-9]{1,3}(\.[0-9]{3}){2,}", bare):
        bare = bare.replace(".", "").replace(",", ".")
    elif re.fullmatch(r"-?[0-9]+,[0-9]+", bare):
        if re.fullmatch(r"-?[0-9]{1,3},[0-9]{3}", bare):
            raise ValueError(f"{text[:40]!r} can mean two numbers; write it with a point, or without grouping.")
        bare = bare.replace(",", ".")
    if not re.fullmatch(r"-?[0-9]{1,16}(\.[0-9]{1,16})?", bare):
        raise ValueError(f"{text[:40]!r} is no number.")
    return float(bare) if "." in bare else int(bare)


def mail_address(text: str) -> str:
    """The address as it is kept. Raises ValueError for one that cannot be."""
    try:
        return emails.checked(text, "")
    except errors.Invalid:
        raise ValueError(f"{text[:100]!r} is no mail address.") from None


def money(text: str) -> Any:
    """A sum of money as our own files have it: `129900 EUR`, in minor units."""
    amount, _, currency = text.rpartition(" ")
    if not amount.lstrip("-").isdigit() or len(currency) != 3:
        raise ValueError(f"{text[:40]!r} is no sum of money; write it in minor units, as in `129900 EUR`.")
    return {"amount": int(amount), "currency": currency.upper()}


def _real(year: int, month: int, number: int, text: str) -> str:
    try:
        return date(year, month, number).isoformat()
    except ValueError:
        raise ValueError(f"There is no such day as {text[:40]!r}.") from None
