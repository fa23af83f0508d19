"""Reading what comes from outside, of any type where ours is expected: each reader gives what it says, or refuses.

What an event cannot be without raises `Unreadable`, and so that event is set aside; what only adds to it is left out.
"""

import json
import math
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import msgspec

from chalicelib.adapters.hooks import Malformed

WORD: Final = 60  # characters of a name of theirs that is kept
ID: Final = 300
_UNFIT: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_ANGLED: Final = re.compile(r"[^<>]*<([^<>]*)>\s*")
_ADDRESS: Final = re.compile(r'(?:[^\s@<>"(),:;\\]{1,64}|"[^"\\]{1,62}")@[^\s@<>"(),;\\]{1,255}')
_LONGEST_ADDRESS: Final = 320  # RFC 3696, erratum 1690, says 254; some take more
_MOMENT: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?\s?(?:(Z|z|UTC)|([+-])(\d\d)(?::?(\d\d))?)?",
    re.ASCII,
)
_NUMBER: Final = re.compile(r"\d{1,13}(?:\.\d{1,9})?", re.ASCII)
_FIRST, _LAST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_MILLISECONDS: Final = 1e11  # what is larger counts them: as seconds it would be the year 5138
_IP: Final = re.compile(r"[0-9A-Fa-f.:]{2,45}", re.ASCII)
_URL: Final = re.compile(r"(?:https?://|mailto:|tel:)\S+", re.IGNORECASE)
_LONGEST_QUOTE: Final = 8_000  # characters
_DIGITS: Final = 40  # of a whole number; the longest id that is one has 20
# `{run}-{contact id}`, and `-{step}` where there is more than one, as sending writes it into a tag.
_SEND: Final = re.compile(r"run_[0-7][0-9A-HJKMNP-TV-Z]{25}-con_[0-7][0-9A-HJKMNP-TV-Z]{25}(?:-[0-9]{1,3})?")


class Unreadable(Exception):
    """This event cannot be read. The text says why and quotes nothing."""


def decoded(text: bytes | str) -> Any:
    """JSON as plain objects. Raises Malformed, also for what is nested too deep.

    Halves of characters and numbers that are none, which JSON proper does not know, pass here: they spoil the event
    they stand in, and not the batch (`sound`).
    """
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise Malformed("nested too deep") from None
    except ValueError:
        pass
    try:
        whole = text.decode() if isinstance(text, bytes) else text
        return json.loads(whole, parse_int=_integer)
    except (ValueError, RecursionError):
        raise Malformed("not JSON") from None


def an_object(text: bytes | str) -> dict[str, Any]:
    """JSON as an object. Raises Malformed, also for any other value."""
    found = decoded(text)
    if not isinstance(found, dict):
        raise Malformed("not an object")
    return found


def an_array(text: bytes | str) -> list[Any]:
    """JSON as an array. Raises Malformed, also for any other value."""
    found = decoded(text)
    if not isinstance(found, list):
        raise Malformed("not an array")
    return found


def several(text: bytes | str) -> list[Any]:
    """JSON as an array, or the one object that it is. Raises Malformed, also for any other value."""
    found = decoded(text)
    if not isinstance(found, list | dict):
        raise Malformed("neither an object nor an array")
    return found if isinstance(found, list) else [found]


def sound(raw: object) -> dict[str, Any]:
    """An event as it came, if it is an object that can be kept. Raises Unreadable."""
    if not isinstance(raw, dict):
        raise Unreadable("not an object")
    try:
        msgspec.json.encode(raw)
    except (ValueError, OverflowError, RecursionError):
        raise Unreadable("holds what is no text or number") from None
    return raw


def part(raw: dict[str, Any], *names: str) -> dict[str, Any]:
    """The object within; an empty one if it is missing, null, or the empty list that PHP makes of an empty object.

    Raises Unreadable for anything else.
    """
    for name in names:
        found = raw.get(name)
        if found is None or found == []:
            return {}
        if not isinstance(found, dict):
            raise Unreadable(f"{name} is not an object")
        raw = found
    return raw


def word(raw: dict[str, Any], name: str) -> str:
    """A name of theirs, such as that of a type. Raises Unreadable if there is none."""
    found = raw.get(name)
    if not isinstance(found, str) or not found.strip():
        raise Unreadable(f"{name} is not a word")
    return clean(found, WORD)


def clean(text: str, longest: int) -> str:
    """One line of text, cut to size."""
    return _UNFIT.sub(" ", text[: longest * 2]).strip()[:longest]


