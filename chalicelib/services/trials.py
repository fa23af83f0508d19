"""Mails on trial: how a campaign looks in a mailbox, before anybody of its audience gets it.

They go to users of the firm and to the campaign's seeds only, whatever is asked for, and are marked. Their links are
nobody's: whoever tries the one to unsubscribe takes nothing from the contact whose words the mail has.
"""

from functools import partial
from typing import Any, Final

from chalicelib import config, errors, ids
from chalicelib.errors import Flaw
from chalicelib.models import keys
from chalicelib.models.access import Login
from chalicelib.models.campaign import Campaign
from chalicelib.models.contact import Contact
from chalicelib.models.job import Job
from chalicelib.models.send import Send
from chalicelib.models.table import fetch, find, several
from chalicelib.models.template import Template
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.campaign import TrialDraft
from chalicelib.schemas.job import JobView
from chalicelib.schemas.mail import Mail
from chalicelib.services import campaign_parts, campaigns, composing, consent, emails, jobs, sending, unsubscribing

KIND: Final = "campaign_test"
MARK: Final = "[Test] "
NOBODY: Final = composing.NOBODY


def start(actor: Actor, campaign_id: str, draft: TrialDraft, base: str) -> JobView:
    """A job that sends them; `base` is where their links lead.

    Raises `NotFound`, `Conflict` without a template, and `Invalid` for an address that is neither a user's nor a
    seed's, for a seed that must not be mailed, and for a contact that is not there; `Forbidden` for who may not see
    the contact, or the company that the mail tells of.
    """
    campaign = campaigns.load(actor.tenant, campaign_id)
    template = campaign_parts.of(campaign).template
    if template is None:
        raise errors.Conflict("It has no template, or one that is not there.")
    to = list({emails.folded(one): one for one in draft.to}.values())
    _check(actor.tenant, campaign, to)
    if draft.contact_id is not None:
        _show(actor, template, draft.contact_id)
    params = {"campaign_id": campaign.id, "to": to, "contact_id": draft.contact_id, "base": base}
    return jobs.start(actor, KIND, params, total=len(to), permission="campaigns:read")


def step(job: Job) -> bool:
    """The next mail, once. As `steps.STEPS` says."""
    number = int(job.done)
    if number < len(job.params["to"]):
        address = job.params["to"][number]
        if sending.once(job.tenant, job.id, KIND, str(number), partial(_compose, job, address)) is not None:
            raise errors.Unready("The provider asks to wait.")
        place = keys.key("send", tenant=job.tenant, subject=job.id, purpose=KIND, at=str(number))
        send = fetch(Send, *place, consistent=True)
        job.tally("sent" if send is not None and send.status == "sent" else "failed")
        job.done = number + 1
    return int(job.done) >= len(job.params["to"])


def _show(actor: Actor, template: Template, contact_id: str) -> None:
    """Let whoever may see of whom the mail tells."""
    from chalicelib.services import rendering

    actor.needs("contacts:read", *(["companies:read"] if "company" in rendering.compiled(template).needs else []))
    _contact(actor.tenant, contact_id)


def _compose(job: Job, address: str) -> Mail | str:
    from chalicelib.services import rendering

    campaign = campaigns.load(job.tenant, job.params["campaign_id"])
    template = campaign_parts.of(campaign).template
    if template is None:
        return "The template is not there any more."
    contact = _contact(job.tenant, job.params["contact_id"]) if job.params["contact_id"] else _nobody(job, address)
    base = job.params["base"]
    more = composing.words(
        campaign,
        unsubscribing.url(base, job.tenant, NOBODY, "", campaign.topic),
        unsubscribing.preferences_url(base, job.tenant, NOBODY, ""),
    )
    values = rendering.variables(job.tenant, contact, _company(contact), **more)
    rendered = rendering.render(rendering.compiled(template), values)
    return Mail(
        sender=campaign.sender or config.mail_from(),
        to=address,
        subject=f"{MARK}{rendered.subject}",
        text=rendered.text,
        html=rendered.html or None,
        headers={"Reply-To": campaign.reply_to} if campaign.reply_to else {},
        tags={"tenant": job.tenant, "purpose": KIND, "campaign": campaign.id},
    )


def _check(tenant: str, campaign: Campaign, to: list[str]) -> None:
    """Raises `Invalid` for addresses of strangers, and of seeds that have said no. Half a unit each."""
    seeds = {emails.checked(one, "/seeds") for one in campaign.seeds or ()}
    known = {number: emails.checked(one, f"/to/{number}") for number, one in enumerate(to)}
    asked = {number: one for number, one in known.items() if one not in seeds}
    found = several([keys.key("login", email=one) for one in asked.values()])
    strangers = [
        Flaw(f"/to/{number}", "not_allowed", "Mails on trial go to users of the firm and to seeds of the campaign.")
        for number, login in zip(asked, found, strict=True)
        if not isinstance(login, Login) or login.tenant != tenant
    ]
    if strangers:
        raise errors.Invalid("Some of these addresses are not the firm's own.", *strangers)
    refused = {number: consent.against(tenant, one, campaign.topic) for number, one in known.items() if one in seeds}
    flaws = [Flaw(f"/to/{number}", why, "This address must not be mailed.") for number, why in refused.items() if why]
    if flaws:
        raise errors.Invalid("Some of these addresses must not be mailed.", *flaws)


def _contact(tenant: str, contact_id: str) -> Contact:
    """The contact whose words it has. Raises `Invalid`."""
    found = find(Contact, *keys.key("contact", tenant=tenant, id=contact_id)) if ids.is_id("con", contact_id) else None
    if found is None or not found.live:
        raise errors.invalid("/contact_id", "unknown", "There is no such contact.")
    return found


def _nobody(job: Job, address: str) -> Contact:
    return Contact(id=NOBODY, tenant=job.tenant, emails=[{"address": address, "kind": "work", "primary": True}])


def _company(contact: Contact) -> Any:
    if not contact.company_id:
        return None
    (found,) = several([keys.key("company", tenant=contact.tenant, id=contact.company_id)])
    return found
