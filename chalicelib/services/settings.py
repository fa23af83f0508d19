"""What a firm has settled for itself, and what holds until it does."""

from typing import Any, Final

import msgspec

from chalicelib import clock, errors
from chalicelib.models import keys
from chalicelib.models.guard import Guard
from chalicelib.models.settings import Settings
from chalicelib.models.table import fetch, page
from chalicelib.models.writes import Step, absent, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.money import CURRENCIES
from chalicelib.schemas.settings import Following, FrequencyCap, SettingsDraft, SettingsView, SoftBounces
from chalicelib.services.remembered import ask

CURRENCY: Final = "EUR"
TIME_ZONE: Final = "UTC"
SHARE: Final = 50  # percent of all contacts, of which preflight of a campaign warns
_TRIES: Final = 6


def of(tenant: str) -> Settings:
    """The firm's settings, with what holds where it settled nothing. Half a unit."""
    return ask(("settings", tenant), lambda: _read(tenant))


def get(actor: Actor) -> SettingsView:
    """The firm's settings."""
    return view(_read(actor.tenant))


def update(actor: Actor, patch: dict[str, Any], expected: int | None) -> SettingsView:
    """Change some of them (RFC 7396); null is as usual again.

    Raises `Stale`, `Invalid`, and `Conflict` for another currency once something is added up in the one there is.
    """
    for attempt in range(_TRIES):
        record = _read(actor.tenant, consistent=True)
        if expected is not None and expected != int(record.version or 0):
            raise errors.Stale(f"The settings are at version {int(record.version or 0)}, not {expected}.")
        before = record.currency
        _write(record, patch)
        try:
            transact(Step("save", record), *(_changing(actor.tenant) if record.currency != before else ()))
        except errors.Stale:
            if attempt + 1 == _TRIES:
                raise
        else:
            return view(record)
    raise AssertionError("unreachable")


def fixed(tenant: str) -> Step:
    """The write that keeps the firm's currency as it is, for whatever is from now on added up in it. Two units."""
    return Step("save", _fixing(tenant))


def soft_bounces(tenant: str) -> SoftBounces:
    """How many soft bounces are too many. Half a unit."""
    return _bounces(of(tenant))


def view(record: Settings) -> SettingsView:
    """The settings as a client reads them."""
    from chalicelib.services import hours  # zoneinfo is loaded only when somebody asks for hours

    return SettingsView(
        currency=record.currency,
        time_zone=record.time_zone,
        hours=record.hours or hours.OFFICE,
        holidays=record.holidays or [],
        campaign_approval=bool(record.campaign_approval),
        campaign_share=int(record.campaign_share or SHARE),
        address=record.address,
        frequency_cap=msgspec.convert(record.frequency_cap, FrequencyCap | None),
        soft_bounces=_bounces(record),
        tracking=msgspec.convert(record.tracking or {}, Following),
        updated_at=record.updated_at,
        version=int(record.version or 0),
    )


def _read(tenant: str, *, consistent: bool = False) -> Settings:
    place = keys.key("settings", tenant=tenant)
    found = fetch(Settings, *place, consistent=consistent) or Settings(*place, tenant=tenant)
    found.currency, found.time_zone = found.currency or CURRENCY, found.time_zone or TIME_ZONE
    return found


def _bounces(record: Settings) -> SoftBounces:
    return msgspec.convert(record.soft_bounces or {}, SoftBounces)


def _write(record: Settings, patch: dict[str, Any]) -> None:
    from chalicelib.services import hours, zones

    shown = msgspec.to_builtins(view(record))
    current = {name: shown[name] for name in SettingsDraft.__struct_fields__}
    draft = decoding.convert(merged(current, patch), SettingsDraft)
    if draft.currency not in CURRENCIES:
        raise errors.invalid("/currency", "unknown", "ISO 4217 has no such currency.")
    zones.check(draft.time_zone, "/time_zone")
    hours.check(draft.hours, draft.holidays)
    record.currency, record.time_zone = draft.currency, draft.time_zone
    record.hours = None if draft.hours == hours.OFFICE else draft.hours
    record.holidays = sorted(set(draft.holidays)) or None
    record.campaign_approval = draft.campaign_approval or None
    record.campaign_share = None if draft.campaign_share == SHARE else draft.campaign_share
    record.address = (draft.address or "").strip() or None
    record.frequency_cap = msgspec.to_builtins(draft.frequency_cap)
    record.soft_bounces = msgspec.to_builtins(draft.soft_bounces) if draft.soft_bounces != SoftBounces() else None
    record.tracking = msgspec.to_builtins(draft.tracking) if draft.tracking != Following() else None
    record.updated_at = max(clock.stamp(), record.updated_at or "")


def _changing(tenant: str) -> list[Step]:
    """The check that nothing was added up in the currency yet. Raises `Conflict`.

    Half a unit for each stage of each pipeline, and for the orders: it is asked once or twice in the life of a firm.
    """
    from chalicelib.services import pipelines

    stages = [stage["id"] for pipeline in pipelines.everyone(tenant) for stage in pipeline.stages]
    lists = [keys.partition("deal", "gsi1", tenant=tenant, stage=stage) for stage in stages]
    lists.append(keys.partition("trash", "gsi1", tenant=tenant, noun="deal"))
    lists.append(keys.partition("order", "gsi1", tenant=tenant))
    if any(page(one, index="gsi1", limit=1).items for one in lists):
        raise _kept()
    return [Step("check", _fixing(tenant), absent(), refusal=_kept)]


def _fixing(tenant: str) -> Guard:
    return Guard.of(tenant, "settings", "currency", "fixed", tenant)


def _kept() -> errors.Conflict:
    return errors.Conflict(
        "Deals, rates or quotas are in the firm's currency already.",
        errors.Flaw("/currency", "fixed", "The currency stays once something was added up in it."),
    )
