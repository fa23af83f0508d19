"""The first part of an import: everything that concerns the file as a whole, before any row is imported.

The upload is read as a stream, in steps that go on where the last one ended, and cut into chunks of rows. A file that
breaks off or is no table is refused here, so nothing of it is ever half imported.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.adapters import storage
from chalicelib.models.job import Job
from chalicelib.services import fields
from chalicelib.services.importing import csv_rows, encodings, files, keyed, mapping, text_rows
from chalicelib.services.importing.encodings import Encoding
from chalicelib.services.importing.lines import Lines, line_end
from chalicelib.services.importing.rows import Row, refused
from chalicelib.services.importing.words import plain

LARGEST: Final = 256 * 1024 * 1024  # bytes
_HEAD: Final = 64 * 1024  # bytes in which the delimiter is looked for
_BUDGET: Final = 1.5  # seconds of one step
_TEXTS: Final = {"jsonl": text_rows.jsonl, "vcard": text_rows.vcards}
Shape = dict[str, Any]


def examine(job: Job) -> Shape:
    """How the file is to be read, from its bytes and its header. Raises `Invalid` for one that cannot be imported."""
    source = files.key(job, "source")
    size = storage.size(source)
    if size is None:
        raise refused("missing", "Nothing has been uploaded.")
    if size > LARGEST:
        raise refused("too_large", f"The file has {size} bytes; at most {LARGEST} are taken. Import it in parts.")
    wanted = (files.get(job, "request") or {}).get("mapping") or {}
    return shape(job.tenant, job.params, lambda start: storage.open_stream(source, start), wanted)


def shape(tenant: str, params: Mapping[str, Any], stream: Any, wanted: Mapping[str, str | None]) -> Shape:
    """As `examine`, of any stream: `stream(start)` gives its bytes from a place on."""
    named = params.get("encoding")
    encoding = encodings.detect(stream(0), named)
    head = b"".join(_upto(stream(0), _HEAD))
    found: Shape = {"encoding": [*encoding], "end": line_end(head[encoding.skip :], encoding), "sign": None}
    if params["source"] in _TEXTS:
        return {**found, "headers": [], "columns": {}, "offset": 0, "line": 0}
    found["sign"] = csv_rows.delimiter(_whole(Lines([head], encoding, end=found["end"]), len(head) < _HEAD))
    lines = Lines(stream(0), encoding, end=found["end"])
    found["headers"] = csv_rows.header(lines, found["sign"])
    guessed = mapping.columns(params["noun"], params["source"], found["headers"], wanted, _own(tenant, params["noun"]))
    found["columns"] = keyed.named(params["key"], guessed, wanted)
    asked = bool(params.get("keyed"))
    found["warnings"] = keyed.check(params["key"], params["source"], found["columns"], asked=asked)
    return {**found, "offset": lines.offset, "line": lines.number}


def rows(source: str, found: Shape, blocks: Iterable[bytes], offset: int, number: int) -> tuple[Lines, Iterator[Row]]:
    """The rows from a place of the file on, and the lines they are made of, which know the place."""
    lines = Lines(blocks, Encoding(*found["encoding"]), offset=offset, number=number, end=found["end"])
    if source in _TEXTS:
        return lines, _TEXTS[source](lines)
    return lines, csv_rows.rows(lines, found["sign"], len(found["headers"]))


def go_on(job: Job, found: Shape) -> bool:
    """Cut as many chunks as a step has time for; whether the file has been read to its end. Raises `Invalid`."""
    state, began = job.state, clock.ticks()
    blocks = storage.open_stream(files.key(job, "source"), state["offset"])
    lines, stream = rows(job.params["source"], found, blocks, state["offset"], state["line"])
    while clock.ticks() - began < _BUDGET:
        chunk = list(_chunk(stream))
        if chunk:
            files.put_rows(job, state["chunks"], chunk)
            state["chunks"] += 1
            state["read"] += len(chunk)
        state["offset"], state["line"] = lines.offset, lines.number
        if not chunk:
            return True
    return False


def check(tenant: str, params: Mapping[str, Any], content: bytes, wanted: Mapping[str, str | None]) -> None:
    """Raises what `examine` and `go_on` would raise for this content."""
    found = shape(tenant, params, lambda start: iter([content[start:]]), wanted)
    _, stream = rows(params["source"], found, [content[found["offset"] :]], found["offset"], found["line"])
    for _ in stream:
        pass


def _own(tenant: str, noun: str) -> dict[str, str]:
    """The firm's own fields by name and by label, as headers have them."""
    defined = fields.definitions(tenant, noun)
    by_label = {plain(field.label): f"custom.{name}" for name, field in defined.items()}
    return {**by_label, **{plain(name): f"custom.{name}" for name in defined}}


def flaws(error: errors.CrmError) -> list[dict[str, str]]:
    """What an error says, as the wire has it."""
    return [flaw._asdict() for flaw in error.flaws]


def _chunk(stream: Iterator[Row]) -> Iterator[Row]:
    size = 0
    for row in islice(stream, files.CHUNK):
        yield row
        size += len(row.data) if isinstance(row.data, str) else sum(map(len, row.data))
        if size > files.CHUNK_SIZE:
            return


def _upto(blocks: Iterable[bytes], size: int) -> Iterator[bytes]:
    for block in blocks:
        yield block[:size]
        size -= len(block)
        if size <= 0:
            return


def _whole(lines: Iterable[str], complete: bool) -> list[str]:
    """The lines without the last one if that may be cut off."""
    found = list(islice(lines, 100))
    return found if complete or len(found) < 2 or len(found) == 100 else found[:-1]
