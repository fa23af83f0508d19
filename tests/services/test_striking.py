"""A purged person leaves nothing in the history of the records it was a part of, and these keep what is theirs."""

from typing import Any

from chalicelib import clock
from tests.feeds import deliver, taken
from tests.house import House, Sender
from tests.services.test_purging import NAME, items_with, minute, person, purge
from tests.services.test_versions import at, history, pause


def path(record: Any) -> str:
    return f"/v1/{'contacts' if record['id'].startswith('con') else 'companies'}/{record['id']}"


def merge(owner: Sender, winner: Any, loser: Any, **fields: str) -> None:
    answer = owner.post(f"{path(winner)}/merge", {"loser_id": loser["id"], "fields": fields})
    assert answer.status == 200, answer.text


def unmerge(owner: Sender, loser: Any) -> None:
    assert owner.post(f"{path(loser)}/unmerge").status == 200


def ada(owner: Sender, name: str = "ada") -> Any:
    mail = {"address": f"{name}@own-{owner.tenant[-8:].lower()}.example"}
    return owner.contact(first_name="Ada", emails=[mail], tags=["own"], social={"x": "@ada"})


def of_records(events: list[Any], *several: Any) -> list[Any]:
    keys = tuple(record["id"] for record in several)
    return [one for one in events if one["dynamodb"]["Keys"]["pk"]["S"].endswith(keys)]


def test_what_came_from_the_purged_goes_and_what_is_ones_own_stays(house: House, owner: Sender) -> None:
    winner, loser = ada(owner), person(owner)
    owner.patch(path(loser), {"title": NAME, "social": {"x": NAME, "web": NAME}, "custom": {}, "language": "en"})
    alone = pause()
    before = at(owner, path(winner), alone)
    merge(owner, winner, loser, **{"first_name": "loser", "social.x": "loser"})
    joined = pause()
    both = owner.get(path(winner)).json
    owner.patch(path(winner), {"tags": [*both["tags"], "mine"], "language": "de", "time_zone": "Europe/Vienna"})
    edited = pause()
    unmerge(owner, loser)
    apart = pause()
    after = owner.get(path(winner)).json
    house.settle()
    assert NAME in at(owner, path(winner), joined).text, "or this test finds nothing by not looking"
    purge(owner, loser)
    minute(house)
    assert items_with(owner, NAME) == []
    assert items_with(owner, "Wilhelmina") == []
    assert at(owner, path(winner), alone).json == before.json
    then = at(owner, path(winner), joined).json
    assert {name: then[name] for name in before.json if name not in ("version", "updated_at")} == {
        name: value for name, value in before.json.items() if name not in ("version", "updated_at")
    }
    then = at(owner, path(winner), edited).json
    assert (then["first_name"], then["tags"], then["language"]) == ("Ada", ["own", "mine"], "de")
    assert (then["time_zone"], then["social"], then["birthday"]) == ("Europe/Vienna", {"x": "@ada"}, None)
    assert at(owner, path(winner), apart).json == after
    told = history(owner, path(winner))
    assert [one["version"] for one in told] == [4, 3, 2, 1]
    assert {change["field"] for change in told[1]["changes"]} == {"tags", "language", "time_zone"}


def test_what_both_had_stays(house: House, owner: Sender) -> None:
    winner, loser = (owner.contact(first_name=name, last_name=NAME, tags=["both"]) for name in ("Ada", "Wilhelmina"))
    merge(owner, winner, loser, first_name="loser")
    joined = pause()
    unmerge(owner, loser)
    house.settle()
    purge(owner, loser)
    minute(house)
    then = at(owner, path(winner), joined).json
    assert (then["first_name"], then["last_name"], then["tags"]) == ("Ada", NAME, ["both"])


def test_also_in_what_the_winner_was_merged_into(house: House, owner: Sender) -> None:
    outer, middle, loser = ada(owner), ada(owner, "middle"), person(owner)
    owner.patch(path(middle), {"title": "Middle"})
    merge(owner, middle, loser)
    merge(owner, outer, middle)
    joined = pause()
    unmerge(owner, loser)
    house.settle()
    assert NAME in at(owner, path(outer), joined).text
    purge(owner, loser)
    minute(house)
    assert items_with(owner, NAME) == []
    then = at(owner, path(outer), joined).json
    assert (then["title"], len(then["emails"])) == ("Middle", 2)
    unmerge(owner, middle)
    house.settle()
    assert at(owner, path(outer), joined).json == then


def test_a_second_stay_is_seen_too(house: House, owner: Sender) -> None:
    winner, loser = ada(owner), person(owner)
    for _ in range(2):
        merge(owner, winner, loser)
        unmerge(owner, loser)
    house.settle()
    purge(owner, loser)
    minute(house)
    assert items_with(owner, NAME) == []


def test_a_company_has_its_own_name_again(house: House, owner: Sender) -> None:
    winner, loser = (owner.post("/v1/companies", {"name": name}).json for name in ("Fabrik", NAME))
    merge(owner, winner, loser, name="loser")
    joined = pause()
    unmerge(owner, loser)
    house.settle()
    assert owner.delete(path(loser)).status == 204
    assert owner.post(f"{path(loser)}/purge").status == 204
    minute(house)
    assert items_with(owner, NAME) == []
    assert at(owner, path(winner), joined).json["name"] == "Fabrik"


def test_what_the_feed_tells_late_or_again_brings_nothing_back(house: House, owner: Sender) -> None:
    winner, loser = ada(owner), person(owner)
    house.settle()
    merge(owner, winner, loser)
    unmerge(owner, loser)
    purge(owner, loser)
    events = taken(house)
    deliver(of_records(events, loser))
    minute(house)
    deliver(of_records(events, winner))
    house.settle()
    assert items_with(owner, NAME) != [], "told after the first sweep, which waits for it"
    clock.advance(3600)
    minute(house)
    assert items_with(owner, NAME) == []
    deliver(events)
    house.settle()
    clock.advance(15 * 24 * 3600)
    minute(house)
    clock.reset()
    assert items_with(owner, NAME) == []


def test_nobody_waits_for_ever(house: House, owner: Sender) -> None:
    winner, loser = ada(owner), person(owner)
    house.settle()
    merge(owner, winner, loser)
    unmerge(owner, loser)
    purge(owner, loser)
    deliver(of_records(taken(house), loser))
    for _ in range(8):
        clock.advance(3600)
        minute(house)
    clock.reset()
    assert items_with(owner, NAME) == []
