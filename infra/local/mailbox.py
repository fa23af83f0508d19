"""The mail catcher of one machine: every mail handed to SMTP is on disk before it is accepted, and can be read back.

The folder is a Maildir, so that any mail program can open it as well.
"""

import email
import email.policy
import itertools
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from infra.local.children import free_port

RECEIVED_AT, FROM, TO = "X-Received-At", "Return-Path", "Delivered-To"
OURS = frozenset(name.lower() for name in (RECEIVED_AT, FROM, TO))
TAG = "x-tendril-tag"
PORT_TRIES = 3


class Mailbox:
    """A Maildir at `folder`. `now` tells the time that mails are stamped with: the clock that the services read."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._folder, self._now = folder, now
        self._count = itertools.count()
        self._read: dict[str, dict[str, Any]] = {}  # mails never change, and reading one takes a while
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True, exist_ok=True)

    def keep(self, sender: str, recipients: list[str], content: bytes) -> str:
        """Store one mail durably; returns its id. Raises OSError, and then nothing is stored."""
        # Sorts by arrival; the process id keeps two runs apart, the count two mails of one moment.
        mail_id = f"{time.time_ns():020d}.{os.getpid()}_{next(self._count)}.local"
        trace = [f"{FROM}: <{sender}>", *(f"{TO}: {one}" for one in recipients)]
        trace.append(f"{RECEIVED_AT}: {self._now().astimezone(UTC).isoformat()}")
        draft = self._folder / "tmp" / mail_id
        with draft.open("xb") as file:
            file.write("".join(f"{line}\r\n" for line in trace).encode("utf-8", "surrogateescape") + content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(self._folder / "new" / mail_id)
        _sync(self._folder / "new")
        return mail_id

    def entries(self, to: str | None = None, since: datetime | None = None) -> Iterator[dict[str, Any]]:
        """The mails, oldest first: those to the address `to`, and not before `since`, if given."""
        for file in self._files():
            entry = self._entry(file)
            if to is not None and to.casefold() not in [one.casefold() for one in entry["recipients"]]:
                continue
            if since is not None and datetime.fromisoformat(entry["at"]) < since:
                continue
            yield {key: value for key, value in entry.items() if key != "recipients"}

    def _entry(self, file: Path) -> dict[str, Any]:
        mail_id = file.name.partition(":")[0]
        if mail_id not in self._read:
            self._read[mail_id] = _entry(file)
        return self._read[mail_id]

    def _files(self) -> list[Path]:
        """New mails, and those that a mail program has moved on as read."""
        found = [*(self._folder / "new").iterdir(), *(self._folder / "cur").iterdir()]
        return sorted((file for file in found if not file.name.startswith(".")), key=lambda file: file.name)


class Catcher:
    """An SMTP server on a free port of 127.0.0.1 that keeps every mail in `mailbox`."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._controller = _listen(mailbox)
        self.port: int = self._controller.port

    def stop(self) -> None:
        """Stop listening."""
        self._controller.stop(no_assert=True)


def _listen(mailbox: Mailbox) -> Controller:
    for attempt in range(PORT_TRIES):
        try:
            controller = Controller(
                _Keeper(mailbox),
                hostname="127.0.0.1",
                port=free_port(),
                # Else it asks the resolver for this machine's name, and waits where there is no network.
                server_hostname="localhost",
                enable_SMTPUTF8=True,
            )
            controller.start()
            return controller
        except OSError:  # somebody took the free port in between
            if attempt == PORT_TRIES - 1:
                raise
    raise AssertionError("unreachable")


class _Keeper:
    """What the SMTP server calls when a mail has come in."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: ARG002, N802 - as aiosmtpd calls it
        """Answer 250 only when the mail is on disk."""
        content = envelope.content or b""
        raw = content.encode("utf-8", "surrogateescape") if isinstance(content, str) else content
        try:
            mail_id = self._mailbox.keep(envelope.mail_from or "", list(envelope.rcpt_tos), raw)
        except OSError as error:
            return f"451 not stored: {error.strerror}"
        return f"250 kept as {mail_id}"


def _entry(file: Path) -> dict[str, Any]:
    """One mail as the outbox shows it. Whatever is malformed is shown as it came; nothing is refused."""
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.compat32)
    headers = [(name, _decoded(value)) for name, value in message.items()]
    first = {name.lower(): value for name, value in reversed(headers)}
    recipients = [value for name, value in headers if name == TO]
    return {
        "id": file.name.partition(":")[0],
        "at": _utc(first.get(RECEIVED_AT.lower(), ""), file),
        "from": first.get("from", first.get(FROM.lower(), "")),
        "to": ", ".join(recipients),
        "subject": first.get("subject", ""),
        "html": _part(message, "text/html"),
        "text": _part(message, "text/plain"),
        "headers": {name: value for name, value in headers if name.lower() not in OURS},
        "provider_message_id": first.get("message-id", "").strip(" <>"),
        "tags": dict(_tags(value) for name, value in headers if name.lower() == TAG),
        "recipients": recipients,
    }


def _decoded(value: Any) -> str:
    """A header's text, folding undone, encoded words and raw UTF-8 decoded."""
    raw = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    unfolded = raw.replace("\r\n", "").replace("\n", "")
    try:
        return str(make_header(decode_header(unfolded)))
    except (MessageError, ValueError, LookupError):
        return unfolded


def _part(message: Message, wanted: str) -> str | None:
    """The text of the first part of type `wanted` that is not an attachment."""
    for part in message.walk():
        if part.get_content_type() == wanted and part.get_content_disposition() != "attachment":
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                return _text(content, part.get_content_charset() or "utf-8").replace("\r\n", "\n")
    return None


def _text(content: bytes, charset: str) -> str:
    try:
        return content.decode(charset, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")


def _tags(value: str) -> tuple[str, str]:
    name, _, content = value.partition("=")
    return name.strip(), content.strip()


def _utc(stamped: str, file: Path) -> str:
    try:
        moment = datetime.fromisoformat(stamped)
    except ValueError:
        moment = datetime.fromtimestamp(file.stat().st_mtime, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _sync(folder: Path) -> None:
    """Make a new name in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
