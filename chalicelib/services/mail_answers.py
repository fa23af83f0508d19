"""What a provider's answer to a mail of a campaign makes of it: what is recorded, and how fast the next ones go.

An answer is the provider's name for the mail, or what was raised instead of one.
"""

from collections.abc import Sequence
from typing import Final

from chalicelib import clock, errors
from chalicelib.models import mailing as mailings
from chalicelib.services import claims, pace

ATTEMPTS: Final = 12  # tries of a mail that the provider would not take yet: with the pauses below, more than a day
PAUSE: Final = 60  # seconds before the second of them, doubled with each further one
DOUBLINGS: Final = 7


def outcome(answer: str | Exception, tried: int) -> str:
    """What is to be recorded of a mail that was tried in vain so often before."""
    now = clock.stamp()
    if isinstance(answer, str):
        return mailings.outcome("sent", now, message_id=answer)
    if isinstance(answer, errors.MailRefused):
        return mailings.outcome("failed", now, reason="refused")
    if isinstance(answer, errors.Invalid):
        return invalid(answer)
    if isinstance(answer, errors.MailDeferred):
        return deferred("throttled" if isinstance(answer, errors.MailThrottled) else "deferred", tried)
    return mailings.outcome("unknown", now, reason="no_answer")


def deferred(reason: str, tried: int) -> str:
    """Of one that was certainly not sent: it is tried again, later each time, and has failed in the end."""
    attempts = tried + 1
    if attempts >= ATTEMPTS:
        return mailings.outcome("failed", clock.stamp(), reason=reason)
    pause = PAUSE * 2 ** min(attempts - 1, DOUBLINGS)
    return claims.deferred(reason, attempts, clock.stamp(clock.after(pause)))


def invalid(error: errors.Invalid) -> str:
    """Of one that cannot be sent: by the code of the first flaw; never the text, which may quote a name."""
    return mailings.outcome("failed", clock.stamp(), reason=error.flaws[0].code if error.flaws else "invalid")


def heed(tenant: str, rate: float, answers: Sequence[str | Exception]) -> None:
    """Slow down from this rate (mails a second), or stop, if the provider said so of any of them."""
    throttled = [one for one in answers if isinstance(one, errors.MailThrottled)]
    if not throttled:
        return
    longest = max(one.pause for one in throttled)
    if longest:
        pace.close(tenant, longest)
    else:
        pace.slow(tenant, rate)
