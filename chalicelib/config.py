"""The environment, read in this file only. What is asked for while the app is imported has a default, since packaging
imports it without one.
"""

import os


def stage() -> str:
    """The name of this deployment: `dev`, `prod`, `local`, `test`."""
    return os.environ.get("STAGE", "dev")


def table() -> str:
    """The name of the one table."""
    return os.environ.get("TABLE", "tendril")


def work_queue_url() -> str:
    """Where hints of work to do are sent. Raises KeyError if not configured."""
    return os.environ["WORK_QUEUE_URL"]


def secrets() -> tuple[str, str]:
    """The secret store as (backend, place): `("ssm", "/tendril/dev")` or `("file", "/a/folder")`."""
    backend, _, place = os.environ.get("SECRETS", f"ssm:/tendril/{stage()}").partition(":")
    return backend, place


def storage() -> tuple[str, str]:
    """Where files lie, as (backend, place): `("s3", "bucket")` or `("file", "/a/folder")`.

    Raises KeyError if not configured.
    """
    backend, _, place = os.environ["STORAGE"].partition(":")
    return backend, place


def mail_provider() -> str:
    """The provider that takes our mail: a key of the mailer's table."""
    return os.environ.get("MAIL_PROVIDER", "ses")


def mail_rate() -> float:
    """Mails a second that the provider takes: 14 is what SES gives to new accounts outside of its sandbox."""
    return float(os.environ.get("MAIL_RATE", "14"))


def mail_from() -> str:
    """The sender of the system's own mails, such as reminders. Raises KeyError if not configured."""
    return os.environ["MAIL_FROM"]


def smtp_url() -> str:
    """`smtp://`, `smtp+starttls://` or `smtps://`, then `[user@]host:port`. Raises KeyError if not configured."""
    return os.environ["SMTP_URL"]


def ses_configuration_set() -> str | None:
    """The SES configuration set that publishes events, if there is one."""
    return os.environ.get("SES_CONFIGURATION_SET") or None


def signup_open() -> bool:
    """Whether strangers may sign up a new firm (`SIGNUP=closed` shuts the door)."""
    return os.environ.get("SIGNUP", "open") != "closed"


def cors_origin() -> str:
    """The origin that browsers may call from. Bearer tokens, no cookies, so `*` is safe."""
    return os.environ.get("CORS_ORIGIN", "*")


def log_level() -> str:
    """The level of the log, a name of the standard library's."""
    return os.environ.get("LOG_LEVEL", "INFO")


def memory_mb() -> int:
    """The memory of this function in MB, which is what its time is billed by."""
    return int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"))


def region() -> str:
    """The AWS region."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION", "us-east-1")
