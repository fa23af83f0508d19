"""Valid calls of every route, built from the registry and the served description, so that rules about all routes can
be tried on all routes.

What cannot be derived stands in the tables below. A route that they do not cover fails with a word on what to add.
"""

import copy
import itertools
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

import app  # noqa: F401 - importing it fills the registry of routes
from chalicelib import clock
from chalicelib.handlers import _openapi
from chalicelib.handlers._routes import ROUTES, Route
from chalicelib.models.moment import Moment
from chalicelib.models.pair import Pair
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.mail_event import Event
from chalicelib.services import inbox, jobs, mail_events, mail_links, nouns, permissions, snapshots
from tests import campaigning
from tests.house import Answer, Sender

PASSWORD = "long enough pass"

# How to make the record that a path parameter names. A new noun adds its line here.
MAKE: dict[str, Callable[[Sender], Any]] = {
    "calendar_id": lambda sender: made(sender, "/v1/calendars"),
    "click": lambda sender: mail_link(sender, "click"),
    "campaign_id": campaigning.campaign,
    "company_id": lambda sender: made(sender, "/v1/companies"),
    "contact_id": lambda sender: sender.contact(),
    "deal_id": lambda sender: made(sender, "/v1/deals"),
    "field_id": lambda sender: made(sender, "/v1/fields"),
    "import_id": lambda sender: made(sender, "/v1/imports"),
    "job_id": lambda sender: job(sender),  # noqa: PLW0108 - defined below
    "notification_id": lambda sender: told(sender),  # noqa: PLW0108 - as above
    "file": lambda sender: {"id": made(sender, "/v1/calendars")["url"].rpartition("/")[2]},
    "link": lambda sender: link(sender),  # noqa: PLW0108 - defined below
    "opening": lambda sender: mail_link(sender, "open"),
    "order_id": lambda sender: made(sender, "/v1/orders"),
    "pricebook_id": lambda sender: made(sender, "/v1/pricebooks"),
    "product_id": lambda sender: made(sender, "/v1/products"),
    "quote_id": lambda sender: made(sender, "/v1/quotes"),
    "pipeline_id": lambda sender: made(sender, "/v1/pipelines"),
    "quota_id": lambda sender: made(sender, "/v1/quotas"),
    "task_id": lambda sender: made(sender, "/v1/tasks"),
    "followup_id": lambda sender: made(sender, "/v1/followups"),
    "playbook_id": lambda sender: made(sender, "/v1/playbooks"),
    "segment_id": lambda sender: made(sender, "/v1/segments"),
    "token": lambda sender: mail_link(sender, "unsubscribe"),
    "team_id": lambda sender: made(sender, "/v1/teams"),
    "template_id": lambda sender: made(sender, "/v1/templates"),
    "tenant_key": lambda sender: hook(sender),  # noqa: PLW0108 - defined below
    "token_id": lambda sender: made(sender, "/v1/tokens"),
    "view_id": lambda sender: sender.post("/v1/views", {"noun": "contact", "name": "Mine"}).json,  # a private one
    "user_id": lambda sender: made(sender, "/v1/users"),
}

# Each is asked for once, so that whatever is put there is new.
_DAYS = ((date(2000, 1, 1) + timedelta(days=number)).isoformat() for number in itertools.count())

# What a path parameter is that names a record by another value than its id; there need be no such record.
NAMED: dict[str, Callable[[], str]] = {
    "address": lambda: f"{uuid.uuid4().hex}@example.com",
    "currency": lambda: "USD",
    "day": lambda: next(_DAYS),
    "domain": lambda: f"{uuid.uuid4().hex[:12]}.example",
    "provider": lambda: "postmark",
    "topic": lambda: f"t{uuid.uuid4().hex[:12]}",
    "external_id": lambda: f"crm:{uuid.uuid4().hex}",
}

# Records inside another one: the body to POST on the path before the parameter.
INSIDE: dict[str, Any] = {"activity_id": {"kind": "note"}, "consent_id": {"what": "granted"}}

