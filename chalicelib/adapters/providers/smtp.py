"""SMTP by the standard library: for one's own mail server, and for the catcher on one machine.

smtplib's own `sendmail` cannot say whether a lost connection came before or after the mail was handed over, and that is
the question here. So the steps are taken one by one: whatever fails before the first byte of the mail was certainly not
sent; from there until the server's answer it may have been.
"""

import re
import smtplib
import threading
from base64 import encodebytes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.utils import format_datetime
from secrets import token_hex
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from chalicelib import clock, config, ids
from chalicelib.adapters import _mailbox, _tls, hands, secrets
from chalicelib.errors import MailDeferred, MailRefused, MailThrottled, MailUncertain
from chalicelib.schemas.mail import Mail

PASSWORD: Final = "smtp-password"  # noqa: S105 - the name under which it is kept
TIMEOUT: Final = 10.0  # seconds, for each step
IDLE: Final = 5.0  # seconds for which a kept connection is good; after a sleep the server may have let it go
CLOSING: Final = 421  # the server is about to let the connection go
MAILS: Final = 100  # of one connection, as many servers want no more
# Replies that say "too fast" (RFC 5321, section 4.2.3; 454 is what SES says), by code or by what the text tells.
TOO_FAST: Final = frozenset({421, 454})
_TOO_FAST: Final = re.compile(rb"(?i)throttl|\brate\b|too many|too fast|quota exceeded")
_DAILY: Final = re.compile(rb"(?i)daily .*quota|quota.* day")
DAILY_PAUSE: Final = 3600.0  # seconds until a server that takes no more mails today is asked again
PORTS: Final[dict[str, int]] = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_LEADING_DOT = re.compile(rb"(?m)^\.")

_USAGE = f"SMTP_URL must be scheme://[user@]host[:port] with one of the schemes {', '.join(PORTS)}"
_FOLD = "\r\n "
_END = "\r\n"
_LINE_END = re.compile(r"\r\n|\r|\n")
_LONGEST = 990  # characters of a line that needs no other writing; RFC 5322 allows 998


Reply = tuple[int, bytes]


class _Server(NamedTuple):
    scheme: str
    host: str
    port: int
    user: str | None


class _Kept(threading.local):
    """The connection that a thread keeps for the next one of several mails."""

    connection: smtplib.SMTP | None = None
    url: str = ""
    used: float = 0.0  # as clock.epoch() counts
    mails: int = 0


_kept = _Kept()


def send(mail: Mail) -> str:
    """Send over a connection of its own; one of several over one that its thread keeps.

    Returns the Message-ID, without its brackets. Raises as `mailer.send`.

    A mail of a campaign is named after its send id (the tag `send`): a relay gives tags back to nobody, but most of
    those who tell of the mail tell its Message-ID.
    """
    sender, to = _mailbox.parse(mail.sender, "/sender"), _mailbox.parse(mail.to, "/to")
    message_id = f"{mail.tags.get('send') or ids.new('msg')}@{sender.domain}"
    data = _message(mail, sender, to, message_id)
    if hands.busy():
        _send_kept(sender, to, data)
    else:
        with _connection(sender.domain) as connection:
            _hand_over(connection, sender.address, to.address, data)
    return message_id


def _send_kept(sender: _mailbox.Mailbox, to: _mailbox.Mailbox, data: bytes) -> None:
    """Over the thread's connection, or over a new one if that is old or turns out to be gone before the mail."""
    connection, begun = _begun(sender)
    good = False
    try:
        _hand_over(connection, sender.address, to.address, data, begun)
        good = True
    finally:
        _kept.used, _kept.mails = clock.epoch(), _kept.mails + 1
        if not good or _kept.mails >= MAILS:
            _let_go()


def _begun(sender: _mailbox.Mailbox) -> tuple[smtplib.SMTP, Reply | None]:
    """The thread's connection, and what it says to a mail of this sender; one that is old, or does not answer that, is
    given up for a new one, which was told nothing yet.
    """
    if _kept.connection is not None and abs(clock.epoch() - _kept.used) <= IDLE and _kept.url == config.smtp_url():
        with suppress(OSError, smtplib.SMTPException):
            reply = _mail(_kept.connection, sender.address)
            if reply[0] != CLOSING:
                return _kept.connection, reply
    _let_go()
    with _opening():
        made = _connect(_server(), sender.domain)
    _kept.connection, _kept.url, _kept.mails = made, config.smtp_url(), 0
    return made, None


def _let_go() -> None:
    connection, _kept.connection = _kept.connection, None
    if connection is not None:
        connection.close()


def _message(mail: Mail, sender: _mailbox.Mailbox, to: _mailbox.Mailbox, message_id: str) -> bytes:
    """The mail as it goes over the wire (RFC 5322, RFC 2046), in ASCII, as not every server takes 8BITMIME.

    Not by `email.message`: that takes ten times as long, and its folding encodes any long word, which breaks the links
    of List-Unsubscribe.
    """
    lines = [
        f"From: {_mailbox.written(sender, _FOLD)}",
        f"To: {_mailbox.written(to, _FOLD)}",
        f"Subject: {_mailbox.encoded(mail.subject, _FOLD)}",
        f"Date: {format_datetime(clock.now())}",
        f"Message-ID: <{message_id}>",
        *(f"{name}: {_mailbox.encoded(value, _FOLD)}" for name, value in mail.headers.items()),
        *(f"X-Tendril-Tag: {name}={value}" for name, value in mail.tags.items()),
        "MIME-Version: 1.0",
    ]
    if mail.html is None:
        lines.append(_part("plain", mail.text))
    else:
        mark = f"={token_hex(16)}"  # no line of a part begins with it: two hyphens and an equals sign are in no Base64
        lines.append(f'Content-Type: multipart/alternative; boundary="{mark}"{_END}')
        lines += (f"--{mark}{_END}{_part(kind, text)}" for kind, text in (("plain", mail.text), ("html", mail.html)))
        lines.append(f"--{mark}--")
    return (_END.join(lines) + _END).encode("ascii")


