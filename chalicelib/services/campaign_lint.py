"""What is wrong with a campaign that can be seen without looking at its audience. An error keeps it from being sent."""

import re
from collections.abc import Callable, Iterable, Iterator
from html import unescape
from typing import Any, Final

from chalicelib import errors
from chalicelib.models.campaign import Campaign
from chalicelib.models.contact import Contact
from chalicelib.models.settings import Settings
from chalicelib.models.template import Template
from chalicelib.schemas.campaign import Remark
from chalicelib.services import composing
from chalicelib.services.campaign_parts import Parts

_OUT: Final = "https://out.invalid/unsubscribe"
_CHOICES: Final = "https://out.invalid/preferences"
_SOMEBODY: Final[dict[str, Any]] = {
    "first_name": "Ada",
    "last_name": "Lovelace",
    "title": "Analyst",
    "company_name": "Engines",
}
_NOBODY: Final[dict[str, Any]] = {}
_HREF: Final = re.compile(r"""<(?:a|area)\b[^>]*?\bhref\s*=\s*["']([^"']*)["']""", re.IGNORECASE)
_TAG: Final = re.compile(r"<[^>]*>")
_WORD: Final = re.compile(r"\w+")
_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*")
_SHOWN: Final = 80  # characters of a link

Rule = Callable[[Campaign, Parts], Iterator[Remark]]


def findings(campaign: Campaign, found: Parts, audience: int | None = None) -> list[Remark]:
    """By all of `RULES`, errors first; `audience` is how many it is for, if that is known.

    No read of the table but for partials of the template.
    """
    said = [one for rule in RULES for one in rule(campaign, found)]
    if audience == 0 and found.segment is not None:
        said.append(error("/segment_id", "Nobody is in its segment."))
    return ordered(said)


def whereabouts(campaign: Campaign, found: Parts, firm: Settings) -> Iterator[Remark]:
    """Whether each mail says where the firm is, as its settings have it; nothing for one that cannot be rendered.

    Commercial mail has a valid physical postal address of the sender (15 U.S.C. 7704(a)(5)(A)(iii)).
    """
    if found.template is None:
        return
    if not firm.address:
        message = "The firm's settings have no postal address, which commercial mail has to say."
        yield Remark(severity="warning", message=message, pointer="/settings/address")
        return
    from chalicelib.services.rendering import values

    own = {**values.firm(campaign.tenant), "address": firm.address}  # as it is now, not a minute ago
    try:
        mails = [_made(campaign, found.template, one, firm=own) for one in (_SOMEBODY, _NOBODY)]
    except errors.Invalid:
        return
    if not all(_says(mail, firm.address) for mail in mails):
        message = "Not every mail says the firm's postal address, as {{ firm.address }} does."
        yield Remark(severity="warning", message=message, pointer="/template/html")


def ordered(several: Iterable[Remark]) -> list[Remark]:
    """The worst first."""
    return sorted(several, key=lambda one: _ORDER.index(one.severity))


def _audience(_campaign: Campaign, found: Parts) -> Iterator[Remark]:
    if found.segment is None:
        yield error("/segment_id", "It has no segment, or one that is not there.")
    elif found.segment.building:
        yield error("/segment_id", "Its segment is still being filled.")


def _template(_campaign: Campaign, found: Parts) -> Iterator[Remark]:
    if found.template is None:
        yield error("/template_id", "It has no template, or one that is not there.")


def _wording(campaign: Campaign, found: Parts) -> Iterator[Remark]:
    """What the template's own lint says; of one without errors, what is wrong with mails made of it."""
    if found.template is None:
        return
    from chalicelib.services import rendering

    own = rendering.lint(found.template)
    for one in own:
        yield Remark(severity=one.severity, message=one.message, pointer=f"/template{one.pointer}")
    if any(one.severity == "error" for one in own):
        return
    try:
        mails = [_made(campaign, found.template, one) for one in (_SOMEBODY, _NOBODY)]
    except errors.Invalid as refused:
        yield from (error(f"/template{flaw.pointer}", flaw.message) for flaw in refused.flaws)
        return
    if not mails[0].subject.strip():
        yield error("/template/subject", "The subject is empty.")
    if not all(_OUT in mail.html for mail in mails if mail.html):
        # Commercial mail has a way out that works (15 U.S.C. 7704(a)(3); Directive 2002/58/EC, article 13(4)).
        yield error("/template/html", "Not everybody gets the link to unsubscribe.")
    found_links = [one for mail in mails for one in _links(mail.html or "")]
    yield from {one.message: one for one in found_links}.values()


def _made(campaign: Campaign, template: Template, person: dict[str, Any], **own: Any) -> Any:
    """The mail as such a person would get it, with `own` words instead of the usual ones. Raises `Invalid`."""
    from chalicelib.services import rendering

    address = [{"address": "ada@example.com", "kind": "work", "primary": True}]
    contact = Contact(id=composing.NOBODY, tenant=campaign.tenant, emails=address, **person)
    more = {**composing.words(campaign, _OUT, _CHOICES), **own}
    values = rendering.variables(campaign.tenant, contact, None, **more)
    return rendering.render(rendering.compiled(template), values)


def _says(mail: Any, address: str) -> bool:
    """Whether all words of the address are in it, in whatever lines and elements."""
    there = f"{unescape(_TAG.sub(' ', mail.html or ''))} {mail.text or ''}"
    return set(_WORD.findall(address.casefold())) <= set(_WORD.findall(there.casefold()))


def _links(html: str) -> Iterator[Remark]:
    """Links that lead nowhere from within a mail, also those of partials. None is followed."""
    for match in _HREF.findall(html):
        link = unescape(match).strip()
        scheme, colon, _ = link.partition(":")
        if not link:
            yield error("/template/html", "A link leads nowhere: its address is empty.")
        elif not link.startswith("#") and not (colon and _SCHEME.fullmatch(scheme)):
            yield error("/template/html", f"A link has no scheme, like https: {link[:_SHOWN]}")


def _sender(campaign: Campaign, _found: Parts) -> Iterator[Remark]:
    if campaign.sender is None:
        yield Remark(severity="warning", message="Without `from` the system's own address is used.", pointer="/from")


def _seeds(campaign: Campaign, _found: Parts) -> Iterator[Remark]:
    if not campaign.seeds:
        yield Remark(severity="info", message="Nobody gets a copy on trial when it begins.", pointer="/seeds")


def error(pointer: str, message: str) -> Remark:
    """Something that keeps it from being sent."""
    return Remark(severity="error", message=message, pointer=pointer)


RULES: Final[tuple[Rule, ...]] = (_audience, _template, _wording, _sender, _seeds)
_ORDER: Final = ("error", "warning", "info")
