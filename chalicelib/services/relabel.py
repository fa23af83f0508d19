"""A company's new name reaches its contacts, which keep a copy of it: as a job, since a firm may have thousands.

The contacts of a company that was merged show the name of what it is a part of, and after the undo its own again. Each
step reads the name anew, and whoever has written it looks whether it is still that one, so the last name wins whatever
jobs overtake one another. A contact that was linked while the name changed may have copied the old one; its own change
sets that right.
"""

from contextlib import suppress
from typing import Any, Final

from chalicelib import clock, errors, ids
from chalicelib.models.company import Company
from chalicelib.models.contact import Contact
from chalicelib.models.job import Job
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.page import Page
from chalicelib.services import absorbed, jobs, lists, nouns, selections

KIND: Final = "relabel"
_PAGE: Final = 50
_TRIES: Final = 10
_SYSTEM: Final = "system"


def renamed(before: Company | None, after: Company | None) -> None:
    """A company has another name, or is shown by another one: begin the job, the same one when this is told again."""
    if before is None or after is None or after.deleted_at or _called(before) == _called(after):
        return
    actor = Actor(after.tenant, after.updated_by or _SYSTEM, _SYSTEM, frozenset({"contacts:read"}))
    job_id = ids.derived("job", clock.parse(after.updated_at), f"{after.id}/{after.version}/{KIND}")
    _, steps = jobs.plan(actor, KIND, {"company_id": after.id}, job_id=job_id)
    with suppress(errors.Stale):  # it was begun when this was told before
        transact(*steps)


def linked(_before: Contact | None, after: Contact | None) -> None:
    """A contact has another company, or is taken out of another contact: its copy of the name is that of now."""
    if after is not None and after.company_id and not after.merged_into:
        company = _shown(after.tenant, after.company_id)
        if company is not None and company.display_name != after.company_name:
            _copy(company, after.id)


def step(job: Job) -> bool:
    """A page of the company's contacts, and of those it has absorbed. As `steps.STEPS` says."""
    company = _shown(job.tenant, job.params["company_id"])
    if company is None or not company.live:
        return True
    query = selections.query("contact", {"company_id": job.params["company_id"]})
    found, last = lists.page("contact", job.tenant, query, Page(_PAGE, job.state.get("key")))
    for contact in found:
        if contact.company_id in absorbed.ids_of(company) and contact.company_name != company.display_name:
            _copy(company, contact.id)
            job.tally("updated")
    job.done = int(job.done) + len(found)
    job.state = {"key": last}
    return last is None


def _called(company: Company) -> tuple[str, str | None]:
    """What its contacts show depends on no more than this."""
    return company.display_name, company.merged_into


def _shown(tenant: str, company_id: str) -> Any:
    """The company whose name is shown for this one: itself, or what it is a part of. Raises `Stale`."""
    return absorbed.root(tenant, company_id)


def _copy(company: Any, contact_id: str) -> None:
    """Give the contact the company's name, if it is still one of its contacts. Raises `Stale` if it kept changing.

    What was read of the company may be old by the time it is written, when the job that knew better is through: so it
    is read once more afterwards.
    """
    for _ in range(_TRIES):
        contact = _contact(company.tenant, contact_id)
        if contact is None or contact.merged_into or contact.company_id not in absorbed.ids_of(company):
            return
        if contact.company_name == company.display_name:
            return
        contact.company_name = company.display_name
        contact.touch(company.updated_by or _SYSTEM)
        contact.keys()
        written = _saved(contact)
        company = _shown(contact.tenant, contact.company_id)
        if company is None or (written and company.display_name == contact.company_name):
            return
    raise errors.Stale("The contact kept changing.")


def _saved(contact: Any) -> bool:
    try:
        transact(Step("save", contact))
    except errors.Stale:
        return False
    return True


def _contact(tenant: str, contact_id: str) -> Any:
    with suppress(errors.Gone):
        return nouns.peek(nouns.NOUNS["contact"], tenant, contact_id, consistent=True)
    return None
