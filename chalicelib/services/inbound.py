"""What providers tell us: proved over the raw bytes, then read, then kept, and only then answered with a 2xx.

Whoever calls is answered in the way that makes this provider come again, or not. Nothing is written for somebody who
did not prove who he is.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from chalicelib import clock, errors, observability
from chalicelib.models.guard import Guard
from chalicelib.models.writes import Step, absent, transact
from chalicelib.schemas.page import Document
from chalicelib.services import mail_events, provider_settings

if TYPE_CHECKING:
    from chalicelib.adapters.hooks import Hook, Parsed, Verified

_ONCE: Final = 25 * 3600  # seconds; longer than any signature of one token is good for
_JSON: Final = "application/json"
_ASKING: Final = 'Basic realm="hooks"'  # what goes with a 401 (RFC 9110, 11.6.1)


def accept(provider: str, key: str, headers: Mapping[str, str], body: bytes) -> Document:
    """Take what a provider tells; the answer has the status that it understands.

    Raises `NotFound` for an address that we did not give to this provider. Half a read unit for what it is proved by,
    one write unit where a token has to be remembered, and what `mail_events.record` costs.
    """
    from chalicelib.adapters import hooks

    tenant = provider_settings.tenant_of(provider, key) if provider in hooks.HOOKS else None
    if tenant is None:
        raise errors.NotFound("There is no such address.")
    observability.charge_to(tenant)
    hook = hooks.HOOKS[provider]
    try:
        return _taken(tenant, provider, hook, headers, body)
    except hooks.Refused as error:
        return _no(provider, hook.refuse, type(error).__name__.lower(), error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is ours, and the provider should come again
        observability.failure("webhook not taken", error)
        return _no(provider, hooks.RETRY, "trouble", error)


def probed(provider: str, key: str) -> Document:
    """Somebody looks whether the address is there, before he sends anything to it. Raises `NotFound`. Costs nothing."""
    from chalicelib.adapters import hooks

    if provider not in hooks.HOOKS or provider_settings.tenant_of(provider, key) is None:
        raise errors.NotFound("There is no such address.")
    return Document(_JSON, "", {"Cache-Control": "no-store"})


def _taken(tenant: str, provider: str, hook: "Hook", headers: Mapping[str, str], body: bytes) -> Document:
    from chalicelib.adapters import hooks, outgoing

    adapter, secrets = hooks.adapter(provider), provider_settings.secrets(tenant, provider)
    verified = adapter.verify(secrets, headers, body, clock.now())
    _remember(tenant, provider, verified)
    try:
        parsed = adapter.parse(headers, body)
    except hooks.Malformed as error:  # it is theirs, and no other time will make it better
        mail_events.set_aside(tenant, provider, [(body.decode("utf-8", "replace"), str(error))])
        return _no(provider, hook.stop, "malformed", error)
    if not hooks.provable(provider, secrets) and (parsed.events or parsed.bad or parsed.confirm):
        raise hooks.Forged("nothing is set for this provider")
    if parsed.confirm is not None:
        outgoing.get(parsed.confirm)
    mail_events.record(tenant, parsed.events)
    mail_events.set_aside(tenant, provider, parsed.bad)
    _log(provider, parsed)
    return _answer(200, {"taken": len(parsed.events)})


def _remember(tenant: str, provider: str, verified: "Verified") -> None:
    """A token that was not signed together with its body is good for one body only. Raises `Forged`."""
    from chalicelib.adapters import hooks

    if verified.once is None:
        return
    guard = Guard.of(tenant, "hook", provider, mail_events.digest_of(provider, verified.once), verified.digest)
    guard.ttl = int(clock.epoch()) + _ONCE
    try:
        transact(Step("save", guard, absent() | (Guard.holder == verified.digest)))
    except errors.Stale:
        raise hooks.Forged("a token that came with another body") from None


def _log(provider: str, parsed: "Parsed") -> None:
    counts: dict[str, int] = {}
    for event in parsed.events:
        counts[event.type] = counts.get(event.type, 0) + 1
    observability.note("webhook", provider=provider, events=counts, bad=len(parsed.bad), ignored=parsed.ignored)
    if parsed.bad:
        observability.alert("events of a webhook could not be read", provider=provider, bad=len(parsed.bad))


def _no(provider: str, status: int, why: str, error: Exception) -> Document:
    """What is not taken. The reason stands in the log, where it helps nobody to guess."""
    observability.alert("webhook refused", provider=provider, status=status, outcome=why, reason=_said(error))
    return _answer(status, {"taken": 0})


def _said(error: Exception) -> str:
    """The text of our own refusals, which quotes nothing; of anything else its kind."""
    from chalicelib.adapters import hooks

    return str(error) if isinstance(error, hooks.Refused | hooks.Undecided) else type(error).__name__


def _answer(status: int, said: Mapping[str, object]) -> Document:
    headers = {"Cache-Control": "no-store", **({"WWW-Authenticate": _ASKING} if status == 401 else {})}
    return Document(_JSON, msgspec.json.encode(said).decode(), headers, status)