# Lists of what another route than POST on the same path makes.
FILLED_BY = {
    "list_jobs": "create_export",
    "contact_timeline": "create_contact_activity",
    "company_timeline": "create_company_activity",
    "deal_timeline": "create_deal_activity",
}

# Lists that fill otherwise than by a POST that answers with the record: how to make one row.
FILL: dict[str, Callable[[Sender], Any]] = {
    "list_contact_duplicates": lambda sender: pair(sender, "contact"),
    "list_company_duplicates": lambda sender: pair(sender, "company"),
    "list_imports": lambda sender: sender.post("/v1/imports", {"content": people(1)}).json,
    "list_jobs": MAKE["job_id"],
    "list_mail_events": lambda sender: mail_event(sender),  # noqa: PLW0108 - as above
    "list_notifications": MAKE["notification_id"],
    "list_suppressions": lambda sender: sender.call("PUT", f"/v1/suppressions/{NAMED['address']()}", {}).json,
    "list_topics": lambda sender: sender.call("PUT", f"/v1/topics/{NAMED['topic']()}", {"label": "News"}).json,
    "list_forecast_snapshots": lambda sender: snapshot(sender),  # noqa: PLW0108 - as above
}

# Lists inside of a record, filled by the record's own work: the path, and the ids of so many rows.
FILL_INSIDE: dict[str, Callable[[Sender, int], tuple[str, list[str]]]] = {
    "list_import_rows": lambda sender, count: import_rows(sender, count),  # noqa: PLW0108 - as above
    "list_job_rows": lambda sender, count: job_rows(sender, count=count),
    "list_contact_consents": lambda sender, count: consents(sender, count),  # noqa: PLW0108 - as above
    "list_rates": lambda sender, count: rates(sender, count),  # noqa: PLW0108 - as above
    "list_segment_members": lambda sender, count: listed(sender, count),  # noqa: PLW0108 - as above
    "campaign_recipients": lambda sender, count: recipients(sender, count),  # noqa: PLW0108 - as above
    "company_contacts": lambda sender, count: employees(sender, count),  # noqa: PLW0108 - as above
    "company_deals": lambda sender, count: sold(sender, "company_id", count),
    "contact_deals": lambda sender, count: sold(sender, "contact_id", count),
    "contact_orders": lambda sender, count: bought(sender, "contact_id", count),
    "company_orders": lambda sender, count: bought(sender, "company_id", count),
    "contact_history": lambda sender, count: history(sender, "contact_id", count),
    "company_history": lambda sender, count: history(sender, "company_id", count),
    "deal_history": lambda sender, count: history(sender, "deal_id", count),
}

LINES = [{"name": "Chair", "quantity": 2, "unit_price": {"amount": 129900, "currency": "EUR"}}]

DELIVERY = {
    "RecordType": "Delivery",
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Recipient": "ann@home.test",
    "DeliveredAt": "2026-03-01T09:00:20Z",
}

