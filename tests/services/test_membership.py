"""Who is in a segment follows from what is so: from every kind of change, from time alone, and whatever goes wrong."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib import clock, ids, observability
from chalicelib.models import keys, writes
from chalicelib.models.mailing import Mailing, outcome
from chalicelib.models.table import page
from chalicelib.models.writes import Step, transact
from chalicelib.services import belonging, concerns, membership, rebuilding, rulebooks, rules
from tests import segmenting
from tests.feeds import deliver, taken
from tests.house import House, Sender
from tests.segmenting import card, condition, fixed, inside, made, moment

NOON = "2091-03-01T12:00:00.000Z"
RUN = ids.new("run")


@pytest.fixture(autouse=True)
def _noon(house: House) -> None:
    clock.set(clock.parse(NOON))


def mailed(owner: Sender, contact: Any, **seen: str) -> None:
    """A mail of a campaign was sent to the contact, and this was told of it."""
    mail = Mailing.at(owner.tenant, contact["id"], RUN)
    mail.campaign_id, mail.claim, mail.claimed_at = "cam_1", "c", clock.stamp()
    mail.outcome, mail.seen = outcome("sent", clock.stamp()), dict(seen)
    transact(Step("save", mail))


def minute(house: House, text: str) -> None:
    house.settle()
    clock.set(clock.parse(text))
    house.minute()
    house.settle()


# What moves a contact in and out -----------------------------------------------------------------------------------


def test_a_field_of_the_contact(house: House, owner: Sender) -> None:
    segment_id = made(house, owner, condition("tags", "contains", "vip"))
    ada = owner.contact(first_name="Ada", tags=["vip"])
    house.settle()
    assert inside(owner, segment_id) == {ada["id"]}
    row = owner.get(f"/v1/segments/{segment_id}/members").json["data"][0]
    assert row["at"].startswith("2091-03-01T12:00")
    assert row["reason"]
    owner.patch(f"/v1/contacts/{ada['id']}", {"tags": ["other"]})
    house.settle()
    assert inside(owner, segment_id) == set()


def test_its_company_and_what_becomes_of_it(house: House, owner: Sender) -> None:
    segment_id = made(house, owner, condition("company.relationship", "eq", "customer"))
    firm, other = (owner.post("/v1/companies", {"name": name}).json for name in ("Engines", "Other"))
    ada = owner.contact(first_name="Ada", company_id=firm["id"])
    house.settle()
    assert inside(owner, segment_id) == set()

    def after(act: Any) -> set[str]:
        assert act.status < 300, act.text
        house.settle()
        return inside(owner, segment_id)

    assert after(owner.patch(f"/v1/companies/{firm['id']}", {"relationship": "customer"})) == {ada["id"]}
    assert after(owner.patch(f"/v1/contacts/{ada['id']}", {"company_id": other["id"]})) == set()
    assert after(owner.patch(f"/v1/contacts/{ada['id']}", {"company_id": firm["id"]})) == {ada["id"]}
    assert after(owner.delete(f"/v1/companies/{firm['id']}")) == set()
    assert after(owner.post(f"/v1/companies/{firm['id']}/restore")) == {ada["id"]}


def test_of_a_company_with_many_contacts_a_job_looks_at_them(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(concerns, "_FEW", 2)
    monkeypatch.setattr(rebuilding, "_PAGE", 2)
    segment_id = made(house, owner, condition("company.relationship", "eq", "customer"))
    firm = owner.post("/v1/companies", {"name": "Engines"}).json
    several = {owner.contact(first_name=f"C{number}", company_id=firm["id"])["id"] for number in range(5)}
    house.settle()
    owner.patch(f"/v1/companies/{firm['id']}", {"relationship": "customer"})
    records = taken(house)
    deliver(records)
    deliver(records)
    house.settle()
    assert inside(owner, segment_id) == several
    assert len(owner.get(f"/v1/jobs?kind={rebuilding.REFRESH}").json["data"]) == 1, "told twice, begun once"


def test_its_deals(house: House, owner: Sender) -> None:
    segment_id = made(house, owner, condition("deals.open", "gte", 1))
    ada, bob = owner.contact(first_name="Ada"), owner.contact(first_name="Bob")
    deal = owner.post("/v1/deals", {"title": "Ten engines", "contact_ids": [ada["id"]]}).json
    house.settle()
    assert inside(owner, segment_id) == {ada["id"]}
    owner.patch(f"/v1/deals/{deal['id']}", {"contact_ids": [bob["id"]]})
    house.settle()
    assert inside(owner, segment_id) == {bob["id"]}
    owner.delete(f"/v1/deals/{deal['id']}")
    house.settle()
    assert inside(owner, segment_id) == set()


def test_its_orders_and_what_they_come_to(house: House, owner: Sender) -> None:
    total = {"amount": 10000, "currency": "EUR"}
    rich = made(house, owner, condition("orders.total", "gte", total))
    buyers = made(house, owner, condition("order.status", "eq", "paid"))
    ada = owner.contact(first_name="Ada")
    items = [{"name": "Chair", "quantity": 2, "unit_price": {"amount": 6000, "currency": "EUR"}}]
    order = owner.post("/v1/orders", {"items": items, "contact_id": ada["id"], "status": "paid"}).json
    house.settle()
    assert inside(owner, rich) == inside(owner, buyers) == {ada["id"]}
    owner.patch(f"/v1/orders/{order['id']}", {"status": "refunded"})
    house.settle()
    assert inside(owner, rich) == inside(owner, buyers) == set()


def test_its_activities_and_tasks(house: House, owner: Sender) -> None:
    called = made(house, owner, condition("activity.call.last_at", "within_days", 30))
    busy = made(house, owner, condition("tasks.open", "gte", 1))
    ada = owner.contact(first_name="Ada")
    owner.post(f"/v1/contacts/{ada['id']}/activities", {"kind": "call"})
    task = owner.post("/v1/tasks", {"title": "Call", "subject_id": ada["id"]}).json
    house.settle()
    assert inside(owner, called) == inside(owner, busy) == {ada["id"]}
    owner.post(f"/v1/tasks/{task['id']}/complete", {})
    minute(house, "2091-03-31T12:01:00Z")
    assert inside(owner, called) == inside(owner, busy) == set()


def test_what_became_of_mails(house: House, owner: Sender) -> None:
    opened = made(house, owner, condition("mail.opened_at", "within_days", 7))
    ada = owner.contact(first_name="Ada")
    house.settle()
    mailed(owner, ada)
    house.settle()
    assert inside(owner, opened) == set()
    mailed(owner, ada, opened_human=clock.stamp())
    house.settle()
    assert inside(owner, opened) == {ada["id"]}


def test_mails_are_not_looked_at_while_no_rule_asks_for_them(house: House, owner: Sender) -> None:
    made(house, owner, condition("lifecycle", "eq", "customer"))
    several = [owner.contact(first_name=f"C{number}") for number in range(5)]
    house.settle()
    for one in several:
        mailed(owner, one, opened_human=clock.stamp())
    records = taken(house)
    with observability.measured("test") as meter:
        for record in records:
            assert record["dynamodb"]["NewImage"]["kind"] == {"S": "mailing"}
        with concerns.gathering() as gathered:
            deliver_quietly(records)
        gathered.settle(owner.tenant)
    assert (meter.rru, meter.wru) == (1, 0), "one unit for all of them: which rules there are"


def deliver_quietly(records: list[Any]) -> None:
    """The reactions of segments alone."""
    from chalicelib.models.table import Item

    for record in records:
        images = (record["dynamodb"].get(name) for name in ("OldImage", "NewImage"))
        concerns.changed(*(Item.from_raw_data(dict(one)) if one else None for one in images))


# Standing of the contact -------------------------------------------------------------------------------------------


def test_the_trash_takes_a_contact_out_and_gives_it_back(house: House, owner: Sender) -> None:
    ada = owner.contact(first_name="Ada", lifecycle="customer")
    several = made(house, owner, condition("lifecycle", "eq", "customer")), fixed(owner, ada)
    owner.delete(f"/v1/contacts/{ada['id']}")
    house.settle()
    assert [inside(owner, one) for one in several] == [set(), set()]
    owner.post(f"/v1/contacts/{ada['id']}/restore")
    house.settle()
    assert [inside(owner, one) for one in several] == [{ada["id"]}, {ada["id"]}]


def test_a_merge_leaves_the_winner_with_the_lists_of_both(house: House, owner: Sender) -> None:
    ada, bob = owner.contact(first_name="Ada"), owner.contact(first_name="Bob", lifecycle="customer")
    rule, hers, his = made(house, owner, condition("lifecycle", "eq", "customer")), fixed(owner, ada), fixed(owner, bob)
    assert owner.post(f"/v1/contacts/{ada['id']}/merge", {"loser_id": bob["id"]}).status == 200
    house.settle()
    assert [inside(owner, one) for one in (rule, hers, his)] == [{ada["id"]}] * 3
    assert owner.post(f"/v1/contacts/{ada['id']}/unmerge", {}).status == 200
    house.settle()
    assert [inside(owner, one) for one in (rule, hers, his)] == [{bob["id"]}, {ada["id"]}, {bob["id"]}]


def test_whoever_is_taken_off_a_list_stays_off_it_after_the_undo(house: House, owner: Sender) -> None:
    ada, bob = owner.contact(first_name="Ada"), owner.contact(first_name="Bob")
    his = fixed(owner, bob)
    owner.post(f"/v1/contacts/{ada['id']}/merge", {"loser_id": bob["id"]})
    house.settle()
    assert owner.delete(f"/v1/segments/{his}/members/{ada['id']}").status == 204
    owner.post(f"/v1/contacts/{ada['id']}/unmerge", {})
    house.settle()
    assert inside(owner, his) == set()


def test_nothing_is_left_of_a_contact_that_is_gone_for_good(house: House, owner: Sender) -> None:
    ada = owner.contact(first_name="Ada")
    several = made(house, owner, condition("created_at", "within_days", 30)), fixed(owner, ada)
    house.settle()
    assert moment(owner, ada)
    owner.delete(f"/v1/contacts/{ada['id']}")
    assert owner.post(f"/v1/contacts/{ada['id']}/purge").status == 204
    records = taken(house)
    for record in reversed(records):
        deliver([record])
    deliver(records)
    house.settle()
    assert [inside(owner, one) for one in several] == [set(), set()]
    assert moment(owner, ada) is None
    left = card(owner, ada["id"])
    assert left is None or (left.segments, left.lists) == ({}, {})
    minute(house, "2091-03-01T12:02:00Z")
    assert card(owner, ada["id"]) is not None, "a late event would enter it anew"
    minute(house, "2091-03-20T12:00:00Z")
    assert card(owner, ada["id"]) is None


# Time --------------------------------------------------------------------------------------------------------------


def quiet(house: House, owner: Sender) -> str:
    """Those who were mailed, and opened nothing for 90 days."""
    return made(
        house, owner, condition("mail.sent.count", "gte", 1), {"not": [condition("mail.opened_at", "within_days", 90)]}
    )


def test_opened_nothing_for_90_days_comes_true_at_the_minute(house: House, owner: Sender) -> None:
    segment_id, ada = quiet(house, owner), owner.contact(first_name="Ada")
    house.settle()
    assert moment(owner, ada) is None, "nothing that time could change"
    opened = clock.stamp()
    mailed(owner, ada, opened_human=opened)
    house.settle()
    turns = clock.stamp(clock.parse(opened) + timedelta(days=90))
    assert (inside(owner, segment_id), moment(owner, ada)) == (set(), turns)
    minute(house, clock.before(turns, 1))
    assert inside(owner, segment_id) == set()
    minute(house, turns)
    assert inside(owner, segment_id) == {ada["id"]}
    assert moment(owner, ada) is None


def test_the_moment_moves_on_when_it_comes_and_not_with_every_mail(house: House, owner: Sender) -> None:
    """One that is too early costs a look; one that is moved with each opened mail costs writes each time."""
    segment_id, ada = quiet(house, owner), owner.contact(first_name="Ada")
    mailed(owner, ada, opened_human=clock.stamp())
    house.settle()
    first = moment(owner, ada)
    minute(house, "2091-04-01T12:00:00Z")
    later = clock.stamp()
    mailed(owner, ada, opened_human=later)
    house.settle()
    assert moment(owner, ada) == first
    minute(house, "2091-05-31T12:00:00Z")
    assert inside(owner, segment_id) == set()
    assert moment(owner, ada) == clock.stamp(clock.parse(later) + timedelta(days=90))
    minute(house, "2091-07-01T12:00:00Z")
    assert inside(owner, segment_id) == {ada["id"]}


def test_an_outage_is_caught_up_with_once(house: House, owner: Sender) -> None:
    segment_id = quiet(house, owner)
    several = [owner.contact(first_name=f"C{number}") for number in range(3)]
    for one in several:
        mailed(owner, one, opened_human=clock.stamp())
    house.settle()
    clock.set(clock.parse("2092-01-01T00:00:00Z"))
    house.minute()
    messages = list(house.queue)
    house.queue += messages
    house.settle()
    house.queue += messages
    house.settle()
    assert inside(owner, segment_id) == {one["id"] for one in several}


def test_two_workers_at_one_moment_do_it_once(house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    segment_id, ada = quiet(house, owner), owner.contact(first_name="Ada")
    mailed(owner, ada, opened_human=clock.stamp())
    house.settle()
    due = segmenting.due(owner, ada)
    assert due is not None
    clock.set(clock.parse("2091-06-01T00:00:00Z"))
    write, others = writes.transact, [1]

    def meanwhile(*steps: Step) -> None:
        if others:
            others.pop()
            membership.come(due)
        write(*steps)

    monkeypatch.setattr(membership, "transact", meanwhile)
    membership.come(due)
    membership.come(due)
    assert inside(owner, segment_id) == {ada["id"]}


def test_a_moment_that_comes_too_early_is_not_lost(house: House, owner: Sender) -> None:
    """Its worker's clock is behind that of the minute."""
    segment_id, ada = quiet(house, owner), owner.contact(first_name="Ada")
    mailed(owner, ada, opened_human=clock.stamp())
    house.settle()
    at = moment(owner, ada)
    due = segmenting.due(owner, ada)
    assert due is not None
    membership.come(due)
    assert moment(owner, ada) == at
    minute(house, "2091-06-01T00:00:00Z")
    assert inside(owner, segment_id) == {ada["id"]}


