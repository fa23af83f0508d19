"""What became of deals: a ledger of its own, to which a deal contributes while it is closed.

A deal that moves from one open stage to the next costs nothing here. In the book of the deal's pipeline lie

    R#{month of closed_at}#{reason as written}#{owner}   lost deals: `n`, and `b` in the firm's currency
    W                                                    what is learned, and how well it was foretold
    W#o#{owner}, W#c#{folded source}                     what is learned of these

with `-` for nobody. Cells of a `W`: `w` won and `l` lost deals; in the first of them also `w.s3` those that ever were
in the stage of code 3, and `w.a2` those whose age at the close was in the third bucket of `chances.AGES`.

Each outcome is foretold when it reaches this ledger, from what was counted before it (a "prequential" forecast, Dawid
1984), and what was foretold is kept in the contribution: `p6n` one prediction of 0.6 to 0.7, `p6w` and it was won,
`p6s` the prediction and `br` its squared error (Brier 1950), both in millionths. A repeat, or another change of the
closed deal, leaves that as it is; so does one reopened and closed again before the feed could tell. Contributions
computed anew would foretell anew, and in another order otherwise.
"""

from typing import Any, Final

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.deal import Deal
from chalicelib.models.ledger import Contribution
from chalicelib.models.table import fetch, several
from chalicelib.services import chances, ledger, pipelines, text
from chalicelib.services.chances import Cells, Counts, Feature, Seen
from chalicelib.services.ledger import OF

LEDGER: Final = "outcome"
LEARNED: Final = "W"
NOBODY: Final = "-"
_MONTH: Final = len("2026-11")
Sheet = dict[str, int]


def outcome(before: Any, after: Any) -> None:
    """A closed deal was made, changed, reopened or put into the trash, or a deal was closed.

    By part: what it contributed 1 read unit, twice; what is counted so far 0.5 for each of base, owner and source, and
    the pipeline 0.5. Contribution 2 write units, `W` 2, owner 2, source 2, a lost one's reason 2.
    """
    if not counts(before) and not counts(after):
        return
    record = after or before
    version = int(after.version) if after is not None else int(before.version) + 1
    place = keys.key("contribution", tenant=record.tenant, record=record.id, ledger=LEDGER)
    old = fetch(Contribution, *place, consistent=True)
    if old is not None and old.of_version >= version:
        return
    ledger.settle(record.tenant, record.id, LEDGER, version, {}, contribution(after, _foretold(after, old)))


def counts(deal: Any) -> bool:
    """Whether a deal has an outcome: closed, and not in the trash."""
    return deal is not None and deal.live and deal.status in ("won", "lost")


def contribution(deal: Deal, foretold: int | None = None) -> dict[str, Sheet]:
    """What a deal adds to the sheets above. `foretold` is the prediction in millionths, if there was one."""
    if not counts(deal):
        return {}
    book, mark = f"{deal.pipeline_id}{OF}", deal.status[0]
    learned = {mark: 1, f"{mark}.a{chances.age_bucket(deal.created_at, str(deal.closed_at))}": 1}
    # Of the stage in which it was closed there is nothing to learn.
    learned |= {f"{mark}.s{code}": 1 for code in deal.entered or () if code != str(int(deal.stage_code))}
    sheets = {f"{book}{LEARNED}": learned | _scored(foretold, won=mark == "w")}
    sheets |= {book + name: {mark: 1} for name in _kinds(deal).values()}
    if deal.status == "lost":
        worth = deal.base_value["amount"] if deal.base_value else 0
        sheets[f"{book}{_reason(deal)}"] = {"n": 1, "b": worth}
    return sheets


def seen(tenant: str, deal: Deal, stages: list[Any], at: str) -> tuple[Cells, list[Seen]]:
    """What is counted so far in the deal's pipeline, and of each thing that is known of the deal at the stamp `at`.

    Half a read unit each for the pipeline's counts, the owner's and the source's.
    """
    kinds = _kinds(deal)
    places = [keys.key("sheet", tenant=tenant, book=deal.pipeline_id, name=name) for name in (LEARNED, *kinds.values())]
    base, *others = [found.cells if found else {} for found in several(places)]
    known = []
    stage = chances.furthest(stages, deal.entered)
    if stage is not None:
        known.append(Seen("stage", stage["id"], counted(base, f".s{stage['code']}")))
    bucket = chances.age_bucket(deal.created_at, at)
    if bucket:  # every deal lasted at least as long as it takes to make it
        older = [counted(base, f".a{one}") for one in range(bucket, len(chances.AGES))]
        lasted = Counts(sum(one.won for one in older), sum(one.lost for one in older))
        known.append(Seen("age", str(chances.AGES[bucket]), lasted))
    for kind, cells in zip(kinds, others, strict=True):
        value = deal.owner_id if kind == "owner" else deal.source
        known.append(Seen(kind, value or "", counted(cells)))
    return base, known


def counted(cells: Cells, what: str = "") -> Counts:
    """Won and lost deals, those that have `what`."""
    return Counts(cells.get(f"w{what}", 0), cells.get(f"l{what}", 0))


def reason_of(name: str) -> tuple[str, str, str | None]:
    """What the name of a sheet of lost deals says: the month, the reason as it was written, the owner."""
    _, month, rest = name.split("#", 2)
    reason, _, owner = rest.rpartition("#")
    return month, reason, None if owner == NOBODY else owner


def _foretold(deal: Deal, old: Contribution | None) -> int | None:
    """What was foretold of this outcome, in millionths; None where too few deals were closed to learn from."""
    if not counts(deal):
        return None
    if old is not None and old.sheets:  # it is counted already: what was said then stands
        cells = old.sheets.get(f"{deal.pipeline_id}{OF}{LEARNED}", {})
        return next((amount for name, amount in cells.items() if name[0] == "p" and name[-1] == "s"), None)
    base, known = seen(deal.tenant, deal, stages_of(deal), str(deal.closed_at))
    closed = counted(base)
    if closed.closed < chances.FEWEST:
        return None
    return round(chances.chance(closed, known).probability * chances.MILLION)


def stages_of(deal: Deal) -> list[Any]:
    """The stages of the deal's pipeline, which may be in the trash by now. Half a unit."""
    try:
        return list(pipelines.load(deal.tenant, deal.pipeline_id, deleted=True).stages)
    except errors.NotFound:
        return []


def _scored(foretold: int | None, *, won: bool) -> Sheet:
    if foretold is None:
        return {}
    ten = f"p{chances.decile(foretold / chances.MILLION)}"
    missed = (foretold / chances.MILLION - won) ** 2
    return {f"{ten}n": 1, f"{ten}s": foretold, "br": round(missed * chances.MILLION)} | ({f"{ten}w": 1} if won else {})


def _kinds(deal: Deal) -> dict[Feature, str]:
    """The sheets of what a deal has: its owner, its source."""
    found: dict[Feature, str] = {}
    if deal.owner_id:
        found["owner"] = f"{LEARNED}#o#{deal.owner_id}"
    source = text.folded(deal.source or "")
    if source:
        found["source"] = f"{LEARNED}#c#{source}"
    return found


def _reason(deal: Deal) -> str:
    written = " ".join((deal.lost_reason or "").split())
    return f"R#{str(deal.closed_at)[:_MONTH]}#{written}#{deal.owner_id or NOBODY}"