# Bodies that depend on who calls.
BODIES: dict[str, Callable[[Sender], Any]] = {
    "put_provider": lambda _: {"basic_auth": "tendril:hook"},
    "receive_hook": lambda _: DELIVERY,
    "replay_mail_events": lambda _: {"since": "2026-03-01T00:00:00Z"},
    "login": lambda sender: {"email": sender.signed_up["user"]["email"], "password": PASSWORD},
    "refresh": lambda sender: {"refresh_token": sender.signed_up["refresh_token"]},
    "logout": lambda _: {},
    "create_import": lambda _: {"source": "hubspot"},
    "create_followup": lambda sender: {
        "subject_id": MAKE["contact_id"](sender)["id"],
        "after_days": 3,
        "task": {"title": "Ask again"},
    },
    "create_campaign": campaigning.draft,
    "patch_campaign": lambda _: {"name": "Summer"},
    "schedule_campaign": lambda _: {"at": (datetime.now(UTC) + timedelta(days=3)).isoformat()},
    "reject_campaign": lambda _: {"reason": "The price is last year's."},
    "test_campaign": lambda _: {"to": [campaigning.SEED]},
    "create_segment": lambda _: {"name": "Fair 2026", "kind": "static"},
    "patch_segment": lambda _: {"name": "Fair 2027"},
    "add_segment_members": lambda sender: {"contact_ids": [sender.contact()["id"]]},
    "create_playbook": lambda sender: playbook(sender),  # noqa: PLW0108 - defined below
    "patch_playbook": lambda _: {"name": "Another"},
    "create_field": lambda _: {"noun": "contact", "name": f"f{uuid.uuid4().hex}", "label": "F", "type": "text"},
    "batch_contacts": lambda _: {"operations": [{"op": "create", "ref": "1", "body": {"first_name": "Ada"}}]},
    "batch_deals": lambda _: {"operations": [{"op": "create", "ref": "1", "body": {"title": "Ten engines"}}]},
    "batch_companies": lambda _: {"operations": [{"op": "create", "ref": "1", "body": {"name": "Acme"}}]},
    "create_deal": lambda _: {"title": "Ten engines", "value": {"amount": 129900, "currency": "EUR"}},
    "patch_deal": lambda _: {"next_step": "Send the offer."},
    "put_deal_by_external_id": lambda _: {"title": "Ten engines"},
    "move_deal": lambda _: {"position": 0},
    "create_pipeline": lambda _: {"name": "Renewals", "stages": [{"name": "Due"}, {"name": "Won", "forecast": "won"}]},
    "patch_pipeline": lambda _: {"name": "Upgrades"},
    "bulk_contacts": lambda _: {"action": "tag", "tags": ["vip"], "filter": {}, "all": True},
    "bulk_companies": lambda _: {"action": "tag", "tags": ["vip"], "filter": {}, "all": True},
    "bulk_deals": lambda _: {"action": "tag", "tags": ["vip"], "filter": {}, "all": True},
    "convert_lead": lambda _: {"contact": {"first_name": uuid.uuid4().hex}, "deal": {"title": "Engine"}},
    "reassign_user": lambda sender: {"to_user_id": sender.user},
    "patch_field": lambda _: {"label": "Another"},
    "create_quota": lambda _: {"period": month(), "amount": {"amount": 5_000_000, "currency": "EUR"}},
    "patch_quota": lambda _: {"amount": {"amount": 6_000_000, "currency": "EUR"}},
    "accept_offer": lambda _: {"name": "Ada Lovelace"},
    "decline_offer": lambda _: {},
    "create_order": lambda _: {"items": LINES, "external_ids": {"shop": uuid.uuid4().hex}},
    "patch_order": lambda _: {"status": "paid"},
    "put_order_by_external_id": lambda _: {"items": LINES},
    "create_pricebook": lambda _: {"name": "Resellers", "currency": "EUR"},
    "patch_pricebook": lambda _: {"valid_from": "2026-03-01"},
    "create_product": lambda _: {"name": "Chair", "sku": uuid.uuid4().hex},
    "patch_product": lambda _: {"active": False},
    "create_quote": lambda sender: {"deal_id": MAKE["deal_id"](sender)["id"], "items": LINES},
    "patch_quote": lambda _: {"terms": "Payable within 14 days."},
    "put_suppression": lambda _: {"reason": "manual"},
    "create_template": lambda _: {"name": "Spring", "subject": "Hello", "html": "<p>Hello</p>"},
    "patch_template": lambda _: {"subject": "Hello again"},
    "preview_template": lambda sender: {"contact_id": MAKE["contact_id"](sender)["id"]},
    "put_topic": lambda _: {"label": "Product news"},
    "record_contact_consent": lambda _: {"what": "granted"},
    "request_contact_consent": lambda _: {},
    "unsubscribe": lambda _: {"List-Unsubscribe": "One-Click"},
    "save_choices": lambda _: {"email": "on"},
    "confirm_consent": lambda _: {"confirm": "yes"},
    "put_rate": lambda _: {"rate": "0.9223"},
    "put_rates": lambda _: {"day": "2026-03-01", "rates": {"CHF": "1.0312", "USD": "0.9223"}},
    "merge_contacts": lambda sender: {"loser_id": MAKE["contact_id"](sender)["id"]},
    "merge_companies": lambda sender: {"loser_id": MAKE["company_id"](sender)["id"]},
    "unmerge_contact": lambda _: {},
    "unmerge_company": lambda _: {},
    "dismiss_contact_duplicate": lambda sender: pair(sender, "contact"),
    "dismiss_company_duplicate": lambda sender: pair(sender, "company"),
}


