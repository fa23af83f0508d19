"""Counting attempts: one atomic update each."""

from pynamodb.exceptions import UpdateError

from chalicelib.models import keys
from chalicelib.models.access import Throttle
from chalicelib.models.table import is_conditional


def add(subject: str, window: str, limit: int, ttl: int) -> int | None:
    """One more attempt: how many there are now, or None if the limit was reached before. One write unit."""
    item = _item(subject, window)
    try:
        item.update(
            [Throttle.attempts.add(1), Throttle.ttl.set(ttl), Throttle.kind.set(Throttle)],
            Throttle.attempts.does_not_exist() | (Throttle.attempts < limit),
        )
    except UpdateError as error:
        if is_conditional(error):
            return None
        raise
    return int(item.attempts)


def subtract(subject: str, window: str) -> None:
    """One attempt less, if there is one. One write unit."""
    try:
        _item(subject, window).update([Throttle.attempts.add(-1)], Throttle.attempts > 0)
    except UpdateError as error:
        if not is_conditional(error):
            raise


def remove(subject: str, window: str) -> None:
    """No attempts at all. One write unit."""
    _item(subject, window).delete()


def _item(subject: str, window: str) -> Throttle:
    pk, sk = keys.key("throttle", subject=subject, window=window)
    return Throttle(pk, sk)
