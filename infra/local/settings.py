"""What a person can set about the machine, and the environment in which the product finds itself on it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local import aws, template


class SettingsError(Exception):
    """A variable makes no sense. The text is one line, fit for a terminal."""


@dataclass(frozen=True)
class Settings:
    """PORT, DATA_DIR and DEMO."""

    port: int
    data: Path
    demo: bool

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> "Settings":
        """The settings in `environment`, with defaults. Raises SettingsError."""
        port = environment.get("PORT", "") or "8000"
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            raise SettingsError(f"PORT must be a number from 1 to 65535, not {port!r}")
        data = Path(environment.get("DATA_DIR", "") or template.ROOT / ".local").expanduser().resolve()
        if data.exists() and not data.is_dir():
            raise SettingsError(f"DATA_DIR is not a folder: {data}")
        return cls(int(port), data, environment.get("DEMO", "1") != "0")

    @property
    def address(self) -> str:
        """Where the machine answers."""
        return f"http://127.0.0.1:{self.port}"


def enter(
    settings: Settings, *, table: str, engine: str, cloud: str, work_queue: str, files: str, smtp_port: int
) -> None:
    """Set the variables that the product and botocore read, before the product is imported."""
    # Whatever profile or role the person at the desk has, the product on this machine must not use it.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        STAGE="local",
        TABLE=table,
        WORK_QUEUE_URL=work_queue,
        SECRETS=f"file:{settings.data / 'secrets'}",
        STORAGE=f"s3:{files}",
        MAIL_PROVIDER="smtp",
        SMTP_URL=f"smtp://127.0.0.1:{smtp_port}",
        MAIL_RATE="500",  # the catcher takes more; it shares the machine with those who send
        AWS_ENDPOINT_URL=cloud,
        AWS_ENDPOINT_URL_DYNAMODB=engine,
        AWS_ACCESS_KEY_ID=aws.MADE_UP,
        AWS_SECRET_ACCESS_KEY=aws.MADE_UP,
        AWS_DEFAULT_REGION=aws.REGION,
        AWS_REGION=aws.REGION,
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    os.environ.setdefault("MAIL_FROM", "Tendril <no-reply@tendril.test>")
    os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "512"
