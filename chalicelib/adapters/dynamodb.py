"""A plain DynamoDB client, for libraries that bring their own items into our table. Metered like everything else."""

from functools import cache
from typing import Any

from chalicelib import observability
from chalicelib.adapters import _aws


@cache
def client() -> Any:
    """The metered client."""
    made = _aws.client("dynamodb")
    # By a name of their own: two threads may come here at once, and nothing must be counted twice.
    made.meta.events.register("provide-client-params.dynamodb", observability.ask_capacity, unique_id="ask-capacity")
    made.meta.events.register("after-call.dynamodb", observability.count_capacity, unique_id="count-capacity")
    return made
