"""Campaigns as tests need them: with a segment and a template that are there, and an audience that was settled."""

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from chalicelib import ids
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign, Shard
from chalicelib.models.ledger import Tally
from chalicelib.models.mailing import Mailing, outcome
from chalicelib.models.segment import Segment
from chalicelib.models.writes import Step, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.template import TemplateDraft
from chalicelib.services import campaigns, membership, settling, shards, templates
from tests.house import Sender

SEED = "qa@firm.example"
HTML = '<p>Hello {{ contact.first_name | default: "you" }}</p><p><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>'
AT = "2026-03-10T12:00:00.000Z"


def segment(sender: Sender, *contacts: str) -> str:
    """A static segment of these contacts: its id."""
    answer = sender.post("/v1/segments", {"name": "Readers", "kind": "static"})
    assert answer.status == 201, answer.text
    for start in range(0, len(contacts), 100):
        added = sender.post(f"/v1/segments/{answer.json['id']}/members", {"contact_ids": contacts[start : start + 100]})
        assert added.status == 200, added.text
    return str(answer.json["id"])


def draft(sender: Sender, **fields: Any) -> dict[str, Any]:
    """What a campaign is made of, with all that it needs."""
    found = {"name": "Spring", "from": "News <news@firm.example>", "seeds": [SEED], **fields}
    for name, make in (("segment_id", bare_segment), ("template_id", bare_template)):
        if name not in found:
            found[name] = make(sender.tenant)
    return found


def campaign(sender: Sender, **fields: Any) -> Any:
    """A campaign with all that it needs."""
    answer = sender.post("/v1/campaigns", draft(sender, **fields))
    assert answer.status == 201, answer.text
    return answer.json


def act(sender: Sender, made: Any, verb: str, body: Any = None) -> Any:
    """Take a step that is permitted: the campaign as it is then."""
    answer = sender.post(f"/v1/campaigns/{made['id']}/{verb}", body)
    assert answer.status == 200, answer.text
    return answer.json


def bare_segment(tenant: str, members: int = 1, **fields: Any) -> str:
    """A segment, by the model alone, that says it has so many members."""
    one = Segment(id=ids.new("seg"), tenant=tenant, name="readers", label="Readers", what="static", **fields)
    tally = Tally(*keys.key("tally", tenant=tenant, record=one.id, name=membership.SIZE), amount=members)
    transact(Step("save", tally))
    return _kept(one)


def bare_template(tenant: str, **fields: Any) -> str:
    """A template that can be sent, by the service alone."""
    draft = decoding.convert({"name": "March", "subject": "News of March", "html": HTML, **fields}, TemplateDraft)
    return str(templates.create(Actor(tenant, "usr_test", "owner"), draft).id)


def _kept(one: Any) -> str:
    one.touch("test")
    one.keys()
    transact(Step("save", one))
    return str(one.id)


def edited(tenant: str, campaign_id: str, **fields: Any) -> Campaign:
    """The campaign with what the engine would have written."""
    one = campaigns.load(tenant, campaign_id, consistent=True)
    for name, value in fields.items():
        setattr(one, name, value)
    transact(Step("save", one))
    return one


def brought(sender: Sender, path: str, status: str, **fields: Any) -> None:
    """Let the campaign that a path of it names have come so far."""
    if status in ("running", "paused", "finished"):
        fields |= {"run": ids.new("run"), "launched_at": AT, "audience": 0, "shards": 0}
    if status == "scheduled":
        fields |= {"scheduled_at": "2099-01-01T00:00:00.000Z"}
    edited(sender.tenant, path.split("/")[3], status=status, **fields)


def over(sender: Sender, there: Sequence[str]) -> str:
    """A campaign that was sent to these: its id."""
    made, run = campaign(sender), ids.new("run")
    edited(sender.tenant, made["id"], status="finished", run=run, audience=len(there), shards=1, launched_at=AT)
    settled(sender.tenant, made["id"], run, 0, there, {})
    return str(made["id"])


def settled(
    tenant: str, campaign_id: str, run: str, number: int, there: Sequence[str], said: Mapping[str, str]
) -> Shard:
    """A shard of these contacts, each of whom ended as `said` (his letter, or `-`), with a mailing if one was begun."""
    shard = Shard.at(tenant, campaign_id, number)
    shard.packed = shards.pack((one, shards.trace(tenant, run, f"{uuid.uuid4().hex}@x.example")) for one in there)
    shard.size = len(there)
    transact(Step("save", shard))
    letters = [said.get(one, "s") for one in there]
    reasons = {str(position): "unsubscribed" for position, letter in enumerate(letters) if letter == "x"}
    reasons |= {str(position): "refused" for position, letter in enumerate(letters) if letter == "f"}
    for one, letter in zip(there, letters, strict=True):
        if letter in "sfu":
            mailing = Mailing.at(tenant, one, run)
            mailing.campaign_id, mailing.address, mailing.claim, mailing.claimed_at = (
                campaign_id,
                "a@x.example",
                "c",
                AT,
            )
            mailing.shard = number
            mailing.outcome = outcome(shards.CELLS[letter], AT, message_id="m-1" if letter == "s" else None)
            transact(Step("save", mailing))
    settling.keep(shard, letters, reasons, None)
    return shard
