"""Accounting for a campaign: what became of each recipient, counted shard by shard, and finished when the sum is right.

A shard is counted when all of its recipients are settled. What it contributes carries its version, so counting it twice
changes nothing, and a correction replaces what was said before.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final

from chalicelib import errors, observability
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign, Shard
from chalicelib.models.job import Job
from chalicelib.models.ledger import Sheet
from chalicelib.models.mailing import Mailing
from chalicelib.models.table import fetch, find, several
from chalicelib.models.writes import Step, transact
from chalicelib.observability import Meter
from chalicelib.services import campaign_states, ledger, shards, usage
from chalicelib.services.remembered import remembering

LEDGER: Final = "sent"
COST: Final = "cost"  # the sheet of what it took
_TRIES: Final = 6
_SYSTEM: Final = "system"


def keep(shard: Shard, letters: Sequence[str], reasons: Mapping[str, str], not_before: str | None) -> None:
    """Write down how far a shard is, and count it if all are settled; at once, as `shard` was read.

    Raises `Stale` if somebody else wrote it meanwhile. Three or four write units for a hundred; counting them one read
    unit and four write units.
    """
    _write(shard, letters, reasons, not_before)
    if shard.settled:
        count(shard)


def count(shard: Shard) -> None:
    """Let a settled shard contribute what it says. Changes nothing if it does so already: one read unit then."""
    cells = shards.counted(shards.results(shard))
    record = f"{shard.campaign_id}.{int(shard.number)}"
    version = int(shard.of_version)
    ledger.settle(shard.tenant, record, LEDGER, version, {}, {f"{shard.campaign_id}/{LEDGER}": cells})


def recount(tenant: str, campaign_id: str, number: int) -> None:
    """Look again at those of a shard of whom nobody knew, as when the provider tells that a mail was sent.

    One read unit for the shard and one for each unknown; as `keep` if there is news. A lane does so too when it has
    settled a shard: one of the two comes after the other. Raises `Stale` if others kept interfering.
    """
    for attempt in range(_TRIES):
        shard = load(tenant, campaign_id, number)
        if shard is None:
            return
        letters, reasons = shards.results(shard), dict(shard.reasons or {})
        if not _resolved(shard, letters, reasons):
            if shard.settled:
                count(shard)
            return
        try:
            keep(shard, letters, reasons, shard.not_before)
        except errors.Stale:
            if attempt + 1 == _TRIES:
                raise
        else:
            return


def finish(campaign: Campaign) -> bool:
    """Whether everybody is accounted for; then a running campaign is finished. Whoever settles last sees that.

    One read unit, consistent: who counts before he looks sees all that was counted before him.
    """
    if sum(sum_of(campaign.tenant, campaign.id).values()) != int(campaign.audience or 0):
        return False
    if campaign.status == "running":
        with suppress(errors.Conflict, errors.NotFound):  # cancelled or paused meanwhile; who resumes it finishes it
            campaign_states.move(campaign.tenant, campaign.id, "finish", _SYSTEM, _finishing(campaign))
    return True


def sum_of(tenant: str, campaign_id: str) -> dict[str, int]:
    """How many are counted as sent, failed, suppressed and unknown. One read unit."""
    sheet = fetch(Sheet, *keys.key("sheet", tenant=tenant, book=campaign_id, name=LEDGER), consistent=True)
    return {cell: sheet.cells.get(cell, 0) if sheet else 0 for cell in shards.CELLS.values()}


@contextmanager
def charged(job: Job) -> Iterator[None]:
    """Bill what runs inside to the job's campaign, and not to the worker's call around it. One write unit."""
    outer, campaign = observability.meter(), str(job.params["campaign"])
    with remembering(), observability.measured(f"{usage.CAMPAIGN}{campaign}") as meter:
        observability.charge_to(job.tenant)
        try:
            yield
        finally:  # a step that fails has cost something all the same
            charge(job.tenant, campaign, meter)
            outer.started += meter.ms / 1000
            usage.record(meter)


def charge(tenant: str, campaign_id: str, meter: Meter) -> None:
    """Add what this much of the work took to the campaign's sheet of cost. One write unit."""
    cells = {
        "rru": round(meter.rru * 1000),
        "wru": round((meter.wru + 1) * 1000),  # with this write
        "ms": round(meter.ms * 1000),
        "nano_usd": round(meter.usd() * 1e9),
        "mails": meter.mails,
    }
    sheet = Sheet(*keys.key("sheet", tenant=tenant, book=campaign_id, name=COST))
    transact(Step("update", sheet, actions=Sheet.adding(cells)))


def load(tenant: str, campaign_id: str, number: int) -> Shard | None:
    """A shard as it is now. One read unit."""
    place = Shard.at(tenant, campaign_id, number)
    return fetch(Shard, place.pk, place.sk, consistent=True)


def _write(shard: Shard, letters: Sequence[str], reasons: Mapping[str, str], not_before: str | None) -> None:
    before = int(shard.of_version)
    shard.results, shard.of_version = "".join(letters), before + 1
    shard.reasons = dict(reasons) or None
    shard.settled = not any(map(shards.is_open, letters))
    shard.not_before = None if shard.settled else not_before
    transact(Step("save", shard, Shard.of_version == before))


def _resolved(shard: Shard, letters: list[str], reasons: dict[str, str]) -> bool:
    """Whether one who was unknown is known by now."""
    unknown = [one for one in shards.recipients(shard) if letters[one.position] == shards.LETTERS["unknown"]]
    place = keys.key("campaign", tenant=shard.tenant, id=shard.campaign_id)
    campaign = find(Campaign, *place) if unknown else None  # also one in the trash: its sums stay right
    if campaign is None:
        return False
    places = [Mailing.at(shard.tenant, one.contact_id, str(campaign.run)) for one in unknown]
    found = several([(one.pk, one.sk) for one in places], consistent=True)
    changed = False
    for one, mail in zip(unknown, found, strict=True):
        letter = shards.LETTERS.get(mail.status) if mail is not None else None
        if letter is not None and letter != letters[one.position]:
            letters[one.position], changed = letter, True
            reasons.pop(str(one.position), None)
            if letter != shards.LETTERS["sent"] and mail.result.get("reason"):
                reasons[str(one.position)] = mail.result["reason"]
    return changed


def _finishing(seen: Campaign) -> Any:
    def edit(campaign: Campaign) -> None:
        if campaign.run != seen.run or (campaign.frozen or {}).get("round") != (seen.frozen or {}).get("round"):
            raise errors.Conflict("It was launched anew.")
        campaign.paused_reason = None

    return edit
