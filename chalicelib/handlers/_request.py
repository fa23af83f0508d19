"""One API Gateway event, read as a request: headers without case, a body under its limit, typed input or a refusal."""

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec

from chalicelib import errors
from chalicelib.schemas import decoding

MAX_BODY: Final = 1024 * 1024  # bytes
_UNREADABLE: Final = "\ufffd".encode()
_JSON: Final = ("application/json", "application/merge-patch+json")
_PARTS: Final = "multipart/form-data"
FORM: Final = ("application/x-www-form-urlencoded",)  # what a page of our own sends
ANY_FORM: Final = (*FORM, _PARTS)  # what a mail program may send (RFC 8058, 3.1)
_BOUNDARY: Final = re.compile(r';\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s";,]{1,70}))', re.IGNORECASE)
_PART_NAME: Final = re.compile(
    r'^content-disposition:\s*form-data\s*;(?:[^\n]*;)?\s*name="([^"\n]{1,200})"', re.I | re.M
)
_MOST_FIELDS: Final = 50  # of a form, and again for each list that its struct has
_TAG: Final = re.compile(r'(?:W/)?"?(0|[1-9][0-9]{0,8})"?')
_CUSTOM: Final = "custom."  # `custom.tier=gold` asks for a value of the firm's own field
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_BLANK_OFFSET: Final = re.compile(r" (?=[0-9]{2}:[0-9]{2}\Z)", re.ASCII)


