"""Board, forecast and home with 50,000 deals against the same with 500, and what a move writes, by part.

Both bases have the same owners, months, stages and pipelines, and each of those has deals in both. The sheets are
summed in memory from what each deal contributes, by the very function that the change feed uses.
"""

import json
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench._bases import Base, Stored, copy_house, interleaved, into, row
from bench._house import TABLE, House, house
from infra.local import template
from infra.local.engine import Engine
from infra.local.feed import Feed

SIZES: Final = (500, 50_000)
PROMISE: Final = 1.15  # times the time at the smaller size
HOME: Final = 10.0  # units that home may read
MOVE: Final = 10.0  # units that a move may write, all told
CALLS: Final = 4  # in a round: a board is a hundred cards or so
OWNERS: Final = 10
MONTHS: Final = 4  # of closes until now; of expected closes from now on, the last one not known
PIPELINES: Final = 2
_COMBINED: Final = PIPELINES * OWNERS * MONTHS * 6  # each stage of each month of each owner: 480 kinds of deals
Row = dict[str, Any]


def rows() -> list[Row]:
    """The move by part; then units and times of each operation at both sizes, and their ratio."""
    with house() as here, tempfile.TemporaryDirectory(prefix="tendril-bench-") as folder:
        found = _move(here)
        firm = _Firm(here)
        files = [Path(folder) / f"{size}.db" for size in SIZES]
        started = time.perf_counter()
        for file, size in zip(files, SIZES, strict=True):
            deals, sheets = firm.deals(size)
            copy_house(here, file, sheets)
            into(file, iter(deals))
        found.append(row("deals, fill both bases", time.perf_counter() - started, "s"))
        with Engine.start(files[0]) as small, Engine.start(files[1]) as large:
            return found + _compared(here, firm, Base(small.endpoint), Base(large.endpoint))


def _compared(here: House, firm: "_Firm", small: Base, large: Base) -> list[Row]:
    operations = {
        "board": f"/v1/pipelines/{firm.pipelines[0]['id']}/board",
        "forecast by owner": "/v1/forecast",
        "forecast by month": "/v1/forecast?group_by=month&undated=true",
        "home": "/v1/home",
    }
    found: list[Row] = []
    for name, path in operations.items():
        seen = []
        for base, size in ((small, SIZES[0]), (large, SIZES[1])):
            base.enter()
            _check(name, here.call("GET", path)[0], size)
            seen.append(here.call("GET", path)[1]["rru"])
        one, other = interleaved(here.event("GET", path), small, large, CALLS)
        found += [
            row(f"{name}, {SIZES[0]:,} deals", one, "ms"),
            row(f"{name}, {SIZES[1]:,} deals", other, "ms"),
            row(f"{name}, {SIZES[1]:,} : {SIZES[0]:,}", other / one, "x", PROMISE),
            row(f"{name}, read at {SIZES[1]:,}", seen[1], "units", HOME if name == "home" else None),
            row(f"{name}, read at {SIZES[1]:,} more than at {SIZES[0]:,}", seen[1] - seen[0], "units", 0),
        ]
    return found


def _check(name: str, body: Any, size: int) -> None:
    """What is measured is what was meant: all deals are counted."""
    share = size / _COMBINED * OWNERS * MONTHS  # deals of one stage of one pipeline, to a whole round
    if name == "board":
        counts = [stage["count"] for stage in body["stages"]]
        if not all(share - OWNERS * MONTHS <= count <= share + OWNERS * MONTHS for count in counts):
            raise RuntimeError(f"The board of {size} deals counts {counts}")
    if name == "forecast by month" and body["total"]["count"] < size * 0.6:  # two thirds of them are open
        raise RuntimeError(f"The forecast of {size} deals counts {body['total']['count']}")


# A move ----------------------------------------------------------------------------------------------------------


