"""Errors: each has one meaning over HTTP, all look alike, and what nobody foresaw tells nothing but a request id."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chalicelib import errors, observability
from chalicelib.handlers import _problem
from chalicelib.services import contacts, versions
from tests.house import Answer, House, Sender

MEMBERS = {
    "type",
    "title",
    "status",
    "detail",
    "instance",
    "request_id",
}  # RFC 9457, and the id under which the log has it
TALK = re.compile(r"traceback|exception|File \"|line \d+|\.py\b|chalicelib|pynamodb|botocore|dynamo", re.IGNORECASE)
ROOT = Path(__file__).parents[2]


def subclasses(of: type[errors.CrmError]) -> Iterator[type[errors.CrmError]]:
    for one in of.__subclasses__():
        yield one
        yield from subclasses(one)


# A read of a merged record is sent on, so this one is told by its own test and shares the status of a conflict.
SENT_ON = errors.Merged
ALL = sorted(set(subclasses(errors.CrmError)), key=lambda error: error.__name__)


def check(answer: Answer, status: int) -> None:
    """What holds for every answer that tells of an error."""
    assert answer.status == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json.keys() >= MEMBERS
    assert answer.json["status"] == status
    assert answer.json["title"]
    assert answer.json["type"].startswith("/problems/")
    assert answer.json["request_id"] == answer.headers["X-Request-Id"] != ""
    assert "Tendril-Cost" in answer.headers
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert not TALK.search(answer.text), answer.text
    for flaw in answer.json["errors"]:
        assert flaw.keys() == {"pointer", "code", "message"}


def made(kind: type[errors.CrmError]) -> errors.CrmError:
    """One of these errors."""
    if kind is errors.Merged:
        return errors.Merged("con_01HX5ZZKBKACTAV9WEVGEMMVRZ", "con_01HX5ZZKBKACTAV9WEVGEMMVS0")
    return errors.TooMany("Wait.", retry_after=7) if kind is errors.TooMany else kind("So it is.")


# The table


def test_every_error_has_a_status_and_every_status_an_error() -> None:
    assert set(_problem.STATUS) == set(ALL)
    assert all(400 <= status < 600 for status in _problem.STATUS.values())
    others = [status for error, status in _problem.STATUS.items() if error is not SENT_ON]
    assert len(set(others)) == len(others)


def test_titles_tell_errors_apart() -> None:
    titles = [error.title for error in ALL]
    assert len(set(titles)) == len(titles)
    assert errors.CrmError.title not in titles


def test_no_handler_knows_a_status_or_catches() -> None:
    rooms = list((ROOT / "chalicelib/handlers").glob("[a-z]*.py"))
    assert len(rooms) > 5
    for path in rooms:
        source = path.read_text()
        # The answer of a batch holds the status of each of its operations.
        assert path.name == "batches.py" or "_problem" not in source, path.name
        assert path.name == "queues.py" or "except" not in source, path.name  # a message is bytes until it is read


@pytest.mark.parametrize("kind", [one for one in ALL if one is not SENT_ON], ids=lambda kind: kind.__name__)
def test_what_a_service_raises_is_answered(
    kind: type[errors.CrmError], owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise made(kind)

    monkeypatch.setattr(versions, "read", refuse)
    answer = owner.get("/v1/contacts/con_01HX5ZZKBKACTAV9WEVGEMMVRZ")
    check(answer, _problem.STATUS[kind])
    assert answer.json["instance"] == "/v1/contacts/con_01HX5ZZKBKACTAV9WEVGEMMVRZ"
    assert answer.headers.get("Retry-After") == {errors.TooMany: "7", errors.Unready: "1"}.get(kind)
    assert answer.headers.get("WWW-Authenticate") == ("Bearer" if kind is errors.Unauthenticated else None)


def test_what_was_merged_is_read_elsewhere_and_not_written(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise made(SENT_ON)

    monkeypatch.setattr(versions, "read", refuse)
    monkeypatch.setattr(contacts, "update", refuse)
    path, into = "/v1/contacts/con_01HX5ZZKBKACTAV9WEVGEMMVRZ", "con_01HX5ZZKBKACTAV9WEVGEMMVS0"
    answer = owner.get(path)
    assert (answer.status, answer.json) == (301, {"merged_into": into})
    assert answer.headers["Location"].endswith(f"/v1/contacts/{into}")
    assert answer.headers["Cache-Control"] == "no-store", "a merge may be undone"
    asked = owner.get(f"{path}?as_of=2026-01-01T00:00:00%2B01:00")
    assert asked.headers["Location"].endswith(f"/v1/contacts/{into}?as_of=2026-01-01T00%3A00%3A00%2B01%3A00")
    written = owner.patch(path, {"title": "X"})
    check(written, 409)
    assert written.json["merged_into"] == into


# Bad requests of every sort


def test_every_bad_request_is_a_problem(house: House, owner: Sender) -> None:
    contact = owner.contact(first_name="Ada", emails=[{"address": "ada@example.com"}])
    one = f"/v1/contacts/{contact['id']}"
    draft = {"first_name": "Bob", "emails": [{"address": "ada@example.com"}]}
    for status, answer in (
        (400, owner.post("/v1/contacts", b'{"first_name": ')),
        (400, owner.post("/v1/contacts", b"\xff\xfe")),
        (400, owner.post("/v1/contacts", b"[" * 100_000)),
        (401, house.stranger().get("/v1/contacts")),
        (404, owner.get("/v1/nothing")),
        (404, owner.get("/")),
        (404, owner.get("/v1/contacts/con_nothing")),
        (405, owner.call("PUT", "/v1/contacts", {})),
        (405, owner.call("PROPFIND", one)),
        (409, owner.post("/v1/contacts", draft)),
        (409, owner.post(f"{one}/restore")),
        (412, owner.patch(one, {"title": "x"}, If_Match='"7"')),
        (413, owner.post("/v1/contacts", b" " * (1024 * 1024 + 1))),
        (415, owner.post("/v1/contacts", b"a=b", Content_Type="application/x-www-form-urlencoded")),
        (422, owner.post("/v1/contacts", {"nobody knows": 1})),
        (422, owner.post("/v1/contacts", [])),
        (422, owner.get("/v1/contacts?limit=0")),
        (422, owner.get("/v1/contacts?limit=1&limit=2")),
        (422, owner.get("/v1/contacts?limit=5.0")),
        (422, owner.get("/v1/contacts?limit=1e1")),
        (422, owner.get("/v1/contacts?updated_since=null")),
        (422, owner.get("/v1/contacts?updated_since=123")),
        (422, owner.get("/v1/contacts?sort=null")),
        (422, owner.get("/v1/contacts?colour=red")),
        (422, owner.post("/v1/contacts", {"first_name": "A"}, Idempotency_Key="x" * 256)),
    ):
        check(answer, status)
    assert owner.post("/v1/contacts", draft).json["existing_id"] == contact["id"]
    assert owner.call("PUT", "/v1/contacts", {}).headers["Allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"nobody knows": 1}, "/nobody knows", "unknown_field"),
        ({"first_name": 7}, "/first_name", "type"),
        ({"first_name": "x" * 101}, "/first_name", "length"),
        ({"first_name": "A", "emails": [{"address": "no address"}]}, "/emails/0/address", "format"),
        ({"first_name": "A", "emails": [{}]}, "/emails/0/address", "required"),
        ({"first_name": "A", "time_zone": "Mars/Olympus"}, "/time_zone", "time_zone"),
        ({"first_name": "A", "owner_id": "usr_01HX5ZZKBKACTAV9WEVGEMMVRZ"}, "/owner_id", "unknown"),
    ],
)
def test_a_flaw_points_at_its_field(owner: Sender, body: object, pointer: str, code: str) -> None:
    answer = owner.post("/v1/contacts", body)
    check(answer, 422)
    assert [(flaw["pointer"], flaw["code"]) for flaw in answer.json["errors"]] == [(pointer, code)]


# What nobody foresaw


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What the log says during the test, as it is written."""
    observability.configure()
    found: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(self.format(record))

    keep = Keep()
    keep.setFormatter(observability.log.handlers[0].formatter)
    observability.log.addHandler(keep)
    yield found
    observability.log.removeHandler(keep)


