"""Lists: what is asked for, and one page of the answer."""

from typing import Annotated, Any, Generic, TypeVar

import msgspec
from msgspec import Meta

T = TypeVar("T")


class ListQuery(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The query parameters every list has."""

    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    cursor: Annotated[str, Meta(max_length=2000)] | None = None


class Page(msgspec.Struct, frozen=True):
    """Which page: how many rows, and the key to go on from."""

    limit: int = 50
    start: dict[str, Any] | None = None


class Listing(msgspec.Struct, Generic[T]):
    """One page of views, and the key of the next one, if there may be more. The rim seals the key into a cursor."""

    data: list[T]
    last: dict[str, Any] | None = None


class Made(msgspec.Struct, Generic[T]):
    """What a call that may create or change has done: the view, and whether it is new."""

    view: T
    new: bool


class Document(msgspec.Struct):
    """An answer that is not JSON; `status` if it is not the route's own."""

    media_type: str
    text: str
    headers: dict[str, str] = {}
    status: int | None = None


class Begun(msgspec.Struct, Generic[T]):
    """An answer about work that goes on as a job of the same id: 202, and `Location` names the job."""

    view: T
