"""The way of a deal from first talk to won or lost: stages in their order."""

import json
from typing import Any, Final

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.models.subject import NAMELESS, Json
from chalicelib.models.table import Record

# What says nothing of a stage is not kept: a pipeline is read with each move, and paid for by its size.
_USUAL: Final[dict[str, Any]] = {
    "probability": 0.0,
    "forecast": "pipeline",
    "rotting_days": None,
    "required_fields": [],
}


class Stages(Json):
    """Stages in their order, each whole when it is read, and short where it is kept."""

    def serialize(self, value: Any) -> str | None:
        """The text that is kept."""
        return super().serialize([{name: one[name] for name in one if one[name] != _USUAL.get(name)} for one in value])

    def deserialize(self, value: str) -> Any:
        """The stages with all that they have."""
        return [{**_USUAL, "required_fields": [], **stage} for stage in json.loads(value)]


class Pipeline(Record, discriminator="pipeline"):
    """Its stages are kept in their order as `{id, code, name, probability, forecast, rotting_days, required_fields}`.

    A stage's `code`, a small number that is never given twice in a pipeline, stands for it where bytes are paid for.
    """

    name = UnicodeAttribute()
    stages = Stages()
    last_code = NumberAttribute()

    def keys(self) -> None:
        """Stand in the table, and in the list of pipelines unless in the trash."""
        listed = () if self.deleted_at else ("gsi1",)
        self.place("pipeline", *listed, tenant=self.tenant, id=self.id, name=self.name.casefold() or NAMELESS)
