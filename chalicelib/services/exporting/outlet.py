"""Where an export goes: pieces are kept as small objects until they make a part of the one that the client gets.

Only what is in the state counts. A worker that died, or comes late, leaves pieces under names that nobody asks for.
"""

import secrets
from typing import Any, Final

from chalicelib.adapters import storage

State = dict[str, Any]
PART: Final = 5 * 1024 * 1024  # bytes gathered for one part of the upload; at least what storage asks for
_MANY: Final = 20  # pieces of a part, about; smaller ones are joined, since the state names each


def begin(folder: str, key: str, content_type: str) -> State:
    """An object `key` of which nothing is written yet; its pieces go below `folder`."""
    state: State = {"folder": folder, "key": key, "type": content_type, "upload": None, "tags": []}
    return {**state, "pieces": [], "bytes": 0, "last": 0}  # how much the pieces are together, and the last of them


def write(state: State, data: bytes) -> None:
    """The next bytes of the object; at most a few MB at a time."""
    if not data:
        return
    state["bytes"] += len(data)
    if state["last"] and state["last"] < PART // _MANY:
        data = storage.get(f"{state['folder']}/{state['pieces'].pop()}") + data
    name = f"{len(state['tags']):05}-{len(state['pieces']):04}-{secrets.token_hex(4)}"
    storage.put(f"{state['folder']}/{name}", data, state["type"])
    state["pieces"].append(name)
    state["last"] = len(data)
    if state["bytes"] >= PART:
        _upload(state)


def finish(state: State) -> None:
    """Let the object appear. Once more does no harm, until `clean`."""
    if state["upload"] is None:
        storage.put(state["key"], _gathered(state), state["type"])
        return
    try:
        if state["pieces"]:
            _upload(state)
        storage.complete(state["key"], state["upload"], state["tags"])
    except storage.Missing:
        if not storage.exists(state["key"]):  # else it was finished before, and the worker died
            raise


def clean(state: State) -> None:
    """Remove what is not the object itself."""
    if state["upload"] is not None:
        storage.abort(state["key"], state["upload"])
    storage.delete_all(f"{state['folder']}/")


def _upload(state: State) -> None:
    upload = state["upload"] or storage.begin(state["key"], state["type"])
    tag = storage.part(state["key"], upload, len(state["tags"]) + 1, _gathered(state))
    state.update(upload=upload, tags=[*state["tags"], tag], pieces=[], bytes=0, last=0)


def _gathered(state: State) -> bytes:
    return b"".join(storage.get(f"{state['folder']}/{name}") for name in state["pieces"])
