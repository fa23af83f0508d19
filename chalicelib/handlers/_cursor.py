"""Cursors: the key to go on from, signed, and bound to the tenant and to the question it answers."""

import hashlib
from typing import Any

import msgspec

from chalicelib import errors
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import ListQuery
from chalicelib.services import keyring


def seal(last: dict[str, Any], actor: Actor, path: str, query: ListQuery) -> str:
    """The cursor of the page after `last`."""
    return keyring.sign("cursor", {"k": last, "q": _question(actor, path, query)})


def unseal(actor: Actor, path: str, query: ListQuery) -> dict[str, Any] | None:
    """The key in the query's cursor, if it has one.

    Raises `Invalid` for a cursor that is forged or belongs to another question.
    """
    if query.cursor is None:
        return None
    claims = keyring.verify("cursor", query.cursor)
    if claims is None or claims.get("q") != _question(actor, path, query):
        raise errors.invalid("/cursor", "cursor", "This cursor does not belong to this list.")
    key: dict[str, Any] = claims["k"]
    return key


def _question(actor: Actor, path: str, query: ListQuery) -> str:
    asked = {**msgspec.to_builtins(query), "cursor": None, "limit": None}
    return hashlib.sha256(msgspec.json.encode([actor.tenant, path, sorted(asked.items())])).hexdigest()[:32]