def test_a_moment_that_was_given_up_comes_again(house: House, owner: Sender) -> None:
    segment_id, ada = quiet(house, owner), owner.contact(first_name="Ada")
    mailed(owner, ada, opened_human=clock.stamp())
    house.settle()
    due = segmenting.due(owner, ada)
    assert due is not None
    clock.set(clock.parse("2091-06-01T00:00:00Z"))
    membership.give_up(due)
    minute(house, "2091-06-02T00:00:01Z")
    assert inside(owner, segment_id) == {ada["id"]}
    assert moment(owner, ada) is None


def test_a_contact_that_no_time_changes_has_no_moment(house: House, owner: Sender) -> None:
    made(house, owner, condition("lifecycle", "eq", "customer"))
    segment_id = quiet(house, owner)
    ada = owner.contact(first_name="Ada", lifecycle="customer")
    mailed(owner, ada, opened_human=clock.stamp())
    house.settle()
    assert moment(owner, ada)
    owner.delete(f"/v1/segments/{segment_id}")
    house.settle()
    minute(house, "2091-06-01T00:00:00Z")
    assert moment(owner, ada) is None


# When something comes between --------------------------------------------------------------------------------------


def test_a_rule_that_was_replaced_has_no_last_word(house: House, owner: Sender) -> None:
    """Somebody read the rules before they changed, and writes after the new one was asked."""
    ada = owner.contact(first_name="Ada", lifecycle="customer")
    segment_id = made(house, owner, condition("lifecycle", "eq", "lead"))
    known = rulebooks.load(owner.tenant)
    owner.patch(f"/v1/segments/{segment_id}", {"rule": {"all": [condition("lifecycle", "eq", "customer")]}})
    house.settle()
    membership.settle(owner.tenant, [ada["id"]], book=known)
    assert inside(owner, segment_id) == {ada["id"]}
    owner.delete(f"/v1/segments/{segment_id}")
    house.settle()
    membership.settle(owner.tenant, [ada["id"]], book=known)
    assert inside(owner, segment_id) == set()


