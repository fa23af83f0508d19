"""The life of a campaign as one table, and the one way to take a step in it.

Every step is a single conditional write. Who asks for what has happened already gets the campaign as it is; who asks
for what cannot be is told so, with the state.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, NamedTuple

from chalicelib import clock, errors
from chalicelib.models.campaign import Campaign
from chalicelib.models.writes import Step, change
from chalicelib.services import campaigns

Edit = Callable[[Campaign], Sequence[Step] | None]


class Move(NamedTuple):
    """From which states a verb leads, and where to. `stays`: said again in that state, it changes nothing."""

    sources: tuple[str, ...]
    target: str
    stays: bool = True


STATES: Final[dict[str, Move]] = {
    "schedule": Move(("draft", "scheduled"), "scheduled", stays=False),
    "unschedule": Move(("scheduled",), "draft"),
    "launch": Move(("draft", "scheduled"), "running"),
    "pause": Move(("running",), "paused"),
    "resume": Move(("paused",), "running"),
    "cancel": Move(("draft", "scheduled", "running", "paused"), "cancelled"),
    "finish": Move(("running",), "finished"),
    "retry": Move(("finished",), "running", stays=False),
}


class Unmoved(Exception):
    """It is there already: nothing is written."""

    def __init__(self, campaign: Campaign) -> None:
        super().__init__()
        self.campaign = campaign


def move(
    tenant: str, campaign_id: str, verb: str, by: str, edit: Edit | None = None, expected: int | None = None
) -> tuple[Campaign, bool]:
    """Take a step of `STATES`: the campaign as it is then, and whether it was this call that took it.

    `edit` finds it in the state it leads to, changes it in place, and names further writes of the same transaction; it
    is called again if somebody interfered. Raises `NotFound`, `Stale`, `Conflict` for a step that the state does not
    permit, and what `edit` raises.
    """
    row = STATES[verb]

    def apply(campaign: Campaign) -> list[Step]:
        if row.stays and campaign.status == row.target:
            raise Unmoved(campaign)
        if campaign.status not in row.sources:
            raise errors.Conflict(f"A campaign that is {campaign.status} cannot {_WORDS[verb]}.", state=campaign.status)
        campaign.status = row.target
        if row.target == "finished":
            campaign.finished_at = clock.stamp()
        also = (edit(campaign) if edit else None) or ()
        campaign.touch(by)
        campaign.keys()
        return [Step("save", campaign), *also]

    try:
        return change(partial(_load, tenant, campaign_id), apply, expected), True
    except Unmoved as unmoved:
        return unmoved.campaign, False


def anew(seen: Campaign, edit: Edit) -> None:
    """Let its work begin anew in the state it is in, as `move` would, also in the trash.

    Nothing if it has changed since it was read.
    """

    def apply(campaign: Campaign) -> list[Step]:
        if (campaign.status, campaign.run, campaign.frozen) != (seen.status, seen.run, seen.frozen):
            return []
        also = edit(campaign) or ()
        campaign.touch("system")
        campaign.keys()
        return [Step("save", campaign), *also]

    change(partial(_load, seen.tenant, seen.id, deleted=True), apply, None)


def _load(tenant: str, campaign_id: str, consistent: bool, *, deleted: bool = False) -> Campaign:
    return campaigns.SHELF.load(tenant, campaign_id, consistent=consistent, deleted=deleted)


_WORDS: Final = {
    "schedule": "be scheduled",
    "unschedule": "be taken off the schedule",
    "launch": "be launched",
    "pause": "be paused",
    "resume": "go on",
    "cancel": "be cancelled",
    "finish": "be finished",
    "retry": "be sent again to those whom it failed to reach",
}
