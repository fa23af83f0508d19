"""SMTP: what arrives, at a real server; what each failure means, from a server that fails to order."""

import asyncio
import re
import ssl
import threading
from asyncio import WriteTransport
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import Message
from email.parser import BytesParser
from email.utils import parsedate_to_datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.adapters import _mailbox, secrets
from chalicelib.adapters.providers import smtp
from chalicelib.errors import MailDeferred, MailRefused, MailUncertain
from chalicelib.schemas.mail import Mail
from tests.adapters import doubles
from tests.adapters.conftest import Inbox

Make = Callable[..., Mail]


@contextmanager
def server(handler: object, tls: ssl.SSLContext | None = None, **options: Any) -> Iterator[int]:
    """A real SMTP server on a free port, encrypted from the first byte if `tls` is given."""
    # aiosmtpd's own controller cannot say which port it got, and asking for a free one first is a race.
    with asyncio.Runner() as runner:
        loop = runner.get_loop()

        def protocol() -> SMTP:
            return SMTP(handler, hostname="localhost", loop=loop, **options)

        listening = runner.run(loop.create_server(protocol, "127.0.0.1", 0, ssl=tls))
        thread = threading.Thread(target=loop.run_forever)
        thread.start()
        try:
            yield listening.sockets[0].getsockname()[1]
        finally:
            loop.call_soon_threadsafe(listening.close)
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


@pytest.fixture
def inbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    """A friendly server that mail goes to."""
    kept = Inbox()
    with server(kept) as port:
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
    data = smtp._message(mail, _mailbox.Mailbox(line, "a@b"), _mailbox.Mailbox(line, "c@d"), "1@b").as_bytes()
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

    with server(Dying()) as port:
        monkeypatch.setenv("SMTP_URL", f"smtp://127.0.0.1:{port}")
        with pytest.raises(MailUncertain):
            smtp.send(make_mail())


# Encryption and login. The server's certificate is for `localhost` only.


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate for `localhost`, its own authority, and a server context that shows it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    moment = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(moment - timedelta(hours=1))
        .not_valid_after(moment + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    public, private = folder / "cert.pem", folder / "key.pem"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(public, private)
    return public, context


class Doorman:
    """Remembers who tried to log in; lets one in."""

    def __init__(self) -> None:
        self.seen: list[tuple[bytes, bytes]] = []

    def __call__(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.seen.append((data.login, data.password))
        return AuthResult(success=data.password == b"open sesame", handled=False)


@contextmanager
def encrypted(scheme: str, context: ssl.SSLContext, inbox: Inbox, doorman: Doorman) -> Iterator[int]:
    """A server that takes mail only encrypted and after login."""
    login: dict[str, Any] = {"authenticator": doorman, "auth_required": True}
    if scheme == "smtps":
        # aiosmtpd does not count encryption from the first byte, and warns that it does not.
        with server(inbox, tls=context, auth_require_tls=False, **login) as port:
            yield port
    else:
        with server(inbox, tls_context=context, require_starttls=True, **login) as port:
            yield port


SCHEMES = pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
Certificate = tuple[Path, ssl.SSLContext]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@SCHEMES
def test_encrypted_and_logged_in(
    make_mail: Make, scheme: str, certificate: Certificate, file_secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.write("smtp-password", "open sesame")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    inbox, doorman = Inbox(), Doorman()
    with encrypted(scheme, certificate[1], inbox, doorman) as port:
        monkeypatch.setenv("SMTP_URL", f"{scheme}://ali%40firm.test@localhost:{port}")
        smtp.send(make_mail())
    assert doorman.seen == [(b"ali@firm.test", b"open sesame")]
    assert len(inbox.envelopes) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@SCHEMES
@pytest.mark.parametrize(("host", "trusted"), [("localhost", False), ("127.0.0.1", True)])
def test_a_certificate_that_proves_nothing_gets_no_password(
    make_mail: Make,
    scheme: str,
    host: str,
    trusted: bool,
    certificate: Certificate,
    file_secrets: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    secrets.write("smtp-password", "open sesame")
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    inbox, doorman = Inbox(), Doorman()
    with encrypted(scheme, certificate[1], inbox, doorman) as port:
        monkeypatch.setenv("SMTP_URL", f"{scheme}://ali@{host}:{port}")
        with pytest.raises(MailDeferred, match="SSLCertVerificationError"):
            smtp.send(make_mail())
    assert doorman.seen == []
    assert inbox.envelopes == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
def test_a_wrong_password_is_deferred(
    make_mail: Make, certificate: Certificate, file_secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.write("smtp-password", "open barley")
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with encrypted("smtps", certificate[1], Inbox(), Doorman()) as port:
        monkeypatch.setenv("SMTP_URL", f"smtps://ali@localhost:{port}")
        with pytest.raises(MailDeferred, match="SMTPAuthenticationError"):
            smtp.send(make_mail())


def test_a_server_without_encryption_gets_nothing(make_mail: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    with doubles.smtp() as double:
        monkeypatch.setenv("SMTP_URL", f"smtp+starttls://127.0.0.1:{double.port}")
        with pytest.raises(MailDeferred, match="SMTPNotSupportedError"):
            smtp.send(make_mail())
    assert "MAIL" not in double.steps


def test_a_missing_password_is_named(make_mail: Make, file_secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_URL", "smtps://ali@localhost:1")
    with pytest.raises(MailDeferred, match="no secret smtp-password"):
        smtp.send(make_mail())


def test_no_password_goes_unencrypted_over_a_network(
    make_mail: Make, file_secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.write("smtp-password", "open sesame")
    monkeypatch.setenv("SMTP_URL", f"smtp://ali@{ip_address('192.0.2.1')}:25")
    with pytest.raises(MailDeferred, match="unencrypted"):
        smtp.send(make_mail())
