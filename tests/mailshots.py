"""Campaigns as tests of the engine need them: written to the table at once, and sent by direct steps of their jobs."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from chalicelib import clock, ids
from chalicelib.adapters import mailer, queue
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign, Shard
from chalicelib.models.contact import Contact
from chalicelib.models.job import Job
from chalicelib.models.mailing import Mailing
from chalicelib.models.segment import Member, Segment
from chalicelib.models.table import Item, every, fetch
from chalicelib.models.template import Template
from chalicelib.models.writes import Step, put_all, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.mail import Mail
from chalicelib.services import audience, campaign_states, dispatch, lanes, permissions, settling, shards

WORKED = 60  # steps after which a campaign of a test has surely come to its end


def tenant() -> str:
    """A firm of which nothing stands in the table."""
    return ids.new("ten")


def contact(tenant: str, address: str | None = None, **fields: Any) -> Contact:
    """A contact, not written yet."""
    address = f"{uuid.uuid4().hex}@example.com" if address is None else address
    one = Contact(id=ids.new("con"), tenant=tenant, name="ada", first_name="Ada", **fields)
    one.emails = [{"address": address, "kind": "work", "primary": True}] if address else None
    one.version = 1
    one.touch("usr_0")
    one.keys()
    return one


def segment(tenant: str, contacts: Sequence[Contact]) -> Segment:
    """A static segment of these, written with them."""
    one = Segment(id=ids.new("seg"), tenant=tenant, name="all", label="All", what="static")
    one.version = 1
    one.touch("usr_0")
    one.keys()
    members = [
        Member(
            *keys.key("member", tenant=tenant, segment=one.id, contact=each.id), contact_id=each.id, at=clock.stamp()
        )
        for each in contacts
    ]
    put_all([one, *contacts, *members])
    return one


HTML = (
    '<p>Hi {{ contact.first_name }}, <a href="https://firm.test/x">look</a>, <a href="{{ unsubscribe_url }}">no</a></p>'
)


def template(tenant: str, subject: str = "Hello {{ contact.first_name }}", html: str = HTML, **fields: Any) -> Template:
    """A template, by its own verb."""
    from chalicelib.schemas.template import TemplateDraft
    from chalicelib.services import templates

    draft = TemplateDraft(name=uuid.uuid4().hex, subject=subject, html=html, **fields)
    made = templates.create(Actor(tenant, "usr_0", "owner", permissions.ALL), draft)
    return templates.load(tenant, made.id)


def campaign(tenant: str, segment: Segment, template: Template, **fields: Any) -> Campaign:
    """A draft, written."""
    fields = {"rate": 1000, "sender": "News <news@firm.test>", "base_url": "https://crm.test", **fields}
    one = Campaign(
        id=ids.new("cam"), tenant=tenant, label="News", segment_id=segment.id, template_id=template.id, **fields
    )
    one.touch("usr_0")
    one.keys()
    transact(Step("save", one))
    return one


def moved(one: Campaign, verb: str) -> Campaign:
    """A step of its life, with the engine's side of it."""
    edit: dict[str, Callable[[Campaign], list[Step]]] = {
        "launch": dispatch.launch,
        "pause": dispatch.pause,
        "resume": dispatch.resume,
        "cancel": dispatch.cancel,
        "retry": dispatch.retry,
    }
    return campaign_states.move(one.tenant, one.id, verb, "usr_0", edit[verb])[0]


def read(one: Campaign) -> Campaign:
    """As it is now."""
    found = fetch(Campaign, one.pk, one.sk, consistent=True)
    assert found is not None
    return found


def jobs_of(tenant: str, kind: str) -> list[Job]:
    """The jobs of a kind, in the order they were made."""
    found = list(every(keys.partition("job", "gsi2", tenant=tenant, what=kind), index="gsi2"))
    return sorted(found, key=lambda job: (job.params.get("round", 0), job.params.get("lane", 0)))


def cut(one: Campaign) -> Campaign:
    """Let the audience be cut, by its job's steps."""
    (job,) = jobs_of(one.tenant, dispatch.AUDIENCE)[-1:]
    for _ in range(WORKED):
        if audience.step(job):
            return read(one)
    raise AssertionError("the audience never came to an end")


def sent(one: Campaign) -> Campaign:
    """Let all lanes work, also those that begin meanwhile, until none is left; time passes while all rest."""
    ended: set[str] = set()
    going: dict[str, Job] = {}
    for _ in range(WORKED):
        going = going or {job.id: job for job in jobs_of(one.tenant, dispatch.LANE) if job.id not in ended}
        if not going:
            return read(one)
        rests = []
        for job in list(going.values()):
            answer = lanes.step(job)
            if answer is True:
                ended.add(going.pop(job.id).id)
            elif isinstance(answer, float):
                rests.append(answer)
        if going and len(rests) == len(going):
            clock.advance(min(rests) + 0.001)
    raise AssertionError("the lanes never came to an end")


def mailings(one: Campaign, contacts: Sequence[Contact]) -> list[Mailing | None]:
    """The mailing of each."""
    places = [Mailing.at(one.tenant, each.id, str(one.run)) for each in contacts]
    return [fetch(Mailing, place.pk, place.sk, consistent=True) for place in places]


def sums(one: Campaign) -> dict[str, int]:
    """What is counted, without what is not there."""
    return {name: count for name, count in settling.sum_of(one.tenant, one.id).items() if count}


def all_shards(one: Campaign) -> list[Shard]:
    """The shards of a campaign."""
    where = Item.sk.startswith("SHARD#")
    return list(every(keys.partition("shard", tenant=one.tenant, campaign=one.id), where=where))


def fates(one: Campaign) -> dict[str, tuple[str, str | None]]:
    """By contact id what stands in the shards."""
    return {
        each.contact_id: (shards.results(shard)[each.position], shards.reason(shard, each.position))
        for shard in all_shards(one)
        for each in shards.recipients(shard)
    }


@dataclass
class Post:
    """A provider below the mailer: keeps what it took, or does with the next mails what it is told to."""

    taken: list[Mail] = field(default_factory=list)
    script: list[Any] = field(default_factory=list)  # an exception to raise, "lost" to take it and say nothing, or None

    def send(self, mail: Mail) -> str:
        told = self.script.pop(0) if self.script else None
        if callable(told) and not isinstance(told, type):
            told = told(mail)
        if isinstance(told, BaseException):
            if getattr(told, "taken", False):
                self.taken.append(mail)
            raise told
        self.taken.append(mail)
        return f"<{len(self.taken)}@post>"

    @property
    def addresses(self) -> list[str]:
        """Whom something reached."""
        return [mail.to for mail in self.taken]


def posted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """A `Post` that takes a thousand mails a second, while no hint goes anywhere; for fixtures to yield from."""
    made = Post()
    monkeypatch.setenv("MAIL_RATE", "1000")
    monkeypatch.setattr(mailer, "send", made.send)
    monkeypatch.setattr(queue, "send_all", lambda messages: None)
    yield made
    clock.reset()
