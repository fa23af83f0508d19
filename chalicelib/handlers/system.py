"""The house itself over HTTP: whether it stands, what it offers, what it costs."""

from typing import Any, get_args

from chalicelib.handlers._http import Routes
from chalicelib.schemas import field
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.health import Health
from chalicelib.schemas.usage import UsageQuery, UsageView
from chalicelib.services import fields, health, usage

routes = Routes(__name__)


@routes.get("/v1/health", permission=None, returns=Health)
def get_health() -> Health:
    """Whether the API answers; no I/O."""
    return Health()


@routes.get("/v1/ready", permission=None, returns=Health, errors=(503,))
def get_ready() -> Health:
    """Whether the table answers too."""
    return health.ready()


@routes.get("/v1/openapi.json", permission=None, returns=dict[str, Any])
def get_openapi(actor: Actor | None = None) -> dict[str, Any]:
    """Read this description; with a token also of the firm's own fields."""
    # Loaded here because no other request needs them.
    from chalicelib.handlers import _openapi, _openapi_custom

    if actor is None or not actor.may("fields:read"):
        return _openapi.document()
    own = {noun: fields.definitions(actor.tenant, noun) for noun in get_args(field.Of)}
    return _openapi_custom.described(_openapi.document(), own)


@routes.get("/v1/usage", permission="usage:read", query=UsageQuery, returns=UsageView)
def get_usage(actor: Actor, query: UsageQuery) -> UsageView:
    """Read the firm's bill."""
    return usage.report(actor, query)
