"""Answers a request to the product: finds its route, builds the event, calls the app as Lambda would."""

import logging
import uuid
from collections.abc import Mapping
from typing import Any

from infra.local import gateway
from infra.local.activity import Activity
from infra.local.calls import invoke
from infra.local.gateway import Answer, Request
from infra.local.problem import NO_COST, problem

log = logging.getLogger("tendril.local")

READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Api:
    """The Chalice app `app` behind what API Gateway would put before it."""

    def __init__(self, app: Any, activity: Activity, *, stage: str = "local", memory: int = 512) -> None:
        self._app, self._activity = app, activity
        self._stage, self._memory = stage, memory
        self._routes: Mapping[str, Mapping[str, Any]] = app.routes
        self._router = gateway.Router(self._routes)

    def answer(self, request: Request) -> Answer:
        """The answer to `request`; whatever goes wrong inside, no detail leaves."""
        resource, parameters = self._router.match(request.path) or (None, {})
        methods = self._routes.get(resource, {}) if resource else {}
        if request.method == "OPTIONS" and (headers := _preflight(methods)):
            return Answer(200, [*headers, ("X-Request-Id", str(uuid.uuid4())), NO_COST], b"")
        binary_types = self._app.api.binary_types
        event = gateway.event(request, resource, parameters, stage=self._stage, binary_types=binary_types)
        try:
            with self._activity.handler(writes=request.method not in READS):
                return gateway.answer(invoke(self._app, event, "api_handler", self._memory))
        except Exception:
            log.exception("the app did not answer %s", resource)
            return problem(502, "The function failed.", request.path)


def _preflight(methods: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The headers of a browser's preflight request: Chalice has API Gateway answer it, without any function."""
    allowed = {method: route.cors for method, route in methods.items() if route.cors}
    if not allowed or "OPTIONS" in methods:
        return []
    cors = next(iter(allowed.values()))
    names = ",".join(sorted({*allowed, "OPTIONS"}))
    return [*cors.get_access_control_headers().items(), ("Access-Control-Allow-Methods", names)]
