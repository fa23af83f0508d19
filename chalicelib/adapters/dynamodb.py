"""A plain DynamoDB client, for libraries that bring their own items into our table. Metered like everything else."""

from functools import cache
from typing import Any

from chalicelib import observability
from chalicelib.adapters import _aws


@cache
def client() -> Any:
    """The metered client."""
    made = _aws.client("dynamodb")
    made.meta.events.register("provide-client-params.dynamodb", observability.ask_capacity)
    made.meta.events.register("after-call.dynamodb", observability.count_capacity)
    return made
