"""A batch of 500 events from SendGrid, proved, kept and applied, against the bare writing of as many items.

Timed are the route, from the event of API Gateway to the answer, and the function of the change feed with the records
of those events, in batches of 100 as it gets them. The bare writes are the very same items, written through the same
connection by BatchWriteItem with nothing around. Both are done by turns, on mails and events that were not there yet.
"""

import base64
import json
import os
import time
from contextlib import redirect_stdout
from typing import Any, Final

from bench._bases import row
from bench._house import TABLE, Context, House, house
from infra.local import template
from infra.local.feed import Feed

EVENTS: Final = 500
PROMISE: Final = 3.0  # times the bare writes
_ROUNDS: Final = 5
_BATCH: Final = 100  # records the feed hands over at once
_WRITES: Final = 25  # items of one BatchWriteItem
Row = dict[str, Any]


def rows() -> list[Row]:
    """The ratio, its parts, and what one event consumes."""
    with house() as here, open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):  # noqa: PTH123 - a device
        return _measured(here)


def _measured(here: House) -> list[Row]:
    kept: list[Any] = []
    feed = Feed(here.endpoint, TABLE, _Keeper(kept), kinds=template.stream_kinds())
    key, path = _set_up(here)
    _round(here, feed, kept, key, path)  # whatever is loaded late
    found = [_round(here, feed, kept, key, path) for _ in range(_ROUNDS)]
    # The least of each: whatever else the machine does only ever adds.
    bare, route, reaction = (min(one[part] for one in found) for part in range(3))
    _, _, _, wru, rru = found[-1]
    return [
        row(f"{EVENTS} items written bare", bare * 1000, "ms"),
        row(f"{EVENTS} events of SendGrid, proved and kept", route * 1000, "ms"),
        row(f"{EVENTS} events applied to as many mailings and their campaign", reaction * 1000, "ms"),
        row("webhooks, all of it : bare writes", (route + reaction) / bare, "x", PROMISE),
        row("webhooks, written for one event", wru, "units"),
        row("webhooks, read for one event", rru, "units"),
    ]


class _Keeper:
    """The handler of a feed that only keeps what it gets."""

    def __init__(self, kept: list[Any]) -> None:
        self._kept = kept

    def __call__(self, event: Any, _context: Any) -> dict[str, list[Any]]:
        self._kept += event["Records"]
        return {"batchItemFailures": []}


def _set_up(here: House) -> tuple[Any, str]:
    """A key of SendGrid's, and the path that it calls."""
    from Crypto.PublicKey import ECC

    key = ECC.generate(curve="P-256")
    public = base64.b64encode(key.public_key().export_key(format="DER")).decode()
    made, _ = here.call("PUT", "/v1/settings/providers/sendgrid", {"public_key": public})
    return key, "/v1" + made["hook_url"].partition("/v1")[2]


def _round(here: House, feed: Feed, kept: list[Any], key: Any, path: str) -> tuple[float, float, float, float, float]:
    """Seconds of the bare writes, the route and the reaction; units written and read for each event."""
    from app import app
    from chalicelib.handlers import streams
    from chalicelib.models.table import Item

    bare = _items(here, _events(_mailings(here)))
    started = time.perf_counter()
    connection = Item._get_connection().connection
    for first in range(0, EVENTS, _WRITES):
        puts = [{"PutRequest": {"Item": one}} for one in bare[first : first + _WRITES]]
        connection.dispatch("BatchWriteItem", {"RequestItems": {TABLE: puts}})
    written = time.perf_counter() - started
    event = here.event("POST", path, _events(_mailings(here)))
    event["headers"] |= _signed(key, event["body"].encode())
    feed.drain()
    kept.clear()
    started = time.perf_counter()
    answer = app(event, Context())
    taken = time.perf_counter() - started
    if answer["statusCode"] != 200 or json.loads(answer["body"]) != {"taken": EVENTS}:
        raise RuntimeError(answer["body"])
    wru, rru = (float(answer["headers"]["Tendril-Cost"].split(f"{name}=")[1].split(";")[0]) for name in ("wru", "rru"))
    feed.drain()
    records = [one for one in kept if one["dynamodb"]["NewImage"]["kind"]["S"] == "mail_event"]
    if len(records) != EVENTS:
        raise RuntimeError(f"The feed has {len(records)} events")
    started = time.perf_counter()
    for first in range(0, EVENTS, _BATCH):
        if streams.on_change({"Records": records[first : first + _BATCH]}, Context())["batchItemFailures"]:
            raise RuntimeError("The feed failed")
    applied = time.perf_counter() - started
    _check(here)
    return written, taken, applied, wru / EVENTS, rru / EVENTS


def _mailings(here: House) -> list[Any]:
    """So many mails of one campaign, sent a minute ago."""
    from chalicelib import clock, ids
    from chalicelib.models import mailing as mailings
    from chalicelib.models.writes import put_all

    run, campaign = ids.new("run"), ids.new("cam")
    found = []
    for number in range(EVENTS):
        one = mailings.Mailing.at(here.tenant, ids.new("con"), run)
        one.campaign_id, one.claim, one.claimed_at = campaign, ids.new("clm"), clock.stamp()
        one.address = f"wilhelmina.{number}@industries.example"
        one.outcome = mailings.outcome("sent", clock.stamp(clock.after(-60)), message_id=f"{ids.new('msg')[4:]}")
        found.append(one)
    put_all(found)
    return found


def _events(several: list[Any]) -> list[dict[str, Any]]:
    """A delivery of each, as SendGrid tells of it."""
    now = int(time.time())
    return [
        {
            "email": one.address,
            "timestamp": now,
            "smtp-id": f"<{one.result['message_id']}@geopod-ismtpd-5>",
            "event": "delivered",
            "category": ["marketing"],
            "sg_event_id": one.contact_id,
            "sg_message_id": f"{one.result['message_id']}.filter0001.16648.5515E0B88.0",
            "response": "250 2.0.0 OK x12-20020a05 - gsmtp",
            "tls": 1,
            "send": one.send_id,
        }
        for one in several
    ]


def _items(here: House, raws: list[dict[str, Any]]) -> list[Any]:
    """What is kept of these events, ready to be written."""
    from chalicelib.adapters import hooks
    from chalicelib.services import mail_events

    events = hooks.adapter("sendgrid").parse({}, json.dumps(raws).encode()).events
    return [mail_events.build(here.tenant, event).serialize() for event in events]


def _signed(key: Any, body: bytes) -> dict[str, str]:
    from Crypto.Hash import SHA256
    from Crypto.Signature import DSS

    stamp = str(int(time.time()))
    signature = DSS.new(key, "fips-186-3", encoding="der").sign(SHA256.new(stamp.encode() + body))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": stamp,
    }


def _check(here: House) -> None:
    """What was measured is what was meant: the campaign counts each of them once."""
    events, _ = here.call("GET", "/v1/mail-events?limit=1")
    campaign = events["data"][0]["campaign_id"]
    from chalicelib.services import ledger

    if ledger.sheet(here.tenant, campaign, "seen") != {"delivered": EVENTS}:
        raise RuntimeError(f"The campaign counts {ledger.sheet(here.tenant, campaign, 'seen')}")
