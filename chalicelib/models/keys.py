"""THE key schema: where each kind of item lives, and what each access pattern consumes. Data, read by models, tests
and people.

Every partition key begins with its tenant. Two families do not belong to one: the due index, which only the scheduler
reads, and the directory (tenant `-`), which finds the tenant of somebody who signs in.

Units are DynamoDB request units for items of up to 1 KB written and 4 KB read. A write costs 1, inside a transaction
2; each index entry that is made, changed or removed costs 1 more, a changed index key 2; a second KB doubles it all.
A read costs 0.5, a consistent one 1, and a query rounds up once for the page.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from chalicelib.models._pattern import Pattern
from chalicelib.models._patterns_feed import FEED
from chalicelib.models._patterns_mail import MAIL
from chalicelib.models._patterns_people import PEOPLE
from chalicelib.models._patterns_sales import SALES
from chalicelib.models._patterns_work import WORK

INDEXES: Final[dict[str, tuple[str, str]]] = {
    "gsi1": ("gsi1pk", "gsi1sk"),
    "gsi2": ("gsi2pk", "gsi2sk"),
    "due": ("due_pk", "due_sk"),
}

DIRECTORY: Final = "-"
DUE_SHARDS: Final = 4  # an idle minute reads each once: 4 x 0.5 units


class Shape(NamedTuple):
    """The key templates of one kind of item; `indexes` holds only those it can appear in."""

    pk: str
    sk: str
    indexes: Mapping[str, tuple[str, str]] = MappingProxyType({})


SHAPES: Final[dict[str, Shape]] = {
    # who has access
    "tenant": Shape("T#{tenant}", "#"),
    "user": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#user", "{name}#{id}")}),
    "session": Shape("T#{tenant}#{user}", "SESSION#{id}"),
    "token": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#token", "{id}")}),
    "login": Shape("T#-#login#{email}", "#"),
    "throttle": Shape("T#-#throttle#{subject}", "{window}"),
    # what people work with
    "contact": Shape(
        "T#{tenant}#{id}",
        "#",
        {"gsi1": ("T#{tenant}#contact", "{name}"), "gsi2": ("T#{tenant}#contact", "{updated_at}")},
    ),
    "company": Shape(
        "T#{tenant}#{id}",
        "#",
        {"gsi1": ("T#{tenant}#company", "{name}"), "gsi2": ("T#{tenant}#company", "{updated_at}")},
    ),
    "deal": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#deal#{stage}", "{rank}#{id}")}),
    "pipeline": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#pipeline", "{name}#{id}")}),
    "settings": Shape("T#{tenant}", "SETTINGS"),
    "calendar": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#calendar#{user}", "{id}")}),
    "converted": Shape("T#{tenant}#{contact}", "LEAD#{title}"),
    "playbook": Shape(
        "T#{tenant}#{id}",
        "#",
        {"gsi1": ("T#{tenant}#playbook", "{name}#{id}"), "gsi2": ("T#{tenant}#playbook#{stage}", "{id}")},
    ),
    "play": Shape("T#{tenant}#{deal}", "PLAY#{entered}#{playbook}"),
    "followup": Shape(
        "T#{tenant}#{id}",
        "#",
        {
            "gsi1": ("T#{tenant}#followup#{status}", "{due_at}#{id}"),
            "gsi2": ("T#{tenant}#followup#{subject}", "{status}#{due_at}#{id}"),
        },
    ),
    "digest": Shape("T#{tenant}#{user}", "DIGEST"),
    "wait": Shape("T#{tenant}#{subject}", "WAIT#{followup}"),
    "team": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#team", "{name}#{id}")}),
    "quota": Shape(
        "T#{tenant}#{id}",
        "#",
        {"gsi1": ("T#{tenant}#quota", "{period}#{id}"), "gsi2": ("T#{tenant}#quota#{subject}", "{period}#{id}")},
    ),
    "rate": Shape("T#{tenant}#rate#{currency}", "{day}"),
    "product": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#product", "{name}#{id}")}),
    "pricebook": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#pricebook", "{name}#{id}")}),
    "quote": Shape(
        "T#{tenant}#{id}",
        "#",
        {"gsi1": ("T#{tenant}#quote", "{id}"), "gsi2": ("T#{tenant}#quote#{deal}", "{id}")},
    ),
    "order": Shape(
        "T#{tenant}#{id}",
        "#",
        {
            "gsi1": ("T#{tenant}#order", "{ordered_at}#{id}"),
            "gsi2": ("T#{tenant}#order#{contact}", "{ordered_at}#{id}"),
        },
    ),
    "tombstone": Shape("T#{tenant}#{id}", "#"),
    "trash": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#trash#{noun}", "{deleted_at}")}),
    "tree": Shape("T#{tenant}", "TREE#{noun}"),
    "activity": Shape(
        "T#{tenant}#{subject}",
        "TL#{id}",
        {"gsi1": ("T#{tenant}#{subject}#{what}", "{id}"), "gsi2": ("T#{tenant}#{subject}#pinned", "{id}")},
    ),
    "event": Shape("T#{tenant}#{subject}", "EVENT#{what}#{external_id}"),
    "change": Shape("T#{tenant}#{record}", "HIST#{at}#{version}"),
    "task": Shape(
        "T#{tenant}#{id}",
        "#",
        {
            "gsi1": ("T#{tenant}#task#{status}", "{due_at}#{id}"),
            "gsi2": ("T#{tenant}#task#{status}#{assignee}", "{due_at}#{id}"),
        },
    ),
    "field": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#field", "{noun}#{name}#{id}")}),
    "view": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#view#{reader}", "{noun}#{name}#{id}")}),
    "job": Shape(
        "T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#job", "{id}"), "gsi2": ("T#{tenant}#job#{what}", "{id}")}
    ),
    "term": Shape("T#{tenant}#ix#{space}", "{value}#{id}"),
    "card": Shape("T#{tenant}#{id}", "INDEX"),
    "pair": Shape("T#{tenant}#{one}", "PAIR#{other}", {"gsi1": ("T#{tenant}#pair#{noun}", "{score}#{one}#{other}")}),
    # marketing
    "segment": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#segment", "{name}#{id}")}),
    "member": Shape("T#{tenant}#{segment}", "M#{contact}"),
    "belonging": Shape("T#{tenant}#{contact}", "SEGMENTS"),
    "rulebook": Shape("T#{tenant}", "RULES"),
    "template": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#template", "{name}#{id}")}),
    "template_body": Shape("T#{tenant}#{id}", "BODY#{digest}"),
    "campaign": Shape("T#{tenant}#{id}", "#", {"gsi1": ("T#{tenant}#campaign", "{id}")}),
    "shard": Shape("T#{tenant}#{campaign}", "SHARD#{number}"),
    "frozen": Shape("T#{tenant}#{campaign}", "FROZEN"),
    "spending": Shape("T#{tenant}#{campaign}", "SPENDING"),
    "pace": Shape("T#{tenant}#pace", "#"),
    "mailing": Shape("T#{tenant}#{contact}", "MAIL#{run}#{step}"),
    "mail_event": Shape(
        "T#{tenant}#message#{message}",
        "{digest}",
        {"gsi1": ("T#{tenant}#mailbox#{mailbox}", "{at}#{digest}"), "gsi2": ("T#{tenant}#mail_event", "{at}#{digest}")},
    ),
    "provider": Shape("T#{tenant}", "PROVIDER#{provider}"),
    "suppression": Shape("T#{tenant}#suppression#{digest}", "#", {"gsi1": ("T#{tenant}#suppression", "{address}")}),
    "topic": Shape("T#{tenant}#topic", "{name}"),
    "consent": Shape("T#{tenant}#{subject}", "CONSENT#{id}"),
    # what keeps it right
    "guard": Shape("T#{tenant}#unique#{noun}#{field}#{value}", "#"),
    "moment": Shape("T#{tenant}#{subject}", "DUE#{what}", {"due": ("DUE#{shard}", "{at}#{tenant}#{subject}#{what}")}),
    "handed": Shape("T#-#due#{shard}", "#"),
    "send": Shape("T#{tenant}#{subject}", "SEND#{purpose}#{at}"),
    "contribution": Shape("T#{tenant}#{record}", "LEDGER#{ledger}"),
    "total": Shape("T#{tenant}#total", "{name}"),
    "sheet": Shape("T#{tenant}#sheet#{book}", "{name}"),
    "snapshot": Shape("T#{tenant}#snapshot", "{month}#{week}"),
    "tally": Shape("T#{tenant}#{record}", "TALLY#{name}"),
    "open_task": Shape("T#{tenant}#{subject}", "OPEN#{task}"),
    "notification": Shape("T#{tenant}#{user}", "NOTE#{id}"),
    "inbox": Shape("T#{tenant}#{user}", "INBOX"),
    "usage": Shape("T#{tenant}#usage", "{day}#{purpose}"),
}


# Each stands with those of its kind of room, in `_patterns_*.py`.
PATTERNS: Final[tuple[Pattern, ...]] = (*FEED, *MAIL, *PEOPLE, *SALES, *WORK)


def key(kind: str, /, **parts: str) -> tuple[str, str]:
    """The (pk, sk) of an item of this kind. Raises KeyError for a missing part."""
    shape = SHAPES[kind]
    return shape.pk.format(**parts), shape.sk.format(**parts)


def index(kind: str, name: str, /, **parts: str) -> tuple[str, str]:
    """The (pk, sk) of an item of this kind in the index `name`. Raises KeyError for a missing part."""
    pk, sk = SHAPES[kind].indexes[name]
    return pk.format(**parts), sk.format(**parts)


def partition(kind: str, name: str | None = None, /, **parts: str) -> str:
    """The partition to query: the table's own, or that of index `name`."""
    return (SHAPES[kind].indexes[name][0] if name else SHAPES[kind].pk).format(**parts)


def prefix(kind: str) -> str:
    """What the sort keys of this kind begin with inside a mixed collection, such as `TL#`."""
    return SHAPES[kind].sk.partition("{")[0]
