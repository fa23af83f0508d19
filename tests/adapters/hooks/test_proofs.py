"""Who is let in: the holder of the secret with what he signed, now, and nobody else. The same questions to everyone."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from chalicelib.adapters import hooks
from chalicelib.adapters.hooks import Forged, Malformed, Secrets, Stale
from tests.adapters.hooks.samples import SAMPLES
from tests.adapters.hooks.signing import MANDRILL_URL, NOW, SECRETS, SIGN, Request, verify

WHOLE = ("sendgrid", "resend", "mandrill", "mailersend")  # whose proof covers every byte of the body
WINDOWS = {
    "ses": (timedelta(days=14), timedelta(hours=1)),
    "sendgrid": (timedelta(hours=36), timedelta(minutes=10)),
    "mailgun": (timedelta(hours=24), timedelta(minutes=10)),
    "resend": (timedelta(minutes=5), timedelta(minutes=5)),
}
EVENT = {provider: samples[0].raw for provider, samples in SAMPLES.items()}


def request(provider: str, **more: Any) -> Request:
    return SIGN[provider](EVENT[provider], **more)


@pytest.mark.parametrize("provider", hooks.HOOKS)
def test_a_true_request_is_taken(provider: str) -> None:
    verify(provider, request(provider))


@pytest.mark.parametrize("provider", hooks.HOOKS)
def test_without_a_secret_nobody_is_let_in(provider: str) -> None:
    for nothing in ({}, dict.fromkeys(hooks.HOOKS[provider].secrets, ("",))):
        with pytest.raises(Forged):
            verify(provider, request(provider), Secrets(**nothing))
    assert not hooks.provable(provider, Secrets())
    assert hooks.provable(provider, SECRETS[provider])


@pytest.mark.parametrize("provider", hooks.HOOKS)
@pytest.mark.parametrize(
    "junk", ["x", "whsec_", "whsec_!!!", "-----BEGIN PUBLIC KEY-----\n", "\ud800", "MFkw", " ", ":"]
)
def test_a_wrong_secret_lets_nobody_in(provider: str, junk: str) -> None:
    """Nor does one that is no secret at all, such as a key pasted in half."""
    with pytest.raises(Forged):
        verify(provider, request(provider), Secrets(**dict.fromkeys(Secrets.__struct_fields__, (junk,))))


@pytest.mark.parametrize("provider", hooks.HOOKS)
def test_every_secret_is_good_while_they_change(provider: str) -> None:
    good = msgspec.to_builtins(SECRETS[provider])
    for before, after in [(("junk",), ()), ((), ("junk",)), (("\ud800", ""), ("junk",))]:
        both = {name: (*before, *values, *after) if values else () for name, values in good.items()}
        verify(provider, request(provider), Secrets(**both))


@pytest.mark.parametrize("provider", ["mailgun", "mailersend", "mandrill"])
def test_an_empty_secret_is_none(provider: str) -> None:
    """Anybody can sign with it."""
    sent = request(provider, key="")
    alone = dict.fromkeys(hooks.HOOKS[provider].secrets, ("",))
    among = dict.fromkeys(hooks.HOOKS[provider].secrets, ("", "other", ""))
    for secrets in (alone, among):
        with pytest.raises(Forged):
            verify(provider, sent, Secrets(**{**secrets, "webhook_url": (MANDRILL_URL,)}))


@pytest.mark.parametrize("provider", ["postmark", "brevo", "sparkpost", "mailjet"])
def test_an_empty_password_is_none(provider: str) -> None:
    body = request(provider).body
    for value in ("Basic ", "Basic", "Bearer ", "Bearer", ""):
        for secrets in (
            {"basic_auth": ("", "a:b")},
            {"bearer_token": ("", "token")},
            {"basic_auth": ("",), "bearer_token": ("",)},
        ):
            with pytest.raises(Forged):
                verify(
                    provider,
                    Request({"Authorization": value, "X-MessageSystems-Webhook-Token": ""}, body),
                    Secrets(**secrets),
                )


@pytest.mark.parametrize("provider", hooks.HOOKS)
def test_secrets_of_others_are_no_secret(provider: str) -> None:
    others = {name: ("junk",) for name in Secrets.__struct_fields__ if name not in hooks.HOOKS[provider].secrets}
    with pytest.raises(Forged, match="no secret is set"):
        verify(provider, request(provider), Secrets(**others))


@pytest.mark.parametrize("provider", hooks.HOOKS)
def test_headers_have_no_case(provider: str) -> None:
    sent = request(provider)
    for change in (str.upper, str.lower, str.title):
        verify(provider, Request({change(name): value for name, value in sent.headers.items()}, sent.body))


@pytest.mark.parametrize("provider", sorted(set(hooks.HOOKS) - {"mailgun", "ses"}))
def test_every_header_is_needed(provider: str) -> None:
    sent = request(provider)
    for missing in sent.headers:
        with pytest.raises(Forged):
            verify(
                provider, Request({name: value for name, value in sent.headers.items() if name != missing}, sent.body)
            )
        for wrong in (
            "",
            "x",
            "ä",
            "\ud800",
            "v1,",
            "v1,ä v1",
            "Basic",
            "Bearer ",
            "1" * 10,
            "AAAA",
            "A" * 100_000,
            "٣" * 10,
        ):
            with pytest.raises((Forged, Stale)):
                verify(provider, Request(sent.headers | {missing: wrong}, sent.body))


@pytest.mark.parametrize("provider", WHOLE)
def test_a_body_that_was_touched_is_refused(provider: str) -> None:
    sent = request(provider)
    for place in range(0, len(sent.body), max(1, len(sent.body) // 40)):
        touched = bytearray(sent.body)
        touched[place] ^= 1
        with pytest.raises((Forged, Malformed)):
            verify(provider, Request(sent.headers, bytes(touched)))


@pytest.mark.parametrize("provider", WINDOWS)
def test_what_was_signed_at_another_time_is_refused(provider: str) -> None:
    window = WINDOWS[provider]
    sent, second = request(provider), timedelta(seconds=1)
    for just_good in (NOW + window[0], NOW - window[1]):
        verify(provider, sent, now=just_good)
    for too_far in (NOW + window[0] + second, NOW - window[1] - second):
        with pytest.raises(Stale):
            verify(provider, sent, now=too_far)


@pytest.mark.parametrize("provider", hooks.HOOKS)
def test_a_body_over_the_limit_is_refused_before_anything_is_computed(provider: str) -> None:
    with pytest.raises(Malformed, match="too large"):
        verify(provider, Request(request(provider).headers, b"[" * (hooks.LIMIT + 1)))


@pytest.mark.parametrize("provider", hooks.HOOKS)
def test_an_empty_request_is_refused(provider: str) -> None:
    for body in (b"", b"null", b"[]", b"{}", b'""', b"0"):
        with pytest.raises((Forged, Malformed)):
            verify(provider, Request({}, body))


def test_the_table_says_what_callers_need() -> None:
    fields = set(Secrets.__struct_fields__)
    for name, hook in hooks.HOOKS.items():
        assert hooks.adapter(name)
        assert hook.secrets
        assert fields >= {*hook.secrets, *hook.needs}
        # A refusal must not look like trouble that passes, nor trouble like a refusal.
        assert 400 <= hook.refuse < 500
        assert hook.refuse not in (408, 425, 429)
        assert hook.stop == 200 or 400 <= hook.stop < 500
    assert hooks.RETRY >= 500
    with pytest.raises(KeyError):
        hooks.adapter("nobody")


def test_errors_quote_nothing_of_the_request() -> None:
    """They go into the log, where neither secrets nor addresses belong."""
    for provider in hooks.HOOKS:
        with pytest.raises(hooks.Refused) as refused:
            verify(
                provider,
                Request(request(provider).headers, b'{"secret-word": "secret-word"}'),
                Secrets(basic_auth=("secret-word",)),
            )
        assert "secret" not in str(refused.value).replace("no secret is set", "")
