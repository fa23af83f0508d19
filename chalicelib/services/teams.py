"""Teams: who works with whom, for which manager. Nobody is a member of two."""

from functools import partial
from typing import Any, Final

import msgspec

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.guard import Guard
from chalicelib.models.table import every, fetch, find, found_or_404, page, several
from chalicelib.models.team import Team
from chalicelib.models.writes import LIMIT, Step, absent, change, transact
from chalicelib.schemas import decoding
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.fields import merged
from chalicelib.schemas.page import Listing, Page
from chalicelib.schemas.team import TeamDraft, TeamQuery, TeamView
from chalicelib.services import hours, users, zones
from chalicelib.services.remembered import ask

_FIELDS: Final = ("name", "manager_id", "time_zone", "hours", "escalate_after_hours", "holidays")


def create(actor: Actor, draft: TeamDraft) -> TeamView:
    """A new team. Raises `Invalid`, and `Conflict` for a user who is in another team."""
    team = Team(id=ids.new("tea"), tenant=actor.tenant)
    _write(actor, team, draft)
    transact(Step("save", team, absent()), *_membership(team, [], team.member_ids or []))
    return view(team)


def get(actor: Actor, team_id: str) -> TeamView:
    """One team. Raises `NotFound`."""
    return view(load(actor.tenant, team_id))


def listing(actor: Actor, _query: TeamQuery, wanted: Page) -> Listing[TeamView]:
    """All teams by name."""
    partition = keys.partition("team", "gsi1", tenant=actor.tenant)
    found = page(partition, index="gsi1", limit=wanted.limit, start=wanted.start)
    return Listing([view(team) for team in found.items], found.last)


def update(actor: Actor, team_id: str, patch: dict[str, Any], expected: int | None) -> TeamView:
    """Change some fields (RFC 7396). Raises `NotFound`, `Stale`, `Invalid`, `Conflict`."""

    def apply(team: Team) -> list[Step]:
        before = list(team.member_ids or [])
        shown = msgspec.to_builtins(view(team))
        current = {name: shown[name] for name in TeamDraft.__struct_fields__ if shown[name] is not None}
        _write(actor, team, decoding.convert(merged(current, patch), TeamDraft))
        return [Step("save", team), *_membership(team, before, team.member_ids or [])]

    return view(change(lambda again: load(actor.tenant, team_id, consistent=again), apply, expected))


def delete(actor: Actor, team_id: str, expected: int | None) -> None:
    """Put the team into the trash; its members are free for others. Raises `NotFound`, `Stale`."""

    def apply(team: Team) -> list[Step]:
        team.deleted_at = clock.stamp()
        return [_stood(actor, team), *_membership(team, team.member_ids or [], [])]

    change(lambda again: load(actor.tenant, team_id, consistent=again), apply, expected)


def restore(actor: Actor, team_id: str, expected: int | None = None) -> TeamView:
    """Take the team out of the trash. Raises `NotFound`, `Stale`, and `Conflict` if a member has another team now."""

    def apply(team: Team) -> list[Step]:
        if not team.deleted_at:
            raise errors.Conflict("This team is not in the trash.")
        team.deleted_at = None
        return [_stood(actor, team), *_membership(team, [], team.member_ids or [])]

    return view(change(lambda again: load(actor.tenant, team_id, consistent=again, deleted=True), apply, expected))


def of_user(tenant: str, user_id: str) -> Team | None:
    """The team of which somebody is a member. Half a unit, one if there is such a team."""
    return ask(("team", tenant, user_id), lambda: _of_user(tenant, user_id))


def everyone(tenant: str) -> list[Team]:
    """All teams of the firm, by name. Half a unit for each 4 KB."""
    return list(every(keys.partition("team", "gsi1", tenant=tenant), index="gsi1"))


def load(tenant: str, team_id: str, *, consistent: bool = False, deleted: bool = False) -> Team:
    """The team. Raises `NotFound`, also for one in the trash unless `deleted` asks for those."""
    if not ids.is_id("tea", team_id):
        raise errors.NotFound("There is no such team.")
    place = keys.key("team", tenant=tenant, id=team_id)
    team = fetch(Team, *place, consistent=True) if consistent else find(Team, *place)
    if deleted and team is not None:
        return team
    return found_or_404(team, "team")


def view(team: Team) -> TeamView:
    """The team as a client reads it."""
    plain = {name: getattr(team, name) for name in TeamView.__struct_fields__}
    return msgspec.convert({**plain, "member_ids": team.member_ids or []}, TeamView, strict=False)


def _of_user(tenant: str, user_id: str) -> Team | None:
    guard = fetch(Guard, *keys.key("guard", tenant=tenant, noun="team", field="member", value=user_id))
    team = fetch(Team, *keys.key("team", tenant=tenant, id=guard.holder)) if guard else None
    return team if team is not None and not team.deleted_at else None


def _write(actor: Actor, team: Team, draft: TeamDraft) -> None:
    """Raises `Invalid` for users, a zone or hours that there are not. Half a unit for each new user."""
    zones.check(draft.time_zone, "/time_zone")
    hours.check(draft.hours, draft.holidays)
    if draft.manager_id and draft.manager_id != team.manager_id:
        users.exists(actor.tenant, draft.manager_id, "/manager_id")
    members = list(dict.fromkeys(draft.member_ids))
    _check_members(actor.tenant, members, team.member_ids or [])
    for name in _FIELDS:
        setattr(team, name, getattr(draft, name))
    team.member_ids = members or None
    _stood(actor, team)


def _check_members(tenant: str, members: list[str], known: list[str]) -> None:
    found = several([keys.key("user", tenant=tenant, id=one) for one in members if one not in known])
    there = {one.id for one in found if one is not None and not one.deleted_at}
    for number, one in enumerate(members):
        if one not in known and one not in there:
            users.exists(tenant, one, f"/member_ids/{number}")  # made a moment ago, perhaps


def _membership(team: Team, before: list[str], after: list[str]) -> list[Step]:
    """The guards that come and go. Raises `Invalid` for more of them than a transaction takes."""
    come, go = [one for one in after if one not in before], [one for one in before if one not in after]
    if len(come) + len(go) >= LIMIT:
        raise errors.invalid("/member_ids", "length", f"At most {LIMIT - 1} members come and go in one call.")
    return [
        *(Step("delete", _guard(team, one), Guard.holder == team.id) for one in go),
        *(Step("save", _guard(team, one), absent(), refusal=partial(_taken, team, one)) for one in come),
    ]


def _guard(team: Team, user_id: str) -> Guard:
    return Guard.of(team.tenant, "team", "member", user_id, team.id)


def _taken(team: Team, user_id: str) -> errors.Conflict:
    guard = _guard(team, user_id)
    held = fetch(Guard, guard.pk, guard.sk, consistent=True)
    pointer = f"/member_ids/{(team.member_ids or [user_id]).index(user_id)}"
    sentence = "This user is in another team."
    return errors.Conflict(
        sentence, errors.Flaw(pointer, "taken", sentence), **({"existing_id": held.holder} if held else {})
    )


def _stood(actor: Actor, team: Team) -> Step:
    team.touch(actor.user)
    team.keys()
    return Step("save", team)
