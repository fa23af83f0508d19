"""A zip in pieces is a zip: whatever the pieces, and whoever wrote them, every program reads what went in."""

import io
import json
import zipfile

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.services.exporting import zipped

NAMES = st.text(st.characters(min_codepoint=97, max_codepoint=0x17F), min_size=1, max_size=8)
PIECES = st.lists(st.binary(max_size=300) | st.just(b"name,mail\r\n" * 500), max_size=4)


def passed_on(state: zipped.State) -> zipped.State:
    """As the next worker finds it."""
    found: zipped.State = json.loads(json.dumps(state))
    return found


@given(st.dictionaries(NAMES, PIECES, max_size=4))
def test_what_went_in_comes_out(files: dict[str, list[bytes]]) -> None:
    state, archive = zipped.begin(), b""
    for name, pieces in files.items():
        state = passed_on(state)
        archive += zipped.open_file(state, name)
        for piece in pieces:
            state = passed_on(state)
            archive += zipped.piece(state, piece)
        state = passed_on(state)
        archive += zipped.close_file(state)
    archive += zipped.finish(passed_on(state))
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == {
            name: b"".join(pieces) for name, pieces in files.items()
        }


def test_it_is_small() -> None:
    state = zipped.begin()
    archive = zipped.open_file(state, "a.csv")
    for _ in range(10):
        archive += zipped.piece(state, b"name,mail\r\n" * 5000)
    assert len(archive) < 10_000
