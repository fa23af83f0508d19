"""Where tests may compare consumed units exactly."""

import os

import pytest

exact_units = pytest.mark.skipif(
    bool(os.environ.get("DYNAMODB_ENDPOINT")),
    reason="DynamoDB Local states three times what a transaction consumes; the figures are those of the other engine",
)
