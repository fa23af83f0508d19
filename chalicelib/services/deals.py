"""Deals: made, changed, moved from stage to stage, won and lost.

A stage is entered here and nowhere else, whether a deal is made in it, moved into it or patched into it: its gate, what
the deal is worth once it is closed, and for how long it was where all follow from that.
"""

from functools import partial
from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.errors import Flaw
from chalicelib.models import keys
from chalicelib.models.contact import Contact
from chalicelib.models.deal import Deal
from chalicelib.models.table import several
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.deal import DealDraft, DealView, Move
from chalicelib.schemas.lines import LineItem
from chalicelib.schemas.money import MOST
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import board, drafts, nouns, pipelines, rates, settings, text
from chalicelib.services.board import Where
from chalicelib.services.records import Records, external_claims
from chalicelib.services.remembered import ask, remembering

Stage = dict[str, Any]
_ANYWHERE: Final = Where()
_MONEY: Final = ("value", "recurring")
_COMPARED: Final = (*_MONEY, "items", "pricebook_id", "contact_ids", "contact_roles", "company_id", "lost_reason")


def _write(actor: Actor, deal: Deal, draft: DealDraft, where: Where = _ANYWHERE) -> None:
    """Put the draft's fields into the deal, and it into its stage. Raises `Invalid` for what a struct cannot see."""
    with remembering():  # the settings are asked for each currency
        _fill(actor, deal, draft, where)


def _fill(actor: Actor, deal: Deal, draft: DealDraft, where: Where) -> None:
    if not draft.title.strip():
        raise errors.invalid("/title", "required", "A deal needs a title.")
    drafts.check_day(draft.expected_close, "/expected_close")
    stage = _entered(actor, deal, draft)
    before = {name: getattr(deal, name) for name in _COMPARED}
    if deal.stage_id is None and draft.owner_id is None and actor.role != "token":
        draft.owner_id = deal.owner_id = actor.user  # in both: who calls need not be looked up
    drafts.fill(actor, deal, draft)
    deal.name = text.folded(deal.title)
    _parties(actor, deal, before)
    _items(deal, draft, before)
    _currencies(deal, before)
    if stage is not None:
        _gate(deal, stage)
    _reason(deal, pipelines.kind_of(stage) if stage else deal.status, before["lost_reason"])
    if stage is not None or where != _ANYWHERE:
        deal.rank = board.rank(actor.tenant, deal.stage_id, deal.id, where)
    if stage is not None:
        _enter(deal, stage)
    if deal.closed_at:
        _settle(deal, before["value"])


def _entered(actor: Actor, deal: Deal, draft: DealDraft) -> Stage | None:
    """The stage that the deal is to enter by this draft, or None if it stays where it is.

    Another pipeline without another stage means its first open one. Half a unit if it does not stay. Raises `Invalid`.
    """
    known = deal.stage_id
    if known is not None:
        for field, given in (("pipeline_id", draft.pipeline_id), ("stage_id", draft.stage_id)):
            if given is None:
                raise errors.invalid(f"/{field}", "required", "A deal is always in a stage of a pipeline.")
        if (draft.pipeline_id, draft.stage_id) == (deal.pipeline_id, known):
            return None
    pipeline = pipelines.of(actor.tenant, draft.pipeline_id)
    if pipeline.id != deal.pipeline_id:
        # The codes of stages are those of another pipeline now: there the deal begins anew.
        deal.entered = deal.stayed = None
        draft.stage_id = draft.stage_id if draft.stage_id != known else None
    stage = pipelines.stage_of(pipeline, draft.stage_id)
    draft.pipeline_id, draft.stage_id = pipeline.id, stage["id"]
    return stage


def _parties(actor: Actor, deal: Deal, before: dict[str, Any]) -> None:
    """Raises `Invalid` for a contact or a company that is not there; one that the deal had may be gone by now."""
    deal.contact_ids = list(dict.fromkeys(deal.contact_ids or ())) or None
    new = {one: n for n, one in enumerate(deal.contact_ids or ()) if one not in (before["contact_ids"] or ())}
    there = _there(actor.tenant, list(new))
    for one, number in new.items():
        if one not in there:
            _known(actor, "contact", one, f"/contact_ids/{number}")
    if deal.company_id and deal.company_id != before["company_id"]:
        _known(actor, "company", deal.company_id, "/company_id")
    deal.contact_roles = _roles(deal, before["contact_roles"] or {}) or None


