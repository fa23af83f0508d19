"""What may be sent is decided before any I/O; what went out is counted."""

from collections.abc import Callable

import pytest

from chalicelib import errors, observability
from chalicelib.adapters import mailer
from chalicelib.schemas.mail import Mail
from tests.adapters import doubles

Make = Callable[..., Mail]

EVIL = "x\r\nBcc: eve@evil.test"


@pytest.mark.parametrize("provider", [*mailer.PROVIDERS, "pigeon"])
@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"sender": EVIL}, "/sender"),
        ({"to": EVIL}, "/to"),
        ({"to": "ann@home.test, eve@evil.test"}, "/to"),
        ({"subject": EVIL}, "/subject"),
        ({"subject": "x\n"}, "/subject"),
        ({"subject": "x" * 871}, "/subject"),
        ({"subject": "\ud800"}, "/subject"),
        ({"text": "\ud800"}, "/text"),
        ({"html": "\ud800"}, "/html"),
        ({"headers": {"X-A": EVIL}}, "/headers/X-A"),
        ({"headers": {"X-A": "x\x00"}}, "/headers/X-A"),
        ({"headers": {"X-A\r\nBcc": "x"}}, "/headers/X-A\r\nBcc"),
        ({"headers": {"X A": "x"}}, "/headers/X A"),
        ({"headers": {"X:A": "x"}}, "/headers/X:A"),
        ({"headers": {"": "x"}}, "/headers/"),
        ({"headers": {"X/~": "x\n"}}, "/headers/X~1~0"),
        ({"headers": {"bcc": "eve@evil.test"}}, "/headers/bcc"),
        ({"headers": {"Content-Type": "text/html"}}, "/headers/Content-Type"),
        ({"headers": {"X-Tendril-Tag": "a=b"}}, "/headers/X-Tendril-Tag"),
        ({"tags": {"a": EVIL}}, "/tags/a"),
        ({"tags": {EVIL: "a"}}, f"/tags/{EVIL}"),
        ({"tags": {"a": ""}}, "/tags/a"),
        ({"tags": {"a": "x y"}}, "/tags/a"),
        ({"tags": {"a": "x" * 257}}, "/tags/a"),
    ],
)
def test_refused_before_any_io(
    make_mail: Make, changes: dict[str, object], pointer: str, provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAIL_PROVIDER", provider)
    monkeypatch.delenv("SMTP_URL", raising=False)  # reading it would be a KeyError
    with pytest.raises(errors.Invalid) as caught:
        mailer.send(make_mail(**changes))
    assert [flaw.pointer for flaw in caught.value.flaws] == [pointer]


def test_an_unknown_provider_is_named_and_the_mail_can_wait(make_mail: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAIL_PROVIDER", "pigeon")
    with pytest.raises(errors.MailDeferred, match=r"\(smtp, ses\): 'pigeon'"):
        mailer.send(make_mail())


@pytest.mark.parametrize(
    ("answers", "error", "counted"),
    [
        ({}, None, 1),
        ({"RCPT": "550 who?"}, errors.MailRefused, 0),
        ({"RCPT": "450 later"}, errors.MailDeferred, 0),
        ({"end": doubles.DROP}, errors.MailUncertain, 1),
    ],
)
def test_the_meter_counts_what_may_have_been_sent(
    make_mail: Make,
    answers: dict[str, str],
    error: type[Exception] | None,
    counted: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MAIL_PROVIDER", "smtp")
    with doubles.smtp(**answers) as server, observability.measured("test") as meter:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{server.port}")
        if error is None:
            assert mailer.send(make_mail())
        else:
            with pytest.raises(error):
                mailer.send(make_mail())
    assert meter.mails == counted
