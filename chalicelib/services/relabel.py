"""A company's new name reaches its contacts, which keep a copy of it: as a job, since a firm may have thousands.

Each step reads the name anew, so the last name wins whatever jobs overtake one another. A contact that was linked
while the name changed may have copied the old one; its own change sets that right.
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
from chalicelib.services import jobs, lists, nouns, selections

KIND: Final = "relabel"
_PAGE: Final = 50
_TRIES: Final = 10
_SYSTEM: Final = "system"


def renamed(before: Company | None, after: Company | None) -> None:
    """A company has another name: begin the job, which is the same one when the change is told again."""
    if before is None or after is None or not after.live or before.display_name == after.display_name:
        return
    actor = Actor(after.tenant, after.updated_by or _SYSTEM, _SYSTEM, frozenset({"contacts:read"}))
    job_id = ids.derived("job", clock.parse(after.updated_at), f"{after.id}/{after.version}/{KIND}")
    _, steps = jobs.plan(actor, KIND, {"company_id": after.id}, job_id=job_id)
    with suppress(errors.Stale):  # it was begun when this was told before
        transact(*steps)


def linked(_before: Contact | None, after: Contact | None) -> None:
    """A contact has another company: its copy of the name is that of now."""
    if after is not None and after.company_id:
        company = _company(after.tenant, after.company_id)
        if company is not None and company.display_name != after.company_name:
            _copy(company, after.id)


def step(job: Job) -> bool:
    """A page of the company's contacts. As `steps.STEPS` says."""
    company = _company(job.tenant, job.params["company_id"])
    if company is None or not company.live:
        return True
    query = selections.query("contact", {"company_id": company.id})
    found, last = lists.page("contact", job.tenant, query, Page(_PAGE, job.state.get("key")))
    for contact in found:
        if contact.company_id == company.id and contact.company_name != company.display_name:
            _copy(company, contact.id)
            job.tally("updated")
    job.done = int(job.done) + len(found)
    job.state = {"key": last}
    return last is None


def _company(tenant: str, company_id: str) -> Company | None:
    with suppress(errors.Gone):
        company: Company | None = nouns.peek(nouns.NOUNS["company"], tenant, company_id, consistent=True)
        return company
    return None


def _copy(company: Company, contact_id: str) -> None:
    """Give the contact the company's name, if it is still one of its contacts. Raises `Stale` if it kept changing."""
    for _ in range(_TRIES):
        contact = _contact(company.tenant, contact_id)
        if contact is None or contact.company_id != company.id or contact.company_name == company.display_name:
            return
        contact.company_name = company.display_name
        contact.touch(company.updated_by or _SYSTEM)
        contact.keys()
        with suppress(errors.Stale):
            transact(Step("save", contact))
            return
    raise errors.Stale("The contact kept changing.")


def _contact(tenant: str, contact_id: str) -> Any:
    with suppress(errors.Gone):
        return nouns.peek(nouns.NOUNS["contact"], tenant, contact_id, consistent=True)
    return None
