"""What rules of segments look at: each family of facts of one contact, read by itself."""

from typing import Any

from chalicelib import clock, ids
from chalicelib.models.mailing import Mailing, outcome
from chalicelib.models.writes import Step, transact
from chalicelib.services import nouns, rules
from tests.contract.performing import Units, consumed, performs, person
from tests.house import House, Sender

PRICE = {"amount": 129900, "currency": "EUR"}
ALL = frozenset({"company", "deals", "orders", "purchases", "mail", "tasks", "activity.call", "zone"})
MAILS = 5


def customer(house: House, owner: Sender) -> Any:
    """A contact of whom everything is known once, and five mails."""
    company = owner.post("/v1/companies", {"name": "Featherstone Industries"}).json
    made = owner.contact(**{**person(), "company_id": company["id"], "time_zone": None})
    for path, draft in (
        ("/v1/deals", {"title": "Engines", "contact_ids": [made["id"]], "value": PRICE}),
        ("/v1/orders", {"contact_id": made["id"], "items": [{"name": "Cards", "quantity": 2, "unit_price": PRICE}]}),
        ("/v1/tasks", {"title": "Call", "subject_id": made["id"]}),
        (f"/v1/contacts/{made['id']}/activities", {"kind": "call", "text": "They like the engines."}),
    ):
        assert owner.post(path, draft).status == 201
    house.settle()
    for _ in range(MAILS):
        transact(Step("save", mail(owner.tenant, made["id"])))
    return nouns.load(nouns.NOUNS["contact"], owner.tenant, made["id"])


def mail(tenant: str, contact_id: str) -> Mailing:
    """As campaigns leave it: sent, delivered and opened."""
    at = clock.stamp()
    found = Mailing.at(tenant, contact_id, ids.new("run"))
    found.campaign_id, found.claim, found.claimed_at = ids.new("cam"), "claim-1234", at
    found.outcome = outcome("sent", at, message_id="0100018f2a3b4c5d-6e7f8091-a2b3-c4d5-e6f7-000000")
    found.address, found.shard = "wilhelmina.0123456789@featherstone-industries.example", 12
    found.seen = {"delivered": at, "opened": at, "opened_human": at}
    found.counted = {"delivered": 1, "opened": 1, "opened_human": 1}
    return found


def family(*needs: str) -> Any:
    def perform(house: House, owner: Sender) -> Units:
        contact = customer(house, owner)
        return consumed(lambda: rules.facts.of(owner.tenant, contact, frozenset(needs)))

    return perform


performs("facts.company")(family("company"))
performs("facts.deals")(family("deals"))
performs("facts.orders")(family("orders"))
performs("facts.purchases")(family("purchases"))
performs("facts.mail")(family("mail"))
performs("facts.tasks")(family("tasks"))
performs("facts.activity")(family("activity.call"))
performs("facts.zone")(family("zone"))


@performs("facts.consistent")
def _(house: House, owner: Sender) -> Units:
    contact = customer(house, owner)
    return consumed(lambda: rules.facts.of(owner.tenant, contact, ALL, consistent=True))


@performs("rule.parse")
def _(house: House, owner: Sender) -> Units:
    made = owner.post("/v1/fields", {"noun": "contact", "name": "seats", "label": "Seats", "type": "number"})
    assert made.status == 201, made.text
    conditions = [
        {"field": "custom.seats", "op": "gt", "value": 5},
        {"field": "lifecycle", "op": "eq", "value": "lead"},
    ]
    return consumed(lambda: rules.parse(owner.tenant, {"all": conditions}))
