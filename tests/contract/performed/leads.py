"""The patterns of lead conversion."""

import uuid

from tests.contract.performing import Units, of, performs
from tests.house import House, Sender


@performs("lead.join")
def _(house: House, owner: Sender) -> Units:
    contact = {"first_name": "Ada", "emails": [{"address": f"{uuid.uuid4().hex}@gmail.com"}]}
    owner.contact(**contact)
    body = {"contact": contact, "deal": {"title": "Engine"}, "on_duplicate": "join"}
    return of(owner.post("/v1/leads/convert", body))


@performs("lead.convert")
def _(house: House, owner: Sender) -> Units:
    host = f"{uuid.uuid4().hex[:12]}.example"
    contact = {"first_name": "Ada", "last_name": "Lovelace", "emails": [{"address": f"ada@{host}"}]}
    deal = {"title": "Engine", "value": {"amount": 129900, "currency": "EUR"}}
    return of(owner.post("/v1/leads/convert", {"contact": contact, "company": {"name": "Analytical"}, "deal": deal}))