def _move(here: House) -> list[Row]:
    """What a move between two open stages writes: the request, and each reaction of the change feed by its name."""
    company, _ = here.call("POST", "/v1/companies", {"name": "Analytical Engines Ltd"})
    contact, _ = here.call("POST", "/v1/contacts", {"first_name": "Ada", "last_name": "Lovelace"})
    stages = here.call("GET", "/v1/pipelines")[0]["data"][0]["stages"]
    draft = {
        "title": "Ten analytical engines",
        "company_id": company["id"],
        "contact_ids": [contact["id"]],
        "contact_roles": {contact["id"]: "decides"},
        "value": {"amount": 12_990_000, "currency": "EUR"},
        "expected_close": "2026-12-31",
        "next_step": "Send the revised offer",
        "source": "fair",
        "tags": ["engines"],
    }
    path = f"/v1/deals/{here.call('POST', '/v1/deals', draft)[0]['id']}/move"
    here.call("POST", path, {"stage_id": stages[1]["id"]})
    here.feed.drain()
    kept: list[Any] = []
    feed = Feed(here.endpoint, TABLE, _Keeper(kept), kinds=template.stream_kinds())
    feed.drain()
    kept.clear()
    parts = defaultdict(float, {"the request": here.call("POST", path, {"stage_id": stages[2]["id"]})[1]["wru"]})
    while feed.drain() and kept:
        taken, kept[:] = list(kept), []
        for record in taken:
            for part, units in _followed(record["dynamodb"]).items():
                parts[part] += units
    here.feed.drain()
    return [
        *(row(f"move a deal, written by {part}", units, "units") for part, units in parts.items() if units),
        row("move a deal, written all told", sum(parts.values()), "units", MOVE),
    ]


class _Keeper:
    """Takes records off the feed without following them up."""

    def __init__(self, kept: list[Any]) -> None:
        self._kept = kept

    def __call__(self, event: Any, _context: Any) -> dict[str, list[Any]]:
        self._kept += event["Records"]
        return {"batchItemFailures": []}


def _followed(change: dict[str, Any]) -> dict[str, float]:
    """What each reaction to a change writes, by its name."""
    from chalicelib import observability
    from chalicelib.services import changes

    before, after = change.get("OldImage") or {}, change.get("NewImage") or {}
    kind = (after or before)["kind"]["S"]
    written: dict[str, float] = defaultdict(float)
    for reaction in changes._due(kind, before, after):
        with observability.measured("bench") as meter:
            reaction(changes._revive(before), changes._revive(after))
        written[f"{reaction.__module__.rpartition('.')[2]}.{reaction.__name__}"] += meter.wru
    return written


# The two bases ---------------------------------------------------------------------------------------------------


