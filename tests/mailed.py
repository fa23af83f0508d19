"""Mails as they stand in the table once a campaign has sent them, and what is told of them."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib import clock, ids
from chalicelib.models import mailing as mailings
from chalicelib.models.mailing import Mailing
from chalicelib.models.table import fetch
from chalicelib.models.writes import put_all
from chalicelib.schemas.mail_event import Event
from chalicelib.services import deliveries, ledger, seen

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"


def mailing(tenant: str, campaign_id: str | None = None, status: str | None = "sent", **fields: Any) -> Mailing:
    """One mail, written; without a status only claimed."""
    one = Mailing.at(tenant, fields.pop("contact_id", ids.new("con")), fields.pop("run", ids.new("run")))
    one.campaign_id, one.claim, one.claimed_at = campaign_id or ids.new("cam"), ids.new("clm"), clock.stamp(AT)
    one.address, one.lease_until = "ann@home.test", clock.stamp(AT + timedelta(seconds=120))
    if status is not None:
        sent = f"{one.send_id[-12:].lower()}@firm.test" if status == "sent" else None
        one.outcome = mailings.outcome(status, clock.stamp(AT), message_id=sent)
    for name, value in fields.items():
        setattr(one, name, value)
    put_all([one])
    return one


def event(one: Mailing, what: str, seconds: float = 60, **fields: Any) -> Event:
    """What a provider, or our own picture or link, tells of it."""
    own = what in ("opened", "clicked")
    more: dict[str, Any] = {"agent": FIREFOX} if own else {}
    more |= {"url": "https://firm.test/offer"} if what == "clicked" else {}
    more |= {"bounce": "hard"} if what == "bounced" else {}
    at = AT + timedelta(seconds=seconds)
    said = {
        "type": what,
        "provider": "tendril" if own else "sendgrid",
        "event_id": f"{what}-{seconds}-{json.dumps(fields, sort_keys=True)}",
        "at": at,
        "recipient": one.address,
        "message_id": one.result.get("message_id"),
        "send": one.send_id,
        **more,
        **fields,
    }
    return Event(**said)


def now(one: Mailing) -> Mailing:
    """As it stands in the table."""
    found = fetch(Mailing, one.pk, one.sk, consistent=True)
    assert found is not None
    return found


def counted(tenant: str, campaign_id: str) -> dict[str, int]:
    """What the campaign's sheet says."""
    return ledger.sheet(tenant, campaign_id, deliveries.SHEET)


def told(one: Mailing) -> seen.Seen:
    """What is seen of it, but for what is left out where its outcome says so."""
    return {name: value for name, value in (now(one).seen or {}).items() if name != "sent"}
