"""Deals: made, changed, moved from stage to stage, won and lost."""

from functools import partial
from typing import Any, Final

from chalicelib import clock, errors
from chalicelib.errors import Flaw
from chalicelib.models.deal import Deal
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.deal import DealDraft, DealView, Move
from chalicelib.services import board, drafts, exchange, nouns, pipelines, rates, settings, text
from chalicelib.services.board import Where
from chalicelib.services.records import Claim, Records, external_claims
from chalicelib.services.remembered import ask

Stage = dict[str, Any]
CLOSING: Final = ("won", "lost")  # what a stage counts as that ends a deal
_ANYWHERE: Final = Where()


def _write(actor: Actor, deal: Deal, draft: DealDraft, where: Where = _ANYWHERE) -> None:
    """Put the draft's fields into the deal, and it into its stage. Raises `Invalid` for what a struct cannot see."""
    if not draft.title.strip():
        raise errors.invalid("/title", "required", "A deal needs a title.")
    drafts.check_day(draft.expected_close, "/expected_close")
    pipeline = pipelines.of(actor.tenant, draft.pipeline_id or deal.pipeline_id)
    # A stage that is not named is the one it has, as long as it stays in its pipeline.
    known = deal.stage_id if deal.pipeline_id == pipeline.id else None
    stage = pipelines.stage_of(pipeline, draft.stage_id or known)
    entered = stage["id"] != deal.stage_id
    seen = {"value": deal.value, "contact_ids": deal.contact_ids or [], "company_id": deal.company_id}
    if deal.stage_id is None and draft.owner_id is None and actor.role != "token":
        draft.owner_id = actor.user
    drafts.fill(actor, deal, draft)
    deal.name, deal.pipeline_id, deal.stage_id = text.folded(deal.title), pipeline.id, stage["id"]
    _parties(actor, deal, seen)
    _worth(actor, deal, seen["value"])
    if entered:
        _gate(draft, stage)
    if entered or where != _ANYWHERE:
        deal.rank = board.rank(actor.tenant, stage["id"], deal.id, where)
    if entered:
        _enter(deal, stage)
    if stage["forecast"] == "lost" and not deal.lost_reason:
        raise errors.invalid("/lost_reason", "required", "Say why it was lost.")
    if stage["forecast"] != "lost":
        deal.lost_reason = None


def _parties(actor: Actor, deal: Deal, seen: dict[str, Any]) -> None:
    """Raises `Invalid` for a contact or a company that is not there; one that the deal had may be gone by now."""
    deal.contact_ids = list(dict.fromkeys(deal.contact_ids or ())) or None
    for number, one in enumerate(deal.contact_ids or ()):
        if one not in seen["contact_ids"]:
            _known(actor, "contact", one, f"/contact_ids/{number}")
    if deal.company_id and deal.company_id != seen["company_id"]:
        _known(actor, "company", deal.company_id, "/company_id")
    for one in deal.contact_roles or ():
        if one not in (deal.contact_ids or ()):
            raise errors.invalid(f"/contact_roles/{one}", "unknown", "The deal has no such contact.")


def _known(actor: Actor, noun: str, record_id: str, pointer: str) -> None:
    try:
        ask((noun, actor.tenant, record_id), lambda: nouns.load(nouns.NOUNS[noun], actor.tenant, record_id))
    except (errors.NotFound, errors.Gone, errors.Merged):
        raise errors.invalid(pointer, "unknown", f"There is no such {noun}.") from None


def _worth(actor: Actor, deal: Deal, before: Any) -> None:
    """Money that the firm can add up: a new currency needs a rate. Raises `Invalid`."""
    for field, value, known in (("value", deal.value, before), ("recurring", deal.recurring, None)):
        if value and value["currency"] != (known or {}).get("currency"):
            rates.at(actor.tenant, value["currency"], rates.today(), f"/{field}/currency")


def _gate(draft: DealDraft, stage: Stage) -> None:
    """Raises `Invalid` that names each field that the stage asks for and the deal has not."""
    missing = [field for field in stage["required_fields"] if not _filled(draft, field)]
    if missing:
        flaws = [
            Flaw(f"/{field.replace('.', '/')}", "required", f"{stage['name']} needs `{field}`.") for field in missing
        ]
        raise errors.Invalid(f"The stage {stage['name']} needs {', '.join(missing)}.", *flaws)


def _filled(draft: DealDraft, field: str) -> bool:
    name, _, inner = field.partition(".")
    value = draft.custom.get(inner) if inner else getattr(draft, name)
    return value is not None and value not in ("", [], {})


def _enter(deal: Deal, stage: Stage) -> None:
    """The deal leaves the stage it was in, if it was in one, and stands in this one from now on."""
    now, entered, stayed = deal.updated_at, dict(deal.entered or {}), dict(deal.stayed or {})
    if deal.stage_since:
        left = str(int(deal.stage_code))
        seconds = (clock.parse(now) - clock.parse(deal.stage_since)).total_seconds()
        stayed[left] = stayed.get(left, 0) + max(0, round(seconds))
    code = str(stage["code"])
    entered[code] = entered.get(code, 0) + 1
    deal.entered, deal.stayed, deal.stage_since, deal.stage_code = entered, stayed or None, now, stage["code"]
    _close(deal, stage["forecast"] if stage["forecast"] in CLOSING else "open")


def _close(deal: Deal, status: str) -> None:
    """Won, lost or open again. What the value is worth in the firm's currency is settled when it is closed."""
    deal.status = status
    deal.closed_at = deal.updated_at if status != "open" else None
    deal.rate = deal.base_value = None
    if status != "open" and deal.value:
        own, given = settings.of(deal.tenant).currency, deal.value["currency"]
        deal.rate = rates.at(deal.tenant, given, deal.closed_at[:10], "/value/currency")
        worth = exchange.rounded(exchange.exact(deal.value["amount"], given, own, deal.rate))
        deal.base_value = {"amount": worth, "currency": own}


def _claims(deal: Deal) -> list[Claim]:
    return external_claims(deal)


VERBS: Final[Records[DealView]] = Records(nouns.NOUNS["deal"], _write, _claims)
create, get, update, delete = VERBS.create, VERBS.get, VERBS.update, VERBS.delete
restore, purge, load, view = VERBS.restore, VERBS.purge, VERBS.load, VERBS.view


def move(actor: Actor, deal_id: str, draft: Move, expected: int | None = None) -> DealView:
    """Into a stage, and to a place on its board.

    Raises `NotFound`, `Stale`, and `Invalid` for a stage of another pipeline, fields that the stage asks for, a loss
    without a reason, or a place that there is not.
    """
    named = {"stage_id": draft.stage_id, "lost_reason": draft.lost_reason}
    patch = {name: value for name, value in named.items() if value is not None}
    where = Where(draft.position, draft.before_id, draft.after_id)
    return VERBS.update(actor, deal_id, patch, expected, partial(_write, where=where))