class Request:
    """What the rim reads of an event. Nothing is decoded before it is asked for."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self.event = event
        context = event.get("requestContext") or {}
        self.id: str = context.get("requestId") or "none"
        self.path: str = event.get("path") or context.get("path") or "/"
        # As the caller sees it: on API Gateway's own domain it begins with the stage, on a firm's own it need not.
        self.public_path: str = context.get("path") or self.path
        self.source: str = (context.get("identity") or {}).get("sourceIp") or "unknown"
        self.headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}

    def body(self) -> bytes:
        """The body as UTF-8. Raises as `raw`, and `BadRequest` if it is none.

        The gateway hands over as text what is not, with U+FFFD for what it could not read. So text with that character
        is refused before it is kept for good; who means it writes `\\ufffd`.
        """
        data = self.raw()
        if _UNREADABLE in data:
            raise errors.BadRequest("The body is not UTF-8.")
        return data

    def raw(self) -> bytes:
        """The body as it came. Raises `TooLarge` over 1 MB, `BadRequest` if the gateway's base64 is broken."""
        raw = self.event.get("body") or ""
        try:
            data = base64.b64decode(raw, validate=True) if self.event.get("isBase64Encoded") else raw.encode()
        except ValueError:  # of base64, or of characters that are none
            raise errors.BadRequest("The body cannot be decoded.") from None
        if len(data) > MAX_BODY:
            raise errors.TooLarge(f"The body is {len(data)} bytes long; at most {MAX_BODY} are taken.")
        return data

    @property
    def base(self) -> str:
        """Where this API begins for the caller, without a slash at the end: scheme, host, and the stage if it shows."""
        host = self.headers.get("host") or (self.event.get("requestContext") or {}).get("domainName") or "localhost"
        said = self.headers.get("x-forwarded-proto")
        scheme = said if said in ("http", "https") else "https"
        return f"{scheme}://{host}{self.public_path.removesuffix(self.path).rstrip('/')}"

    @property
    def media_type(self) -> str:
        """Of the body; JSON if nothing is said."""
        return str(self.headers.get("content-type", _JSON[0])).partition(";")[0].strip().lower()

    def form(self, kind: type[msgspec.Struct], media_types: Sequence[str]) -> Any:
        """The body as a struct, as an HTML form sends it in one of `media_types` or as JSON; a field that was left
        blank was not given, and a list has each value that was.

        Raises as `json`, and `Invalid` for any other field given twice.
        """
        if self.media_type not in media_types:
            return self.json(kind)
        most = _MOST_FIELDS * (1 + len(_lists(kind)))
        try:
            fields = self._parts(most) if self.media_type == _PARTS else self._pairs(most)
        except ValueError:
            raise errors.BadRequest("The body is not a form.") from None
        given: dict[str, Any] = {name: [] for name in {name for name, _ in fields} & _lists(kind)}
        for name, value in ((name, value.strip()) for name, value in fields if value.strip()):
            if name in _lists(kind):
                given[name].append(value)
            elif name in given:
                raise errors.invalid(f"/{name}", "repeated", f"`{name}` was given more than once.")
            else:
                given[name] = value
        return decoding.convert(given, kind)

    def _pairs(self, most: int) -> list[tuple[str, str]]:
        text = self.body().decode()
        return parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=most)

    def _parts(self, most: int) -> list[tuple[str, str]]:
        """The fields of a form in parts (RFC 7578). Raises ValueError for what is none, and for a file."""
        boundary = _BOUNDARY.search(self.headers["content-type"])
        if boundary is None:
            raise ValueError("parts without a boundary")
        text = "\n" + self.body().decode().replace("\r\n", "\n")
        _, *parts, end = text.split(f"\n--{boundary[1] or boundary[2]}", most + 1)
        if not parts or not end.startswith("--"):
            raise ValueError("not a form in parts")
        return [_part(part) for part in parts]

    def json(self, kind: type[msgspec.Struct], *, plain: bool = False) -> Any:
        """The body as a struct; `plain`: as the object it is, after the same check.

        Raises `UnsupportedMediaType`, `TooLarge`, `BadRequest` for what is not JSON, `Invalid` for what does not fit.
        """
        media_type = self.media_type
        if media_type not in _JSON:
            raise errors.UnsupportedMediaType(f"The body must be {_JSON[0]}, not {media_type[:100]}.")
        data = self.body()
        if not data.strip() and not any(field.required for field in msgspec.structs.fields(kind)):
            data = b"{}"
        try:
            decoded = msgspec.json.decode(data)
        except (ValueError, RecursionError):  # not its grammar, not UTF-8, or too deep
            raise errors.BadRequest("The body is not JSON.") from None
        typed = decoding.convert(decoded, kind)
        return decoded if plain else typed

    def query(self, kind: type[msgspec.Struct]) -> Any:
        """The query string as a struct. Raises `Invalid`, also for a parameter given twice."""
        values: dict[str, Any] = {}
        for name, given in (self.event.get("multiValueQueryStringParameters") or {}).items():
            if len(given) > 1:
                raise errors.invalid(f"/{name}", "repeated", f"`{name}` was given {len(given)} times.")
            if name.startswith(_CUSTOM) and "custom" in kind.__struct_fields__:
                values.setdefault("custom", {})[name.removeprefix(_CUSTOM)] = given[0]
                continue
            # Not left to msgspec's lax mode, which takes `null` for nothing and 123 for a moment in 1970.
            number = name in _numbers(kind) and _NUMBER.fullmatch(given[0])
            values[name] = int(given[0]) if number else given[0]
            if name in _moments(kind):  # a plus sign that was not encoded has become a blank
                values[name] = _BLANK_OFFSET.sub("+", given[0])
        return decoding.convert(values, kind)

    def if_match(self) -> list[int] | None:
        """The versions that `If-Match` names (RFC 9110, 13.1.1): None if any will do, an empty list if none can.

        A weak tag counts as the strong one it was made of: what compresses answers on their way marks them weak.
        """
        given = self.headers.get("if-match", "*").strip()
        if given == "*":
            return None
        found = [_TAG.fullmatch(tag.strip()) for tag in given.split(",")]
        return [int(match[1]) for match in found if match]

    def if_none_match(self, etag: str) -> bool:
        """Whether the caller already has this version."""
        tags = [tag.strip().removeprefix("W/") for tag in self.headers.get("if-none-match", "").split(",")]
        return etag in tags or "*" in tags


def _part(text: str) -> tuple[str, str]:
    """Name and value of one part. Raises ValueError, also for a file."""
    head, blank, value = text.partition("\n\n")
    name = _PART_NAME.search(head)
    if not blank or name is None or "filename" in head.lower():
        raise ValueError("not a field")
    return name[1], value


@cache
def _numbers(kind: type[msgspec.Struct]) -> frozenset[str]:
    """The fields of a struct that are whole numbers, by their names on the wire."""
    return _of_type(kind, int)


@cache
def _moments(kind: type[msgspec.Struct]) -> frozenset[str]:
    """The fields of a struct that are moments, by their names on the wire."""
    return _of_type(kind, datetime)


@cache
def _lists(kind: type[msgspec.Struct]) -> frozenset[str]:
    """The fields of a struct that are lists, by their names on the wire."""
    plain = msgspec.structs.fields(kind)
    return frozenset(field.encode_name for field in plain if _is_list(field.type))


def _is_list(found: Any) -> bool:
    origin = get_origin(found)
    return origin is list or (origin is Annotated and _is_list(get_args(found)[0]))


def _of_type(kind: type[msgspec.Struct], wanted: type) -> frozenset[str]:
    def fits(found: Any) -> bool:
        return found is wanted or any(map(fits, get_args(found)))

    return frozenset(field.encode_name for field in msgspec.structs.fields(kind) if fits(field.type))
