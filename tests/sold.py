"""What deals add up to, computed anew from the raw records: what board, forecast, reports and home must agree with."""

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from chalicelib.schemas.money import EXPONENTS
from tests import truth

OPEN = ("commit", "best_case", "pipeline")


class Books:
    """A firm's deals as they stand in the table, with the stages of its pipelines and the rates of a day."""

    def __init__(self, tenant: str, rates: dict[str, str], currency: str = "EUR") -> None:
        self.deals = [one for one in truth.raw(tenant, "deal").values() if not one.deleted_at]
        self.stages: dict[str, Any] = {
            stage["id"]: stage for one in truth.raw(tenant, "pipeline").values() for stage in one.stages
        }
        self.rates, self.currency = {**rates, currency: "1"}, currency

    def category(self, deal: Any) -> str:
        """How the deal counts in the forecast."""
        return str(self.stages[deal.stage_id]["forecast"])

    def worth(self, deal: Any) -> Decimal:
        """Minor units of the firm's currency: of a closed deal as of its closing, of an open one at today's rate."""
        if deal.status != "open":
            return Decimal(deal.base_value["amount"] if deal.base_value else 0)
        if not deal.value:
            return Decimal(0)
        shift = EXPONENTS.get(self.currency, 2) - EXPONENTS.get(deal.value["currency"], 2)
        return Decimal(deal.value["amount"]) * Decimal(self.rates[deal.value["currency"]]) * Decimal(10) ** shift

    def weighted(self, deals: list[Any]) -> int:
        """The deals by the probability of their stages."""
        return whole(
            sum((self.worth(one) * Decimal(str(self.stages[one.stage_id]["probability"])) for one in deals), Decimal(0))
        )

    def sum(self, deals: list[Any]) -> int:
        """The deals as they are."""
        return whole(sum((self.worth(one) for one in deals), Decimal(0)))

    def of(self, **fields: Any) -> list[Any]:
        """The deals with these values."""
        return [one for one in self.deals if all(getattr(one, name) == value for name, value in fields.items())]

    def reached(self, stage_id: str) -> list[Any]:
        """The deals that ever were in a stage."""
        code = str(self.stages[stage_id]["code"])
        return [one for one in self.deals if code in (one.entered or {})]

    def reasons(self) -> Counter[str]:
        """How many were lost for which reason."""
        return Counter(one.lost_reason for one in self.of(status="lost"))


def whole(amount: Decimal) -> int:
    """Whole minor units; a half away from nothing."""
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))
