"""Preflight: the same answer as sending gives, before anything is sent - who, who not and why, how long, how much."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.models.campaign import Campaign
from chalicelib.models.contact import Contact
from chalicelib.models.settings import Settings
from chalicelib.models.writes import put_all
from chalicelib.services import campaign_price, campaign_timing, pace, preflight, usage, windows
from tests import mailshots
from tests.campaigning import HTML, act, bare_segment, bare_template, campaign, segment
from tests.house import House, Sender

MONDAY = datetime(2026, 3, 9, 12, tzinfo=UTC)
DAY = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
SHAPE = {"audience", "excluded", "lint", "duration_seconds", "cost"}


def flown(sender: Sender, made: Any) -> Any:
    answer = sender.post(f"/v1/campaigns/{made['id']}/preflight")
    assert answer.status == 200, answer.text
    assert answer.json.keys() == SHAPE
    assert answer.json["cost"].keys() == {"usd", "read_units", "write_units", "ms"}
    return answer.json


def rules(found: Any) -> dict[str, int]:
    return {one["rule"]: one["count"] for one in found["excluded"]}


def lint(found: Any, severity: str) -> dict[str, str]:
    return {one["pointer"]: one["message"] for one in found["lint"] if one["severity"] == severity}


def people(sender: Sender, count: int, **fields: Any) -> list[str]:
    """So many contacts with an address of their own."""
    made = [mailshots.contact(sender.tenant, **fields) for _ in range(count)]
    put_all(made)
    return [one.id for one in made]


def addressed(sender: Sender, address: str, **fields: Any) -> str:
    """A contact with this address."""
    one: Contact = mailshots.contact(sender.tenant, address, **fields)
    put_all([one])
    return str(one.id)


class TestWho:
    def test_each_rule_says_how_many_it_leaves_out(self, owner: Sender) -> None:
        quiet = {"preferences": {"channels": {"email": False}, "topics": {}}}
        there = [
            *people(owner, 3),
            *people(owner, 2, **quiet),
            addressed(owner, ""),
            addressed(owner, "twin@x.example"),
            addressed(owner, "twin@x.example"),
            addressed(owner, "TWIN@x.example"),
        ]
        found = flown(owner, campaign(owner, segment_id=segment(owner, *there)))
        assert found["audience"] == 9
        assert rules(found) == {"channel_off": 2, "duplicate_address": 2, "no_address": 1}
        assert found["excluded"][0]["count"] >= found["excluded"][-1]["count"]

    def test_a_frequency_cap_counts_what_was_sent(self, house: House, owner: Sender) -> None:
        there = people(owner, 4)
        made = campaign(owner, segment_id=segment(owner, *there))
        assert owner.patch("/v1/settings", {"frequency_cap": {"count": 1, "days": 7}}).status == 200
        for one in there[:3]:
            mailed(owner.tenant, one)
        assert rules(flown(owner, made)) == {"frequency_cap": 3}
        clock.advance(8 * 24 * 3600)
        assert preflight.run(actor(owner), made["id"]).excluded == []  # type: ignore[union-attr]  # a small one

    def test_nothing_of_it_is_kept(self, house: House, owner: Sender) -> None:
        made = campaign(owner, segment_id=segment(owner, *people(owner, 2)))
        before = owner.get(f"/v1/campaigns/{made['id']}").json
        answer = owner.post(f"/v1/campaigns/{made['id']}/preflight")
        assert answer.cost["wru"] == 0
        assert owner.get(f"/v1/campaigns/{made['id']}").json == before
        assert house.outbox.mails == []

    def test_a_large_audience_is_a_jobs(self, house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
        there = [
            *people(owner, 7),
            addressed(owner, ""),
            addressed(owner, "a@x.example"),
            addressed(owner, "a@x.example"),
        ]
        made = campaign(owner, segment_id=segment(owner, *there))
        house.settle()  # how many contacts there are is said by then, and so is the share of them
        at_once = flown(owner, made)
        monkeypatch.setattr(preflight, "AT_ONCE", 5)
        monkeypatch.setattr(preflight, "_STEP", 4)
        begun = owner.post(f"/v1/campaigns/{made['id']}/preflight")
        assert (begun.status, begun.json["kind"]) == (202, "preflight")
        assert begun.headers["Location"].endswith(f"/v1/jobs/{begun.json['id']}")
        house.settle()
        job = owner.get(f"/v1/jobs/{begun.json['id']}").json
        assert (job["status"], job["progress"]) == ("succeeded", {"done": 10, "total": 10})
        by_job = json.loads(Path(unquote(urlsplit(job["result_url"]).path)).read_text())
        assert by_job == at_once

    def test_a_step_done_again_says_the_same(
        self, house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        there = [*people(owner, 5), addressed(owner, "a@x.example"), addressed(owner, "a@x.example")]
        made = campaign(owner, segment_id=segment(owner, *there))
        wanted = flown(owner, made)
        monkeypatch.setattr(preflight, "AT_ONCE", 1)
        monkeypatch.setattr(preflight, "_STEP", 2)
        owner.post(f"/v1/campaigns/{made['id']}/preflight")
        (job,) = mailshots.jobs_of(owner.tenant, preflight.KIND)
        for _ in range(20):
            state = json.dumps(job.state)
            preflight.step(job)
            job.state = json.loads(state)  # the worker died before it was kept
            if preflight.step(job):
                break
        assert job.done == 7
        job.state = json.loads(state)
        assert preflight.step(job) is True
        from chalicelib.adapters import storage

        assert json.loads(storage.get(str(job.result_key))) == wanted


class TestLint:
    def test_what_lacks_all_is_told_all(self, owner: Sender) -> None:
        made = owner.post("/v1/campaigns", {"name": "Spring"}).json
        found = flown(owner, made)
        assert lint(found, "error").keys() == {"/segment_id", "/template_id"}
        assert lint(found, "warning").keys() == {"/from"}
        assert lint(found, "info").keys() == {"/seeds"}
        assert (found["audience"], found["excluded"], found["duration_seconds"]) == (0, [], 0)
        assert [one["severity"] for one in found["lint"]] == ["error", "error", "warning", "info"]

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"html": "<p>Hello</p>"}, "/template/html"),
            ({"html": HTML, "subject": None}, "/template/subject"),
            ({"html": HTML, "subject": "{{ campaign.topic }}"}, "/template/subject"),
            ({"html": HTML + "{{ contact.nmae }}"}, "/template/html"),
            ({"html": HTML + '<a href="/offer">Offer</a>'}, "/template/html"),
            ({"html": HTML + '<a href="www.x.example">Offer</a>'}, "/template/html"),
            ({"html": "{% if contact.title %}" + HTML + "{% endif %}<p>Bye</p>"}, "/template/html"),
            ({"text": "Hello", "html": HTML}, "/template/text"),
        ],
    )
    def test_a_template_that_must_not_be_sent(self, owner: Sender, fields: Any, pointer: str) -> None:
        template = bare_template(owner.tenant, **{"subject": "News", **fields})
        made = campaign(owner, template_id=template)
        assert pointer in lint(flown(owner, made), "error")
        refused = owner.post(f"/v1/campaigns/{made['id']}/launch")
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (409, pointer)

    def test_what_a_partial_says_counts(self, owner: Sender) -> None:
        partial = {"kind": "partial", "subject": None, "name": "footer"}
        bare_template(owner.tenant, html='<a href="imprint.html">Imprint</a>', **partial)
        template = bare_template(owner.tenant, html=HTML + "{% render 'footer' %}")
        found = lint(flown(owner, campaign(owner, template_id=template)), "error")
        assert "imprint.html" in found["/template/html"]

    def test_an_audience_of_nobody_and_one_that_is_not_complete(self, owner: Sender) -> None:
        empty = campaign(owner, segment_id=bare_segment(owner.tenant, members=0))
        assert "Nobody" in lint(flown(owner, empty), "error")["/segment_id"]
        filling = campaign(owner, segment_id=bare_segment(owner.tenant, building="job_x"))
        assert "/segment_id" in lint(flown(owner, filling), "error")

    def test_too_large_a_share_of_all_contacts_is_a_warning(self, house: House, owner: Sender) -> None:
        there = [owner.contact()["id"] for _ in range(4)]
        house.settle()
        made = campaign(owner, segment_id=segment(owner, *there[:2]))
        assert "/segment_id" not in lint(flown(owner, made), "warning")
        assert owner.patch("/v1/settings", {"campaign_share": 49}).status == 200
        assert "2 of 4" in lint(flown(owner, made), "warning")["/segment_id"]

    def test_a_topic_that_nobody_can_choose_is_a_warning(self, owner: Sender) -> None:
        owner.call("PUT", "/v1/topics/news", {"label": "News"})
        made = campaign(owner, topic="news", segment_id=segment(owner, *people(owner, 1)))
        assert "/topic" not in lint(flown(owner, made), "warning")
        assert owner.delete("/v1/topics/news").status == 204
        assert "/topic" in lint(flown(owner, made), "warning")

    def test_a_mail_that_does_not_say_where_the_firm_is_is_a_warning(self, owner: Sender) -> None:
        said = HTML + "{{ firm.address }}"
        htmls = {
            "silent": HTML,
            "said": said,
            "literal": HTML + "<b>1 Mill</b><br>LANE &amp; Co",
            "to some": f"{HTML}{{% if contact.title %}}{said}{{% endif %}}",
        }
        made = {name: campaign(owner, template_id=bare_template(owner.tenant, name=name, html=html))
                for name, html in htmls.items()}  # fmt: skip

        def warned() -> set[str]:
            found = {name: str(flown(owner, one)["lint"]) for name, one in made.items()}
            return {name for name, text in found.items() if "postal address" in text}

        assert warned() == htmls.keys()
        assert owner.patch("/v1/settings", {"address": "1 Mill Lane\n& Co"}).status == 200
        assert warned() == {"silent", "to some"}

    def test_a_limit_that_is_reached_before_the_end_is_a_warning(self, owner: Sender) -> None:
        made = campaign(owner, segment_id=segment(owner, *people(owner, 3)), max_cost=250)
        assert "after 2 of 3" in lint(flown(owner, made), "warning")["/max_cost"]
        owner.patch(f"/v1/campaigns/{made['id']}", {"max_cost": 1000})
        assert "/max_cost" not in lint(flown(owner, made), "warning")

    def test_an_approval_that_is_wanted_is_an_error(self, owner: Sender) -> None:
        made = campaign(owner)
        assert owner.patch("/v1/settings", {"campaign_approval": True}).status == 200
        assert "/approval" in lint(flown(owner, made), "error")

    def test_another_firms_is_not_there(self, house: House, owner: Sender) -> None:
        made = campaign(owner)
        assert house.signup().post(f"/v1/campaigns/{made['id']}/preflight").status == 404


class TestTime:
    def test_it_takes_as_long_as_the_rate_says(self) -> None:
        assert seconds({"": 100}, rate=4) == 25
        assert seconds({"": 100}, rate=10**6) == 100 / pace.limit(None)  # the provider takes no more
        assert seconds({}, rate=4) == 0

    def test_it_waits_for_the_window(self) -> None:
        window = {"hours": DAY, "holidays": ["2026-03-10"], "zone": "UTC"}
        assert seconds({"": 100}, rate=1, window=window) == 100
        evening = MONDAY + timedelta(hours=6)
        assert seconds({"": 100}, rate=1, window=window, start=evening) == 39 * 3600 + 100  # Tuesday is a holiday
        # Five hours are left of Monday, the rest comes on Wednesday.
        whole = 5 * 3600 + 60
        assert seconds({"": whole}, rate=1, window=window) == pytest.approx((21 + 24) * 3600 + 60)

    def test_each_zone_has_its_own_day(self) -> None:
        window = {"hours": DAY, "holidays": [], "zone": "contact"}
        zones = {"Europe/Vienna": 60, "America/New_York": 60, "": 60, "Nowhere/Gone": 60}
        # In New York it opens an hour later, as it has its summer time already.
        assert seconds(zones, rate=1, window=window) == 3600 + 60
        fixed = {**window, "zone": "America/New_York"}
        assert seconds(zones, rate=1, window=fixed) == 3600 + 240

    @given(
        people=st.dictionaries(
            st.sampled_from(["Asia/Tokyo", "Europe/London", "America/Los_Angeles", "Asia/Kathmandu", ""]),
            st.integers(0, 30_000),
            max_size=5,
        ),
        speed=st.integers(1, 14),
        start=st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31)).map(lambda one: one.replace(tzinfo=UTC)),
    )
    @settings(max_examples=60)
    def test_it_ends_neither_before_it_can_nor_later_than_it_must(
        self, people: dict[str, int], speed: int, start: datetime
    ) -> None:
        window = {"hours": DAY, "holidays": [], "zone": "contact"}
        took = seconds(people, rate=speed, window=window, start=start)
        mails = sum(people.values())
        opening = max((opens(window, zone, start) for zone, some in people.items() if some), default=start)
        assert took >= mails / speed - 1
        assert took >= (opening - start).total_seconds()
        # Whoever sends one zone after the other needs longer, or as long.
        alone = sum(seconds({zone: some}, rate=speed, window=window, start=start) for zone, some in people.items())
        assert took <= alone + 7 * 24 * 3600 * bool(mails)

    def test_a_million_take_days_and_no_time_to_work_out(self) -> None:
        window = {"hours": DAY, "holidays": [], "zone": "contact"}
        from zoneinfo import available_timezones

        zones = {zone: 2000 for zone in sorted(available_timezones()) if "/" in zone}
        began = clock.ticks()
        took = seconds(zones, rate=14, window=window)
        assert took > sum(zones.values()) / 14
        assert clock.ticks() - began < 5


class TestPrice:
    def test_it_is_what_sending_takes(self, house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MAIL_RATE", "1000")
        owner.call("PUT", "/v1/topics/news", {"label": "News"})
        made = campaign(
            owner, segment_id=segment(owner, *people(owner, 110)), seeds=[], topic="news", max_cost=9_000_000
        )
        house.settle()
        said = flown(owner, made)
        before = units(owner)
        act(owner, made, "launch")
        house.settle()
        took = [now - then for now, then in zip(units(owner), before, strict=True)]
        assert owner.get(f"/v1/campaigns/{made['id']}").json["status"] == "finished"
        assert said["cost"]["read_units"] == pytest.approx(took[0], rel=0.05)
        assert said["cost"]["write_units"] == pytest.approx(took[1], rel=0.05)

    def test_it_grows_with_the_audience(self) -> None:
        firm = Settings(time_zone="UTC")
        one, many = (campaign_price.price(bare(), firm, count, count) for count in (1_000, 1_000_000))
        assert many.read_units == pytest.approx(one.read_units * 1000, rel=0.02)
        assert many.usd > one.usd * 950
        own = many.usd - campaign_price.fee(1_000_000)
        assert own > 0

    def test_who_gets_none_costs_no_mail(self) -> None:
        firm = Settings(time_zone="UTC")
        all_sent = campaign_price.price(bare(), firm, 1000, 1000)
        half = campaign_price.price(bare(), firm, 1000, 500)
        assert half.usd < all_sent.usd
        assert campaign_price.fee(500) == pytest.approx(0.05)

    def test_a_cap_and_a_limit_cost_something(self) -> None:
        plain = campaign_price.price(bare(), Settings(), 1000, 1000)
        capped = campaign_price.price(bare(), Settings(frequency_cap={"count": 1, "days": 1}), 1000, 1000)
        limited = campaign_price.price(bare(max_cost=1, topic="news"), Settings(), 1000, 1000)
        assert capped.read_units - plain.read_units == 1000
        assert limited.write_units > plain.write_units


def units(sender: Sender) -> tuple[float, float]:
    """What the firm's bill has by now, without what was read to see it."""
    usage.flush()
    rows = sender.get("/v1/usage?group_by=purpose").json["data"]
    kept = [row for row in rows if not row["group"].startswith("GET ")]
    return sum(row["read_units"] for row in kept), sum(row["write_units"] for row in kept)


def bare(**fields: Any) -> Campaign:
    return Campaign(id="cam_x", tenant="ten_x", label="Spring", **fields)


def seconds(zones: dict[str, int], *, rate: float, window: Any = None, start: datetime = MONDAY) -> float:
    one = bare(rate=rate, window=window)
    return campaign_timing.seconds(one, zones, Settings(time_zone="UTC"), start)


def opens(window: Any, zone: str, at: datetime) -> datetime:
    return windows.opens(window, zone or None, Settings(time_zone="UTC"), at)


def actor(sender: Sender) -> Any:
    from chalicelib.schemas.actor import Actor

    return Actor(sender.tenant, sender.user, "owner")


def mailed(tenant: str, contact_id: str) -> None:
    """A mail of another campaign went to him now."""
    from chalicelib import ids
    from chalicelib.models.mailing import Mailing, outcome
    from chalicelib.models.writes import Step, transact

    one = Mailing.at(tenant, contact_id, ids.new("run"))
    one.campaign_id, one.claim, one.claimed_at = ids.new("cam"), "c", clock.stamp()
    one.outcome = outcome("sent", clock.stamp())
    transact(Step("save", one))
