"""The first campaign: a segment, a template, preflight, approval, a window in each one's own time zone, launch, pause,
resume; opens by a person and by a scanner, a bounce and a complaint by webhook, an unsubscribe; a second campaign that
leaves those out; and reports that equal a recomputation from the mailings themselves. Through every door of the house.
"""

import base64
import json
import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from chalicelib import clock
from chalicelib.models import keys
from chalicelib.models.mailing import Mailing
from chalicelib.models.table import Item, every
from tests.house import Answer, House, Sender

PASSWORD = "long enough pass"
WEBHOOK_USER = "tendril:hook secret"
READER = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15"
)
SCANNER = "Barracuda Sentinel (EE)"
MJML = """<mjml><mj-body><mj-section><mj-column>
<mj-text>Hello {{ contact.first_name | default: "friend" }}, the new engine is here.</mj-text>
<mj-button href="https://firm.example/engine?model=2">See the engine</mj-button>
<mj-text><a href="https://firm.example/prices">Prices</a> <a href="{{ unsubscribe_url }}">Unsubscribe</a></mj-text>
</mj-column></mj-section></mj-body></mjml>"""
CUSTOMERS = {
    "all": [
        {"field": "lifecycle", "op": "eq", "value": "customer"},
        {"not": [{"field": "tags", "op": "contains", "value": "quiet"}]},
    ]
}


class Firm:
    """The firm, its owner, its customers, and the time it is."""

    def __init__(self, house: House) -> None:
        self.house = house
        clock.set(datetime(2027, 4, 5, 6, 0, tzinfo=UTC))  # Monday, 8:00 in Vienna, 2:00 in New York
        self.olga = house.signup(name="Olga Owner", company="Olga & Co")
        self.users = [self.olga]
        self.mia = self.colleague()

    def colleague(self) -> Sender:
        """A manager of the firm, signed in."""
        address = f"mia-{self.olga.user[-8:].lower()}@example.com"
        made = self.post("/v1/users", {"name": "Mia", "email": address, "password": PASSWORD, "role": "manager"})
        mia = Sender(self.house, None, {"user": made, "tenant": {"id": self.olga.tenant}})
        self.users.append(mia)
        self.sign_in(mia)
        return mia

    def sign_in(self, who: Sender) -> None:
        given = {"email": who.signed_up["user"]["email"], "password": PASSWORD}
        who.token = self.house.stranger().post("/v1/auth/login", given).json["access_token"]

    def at(self, day: int, hour: int, minute: int = 0) -> None:
        """Let it be that moment (UTC) of April, with all that comes due by then."""
        clock.set(datetime(2027, 4, day, hour, minute, tzinfo=UTC))
        for who in self.users:
            self.sign_in(who)
        self.tick()

    def tick(self) -> None:
        self.house.minute()
        self.house.settle()

    def get(self, path: str) -> Any:
        answer = self.olga.get(path)
        assert answer.status == 200, answer.text
        return answer.json

    def post(self, path: str, body: Any = None, status: int = 201, by: Sender | None = None) -> Any:
        answer = (by or self.olga).post(path, body)
        assert answer.status == status, answer.text
        self.house.settle()
        return answer.json

    def put(self, path: str, body: Any) -> Any:
        answer = self.olga.call("PUT", path, body)
        assert answer.status in (200, 201), answer.text
        self.house.settle()
        return answer.json

    def person(self, name: str, zone: str, **fields: Any) -> str:
        draft = {"first_name": name.title(), "emails": [{"address": self.address(name)}], "time_zone": zone}
        return str(self.post("/v1/contacts", {**draft, "lifecycle": "customer", **fields})["id"])

    def address(self, name: str) -> str:
        return f"{name}@{self.olga.tenant[-8:].lower()}.example"

    def mailed(self) -> list[str]:
        """Who got mails of campaigns by now, by the names of their addresses."""
        ours = [mail for mail in self.house.outbox.mails if mail.to.endswith(f"{self.address('x')[1:]}")]
        return [mail.to.partition("@")[0] for mail in ours]

    def mail(self, name: str) -> Any:
        return next(mail for mail in self.house.outbox.mails if self.address(name) in mail.to)

    def hook(self, url: str, body: Any, secret: str = WEBHOOK_USER) -> Answer:
        """What the provider calls: Postmark, which proves itself by basic authentication."""
        named = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}
        answer = self.house.http("POST", urlsplit(url).path, body, named, source="3.134.147.250")
        self.house.settle()
        return answer

    def fetch(self, url: str, agent: str, method: str = "GET") -> Answer:
        """What somebody who got a link calls."""
        return self.house.http(method, urlsplit(url).path, None, {"User-Agent": agent})

    def run(self, campaign_id: str) -> None:
        """Ticks until nothing is left to do now."""
        for _ in range(3):
            self.tick()


def told(firm: Firm, kind: str, name: str, **more: Any) -> dict[str, Any]:
    """An event as Postmark tells it."""
    mail = firm.mail(name)
    return {
        "RecordType": kind,
        "MessageID": f"pm-{name}",
        ("Recipient" if kind in ("Delivery", "SubscriptionChange") else "Email"): mail.to,
        "Metadata": dict(mail.tags),
        **more,
    }