def text(*values: object, longest: int = 500) -> str | None:
    """The first of these that is text and says something."""
    return next((found for value in values if isinstance(value, str) and (found := clean(value, longest))), None)


def url(value: object) -> str | None:
    """What was clicked, if it is of a kind that a mail links to: nothing a browser would run."""
    found = text(value, longest=2_000)
    return found if found and _URL.fullmatch(found) else None


def ip(value: object) -> str | None:
    """An address of the internet."""
    return value if isinstance(value, str) and _IP.fullmatch(value) else None


def flag(value: object) -> bool | None:
    """True, false, or nothing said."""
    return value if isinstance(value, bool) else None


def address(value: object) -> str:
    """A bare mail address, out of `Name <address>` too. Raises Unreadable."""
    if not isinstance(value, str) or len(value) > _LONGEST_ADDRESS * 3:
        raise Unreadable("no address of a recipient")
    angled = _ANGLED.fullmatch(value.strip())
    bare = (angled[1] if angled else value).strip()
    if len(bare) > _LONGEST_ADDRESS or _UNFIT.search(bare) or not _ADDRESS.fullmatch(bare):
        raise Unreadable("no address of a recipient")
    return bare


def addresses(values: object) -> list[str]:
    """Bare mail addresses, each once; those that are none are left out. Raises Unreadable if nothing remains."""
    found: dict[str, None] = {}
    for value in values if isinstance(values, list) else []:
        try:
            found[address(value)] = None
        except Unreadable:
            continue
    if not found:
        raise Unreadable("no address of a recipient")
    return list(found)


def identifier(value: object) -> str | None:
    """An id, without the angle brackets that some put around it; a number is one too. None if nothing is said.

    Raises Unreadable for anything else, and for what no id looks like.
    """
    if value is None or value == "":
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**_DIGITS else None
    if not isinstance(value, str):
        raise Unreadable("an id is not text")
    bare = value.strip().removeprefix("<").removesuffix(">").strip()
    if not bare or len(bare) > ID or _UNFIT.search(bare):
        raise Unreadable("an id is not one")
    return bare


def iso(value: object) -> datetime:
    """A moment in ISO 8601 with any number of decimals; without a zone it is UTC. Raises Unreadable."""
    match = _MOMENT.fullmatch(value.strip()) if isinstance(value, str) and len(value) <= WORD else None
    if match is None:
        raise Unreadable("no time")
    year, month, day, hour, minute, second = (int(one) for one in match.groups()[:6])
    decimals, _, sign, hours, minutes = match.groups()[6:]
    micro = int((decimals or "0").ljust(6, "0")[:6])
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    try:
        zone = timezone(-offset if sign == "-" else offset)
        return _sane(datetime(year, month, day, hour, minute, second, micro, zone).astimezone(UTC))
    except (ValueError, OverflowError):
        raise Unreadable("no time") from None


def epoch(value: object) -> datetime:
    """A moment in seconds, or milliseconds, since 1970, as a number or as text. Raises Unreadable."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable("no time")
    try:
        seconds = float(value)
        if not math.isfinite(seconds):
            raise Unreadable("no time")
        seconds = seconds / 1000 if seconds > _MILLISECONDS else seconds
        return _sane(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        raise Unreadable("no time") from None


def mail_date(value: object) -> datetime:
    """A moment as the `Date` of a mail has it (RFC 5322), or in ISO 8601. Raises Unreadable."""
    from email.utils import parsedate_to_datetime

    if not isinstance(value, str) or len(value) > WORD or value[:4].isdecimal():
        return iso(value)
    try:
        return iso(parsedate_to_datetime(value).isoformat())
    except (ValueError, TypeError, IndexError, OverflowError):
        raise Unreadable("no time") from None


def send(value: object) -> str | None:
    """Our own send id, if it is one: others may put into a mail what they like.

    Alone, as the one entry of a list, or as `send` of an object in JSON.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, str) and value.startswith("{") and len(value) <= _LONGEST_QUOTE:
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return None
        value = found.get("send") if isinstance(found, dict) else None
    return value if isinstance(value, str) and _SEND.fullmatch(value) else None


def ascii_json(value: object) -> str:
    """Anything that came as JSON, as JSON that can be kept anywhere, cut to size."""
    try:
        return json.dumps(value)[:_LONGEST_QUOTE]
    except (ValueError, RecursionError):
        return "null"


def _sane(moment: datetime) -> datetime:
    if not _FIRST <= moment < _LAST:
        raise Unreadable("a time out of all reason")
    return moment


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _DIGITS else math.inf
