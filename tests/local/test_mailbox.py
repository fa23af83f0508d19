"""The mail catcher: what SMTP accepted is on disk, and the outbox shows it as it was, whatever it contains."""

import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from infra.local.mailbox import Catcher, Mailbox

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path / "mail", lambda: NOON)


@pytest.fixture
def catcher(mailbox: Mailbox) -> Iterator[Catcher]:
    running = Catcher(mailbox)
    yield running
    running.stop()


def deliver(catcher: Catcher, content: bytes, *to: str) -> None:
    with smtplib.SMTP("127.0.0.1", catcher.port, local_hostname="test") as connection:
        connection.sendmail("bounce@firm.test", list(to), content, mail_options=["SMTPUTF8"])


def only(mailbox: Mailbox, **filters: Any) -> dict[str, Any]:
    (entry,) = mailbox.entries(**filters)
    return entry


def test_a_mail_comes_back_as_it_was_sent(catcher: Catcher, mailbox: Mailbox) -> None:
    message = EmailMessage(SMTP)
    message["From"] = "Jürgen <juergen@firm.test>"
    message["To"] = "Zoë Ωmega <zoe@x.test>"
    message["Subject"] = "Erinnerung: 電話 um 9 – " + "sehr lang " * 20
    message["Message-ID"] = "<msg_1@firm.test>"
    message["X-Tendril-Tag"] = "send=snd_1"
    message["X-Tendril-Tag"] = "tenant=ten_1"
    message["List-Unsubscribe"] = "<https://firm.test/u/1>"
    message.set_content("Grüße,\n.\nJürgen\n")
    message.add_alternative("<p>Grüße</p>\n", subtype="html")
    deliver(catcher, message.as_bytes(), "zoe@x.test")
    entry = only(mailbox)
    assert entry["from"] == "Jürgen <juergen@firm.test>"
    assert entry["to"] == "zoe@x.test"
    assert entry["subject"] == message["Subject"]
    assert entry["text"] == "Grüße,\n.\nJürgen\n"
    assert entry["html"] == "<p>Grüße</p>\n"
    assert entry["provider_message_id"] == "msg_1@firm.test"
    assert entry["tags"] == {"send": "snd_1", "tenant": "ten_1"}
    assert entry["headers"]["List-Unsubscribe"] == "<https://firm.test/u/1>"
    assert entry["headers"]["To"] == "Zoë Ωmega <zoe@x.test>"
    assert entry["at"] == "2030-01-01T12:00:00.000Z"
    assert set(entry) == {
        "id", "at", "from", "to", "subject", "html", "text", "headers", "provider_message_id", "tags",
    }  # fmt: skip


def test_a_mail_without_html_has_none(catcher: Catcher, mailbox: Mailbox) -> None:
    deliver(catcher, b"Subject: plain\r\n\r\nhello\r\n", "a@x.test")
    assert (only(mailbox)["html"], only(mailbox)["text"]) == (None, "hello\n")


@pytest.mark.parametrize(
    "content",
    [
        b"Subject: =?utf-8?q?a=0d=0aBcc:_victim@x.test?=\r\nTo: a@x.test\r\n\r\nbody\r\n",
        b"Subject: =?no-such-charset?q?=ff?=\r\n\r\nbody\r\n",
        b"Subject: =?utf-8?b?!!!?=\r\n\r\nbody\r\n",
        b"Subject: \xff\xfe raw bytes\r\n\r\nbody \xff\r\n",
        b"Content-Type: text/plain; charset=no-such\r\n\r\nbody\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\nno boundary ever\r\n",
        b"Content-Transfer-Encoding: base64\r\nContent-Type: text/html\r\n\r\n!!! not base64\r\n",
        b"X-Received-At: yesterday\r\nDelivered-To: other@x.test\r\n\r\nbody\r\n",
        b"no header at all\r\n",
        b"From: <<<>>>,\r\nTo: ,;\r\nMessage-ID: \r\n\r\n",
        b"",
    ],
)
def test_whatever_comes_is_kept_and_shown(catcher: Catcher, mailbox: Mailbox, content: bytes) -> None:
    deliver(catcher, content, "a@x.test")
    entry = only(mailbox, to="a@x.test")
    assert entry["to"].split(", ")[0] == "a@x.test"
    assert "Bcc" not in entry["headers"]
    assert entry["at"] == "2030-01-01T12:00:00.000Z"


def test_the_filter_goes_by_the_envelope(catcher: Catcher, mailbox: Mailbox) -> None:
    deliver(catcher, b"To: shown@x.test\r\nSubject: 1\r\n\r\n", "real@x.test")
    deliver(catcher, b"To: other@x.test\r\nSubject: 2\r\n\r\n", "other@x.test")
    assert only(mailbox, to="REAL@x.test")["subject"] == "1"
    assert list(mailbox.entries(to="shown@x.test")) == []


def test_since_goes_by_the_products_clock(catcher: Catcher, mailbox: Mailbox) -> None:
    deliver(catcher, b"Subject: 1\r\n\r\n", "a@x.test")
    assert list(mailbox.entries(since=NOON + timedelta(seconds=1))) == []
    assert only(mailbox, since=NOON)["subject"] == "1"


def test_mails_come_in_the_order_of_arrival_and_survive(catcher: Catcher, mailbox: Mailbox, tmp_path: Path) -> None:
    for number in range(12):
        deliver(catcher, f"Subject: {number}\r\n\r\n".encode(), "a@x.test")
    (tmp_path / "mail" / "tmp" / "torn").write_bytes(b"Subject: never accepted\r\n\r\n")
    reopened = list(Mailbox(tmp_path / "mail").entries())
    assert [entry["subject"] for entry in reopened] == [str(number) for number in range(12)]
    assert len({entry["id"] for entry in reopened}) == 12


def test_a_mail_program_may_mark_it_as_read(catcher: Catcher, mailbox: Mailbox, tmp_path: Path) -> None:
    deliver(catcher, b"Subject: 1\r\n\r\n", "a@x.test")
    before = only(mailbox)
    (file,) = (tmp_path / "mail" / "new").iterdir()
    file.rename(tmp_path / "mail" / "cur" / f"{file.name}:2,S")
    assert only(mailbox) == before


def test_a_full_disk_is_no_acceptance(catcher: Catcher, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mailbox, "keep", full)
    with pytest.raises(smtplib.SMTPDataError, match="451"):
        deliver(catcher, b"Subject: 1\r\n\r\n", "a@x.test")
