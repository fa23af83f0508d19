"""Whose working time it is: that of a user's team, and of the firm where the team says nothing."""

from chalicelib.models.settings import Settings
from chalicelib.models.team import Team
from chalicelib.services import hours, settings, teams
from chalicelib.services.hours import Calendar, after, next_open

__all__ = ["Calendar", "after", "next_open", "of", "of_firm", "of_team"]


def of(tenant: str, user_id: str) -> Calendar:
    """The working time of a user. At most one and a half units."""
    return of_team(settings.of(tenant), teams.of_user(tenant, user_id))


def of_firm(tenant: str) -> Calendar:
    """The working time of the firm. Half a unit."""
    return of_team(settings.of(tenant), None)


def of_team(firm: Settings, team: Team | None) -> Calendar:
    """The working time of a team of this firm; Monday to Friday from nine to five where nobody said anything."""
    zone = (team and team.time_zone) or firm.time_zone
    week = (team and team.hours) or firm.hours or hours.OFFICE
    off = team.holidays if team and team.holidays is not None else firm.holidays
    return hours.calendar(str(zone), week, off or ())
