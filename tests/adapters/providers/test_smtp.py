"""SMTP: what arrives, at a real server; what each failure means, from a server that fails to order."""

import re
from asyncio import WriteTransport
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.adapters import _mailbox, hands
from chalicelib.adapters.providers import smtp
from chalicelib.errors import MailDeferred, MailRefused, MailThrottled, MailUncertain
from chalicelib.schemas.mail import Mail
from tests.adapters import doubles
from tests.adapters.conftest import Inbox

Make = Callable[..., Mail]


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """A friendly server that mail goes to."""
    kept = Inbox()
    with doubles.real_smtp(kept) as port:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{port}")
        yield kept


def parts(message: Message) -> dict[str, str]:
    """The text of each part, by type."""
    found = {}
    for part in message.walk():
        if not part.is_multipart():
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            found[part.get_content_type()] = content.decode()
    return found


def test_a_plain_mail_arrives(inbox: Inbox, make_mail: Make) -> None:
    clock.set(datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC))
    try:
        message_id = smtp.send(make_mail())
    finally:
        clock.reset()
    message = inbox.message()
    assert re.fullmatch(r"msg_[0-9A-Z]{26}@firm\.test", message_id)
    assert message["Message-ID"] == f"<{message_id}>"
    assert (message["From"], message["To"]) == ("Tendril <no-reply@firm.test>", "ann@home.test")
    assert message["Subject"] == "Hello"
    assert parsedate_to_datetime(message["Date"]) - datetime(2031, 5, 4, 3, 2, 1, tzinfo=UTC) < timedelta(seconds=9)
    assert parts(message) == {"text/plain": "Hi Ann\r\n"}
    assert (inbox.envelopes[0].mail_from, inbox.envelopes[0].rcpt_tos) == ("no-reply@firm.test", ["ann@home.test"])


def test_text_and_html_in_every_alphabet(inbox: Inbox, make_mail: Make) -> None:
    smtp.send(
        make_mail(
            sender="Bücher & Söhne <no-reply@bücher.test>",
            to="阮氏 Ánh <anh@home.test>",
            subject="Xin chào 🎉 " * 20,
            text="Chào Ánh\n.\n..\n.leading dot\n",
            html="<p>Chào Ánh</p>\n",
        )
    )
    assert inbox.raw().isascii(), "not every server takes 8BITMIME"
    message = BytesParser(policy=policy.default).parsebytes(inbox.raw())
    assert message.get_content_type() == "multipart/alternative"
    assert message["Subject"] == "Xin chào 🎉 " * 20
    assert message["From"] == "Bücher & Söhne <no-reply@xn--bcher-kva.test>"
    assert message["To"] == "阮氏 Ánh <anh@home.test>"
    assert list(parts(message)) == ["text/plain", "text/html"], "the better part comes last"
    assert parts(message)["text/plain"].splitlines() == ["Chào Ánh", ".", "..", ".leading dot"]
    assert inbox.envelopes[0].mail_from == "no-reply@xn--bcher-kva.test"


def test_headers_and_tags(inbox: Inbox, make_mail: Make) -> None:
    link = "<https://firm.test/u/" + "x" * 300 + ">"
    headers = {"List-Unsubscribe": link, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "X-Name": "Zoë"}
    smtp.send(make_mail(headers=headers, tags={"send": "snd_1", "tenant": "ten_1"}))
    assert f"\r\nList-Unsubscribe: {link}\r\n".encode() in inbox.raw(), "neither folded nor encoded"
    assert inbox.message()["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert inbox.message()["X-Name"] == "=?utf-8?q?Zo=C3=AB?="
    assert inbox.message().get_all("X-Tendril-Tag") == ["send=snd_1", "tenant=ten_1"]


def test_two_mails_have_two_ids(inbox: Inbox, make_mail: Make) -> None:
    assert smtp.send(make_mail()) != smtp.send(make_mail())


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=300),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_whatever_is_written_fits_smtp(line: str, text: str) -> None:
    mail = Mail(sender="a@b", to="c@d", subject=line, text=text, html=text, headers={"X-A": line})
    data = smtp._message(mail, _mailbox.Mailbox(line, "a@b"), _mailbox.Mailbox(line, "c@d"), "1@b")
    assert data.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", data), "a bare line end could smuggle in a second mail"
    assert max(map(len, data.split(b"\r\n"))) <= 998
    names = BytesParser(policy=policy.compat32).parsebytes(data).keys()
    assert sorted(names) == sorted(
        ["From", "To", "Subject", "Date", "Message-ID", "X-A", "Content-Type", "MIME-Version"]
    )


ANSWERS: list[tuple[str, str, type[Exception]]] = [
    ("greeting", "554 no service", MailDeferred),
    ("greeting", "421 busy", MailDeferred),
    ("greeting", doubles.DROP, MailDeferred),
    ("greeting", doubles.HANG, MailDeferred),
    ("EHLO", "421 busy", MailDeferred),
    ("EHLO", doubles.DROP, MailDeferred),
    ("MAIL", "550 not you", MailRefused),
    ("MAIL", "451 later", MailDeferred),
    ("MAIL", doubles.DROP, MailDeferred),
    ("RCPT", "550 who?", MailRefused),
    ("RCPT", "450 greylisted", MailDeferred),
    ("RCPT", "garbage", MailDeferred),
    ("RCPT", doubles.HANG, MailDeferred),
    ("DATA", "554 no", MailRefused),
    ("DATA", "451 later", MailDeferred),
    ("DATA", "250 what?", MailDeferred),
    ("DATA", doubles.DROP, MailDeferred),
    ("DATA", doubles.HANG, MailDeferred),
    ("end", "554 spam", MailRefused),
    ("end", "552 too large", MailRefused),
    ("end", "451 later", MailDeferred),
    ("end", "garbage", MailUncertain),
    ("end", doubles.DROP, MailUncertain),
    ("end", doubles.HANG, MailUncertain),
]