# What there must be before a route succeeds whose path names no record: done on the path itself.
FIRST: dict[str, Callable[[Sender, str], Any]] = {
    "unschedule_campaign": lambda sender, path: campaigning.brought(sender, path, "scheduled"),
    "pause_campaign": lambda sender, path: campaigning.brought(sender, path, "running"),
    "resume_campaign": lambda sender, path: campaigning.brought(sender, path, "paused"),
    "retry_campaign": lambda sender, path: campaigning.brought(sender, path, "finished"),
    "approve_campaign": lambda sender, path: campaigning.brought(sender, path, "draft", edited_by="usr_another"),
    "remove_segment_member": lambda sender, path: enlisted(sender, path),  # noqa: PLW0108 - defined below
    "get_suppression": lambda sender, path: sender.call("PUT", path, {}),
    "delete_suppression": lambda sender, path: sender.call("PUT", path, {}),
    "get_topic": lambda sender, path: sender.call("PUT", path, {"label": "Product news"}),
    "delete_topic": lambda sender, path: sender.call("PUT", path, {"label": "Product news"}),
    "delete_provider": lambda sender, path: sender.call("PUT", path, {"basic_auth": "a:b"}),
    "delete_rate": lambda sender, path: sender.call("PUT", path, {"rate": "0.9223"}),
}


class Call(NamedTuple):
    """One request that the API accepts from whoever it was built for."""

    method: str
    path: str
    body: Any

    def by(self, sender: Sender, **headers: str) -> Answer:
        """Send it."""
        return sender.call(self.method, self.path, self.body, **headers)


def name(route: Route) -> str:
    """A route as tests and messages name it."""
    return f"{route.method} {route.path}"


def routes(condition: Callable[[Route], object] = bool) -> pytest.MarkDecorator:
    """A test for each route of this sort."""
    return pytest.mark.parametrize("route", [route for route in ROUTES if condition(route)], ids=name)


def operation(operation_id: str) -> Route:
    """The route whose view has this name."""
    return next(route for route in ROUTES if route.view.__name__ == operation_id)


def valid(route: Route, sender: Sender) -> Call:
    """A call of the route that `sender` will succeed with, after making what it needs."""
    path = route.path
    for parameter in [part[1:-1] for part in route.path.split("/") if part.startswith("{")]:
        if parameter in NAMED:
            path = path.replace(f"{{{parameter}}}", NAMED[parameter]())
            continue
        path = path.replace(f"{{{parameter}}}", _record(route, parameter, path, sender)["id"])
    if route.path.endswith(("/restore", "/purge")):
        removed = sender.delete(path.rpartition("/")[0])
        assert removed.status == 204, removed.text
    if route.path.endswith("/revoke"):
        assert sender.post(path.removesuffix("revoke") + "send").status == 200
    if route.path.startswith("/v1/imports/{import_id}/") and route.method == "POST":
        brought(sender, path)
    if route.path.endswith("/unmerge"):
        noun = route.path.split("/")[2]
        joined = sender.post(path.removesuffix("unmerge") + "merge", BODIES[f"merge_{noun}"](sender))
        assert joined.status == 200, joined.text
    if route.view.__name__ in FIRST:
        FIRST[route.view.__name__](sender, path)
    call = Call(route.method, path, body(route, sender))
    if route.method == "PUT":  # makes what it does not find; from then on it answers as described first
        assert call.by(sender).status == 201
    return call


