"""Access patterns of deals and pipelines, and what the feed makes of a move, by part."""

from typing import Any, Final

from chalicelib.models.deal import Deal
from chalicelib.services import counts, deal_sheets, history, indexing, pipelines, usage, versions
from tests import truth
from tests.contract.performing import Units, consumed, feed, of, performs
from tests.house import House, Sender

OPEN: Final = 1  # Meeting, the second stage of a new firm
WON: Final = 4
ONE_KB: Final = 1024


def stages(owner: Sender) -> list[Any]:
    return list(owner.get("/v1/pipelines").json["data"][0]["stages"])


def deal(owner: Sender, **fields: Any) -> Any:
    """A deal as firms have them: with its keys a little less than 1 KB."""
    draft = {
        "title": "Ten difference engines for the Harbour Authority",
        "value": {"amount": 12_990_000, "currency": "EUR"},
        "expected_close": "2030-06-30",
        "next_step": "Send the offer.",
        "source": "fair",
        **fields,
    }
    answer = owner.post("/v1/deals", draft)
    assert answer.status == 201, answer.text
    return answer.json


def known(owner: Sender) -> dict[str, Any]:
    """A deal whose contact and company are in the house."""
    person, firm = owner.contact()["id"], owner.post("/v1/companies", {"name": "Harbour Authority"}).json["id"]
    return {"contact_ids": [person], "company_id": firm}


def move(owner: Sender, made: Any, stage: int) -> Any:
    answer = owner.post(f"/v1/deals/{made['id']}/move", {"stage_id": stages(owner)[stage]["id"]})
    assert answer.status == 200, answer.text
    return answer


def moved(house: House, owner: Sender, stage: int) -> tuple[Any, Any]:
    """A deal before and after a move as the feed shows them, as if the feed had told of nothing yet but its making."""
    made = deal(owner, **known(owner))
    house.settle()
    before = truth.record(Deal, owner.tenant, made["id"])
    move(owner, made, stage)
    after = truth.record(Deal, owner.tenant, made["id"])
    size = sum(len(name) + len(str(next(iter(value.values())))) for name, value in after.serialize().items())
    assert 0.8 * ONE_KB < size <= ONE_KB, size
    return before, after


@performs("deal.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/deals", {"title": "Ten engines", "value": {"amount": 5, "currency": "EUR"}}))


@performs("deal.create_known")
def _(house: House, owner: Sender) -> Units:
    draft = {"title": "Ten engines", "value": {"amount": 5, "currency": "EUR"}, **known(owner)}
    return of(owner.post("/v1/deals", draft))


@performs("deal.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(f"/v1/deals/{deal(owner)['id']}"))


@performs("deal.patch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(f"/v1/deals/{deal(owner)['id']}", {"next_step": "Call."}))


@performs("deal.move")
def _(house: House, owner: Sender) -> Units:
    deal(owner)
    return of(move(owner, deal(owner, **known(owner)), OPEN))


@performs("deal.close")
def _(house: House, owner: Sender) -> Units:
    return of(move(owner, deal(owner), WON))


@performs("deal.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(f"/v1/deals/{deal(owner)['id']}"))


@performs("deal.restore")
def _(house: House, owner: Sender) -> Units:
    made = f"/v1/deals/{deal(owner)['id']}"
    owner.delete(made)
    return of(owner.post(f"{made}/restore"))


@performs("deal.purge")
def _(house: House, owner: Sender) -> Units:
    made = f"/v1/deals/{deal(owner)['id']}"
    owner.delete(made)
    return of(owner.post(f"{made}/purge"))


@performs("feed.deal_moved")
def _(house: House, owner: Sender) -> Units:
    made = deal(owner, **known(owner))
    house.settle()
    usage.flush()
    card = of(move(owner, made, OPEN))
    told = feed(house, owner)
    assert card[1] + told[1] <= 10
    return told


@performs("feed.deal_won")
def _(house: House, owner: Sender) -> Units:
    whose = known(owner)
    made, _ = deal(owner, **whose), deal(owner, **whose)  # another one stays open: no sheet becomes empty and goes
    house.settle()
    usage.flush()
    move(owner, made, WON)
    return feed(house, owner)


@performs("feed.deal_moved_history")
def _(house: House, owner: Sender) -> Units:
    before, after = moved(house, owner, OPEN)
    return consumed(lambda: versions.changed(before, after))


@performs("feed.deal_moved_told")
def _(house: House, owner: Sender) -> Units:
    before, after = moved(house, owner, OPEN)
    return consumed(lambda: history.deal(before, after))


@performs("feed.deal_moved_sheets")
def _(house: House, owner: Sender) -> Units:
    before, after = moved(house, owner, OPEN)
    return consumed(lambda: deal_sheets.contributed(before, after))


@performs("feed.deal_moved_index")
def _(house: House, owner: Sender) -> Units:
    before, after = moved(house, owner, OPEN)
    return consumed(lambda: indexing.follow(before, after))


@performs("feed.deal_came")
def _(house: House, owner: Sender) -> Units:
    made = truth.record(Deal, owner.tenant, deal(owner)["id"])
    return consumed(lambda: pipelines.came(None, made))


@performs("feed.deal_counted")
def _(house: House, owner: Sender) -> Units:
    made = truth.record(Deal, owner.tenant, deal(owner)["id"])
    return consumed(lambda: counts.deal(None, made))


@performs("pipeline.create")
def _(house: House, owner: Sender) -> Units:
    stages = [{"name": "Due"}, {"name": "Won", "forecast": "won"}]
    return of(owner.post("/v1/pipelines", {"name": "Renewals", "stages": stages}))


@performs("pipeline.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(pipeline(owner)))


@performs("pipeline.page")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get("/v1/pipelines"))


@performs("pipeline.patch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(pipeline(owner), {"name": "Deals"}))


@performs("pipeline.patch_stage")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(pipeline(owner), {"stages": stages(owner)[:-1]}))


@performs("pipeline.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(pipeline(owner)))


@performs("pipeline.restore")
def _(house: House, owner: Sender) -> Units:
    made = pipeline(owner)
    owner.delete(made)
    return of(owner.post(f"{made}/restore"))


def pipeline(owner: Sender) -> str:
    return f"/v1/pipelines/{owner.get('/v1/pipelines').json['data'][0]['id']}"
