"""Who opened or clicked: a person, or a program on the way to him. Stated rules, each with where it comes from.

Both are counted; what a rule takes for a program's is only left out of the human figures. Where in doubt it is a
person: scanners that behave like one cannot be told from one, and nobody should read these figures as exact.
"""

import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Final, NamedTuple

from chalicelib.schemas.mail_event import Event

OPEN: Final = "o"  # the pixel, as a target; links have longer names
BURST_SECONDS: Final = 10.0
BURST_TARGETS: Final = 3  # different ones, the pixel among them
INSTANT_SECONDS: Final = 2.0


class Touch(NamedTuple):
    """One opening or click that no rule about it alone takes for a program's: when, in seconds since 1970, of what."""

    at: float
    target: str


class Alone(NamedTuple):
    """A rule that looks at one event alone."""

    id: str
    says: str
    source: str
    holds: Callable[[Event], bool]


class Together(NamedTuple):
    """A rule that looks at all openings and clicks of a mail: which of them are a program's."""

    id: str
    says: str
    source: str
    taken: Callable[[Collection[Touch], float | None], set[Touch]]


def _agent(pattern: str) -> Callable[[Event], bool]:
    found = re.compile(pattern, re.IGNORECASE)

    @lru_cache(maxsize=500)  # most mails are read with the same few programs, and a look takes 20 microseconds
    def fits(agent: str) -> bool:
        return found.search(agent) is not None

    return lambda event: bool(event.agent) and fits(event.agent)


def _burst(touches: Collection[Touch], _delivered: float | None) -> set[Touch]:
    """Those that lie, with others of at least two more targets, within a window around them."""
    ordered = sorted(touches)
    taken: set[Touch] = set()
    for number, first in enumerate(ordered):
        near = [one for one in ordered[number:] if one.at - first.at <= BURST_SECONDS]
        if len({one.target for one in near}) >= BURST_TARGETS:
            taken.update(near)
    return taken


def _instant(touches: Collection[Touch], delivered: float | None) -> set[Touch]:
    """Clicks right at the delivery, before which nothing was opened."""
    if delivered is None:
        return set()
    opened = min((one.at for one in touches if one.target == OPEN), default=float("inf"))
    return {
        one for one in touches if one.target != OPEN and abs(one.at - delivered) <= INSTANT_SECONDS and one.at < opened
    }


# Sources: what the makers say of their own products, and what these send as `User-Agent`. The proxies through which
# Gmail and Yahoo load pictures are not among them: they fetch one when somebody looks at the mail
# (support.google.com/a/answer/3299041), and hide only who.
ALONE: Final = (
    Alone(
        "machine",
        "The provider says that it was a program (SendGrid's machine opens, Mailgun's bots), or it asked by HEAD.",
        "twilio.com/docs/sendgrid/ui/analytics-and-reporting/apple-mail-privacy-protection; RFC 9110, 9.3.2",
        lambda event: event.machine is True,
    ),
    Alone(
        "nameless",
        "Our own pixel or link was fetched by something that does not say what it is; every browser does.",
        "RFC 9110, 10.1.5",
        lambda event: event.provider == "tendril" and not (event.agent or "").strip(),
    ),
    Alone(
        "privacy-proxy",
        "Apple's Mail Privacy Protection loads all pictures of all mails, read or not, and names itself only so.",
        "support.apple.com/guide/iphone/use-mail-privacy-protection-iphf084865c7/ios",
        _agent(r"^Mozilla/5\.0$"),
    ),
    Alone(
        "scanner",
        "A security gateway looks at what links lead to before it lets them through.",
        "learn.microsoft.com/en-us/defender-office-365/safe-links-about; barracuda.com, mimecast.com, proofpoint.com",
        _agent(
            r"barracuda|proofpoint|mimecast|safelinks|bitdefender|symantec|messagelabs|trendmicro|fireeye|ironport|"
            r"forcepoint|sophos|cisco-?(?:talos|umbrella)|zscaler|office 365 link|microsoft defender|urldefense|"
            r"cloudmark|vade ?(?:secure|retro)|hornetsecurity"
        ),
    ),
    Alone(
        "client",
        "A library or a tool for programs, none for people.",
        "the defaults of these libraries",
        _agent(
            r"^(?:curl|wget|python|aiohttp|httpx|go-http-client|okhttp|java|apache-httpclient|ruby|perl|libwww|php|"
            r"axios|node-fetch|node|undici|got|guzzle|winhttp|postmanruntime|dart)\b|headlesschrome|phantomjs|"
            r"python-(?:requests|urllib|httpx)"
        ),
    ),
    Alone(
        "crawler",
        "A robot that says so, among them those which make previews of links in chats. A Cubot is a telephone.",
        "developers.google.com/search/docs/crawling-indexing/overview-google-crawlers",
        _agent(r"(?<!cu)bot\b|crawler|spider|slurp|preview|facebookexternalhit|whatsapp/|skypeuri|monitoring|uptime"),
    ),
)
TOGETHER: Final = (
    Together(
        "burst",
        "Three targets or more, the pixel among them, within ten seconds: nobody reads that fast.",
        "our own; such gateways fetch all links of a mail at once",
        _burst,
    ),
    Together(
        "instant",
        "A click within two seconds of the delivery, by somebody who had not opened the mail.",
        "our own; as above",
        _instant,
    ),
)


def suspect(event: Event) -> str | None:
    """The id of the first rule that takes this event, looked at alone, for a program's."""
    return next((rule.id for rule in ALONE if rule.holds(event)), None)


def people(touches: Collection[Touch], delivered: float | None) -> list[Touch]:
    """Those of a mail's openings and clicks that no rule takes for a program's, the earliest first.

    `delivered`: when it was, in seconds since 1970. Whatever order or number they come in, the same come out.
    """
    known = set(touches)
    taken = set().union(*(rule.taken(known, delivered) for rule in TOGETHER))
    return sorted(known - taken)