def _record(route: Route, parameter: str, path: str, sender: Sender) -> Any:
    """What the parameter names; in `path` whatever stands before it is filled in already."""
    if parameter in INSIDE:
        answer = sender.post(path.partition(f"/{{{parameter}}}")[0], INSIDE[parameter])
        assert answer.status == 201, answer.text
        return answer.json
    if parameter == "token" and route.path.endswith("/confirm"):
        return mail_link(sender, "confirm")
    if parameter not in MAKE:
        pytest.fail(f"No test can call {name(route)}: add `{parameter}` to MAKE in {__file__}")
    return MAKE[parameter](sender)


def body(route: Route, sender: Sender) -> Any:
    """The described example with addresses nobody has yet; None for a route without a body."""
    if route.view.__name__ in BODIES:
        return BODIES[route.view.__name__](sender)
    if route.body is None:
        return None
    example = copy.deepcopy(_openapi.document()["components"]["schemas"][route.body.__name__]["examples"][0])
    for holder in (example, *example.get("emails", ())):
        for field in holder.keys() & {"email", "address"}:
            if isinstance(holder[field], str):
                holder[field] = f"{uuid.uuid4().hex}@example.com"
    if "external_ids" in example:
        example["external_ids"] = {"crm": uuid.uuid4().hex}
    if "domains" in example:
        example["domains"] = [f"{uuid.uuid4().hex}.example"]
    return example


def made(sender: Sender, path: str) -> Any:
    """A record made by POST on this path."""
    route = next(route for route in ROUTES if (route.method, route.path) == ("POST", path))
    answer = sender.post(path, body(route, sender))
    assert answer.status == 201, answer.text
    return answer.json


def playbook(sender: Sender) -> Any:
    """A playbook of the first stage that there is."""
    pipeline = sender.get("/v1/pipelines").json["data"][0]
    stage = pipeline["stages"][0]
    return {"name": "P", "pipeline_id": pipeline["id"], "stage_id": stage["id"], "tasks": [{"title": "Call"}]}


def job(sender: Sender) -> Any:
    """A job that nobody began yet."""
    actor = Actor(sender.tenant, sender.user, "owner", permissions.ALL)
    return {"id": jobs.start(actor, "test", {}).id}


def told(sender: Sender) -> Any:
    """Something the sender was told; the newest is what was told last."""
    inbox.tell(sender.tenant, sender.user, uuid.uuid4().hex, "reminder", "Reminder: call back")
    return sender.get("/v1/notifications?limit=1").json["data"][0]


def people(count: int) -> str:
    """A file of so many contacts."""
    return "Email\n" + "".join(f"{uuid.uuid4().hex}@example.com\n" for _ in range(count))


def brought(sender: Sender, path: str) -> None:
    """Upload the file of an import, so that it can be started; do it, so that it can be taken back."""
    base = path.rpartition("/")[0]
    Path(unquote(urlsplit(sender.get(base).json["upload_url"]).path)).write_text(people(1))
    if path.endswith("/revert"):
        assert sender.post(f"{base}/start").status == 202
        sender.house.settle()


def import_rows(sender: Sender, count: int) -> tuple[str, list[str]]:
    """An import of so many rows: the path of its rows, and their ids."""
    answer = sender.post("/v1/imports", {"content": people(count)})
    assert answer.status == 202, answer.text
    sender.house.settle()
    path = f"/v1/imports/{answer.json['id']}/rows"
    return path, [row["id"] for row in sender.get(f"{path}?limit=200").json["data"]]


def employees(sender: Sender, count: int) -> tuple[str, list[str]]:
    """A company with so many contacts: the path of their list, and their ids."""
    company = MAKE["company_id"](sender)
    there = [sender.contact(first_name="Ada", company_id=company["id"])["id"] for _ in range(count)]
    sender.house.settle()
    return f"/v1/companies/{company['id']}/contacts", there


def enlisted(sender: Sender, path: str) -> None:
    """Put the contact that a path names last into the segment that it names first."""
    members, _, contact_id = path.rpartition("/")
    assert sender.post(members, {"contact_ids": [contact_id]}).status == 200


