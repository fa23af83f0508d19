"""A firm to look at on one machine: made through the same verbs as any other, once."""

from datetime import timedelta
from typing import Final

from chalicelib import clock, errors
from chalicelib.schemas.access import Signup
from chalicelib.schemas.activity import ActivityDraft
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.contact import ContactDraft
from chalicelib.schemas.deal import DealDraft, Move
from chalicelib.schemas.lines import Worth
from chalicelib.schemas.parts import Email, Phone
from chalicelib.schemas.task import TaskDraft
from chalicelib.services import access, activities, contacts, deals, permissions, pipelines, tasks

EMAIL: Final = "owner@demo.test"
PASSWORD: Final = "demo-demo-demo"  # noqa: S105 - printed at start, for one machine only

PEOPLE: Final = (
    ("Ada", "Lovelace", "ada@analytical.test", "+44 20 7946 0101", "Head of Engines"),
    ("Grace", "Hopper", "grace@harbour.test", "+1 212 555 0143", "Rear Admiral"),
    ("Hedy", "Lamarr", "hedy@spread.test", "+43 1 5880 10", "Inventor"),
    ("Alan", "Turing", "alan@bombe.test", "+44 1908 640404", "Analyst"),
    ("Katherine", "Johnson", "katherine@orbit.test", "+1 757 555 0186", "Mathematician"),
)

# What may come of it: the title, what it is worth in cents, and the stage of Sales that it has come to.
DEALS: Final = (
    ("An engine for the observatory", 1_299_000, "Negotiation"),
    ("Compilers for the harbour", 480_000, "Proposal"),
    ("Frequency plans", 95_000, "Qualified"),
    ("A faster bombe", 2_400_000, "Won"),
    ("Orbits, checked by hand", 310_000, "Lost"),
)


def seed() -> bool:
    """Make the demo firm. False if it was there."""
    try:
        tokens = access.signup(Signup(company="Demo Ltd", name="Demo Owner", email=EMAIL, password=PASSWORD))
    except errors.Conflict:
        return False
    actor = Actor(tokens.tenant.id, tokens.user.id, "owner", permissions.ALL)
    stages = {stage["name"]: stage["id"] for stage in pipelines.of(actor.tenant, None).stages}
    for number, (first, last, email, phone, title) in enumerate(PEOPLE):
        draft = ContactDraft(
            first_name=first, last_name=last, emails=[Email(address=email)], phones=[Phone(number=phone)], title=title
        )
        contact = contacts.create(actor, draft)
        called = clock.now() - timedelta(days=number, hours=2)
        activities.create(actor, "contact", contact.id, ActivityDraft(kind="call", at=called, text="First call."))
        due = clock.now() + timedelta(days=number + 1)
        tasks.create(actor, TaskDraft(title=f"Send {first} an offer", kind="email", due_at=due, subject_id=contact.id))
        _deal(actor, number, contact.id, stages)
    return True


def _deal(actor: Actor, number: int, contact_id: str, stages: dict[str, str]) -> None:
    """The deal of this number with a contact, at the stage it has come to; `stages` are ids by name."""
    title, cents, stage = DEALS[number]
    closing = clock.now() + timedelta(days=14 * (number + 1))
    draft = DealDraft(
        title=title,
        value=Worth(amount=cents, currency="EUR"),
        contact_ids=[contact_id],
        expected_close=closing.date().isoformat(),
    )
    reason = "price" if stage == "Lost" else None
    deals.move(actor, deals.create(actor, draft).id, Move(stage_id=stages[stage], lost_reason=reason))
