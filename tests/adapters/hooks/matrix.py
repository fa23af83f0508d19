"""`python -m tests.adapters.hooks.matrix`: the tables of docs/providers.md, from the code and from the samples.

The samples are signed by another library than the one that proves them, so a type that stands here has been seen to
come through with its signature.
"""

import sys
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from chalicelib.adapters import hooks
from chalicelib.schemas.mail_event import Type
from tests.adapters.hooks.samples import SAMPLES
from tests.adapters.hooks.signing import SIGN, verify

NONE = "-"


def tables() -> str:
    """All of them, as they stand in the document."""
    return "\n\n".join([_proofs(), _answers(), _types()])


def seen(provider: str) -> dict[str, set[str]]:
    """Our types, and the provider's words for each, of samples whose signature was proved."""
    found: dict[str, set[str]] = {}
    for sample in SAMPLES[provider]:
        request = SIGN[provider](sample.raw)
        verify(provider, request)
        parsed = hooks.adapter(provider).parse(request.headers, request.body)
        for kind in [_kind(event) for event in parsed.events] or ["ignored"]:
            found.setdefault(kind, set()).add(sample.name)
    return found


def _kind(event: Any) -> str:
    return f"{event.type} {event.bounce}" if event.bounce else str(event.type)


def _proofs() -> str:
    rows = [
        [name, hook.proof, hook.covers, hook.tolerance, _code((*hook.secrets, *hook.needs)), f"[docs]({hook.docs})"]
        for name, hook in hooks.HOOKS.items()
    ]
    return _table(["provider", "proof", "over", "good for", "settings", "source"], rows)


def _answers() -> str:
    rows = [
        [name, hook.batch, str(hook.refuse), str(hook.stop), hook.again, "yes" if hook.inbound else NONE]
        for name, hook in hooks.HOOKS.items()
    ]
    return _table(["provider", "events", "refused", "never", "comes again", "inbound"], rows)


def _types() -> str:
    kinds = [
        kind
        for type_ in get_args(Type)
        for kind in ([f"{type_} hard", f"{type_} soft"] if type_ == "bounced" else [type_])
    ]
    found = {provider: seen(provider) for provider in hooks.HOOKS}
    rows = [
        [kind, *(_code(sorted(found[provider].get(kind, ()))) for provider in hooks.HOOKS)]
        for kind in [*kinds, "ignored"]
    ]
    return _table(["ours", *hooks.HOOKS], rows)


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) or NONE


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


if __name__ == "__main__":
    sys.stdout.write(tables() + "\n")
