"""What follows from a deal by itself: told once, counted once, and read as it was, however the feed delivers it."""

import random
import time
from typing import Any

from chalicelib import clock
from chalicelib.models.deal import Deal
from chalicelib.models.ledger import Contribution
from chalicelib.services import counts, purging
from tests import truth
from tests.feeds import deliver, taken
from tests.house import House, Sender


def stages(owner: Sender) -> list[Any]:
    return list(owner.get("/v1/pipelines").json["data"][0]["stages"])


def deal(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/deals", {"title": "Ten engines", **fields})
    assert answer.status == 201, answer.text
    return answer.json


def path(record: Any) -> str:
    return f"/v1/deals/{record['id']}"


def move(owner: Sender, record: Any, stage: Any, **fields: Any) -> Any:
    answer = owner.post(f"{path(record)}/move", {"stage_id": stage["id"], **fields})
    assert answer.status == 200, answer.text
    return answer.json


def told(owner: Sender, record: Any, kind: str | None = None) -> list[Any]:
    answer = owner.get(f"{path(record)}/timeline{f'?kind={kind}' if kind else ''}")
    assert answer.status == 200, answer.text
    return list(answer.json["data"])


def test_a_week_of_a_deal_is_told_newest_first(house: House, owner: Sender) -> None:
    made, (first, second, *_, won, lost) = deal(owner), stages(owner)
    colleague = owner.post(
        "/v1/users", {"name": "Rita", "email": f"{owner.tenant}@example.com", "password": "long enough pass"}
    ).json
    owner.patch(path(made), {"next_step": "Call."})  # in the history, but no news
    move(owner, made, second)
    owner.patch(path(made), {"owner_id": colleague["id"]})
    move(owner, made, lost, lost_reason="price")
    owner.patch(path(made), {"stage_id": won["id"]})
    owner.delete(path(made))
    owner.post(f"{path(made)}/restore")
    house.settle()
    entries = told(owner, made)
    assert [entry["kind"] for entry in entries] == [
        *("deal.restored", "deal.deleted", "deal.stage_changed", "deal.stage_changed"),
        *("deal.owner_changed", "deal.stage_changed", "deal.created"),
    ]
    moves = [(entry["text"], entry["data"]) for entry in told(owner, made, "deal.stage_changed")]
    assert moves == [
        (None, way(lost, won, "won", 6)),
        ("price", way(second, lost, "lost", 5)),
        (None, way(first, second, "open", 3)),
    ]
    assert entries[4]["data"] == {"from": owner.user, "to": colleague["id"], "version": 4}
    assert {entry["actor"] for entry in entries} == {owner.user}


def way(start: Any, end: Any, status: str, version: int) -> Any:
    names = {"from_name": start["name"], "to_name": end["name"]}
    return {"from": start["id"], "to": end["id"], **names, "status": status, "version": version}


def test_a_place_within_the_stage_is_no_news(house: House, owner: Sender) -> None:
    made, _ = deal(owner), deal(owner)
    owner.post(f"{path(made)}/move", {"position": 1})
    house.settle()
    assert [entry["kind"] for entry in told(owner, made)] == ["deal.created"]


def test_stages_are_named_after_they_are_gone(house: House, owner: Sender) -> None:
    made = deal(owner)
    sales = owner.get("/v1/pipelines").json["data"][0]
    first, second, *rest = sales["stages"]
    move(owner, made, second)
    house.settle()
    assert owner.patch(f"/v1/pipelines/{sales['id']}", {"stages": [second, *rest]}).status == 200
    assert told(owner, made, "deal.stage_changed")[0]["data"]["from_name"] == first["name"]


def test_delivered_twice_late_and_out_of_order_it_ends_the_same(house: House, owner: Sender) -> None:
    house.settle()
    made, other = deal(owner), deal(owner)
    for stage in (*stages(owner)[1:5], stages(owner)[0]):
        move(owner, made, stage)
    owner.delete(path(other))
    owner.post(f"{path(other)}/restore")
    owner.delete(path(other))
    records = taken(house)
    for seed in range(3):
        shuffled = records * 2
        random.Random(seed).shuffle(shuffled)
        deliver(shuffled)
        house.settle()
        assert counts.totals(owner.tenant)["deals"] == 1
        versions = [entry["data"]["version"] for entry in told(owner, made, "deal.stage_changed")]
        assert sorted(versions) == [2, 3, 4, 5, 6]
        assert len(told(owner, made)) == 6
        history = owner.get(f"{path(made)}/history").json["data"]
        assert [change["version"] for change in history] == [6, 5, 4, 3, 2, 1]


def test_the_total_is_of_those_not_in_the_trash_and_a_move_does_not_touch_it(house: House, owner: Sender) -> None:
    one, two = deal(owner), deal(owner)
    house.settle()
    assert owner.get("/v1/me").json["counts"]["deals"] == 2
    move(owner, one, stages(owner)[4])
    owner.delete(path(two))
    house.settle()
    assert owner.get("/v1/me").json["counts"]["deals"] == 1
    said = {
        item.sk.partition("#")[2]: int(item.of_version)
        for item in truth.collection(owner.tenant, one["id"])
        if isinstance(item, Contribution)
    }
    assert said["deals"] == 1  # as of its making


def test_it_is_read_as_it_was(house: House, owner: Sender) -> None:
    made, (_, second, *_, won, _) = deal(owner, value={"amount": 5, "currency": "EUR"}), stages(owner)
    moments = [clock.stamp()]
    states = [made]
    for change in ({"stage_id": second["id"]}, {"next_step": "Call."}, {"stage_id": won["id"]}):
        time.sleep(0.003)
        states.append(owner.patch(path(made), change).json)
        moments.append(clock.stamp())
    house.settle()
    for moment, state in zip(moments, states, strict=True):
        assert owner.get(f"{path(made)}?as_of={moment}").json == state
    assert owner.get(f"{path(made)}?as_of=2020-01-01T00:00:00Z").status == 404


def test_its_history_says_which_fields_changed(house: House, owner: Sender) -> None:
    made, (first, second, *_) = deal(owner), stages(owner)
    move(owner, made, second)
    owner.patch(path(made), {"next_step": "Call."})
    house.settle()
    changes = {
        entry["version"]: {one["field"]: (one["old"], one["new"]) for one in entry["changes"]}
        for entry in owner.get(f"{path(made)}/history").json["data"]
    }
    assert changes[3] == {"next_step": (None, "Call.")}
    assert changes[2].keys() == {"stage_id", "stage_since"}
    assert changes[2]["stage_id"] == (first["id"], second["id"])
    only = owner.get(f"{path(made)}/history?field=stage_id").json["data"]
    assert [entry["version"] for entry in only] == [2, 1]


def test_what_happens_with_a_deal_is_its_own(house: House, owner: Sender) -> None:
    firm, person = owner.post("/v1/companies", {"name": "Acme"}).json, owner.contact()
    made = deal(owner, contact_ids=[person["id"]], company_id=firm["id"])
    called = clock.stamp(clock.after(-3600))
    entry = owner.post(f"{path(made)}/activities", {"kind": "call", "at": called, "text": "They like it."}).json
    note = owner.post(f"{path(made)}/activities", {"kind": "note", "text": "Ask Ada."}).json
    due = clock.stamp(clock.after(3600))
    owner.post("/v1/tasks", {"title": "Call", "due_at": due, "subject_id": made["id"]})
    house.settle()
    seen = owner.get(path(made)).json
    assert (seen["last_contacted_at"], seen["next_activity_at"]) == (called, due)
    assert [one["kind"] for one in told(owner, made)] == ["task.created", "note", "deal.created", "call"]
    assert owner.get(f"{path(made)}/activities/{entry['id']}").json == entry
    changed = owner.patch(f"{path(made)}/activities/{note['id']}", {"text": "Ask Grace.", "pinned": True})
    assert (changed.status, changed.json["text"]) == (200, "Ask Grace.")
    assert owner.get(f"/v1/contacts/{person['id']}").json["last_contacted_at"] is None
    assert owner.get(f"/v1/companies/{firm['id']}").json["last_contacted_at"] is None


def test_removed_for_good_nothing_of_it_stays(house: House, owner: Sender) -> None:
    made = deal(owner, value={"amount": 5, "currency": "EUR"}, tags=["hot"])
    move(owner, made, stages(owner)[1])
    owner.post(f"{path(made)}/activities", {"kind": "note", "text": "Ask Ada."})
    owner.delete(path(made))
    house.settle()
    assert owner.post(f"{path(made)}/purge").status == 204
    house.settle()
    clock.advance(60)
    house.minute()
    house.settle()
    # By which versions it counted and stood in the index stays for a while: a late event is told by that.
    assert kinds(owner, made) - {"Contribution", "Card", "Moment"} == {"Tombstone"}
    assert counts.totals(owner.tenant)["deals"] == 0
    clock.advance(purging._LATE + 60)
    for _ in range(3):
        house.minute()
        house.settle()
    assert kinds(owner, made) == {"Tombstone"}


def kinds(owner: Sender, record: Any) -> set[str]:
    """The kinds of items of which there are any beside a record."""
    return {type(item).__name__ for item in truth.collection(owner.tenant, record["id"])}


def test_a_deal_of_a_tenant_is_told_on_its_own_only(house: House, owner: Sender) -> None:
    made, other = deal(owner), house.signup()
    house.settle()
    assert truth.record(Deal, owner.tenant, made["id"]).version == 1
    assert other.get(f"{path(made)}/timeline").status == 404
    assert other.get("/v1/me").json["counts"]["deals"] == 0
