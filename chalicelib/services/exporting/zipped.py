"""A zip archive that is written piece by piece by workers who know nothing of each other but a small state.

Each piece is compressed by itself into whole blocks of deflate (RFC 1951), which simply follow one another; sizes and
checksums stand behind each file, as when zip writes into a pipe (APPNOTE.TXT, 4.4.4, bit 3).
"""

import struct
import zlib
from typing import Any, Final

from chalicelib import errors

State = dict[str, Any]
_LIMIT: Final = 2**32 - 1  # bytes: what a zip without extensions can say
_FLAGS: Final = 0x0808  # sizes follow the data; names are UTF-8
_TIME: Final = (0, 0x21)  # 1980-01-01, the first there is: the archive says nothing of when
_LAST_BLOCK: Final = b"\x03\x00"  # an empty one that ends the file's data


def begin() -> State:
    """An archive of which nothing is written yet."""
    return {"entries": [], "at": 0}


def open_file(state: State, name: str) -> bytes:
    """The next bytes of the archive: what stands before a file."""
    state["entries"].append({"name": name, "offset": state["at"], "crc": 0, "size": 0, "packed": 0})
    encoded = name.encode()
    head = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, _FLAGS, 8, *_TIME, 0, 0, 0, len(encoded), 0)
    return _written(state, head + encoded)


def piece(state: State, data: bytes) -> bytes:
    """The next bytes of the archive: more of the file that was opened last."""
    entry = state["entries"][-1]
    entry["crc"], entry["size"] = zlib.crc32(data, entry["crc"]), entry["size"] + len(data)
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    return _packed(state, packer.compress(data) + packer.flush(zlib.Z_SYNC_FLUSH))


def close_file(state: State) -> bytes:
    """The next bytes of the archive: the end of the file that was opened last.

    Raises `Conflict` for more than 4 GB.
    """
    entry = state["entries"][-1]
    end = _packed(state, _LAST_BLOCK)
    if max(entry["size"], state["at"]) > _LIMIT:
        raise errors.Conflict("This is more than a zip archive of 4 GB holds; export kind by kind.")
    said = struct.pack("<4sIII", b"PK\x07\x08", entry["crc"], entry["packed"], entry["size"])
    return end + _written(state, said)


def finish(state: State) -> bytes:
    """The last bytes of the archive: its directory."""
    listed = b"".join(_listed(entry) for entry in state["entries"])
    many = len(state["entries"])
    end: bytes = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, many, many, len(listed), state["at"], 0)
    return listed + end


def _listed(entry: State) -> bytes:
    name: bytes = entry["name"].encode()
    sizes = (entry["crc"], entry["packed"], entry["size"])
    head: bytes = struct.pack("<4sHHHHHHIIIHHH", b"PK\x01\x02", 0x0314, 20, _FLAGS, 8, *_TIME, *sizes, len(name), 0, 0)
    rest: bytes = struct.pack("<HHII", 0, 0, 0o644 << 16, entry["offset"])
    return head + rest + name


def _packed(state: State, data: bytes) -> bytes:
    state["entries"][-1]["packed"] += len(data)
    return _written(state, data)


def _written(state: State, data: bytes) -> bytes:
    state["at"] += len(data)
    return data
