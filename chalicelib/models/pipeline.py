"""The way of a deal from first talk to won or lost: stages in their order."""

from pynamodb.attributes import NumberAttribute, UnicodeAttribute

from chalicelib.models.subject import NAMELESS, Json
from chalicelib.models.table import Record


class Pipeline(Record, discriminator="pipeline"):
    """Its stages are kept in their order as `{id, code, name, probability, forecast, rotting_days, required_fields}`.

    A stage's `code`, a small number that is never given twice in a pipeline, stands for it where bytes are paid for.
    """

    name = UnicodeAttribute()
    stages = Json()
    last_code = NumberAttribute()

    def keys(self) -> None:
        """Stand in the table, and in the list of pipelines unless in the trash."""
        listed = () if self.deleted_at else ("gsi1",)
        self.place("pipeline", *listed, tenant=self.tenant, id=self.id, name=self.name.casefold() or NAMELESS)
