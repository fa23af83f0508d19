"""From a contact to his mail: the campaign's template with his words in it, tracked links, and the ways out.

What a campaign has in common for all its mails is read once in a process and run.
"""

from functools import lru_cache, partial
from typing import Any, Final

from chalicelib import config, errors
from chalicelib.adapters import mailer
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign
from chalicelib.models.contact import Contact
from chalicelib.models.mailing import send_id
from chalicelib.models.pace import Frozen
from chalicelib.models.settings import Settings
from chalicelib.models.table import find, several
from chalicelib.schemas.mail import Mail
from chalicelib.services import addresses, tracking, unsubscribing

NOBODY: Final = "con_00000000000000000000000000"  # whom a mail is to that is no contact's
SEED: Final = "[Seed] "  # before the subject of a copy that goes to a seed address
_UNSET: Final = "http://localhost"  # where links lead if nobody said so, as when a moment launched it


def template_of(campaign: Campaign) -> Any:
    """The campaign's template as it was launched, compiled. Read once in a process and run.

    Raises `Invalid` for one that cannot be rendered.
    """
    return _compiled(campaign.tenant, campaign.id, str(campaign.run))


@lru_cache(maxsize=8)
def _compiled(tenant: str, campaign_id: str, _run: str) -> Any:
    from chalicelib.services import rendering

    frozen = find(Frozen, *keys.key("frozen", tenant=tenant, campaign=campaign_id))
    if frozen is None:
        raise errors.Unready("The campaign's template is not there.")
    return rendering.compiled(frozen.thawed())


def companies(campaign: Campaign, contacts: list[Contact]) -> dict[str, Any]:
    """The companies of these contacts by id, if the template says something of them. Half a unit each."""
    if "company" not in template_of(campaign).needs:
        return {}
    wanted = sorted({str(one.company_id) for one in contacts if one.company_id})
    found = several([keys.key("company", tenant=campaign.tenant, id=one) for one in wanted])
    return {name: one for name, one in zip(wanted, found, strict=True) if one is not None}


def mail(campaign: Campaign, contact: Contact, company: Any | None, address: str, firm: Settings) -> Mail:
    """The mail to one contact. No I/O. Raises `Invalid` for one that cannot be rendered."""
    rendered = _rendered(campaign, contact, company)
    base = _base(campaign)
    headers = unsubscribing.headers(base, campaign.tenant, contact.id, str(campaign.run), campaign.topic)
    return Mail(
        sender=campaign.sender or config.mail_from(),
        to=address,
        subject=rendered.subject,
        text=rendered.text,
        html=_tracked(campaign, contact, firm, rendered.html),
        headers={**headers, **_replies(campaign)},
        tags={"send": send_id(str(campaign.run), contact.id), "tenant": campaign.tenant, "campaign": campaign.id},
    )


def seed(campaign: Campaign, address: str) -> Mail:
    """The copy for a seed address: as to somebody of whom nothing is known, and marked. It tracks nothing."""
    nobody = Contact(id=NOBODY, tenant=campaign.tenant, emails=[{"address": address}])
    rendered = _rendered(campaign, nobody, None)
    return Mail(
        sender=campaign.sender or config.mail_from(),
        to=address,
        subject=f"{SEED}{rendered.subject}",
        text=rendered.text,
        html=rendered.html,
        headers={**_replies(campaign), "X-Tendril-Seed": campaign.id},
        tags={"tenant": campaign.tenant, "campaign": campaign.id, "seed": "1"},
    )


def address_of(contact: Contact) -> str | None:
    """Where a contact is mailed."""
    return addresses.primary(contact)


def words(campaign: Campaign, unsubscribe_url: str, preferences_url: str) -> dict[str, Any]:
    """What a template may name besides the contact, his company and the firm. Raises `Invalid` for a sender that is no
    mailbox.
    """
    name, address = _mailbox(campaign.sender or config.mail_from())
    return {
        "unsubscribe_url": unsubscribe_url,
        "preferences_url": preferences_url,
        "campaign": {"id": campaign.id, "name": campaign.label, "topic": campaign.topic},
        "sender": {"name": name, "email": address},
    }


_mailbox = lru_cache(maxsize=64)(partial(mailer.mailbox, pointer="/from"))


def _rendered(campaign: Campaign, contact: Contact, company: Any | None) -> Any:
    from chalicelib.services import rendering

    base, run = _base(campaign), str(campaign.run)
    more = words(
        campaign,
        unsubscribing.url(base, campaign.tenant, contact.id, run, campaign.topic),
        unsubscribing.preferences_url(base, campaign.tenant, contact.id, run),
    )
    variables = rendering.variables(campaign.tenant, contact, company, **more)
    return rendering.render(template_of(campaign), variables)


def _tracked(campaign: Campaign, contact: Contact, firm: Settings, html: str | None) -> str | None:
    """With its links led by us, as far as firm, campaign and contact let us."""
    if html is None:
        return None
    said = campaign.tracking or {}
    opens, clicks = tracking.wanted(getattr(firm, "tracking", None), said, contact)
    return tracking.instrument(
        html,
        campaign.tenant,
        contact.id,
        str(campaign.run),
        base_url=_base(campaign),
        opens=opens,
        clicks=clicks,
        utm=said.get("utm"),
    )


def _replies(campaign: Campaign) -> dict[str, str]:
    return {"Reply-To": campaign.reply_to} if campaign.reply_to else {}


def _base(campaign: Campaign) -> str:
    return (campaign.base_url or _UNSET).rstrip("/")
