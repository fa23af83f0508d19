"""What mail providers call us with: who said it is proved over the raw bytes, then it is read into our own words.

Each provider is one module with `verify` and `parse`, pure but for the certificate that SES wants fetched. What callers
need to know of it beforehand stands in HOOKS. Nothing here stores anything or knows a tenant.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Final, NamedTuple, Protocol, cast

import msgspec

from chalicelib.schemas.mail_event import Event

LIMIT: Final = 1024 * 1024  # bytes of a body


class Refused(Exception):
    """A request that is not taken. The text is for our log: it quotes nothing of the request."""


class Forged(Refused):
    """Not proved to come from the provider, or there is no secret to prove it with."""


class Stale(Refused):
    """Of another time than now: perhaps a recording."""


class Malformed(Refused):
    """It cannot be read at all."""


class Undecided(Exception):
    """It cannot be told just now, such as when a certificate is out of reach. The provider should come again."""


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """What a firm has set for one provider. Of several values each is good, so that they can be changed in peace.

    `signing_secret` and `signing_key` are two names of one thing. `basic_auth` is `user:password`. `bearer_token` is
    the token, or `Name: value` for a header of any other name. `webhook_url` is the address as the provider knows it.
    """

    signing_secret: tuple[str, ...] = ()
    signing_key: tuple[str, ...] = ()
    public_key: tuple[str, ...] = ()
    webhook_key: tuple[str, ...] = ()
    webhook_url: tuple[str, ...] = ()
    basic_auth: tuple[str, ...] = ()
    bearer_token: tuple[str, ...] = ()
    topic_arns: tuple[str, ...] = ()


class Verified(NamedTuple):
    """It comes from the provider. `once`, if there is one, was not signed together with the body: whoever saw it could
    put it before another one. So remember it with `digest` for a while, and refuse it with any other digest.
    """

    once: str | None = None
    digest: str = ""


class Bad(NamedTuple):
    """One event that could not be read: its JSON, in ASCII and cut to size, and why."""

    raw: str
    why: str


class Parsed(msgspec.Struct, frozen=True, kw_only=True):
    """What a request says. `ignored` counts what was left out, by the provider's names; `confirm` is to be fetched."""

    events: list[Event] = []
    bad: list[Bad] = []
    ignored: dict[str, int] = {}
    confirm: str | None = None


class Adapter(Protocol):
    """A provider's module."""

    def verify(self, secrets: Secrets, headers: Mapping[str, str], body: bytes, now: datetime) -> Verified:
        """Prove the sender. Raises `Forged`, `Stale`, `Malformed`, `Undecided`, and nothing else."""

    def parse(self, headers: Mapping[str, str], body: bytes) -> Parsed:
        """Read what was verified. Raises `Malformed`, and nothing else."""


class Hook(NamedTuple):
    """What callers need to know of a provider.

    `secrets` are the fields of `Secrets` it is proved by, each sufficient unless `needs` names one that must be there
    too. `refuse` is the answer to what is not proved, `stop` to what is and yet can never be taken; trouble of our own
    is `RETRY` for all, and anything taken a 200. `inbound` and what is text are for people.
    """

    secrets: tuple[str, ...]
    proof: str
    covers: str
    tolerance: str
    batch: str
    again: str
    docs: str
    needs: tuple[str, ...] = ()
    refuse: int = 401
    stop: int = 200
    inbound: bool = True


RETRY: Final = 503

# Each has a module of its name. A 401 may be our own wrong secret, so those that come again after it find it mended.
# Where `stop` is 200, any other answer would be repeated for hours, or count against the endpoint until it is shut.
HOOKS: Final[dict[str, Hook]] = {
    "ses": Hook(
        secrets=("topic_arns",),
        refuse=403,
        proof="RSA with SHA-1 or SHA-256, X.509 certificate of SNS, list of topics",
        covers="the fields of the message",
        tolerance="14 days",
        batch="1",
        again="1 hour, after a 5xx or 429",
        docs="https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html",
    ),
    "sendgrid": Hook(
        secrets=("public_key",),
        inbound=False,
        proof="ECDSA P-256 with SHA-256",
        covers="time and body",
        tolerance="36 hours",
        batch="array",
        again="24 hours, unless 2xx",
        docs="https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event",
    ),
    "mailgun": Hook(
        secrets=("signing_key", "signing_secret"),
        stop=406,
        proof="HMAC SHA-256",
        covers="time and token only",
        tolerance="24 hours; a token for one body",
        batch="1",
        again="8 hours, unless 200 or 406",
        docs="https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhooks",
    ),
    "postmark": Hook(
        secrets=("basic_auth", "bearer_token"),
        stop=403,
        proof="password or header",
        covers="nothing",
        tolerance="none",
        batch="1",
        again="10 times in 11 hours, unless 200 or 403",
        docs="https://postmarkapp.com/developer/webhooks/webhooks-overview",
    ),
    "resend": Hook(
        secrets=("signing_secret", "signing_key"),
        proof="HMAC SHA-256 (Svix, Standard Webhooks)",
        covers="id, time and body",
        tolerance="5 minutes, both ways",
        batch="1",
        again="7 times in 28 hours, unless 2xx",
        docs="https://resend.com/docs/dashboard/webhooks/introduction",
    ),
    "mandrill": Hook(
        secrets=("webhook_key",),
        needs=("webhook_url",),
        proof="HMAC SHA-1",
        covers="address and form",
        tolerance="none",
        batch="array",
        again="until it is given up, unless 200",
        docs="https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/",
    ),
    "brevo": Hook(
        secrets=("basic_auth", "bearer_token"),
        proof="password, token or header",
        covers="nothing",
        tolerance="none",
        batch="1, or array",
        again="4 times in 11 hours, after a 5xx or 429",
        docs="https://developers.brevo.com/docs/transactional-webhooks",
    ),
    "sparkpost": Hook(
        secrets=("basic_auth", "bearer_token"),
        proof="password, token or header",
        covers="nothing",
        tolerance="none",
        batch="array",
        again="8 hours, unless 200",
        docs="https://developers.sparkpost.com/api/webhooks/",
    ),
    "mailersend": Hook(
        secrets=("signing_secret", "signing_key"),
        proof="HMAC SHA-256",
        covers="body",
        tolerance="none",
        batch="1",
        again="unless 2xx; shut after 20 failures in a day",
        docs="https://developers.mailersend.com/api/v1/webhooks.html",
    ),
    "mailjet": Hook(
        secrets=("basic_auth", "bearer_token"),
        proof="password",
        covers="nothing",
        tolerance="none",
        batch="array, or 1",
        again="24 hours, unless 200; then shut",
        docs="https://dev.mailjet.com/email/guides/webhooks/",
    ),
}


def adapter(provider: str) -> Adapter:
    """The module of a provider. Raises KeyError for one that is not in HOOKS."""
    if provider not in HOOKS:
        raise KeyError(provider)
    return cast(Adapter, import_module(f"{__name__}.{provider}"))


def provable(provider: str, secrets: Secrets) -> bool:
    """Whether there is anything to prove that provider's requests with. Raises KeyError as `adapter`."""
    hook = HOOKS[provider]
    return any(_set(secrets, hook.secrets)) and all(_set(secrets, hook.needs))


def _set(secrets: Secrets, names: Sequence[str]) -> list[bool]:
    return [bool(getattr(secrets, name)) for name in names]
