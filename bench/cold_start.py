"""Cold start: from a fresh interpreter to the first answered GET /v1/contacts/{id}, beside the same for a bare app.

Both run on the same engine in turns, so that whatever else the machine does hits both. Ours also reads its signing keys
from the parameter store, as in the cloud; the bare app knows no access rights and no keys.
"""

from statistics import median
from typing import Any

from bench import _packages, _start
from bench._world import body_of, world
from infra.local import aws

RUNS = 15
PROMISE = 0.6
# What a plain request must not import: each is heavy, and serves only some requests.
HEAVY = ("pydantic", "cryptography", "jinja2", "liquid", "mako", "phonenumbers", "argon2", "_argon2_cffi_bindings")
HEAVY_PARTS = ("aws_lambda_powertools.utilities.parser",)

Row = dict[str, Any]


def rows() -> list[Row]:
    """The measured rows; a promise holds or not by wall time, the median of 15."""
    with world() as here:
        bare, item = _packages.bare(), {"S": here.contact}
        aws.client("dynamodb", here.environment["AWS_ENDPOINT_URL_DYNAMODB"]).put_item(
            TableName=here.environment["TABLE"], Item={"pk": item, "sk": item, "first_name": {"S": "Ada"}}
        )
        bare_get = {
            "handler": "app.app",
            "event": _start.http("GET", "/v1/contacts/{contact_id}", contact_id=here.contact),
        }
        ours: list[Row] = []
        theirs: list[Row] = []
        for _ in range(RUNS):
            ours += _start.run(here.package, [here.get_contact], here.environment)
            theirs += _start.run(bare, [bare_get], here.environment)
        if any(body_of(seen, 200)["id"] != here.contact for seen in ours + theirs):
            raise RuntimeError("the wrong contact was answered")
        imported = _start.run(here.package, [here.get_contact | {"modules": True}], here.environment)[0]["modules"]
    wall, cpu = (median(s[key] for s in ours) / median(s[key] for s in theirs) for key in ("wall_ms", "cpu_ms"))
    heavy = [name for name in imported if name.split(".")[0] in HEAVY or name.startswith(HEAVY_PARTS)]
    return [
        _row("cold start, ours", median(seen["wall_ms"] for seen in ours), "ms"),
        _row("cold start, bare app", median(seen["wall_ms"] for seen in theirs), "ms"),
        _row("cold start, ours / bare", wall, "x", PROMISE),
        _row("cold start, ours / bare, processor time", cpu, "x", PROMISE),
        _row(f"heavy modules a plain request imports{''.join(f' {name}' for name in heavy)}", len(heavy), "modules", 0),
        _row("modules a plain request imports", len(imported), "modules"),
    ]


def _row(name: str, value: float, unit: str, limit: float | None = None) -> Row:
    value = round(value, 2 if unit == "x" else 0)
    return {"name": name, "value": value, "unit": unit, "limit": limit, "holds": limit is None or value <= limit}
