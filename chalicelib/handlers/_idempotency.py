"""`Idempotency-Key`: the first answer to a key is kept for a day and given again (powertools idempotency, over our
one table).

Loaded only by a request that has the header. The key belongs to the caller; another path or body with the same key is
refused. What is kept is sealed with the key itself, since an answer may hold secrets that the table must not have,
such as a new API token.
"""

import base64
import hmac
import secrets
from collections.abc import Callable
from typing import Any, Final

import msgspec
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig
from aws_lambda_powertools.utilities.idempotency.base import IdempotencyHandler
from aws_lambda_powertools.utilities.idempotency.exceptions import (
    IdempotencyAlreadyInProgressError,
    IdempotencyValidationError,
)
from chalice.app import Response

from chalicelib import config, errors
from chalicelib.adapters import dynamodb
from chalicelib.handlers._request import Request
from chalicelib.schemas.actor import Actor
from chalicelib.services import keyring

KEEP_SECONDS: Final = 24 * 3600
MAX_KEY: Final = 255  # characters


def once(request: Request, actor: Actor | None, context: Any, perform: Callable[[], Response]) -> Response:
    """`perform()`, or its answer from before.

    Raises `Conflict` while the first call still runs, `Invalid` for the same key with another request. An error is
    not kept: it may be tried again.
    """
    key = request.headers["idempotency-key"].strip()
    if not 1 <= len(key) <= MAX_KEY:
        raise errors.invalid("/Idempotency-Key", "length", f"The key must have 1 to {MAX_KEY} characters.")
    # Who is not signed in is told apart by network address, or anybody could use up a key for everybody.
    caller = f"{actor.tenant}/{actor.user}" if actor else f"-/{request.source}"
    ran: list[Response] = []

    def run() -> dict[str, Any]:
        ran.append(perform())
        return _seal(key, ran[0])

    # Keyed, because a body may hold a password, which a plain hash in the table would let others guess at.
    body = hmac.digest(key.encode(), request.body(), "sha256").hex()
    data = {"key": f"{caller}/{key}", "request": [request.path, body]}
    try:
        kept = _handler(actor.tenant if actor else "-", data, context, run).handle()
    except IdempotencyAlreadyInProgressError:
        raise errors.Conflict("The first request with this key is still running.") from None
    except IdempotencyValidationError:
        raise errors.invalid("/Idempotency-Key", "reused", "This key was used for another request.") from None
    if ran:
        return ran[0]
    answer = _unseal(key, kept)
    return Response(answer["body"], {**answer["headers"], "Idempotency-Replayed": "true"}, answer["status"])


def _handler(tenant: str, data: dict[str, Any], context: Any, run: Callable[[], dict[str, Any]]) -> IdempotencyHandler:
    settings = IdempotencyConfig(
        event_key_jmespath="key",
        payload_validation_jmespath="request",
        expires_after_seconds=KEEP_SECONDS,
        hash_function="sha256",
        lambda_context=context,
    )
    return IdempotencyHandler(run, data, settings, _store(tenant), function_args=(), function_kwargs={})


def _store(tenant: str) -> DynamoDBPersistenceLayer:
    return DynamoDBPersistenceLayer(
        table_name=config.table(),
        key_attr="pk",
        sort_key_attr="sk",
        static_pk_value=f"T#{tenant}#idempotency",
        expiry_attr="ttl",
        boto3_client=dynamodb.client(),
    )


def _seal(key: str, response: Response) -> dict[str, Any]:
    """The response, encrypted then authenticated.

    HMAC-SHA256 in counter mode, under a key that needs both our ring and the caller's key.
    """
    plain = msgspec.json.encode({"status": response.status_code, "headers": response.headers, "body": response.body})
    kid, secret = keyring.derive(f"idempotency/{key}")
    nonce = secrets.token_bytes(16)
    sealed = _keystream_xor(secret, nonce, plain)
    mac = hmac.digest(secret, b"mac" + nonce + sealed, "sha256")
    return {"kid": kid, "sealed": base64.b64encode(nonce + mac + sealed).decode()}


def _unseal(key: str, kept: dict[str, Any]) -> dict[str, Any]:
    data = base64.b64decode(kept["sealed"])
    nonce, mac, sealed = data[:16], data[16:48], data[48:]
    _, secret = keyring.derive(f"idempotency/{key}", kept["kid"])
    if not hmac.compare_digest(mac, hmac.digest(secret, b"mac" + nonce + sealed, "sha256")):
        raise ValueError("a kept answer was altered")
    answer: dict[str, Any] = msgspec.json.decode(_keystream_xor(secret, nonce, sealed))
    return answer


def _keystream_xor(secret: bytes, nonce: bytes, data: bytes) -> bytes:
    blocks = range((len(data) + 31) // 32)
    stream = b"".join(hmac.digest(secret, b"enc" + nonce + number.to_bytes(8), "sha256") for number in blocks)
    return bytes(one ^ other for one, other in zip(data, stream, strict=False))