def _roles(deal: Deal, before: dict[str, str]) -> dict[str, str]:
    """What each contact of the deal is in it; who has left it leaves his role. Raises `Invalid`."""
    roles: dict[str, str] = deal.contact_roles or {}
    there = {one: role for one, role in roles.items() if one in (deal.contact_ids or ())}
    for one in roles.keys() - there.keys():
        if roles[one] != before.get(one):
            where = one.replace("~", "~0").replace("/", "~1")
            raise errors.invalid(f"/contact_roles/{where}", "unknown", "The deal has no such contact.")
    return there


def _there(tenant: str, contact_ids: list[str]) -> set[str]:
    """Those of several contacts that are there for certain, in one request; of the others each is to be asked for."""
    if len(contact_ids) < 2:
        return set()
    places = [keys.key("contact", tenant=tenant, id=one) for one in contact_ids if ids.is_id("con", one)]
    return {one.id for one in several(places) if isinstance(one, Contact) and one.live}


def _known(actor: Actor, noun: str, record_id: str, pointer: str) -> None:
    try:
        ask((noun, actor.tenant, record_id), lambda: nouns.load(nouns.NOUNS[noun], actor.tenant, record_id))
    except (errors.NotFound, errors.Gone, errors.Merged):
        raise errors.invalid(pointer, "unknown", f"There is no such {noun}.") from None


def _items(deal: Deal, draft: DealDraft, before: dict[str, Any]) -> None:
    """Line items say what the deal is worth; without any it is worth what is given. Raises `Invalid`."""
    known = msgspec.convert(before["items"] or [], list[LineItem])
    unchanged = draft.items == known and deal.value == before["value"]
    if unchanged or not draft.items:
        deal.items = before["items"] if unchanged else None
        if deal.pricebook_id and deal.pricebook_id != before["pricebook_id"]:
            from chalicelib.services import lines

            lines.book_on(deal.tenant, deal.pricebook_id, deal.updated_at[:10])
        return
    from chalicelib.services import lines  # fractions and products, which only a change of items needs

    hint = deal.value["currency"] if deal.value else None
    day, book = deal.updated_at[:10], deal.pricebook_id
    deal.items, worth = lines.priced(
        deal.tenant, draft.items, day, pricebook_id=book, currency=hint, kept=before["items"]
    )
    value = msgspec.to_builtins(worth)
    if deal.value not in (value, before["value"]):
        raise errors.invalid("/value", "not_allowed", f"The items add up to {worth.amount} {worth.currency}.")
    deal.value = value


def _currencies(deal: Deal, before: dict[str, Any]) -> None:
    """Money that the firm can add up: a currency that the deal did not have needs a rate. Raises `Invalid`."""
    known = {before[field]["currency"] for field in _MONEY if before[field]}
    for field in _MONEY:
        value = getattr(deal, field)
        if value and value["currency"] not in known:
            known.add(value["currency"])
            rates.at(deal.tenant, value["currency"], rates.today(), f"/{field}/currency")


def _gate(deal: Deal, stage: Stage) -> None:
    """Raises `Invalid` that names each field that the stage asks for and the deal has not."""
    missing = [field for field in stage["required_fields"] if not _filled(deal, field)]
    if missing:
        flaws = [
            Flaw(f"/{field.replace('.', '/')}", "required", f"{stage['name']} needs `{field}`.") for field in missing
        ]
        raise errors.Invalid(f"The stage {stage['name']} needs {', '.join(missing)}.", *flaws)


def _filled(deal: Deal, field: str) -> bool:
    name, _, inner = field.partition(".")
    value = (deal.custom or {}).get(inner) if inner else getattr(deal, name)
    return bool(value.strip()) if isinstance(value, str) else value is not None and value not in ([], {})


def _reason(deal: Deal, status: str, before: str | None) -> None:
    """Why it was lost: asked for when it is, refused when it is not, gone once it is open again. Raises `Invalid`."""
    if status == "lost":
        if not (deal.lost_reason or "").strip():
            raise errors.invalid("/lost_reason", "required", "Say why it was lost.")
    elif deal.lost_reason and deal.lost_reason != before:
        raise errors.invalid("/lost_reason", "not_allowed", "Only a lost deal has a reason.")
    else:
        deal.lost_reason = None


