"""What is wrong with a campaign that can be seen without looking at its audience. An error keeps it from being sent."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from chalicelib.models.campaign import Campaign
from chalicelib.schemas.campaign import Finding
from chalicelib.services.campaign_parts import Parts

Rule = Callable[[Campaign, Parts], Iterator[Finding]]


def findings(campaign: Campaign, found: Parts, audience: int | None = None) -> list[Finding]:
    """By all of `RULES`, errors first; `audience` is how many it is for, if that is known.

    No read of the table but for partials of the template.
    """
    said = [one for rule in RULES for one in rule(campaign, found)]
    if audience == 0 and found.segment is not None:
        said.append(error("/segment_id", "Nobody is in its segment."))
    return ordered(said)


def ordered(several: Iterable[Finding]) -> list[Finding]:
    """The worst first."""
    return sorted(several, key=lambda one: _ORDER.index(one.severity))


def _audience(_campaign: Campaign, found: Parts) -> Iterator[Finding]:
    if found.segment is None:
        yield error("/segment_id", "It has no segment, or one that is not there.")
    elif found.segment.building:
        yield error("/segment_id", "Its segment is still being filled.")


def _template(_campaign: Campaign, found: Parts) -> Iterator[Finding]:
    if found.template is None:
        yield error("/template_id", "It has no template, or one that is not there.")


def _sender(campaign: Campaign, _found: Parts) -> Iterator[Finding]:
    if campaign.sender is None:
        yield Finding(severity="warning", message="Without `from` the system's own address is used.", pointer="/from")


def _seeds(campaign: Campaign, _found: Parts) -> Iterator[Finding]:
    if not campaign.seeds:
        yield Finding(severity="info", message="Nobody gets a copy on trial when it begins.", pointer="/seeds")


def error(pointer: str, message: str) -> Finding:
    """Something that keeps it from being sent."""
    return Finding(severity="error", message=message, pointer=pointer)


RULES: Final[tuple[Rule, ...]] = (_audience, _template, _sender, _seeds)
_ORDER: Final = ("error", "warning", "info")