class _Firm:
    """Owners, pipelines, quotas and rates, made through the doors; and its deals, made up."""

    def __init__(self, here: House) -> None:
        self.tenant = here.tenant
        self._now = datetime.now(UTC)
        first = here.call("GET", "/v1/pipelines")[0]["data"][0]
        bare = [{name: value for name, value in stage.items() if name != "id"} for stage in first["stages"]]
        others = [
            here.call("POST", "/v1/pipelines", {"name": f"Pipeline {number}", "stages": bare})[0]
            for number in range(1, PIPELINES)
        ]
        self.pipelines = [first, *others]
        self.users = [here.call("GET", "/v1/users")[0]["data"][0]["id"]]
        for number in range(1, OWNERS):
            draft = {"name": f"Rep {number}", "email": f"rep{number}@example.com", "role": "rep"}
            self.users.append(here.call("POST", "/v1/users", {**draft, "password": "long enough pass"})[0]["id"])
        here.call("POST", "/v1/rates", {"day": "2020-01-01", "rates": {"USD": "0.9223", "CHF": "1.0312"}})
        month = f"{self._now:%Y-%m}"
        for user in self.users:
            quota = {"user_id": user, "period": month, "amount": {"amount": 50_000_000, "currency": "EUR"}}
            here.call("POST", "/v1/quotas", quota)
        for hours in (-30, -2, 3, 50):
            due = (self._now + timedelta(hours=hours)).isoformat(timespec="seconds")
            here.call("POST", "/v1/tasks", {"title": "Call back", "due_at": due})
        here.feed.drain()

    def deals(self, size: int) -> tuple[list[Stored], list[Stored]]:
        """So many deals as they are kept, and the sheets that follow from them."""
        from chalicelib.services import deal_sheets

        # One of each kind is built as the house does it; the others are like it but for their ids and amounts.
        kinds = [(deal, deal.serialize()) for deal in map(self._deal, range(_COMBINED))]
        found: list[Stored] = []
        sheets: dict[str, Counter[str]] = defaultdict(Counter)
        for number in range(size):
            deal, stored = kinds[number % _COMBINED]
            money = {"amount": 1_000_000 + number * 7919 % 9_000_000, "currency": deal.value["currency"]}
            deal.value, deal.base_value = money, {**money, "currency": "EUR"} if deal.closed_at else None
            for name, cells in deal_sheets.contribution(deal).items():
                sheets[name].update(cells)
            found.append(self._numbered(stored, number, deal))
        return found, list(self._stored(sheets))

    def _numbered(self, stored: Stored, number: int, deal: Any) -> Stored:
        from chalicelib.models import keys

        one, rank = f"dea_01HX{number:022}", f"{number:08}"
        text = {
            "pk": keys.key("deal", tenant=self.tenant, id=one)[0],
            "id": one,
            "rank": rank,
            "gsi1sk": f"{rank}#{one}",
        }
        money = {name: getattr(deal, name) for name in ("value", "base_value") if getattr(deal, name)}
        text |= {name: json.dumps(amount, separators=(",", ":")) for name, amount in money.items()}
        return {**stored, **{name: {"S": value} for name, value in text.items()}}

    def _stored(self, sheets: dict[str, Any]) -> Iterator[Stored]:
        from chalicelib.models import keys

        for name, cells in sheets.items():
            book, _, sheet = name.partition("/")
            pk, sk = keys.key("sheet", tenant=self.tenant, book=book, name=sheet)
            numbers = {f"={cell}": {"N": str(amount)} for cell, amount in cells.items()}
            yield {"pk": {"S": pk}, "sk": {"S": sk}, "kind": {"S": "sheet"}, **numbers}

    def _deal(self, number: int) -> Any:
        """A deal of the kind whose turn it is: pipeline, stage, owner and month, all of them in turn."""
        from chalicelib.models.deal import Deal

        rest, of = divmod(number % _COMBINED, PIPELINES)
        rest, stage = divmod(rest, 6)
        month, owner = divmod(rest, OWNERS)
        pipeline = self.pipelines[of]
        made = self._now - timedelta(days=150)
        deal = Deal(id=f"dea_01HX{number:022}", tenant=self.tenant, version=4, title=f"Engines for {number}")
        deal.name, deal.rank = f"engines for {number}", f"{number:08}"
        deal.pipeline_id, deal.stage_id, deal.stage_code = pipeline["id"], pipeline["stages"][stage]["id"], stage + 1
        deal.owner_id, deal.status = self.users[owner], ("open", "won", "lost")[max(0, stage - 3)]
        currency = ("EUR", "EUR", "USD", "CHF")[month]
        deal.value = {"amount": 1_000_000, "currency": currency}
        deal.company_id, deal.next_step = f"com_01HX{number // 3:022}", "Send the revised offer"
        deal.contact_ids = [f"con_01HX{number // 2:022}"]
        deal.entered = {str(code): 1 for code in range(1, min(stage, 3) + 2)} | {str(stage + 1): 1}
        deal.stayed = {code: 86_400 + number % 86_400 for code in deal.entered if code != str(stage + 1)} or None
        deal.created_at = _stamp(made)
        deal.updated_at = deal.stage_since = _stamp(self._now - timedelta(days=1 + number % 60))
        if deal.status == "open":
            deal.expected_close = f"{_month(self._now, month)}-20" if month < MONTHS - 1 else None
        else:
            deal.closed_at = f"{_month(self._now, -month)}-01T09:00:00.000Z"
            deal.rate, deal.base_value = "1", {"amount": deal.value["amount"], "currency": "EUR"}
            deal.lost_reason = "price" if deal.status == "lost" else None
        deal.keys()
        return deal


def _stamp(moment: datetime) -> str:
    from chalicelib import clock

    return clock.stamp(moment)


def _month(now: datetime, ahead: int) -> str:
    number = now.year * 12 + now.month - 1 + ahead
    return f"{number // 12}-{number % 12 + 1:02}"


if __name__ == "__main__":
    for one in rows():
        print(f"{one['name']:<62} {one['value']:>10,.3f} {one['unit']:<6} {'' if one['holds'] else 'BROKEN'}".rstrip())
