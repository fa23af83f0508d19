"""What a firm's mail providers prove their webhooks by, and the address that each of them is told.

Secrets are encrypted before they reach the table (AES-GCM, NIST SP 800-38D), under a key derived from the signing ring
and bound to their place, so that neither a copy of the table nor an item put elsewhere is of use. The address holds a
key that nobody can guess and that is proved without a look at anything: a wrong one costs nothing.
"""

from typing import TYPE_CHECKING, Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.models.provider import Provider, place
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Made
from chalicelib.schemas.provider import ProviderView
from chalicelib.services import keyring, short_tokens

if TYPE_CHECKING:
    from chalicelib.adapters.hooks import Hook, Secrets

_SEALING: Final = "provider-secrets"
_HOOKS: Final = "hook-keys"
_NONCE: Final = 12  # bytes, as GCM takes them best
_TAG: Final = 16
_LONGEST: Final = 200  # characters of a tenant key


def get(actor: Actor, provider: str, base: str) -> ProviderView:
    """What is set, but for the secrets themselves. Raises `NotFound` for a provider that we do not know."""
    return _view(_hook(provider), actor.tenant, provider, fetch(Provider, *place(actor.tenant, provider)), base)


def put(actor: Actor, provider: str, body: dict[str, Any], base: str, expected: int | None) -> Made[ProviderView]:
    """Set all of it anew. Raises `NotFound`, `Stale`, and `Invalid` for a field that this provider does not use, or
    for too little to prove anything with.
    """
    hook = _hook(provider)
    given = {name: _several(value) for name, value in body.items() if value is not None}
    _check(hook, provider, given)
    held = fetch(Provider, *place(actor.tenant, provider), consistent=True)
    if expected is not None and expected != (int(held.version) if held else 0):
        raise errors.Stale("The settings of this provider are not at this version.")
    before = _before(held)
    record = held or Provider.at(actor.tenant, provider)
    now = clock.stamp()
    record.since = {name: record.since.get(name, now) if before.get(name) == given[name] else now for name in given}
    record.sealed = _sealed(actor.tenant, provider, msgspec.json.encode(given))
    record.updated_at, record.updated_by = now, actor.user
    transact(Step("save", record))
    return Made(_view(hook, actor.tenant, provider, record, base), new=held is None)


def delete(actor: Actor, provider: str) -> None:
    """Forget it: from now on nothing that calls in this provider's name is taken. Raises `NotFound`."""
    _hook(provider)
    held = fetch(Provider, *place(actor.tenant, provider), consistent=True)
    if held is None:
        raise errors.NotFound("Nothing is set for this provider.")
    transact(Step("delete", held))


def secrets(tenant: str, provider: str) -> "Secrets":
    """What this provider's requests are to be proved by; nothing, if nothing is set. Half a unit."""
    from chalicelib.adapters.hooks import Secrets

    held = fetch(Provider, *place(tenant, provider))
    return msgspec.convert(_opened(held) if held is not None else {}, Secrets)


def tenant_key(provider: str, tenant: str) -> str:
    """The last part of the address that this provider is told: letters, digits, `-`, `_` and one dot."""
    return short_tokens.signer(_HOOKS, _bound(provider))(ids.packed(tenant))


def tenant_of(provider: str, token: str) -> str | None:
    """Whose address it is, None if we did not make it for this provider. No I/O but for a key that is new."""
    said = short_tokens.read(_HOOKS, token, _LONGEST, _bound(provider))
    return None if said is None else ids.unpacked("ten", said)


def _hook(provider: str) -> "Hook":
    from chalicelib.adapters.hooks import HOOKS

    if provider not in HOOKS:
        raise errors.NotFound(f"There is no such provider; known are {', '.join(HOOKS)}.")
    return HOOKS[provider]


def _several(value: Any) -> list[str]:
    """What was pasted, without what came with it at either end."""
    return [one.strip() for one in ([value] if isinstance(value, str) else value)]


def _check(hook: "Hook", provider: str, given: dict[str, list[str]]) -> None:
    from chalicelib.adapters import hooks

    used = (*hook.secrets, *hook.needs)
    for name in given:
        if name not in used:
            message = f"{provider} does not use `{name}`, but {', '.join(f'`{one}`' for one in used)}."
            raise errors.invalid(f"/{name}", "unsupported", message)
    if not hooks.provable(provider, msgspec.convert(given, hooks.Secrets)):
        missing = next((name for name in hook.needs if not given.get(name)), hook.secrets[0])
        raise errors.invalid(f"/{missing}", "required", "This is what its webhooks are proved by.")
    blank = next((name for name, several in given.items() if not all(several)), None)
    if blank is not None:
        raise errors.invalid(f"/{blank}", "length", "There is nothing but blanks.")


def _view(hook: "Hook", tenant: str, provider: str, held: Provider | None, base: str) -> ProviderView:
    return ProviderView(
        provider=provider,
        configured=held is not None,
        hook_url=f"{base}/v1/hooks/{provider}/{tenant_key(provider, tenant)}",
        fields=dict(held.since) if held is not None else {},
        updated_at=held.updated_at if held is not None else None,
        version=int(held.version) if held is not None else 0,
    )


def _sealed(tenant: str, provider: str, plain: bytes) -> bytes:
    """Key id, nonce, tag and cipher text."""
    from Crypto.Cipher import AES
    from Crypto.Random import get_random_bytes

    kid, key = keyring.derive(_SEALING)
    cipher = AES.new(key, AES.MODE_GCM, nonce=get_random_bytes(_NONCE), mac_len=_TAG)
    cipher.update(f"{tenant}/{provider}".encode())
    hidden, tag = cipher.encrypt_and_digest(plain)
    return kid.encode() + b"\0" + cipher.nonce + tag + hidden


def _opened(held: Provider) -> dict[str, list[str]]:
    """The secrets. Raises ValueError for an item that was tampered with or moved, KeyError for a key that is gone."""
    from Crypto.Cipher import AES

    kid, _, rest = bytes(held.sealed).partition(b"\0")
    _, key = keyring.derive(_SEALING, kid.decode())
    cipher = AES.new(key, AES.MODE_GCM, nonce=rest[:_NONCE], mac_len=_TAG)
    cipher.update(f"{held.tenant}/{held.provider}".encode())
    plain = cipher.decrypt_and_verify(rest[_NONCE + _TAG :], rest[_NONCE : _NONCE + _TAG])
    return msgspec.json.decode(plain, type=dict[str, list[str]])


def _before(held: Provider | None) -> dict[str, list[str]]:
    """What was set until now; nothing, if it cannot be opened any more: who sets it anew is the one who mends that."""
    try:
        return _opened(held) if held is not None else {}
    except (KeyError, ValueError):
        return {}


def _bound(provider: str) -> bytes:
    return provider.encode() + b"\0"
