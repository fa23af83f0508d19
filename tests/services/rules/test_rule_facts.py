"""What rules look at, read from a house in which it happened; also if an index lags behind, and of merged contacts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import ids, observability
from chalicelib.models.mailing import Mailing, outcome
from chalicelib.models.writes import Step, transact
from chalicelib.services import nouns, rules
from chalicelib.services.rules import Facts, facts
from tests.feeds import forget
from tests.house import House, Sender

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
PRICE = {"amount": 5000, "currency": "EUR"}
CAMPAIGN = "cam_01HX0000000000000000000000"


def made(sender: Sender, path: str, **draft: Any) -> Any:
    answer = sender.post(path, draft)
    assert answer.status == 201, answer.text
    return answer.json


def kept(sender: Sender, record: Any) -> Any:
    noun = nouns.of_id(record["id"])
    assert noun is not None
    return nouns.peek(noun, sender.tenant, record["id"], consistent=True)


def known(sender: Sender, contact: Any, *needs: str, **how: Any) -> Facts:
    return facts.of(sender.tenant, kept(sender, contact), frozenset(needs), **how)


def order(sender: Sender, contact: Any, **fields: Any) -> Any:
    line = {"name": "Chair", "quantity": 2, "unit_price": PRICE}
    return made(sender, "/v1/orders", contact_id=contact["id"], items=[line], **fields)


def mailed(sender: Sender, contact: Any, days_ago: float, status: str = "sent", **seen: str) -> Mailing:
    at = NOW - timedelta(days=days_ago)
    mail = Mailing.at(sender.tenant, contact["id"], ids.at("run", at))
    mail.campaign_id, mail.claim, mail.claimed_at = CAMPAIGN, "c", stamp(days_ago)
    mail.outcome = None if status == "claimed" else outcome(status, stamp(days_ago))
    mail.seen = seen or None
    transact(Step("save", mail))
    return mail


def stamp(days_ago: float) -> str:
    return (NOW - timedelta(days=days_ago)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def holds(sender: Sender, contact: Any, plain: Any) -> bool:
    rule = rules.parse(sender.tenant, plain)
    return rule.verdict(facts.of(sender.tenant, kept(sender, contact), rule.needs), NOW).matches


def one(field: str, op: str, value: Any = True) -> Any:
    return {"all": [{"field": field, "op": op, "value": value}]}


def test_everything_that_belongs_to_a_contact_is_found(house: House, owner: Sender) -> None:
    company = made(owner, "/v1/companies", name="Acme", tags=["vip"], domains=["acme.example"])
    ada = made(owner, "/v1/contacts", first_name="Ada", company_id=company["id"])
    deal = made(owner, "/v1/deals", title="Chairs", contact_ids=[ada["id"]], value=PRICE, expected_close="2026-11-20")
    made(owner, "/v1/deals", title="Of somebody else", value=PRICE)
    order(owner, ada, ordered_at=stamp(40))
    order(owner, ada, ordered_at=stamp(2), status="cancelled")
    made(owner, "/v1/tasks", title="Call", subject_id=ada["id"])
    done = made(owner, "/v1/tasks", title="Write", subject_id=ada["id"])
    owner.post(f"/v1/tasks/{done['id']}/complete")
    for days in (9, 3):
        made(owner, f"/v1/contacts/{ada['id']}/activities", kind="call", at=stamp(days))
    made(owner, f"/v1/contacts/{ada['id']}/activities", kind="shop.visited", at=stamp(1))
    house.settle()
    true = [
        one("company.name", "eq", "acme"),
        one("company.tags", "contains", "vip"),
        one("company.domains", "eq", "acme.example"),
        one("deals.count", "eq", 1),
        one("deals.open_value", "eq", PRICE),
        one("deal.expected_close", "within_days", 30),
        {"all": [{"deal": {"all": [*one("status", "eq", "open")["all"], *one("title", "eq", "chairs")["all"]]}}]},
        one("orders.count", "eq", 1),
        one("orders.total", "eq", 10000),
        one("orders.last_at", "older_than_days", 40),
        one("order.status", "eq", "cancelled"),
        one("order.product", "contains", "chai"),
        one("tasks.open", "eq", 1),
        one("activity.call.last_at", "within_days", 4),
        one("activity.shop.visited.last_at", "exists"),
        one("activity.meeting.last_at", "exists", False),
    ]
    false = [
        one("company.name", "exists", False),
        one("deals.won", "gt", 0),
        one("deal.status", "ne", "open"),
        one("orders.last_at", "within_days", 30),
        {"all": [{"order": {"all": [*one("status", "eq", "cancelled")["all"], *one("total", "gt", 10000)["all"]]}}]},
    ]
    assert [plain for plain in true if not holds(owner, ada, plain)] == []
    assert [plain for plain in false if holds(owner, ada, plain)] == []
    # What is gone is not there.
    owner.delete(f"/v1/deals/{deal['id']}")
    owner.delete(f"/v1/companies/{company['id']}")
    house.settle()
    assert holds(owner, ada, one("deals.count", "eq", 0))
    assert holds(owner, ada, one("company.tags", "exists", False))


def test_mails_are_those_that_were_sent(owner: Sender) -> None:
    ada = owner.contact()
    mailed(owner, ada, 100, opened=stamp(99), opened_human=stamp(99), clicked_human=stamp(98))
    mailed(owner, ada, 20, opened=stamp(19))  # by a machine
    mailed(owner, ada, 10, status="unknown", delivered=stamp(9))
    mailed(owner, ada, 8, status="claimed", bounced="soft", bounced_at=stamp(7))
    for status in ("claimed", "suppressed", "failed", "deferred", "unknown"):
        mailed(owner, ada, 1, status)
    mailed(owner, ada, 1, rejected=stamp(0), status="failed")
    true = [
        one("mail.sent.count", "eq", 4),
        one("mail.sent.count.30d", "eq", 3),
        one("mail.opened.count", "eq", 1),
        one("mail.opened.count.90d", "eq", 0),
        one("mail.sent_at", "older_than_days", 8),
        one("mail.opened_at", "older_than_days", 99),
        one("mail.clicked_at", "within_days", 99),
        one("mail.delivered_at", "within_days", 10),
        one("mail.bounced_at", "within_days", 8),
        {"all": [{"mail": {"all": [*one("bounce", "eq", "soft")["all"], *one("opened_at", "exists", False)["all"]]}}]},
        one("mail.replied_at", "exists", False),
        one("campaign.clicked", "contains", CAMPAIGN),
        {"all": [{"mail": {"all": [*one("campaign_id", "eq", CAMPAIGN)["all"], *one("opened_at", "exists")["all"]]}}]},
        {"not": [one("mail.opened_at", "within_days", 90)]},
    ]
    assert [plain for plain in true if not holds(owner, ada, plain)] == []
    assert not holds(owner, ada, {"all": [{"mail": one("sent_at", "within_days", 5)}]})
    bob = owner.contact()
    for status in ("claimed", "suppressed", "failed"):
        mailed(owner, bob, 1, status)
    assert not holds(owner, bob, {"all": [{"mail": one("campaign_id", "eq", CAMPAIGN)}]})


def test_mails_have_a_bound_and_the_newest_count(owner: Sender) -> None:
    ada = owner.contact()
    for number in range(facts.MAILS + 5):
        mailed(owner, ada, 1 + number, opened_human=stamp(0) if number >= facts.MAILS else "")
    found = known(owner, ada, "mail")
    assert len(found.mails) == facts.MAILS
    assert found.last_event("sent") == stamp(1)
    assert found.last_event("opened_human") is None


def test_what_changed_a_moment_ago_is_handed_in(house: House, owner: Sender) -> None:
    """The feed has not been followed: no index knows of anything, and whoever reacts hands in what he was told."""
    ada, bob = owner.contact(), owner.contact()
    deal = made(owner, "/v1/deals", title="Chairs", contact_ids=[ada["id"]], value=PRICE)
    forget(house)
    assert known(owner, ada, "deals", consistent=True).deal_count(None) == 0
    told = kept(owner, deal)
    assert known(owner, ada, "deals", seen=[told]).deal_count(None) == 1
    assert known(owner, bob, "deals", seen=[told]).deal_count(None) == 0
    owner.patch(f"/v1/deals/{deal['id']}", {"contact_ids": [bob["id"]]})
    house.settle()
    later = kept(owner, deal)
    for seen in ([told], [later], [told, later], [later, told]):  # late, or again: the newest word counts
        assert known(owner, ada, "deals", seen=seen).deal_count(None) == 0
        assert known(owner, bob, "deals", seen=seen).deal_count(None) == 1


def test_a_deal_in_the_trash_is_none_though_the_index_still_has_it(house: House, owner: Sender) -> None:
    ada = owner.contact()
    deal = made(owner, "/v1/deals", title="Chairs", contact_ids=[ada["id"]], value=PRICE)
    house.settle()
    assert known(owner, ada, "deals").deal_count(None) == 1
    owner.delete(f"/v1/deals/{deal['id']}")
    forget(house)
    assert known(owner, ada, "deals").deal_count(None) == 0


def test_orders_and_activities_that_are_handed_in(house: House, owner: Sender) -> None:
    from chalicelib.models import keys
    from chalicelib.models.activity import Activity
    from chalicelib.models.order import Order
    from chalicelib.models.table import Item, fetch

    ada = owner.contact()
    placed = order(owner, ada, ordered_at=stamp(3))
    before = fetch(Item, *keys.key("order", tenant=owner.tenant, id=placed["id"]), consistent=True)
    owner.patch(f"/v1/orders/{placed['id']}", {"status": "refunded"})
    after = fetch(Item, *keys.key("order", tenant=owner.tenant, id=placed["id"]), consistent=True)
    for seen in ([before], [after], [after, before], [before, after]):
        found = known(owner, ada, "orders", seen=seen)
        assert [part.record.status for part in found.orders] == ["refunded"]
        assert found.last_ordered is None
    new = Order(id=ids.new("ord"), contact_id=ada["id"], ordered_at=stamp(1), status="open", version=1)
    assert known(owner, ada, "orders", seen=[new]).last_ordered == stamp(1)  # no index has it yet
    said = Activity(subject_id=ada["id"], what="call", at=stamp(1))
    assert known(owner, ada, "activity.call", seen=[said]).activity == {"call": stamp(1)}
    assert known(owner, ada, "activity.meeting", seen=[said]).activity == {}
    bob = owner.contact()
    owner.patch(f"/v1/orders/{placed['id']}", {"contact_id": bob["id"]})
    assert known(owner, ada, "orders", seen=[before]).orders == []  # told late: it is another's by now
    house.settle()


def test_a_contact_has_what_those_had_that_were_merged_into_it(house: House, owner: Sender) -> None:
    ada, double = owner.contact(), owner.contact()
    made(owner, "/v1/deals", title="Chairs", contact_ids=[double["id"]], value=PRICE)
    order(owner, double, ordered_at=stamp(3))
    made(owner, f"/v1/contacts/{double['id']}/activities", kind="call", at=stamp(3))
    made(owner, "/v1/tasks", title="Call", subject_id=double["id"])
    mailed(owner, double, 5, opened_human=stamp(4))
    mailed(owner, ada, 50)
    house.settle()
    assert owner.post(f"/v1/contacts/{ada['id']}/merge", {"loser_id": double["id"]}).status == 200
    house.settle()
    found = known(owner, ada, "deals", "orders", "purchases", "mail", "tasks", "activity.call")
    assert (found.deal_count(None), len(found.orders), found.bought("n"), found.open_tasks) == (1, 1, 1, 1)
    assert [part.stamp("sent") for part in found.mails] == [stamp(5), stamp(50)]
    assert found.activity == {"call": stamp(3)}


def test_a_company_that_became_part_of_another_is_that_one(house: House, owner: Sender) -> None:
    acme = made(owner, "/v1/companies", name="Acme", tags=["old"])
    beta = made(owner, "/v1/companies", name="Beta", tags=["new"])
    ada = made(owner, "/v1/contacts", first_name="Ada", company_id=acme["id"])
    assert owner.post(f"/v1/companies/{beta['id']}/merge", {"loser_id": acme["id"]}).status == 200
    forget(house)  # the contact still names the one that is gone
    assert kept(owner, ada).company_id == acme["id"]
    assert holds(owner, ada, one("company.tags", "contains", "new"))


def test_many_are_read_as_each_alone(house: House, owner: Sender) -> None:
    company = made(owner, "/v1/companies", name="Acme")
    people = [owner.contact() for _ in range(5)]
    for number, person in enumerate(people[1:]):
        owner.patch(f"/v1/contacts/{person['id']}", {"company_id": company["id"], "time_zone": "Asia/Tokyo"})
        made(owner, "/v1/deals", title=f"Deal {number}", contact_ids=[person["id"], people[-1]["id"]])
        order(owner, person, ordered_at=stamp(number))
        mailed(owner, person, number)
    owner.patch("/v1/settings", {"time_zone": "Europe/Vienna"})
    house.settle()
    needs = frozenset({"company", "deals", "orders", "purchases", "mail", "tasks", "activity.call", "zone"})
    contacts = [kept(owner, person) for person in people]

    def shown(found: Facts) -> Any:
        parts = {
            noun: [part.record.attribute_values for part in found.some(noun)] for noun in ("deal", "order", "mail")
        }
        return found.contact.id, found.company and found.company.id, parts, found.cells, str(found.zone)

    together = facts.many(owner.tenant, contacts, needs)
    assert [shown(one) for one in together] == [shown(facts.of(owner.tenant, each, needs)) for each in contacts]
    assert {str(one.zone) for one in together} == {"Europe/Vienna", "Asia/Tokyo"}
    assert facts.many(owner.tenant, [], needs) == []


def test_nothing_is_read_of_whom_the_rest_has_decided(house: House, owner: Sender) -> None:
    """A look at many: the company for all that have one, deals for some of these, mails for nobody."""
    acme = made(owner, "/v1/companies", name="Acme", tags=["vip"])
    beta = made(owner, "/v1/companies", name="Beta")
    people = [
        owner.contact(),
        made(owner, "/v1/contacts", first_name="Bob", company_id=beta["id"]),
        made(owner, "/v1/contacts", first_name="Ada", company_id=acme["id"]),
        made(owner, "/v1/contacts", first_name="Eve", company_id=acme["id"], lifecycle="customer"),
    ]
    house.settle()
    plain = {
        "all": [
            one("mail.opened_at", "within_days", 90),
            one("deals.open", "gt", 0),
            {"any": [one("company.tags", "contains", "vip"), one("lifecycle", "eq", "other")]},
            one("lifecycle", "exists", False),
        ]
    }
    rule = rules.parse(owner.tenant, plain)
    contacts = [kept(owner, person) for person in people]
    with observability.measured("test") as meter:
        found = rules.look(owner.tenant, contacts, [rule], NOW)
    assert [sorted(known.read) for known in found] == [["company"], ["company"], ["company", "deals"], []]
    assert meter.rru == 1 + 0.5  # two companies, and the deals of one contact
    asked = [rule, rules.parse(owner.tenant, one("mail.sent.count", "eq", 0))]
    assert all("mail" in known.read for known in rules.look(owner.tenant, contacts, asked, NOW))


def test_another_firms_records_are_nobodys(house: House, owner: Sender) -> None:
    stranger, ada = house.signup(), owner.contact()
    made(owner, "/v1/deals", title="Chairs", contact_ids=[ada["id"]])
    mailed(owner, ada, 1)
    order(owner, ada)
    house.settle()
    needs = frozenset({"company", "deals", "orders", "purchases", "mail", "tasks", "activity.call"})
    found = facts.of(stranger.tenant, kept(owner, ada), needs)
    assert (found.deals, found.orders, found.mails, found.cells, found.company) == ([], [], [], {}, None)
