"""What deals, orders, tasks, activities and mails come to, as fields of a contact."""

import re
from typing import Any, Final

from chalicelib.services.rules.columns import DEALS, ORDERS, Own, Read, at, watching
from chalicelib.services.rules.times import DAY
from chalicelib.services.rules.values import Field

# What is told of a mail, and under which name the mailing keeps when: each mail counts once, when it happened first.
EVENTS: Final = {
    "sent": "sent",
    "delivered": "delivered",
    "opened": "opened_human",
    "clicked": "clicked_human",
    "replied": "replied",
    "bounced": "bounced_at",
    "complained": "complained",
    "unsubscribed": "unsubscribed",
}
_ACTIVITY: Final = re.compile(r"activity\.([a-z][a-z0-9_-]{0,29}(?:\.[a-z0-9_-]{1,40})?)\.last_at")
_COUNT: Final = re.compile(r"mail\.([a-z]+)\.count(?:\.([1-9][0-9]{0,3})d)?")
_TOLD: Final = frozenset({("mailing", "seen")})
_MAILED: Final = _TOLD | {("mailing", "outcome")}  # what says that a mail was sent


def sums() -> dict[str, Field]:
    """What deals, orders and tasks come to."""
    deals, orders, bill = frozenset({"deals"}), frozenset({"orders"}), frozenset({"purchases"})
    deal = watching("deal", *DEALS, "status")
    worth = deal | watching("deal", "value", "base_value", "closed_at")
    order = watching("order", *ORDERS, "status")
    bought = order | watching("order", "base_value", "ordered_at")
    task = watching("task", "status", "subject_id", "deleted_at")
    return {
        field.name: field
        for field in (
            Field("deals.count", "number", "deals", lambda facts: facts.deal_count(None), deals, deal),
            *(
                Field(f"deals.{one}", "number", f"{one} deals", _counted(one), deals, deal)
                for one in ("open", "won", "lost")
            ),
            Field("deals.open_value", "money", "open value", lambda facts: facts.deal_worth("open"), deals, worth),
            Field("deals.won_value", "money", "won value", lambda facts: facts.deal_worth("won"), deals, worth),
            Field("deals.last_won_at", "moment", "last won", lambda facts: facts.last_won, deals, worth),
            Field("orders.count", "number", "orders", lambda facts: facts.bought("n"), bill, bought),
            Field("orders.total", "money", "ordered", lambda facts: facts.bought_sums(), bill, bought),
            Field("orders.last_at", "moment", "last ordered", lambda facts: facts.last_ordered, orders, bought),
            Field("tasks.open", "number", "open tasks", lambda facts: facts.open_tasks, frozenset({"tasks"}), task),
        )
    }


def _counted(status: str) -> Read:
    return lambda facts: facts.deal_count(status)


def mailed() -> dict[str, Field]:
    """What became of mails: when last, and of which campaigns."""
    needs, found = frozenset({"mail"}), {}
    for name, event in EVENTS.items():
        found[f"mail.{name}_at"] = Field(f"mail.{name}_at", "moment", f"last {name}", _last(event), needs, _seen(name))
        found[f"campaign.{name}"] = Field(
            f"campaign.{name}", "set", f"{name} campaigns", _campaigns(event), needs, _seen(name), prefix="cam"
        )
    return found


def _seen(name: str) -> frozenset[tuple[str, str]]:
    """What changes when this is told of a mail. That mails go out concerns no rule that asks only what came of them."""
    return _MAILED if name == "sent" else _TOLD


def _last(event: str) -> Read:
    return lambda facts: facts.last_event(event)


def _campaigns(event: str) -> Read:
    return lambda facts: facts.campaigns(event)


def of_mail() -> dict[str, Field]:
    """The fields of one mail."""
    found = {
        "campaign_id": Field(
            "campaign_id", "choice", "campaign", at("record", "campaign_id"), watch=_MAILED, prefix="cam"
        )
    }
    options = ("hard", "soft")
    found["bounce"] = Field("bounce", "choice", "bounce", _bounce, watch=_TOLD, options=options)
    for name, event in EVENTS.items():
        found[f"{name}_at"] = Field(f"{name}_at", "moment", name, _event(event), watch=_seen(name))
    return found


def _bounce(part: Any) -> Any:
    return (part.record.seen or {}).get("bounced")


def _event(event: str) -> Read:
    return lambda part: part.stamp(event)


def activity(name: str, own: Own) -> Field | None:
    """When an activity of a kind last happened, such as `activity.call.last_at`."""
    match = _ACTIVITY.fullmatch(name)
    if match is None:
        return None
    what = match[1]
    needs = frozenset({f"activity.{what}"})
    return Field(
        name, "moment", f"last {what}", lambda facts: facts.activity.get(what), needs, watching("activity", "id")
    )


def count(name: str, own: Own) -> Field | None:
    """How many mails, such as `mail.opened.count`, or `mail.opened.count.30d` for those of the last 30 days."""
    match = _COUNT.fullmatch(name)
    if match is None or match[1] not in EVENTS:
        return None
    event, days = EVENTS[match[1]], match[2]
    label = f"mails {match[1]}" + (f" in {days} days" if days else "")
    needs, window = frozenset({"mail"}), int(days or 0) * DAY
    return Field(name, "count", label, lambda facts: facts.events(event), needs, _seen(match[1]), window=window)
