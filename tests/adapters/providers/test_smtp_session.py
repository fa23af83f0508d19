"""SMTP with encryption and login: nothing, least of all a password, goes to a server that has not proved itself.

The server's certificate is for `localhost` only.
"""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from botocore.exceptions import ClientError

from chalicelib.adapters import secrets
from chalicelib.adapters.providers import smtp
from chalicelib.errors import MailDeferred
from chalicelib.schemas.mail import Mail
from tests.adapters import doubles
from tests.adapters.conftest import Inbox

Make = Callable[..., Mail]


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
        with doubles.real_smtp(inbox, tls=context, auth_require_tls=False, **login) as port:
            yield port
    else:
        with doubles.real_smtp(inbox, tls_context=context, require_starttls=True, **login) as port:
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


def test_a_secret_store_that_does_not_answer_defers(make_mail: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    def read(name: str) -> str:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": name}}, "GetParameter")

    monkeypatch.setattr(secrets, "read", read)
    monkeypatch.setenv("SMTP_URL", "smtps://ali@localhost:1")
    with pytest.raises(MailDeferred, match="ClientError"):
        smtp.send(make_mail())


def test_no_password_goes_unencrypted_over_a_network(
    make_mail: Make, file_secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.write("smtp-password", "open sesame")
    monkeypatch.setenv("SMTP_URL", "smtp://ali@192.0.2.1:25")
    with pytest.raises(MailDeferred, match="unencrypted"):
        smtp.send(make_mail())
