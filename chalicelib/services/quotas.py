"""Quotas: what a user, a team or the firm is to win in a month, a quarter or a year."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import partial
from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.errors import Flaw
from chalicelib.models import keys
from chalicelib.models.guard import Guard
from chalicelib.models.quota import FIRM, Quota
from chalicelib.models.table import Item, every, fetch, find, found_or_404, page
from chalicelib.models.writes import Step, absent, change, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.money import Money
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.quota import QuotaDraft, QuotaQuery, QuotaView
from chalicelib.services import exchange, pipelines, settings, users

_FIXED: Final = ("user_id", "team_id", "pipeline_id", "period")
_MONTHS: Final = 12
_QUARTER: Final = 3


def create(actor: Actor, draft: QuotaDraft) -> QuotaView:
    """A new quota. Raises `Invalid`, and `Conflict` with `existing_id` if there is one of subject, period, pipeline."""
    _check(actor.tenant, draft)
    quota = Quota(id=ids.new("qta"), tenant=actor.tenant)
    for name, value in msgspec.to_builtins(draft).items():
        setattr(quota, name, value)
    transact(_saved(actor, quota, absent()), _claim(quota), settings.fixed(actor.tenant))
    return view(quota)


def get(actor: Actor, quota_id: str) -> QuotaView:
    """One quota. Raises `NotFound`."""
    return view(load(actor.tenant, quota_id))


def listing(actor: Actor, query: QuotaQuery, wanted: Page) -> Listing[QuotaView]:
    """Quotas by period. Raises `Invalid` for both a user and a team."""
    if query.user_id and query.team_id:
        raise errors.invalid("/team_id", "unsupported", "Ask for those of a user or for those of a team.")
    subject = query.user_id or query.team_id
    index, more = ("gsi2", {"subject": subject}) if subject else ("gsi1", {})
    sort_key = Item.gsi2sk if subject else Item.gsi1sk
    found = page(
        keys.partition("quota", index, tenant=actor.tenant, **more),
        index=index,
        where=sort_key.startswith(f"{query.period}#") if query.period else None,
        limit=wanted.limit,
        start=wanted.start,
    )
    return Listing([view(quota) for quota in found.items], found.last)


def update(actor: Actor, quota_id: str, patch: dict[str, Any], expected: int | None) -> QuotaView:
    """Another amount. Raises `NotFound`, `Stale`, `Invalid`, and `Conflict` for what never changes."""

    def apply(quota: Quota) -> list[Step]:
        shown = msgspec.to_builtins(view(quota))
        for name in _FIXED:
            if name in patch and patch[name] != shown[name]:
                flaw = Flaw(f"/{name}", "fixed", "A quota stays whose and when it is; make another one.")
                raise errors.Conflict(flaw.message, flaw)
        current = {name: shown[name] for name in QuotaDraft.__struct_fields__ if shown[name] is not None}
        draft = decoding.convert(merged(current, patch), QuotaDraft)
        _check_currency(actor.tenant, draft)
        quota.amount = msgspec.to_builtins(draft.amount)
        return [_saved(actor, quota)]

    return view(change(partial(_reload, actor.tenant, quota_id), apply, expected))


def delete(actor: Actor, quota_id: str, expected: int | None) -> None:
    """Put the quota into the trash; another one can be made in its place. Raises `NotFound`, `Stale`."""

    def apply(quota: Quota) -> list[Step]:
        quota.deleted_at = clock.stamp()
        return [_saved(actor, quota), Step("delete", _guard(quota))]

    change(partial(_reload, actor.tenant, quota_id), apply, expected)


def restore(actor: Actor, quota_id: str, expected: int | None = None) -> QuotaView:
    """Take the quota out of the trash.

    Raises `NotFound`, `Stale`, and `Conflict` if it is not in there, or if there is another one in its place.
    """

    def apply(quota: Quota) -> list[Step]:
        if not quota.deleted_at:
            raise errors.Conflict("This quota is not in the trash.")
        quota.deleted_at = None
        return [_saved(actor, quota), _claim(quota)]

    return view(change(partial(_reload, actor.tenant, quota_id, deleted=True), apply, expected))


def load(tenant: str, quota_id: str, *, consistent: bool = False, deleted: bool = False) -> Quota:
    """The quota. Raises `NotFound`, also for one in the trash unless `deleted` asks for those."""
    if not ids.is_id("qta", quota_id):
        raise errors.NotFound("There is no such quota.")
    place = keys.key("quota", tenant=tenant, id=quota_id)
    quota = fetch(Quota, *place, consistent=True) if consistent else find(Quota, *place)
    if deleted and quota is not None:
        return quota
    return found_or_404(quota, "quota")


def view(quota: Quota) -> QuotaView:
    """The quota as a client reads it."""
    plain = {name: getattr(quota, name) for name in QuotaView.__struct_fields__}
    return msgspec.convert({**plain, "version": int(quota.version)}, QuotaView)


def of_user(tenant: str, user_id: str, month: str) -> Money | None:
    """What a user is to win in a month (`YYYY-MM`), as `due` says; None without a quota. Half a unit for each 4 KB of
    the user's quotas of that year.
    """
    partition = keys.partition("quota", "gsi2", tenant=tenant, subject=user_id)
    theirs = list(every(partition, index="gsi2", where=Item.gsi2sk.startswith(month[:4])))
    amount = due(theirs, [month], None)
    if amount is None:
        return None
    return Money(amount=exchange.rounded(amount), currency=theirs[0].amount["currency"])


def touching(tenant: str, months: list[str]) -> dict[str, list[Quota]]:
    """The quotas that say something of these months, by subject. Three queries for each year, half a unit each for
    4 KB.
    """
    found: dict[str, list[Quota]] = defaultdict(list)
    partition = keys.partition("quota", "gsi1", tenant=tenant)
    for year in sorted({month[:4] for month in months}):
        of_year = [month for month in months if month.startswith(year)]
        quarters = [_quarter(month) for month in of_year]
        for first, last in ((year, year), (of_year[0], of_year[-1]), (quarters[0], quarters[-1])):
            where = Item.gsi1sk.between(f"{first}#", f"{last}#\uffff")
            for quota in every(partition, index="gsi1", where=where):
                found[quota.subject].append(quota)
    return found


def due(theirs: Iterable[Quota], months: list[str], pipeline_id: str | None) -> Fraction | None:
    """What one subject is to win in these months in all, in minor units; None if no quota says.

    The years and quarters that lie in the months as a whole count as they are, then months; a month that has none has
    an even share of its quarter, or else of its year. Without a pipeline it is the quota over all pipelines, and in
    months without one what those of the pipelines add up to.
    """
    return added(_said(theirs, months, pipeline_id)[0])


def of_all(
    own: Iterable[Quota], members: Iterable[Iterable[Quota]], months: list[str], pipeline_id: str | None
) -> Fraction | None:
    """What a team or the firm is to win: by its own quotas, and in months without one what its members' add up to."""
    parts, left = _said(own, months, pipeline_id)
    return added([*parts, *(due(theirs, left, pipeline_id) for theirs in members)])