@pytest.mark.parametrize(("step", "answer", "error"), ANSWERS)
def test_what_a_failure_means(
    make_mail: Make, step: str, answer: str, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT", 0.3)
    with doubles.smtp(**{step: answer}) as double:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{double.port}")
        with pytest.raises(error) as caught:
            smtp.send(make_mail())
    assert double.steps.count(step) == 1, "tried once"
    assert len(double.mails) == (1 if step == "end" else 0)
    assert answer[4:] not in str(caught.value) or answer in {doubles.DROP, doubles.HANG}, "the text may quote addresses"


@pytest.mark.parametrize("answer", ["451 busy", doubles.DROP, doubles.HANG])
def test_a_bad_goodbye_changes_nothing(make_mail: Make, answer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "TIMEOUT", 0.3)
    with doubles.smtp(QUIT=answer) as double:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{double.port}")
        assert smtp.send(make_mail())
    assert len(double.mails) == 1


def test_nobody_there_is_deferred(make_mail: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{doubles.unused_port()}")
    with pytest.raises(MailDeferred, match="ConnectionRefusedError"):
        smtp.send(make_mail())


@pytest.mark.parametrize("url", ["", "http://127.0.0.1", "smtp://", "127.0.0.1:25", "smtp://127.0.0.1:x"])
def test_a_bad_url_is_deferred(make_mail: Make, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_URL", url)
    with pytest.raises(MailDeferred, match="SMTP_URL must be"):
        smtp.send(make_mail())


def test_a_real_server_that_dies_after_the_data(make_mail: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    class Dying:
        """Takes the mail and is gone."""

        async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
            assert isinstance(server.transport, WriteTransport)
            server.transport.abort()
            return "250 never heard"

    with doubles.real_smtp(Dying()) as port:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{port}")
        with pytest.raises(MailUncertain):
            smtp.send(make_mail())


THROTTLED: list[tuple[str, str, bool, float]] = [
    ("greeting", "421 too many connections", True, 0),
    ("MAIL", "421 4.7.0 try again later", True, 0),
    ("MAIL", "454 Throttling failure: Maximum sending rate exceeded.", True, 0),
    ("MAIL", "454 Throttling failure: Daily message quota exceeded.", True, smtp.DAILY_PAUSE),
    ("end", "451 4.4.2 rate limit of this sender", True, 0),
    ("RCPT", "452 4.5.3 too many recipients today", True, 0),
    ("RCPT", "450 greylisted", False, 0),
    ("DATA", "451 later, we generate keys", False, 0),
]


@pytest.mark.parametrize(("step", "answer", "throttled", "pause"), THROTTLED)
def test_too_fast_is_told_from_not_now(
    make_mail: Make, step: str, answer: str, throttled: bool, pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    with doubles.smtp(**{step: answer}) as double:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{double.port}")
        with pytest.raises(MailDeferred) as caught:
            smtp.send(make_mail())
    assert isinstance(caught.value, MailThrottled) == throttled
    assert getattr(caught.value, "pause", 0) == pause


def several(mails: list[Mail]) -> list[str | Exception]:
    """One after the other in one thread, as one of several calls."""
    return [hands.each(smtp.send, [mail])[0] for mail in mails]


def test_one_of_several_goes_over_the_connection_of_the_one_before(
    make_mail: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with doubles.smtp() as double:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{double.port}")
        assert all(isinstance(one, str) for one in several([make_mail()] * 3))
        assert double.steps.count("greeting") == 1
        clock.advance(smtp.IDLE + 1)
        try:
            several([make_mail()])
        finally:
            clock.reset()
        assert double.steps.count("greeting") == 2, "the server may have let it go meanwhile"
        monkeypatch.setattr(smtp, "MAILS", 1)
        several([make_mail()] * 2)
        assert double.steps.count("greeting") == 4, "one whose clock was set back, and one of one mail each"
        assert len(double.mails) == 6


@pytest.mark.parametrize(("step", "answer"), [("again", doubles.DROP), ("again", "421 bye")])
def test_a_connection_that_is_gone_costs_no_mail(
    make_mail: Make, step: str, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with doubles.smtp(**{step: answer}) as double:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{double.port}")
        assert all(isinstance(one, str) for one in several([make_mail()] * 2))
        assert len(double.mails) == 2
        assert [double.steps.count(one) for one in ("greeting", "again")] == [2, 1]


@pytest.mark.parametrize(("answer", "raised"), [("550 not you", MailRefused), ("451 later", MailDeferred)])
def test_what_is_said_to_a_mail_on_a_kept_connection_is_about_that_mail(
    make_mail: Make, answer: str, raised: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    with doubles.smtp(again=answer) as double:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{double.port}")
        first, second = several([make_mail()] * 2)
        assert (isinstance(first, str), type(second), len(double.mails)) == (True, raised, 1)
        assert double.steps.count("greeting") == 1


@pytest.mark.parametrize(("step", "answer"), [("RCPT", "550 who?"), ("end", doubles.DROP), ("end", "451 later")])
def test_a_connection_on_which_something_failed_is_not_used_again(
    make_mail: Make, step: str, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with doubles.smtp(**{step: answer}) as double:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{double.port}")
        assert all(isinstance(one, Exception) for one in several([make_mail()] * 2))
        assert double.steps.count("greeting") == 2
