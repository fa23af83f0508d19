"""Storage: the bucket and the folder do the same, strangers read and write by links, and no key leads elsewhere."""

import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chalicelib.adapters import _aws, _objects, storage
from chalicelib.adapters.storage import Missing
from infra.local.cloud import Cloud

TENANT = "ten_01HX5ZZKBKACTAV9WEVGEMMVRZ"
OTHER = "ten_01HX5ZZKBKACTAV9WEVGEMMVR0"
KEY = f"{TENANT}/imports/job_1/contacts.csv"
BIG = bytes(range(256)) * (4 * 1024 * 3)  # 3 MB


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder = tmp_path_factory.mktemp("cloud")
    with Cloud.start(folder, folder / "log", services=("s3",)) as running:
        yield running


@pytest.fixture
def bucket(emulated: Cloud, aws_at: Callable[[str], None], monkeypatch: pytest.MonkeyPatch) -> None:
    aws_at(emulated.endpoint)
    s3 = _aws.client("s3")
    s3.create_bucket(Bucket="files")
    monkeypatch.setenv("STORAGE", "s3:files")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE", f"file:{tmp_path}/files")


@pytest.fixture(params=["bucket", "folder"])
def either(request: pytest.FixtureRequest) -> str:
    request.getfixturevalue(request.param)
    storage.delete_all(f"{TENANT}/")
    return str(request.param)


def test_what_was_put_is_read(either: str) -> None:
    assert storage.size(KEY) is None
    assert not storage.exists(KEY)
    storage.put(KEY, b"one")
    storage.put(KEY, b"name,mail\n", "text/csv")
    assert storage.get(KEY) == b"name,mail\n"
    assert storage.size(KEY) == 10
    assert storage.exists(KEY)


def test_ranges(either: str) -> None:
    storage.put(KEY, b"0123456789")
    assert storage.get(KEY, 3) == b"3456789"
    assert storage.get(KEY, 3, 4) == b"3456"
    assert storage.get(KEY, 8, 100) == b"89"
    assert storage.get(KEY, 3, 0) == b""
    assert storage.get(KEY, 10) == storage.get(KEY, 99, 5) == b""


def test_an_empty_object_is_there(either: str) -> None:
    storage.put(KEY, b"")
    assert (storage.get(KEY), storage.size(KEY)) == (b"", 0)


def test_a_large_object_comes_in_pieces(either: str) -> None:
    storage.put(KEY, BIG)
    pieces = list(storage.open_stream(KEY, 5))
    assert max(map(len, pieces)) <= _objects.PIECE
    assert b"".join(pieces) == BIG[5:]


def test_what_is_not_there_is_missing(either: str) -> None:
    for ask in (storage.get, lambda key: list(storage.open_stream(key))):
        with pytest.raises(Missing):
            ask(KEY)
    with pytest.raises(Missing):
        storage.part(KEY, "no-upload", 1, b"x")
    with pytest.raises(Missing):
        storage.complete(KEY, "no-upload", ["x"])
    storage.abort(KEY, "no-upload")


def test_an_object_in_parts_appears_when_complete(either: str) -> None:
    upload = storage.begin(KEY, "text/csv")
    first = b"a" * _objects.PART
    storage.part(KEY, upload, 1, b"z" * _objects.PART)
    tags = [storage.part(KEY, upload, 1, first), storage.part(KEY, upload, 2, b"end")]
    assert not storage.exists(KEY)
    storage.complete(KEY, upload, tags)
    assert storage.get(KEY) == first + b"end", "a part written again replaces what it was"
    storage.complete(KEY, upload, tags)
    assert storage.size(KEY) == len(first) + 3, "the answer to the first was lost"


def test_pieces_become_one_object(either: str) -> None:
    storage.put_pieces(KEY, [])
    assert storage.get(KEY) == b""
    storage.put_pieces(KEY, [b"one", b"two"], "text/csv")
    assert storage.get(KEY) == b"onetwo"
    storage.put_pieces(KEY, [BIG] * 7)
    assert storage.get(KEY) == BIG * 7