def _enter(deal: Deal, stage: Stage) -> None:
    """The deal leaves the stage it was in, if it was in one of this pipeline, and stands in this one from now on."""
    now, entered, stayed = deal.updated_at, dict(deal.entered or {}), dict(deal.stayed or {})
    if deal.entered:
        left = str(int(deal.stage_code))
        seconds = (clock.parse(now) - clock.parse(deal.stage_since)).total_seconds()
        stayed[left] = stayed.get(left, 0) + max(0, round(seconds))
    code = str(stage["code"])
    entered[code] = entered.get(code, 0) + 1
    deal.entered, deal.stayed, deal.stage_since, deal.stage_code = entered, stayed or None, now, stage["code"]
    status = pipelines.kind_of(stage)
    if status != deal.status:  # from one won stage to another it was won when it was
        deal.status, deal.closed_at = status, now if status in pipelines.CLOSING else None
        deal.rate = deal.base_value = None


def _settle(deal: Deal, before: Any) -> None:
    """What the value of a closed deal is worth in the firm's currency: at the rate of the day on which it was closed,
    which is kept, so that a value put right later is worth what it would have been worth then. Raises `Invalid`.
    """
    if not deal.value:
        deal.rate = deal.base_value = None
        return
    if deal.rate and deal.value == before:
        return
    from chalicelib.services import exchange  # fractions, which only what is closed needs

    given = deal.value["currency"]
    if deal.rate and given == before["currency"]:
        own = deal.base_value["currency"]
    else:
        own = settings.of(deal.tenant).currency
        deal.rate = rates.at(deal.tenant, given, deal.closed_at[:10], "/value/currency")
    worth = exchange.rounded(exchange.exact(deal.value["amount"], given, own, deal.rate))
    if worth > MOST:
        raise errors.invalid("/value/amount", "range", f"In {own} this is more than can be added up.")
    deal.base_value = {"amount": worth, "currency": own}


def _back(actor: Actor, deal: Deal) -> None:
    """Out of the trash into its stage; into another one of its kind, or the first, if that is not there any more.

    Half a unit. Raises `Conflict` for an open deal whose pipeline is in the trash.
    """
    pipeline = pipelines.load(deal.tenant, deal.pipeline_id, deleted=True)
    if pipeline.deleted_at and deal.status == "open":
        raise errors.Conflict("Its pipeline is in the trash: restore that first.", pipeline_id=pipeline.id)
    fitting = [stage for stage in pipeline.stages if pipelines.kind_of(stage) == deal.status]
    if any(stage["id"] == deal.stage_id for stage in fitting):
        return
    stage = fitting[0] if fitting else pipelines.stage_of(pipeline, None)
    deal.stage_id, deal.rank = stage["id"], board.rank(deal.tenant, stage["id"], deal.id, _ANYWHERE)
    _enter(deal, stage)
    if deal.status != "lost":
        deal.lost_reason = None
    deal.keys()


VERBS: Final[Records[DealView]] = Records(nouns.NOUNS["deal"], _write, external_claims, back=_back)
create, get, update, delete = VERBS.create, VERBS.get, VERBS.update, VERBS.delete
restore, purge, upsert, load, view = VERBS.restore, VERBS.purge, VERBS.upsert, VERBS.load, VERBS.view


def listing(actor: Actor, query: Any, wanted: Page) -> Listing[DealView]:
    """One page of a list, as `listings.listing`."""
    from chalicelib.services import listings  # not for whoever moves a deal

    return listings.listing(actor, "deal", query, wanted)


def move(actor: Actor, deal_id: str, draft: Move, expected: int | None = None) -> DealView:
    """Into a stage, and to a place on its board.

    Raises `NotFound`, `Stale`, and `Invalid` for a stage of another pipeline, fields that the stage asks for, a loss
    without a reason, or a place that there is not.
    """
    named = {"stage_id": draft.stage_id, "lost_reason": draft.lost_reason}
    patch = {name: value for name, value in named.items() if value is not None}
    where = Where(draft.position, draft.before_id, draft.after_id)
    return VERBS.update(actor, deal_id, patch, expected, partial(_write, where=where))