def test_facts_that_change_between_the_look_and_the_write(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one finds the card as it should be and writes nothing, so only whoever writes can tell."""
    segment_id = made(house, owner, condition("lifecycle", "eq", "customer"))
    ada = owner.contact(first_name="Ada")
    house.settle()
    owner.patch(f"/v1/contacts/{ada['id']}", {"lifecycle": "customer"})
    write, others = writes.transact, [1]

    def meanwhile(*steps: Step) -> None:
        if others:
            others.pop()
            owner.patch(f"/v1/contacts/{ada['id']}", {"lifecycle": "lead"})
            membership.settle(owner.tenant, [ada["id"]])
        write(*steps)

    monkeypatch.setattr(membership, "transact", meanwhile)
    membership.settle(owner.tenant, [ada["id"]])
    assert inside(owner, segment_id) == set()


def test_what_the_contact_decides_by_itself_is_looked_for_nowhere_else(house: House, owner: Sender) -> None:
    opened = condition("mail.opened_at", "within_days", 90)
    made(house, owner, condition("lifecycle", "eq", "customer"), opened)
    ada, bob = owner.contact(first_name="Ada", lifecycle="customer"), owner.contact(first_name="Bob")
    house.settle()
    rulebooks.load(owner.tenant)
    units = []
    for one in (ada, bob):
        with observability.measured("look") as meter:
            membership.settle(owner.tenant, [one["id"]])
        units.append(meter.rru)
    assert units == [4, 3]  # the rules, the contact, its card; and the mails of a customer


def test_a_contact_that_cannot_be_judged_holds_up_nobody(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment_id = made(house, owner, condition("tags", "contains", "vip"))
    ada, bob = owner.contact(first_name="Ada"), owner.contact(first_name="Bob")
    house.settle()
    look = rules.look

    def broken(tenant: str, contacts: Any, *asked: Any, **how: Any) -> Any:
        if any(one.id == ada["id"] for one in contacts):
            raise ValueError
        return look(tenant, contacts, *asked, **how)

    with monkeypatch.context() as patch:
        patch.setattr(rules, "look", broken)
        for one in (ada, bob):
            owner.patch(f"/v1/contacts/{one['id']}", {"tags": ["vip"]})
        deliver(taken(house))
    assert inside(owner, segment_id) == {bob["id"]}
    minute(house, "2091-03-01T12:02:00Z")
    assert inside(owner, segment_id) == {ada["id"], bob["id"]}


def test_a_rule_that_means_nothing_any_more_leaves_its_segment_as_it_is(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chalicelib import errors

    segment_id = made(house, owner, condition("tags", "contains", "vip"))
    other = made(house, owner, condition("lifecycle", "eq", "customer"))
    ada = owner.contact(first_name="Ada", tags=["vip"])
    house.settle()
    parse = rules.parse

    def refuses(tenant: str, plain: Any, **how: Any) -> Any:
        if plain["all"][0]["field"] == "tags":
            raise errors.invalid("/rule", "unknown", "No such field.")
        return parse(tenant, plain, **how)

    rulebooks._parsed.clear()
    monkeypatch.setattr(rules, "parse", refuses)
    owner.patch(f"/v1/contacts/{ada['id']}", {"lifecycle": "customer", "tags": []})
    house.settle()
    assert inside(owner, segment_id) == inside(owner, other) == {ada["id"]}


def test_many_segments_at_once_are_more_than_one_write(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(belonging, "_MOVES", 2)
    several = [made(house, owner, condition("lifecycle", "eq", "customer")) for _ in range(5)]
    ada = owner.contact(first_name="Ada", lifecycle="customer")
    house.settle()
    assert all(inside(owner, one) == {ada["id"]} for one in several)


def test_members_are_walked_in_pages(house: House, owner: Sender) -> None:
    several = [owner.contact(first_name=f"C{number}") for number in range(5)]
    segment_id = fixed(owner, *several)
    found, start = list[str](), None
    for _ in range(3):
        some, start = membership.walk(owner.tenant, segment_id, start, 2)
        found += some
    assert start is None
    assert found == sorted(one["id"] for one in several)
    everything = page(keys.partition("member", tenant=owner.tenant, segment=segment_id), limit=50).items
    assert {type(one).__name__ for one in everything} == {"Segment", "Member", "Tally"}, "all in one place"