def test_what_cannot_be_deleted_is_no_endless_loop(bucket: None, monkeypatch: pytest.MonkeyPatch) -> None:
    storage.put(KEY, b"x")

    def refused(**_: object) -> dict[str, object]:
        return {"Errors": [{"Key": KEY, "Code": "AccessDenied"}]}

    monkeypatch.setattr(_aws.client("s3"), "delete_objects", refused)
    with pytest.raises(OSError, match="AccessDenied"):
        storage.delete_all(f"{TENANT}/")


def test_an_upload_that_was_aborted_leaves_nothing(either: str) -> None:
    upload = storage.begin(KEY)
    tag = storage.part(KEY, upload, 1, b"x")
    storage.abort(KEY, upload)
    storage.abort(KEY, upload)
    with pytest.raises(Missing):
        storage.complete(KEY, upload, [tag])


def test_delete_all_takes_one_folder_only(either: str) -> None:
    keys = [f"{TENANT}/imports/job_{number}/rows.csv" for number in range(3)]
    other = f"{OTHER}/imports/job_1/rows.csv"
    for key in [*keys, other]:
        storage.put(key, b"x")
    storage.delete_all(f"{TENANT}/imports/job_1/")
    storage.delete_all(f"{TENANT}/imports/job_1/")
    assert [storage.exists(key) for key in [*keys, other]] == [True, False, True, True]


def test_anybody_with_the_link_writes_and_reads_this_object(bucket: None) -> None:
    written = urllib.request.Request(storage.upload_url(KEY), b"from a browser", method="PUT")
    with urllib.request.urlopen(written, timeout=10) as answer:
        assert answer.status == 200
    assert storage.get(KEY) == b"from a browser"
    with urllib.request.urlopen(storage.download_url(KEY, 'con"tacts.csv'), timeout=10) as answer:
        assert answer.read() == b"from a browser"
    signed = storage.download_url(KEY, 'con"tacts.csv')
    assert "attachment" in signed
    assert "X-Amz-Signature" in signed
    assert "X-Amz-Expires=60" in storage.upload_url(KEY, 60)
    assert "checksum" not in storage.upload_url(KEY).lower(), "whoever uses the link would have to send it too"


def test_a_folder_gives_links_to_its_files(folder: None) -> None:
    Path(urllib.request.url2pathname(storage.upload_url(KEY).removeprefix("file://"))).write_bytes(b"x")
    assert storage.get(KEY) == b"x"
    with urllib.request.urlopen(storage.download_url(KEY, "x")) as answer:
        assert answer.read() == b"x"


def test_a_folder_is_as_strict_about_parts_as_the_bucket(folder: None) -> None:
    upload = storage.begin(KEY)
    tags = [storage.part(KEY, upload, number, b"small") for number in (1, 2)]
    with pytest.raises(ValueError, match="not the last"):
        storage.complete(KEY, upload, tags)
    with pytest.raises(ValueError, match="tags"):
        storage.complete(KEY, upload, ["", ""])


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/",
        TENANT,
        f"{TENANT}/",
        f"{TENANT}/../{OTHER}/x",
        f"{TENANT}/.hidden",
        f"{TENANT}/a//b",
        "x/y",
        f"{TENANT}/a b",
    ],
)
def test_what_is_no_key_goes_nowhere(folder: None, key: str) -> None:
    for ask in (storage.get, storage.size, storage.upload_url, storage.begin):
        with pytest.raises(ValueError, match="not a key"):
            ask(key)


@pytest.mark.parametrize("prefix", ["", "/", "ten_", TENANT, f"{TENANT}/imports", f"{TENANT}/../"])
def test_what_is_no_prefix_deletes_nothing(folder: None, prefix: str) -> None:
    with pytest.raises(ValueError, match="not a prefix"):
        storage.delete_all(prefix)


def test_a_backend_that_nobody_knows_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE", "ftp:somewhere")
    with pytest.raises(ValueError, match="ftp"):
        storage.size(KEY)
