"""A leaver's records: all of them become another's, whenever and however often it is asked for."""

import json
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.services import jobs, steps
from chalicelib.services.reassign import _Reassign
from tests.contract.calling import colleague, token
from tests.house import Answer, House, Sender


def reassign(owner: Sender, user: str, to: str) -> Answer:
    return owner.post(f"/v1/users/{user}/reassign", {"to_user_id": to})


def done(house: House, owner: Sender, answer: Answer) -> Any:
    assert answer.status == 202, answer.text
    house.settle()
    return owner.get(f"/v1/jobs/{answer.json['id']}").json


def task(owner: Sender, **fields: Any) -> Any:
    due = clock.stamp(clock.after(3600))
    return owner.post("/v1/tasks", {"title": "Call", "due_at": due, **fields}).json["id"]


def owned(house: House, owner: Sender, user: str) -> dict[str, str]:
    """Records of all kinds, by the path to read them and the field that says whose they are."""
    found = {
        f"/v1/contacts/{owner.contact(first_name=f'P{number}', owner_id=user)['id']}": "owner_id" for number in range(3)
    }
    company = owner.post("/v1/companies", {"name": "Firm", "owner_id": user}).json["id"]
    deal = owner.post("/v1/deals", {"title": "Ten engines", "owner_id": user}).json["id"]
    found |= {f"/v1/companies/{company}": "owner_id", f"/v1/deals/{deal}": "owner_id"}
    found |= {f"/v1/tasks/{task(owner, assignee_id=user)}": "assignee_id"}
    house.settle()
    return found


def whose(owner: Sender, records: dict[str, str]) -> set[str]:
    return {owner.get(path).json[field] for path, field in records.items()}


def test_all_that_is_a_leavers_goes_to_the_successor(house: House, owner: Sender) -> None:
    leaver, successor, third = (colleague(owner, "rep").user for _ in range(3))
    records, others = owned(house, owner, leaver), owned(house, owner, third)
    over = task(owner, assignee_id=leaver)
    owner.post(f"/v1/tasks/{over}/complete")
    house.settle()
    job = done(house, owner, reassign(owner, leaver, successor))
    assert (job["kind"], job["status"], job["counts"]) == ("reassign", "succeeded", {"updated": 6})
    assert job["progress"] == {"done": 6, "total": 6}
    assert whose(owner, records) == {successor}
    assert whose(owner, others) == {third}
    assert owner.get(f"/v1/tasks/{over}").json["assignee_id"] == leaver, "what is over tells who did it"
    again = done(house, owner, reassign(owner, leaver, successor))
    assert (again["status"], again["counts"]) == ("succeeded", {})


def test_it_works_for_one_who_is_removed_already(house: House, owner: Sender) -> None:
    leaver = colleague(owner, "rep").user
    records = owned(house, owner, leaver)
    assert owner.delete(f"/v1/users/{leaver}").status == 204
    assert done(house, owner, reassign(owner, leaver, owner.user))["counts"] == {"updated": 6}
    assert whose(owner, records) == {owner.user}


def test_what_cannot_be_is_refused(house: House, owner: Sender) -> None:
    leaver, gone = colleague(owner, "rep").user, colleague(owner, "rep").user
    stranger = house.signup()
    owner.delete(f"/v1/users/{gone}")
    assert reassign(owner, stranger.user, owner.user).status == 404
    for to in (leaver, gone, stranger.user, "usr_1"):
        answer = reassign(owner, leaver, to)
        assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/to_user_id")
    assert reassign(token(owner, {"users:write", "contacts:write"}), leaver, owner.user).status == 403
    assert reassign(colleague(owner, "rep"), leaver, owner.user).status == 403


def test_a_step_that_is_cut_off_and_done_again_says_the_same(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaver = colleague(owner, "rep").user
    records = owned(house, owner, leaver)
    job = jobs.load(owner.tenant, reassign(owner, leaver, owner.user).json["id"])
    assert not steps.STEPS["reassign"](job)
    do = _Reassign.do
    for _ in records:
        left = [1]

        def once(self: Any, record: Any, left: list[int] = left) -> None:
            if not left[0]:
                raise ConnectionError("cut off")
            left[0] -= 1
            do(self, record)

        monkeypatch.setattr(_Reassign, "do", once)
        state = json.loads(json.dumps(job.state))
        try:
            steps.STEPS["reassign"](job)
        except ConnectionError:
            job.state, job.counts = state, {}
    monkeypatch.setattr(_Reassign, "do", do)
    while not steps.STEPS["reassign"](job):
        pass
    assert job.counts == {"updated": 6}
    assert whose(owner, records) == {owner.user}