def _part(kind: str, text: str) -> str:
    """A text with the headers that say how it is written: as it is, or else as Base64. Lines end as RFC 2049 wants."""
    body = _LINE_END.sub(_END, text)
    body = body if body.endswith(_END) else body + _END
    plain = body.isascii() and "\0" not in body and max(map(len, body.split(_END))) <= _LONGEST
    if not plain:
        body = encodebytes(body.encode()).decode("ascii").replace("\n", _END)
    coding = "7bit" if plain else "base64"
    return (
        f'Content-Type: text/{kind}; charset="utf-8"{_END}Content-Transfer-Encoding: {coding}{_END}{_END}'
        f"{body.removesuffix(_END)}"
    )


@contextmanager
def _connection(local_name: str) -> Iterator[smtplib.SMTP]:
    """A connection, encrypted and logged in as the URL says.

    Whatever goes wrong until then is not the mail's fault, so it is deferred even after a 5xx, as Postfix does.
    """
    with _opening():
        connection = _connect(_server(), local_name)
    try:
        yield connection
        with suppress(OSError, smtplib.SMTPException):  # it has taken the mail; its goodbye changes nothing
            connection.quit()
    finally:
        connection.close()


@contextmanager
def _opening() -> Iterator[None]:
    try:
        yield
    except MailDeferred:
        raise
    except smtplib.SMTPResponseException as error:
        slow = error.smtp_code in TOO_FAST
        raise (MailThrottled if slow else MailDeferred)(f"no SMTP session: {type(error).__name__}") from error
    except Exception as error:  # of the server, or of the store that has the password: the mail has not been offered
        raise MailDeferred(f"no SMTP session: {type(error).__name__}") from error


def _connect(server: _Server, local_name: str) -> smtplib.SMTP:
    password = _password(server)
    if server.scheme == "smtps":
        connection: smtplib.SMTP = smtplib.SMTP_SSL(
            server.host, server.port, local_name, timeout=TIMEOUT, context=_tls.context()
        )
    else:
        connection = smtplib.SMTP(server.host, server.port, local_name, timeout=TIMEOUT)
    try:
        if server.scheme == "smtp+starttls":
            connection.starttls(context=_tls.context())
        connection.ehlo_or_helo_if_needed()
        if server.user is not None and password is not None:
            connection.login(server.user, password)
    except BaseException:
        connection.close()
        raise
    return connection


def _mail(connection: smtplib.SMTP, sender: str) -> Reply:
    # By hand, as smtplib's own would read the address again, at a tenth of what a mail takes.
    return connection.docmd("MAIL", f"FROM:<{sender}>")


def _hand_over(connection: smtplib.SMTP, sender: str, to: str, data: bytes, begun: Reply | None = None) -> None:
    """`begun`: what it has said to the sender already."""
    try:
        _expect(begun or _mail(connection, sender), "MAIL", {250})
        _expect(connection.docmd("RCPT", f"TO:<{to}>"), "RCPT", {250, 251})
        _expect(connection.docmd("DATA"), "DATA", {354})
    except (OSError, smtplib.SMTPException) as error:
        raise MailDeferred(f"SMTP connection lost before the mail: {type(error).__name__}") from error
    try:
        connection.send(_LEADING_DOT.sub(b"..", data) + b".\r\n")
        reply = connection.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise MailUncertain(f"SMTP connection lost after the mail: {type(error).__name__}") from error
    if reply[0] < 200:  # not a reply at all
        raise MailUncertain("SMTP end of DATA was not answered")
    _expect(reply, "end of DATA", {250})


def _expect(reply: Reply, step: str, good: set[int]) -> None:
    code, text = reply
    if code in good:
        return
    said = f"SMTP {step} answered {code}"  # and not its text, which quotes addresses
    if 500 <= code < 600:
        raise MailRefused(said)
    if code in TOO_FAST or _TOO_FAST.search(text):
        raise MailThrottled(said, DAILY_PAUSE if _DAILY.search(text) else 0.0)
    raise MailDeferred(said)


def _server() -> _Server:
    try:
        url = urlsplit(config.smtp_url())
        port = url.port or PORTS[url.scheme]
    except (KeyError, ValueError) as error:
        raise MailDeferred(_USAGE) from error
    if not url.hostname:
        raise MailDeferred(_USAGE)
    return _Server(url.scheme, url.hostname, port, unquote(url.username) if url.username else None)


def _password(server: _Server) -> str | None:
    if server.user is None:
        return None
    if server.scheme == "smtp" and server.host not in LOOPBACK:
        raise MailDeferred("SMTP_URL would send the password unencrypted: use smtp+starttls:// or smtps://")
    password = secrets.read(PASSWORD)
    if password is None:
        raise MailDeferred(f"SMTP_URL has a user, but there is no secret {PASSWORD}")
    return password
