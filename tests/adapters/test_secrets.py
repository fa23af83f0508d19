"""Both secret stores keep one promise; the file store also keeps what it holds to its owner."""

import os
import threading
import uuid
from pathlib import Path

import pytest

from chalicelib.adapters import _aws, secrets


@pytest.fixture(params=["ssm", "file"])
def _store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if request.param == "ssm":
        request.getfixturevalue("cloud")
        monkeypatch.setenv("SECRETS", f"ssm:/test/{uuid.uuid4().hex}")
    else:
        monkeypatch.setenv("SECRETS", f"file:{tmp_path / 'not-there-yet'}")


@pytest.mark.usefixtures("_store")
class TestEveryStore:
    """What holds for parameters and files alike."""

    def test_what_was_never_written_is_none(self) -> None:
        assert secrets.read("signing-keys") is None

    @pytest.mark.parametrize("value", ["plain", '{"a": "b"}', " spaces \n", "línea\r\n二"])
    def test_what_is_written_is_read(self, value: str) -> None:
        secrets.write("signing-keys", value)
        assert secrets.read("signing-keys") == value

    def test_write_replaces(self) -> None:
        secrets.write("a", "long old value")
        secrets.write("a", "new")
        assert secrets.read("a") == "new"

    def test_create_only_once(self) -> None:
        assert secrets.create("a", "first")
        assert not secrets.create("a", "second")
        assert secrets.read("a") == "first"

    def test_create_does_not_replace_what_was_written(self) -> None:
        secrets.write("a", "first")
        assert not secrets.create("a", "second")

    def test_names_with_parts(self) -> None:
        secrets.write("providers/ses", "x")
        assert secrets.read("providers/ses") == "x"

    @pytest.mark.parametrize("name", ["", "../up", "a/../b", "/etc/passwd", "a//b", ".hidden", "a b", "a\n"])
    def test_a_name_cannot_lead_elsewhere(self, name: str) -> None:
        for act in (lambda: secrets.read(name), lambda: secrets.write(name, "x"), lambda: secrets.create(name, "x")):
            with pytest.raises(ValueError, match="not a name"):
                act()

    def test_one_of_twenty_creators_wins(self) -> None:
        barrier, won = threading.Barrier(20), list[str]()

        def race(value: str) -> None:
            barrier.wait()
            if secrets.create("raced", value):
                won.append(value)

        threads = [threading.Thread(target=race, args=(f"value-{n}" * 200,)) for n in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        assert secrets.read("raced") == won[0]


def test_parameters_are_encrypted(cloud: str, monkeypatch: pytest.MonkeyPatch) -> None:
    prefix = f"/test/{uuid.uuid4().hex}"
    monkeypatch.setenv("SECRETS", f"ssm:{prefix}")
    secrets.create("a", "x")
    secrets.write("b", "x")
    found = _aws.client("ssm").get_parameters_by_path(Path=prefix)["Parameters"]
    assert {(one["Name"], one["Type"]) for one in found} == {(f"{prefix}/{name}", "SecureString") for name in "ab"}


def test_only_the_owner_reads_the_files(file_secrets: Path) -> None:
    before = os.umask(0)
    try:
        secrets.create("a", "x")
        secrets.write("b", "x")
        secrets.write("a", "y")
    finally:
        os.umask(before)
    assert file_secrets.stat().st_mode & 0o777 == 0o700
    assert {path.name: path.stat().st_mode & 0o777 for path in file_secrets.iterdir()} == {"a": 0o600, "b": 0o600}


def test_a_reader_never_sees_a_part(file_secrets: Path) -> None:
    values = {letter * 100_000 for letter in "ab"}
    secrets.write("big", "a" * 100_000)
    done, seen = threading.Event(), set[str | None]()

    def watch() -> None:
        while not done.is_set():
            seen.add(secrets.read("big"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    for value in sorted(values) * 20:
        secrets.write("big", value)
    done.set()
    watcher.join()
    assert seen <= values
    assert [path.name for path in file_secrets.iterdir()] == ["big"], "no drafts are left behind"


def test_a_failed_write_keeps_the_old_value(file_secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets.write("a", "old")
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        secrets.write("a", "new")
    assert (file_secrets / "a").read_text() == "old"
    assert [path.name for path in file_secrets.iterdir()] == ["a"]


def test_an_unknown_backend_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRETS", "vault:/x")
    with pytest.raises(ValueError, match="'vault'"):
        secrets.read("a")
