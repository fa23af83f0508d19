"""The registry: every route with its permission and its structs, as data.

The rim enforces it, OpenAPI and the contract tests read it.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

View = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path.

    `permission` is None where nobody needs to sign in, `self` where any signed-in caller may.
    """

    method: str
    path: str
    permission: str | None
    view: View
    body: type[msgspec.Struct] | None = None
    query: type[msgspec.Struct] | None = None
    returns: Any = None
    status: int = 200
    paged: bool = False
    errors: tuple[int, ...] = ()
    wants: frozenset[str] = frozenset()
    # May also answer 202: True if a job of the same id goes on, or the struct of what is told then.
    begins: bool | type[msgspec.Struct] = False
    again: bool = False  # may also answer 200: what it is to make is there already
    media_type: str | None = None  # of an answer that is not JSON
    pages: tuple[int, ...] = ()  # the statuses other than its own that are answered in this media type too
    form: tuple[str, ...] = ()  # the media types in which its body may also come, as an HTML form sends it

    @property
    def is_patch(self) -> bool:
        """Whether the body is a merge patch, which the view gets as the plain object it is."""
        return self.method in ("PATCH", "PUT")

    @property
    def keyed(self) -> bool:
        """Whether `Idempotency-Key` is honoured. Who hands in raw bytes has yet to prove who he is, and writes nothing
        before.
        """
        return self.method == "POST" and "raw" not in self.wants

    @property
    def may_know(self) -> bool:
        """Whether nobody needs to sign in, but whoever does gets more: the view names an actor, or else None."""
        return self.permission is None and "actor" in self.wants

    @property
    def of_party(self) -> bool:
        """Whether it is about one contact or company, which may be part of another one by now, or gone for good."""
        return "{contact_id}" in self.path or "{company_id}" in self.path


ROUTES: list[Route] = []


def register(method: str, path: str, view: View, permission: str | None, **options: Any) -> Route:
    """Enter a route. Raises ValueError if it is there already."""
    if any(route.method == method and route.path == path for route in ROUTES):
        raise ValueError(f"{method} {path} is registered twice")
    route = Route(method, path, permission, view, wants=frozenset(inspect.signature(view).parameters), **options)
    ROUTES.append(route)
    return route
