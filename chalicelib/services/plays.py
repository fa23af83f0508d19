"""What a deal gets when it enters a stage: the tasks of the stage's playbooks, each once for each stay.

The change feed sets a moment that is due at once. When it comes and the deal is still in that stay, each playbook's
tasks are planned and the plan is kept; then they are made, under ids that follow from the plan. Whoever is cut off,
told twice or told late makes the same tasks or none.
"""

from contextlib import suppress
from typing import Any, Final

from chalicelib import clock, errors, ids, observability
from chalicelib.adapters import queue
from chalicelib.models import keys
from chalicelib.models.deal import Deal
from chalicelib.models.moment import Moment
from chalicelib.models.playbook import Play, Playbook
from chalicelib.models.table import Item, every, fetch, several
from chalicelib.models.writes import Step, absent, transact
from chalicelib.schemas.task import TaskDraft
from chalicelib.services import assignees, hints, nouns, playbooks, tasks, worktime
from chalicelib.services.remembered import remembering

WHAT: Final = "playbook"


def entered(before: Deal | None, after: Deal | None) -> None:
    """A deal entered a stage: a moment sees to its playbooks. Half a read unit; two write units if there are some."""
    if after is None or not after.live or (before is not None and before.stage_since == after.stage_since):
        return
    if not playbooks.any_of_stage(after.tenant, after.stage_id):
        return
    moment = Moment(tenant=after.tenant, subject_id=after.id, what=WHAT, at=after.stage_since)
    moment.keys()
    with suppress(errors.Stale):  # told before, or the deal has gone on since
        transact(Step("save", moment, absent() | (Moment.at < moment.at)))
        _hurry(moment)


def play(moment: Moment) -> float | None:
    """Make the tasks of this stay, if it lasts. As `due.DUE` says."""
    deal = _deal(moment.tenant, moment.subject_id)
    if deal is None or deal.stage_since != moment.at:
        return None
    with remembering():
        for made, new in _plays(deal):
            _make(deal, made, [] if new else [line["id"] for line in made.tasks])
    again = _deal(deal.tenant, deal.id)
    if again is not None and again.status != "open":  # whoever closed it meanwhile may not have seen all of them
        _cancel(again)
    return None


def give_up(_moment: Moment) -> None:
    """No further try is made; the log has said so, and nobody was promised anything."""


def closed(before: Deal | None, after: Deal | None) -> None:
    """A deal was won or lost: what playbooks of earlier stages still want done is cancelled. One read unit."""
    if after is None or after.status == "open" or (before is not None and before.status != "open"):
        return
    if _kept(after):
        current = _deal(after.tenant, after.id)
        if current is not None and current.status != "open":
            _cancel(current)


def _hurry(moment: Moment) -> None:
    try:
        queue.send(hints.of(moment))
    except queue.NotQueued:
        observability.note("playbook waits for the minute", deal=moment.subject_id)


def _deal(tenant: str, deal_id: str) -> Deal | None:
    try:
        deal = nouns.peek(nouns.NOUNS["deal"], tenant, deal_id, consistent=True)
    except errors.Gone:
        return None
    return deal if deal is not None and deal.live else None


def _plays(deal: Deal) -> list[tuple[Play, bool]]:
    """The plans of this stay, those of a cut-off try first; and whether they are new."""
    held = {made.playbook_id: made for made in _kept(deal, deal.stage_since)}
    found = [(made, False) for made in held.values()]
    there = playbooks.of_stage(deal.tenant, deal.stage_id)
    wanted = [one for one in there if one.id not in held and one.since and one.since <= deal.stage_since]
    return found + [_planned(_plan(deal, playbook)) for playbook in wanted]


def _planned(made: Play) -> tuple[Play, bool]:
    try:
        transact(Step("save", made, absent()))
    except errors.Stale:  # another worker was faster
        return fetch(Play, made.pk, made.sk, consistent=True) or made, False
    return made, True


def _kept(deal: Deal, stay: str = "") -> list[Play]:
    """What was planned for the deal so far, or for one stay, consistently. One unit for each 4 KB."""
    where = Item.sk.startswith(f"{keys.prefix('play')}{stay}")
    return list(every(keys.partition("play", tenant=deal.tenant, deal=deal.id), where=where))


def _plan(deal: Deal, playbook: Playbook) -> Play:
    place = keys.key("play", tenant=deal.tenant, deal=deal.id, entered=deal.stage_since, playbook=playbook.id)
    start = clock.parse(deal.stage_since)
    planned: list[dict[str, Any]] = []
    for number, line in enumerate(playbook.tasks):
        wanted = deal.owner_id if line["assignee"] == playbooks.OWNER else line["assignee"]
        assignee = assignees.first_user(deal.tenant, (wanted, deal.owner_id, playbook.updated_by))
        if assignee is None:
            observability.note("nobody to do it", playbook=playbook.id, deal=deal.id)
            continue
        due = worktime.after(worktime.of(deal.tenant, assignee), start, **line["after"])
        known = {name: line[name] for name in ("title", "kind", "priority", "remind_before")}
        task_id = ids.derived("tsk", start, f"{deal.id}/{deal.stage_since}/{playbook.id}/{number}")
        planned.append({**known, "id": task_id, "assignee_id": assignee, "due_at": clock.stamp(due)})
    return Play(*place, entered=deal.stage_since, playbook_id=playbook.id, tasks=planned)


def _make(deal: Deal, made: Play, perhaps: list[str]) -> None:
    """Make what is planned; of `perhaps` some are there already."""
    found = several([keys.key("task", tenant=deal.tenant, id=one) for one in perhaps], consistent=True)
    there = {task.id for task in found if task is not None}
    for line in made.tasks:
        if line["id"] in there:
            continue
        fields = {name: line[name] for name in ("title", "kind", "priority", "remind_before", "assignee_id")}
        draft = TaskDraft(**fields, due_at=clock.parse(line["due_at"]), subject_id=deal.id)
        try:
            tasks.create(tasks.system_actor(deal.tenant), draft, task_id=line["id"])
        except errors.Invalid as error:
            observability.note("task of a playbook not made", deal=deal.id, reason=error.detail)


def _cancel(deal: Deal) -> None:
    """Whatever is still open of earlier stays."""
    for made in _kept(deal):
        if made.entered != deal.stage_since:
            for line in made.tasks:
                _drop(deal.tenant, line["id"])


def _drop(tenant: str, task_id: str) -> None:
    with suppress(errors.NotFound):
        if tasks.load(tenant, task_id, consistent=True).status == "open":
            tasks.update(tasks.system_actor(tenant), task_id, {"status": "cancelled"}, None)
