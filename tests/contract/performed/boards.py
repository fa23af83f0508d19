"""Access patterns of boards, of lists of deals, and of the places that deals are given there."""

from typing import Any

from chalicelib import ids
from chalicelib.models.deal import Deal
from chalicelib.models.writes import put_all
from chalicelib.services import board, counts, indexing, ranks
from tests import truth
from tests.contract.performed.deals import WON, deal, known, move, stages
from tests.contract.performing import Units, consumed, of, performs
from tests.house import House, Sender

CARDS = 12
ROWS = 25


def laid(owner: Sender, number: int, several: list[str]) -> list[Any]:
    """Cards with these ranks in a stage, as like one another as two deals can be."""
    one = truth.record(Deal, owner.tenant, deal(owner)["id"])
    made = []
    for rank in several:
        card = Deal.from_raw_data(one.serialize())
        card.id, card.rank, card.stage_id, card.version = ids.new("dea"), rank, stages(owner)[number]["id"], 1
        card.keys()
        made.append(card)
    put_all(made, [one])
    return made


def pipeline(owner: Sender) -> str:
    return str(owner.get("/v1/pipelines").json["data"][0]["id"])


@performs("board.page")
def _(house: House, owner: Sender) -> Units:
    for number in range(4):
        laid(owner, number, ranks.spread(3 * CARDS))
    answer = owner.get(f"/v1/pipelines/{pipeline(owner)}/board")
    assert [len(stage["deals"]) for stage in answer.json["stages"]] == [CARDS] * 4 + [0, 0]
    return of(answer)


@performs("board.further")
def _(house: House, owner: Sender) -> Units:
    laid(owner, 0, ranks.spread(3 * CARDS))
    path = f"/v1/pipelines/{pipeline(owner)}/board"
    first = owner.get(path).json["stages"][0]
    answer = owner.get(f"{path}?stage_id={first['stage_id']}&cursor={first['next_cursor']}")
    assert len(answer.json["stages"][0]["deals"]) == CARDS
    return of(answer)


@performs("deal.move_beside")
def _(house: House, owner: Sender) -> Units:
    cards = laid(owner, 0, ranks.spread(6))
    return of(owner.post(f"/v1/deals/{cards[5].id}/move", {"before_id": cards[2].id}))


@performs("deal.move_tied")
def _(house: House, owner: Sender) -> Units:
    low, tied, high, last = ranks.spread(4)
    cards = laid(owner, 0, [low, tied, tied, high, last])
    first, _ = sorted(card.id for card in cards[1:3])
    return of(owner.post(f"/v1/deals/{cards[4].id}/move", {"after_id": first}))


@performs("feed.deal_crowded")
def _(house: House, owner: Sender) -> Units:
    low, high = ranks.spread(2)
    long = f"{low}{'V' * (ranks.LONGEST - 7)}"
    _, card, *_ = laid(owner, 0, [low, long, high])
    seen = truth.record(Deal, owner.tenant, card.id)
    return consumed(lambda: board.crowded(None, seen))


@performs("feed.deal_sold")
def _(house: House, owner: Sender) -> Units:
    made = truth.record(Deal, owner.tenant, deal(owner, **known(owner))["id"])
    return consumed(lambda: counts.sold_to(None, made))


@performs("index.deal")
def _(house: House, owner: Sender) -> Units:
    made = truth.record(Deal, owner.tenant, deal(owner, title="Ten engines", **known(owner))["id"])
    return consumed(lambda: indexing.follow(None, made))


@performs("index.deal_closed")
def _(house: House, owner: Sender) -> Units:
    made = deal(owner, **known(owner))
    house.settle()
    before = truth.record(Deal, owner.tenant, made["id"])
    move(owner, made, WON)
    after = truth.record(Deal, owner.tenant, made["id"])
    return consumed(lambda: indexing.follow(before, after))


@performs("list.board")
def _(house: House, owner: Sender) -> Units:
    cards = laid(owner, 1, ranks.spread(2 * ROWS))
    answer = owner.get(f"/v1/deals?stage_id={cards[0].stage_id}&limit={ROWS}")
    assert len(answer.json["data"]) == ROWS
    return of(answer)


@performs("list.rotting")
def _(house: House, owner: Sender) -> Units:
    cards = laid(owner, 1, ranks.spread(2 * ROWS))
    answer = owner.get(f"/v1/deals?stage_id={cards[0].stage_id}&rotting=red&limit={ROWS}")
    assert answer.json["data"] == []
    assert answer.json["next_cursor"]
    return of(answer)


@performs("list.deals")
def _(house: House, owner: Sender) -> Units:
    for one in laid(owner, 1, ranks.spread(ROWS)):
        indexing.follow(None, one)
    for query in (f"owner_id={owner.user}&status=open", "status=open&close_before=2031-01-01"):
        answer = owner.get(f"/v1/deals?limit={ROWS}&{query}")
        assert len(answer.json["data"]) == ROWS
    return of(answer)


@performs("search.deal")
def _(house: House, owner: Sender) -> Units:
    made = truth.record(Deal, owner.tenant, deal(owner)["id"])
    indexing.follow(None, made)
    answer = owner.get("/v1/deals?q=harbour+engines")
    assert [row["id"] for row in answer.json["data"]] == [made.id]
    return of(answer)


@performs("company.deals")
def _(house: House, owner: Sender) -> Units:
    made = truth.record(Deal, owner.tenant, deal(owner, **known(owner))["id"])
    indexing.follow(None, made)
    answer = owner.get(f"/v1/companies/{made.company_id}/deals")
    assert [row["id"] for row in answer.json["data"]] == [made.id]
    return of(answer)