def test_what_nobody_foresaw_is_told_to_the_log_alone(
    owner: Sender, lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def burst(*_: object) -> None:
        raise RuntimeError("ada@example.com owes 1300 euros")

    monkeypatch.setattr(versions, "read", burst)
    answer = owner.get("/v1/contacts/con_01HX5ZZKBKACTAV9WEVGEMMVRZ")
    check(answer, 500)
    assert answer.json["detail"] == ""
    assert answer.json["errors"] == []
    told = [json.loads(line) for line in lines if json.loads(line)["level"] == "ERROR"]
    assert len(told) == 1
    assert told[0]["error"] == "RuntimeError"
    assert told[0]["tenant"] == owner.tenant
    assert told[0]["request_id"] == answer.headers["X-Request-Id"]
    assert any("test_errors.py" in frame for frame in told[0]["trace"])
    everything = "".join(lines) + answer.text
    for word in ("ada@example.com", "1300", "euros", str(owner.token)):
        assert word not in everything


def test_what_a_caller_did_wrong_is_no_error_of_ours(owner: Sender, lines: list[str]) -> None:
    owner.post("/v1/contacts", {"first_name": "Grace", "nobody knows": 1})
    assert {json.loads(line)["level"] for line in lines} == {"INFO"}
    assert "Grace" not in "".join(lines)
