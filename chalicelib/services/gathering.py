"""What the changes of one batch of the feed have to say together, so that a total, a mailing or a contact that many of
them are about is met once.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Generic, TypeVar

T = TypeVar("T")
Settle = Callable[[str, Sequence[T]], None]


class Gathered(Generic[T]):
    """What was said in one batch, by tenant, in its order."""

    def __init__(self, settle: Settle[T]) -> None:
        self._settle = settle
        self._said: dict[str, list[T]] = defaultdict(list)

    def add(self, tenant: str, said: T) -> None:
        """Keep it until its tenant's are settled."""
        self._said[tenant].append(said)

    def tenants(self) -> list[str]:
        """Whose there is."""
        return list(self._said)

    def settle(self, tenant: str) -> None:
        """Settle what was said of one tenant. Raises what settling raises."""
        self._settle(tenant, self._said[tenant])


class Gathering(Generic[T]):
    """One kind of what is said, and how it is settled. While a call of it lasts, `say` only gathers; whoever called
    settles what there is afterwards.
    """

    def __init__(self, name: str, settle: Settle[T]) -> None:
        self._settle = settle
        self._now: ContextVar[Gathered[T] | None] = ContextVar(name, default=None)

    @contextmanager
    def __call__(self) -> Iterator[Gathered[T]]:
        """Gather from here on."""
        gathered = Gathered(self._settle)
        token = self._now.set(gathered)
        try:
            yield gathered
        finally:
            self._now.reset(token)

    def say(self, tenant: str, said: T) -> None:
        """Gather it, or settle it at once."""
        gathered = self._now.get()
        if gathered is not None:
            gathered.add(tenant, said)
        else:
            self._settle(tenant, [said])
