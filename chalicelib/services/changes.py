"""What follows a change, as one table. The stream calls `react` for each record it carries; this file only classifies.

Every reaction may be called twice, late, or out of order, and must end the same.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from chalicelib import observability
from chalicelib.models import (
    access,
    activity,
    company,
    contact,
    deal,
    job,
    mail_event,
    mailing,
    order,
    quote,
    table,
    task,
)
from chalicelib.services import (
    answers,
    assignments,
    board,
    concerns,
    consents,
    counts,
    dates,
    deal_sheets,
    deliveries,
    digests,
    engagement,
    escalation,
    followups,
    history,
    indexing,
    jobs,
    mentions,
    outcomes,
    pipelines,
    plays,
    purchases,
    purging,
    relabel,
    snapshots,
    suppressions,
    users,
    versions,
)

Image = Mapping[str, Any]
Reaction = Callable[[Any, Any], None]

# (kind, field whose value changed) -> what to do. `id` appears when a record is made and disappears when it is gone.
REACTIONS: Final[dict[tuple[str, str], tuple[Reaction, ...]]] = {
    ("contact", "id"): (
        history.contact,
        counts.contact,
        counts.employed,
        purging.purged,
        suppressions.erased,
        consents.chosen,
    ),
    ("contact", "version"): (versions.changed, indexing.follow, concerns.changed),
    ("contact", "deleted_at"): (history.contact, counts.contact, counts.employed, dates.planned),
    ("contact", "merged_into"): (history.merged, counts.contact, counts.employed, dates.planned, relabel.linked),
    ("contact", "owner_id"): (history.contact, dates.planned),
    ("contact", "birthday"): (dates.planned,),
    ("contact", "dates"): (dates.planned,),
    ("contact", "time_zone"): (dates.planned,),
    ("contact", "lifecycle"): (history.contact,),
    ("contact", "company_id"): (counts.employed, engagement.belongs, relabel.linked),
    ("contact", "last_contacted_at"): (engagement.belongs,),
    ("contact", "preferences"): (consents.chosen,),
    ("company", "id"): (history.company, counts.company, purging.purged),
    ("company", "version"): (versions.changed, indexing.follow, concerns.changed),
    ("company", "deleted_at"): (history.company, counts.company, dates.planned),
    ("company", "merged_into"): (history.merged, counts.company, dates.planned, relabel.renamed),
    ("company", "display_name"): (relabel.renamed,),
    ("company", "owner_id"): (history.company, dates.planned),
    ("company", "dates"): (dates.planned,),
    ("deal", "id"): (
        pipelines.came,
        history.deal,
        counts.deal,
        purging.purged,
        deal_sheets.contributed,
        outcomes.outcome,
        snapshots.started,
        counts.sold_to,
    ),
    ("deal", "version"): (versions.changed, indexing.follow, concerns.changed),
    ("deal", "rank"): (board.crowded,),
    ("deal", "company_id"): (counts.sold_to,),
    ("deal", "deleted_at"): (
        pipelines.came,
        history.deal,
        counts.deal,
        deal_sheets.contributed,
        outcomes.outcome,
        snapshots.started,
        counts.sold_to,
    ),
    ("deal", "pipeline_id"): (pipelines.came, deal_sheets.contributed, outcomes.outcome),
    ("deal", "stage_id"): (history.deal, deal_sheets.contributed, outcomes.outcome),
    ("deal", "stage_since"): (deal_sheets.contributed, plays.entered),
    ("deal", "status"): (deal_sheets.contributed, outcomes.outcome, snapshots.started, plays.closed, counts.sold_to),
    ("deal", "closed_at"): (deal_sheets.contributed, outcomes.outcome),
    ("deal", "value"): (deal_sheets.contributed, counts.sold_to),
    ("deal", "base_value"): (deal_sheets.contributed, outcomes.outcome),
    ("deal", "owner_id"): (history.deal, deal_sheets.contributed, outcomes.outcome),
    ("deal", "expected_close"): (deal_sheets.contributed,),
    ("deal", "entered"): (deal_sheets.contributed, outcomes.outcome),
    ("deal", "stayed"): (deal_sheets.contributed,),
    ("deal", "lost_reason"): (outcomes.outcome,),
    ("deal", "source"): (outcomes.outcome,),
    ("activity", "id"): (engagement.contacted, followups.answered, concerns.changed),
    ("activity", "mentions"): (mentions.mentioned,),
    ("task", "version"): (concerns.changed,),
    ("task", "id"): (history.task, counts.task, engagement.planned, escalation.planned, assignments.given),
    ("task", "status"): (history.task, counts.task, engagement.planned, escalation.planned),
    ("task", "deleted_at"): (counts.task, engagement.planned, escalation.planned),
    ("task", "due_at"): (engagement.planned, escalation.planned),
    ("task", "subject_id"): (engagement.planned,),
    ("task", "assignee_id"): (escalation.planned, assignments.given),
    ("order", "id"): (purchases.told, purchases.counted),
    ("order", "version"): (concerns.changed,),
    ("order", "contact_id"): (purchases.told, purchases.counted),
    ("order", "company_id"): (purchases.told,),
    ("order", "deal_id"): (purchases.told,),
    ("order", "status"): (purchases.told, purchases.counted),
    ("order", "deleted_at"): (purchases.counted,),
    ("order", "base_value"): (purchases.counted,),
    ("quote", "status"): (answers.answered,),
    ("mail_event", "id"): (deliveries.happened,),
    ("mailing", "seen"): (deliveries.told, deliveries.proved, concerns.changed),
    ("mailing", "outcome"): (deliveries.proved, concerns.changed),
    ("job", "id"): (jobs.hurry,),
    ("job", "cancelled_by"): (jobs.hurry,),
    ("user", "role"): (users.limited,),
    ("user", "deleted_at"): (users.limited, digests.replanned),
    ("user", "time_zone"): (digests.replanned,),
}

KINDS: Final = {
    "contact": contact.Contact,
    "company": company.Company,
    "deal": deal.Deal,
    "activity": activity.Activity,
    "task": task.Task,
    "job": job.Job,
    "mail_event": mail_event.MailEvent,
    "mailing": mailing.Mailing,
    "order": order.Order,
    "quote": quote.Quote,
    "user": access.User,
}


_STONE: Final = {"S": "tombstone"}


def react(before: Image | None, after: Image | None) -> None:
    """Do what follows from this change of one item, given as DynamoDB images.

    Raises whatever keeps a reaction from being done.
    """
    if after and after.get("kind") == _STONE:
        after = None  # what is left of a record removed for good
    image = after or before or {}
    kind = image.get("kind", {}).get("S", "")
    if kind not in KINDS:
        return
    observability.charge_to(image["tenant"]["S"])
    old, new = _revive(before), _revive(after)
    for reaction in _due(kind, before or {}, after or {}):
        reaction(old, new)


def _due(kind: str, before: Image, after: Image) -> list[Reaction]:
    """Each reaction once, in the order of the table, however many of its fields changed."""
    found: dict[Reaction, None] = {}
    for (of_kind, field), reactions in REACTIONS.items():
        if of_kind == kind and before.get(field) != after.get(field):
            found.update(dict.fromkeys(reactions))
    return list(found)


def _revive(image: Image | None) -> Any:
    return table.Item.from_raw_data(dict(image)) if image else None
