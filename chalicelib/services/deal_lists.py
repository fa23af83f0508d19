"""Which lists of deals there are, as one table, and how each is read.

A stage's deals stand on its board, which is an index of its own, and so are those of pipelines read; all other lists
are in the index of terms, where open deals come first, then the won, then the lost, each by the day on which they are
to be closed.
"""

from collections.abc import Callable
from typing import Any, Final

from chalicelib import clock
from chalicelib.services import drafts, pipelines, plans, rotting, scans, terms
from chalicelib.services.plans import BY_NAME, FIRST, ROWS, Boards, Given, Listed, Plan
from chalicelib.services.scans import END, Look, Scan

_BUDGET: Final = 14.0  # units of a page of which not all rows fit: 25 rows, and what leads to them
_BY_BOARD: Final = "stage by stage, as on the board"
_BY_CLOSE: Final = "the open ones first, by expected close"


def _everything(_noun: str, tenant: str, _given: Given) -> Plan:
    return Boards(tuple(one["id"] for pipeline in pipelines.everyone(tenant) for one in pipeline.stages), _any)


def _closing(noun: str, tenant: str, given: Given) -> Plan:
    return plans.by_facet(noun, *_stretches("deal.close", given))


def _owner(noun: str, tenant: str, given: Given) -> Plan:
    found = plans.by_facet(noun, *_stretches(f"deal.owner_id.{given['owner_id']}", given))
    return _only(found, pipeline_id=given["pipeline_id"]) if "pipeline_id" in given else found


def _party(of: str) -> Callable[[str, str, Given], Plan]:
    """Deals of a contact or a company, and of those that were merged into it."""

    def plan(noun: str, tenant: str, given: Given) -> Plan:
        several = plans.ids_in(of, tenant, given[f"{of}_id"])
        found = plans.by_facet(noun, *(scans.beginning(f"deal.{of}_id.{one}", "") for one in several))
        return _only(found, status=given["status"]) if "status" in given else found

    return plan


def _pipeline(_noun: str, tenant: str, given: Given) -> Plan:
    stages = pipelines.of(tenant, given["pipeline_id"]).stages
    asked = given.get("status")
    return Boards(tuple(one["id"] for one in stages if asked in (None, pipelines.kind_of(one))), _any)


def _stage(_noun: str, tenant: str, given: Given) -> Plan:
    """The board of a stage, or what rots there. With its pipeline, a stage of another one is refused."""
    stage_id, wanted = given["stage_id"], given.get("rotting")
    stages: dict[str, dict[str, Any]] = {}
    if "pipeline_id" in given:
        stages[stage_id] = pipelines.stage_of(pipelines.of(tenant, given["pipeline_id"]), stage_id)
    now = clock.now()

    def rots(deal: Any) -> bool:
        if stage_id not in stages:  # nobody has said whose stage it is before its first deal is read
            stages[stage_id] = pipelines.stage_of(pipelines.of(tenant, deal.pipeline_id), stage_id)
        return rotting.age(stages[stage_id], deal.stage_since, now) == wanted

    return Boards((stage_id,), rots if wanted else _any)


def _any(_deal: Any) -> bool:
    return True


def _stretches(space: str, given: Given) -> list[Scan]:
    """Where deals of these standings stand that are to be closed before and after these days, neither included.

    Raises `Invalid` for a day that the calendar has not.
    """
    for name in ("close_before", "close_after"):
        drafts.check_day(given.get(name), f"/{name}")
    before, after, status = given.get("close_before"), given.get("close_after"), given.get("status")
    if before is None and after is None and status is None:
        return [Scan(space, FIRST, END)]
    found = []
    for kind, sign in terms.STANDING.items():
        low, high = f"{sign}{after}~" if after else sign, f"{sign}{END}"
        if before or after:  # then one that has no such day is not meant
            high = f"{sign}{before or terms.SOMETIME}"
        if status in (None, kind) and low < high:
            found.append(Scan(space, low, high))
    return found


def _only(look: Look, **wanted: str) -> Look:
    """The same look for those that have these values too. A page keeps to its budget, however few have them."""

    def check(plain: dict[str, Any]) -> Any:
        return look.check(plain) if all(plain[name] == value for name, value in wanted.items()) else ()

    return look._replace(check=check, budget=_BUDGET)


_BOARD: Final = "0.5 for each 4 KB"
LISTS: Final = (
    Listed((), _everything, f"{_BOARD} and each stage", _BY_BOARD),
    Listed(("status",), _closing, ROWS, _BY_CLOSE, ("close_before", "close_after")),
    Listed(("close_before",), _closing, ROWS, _BY_CLOSE, ("close_after",)),
    Listed(("close_after",), _closing, ROWS, _BY_CLOSE),
    Listed(("stage_id",), _stage, _BOARD, "as on the board", ("pipeline_id", "rotting")),
    Listed(("pipeline_id",), _pipeline, f"{_BOARD} and each stage", _BY_BOARD, ("status",)),
    Listed(("owner_id",), _owner, ROWS, _BY_CLOSE, ("status", "close_before", "close_after", "pipeline_id")),
    Listed(("company_id",), _party("company"), f"{ROWS}; 0.5 for the company", BY_NAME, ("status",)),
    Listed(("contact_id",), _party("contact"), f"{ROWS}; 0.5 for the contact", BY_NAME, ("status",)),
    Listed(("tag",), plans.tag, ROWS, BY_NAME),
    Listed(("custom",), plans.custom, f"{ROWS}; 0.5 for the definitions", "by name, of a range by value"),
    Listed(("q",), plans.search, "at most 5 a page", BY_NAME),
    Listed(("external_id",), plans.external, "1, a miss 1.5", "one"),
    Listed(("created_since",), plans.made, ROWS, "the oldest first"),
    Listed(("deleted",), plans.trash, _BOARD, "last deleted first"),
)
