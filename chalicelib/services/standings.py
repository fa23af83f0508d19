"""What is known of an address, as a pure function of all that was ever said of it, whatever the order.

Each thing said has its own time: of one reason in one scope the latest stands, and what was taken back later than that
is gone. So the same event twice changes nothing, and events that come late or in another order end the same.
"""

from collections.abc import Iterable
from typing import Final

from chalicelib.models.suppression import Suppression

ALL: Final = "*"  # the scope of all mail
# The strongest first: which one is named where several hold.
RANK: Final = ("erased", "complaint", "hard_bounce", "soft_bounces", "manual", "unsubscribed")

Entry = dict[str, str]  # at, source, campaign


def say(known: Suppression, scope: str, reason: str, entry: Entry) -> bool:
    """Let `reason` hold in this scope from `entry["at"]` on; whether that is new."""
    denied = reason == "unsubscribed" and _later(known, "denied", scope, entry["at"])
    held = known.reasons.get(scope, {}).get(reason)
    if entry["at"] <= known.lifted.get(scope, {}).get(reason, "") or (held and _order(entry) <= _order(held)):
        return denied
    known.reasons = {**known.reasons, scope: {**known.reasons.get(scope, {}), reason: entry}}
    return True


def lift(known: Suppression, scope: str, reasons: Iterable[str], at: str) -> bool:
    """Take back what was said by `at`; whether that changes anything.

    What is lifted for a topic holds no longer for that topic, even if it was said of all mail.
    """
    before = known.lifted.get(scope, {})
    wanted = {reason: at for reason in reasons if before.get(reason, "") < at}
    if not wanted:
        return False
    known.lifted = {**known.lifted, scope: {**before, **wanted}}
    held = known.reasons.get(scope, {})
    left = {reason: entry for reason, entry in held.items() if entry["at"] > wanted.get(reason, "")}
    known.reasons = {name: one for name, one in {**known.reasons, scope: left}.items() if one}
    return True


def confirm(known: Suppression, topic: str, at: str) -> bool:
    """The mailbox said yes to a topic; whether that is new."""
    return _later(known, "confirmed", topic, at)


def confirmed(known: Suppression | None, topic: str) -> bool:
    """Whether the mailbox said yes to the topic, and not no since."""
    if known is None:
        return False
    yes, noes = known.confirmed.get(topic, ""), [known.denied.get(scope, "") for scope in (ALL, topic)]
    return bool(yes > max(noes))


def holding(known: Suppression | None, topic: str | None) -> list[str]:
    """The reasons that keep a mail about this topic (None: about none) from the address, the strongest first."""
    if known is None:
        return []
    excused = known.lifted.get(topic, {}) if topic else {}
    found = {reason for reason, one in known.reasons.get(ALL, {}).items() if one["at"] > excused.get(reason, "")}
    found |= known.reasons.get(topic, {}).keys() if topic else set()
    return [reason for reason in RANK if reason in found]


def stands(known: Suppression, scope: str, reason: str) -> bool:
    """Whether this is the last word in its scope: it holds there, and nothing said since lets any mail through it."""
    return reason in known.reasons.get(scope, {}) and not excused(known, scope, reason)


def excused(known: Suppression, scope: str, reason: str) -> bool:
    """Whether what was said of all mail holds no longer for some topic."""
    at = known.reasons.get(ALL, {}).get(reason, {}).get("at")
    if scope != ALL or at is None:
        return False
    return any(one.get(reason, "") >= at for topic, one in known.lifted.items() if topic != ALL)


def _later(known: Suppression, name: str, scope: str, at: str) -> bool:
    """Keep the later of two moments; whether it is the new one."""
    before = getattr(known, name)
    if at <= before.get(scope, ""):
        return False
    setattr(known, name, {**before, scope: at})
    return True


def _order(entry: Entry) -> tuple[str, str, str]:
    return entry["at"], entry["source"], entry.get("campaign", "")
