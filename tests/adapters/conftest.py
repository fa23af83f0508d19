"""What the adapters meet in tests: an emulated cloud, a real SMTP server, certificates. Nothing of it is a mock."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, Envelope, Session

from chalicelib.adapters import _aws, _tls
from chalicelib.schemas.mail import Mail
from infra.local import aws
from infra.local.cloud import Cloud


@pytest.fixture(autouse=True)
def _own_trust() -> Iterator[None]:
    """Each test says by `SSL_CERT_FILE` whom it trusts; a process otherwise asks once."""
    _tls.context.cache_clear()
    yield
    _tls.context.cache_clear()


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder = tmp_path_factory.mktemp("cloud")
    with Cloud.start(folder, folder / "log", services=("sqs", "ssm", "ses")) as running:
        yield running


@pytest.fixture
def aws_at(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Point botocore at an endpoint."""

    def point(endpoint: str) -> None:
        for name, value in {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": aws.MADE_UP,
            "AWS_SECRET_ACCESS_KEY": aws.MADE_UP,
            "AWS_EC2_METADATA_DISABLED": "true",
        }.items():
            monkeypatch.setenv(name, value)
        _aws.forget()

    yield point
    _aws.forget()


@pytest.fixture
def cloud(emulator: Cloud, aws_at: Callable[[str], None]) -> str:
    """The endpoint of an emulated cloud that botocore is pointed at."""
    aws_at(emulator.endpoint)
    return emulator.endpoint


@pytest.fixture
def make_mail() -> Callable[..., Mail]:
    def make(**changes: Any) -> Mail:
        fields = {
            "sender": "Tendril <no-reply@firm.test>",
            "to": "ann@home.test",
            "subject": "Hello",
            "text": "Hi Ann\n",
        }
        return Mail(**(fields | changes))

    return make


@dataclass
class Inbox:
    """An aiosmtpd handler that keeps what it gets, and the certificates of its server."""

    envelopes: list[Envelope] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        self.envelopes.append(envelope)
        return "250 taken"

    # Methods, not properties: aiosmtpd looks at every attribute of its handler.
    def raw(self) -> bytes:
        """The last mail as it came over the wire."""
        content = self.envelopes[-1].original_content
        assert content is not None
        return content

    def message(self) -> Message:
        """The last mail."""
        return message_from_bytes(self.raw())


@pytest.fixture
def file_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "secrets"
    monkeypatch.setenv("SECRETS", f"file:{folder}")
    return folder