def recipients(sender: Sender, count: int) -> tuple[str, list[str]]:
    """A campaign that was sent to so many contacts: the path of its recipients, and their ids."""
    there = [sender.contact()["id"] for _ in range(count)]
    return f"/v1/campaigns/{campaigning.over(sender, there)}/recipients", there


def listed(sender: Sender, count: int) -> tuple[str, list[str]]:
    """A static segment with so many contacts: the path of its members, and their ids."""
    path = f"/v1/segments/{MAKE['segment_id'](sender)['id']}/members"
    there = [sender.contact()["id"] for _ in range(count)]
    assert sender.post(path, {"contact_ids": there}).status == 200
    return path, there


def sold(sender: Sender, parameter: str, count: int) -> tuple[str, list[str]]:
    """A company or a contact with so many deals: the path of their list, and their ids."""
    party = MAKE[parameter](sender)
    of = {"contact_ids": [party["id"]]} if parameter == "contact_id" else {"company_id": party["id"]}
    there = [sender.post("/v1/deals", {"title": "Ten engines", **of}).json["id"] for _ in range(count)]
    sender.house.settle()
    return f"/v1/{'contacts' if parameter == 'contact_id' else 'companies'}/{party['id']}/deals", there


def hook(sender: Sender) -> Any:
    """The key of the address that Postmark is told, which here proves itself by the sender's own token."""
    answer = sender.call("PUT", "/v1/settings/providers/postmark", {"bearer_token": sender.token})
    assert answer.status == 201, answer.text
    return {"id": answer.json["hook_url"].rpartition("/")[2]}


def mail_event(sender: Sender) -> Any:
    """One more event of a mail."""
    event = Event(type="delivered", provider="ses", event_id=uuid.uuid4().hex, at=clock.now(), message_id="m-1")
    mail_events.record(sender.tenant, [event])
    return {"id": mail_events.build(sender.tenant, event).id}


def pair(sender: Sender, noun: str) -> Any:
    """Two records that may be one, as a scan would have found them."""
    draft: dict[str, Any] = (
        {"name": "Nordwind Logistik"} if noun == "company" else {"first_name": "Ada", "last_name": "Featherstone"}
    )
    draft |= {"phones": [{"number": "+43 1 5880 1234"}], "address": {"postal_code": "1040", "street": "Karlsplatz 13"}}
    path = f"/v1/{nouns.NOUNS[noun].plural}"
    one, other = sorted(sender.post(path, draft).json["id"] for _ in range(2))
    transact(Step("save", Pair.of(sender.tenant, noun, (one, other), 0.9, [])))
    return {"ids": [one, other]}


def row_id(row: Any) -> str:
    """What tells a row of a list from all others: its id, those of the two it is about, or who made which version."""
    if "digest" in row or "opt_in" in row:
        return str(row.get("digest") or row["name"])
    if "rate" in row and "id" not in row:
        return f"{row['day']}/{row['rate']}"
    if "version" in row and "id" not in row:
        return f"{row['actor']}/{row['version']}"
    if "contact_id" in row and "id" not in row:
        return str(row["contact_id"])
    return str(row["id"] if "id" in row else "+".join(row["ids"]))


def mail_link(sender: Sender, use: str) -> Any:
    """The token of a link in a mail to a contact."""
    contact = MAKE["contact_id"](sender)
    asked = sender.post(f"/v1/contacts/{contact['id']}/consents/request") if use == "confirm" else None
    assert asked is None or asked.status == 200, asked.text
    extra = asked.json["id"] if asked else "https://firm.test/" if use == "click" else ""
    return {"id": mail_links.make(use, sender.tenant, contact["id"], extra=extra)}


def consents(sender: Sender, count: int) -> tuple[str, list[str]]:
    """The consent log of a contact who said so many things."""
    path = f"/v1/contacts/{MAKE['contact_id'](sender)['id']}/consents"
    there = [sender.post(path, {"what": "granted", "at": f"2026-03-01T09:00:{number:02}Z"}) for number in range(count)]
    assert {answer.status for answer in there} == {201}
    return path, [answer.json["id"] for answer in there]