def of_firm(quotas: Mapping[str, list[Quota]], months: list[str], pipeline_id: str | None) -> Fraction | None:
    """What the firm is to win, as `of_all` of its users."""
    users_ = [theirs for subject, theirs in quotas.items() if ids.is_id("usr", subject)]
    return of_all(quotas.get(FIRM, ()), users_, months, pipeline_id)


def added(several: Iterable[Fraction | None]) -> Fraction | None:
    """Their sum, None if all are."""
    known = [one for one in several if one is not None]
    return sum(known, Fraction(0)) if known else None


def _said(theirs: Iterable[Quota], months: list[str], pipeline_id: str | None) -> tuple[list[Fraction], list[str]]:
    """What the quotas of one subject say of the months, and the months of which they say nothing."""
    by_pipeline: dict[str | None, dict[str, int]] = defaultdict(dict)
    for quota in theirs:
        by_pipeline[quota.pipeline_id][quota.period] = quota.amount["amount"]
    parts, left = _covered(by_pipeline.pop(pipeline_id, {}), months)
    if pipeline_id is None:
        several = [_covered(one, left) for one in by_pipeline.values()]
        parts += (part for found, _ in several for part in found)
        left = [month for month in left if all(month in rest for _, rest in several)]
    return parts, left


def _covered(amounts: Mapping[str, int], months: list[str]) -> tuple[list[Fraction], list[str]]:
    left, parts = set(months), []
    for length, period_of in ((_MONTHS, _year), (_QUARTER, _quarter), (1, str)):
        for period in {period_of(month) for month in left} & amounts.keys():
            inside = {month for month in left if period_of(month) == period}
            if len(inside) == length:
                parts.append(Fraction(amounts[period]))
                left -= inside
    for month in sorted(left):
        for length, period in ((_QUARTER, _quarter(month)), (_MONTHS, _year(month))):
            if period in amounts:
                parts.append(Fraction(amounts[period], length))
                left.remove(month)
                break
    return parts, sorted(left)


def _year(month: str) -> str:
    return month[:4]


def _quarter(month: str) -> str:
    return f"{month[:4]}-Q{(int(month[5:]) + 2) // _QUARTER}"


def _check(tenant: str, draft: QuotaDraft) -> None:
    """Raises `Invalid` for what a struct cannot see."""
    if draft.user_id and draft.team_id:
        raise errors.invalid("/team_id", "unsupported", "A quota is a user's or a team's.")
    _check_currency(tenant, draft)
    if draft.user_id:
        users.exists(tenant, draft.user_id, "/user_id")
    if draft.pipeline_id:
        pipelines.of(tenant, draft.pipeline_id)
    if draft.team_id:
        from chalicelib.services import teams  # with all that working hours need

        try:
            teams.load(tenant, draft.team_id)
        except errors.NotFound as error:
            raise errors.invalid("/team_id", "unknown", error.detail) from None


def _check_currency(tenant: str, draft: QuotaDraft) -> None:
    own = settings.of(tenant).currency
    if draft.amount.currency != own:
        raise errors.invalid("/amount/currency", "unsupported", f"Quotas are in the firm's currency, {own}.")


def _saved(actor: Actor, quota: Quota, condition: Any = None) -> Step:
    quota.touch(actor.user)
    quota.keys()
    return Step("save", quota, condition)


def _guard(quota: Quota) -> Guard:
    place = f"{quota.subject}/{quota.period}/{quota.pipeline_id or '-'}"
    return Guard.of(quota.tenant, "quota", "place", place, quota.id)


def _claim(quota: Quota) -> Step:
    return Step("save", _guard(quota), absent(), refusal=partial(_taken, quota))


def _taken(quota: Quota) -> errors.Conflict:
    guard = _guard(quota)
    held = fetch(Guard, guard.pk, guard.sk, consistent=True)
    flaw = Flaw("/period", "taken", "There is a quota of this subject, period and pipeline already; change that.")
    return errors.Conflict(flaw.message, flaw, **({"existing_id": held.holder} if held else {}))


def _reload(tenant: str, quota_id: str, consistent: bool, *, deleted: bool = False) -> Quota:
    return load(tenant, quota_id, consistent=consistent, deleted=deleted)
