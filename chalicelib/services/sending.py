"""Mail at most once, and accounted for.

The claim is written before the provider is called. A crash between the call and the record leaves the claim; when its
lease runs out it is `unknown`, and never sent again on our own account.
"""

from collections.abc import Callable
from typing import Final

from chalicelib import clock, errors, ids, observability
from chalicelib.adapters import mailer
from chalicelib.errors import Invalid, MailDeferred, MailRefused, MailUncertain
from chalicelib.models import keys
from chalicelib.models.send import Send
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step, absent, transact
from chalicelib.schemas.mail import Mail

LEASE: Final = 120  # seconds: longer than any call to a provider may take
RETRY: Final = 300  # seconds until a deferred mail is tried again


def once(tenant: str, subject_id: str, purpose: str, at: str, compose: Callable[[], Mail | str]) -> float | None:
    """Send what `compose` makes, unless it was sent before; a reason (text) instead of a mail suppresses it.

    `(subject_id, purpose, at)` names the mail. Returns None when it is settled, or the seconds after which to ask
    again.
    """
    send = _claim(tenant, subject_id, purpose, at)
    if isinstance(send, float):
        return send
    if send is None:
        return None
    try:
        mail = compose()
    except Exception as error:
        _record(send, "deferred", type(error).__name__)  # certainly not sent, so it may be tried again
        raise
    if isinstance(mail, str):
        _record(send, "suppressed", mail)
        return None
    try:
        send.provider_message_id = mailer.send(mail)
    except (MailRefused, Invalid):
        _record(send, "failed", "The provider refused it.")
    except MailUncertain:
        _record(send, "unknown", "The provider's answer was lost.")
    except MailDeferred:
        _record(send, "deferred", "The provider could not be reached or asked to wait.")
        return float(RETRY)
    else:
        _record(send, "sent", None)
    return None


def give_up(tenant: str, subject_id: str, purpose: str, at: str) -> None:
    """Nobody will ask for this mail again: unless it is settled, or in somebody's hands, it has failed."""
    send = _claim(tenant, subject_id, purpose, at)
    if isinstance(send, Send):
        _record(send, "failed", "It could not be handed to the provider for too long.")


def _claim(tenant: str, subject_id: str, purpose: str, at: str) -> Send | float | None:
    """The claim, if it is ours; seconds to wait while it is another's; None if there is nothing left to do."""
    send = Send(
        *keys.key("send", tenant=tenant, subject=subject_id, purpose=purpose, at=at),
        status="claimed",
        purpose=purpose,
        claim=ids.new("clm"),
        claimed_at=clock.stamp(),
        lease_until=clock.stamp(clock.after(LEASE)),
    )
    try:
        transact(Step("save", send, absent() | (Send.status == "deferred")))
    except errors.Stale:
        return _already(send)
    return send


def _already(send: Send) -> Send | float | None:
    held = fetch(Send, send.pk, send.sk, consistent=True)
    if held is None or held.status != "claimed":
        return None
    if held.claim == send.claim:
        return send  # it is ours: the answer to the first try of the write was lost
    if held.lease_until > clock.stamp():
        return max(1.0, (clock.parse(held.lease_until) - clock.now()).total_seconds())
    _record(held, "unknown", "The sender was cut off between call and record.")
    return None


def _record(send: Send, status: str, reason: str | None) -> None:
    """Note the outcome of our own claim. One that was taken from us meanwhile stays as it is."""
    send.status, send.reason = status, reason
    observability.note("mail", mail_purpose=send.purpose, status=status, reason=reason)
    try:
        transact(Step("save", send, (Send.status == "claimed") & (Send.claim == send.claim)))
    except errors.Stale:
        observability.note("mail outcome came after its lease", mail_purpose=send.purpose, status=status)
