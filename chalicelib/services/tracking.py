"""Openings and clicks seen by ourselves: a picture and signed links in the mail, and what happens when they are asked.

The link holds its target, signed with the rest of it, so it leads nowhere but where the mail's author said: no open
redirect, and nothing to look up. Whoever fetches it gets his answer even if the event cannot be kept.
"""

import hashlib
import html as markup
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

from chalicelib import clock, observability
from chalicelib.schemas.mail_event import Event, Type
from chalicelib.schemas.page import Document

PROVIDER: Final = "tendril"
# Of one colour that no table names, so it shows nothing; each byte is ASCII, so it passes a gateway as text.
PIXEL: Final = "GIF89a\x01\x00\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
_PIXEL_TYPE: Final = "image/gif"
_PAGE: Final = "text/html; charset=utf-8"
_NO_STORE: Final = {"Cache-Control": "no-store, private, max-age=0", "Referrer-Policy": "no-referrer"}
_MISSING: Final = "<!doctype html><title>Not found</title><p>This link leads nowhere.</p>"
_LONGEST: Final = 1800  # characters of a target; what is longer stays as it is
# The start tag of a link, with the value of its `href` in either kind of quotes, or in none.
# None of its parts reaches over the next tag, so the time is linear in the length of the mail.
_LINK: Final = re.compile(
    r"<a(?=\s)[^<>]*?\shref\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)'|([^\s\"'<>]+))[^<>]*>", re.IGNORECASE
)
_SET_APART: Final = re.compile(r"\sdata-notrack\b", re.IGNORECASE)
_END: Final = re.compile(r"</body\s*>", re.IGNORECASE)
_WEB: Final = ("http://", "https://")
_SAFE: Final = "%/:=&?~#+!$,;'@()*[]"  # what stays in a target that has other characters to be quoted


def instrument(
    html: str,
    tenant: str,
    contact_id: str,
    run: str,
    *,
    base_url: str,
    step: str = "0",
    opens: bool = True,
    clicks: bool = True,
    utm: Mapping[str, str] | None = None,
) -> str:
    """The mail with its links led by us (`clicks`) and tagged (`utm`: source, medium, campaign, ...), and a picture
    that tells that it was opened (`opens`).

    The links to unsubscribe, and those with `data-notrack`, stay as they are. Some 10 microseconds for each link.
    """
    from chalicelib.services import mail_links

    ours = (f"{base_url}/u/", f"{base_url}/t/")
    tags = tuple((f"utm_{name.removeprefix('utm_')}", value) for name, value in (utm or {}).items() if value)

    link = mail_links.maker("click", tenant, contact_id, run, step)

    def led(match: re.Match[str]) -> str:
        group = match.lastindex or 1
        target = markup.unescape(match[group]).strip()
        if not target.lower().startswith(_WEB) or target.startswith(ours) or _SET_APART.search(match[0]):
            return match[0]
        target = _tagged(target, tags)
        if clicks and len(target) <= _LONGEST:
            target = f"{base_url}/t/c/{link(target)}"
        start, end = match.start(group) - match.start(), match.end(group) - match.start()
        value = markup.escape(target) if group < 3 else f'"{markup.escape(target)}"'
        return match[0][:start] + value + match[0][end:]

    found = _LINK.sub(led, html) if clicks or tags else html
    if not opens:
        return found
    return _with_pixel(found, f"{base_url}/t/o/{mail_links.make('open', tenant, contact_id, run, step)}")


def wanted(firm: Mapping[str, Any] | None, campaign: Mapping[str, Any] | None, contact: Any) -> tuple[bool, bool]:
    """Whether openings and clicks of a mail may be followed: where firm, campaign and contact all let us.

    `firm` and `campaign` are {opens, clicks}, what they do not say is allowed; the contact refuses by its channel
    `tracking`.
    """
    channels = (contact.preferences or {}).get("channels") or {}
    if channels.get("tracking") is False:
        return False, False
    opens, clicks = (all((one or {}).get(name, True) for one in (firm, campaign)) for name in ("opens", "clicks"))
    return opens, clicks


def opened(token: str, agent: str | None, *, head: bool = False) -> Document:
    """The picture of a mail was fetched. The same answer whoever asks, and for whatever token."""
    from chalicelib.services import mail_links

    link = mail_links.read("open", token)
    if link is not None and link.run:
        _note("opened", link, None, agent, head=head)
    return Document(_PIXEL_TYPE, "" if head else PIXEL, dict(_NO_STORE))


def clicked(token: str, agent: str | None, *, head: bool = False) -> Document:
    """A link of a mail was followed: on to where it leads, or to a page that says that it leads nowhere."""
    from chalicelib.services import mail_links

    link = mail_links.read("click", token)
    if link is None or not link.extra.lower().startswith(_WEB):
        return Document(_PAGE, "" if head else _MISSING, dict(_NO_STORE), 404)
    if link.run:
        _note("clicked", link, link.extra, agent, head=head)
    return Document(_PAGE, "", {**_NO_STORE, "Location": _quoted(link.extra)}, 302)


def _note(what: Type, link: Any, url: str | None, agent: str | None, *, head: bool) -> None:
    """Keep the event, unless the table fails: people read on, and the loss is logged.

    What one program fetches several times within a second is one event.
    """
    from chalicelib.models import mailing as mailings
    from chalicelib.services import mail_events

    observability.charge_to(link.tenant)
    now = clock.now().replace(microsecond=0)
    send = mailings.send_id(link.run, link.contact_id, link.step)
    said = f"{what} {send} {url or ''} {agent or ''} {head} {clock.stamp(now)}"
    try:
        one = _mailing(link)
        event = Event(
            type=what,
            provider=PROVIDER,
            event_id=hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:32],
            at=now,
            url=url,
            send=send,
            recipient=one.address if one is not None else None,
            message_id=one.result.get("message_id") if one is not None else None,
            machine=True if head else None,
            agent=agent,
        )
        mail_events.record(link.tenant, [event])
    except Exception as error:  # noqa: BLE001 - whatever it is, the reader of the mail gets his answer
        observability.failure("event of a mail lost", error)


def _mailing(link: Any) -> Any:
    """The mail: it knows the provider's id, under which its other events lie, and whose mailbox it is. Half a unit."""
    from chalicelib.models.mailing import Mailing
    from chalicelib.models.table import fetch

    place = Mailing.at(link.tenant, link.contact_id, link.run, link.step)
    return fetch(Mailing, place.pk, place.sk)


@lru_cache(maxsize=1000)
def _tagged(target: str, tags: tuple[tuple[str, str], ...]) -> str:
    """With the tags that it does not have yet, before the fragment. Most mails of a campaign have the same links."""
    if not tags:
        return target
    try:
        parts = urlsplit(target)
        there = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
    except ValueError:  # an address that is none; it is the author's to mend
        return target
    new = urlencode([(name, value) for name, value in tags if name not in there])
    query = "&".join(filter(None, (parts.query, new)))
    return urlunsplit(parts._replace(query=query))


def _with_pixel(html: str, url: str) -> str:
    picture = f'<img src="{url}" width="1" height="1" alt="" style="border:0;opacity:0">'
    ends = list(_END.finditer(html))
    at = ends[-1].start() if ends else len(html)
    return html[:at] + picture + html[at:]


def _quoted(url: str) -> str:
    """As a header may have it: ASCII, without blanks or line ends."""
    return quote(url, safe=_SAFE)
