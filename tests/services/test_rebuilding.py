"""Rebuilding puts right whatever is broken, finds nothing where all is right, and may be cut off anywhere."""

import pytest

from chalicelib import clock, ids
from chalicelib.models import keys
from chalicelib.models.ledger import Tally
from chalicelib.models.segment import Member
from chalicelib.models.writes import Step, put_all, transact
from chalicelib.services import jobs, membership, rebuilding
from tests.house import House, Sender
from tests.segmenting import card, condition, fixed, inside, made


@pytest.fixture(autouse=True)
def _noon(house: House) -> None:
    clock.set(clock.parse("2091-03-01T12:00:00.000Z"))


def rebuilt(house: House, owner: Sender, segment_id: str) -> dict[str, int]:
    job = owner.post(f"/v1/segments/{segment_id}/rebuild")
    assert job.status == 202
    house.settle()
    found = owner.get(f"/v1/jobs/{job.json['id']}").json
    assert found["status"] == "succeeded"
    return dict(found["counts"])


def test_a_rebuild_finds_nothing_where_all_is_right(house: House, owner: Sender) -> None:
    several = [owner.contact(first_name=f"C{number}", lifecycle="customer") for number in range(3)]
    owner.contact(first_name="D")
    house.settle()
    rule, hers = made(house, owner, condition("lifecycle", "eq", "customer")), fixed(owner, *several[:2])
    assert rebuilt(house, owner, rule) == {"added": 0, "removed": 0, "unchanged": 3}
    assert rebuilt(house, owner, hers) == {"added": 0, "removed": 0, "unchanged": 2}


def test_a_rebuild_puts_right_what_is_broken(house: House, owner: Sender) -> None:
    several = [owner.contact(first_name=f"C{number}", lifecycle="customer") for number in range(3)]
    house.settle()
    segment_id = made(house, owner, condition("lifecycle", "eq", "customer"))
    lost = Member.of(owner.tenant, segment_id, several[0]["id"])
    stray = Member.of(owner.tenant, segment_id, ids.new("con"))
    stray.at = clock.stamp()
    forgotten = card(owner, several[1]["id"])
    forgotten.segments = {}
    put_all([stray], [lost])
    transact(Step("save", forgotten))
    transact(
        Step(
            "update",
            Tally(*keys.key("tally", tenant=owner.tenant, record=segment_id, name=membership.SIZE)),
            actions=[Tally.amount.add(7)],
        )
    )
    counts = rebuilt(house, owner, segment_id)
    assert counts["removed"] == 1
    assert counts["added"] == 2
    assert counts["recounted"]
    assert inside(owner, segment_id) == {one["id"] for one in several}
    assert rebuilt(house, owner, segment_id) == {"added": 0, "removed": 0, "unchanged": 3}


def test_a_rebuild_takes_up_the_firms_other_time_zone(house: House, owner: Sender) -> None:
    there, here = owner.contact(first_name="Ada"), owner.contact(first_name="Bob", time_zone="UTC")
    house.settle()
    segment_id = made(house, owner, condition("created_at", "eq", "2091-03-01"))
    assert inside(owner, segment_id) == {there["id"], here["id"]}
    assert owner.patch("/v1/settings", {"time_zone": "Pacific/Kiritimati"}).status == 200  # the 2nd of March
    assert rebuilt(house, owner, segment_id) == {"added": 0, "removed": 1, "unchanged": 1}
    assert inside(owner, segment_id) == {here["id"]}


def test_a_rebuild_finishes_what_a_cancelled_job_left(house: House, owner: Sender) -> None:
    ada = owner.contact(first_name="Ada", lifecycle="customer")
    house.settle()
    rule = {"all": [condition("lifecycle", "eq", "customer")]}
    begun = owner.post("/v1/segments", {"name": "S", "kind": "dynamic", "rule": rule}).json
    assert owner.post(f"/v1/jobs/{begun['job_id']}/cancel").status == 202
    house.settle()
    assert owner.get(f"/v1/segments/{begun['id']}").json["building"] is True, "not all who belong to it are in it"
    assert rebuilt(house, owner, begun["id"])["added"] == 1
    assert owner.get(f"/v1/segments/{begun['id']}").json["building"] is False
    assert inside(owner, begun["id"]) == {ada["id"]}


def test_a_step_that_is_done_again_changes_nothing(house: House, owner: Sender) -> None:
    several = [owner.contact(first_name=f"C{number}", lifecycle="customer") for number in range(3)]
    house.settle()
    rule = {"all": [condition("lifecycle", "eq", "customer")]}
    begun = owner.post("/v1/segments", {"name": "S", "kind": "dynamic", "rule": rule}).json
    for _ in range(2):  # cut off before the step was kept
        assert rebuilding.build(jobs.load(owner.tenant, begun["job_id"])) is True
    house.settle()
    assert inside(owner, begun["id"]) == {one["id"] for one in several}