def links(html: str) -> list[str]:
    return [url.replace("&amp;", "&") for url in re.findall(r'href="([^"]+)"', html)]


def pixel(html: str) -> str:
    return next(url for url in re.findall(r'src="([^"]+)"', html) if "/t/o/" in url)


def counted(firm: Firm, campaign_id: str, people: list[str]) -> Counter[str]:
    """The report, added up anew from the mailings in the contacts' own collections."""
    found: Counter[str] = Counter()
    for contact_id in people:
        partition = keys.partition("mailing", tenant=firm.olga.tenant, contact=contact_id)
        for one in every(partition, where=Item.sk.startswith("MAIL#")):
            if not isinstance(one, Mailing) or one.campaign_id != campaign_id:
                continue
            found["audience"] += 1
            found[one.status] += 1
            seen = one.seen or {}
            names = ("delivered", "opened", "opened_human", "clicked", "clicked_human", "unsubscribed", "complained")
            found.update(name for name in (*names, "bounced") if seen.get(name))
    return found


def test_the_first_campaign(house: House) -> None:
    firm = Firm(house)
    vienna = [firm.person(name, "Europe/Vienna") for name in ("ada", "ben", "cleo", "finn", "gus")]
    york = [firm.person(name, "America/New_York") for name in ("dan", "eve", "hal")]
    firm.person("ivy", "Europe/Vienna", tags=["quiet"])
    firm.person("joe", "Europe/Vienna", lifecycle="lead")
    people = vienna + york
    firm.put(f"/v1/suppressions/{firm.address('eve')}", {"reason": "manual"})

    # A segment, looked at before it is kept; it follows what happens.
    preview = firm.post("/v1/segments/preview", {"rule": CUSTOMERS}, status=200)
    assert (preview["size"], len(preview["sample"])) == (8, 8)
    segment = firm.post("/v1/segments", {"name": "Customers", "kind": "dynamic", "rule": CUSTOMERS})
    firm.tick()
    members = {
        row["id"] if "id" in row else row["contact_id"]
        for row in firm.get(f"/v1/segments/{segment['id']}/members")["data"]
    }
    assert members == set(people)

    # A template that lacks the way out is told of by preflight, and keeps the campaign from being launched.
    firm.put("/v1/topics/news", {"label": "News"})
    template = firm.post(
        "/v1/templates", {"name": "Engine", "subject": "{{ contact.first_name }}, look", "html": "<p>Hi</p>"}
    )
    campaign = firm.post(
        "/v1/campaigns",
        {
            "name": "The new engine",
            "segment_id": segment["id"],
            "template_id": template["id"],
            "from": "Olga <olga@firm.example>",
            "topic": "news",
            "send_window": {"hours": {"mon": [["09:00", "17:00"]]}, "zone": "contact"},
            "tracking": {"opens": True, "clicks": True, "utm": {"source": "tendril", "campaign": "engine"}},
        },
    )
    path = f"/v1/campaigns/{campaign['id']}"
    lint = firm.post(f"{path}/preflight", status=200)["lint"]
    assert any(one["severity"] == "error" and "nsubscribe" in one["message"] for one in lint)
    assert firm.olga.post(f"{path}/launch").status == 409
    answer = firm.olga.patch(f"/v1/templates/{template['id']}", {"mjml": MJML, "html": None})
    assert answer.status == 200, answer.text
    shown = firm.post(f"/v1/templates/{template['id']}/preview", {"contact_id": vienna[0]}, status=200)
    assert (shown["subject"], "Hello Ada" in shown["html"], "See the engine" in shown["text"]) == (
        "Ada, look",
        True,
        True,
    )

    before = firm.post(f"{path}/preflight", status=200)
    assert before["audience"] == 8
    assert {one["rule"]: one["count"] for one in before["excluded"] if one["count"]} == {"manual": 1}
    assert not [one for one in before["lint"] if one["severity"] == "error"]
    assert before["cost"]["usd"] > 0
    assert before["duration_seconds"] >= 7 * 3600 - 60  # New York opens at 13:00 UTC; it is six

    # Somebody else has to agree.
    assert firm.olga.patch("/v1/settings", {"campaign_approval": True}).status == 200
    assert firm.olga.post(f"{path}/launch").status == 409
    assert firm.olga.post(f"{path}/approve").status == 403
    firm.post(f"{path}/approve", by=firm.mia, status=200)
    firm.post(f"{path}/launch", status=200)
    firm.run(campaign["id"])
    assert firm.mailed() == []  # nobody's window is open
    assert firm.get(path)["status"] == "running"

    firm.at(5, 7, 1)
    firm.run(campaign["id"])
    assert sorted(firm.mailed()) == ["ada", "ben", "cleo", "finn", "gus"]
    firm.post(f"{path}/pause", status=200)
    firm.at(5, 13, 5)
    firm.run(campaign["id"])
    assert len(firm.mailed()) == 5
    assert firm.olga.post(f"{path}/resume").status == 200
    firm.post(f"{path}/resume", status=200)  # twice is once
    firm.run(campaign["id"])
    assert sorted(firm.mailed()) == ["ada", "ben", "cleo", "dan", "finn", "gus", "hal"]
    assert firm.get(path)["status"] == "finished"
    got = firm.mail("ada")
    assert got.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert "utm_source=tendril" not in got.html  # it is inside the signed link
    assert got.subject == "Ada, look"

    # What the provider tells: deliveries, a bounce, a complaint; a forged call changes nothing.
    hook = firm.put("/v1/settings/providers/postmark", {"basic_auth": WEBHOOK_USER})["hook_url"]
    at = clock.stamp()
    for name in ("ada", "ben", "dan", "finn", "gus"):
        assert firm.hook(hook, told(firm, "Delivery", name, DeliveredAt=at)).status == 200
    bounce = told(firm, "Bounce", "cleo", ID=4323372036854775807, Type="HardBounce", BouncedAt=at)
    assert firm.hook(hook, bounce, secret="tendril:guessed").status in (401, 403)
    assert firm.hook(hook, bounce).status == 200
    assert firm.hook(hook, bounce).status == 200  # told twice
    complaint = told(firm, "SpamComplaint", "gus", BouncedAt=at)
    assert firm.hook(hook, complaint).status == 200

    # A person opens and clicks; a scanner opens and clicks everything at once.
    firm.at(6, 8)
    human, scanned = firm.mail("ada").html, firm.mail("ben").html
    assert firm.fetch(pixel(human), READER).status == 200
    clock.set(datetime(2027, 4, 6, 8, 1, tzinfo=UTC))
    led = firm.fetch(next(url for url in links(human) if "/t/c/" in url), READER)
    assert (led.status, led.headers["Location"]) == (
        302,
        "https://firm.example/engine?model=2&utm_source=tendril&utm_campaign=engine",
    )
    firm.fetch(pixel(scanned), SCANNER)
    for url in links(scanned):
        firm.fetch(url, SCANNER)
        firm.fetch(url, SCANNER, "HEAD")
    house.settle()

    # The link to unsubscribe was fetched by the scanner, and Ben is still there; Finn asks to leave.
    assert firm.olga.get(f"/v1/suppressions/{firm.address('ben')}").status == 404
    way_out = re.fullmatch(r"<(https?://[^>]+)>.*", firm.mail("finn").headers["List-Unsubscribe"])
    assert way_out is not None
    one_click = {"Content-Type": "application/x-www-form-urlencoded"}
    left = house.http("POST", urlsplit(way_out[1]).path, b"List-Unsubscribe=One-Click", one_click)
    assert left.status == 200
    house.settle()

    report = firm.get(f"{path}/report")
    truth = counted(firm, campaign["id"], people)
    assert {name: report[name] for name in truth} == dict(truth)
    assert report["sent"] + report["failed"] + report["suppressed"] + report["unknown"] == report["audience"] == 8
    assert {
        name: report[name] for name in ("sent", "suppressed", "delivered", "bounced", "complained", "unsubscribed")
    } == {
        "sent": 7,
        "suppressed": 1,
        "delivered": 5,
        "bounced": 1,
        "complained": 1,
        "unsubscribed": 1,
    }
    assert (report["opened"], report["opened_human"], report["clicked"], report["clicked_human"]) == (2, 1, 2, 1)
    assert report["cost"]["usd"] > 0
    spent = {row["group"]: row for row in firm.get("/v1/usage?group_by=campaign")["data"]}
    assert spent[campaign["id"]]["write_units"] > 14  # a claim and an outcome each, and more
    events = firm.get(f"/v1/mail-events?recipient={firm.address('cleo')}")["data"]
    assert [(one["type"], one["bounce"], one["campaign_id"]) for one in events] == [("bounced", "hard", campaign["id"])]
    kinds = {entry["kind"] for entry in firm.get(f"/v1/contacts/{vienna[3]}/timeline")["data"]}
    assert "mail.unsubscribed" in kinds

    # The second campaign leaves those out.
    again = firm.post(
        "/v1/campaigns", {"name": "Again", **{k: campaign[k] for k in ("segment_id", "template_id", "from", "topic")}}
    )
    path = f"/v1/campaigns/{again['id']}"
    firm.post(f"{path}/approve", by=firm.mia, status=200)
    mailed = Counter(firm.mailed())
    firm.post(f"{path}/launch", status=200)
    firm.run(again["id"])
    assert sorted((Counter(firm.mailed()) - mailed).elements()) == ["ada", "ben", "dan", "hal"]
    rows = firm.get(f"{path}/recipients?status=suppressed")["data"]
    assert {row["contact_id"]: row["reason"] for row in rows} == {
        vienna[2]: "hard_bounce",
        vienna[3]: "unsubscribed",
        vienna[4]: "complaint",
        york[1]: "manual",
    }
    second = firm.get(f"{path}/report")
    assert (second["audience"], second["sent"], second["suppressed"]) == (8, 4, 4)
    assert firm.get(path)["status"] == "finished"
    assert json.dumps(firm.get(f"/v1/campaigns/{campaign['id']}/report")) == json.dumps(report)