def month() -> str:
    """A month for which nobody has a quota yet."""
    return f"{uuid.uuid4().int % 8000 + 1000}-{uuid.uuid4().int % 12 + 1:02}"


def rates(sender: Sender, count: int) -> tuple[str, list[str]]:
    """A currency with so many rates that no other tenant has: the path of their list, and what they are."""
    path, there = "/v1/rates/USD", []
    for number in range(1, count + 1):
        rate = f"1.{uuid.uuid4().int % 10**10 + 1:011}"
        assert sender.call("PUT", f"{path}/2026-03-{number:02}", {"rate": rate}).status == 201
        there.append(f"2026-03-{number:02}/{rate}")
    return path, there


def snapshot(sender: Sender) -> Any:
    """The forecast of one more week, as the scheduler would have kept it."""
    number = len(sender.get("/v1/forecast/snapshots?limit=200").json["data"])
    clock.set(datetime(2026, 3, 2, 9, tzinfo=UTC) + timedelta(weeks=number))
    try:
        snapshots.take(Moment(tenant=sender.tenant, subject_id=sender.tenant, what=snapshots.WHAT))
    finally:
        clock.reset()
    return sender.get("/v1/forecast/snapshots?limit=1").json["data"][0]


def job_rows(sender: Sender, count: int) -> tuple[str, list[str]]:
    """The rows of a job that changed so many contacts."""
    chosen = [sender.contact()["id"] for _ in range(count)]
    answer = sender.post("/v1/contacts/bulk", {"action": "tag", "tags": ["vip"], "ids": chosen})
    assert answer.status == 202, answer.text
    sender.house.settle()
    return f"/v1/jobs/{answer.json['id']}/rows", chosen


def history(sender: Sender, parameter: str, count: int) -> tuple[str, list[str]]:
    """The versions of a record that was changed so many times."""
    record = MAKE[parameter](sender)
    noun = nouns.of_id(record["id"])
    assert noun is not None
    path = f"/v1/{noun.plural}/{record['id']}"
    for number in range(count):
        assert sender.patch(path, {"tags": [str(number)]}).status == 200
    sender.house.settle()
    return f"{path}/history", [f"{sender.user}/{number + 1}" for number in range(count + 1)]


def link(sender: Sender) -> Any:
    """The token of a quote's link."""
    answer = sender.post(f"/v1/quotes/{MAKE['quote_id'](sender)['id']}/send")
    assert answer.status == 200, answer.text
    return {"id": answer.json["url"].rpartition("/")[2]}


def bought(sender: Sender, parameter: str, count: int) -> tuple[str, list[str]]:
    """A contact or a company with so many orders: the path of their list, and their ids."""
    record = MAKE[parameter](sender)
    there = [sender.post("/v1/orders", {"items": LINES, parameter: record["id"]}).json["id"] for _ in range(count)]
    return f"/v1/{'contacts' if parameter == 'contact_id' else 'companies'}/{record['id']}/orders", there


def token(sender: Sender, scopes: set[str] | frozenset[str]) -> Sender:
    """A program that calls with an API token of these scopes."""
    answer = sender.post("/v1/tokens", {"name": "test", "scopes": sorted(scopes)})
    assert answer.status == 201, answer.text
    return Sender(sender.house, answer.json["secret"], sender.signed_up)


def colleague(sender: Sender, role: str) -> Sender:
    """Another user of the same tenant, signed in."""
    address = f"{uuid.uuid4().hex}@example.com"
    draft = {"name": "Colleague", "email": address, "role": role, "password": PASSWORD}
    assert sender.post("/v1/users", draft).status == 201
    answer = sender.house.stranger().post("/v1/auth/login", {"email": address, "password": PASSWORD})
    assert answer.status == 200, answer.text
    return Sender(sender.house, answer.json["access_token"], answer.json)
