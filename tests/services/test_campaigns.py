"""Campaigns: what can be written when, which step of life follows which, who has to approve, and when they are due."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors, ids
from chalicelib.models import moments
from chalicelib.models.moment import Moment
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.campaign import CampaignDraft, Start
from chalicelib.services import campaign_states, campaigns, dispatch, due, launching, permissions
from chalicelib.services.campaign_states import STATES
from tests import mailshots
from tests.campaigning import act, bare_segment, bare_template, campaign, draft, edited
from tests.contract.calling import colleague
from tests.house import Answer, House, Sender

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
SOON = "2026-03-10T15:00:00.000Z"
LATER = "2026-03-11T09:30:00.000Z"
WINDOW = {"hours": {"mon": [["09:00", "12:00"]]}, "holidays": ["2026-12-25"], "zone": "contact"}
WHO = {"launch": {}, "pause": {}, "resume": {}, "cancel": {}, "unschedule": {}, "retry": {}, "schedule": {"at": LATER}}


def path(made: Any) -> str:
    return f"/v1/campaigns/{made['id']}"


def now(sender: Sender, made: Any) -> Any:
    """As it is; also when the sender's session has ended, as clocks are set forward here."""
    return msgspec.to_builtins(campaigns.view(campaigns.load(sender.tenant, made["id"], consistent=True)))


def refused(answer: Answer, status: int, pointer: str | None = None) -> None:
    assert answer.status == status, answer.text
    if pointer is not None:
        assert pointer in [one["pointer"] for one in answer.json["errors"]], answer.text


def manager(owner: Sender) -> Sender:
    return colleague(owner, "manager")


class Firm:
    """A firm without HTTP, for many short stories; and what the table says of each step."""

    def __init__(self) -> None:
        self.actor = Actor(ids.new("ten"), ids.new("usr"), "owner", permissions.ALL)
        self.parts: dict[str, Any] = {
            "segment_id": bare_segment(self.actor.tenant),
            "template_id": bare_template(self.actor.tenant),
        }

    def draft(self) -> CampaignDraft:
        return CampaignDraft(name="Spring", **self.parts)

    def take(self, verb: str, campaign_id: str, status: str) -> str:
        """Take a step, or be refused; the state that follows."""
        row = STATES["launch" if verb == "come" else verb]
        if verb == "come":  # a moment that comes again, whatever happened meanwhile
            moment = Moment(tenant=self.actor.tenant, subject_id=campaign_id, what=launching.WHAT, at=LATER)
            launching.come(moment)
            if status == "scheduled":  # `due` removes it then
                transact(Step("delete", moment_of(moment)))
            return "running" if status == "scheduled" else status
        allowed = status in row.sources or (row.stays and status == row.target)
        try:
            self._do(verb, campaign_id)
        except errors.Conflict:
            assert not allowed
            return status
        assert allowed
        return row.target

    def _do(self, verb: str, campaign_id: str) -> None:
        if verb == "finish":
            campaign_states.move(self.actor.tenant, campaign_id, verb, "system")
        elif verb == "schedule":
            launching.schedule(self.actor, campaign_id, Start(at=clock.parse(LATER)), None, "https://crm.test")
        elif verb == "launch":
            launching.launch(self.actor, campaign_id, None, "https://crm.test")
        else:
            getattr(launching, verb)(self.actor, campaign_id, None)


def moment_of(moment: Moment) -> Moment:
    moment.keys()
    return moment


@pytest.fixture(scope="module")
def firm(engine: str) -> Firm:
    return Firm()


class TestWhatIsWritten:
    def test_it_is_read_as_it_was_written(self, owner: Sender) -> None:
        fields = {
            "from": "News <news@firm.example>",
            "reply_to": "ada@firm.example",
            "topic": "news",
            "send_window": WINDOW,
            "rate": 2.5,
            "concurrency": 3,
            "max_cost": 5_000_000,
            "priority": 7,
            "tracking": {"opens": False, "clicks": True, "utm": {"source": "mail"}},
            "seeds": ["qa@firm.example", "boss@firm.example"],
        }
        assert owner.post("/v1/campaigns", draft(owner, **fields)).json["errors"][0]["pointer"] == "/topic"
        owner.call("PUT", "/v1/topics/news", {"label": "News"})
        made = campaign(owner, **fields)
        assert {name: made[name] for name in fields} == fields
        assert (made["status"], made["ab"], made["approval"]["state"]) == ("draft", {}, "none")
        assert owner.get(path(made)).json == made
        assert [one["id"] for one in owner.get("/v1/campaigns").json["data"]] == [made["id"]]

    def test_the_newest_is_listed_first(self, owner: Sender) -> None:
        made = [campaign(owner)["id"] for _ in range(3)]
        assert [one["id"] for one in owner.get("/v1/campaigns").json["data"]] == made[::-1]

    def test_a_name_is_enough_for_a_draft(self, owner: Sender) -> None:
        made = owner.post("/v1/campaigns", {"name": "Spring"})
        assert made.status == 201
        assert made.json["tracking"] == {"opens": True, "clicks": True, "utm": None}

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"ab": {"share": 10}}, "/ab"),
            ({"from": "nobody"}, "/from"),
            ({"from": "a@x.example, b@x.example"}, "/from"),
            ({"from": "a@x.example\r\nBcc: b@x.example"}, "/from"),
            ({"reply_to": "<>x"}, "/reply_to"),
            ({"segment_id": "seg_x"}, "/segment_id"),
            ({"template_id": "tpl_x"}, "/template_id"),
            ({"send_window": {"zone": "Mars/Base"}}, "/send_window/zone"),
            ({"send_window": {"hours": {}}}, "/send_window/hours"),
            ({"send_window": {"hours": {"mon": [["12:00", "09:00"]]}}}, "/send_window/hours/mon/0"),
            ({"send_window": {"holidays": ["2026-02-30"]}}, "/send_window/holidays/0"),
            ({"rate": 0}, "/rate"),
            ({"max_cost": 0}, "/max_cost"),
            ({"max_cost": 1.5}, "/max_cost"),
            ({"seeds": ["not an address"]}, "/seeds"),
            ({"name": " "}, "/name"),
            ({"status": "running"}, "/status"),
        ],
    )
    def test_what_no_campaign_can_be(self, owner: Sender, fields: Any, pointer: str) -> None:
        answer = owner.post("/v1/campaigns", {"name": "Spring", **fields})
        assert answer.status == 422, answer.text
        assert answer.json["errors"][0]["pointer"].startswith(pointer)

    def test_another_firms_segment_and_template_are_not_there(self, house: House, owner: Sender) -> None:
        theirs = house.signup()
        refused(owner.post("/v1/campaigns", {"name": "S", "segment_id": bare_segment(theirs.tenant)}), 422)
        refused(owner.post("/v1/campaigns", {"name": "S", "template_id": bare_template(theirs.tenant)}), 422)

    def test_a_patch_clears_and_merges(self, owner: Sender) -> None:
        made = campaign(owner, send_window=WINDOW, rate=5)
        changed = owner.patch(path(made), {"rate": None, "send_window": {"zone": "Europe/Vienna"}, "from": None})
        assert changed.status == 200, changed.text
        assert (changed.json["rate"], changed.json["from"]) == (None, None)
        assert changed.json["send_window"] == {**WINDOW, "zone": "Europe/Vienna"}
        refused(owner.patch(path(made), {"name": None}), 422, "/name")
        refused(owner.patch(path(made), {"rate": 1}, If_Match='"1"'), 412)

    def test_what_can_be_changed_depends_on_the_state(self, owner: Sender) -> None:
        made = campaign(owner)
        edited(owner.tenant, made["id"], status="paused", run="run_01HX5ZZKBKACTAV9WEVGEMMVRZ")
        assert owner.patch(path(made), {"rate": 3, "max_cost": 9_000_000}).status == 200
        refused(owner.patch(path(made), {"template_id": None}), 409)
        for status in ("running", "finished", "cancelled"):
            edited(owner.tenant, made["id"], status=status)
            refused(owner.patch(path(made), {"rate": 4}), 409)
        assert now(owner, made)["rate"] == 3

    def test_what_is_under_way_is_not_thrown_away(self, owner: Sender) -> None:
        made = campaign(owner)
        for status in ("scheduled", "running", "paused"):
            edited(owner.tenant, made["id"], status=status)
            refused(owner.delete(path(made)), 409)
        edited(owner.tenant, made["id"], status="cancelled")
        assert owner.delete(path(made)).status == 204
        assert owner.get(path(made)).status == 404
        assert owner.get("/v1/campaigns").json["data"] == []
        assert owner.post(f"{path(made)}/restore").json["status"] == "cancelled"


class TestSteps:
    @pytest.mark.parametrize("status", ["draft", "scheduled", "running", "paused", "finished", "cancelled"])
    def test_each_step_from_each_state(self, owner: Sender, status: str) -> None:
        clock.set(NOON)
        parts = {"segment_id": bare_segment(owner.tenant), "template_id": bare_template(owner.tenant)}
        fields: dict[str, Any] = {"scheduled_at": SOON} if status == "scheduled" else {}
        if status not in ("draft", "scheduled"):
            fields = {"launched_at": SOON, "shards": 1, "audience": 1}
        for verb, body in WHO.items():
            made = campaign(owner, **parts)
            fields |= {"run": ids.new("run")} if "launched_at" in fields else {}
            edited(owner.tenant, made["id"], status=status, **fields)
            before = now(owner, made)
            answer = owner.post(f"{path(made)}/{verb}", body)
            row = STATES[verb]
            if status in row.sources:
                assert (answer.status, answer.json["status"]) == (200, row.target), answer.text
            elif row.stays and status == row.target:
                assert (answer.status, answer.json) == (200, before)
            else:
                refused(answer, 409)
                assert answer.json["state"] == status
                assert now(owner, made) == before

    def test_launched_twice_it_is_one_run(self, owner: Sender) -> None:
        made = campaign(owner)
        first = act(owner, made, "launch")
        assert first["status"] == "running"
        run = campaigns.load(owner.tenant, made["id"]).run
        assert act(owner, made, "launch") == first
        assert campaigns.load(owner.tenant, made["id"]).run == run
        assert first["launched_by"] == owner.user

    def test_one_who_saw_another_version_is_told(self, owner: Sender) -> None:
        made = campaign(owner)
        owner.patch(path(made), {"rate": 5})
        refused(owner.post(f"{path(made)}/launch", If_Match='"1"'), 412)

    @pytest.mark.parametrize("lacks", ["segment_id", "template_id"])
    def test_what_lacks_something_is_not_launched(self, owner: Sender, lacks: str) -> None:
        clock.set(NOON)
        made = campaign(owner)
        owner.patch(path(made), {lacks: None})
        refused(owner.post(f"{path(made)}/launch"), 409, f"/{lacks}")
        refused(owner.post(f"{path(made)}/schedule", {"at": LATER}), 409, f"/{lacks}")
        assert now(owner, made)["status"] == "draft"

    def test_a_segment_that_is_being_filled_is_waited_for(self, owner: Sender) -> None:
        made = campaign(owner, segment_id=bare_segment(owner.tenant, building="job_x"))
        refused(owner.post(f"{path(made)}/launch"), 409, "/segment_id")

    def test_what_is_kept_is_what_was_checked(self, owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
        made, launch, seen = campaign(owner), dispatch.launch, list[str]()

        def meanwhile(one: Any) -> Any:
            if not seen:
                answer = owner.patch(f"/v1/templates/{made['template_id']}", {"subject": "Changed"})
                assert answer.status == 200, answer.text
            seen.append(one.id)
            return launch(one)

        monkeypatch.setattr(dispatch, "launch", meanwhile)
        act(owner, made, "launch")
        frozen = campaigns.load(owner.tenant, made["id"], consistent=True).frozen
        assert (len(seen), frozen["template"]["subject"]) == (2, "Changed")

    def test_an_empty_segment_may_be_filled_until_its_time(self, owner: Sender) -> None:
        clock.set(NOON)
        made = campaign(owner, segment_id=bare_segment(owner.tenant, members=0))
        refused(owner.post(f"{path(made)}/launch"), 409, "/segment_id")
        assert act(owner, made, "schedule", {"at": LATER})["status"] == "scheduled"

    def test_who_may_not_send_may_write(self, owner: Sender) -> None:
        rep = colleague(owner, "rep")
        made = campaign(rep)
        for verb, body in WHO.items():
            refused(rep.post(f"{path(made)}/{verb}", body), 403)
        refused(rep.post(f"{path(made)}/approve"), 403)
        assert act(manager(owner), made, "launch")["status"] == "running"

    def test_two_who_interfere_make_one_step(self, owner: Sender) -> None:
        made = campaign(owner)
        seen: list[str] = []

        def edit(one: Any) -> None:
            if not seen:
                edited(owner.tenant, made["id"], rate=9)
            seen.append(one.status)

        moved, ours = campaign_states.move(owner.tenant, made["id"], "cancel", "test", edit)
        assert (moved.status, ours, seen, moved.rate) == ("cancelled", True, ["cancelled"] * 2, 9)


@pytest.mark.usefixtures("house")
class TestAnyOrder:
    @given(verbs=st.lists(st.sampled_from([*STATES, "come"]), min_size=1, max_size=9))
    @settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_states_follow_the_table_and_only_a_scheduled_one_has_a_moment(self, firm: Firm, verbs: list[str]) -> None:
        clock.set(NOON)
        made = campaigns.create(firm.actor, firm.draft())
        status, run = "draft", None
        for verb in verbs:
            status = firm.take(verb, made.id, status)
            there = campaigns.load(firm.actor.tenant, made.id, consistent=True)
            assert there.status == status
            assert (there.run or None) == run or (run is None and status == "running")
            run = there.run
            moment = moments.load(firm.actor.tenant, made.id, launching.WHAT)
            assert (moment is not None) == (status == "scheduled")
            assert (there.run is not None) == (status in ("running", "paused", "finished") or run is not None)
        jobs = mailshots.jobs_of(firm.actor.tenant, dispatch.AUDIENCE)
        assert len([one for one in jobs if one.params["campaign"] == made.id]) == (run is not None)

    def test_many_who_launch_at_once_make_one_run(self, firm: Firm) -> None:
        made = campaigns.create(firm.actor, firm.draft())
        start = threading.Barrier(4)

        def launch() -> str:
            start.wait()
            return launching.launch(firm.actor, made.id, None, "https://crm.test").status

        with ThreadPoolExecutor(4) as pool:
            assert [one.result() for one in [pool.submit(launch) for _ in range(4)]] == ["running"] * 4
        jobs = [
            one for one in mailshots.jobs_of(firm.actor.tenant, dispatch.AUDIENCE) if one.params["campaign"] == made.id
        ]
        assert [one.params["run"] for one in jobs] == [campaigns.load(firm.actor.tenant, made.id, consistent=True).run]


class TestSchedule:
    @pytest.fixture(autouse=True)
    def _noon(self, house: House) -> None:
        clock.set(NOON)

    def test_it_is_launched_at_its_minute(self, house: House, owner: Sender) -> None:
        made = campaign(owner)
        there = act(owner, made, "schedule", {"at": SOON})
        assert (there["status"], there["scheduled_at"]) == ("scheduled", SOON)
        clock.set(NOON + timedelta(hours=2, minutes=59))
        house.minute()
        house.settle()
        assert now(owner, made)["status"] == "scheduled"
        clock.set(NOON + timedelta(hours=3, seconds=1))
        house.minute()
        launched(house, owner, made)
        assert now(owner, made)["launched_by"] == owner.user

    def test_another_moment_replaces_the_first(self, house: House, owner: Sender) -> None:
        made = campaign(owner)
        act(owner, made, "schedule", {"at": SOON})
        act(owner, made, "schedule", {"at": LATER})
        clock.set(NOON + timedelta(hours=4))
        house.minute()
        house.settle()
        assert now(owner, made)["status"] == "scheduled"
        clock.set(NOON + timedelta(days=1))
        house.minute()
        launched(house, owner, made)

    def test_taken_off_the_schedule_nothing_happens(self, house: House, owner: Sender) -> None:
        made = campaign(owner)
        act(owner, made, "schedule", {"at": SOON})
        assert act(owner, made, "unschedule")["scheduled_at"] is None
        assert moments.load(owner.tenant, made["id"], launching.WHAT) is None
        clock.set(NOON + timedelta(days=1))
        house.minute()
        house.settle()
        assert now(owner, made)["status"] == "draft"

    @pytest.mark.parametrize("verb", ["launch", "cancel"])
    def test_what_is_launched_or_cancelled_has_no_moment(self, owner: Sender, verb: str) -> None:
        made = campaign(owner)
        act(owner, made, "schedule", {"at": SOON})
        act(owner, made, verb)
        assert moments.load(owner.tenant, made["id"], launching.WHAT) is None

    @pytest.mark.parametrize("at", ["2026-03-10T11:59:59Z", "2029-01-01T00:00:00Z", "tomorrow", None])
    def test_a_moment_that_cannot_be(self, owner: Sender, at: Any) -> None:
        refused(owner.post(f"{path(campaign(owner))}/schedule", {"at": at}), 422, "/at")

    def test_the_moment_comes_twice_and_late(self, owner: Sender) -> None:
        made = campaign(owner)
        act(owner, made, "schedule", {"at": SOON})
        moment = moments.load(owner.tenant, made["id"], launching.WHAT)
        assert moment is not None
        act(owner, made, "schedule", {"at": LATER})
        assert due.DUE[launching.WHAT](moment) is None  # of a moment it has no more
        assert now(owner, made)["status"] == "scheduled"
        again = moments.load(owner.tenant, made["id"], launching.WHAT)
        assert again is not None
        assert launching.come(again) is None
        run = campaigns.load(owner.tenant, made["id"]).run
        assert run is not None
        assert launching.come(again) is None
        assert campaigns.load(owner.tenant, made["id"]).run == run

    def test_what_cannot_be_sent_at_its_time_is_a_draft_again(self, house: House, owner: Sender) -> None:
        made = campaign(owner)
        act(owner, made, "schedule", {"at": SOON})
        moment = moments.load(owner.tenant, made["id"], launching.WHAT)
        assert moment is not None
        edited(owner.tenant, made["id"], template_id=None)
        launching.come(moment)
        launching.come(moment)
        there = now(owner, made)
        assert (there["status"], there["scheduled_at"]) == ("draft", None)
        assert "template" in there["status_reason"]
        (told,) = owner.get("/v1/notifications").json["data"]
        assert (told["kind"], told["subject_id"]) == ("campaign", made["id"])
        assert "template" in told["title"]

    def test_one_that_nobody_came_for_is_not_sent_late(self, owner: Sender) -> None:
        made = campaign(owner)
        act(owner, made, "schedule", {"at": SOON})
        moment = moments.load(owner.tenant, made["id"], launching.WHAT)
        assert moment is not None
        due.GIVEN_UP[launching.WHAT](moment)
        assert now(owner, made)["status"] == "draft"
        gone = Moment(tenant=owner.tenant, subject_id="cam_01HX5ZZKBKACTAV9WEVGEMMVRZ", what=launching.WHAT, at=SOON)
        assert launching.come(gone) is None


class TestApproval:
    @pytest.fixture(autouse=True)
    def _wanted(self, owner: Sender) -> None:
        clock.set(NOON)
        assert owner.patch("/v1/settings", {"campaign_approval": True}).status == 200

    def test_somebody_else_approves(self, owner: Sender) -> None:
        made = campaign(owner)
        refused(owner.post(f"{path(made)}/launch"), 409)
        refused(owner.post(f"{path(made)}/schedule", {"at": LATER}), 409)
        refused(owner.post(f"{path(made)}/approve"), 403)
        other = manager(owner)
        approved = act(other, made, "approve")
        assert (approved["approval"]["state"], approved["approval"]["by"]) == ("approved", other.user)
        (told,) = owner.get("/v1/notifications").json["data"]
        assert told["title"] == "Spring was approved."
        assert act(owner, made, "launch")["status"] == "running"

    def test_who_may_approve_is_asked_once_for_each_wording(self, owner: Sender) -> None:
        other, rep = manager(owner), colleague(owner, "rep")
        made = campaign(rep)
        for _ in range(2):
            assert act(rep, made, "submit")["approval"]["state"] == "none"
        for who, count in ((owner, 1), (other, 1), (rep, 0)):
            told = who.get("/v1/notifications").json["data"]
            assert [one["title"] for one in told] == ["Spring waits for an approval."] * count
        clock.advance(5)
        rep.patch(path(made), {"rate": 3})
        act(rep, made, "submit")
        assert len(other.get("/v1/notifications").json["data"]) == 2
        edited(owner.tenant, made["id"], status="running")
        refused(rep.post(f"{path(made)}/submit"), 409)

    def test_an_edit_makes_it_void(self, owner: Sender) -> None:
        made, other = campaign(owner), manager(owner)
        act(other, made, "approve")
        assert owner.patch(path(made), {"rate": 5}).json["approval"]["state"] == "void"
        refused(owner.post(f"{path(made)}/launch"), 409)
        act(other, made, "approve")
        other.patch(path(made), {"rate": 6})
        refused(other.post(f"{path(made)}/approve"), 403)  # now it is he who wrote it last
        assert act(owner, made, "approve")["approval"]["by"] == owner.user

    def test_another_template_or_rule_makes_it_void(self, owner: Sender) -> None:
        made, other = campaign(owner), manager(owner)
        for kind, name, value in (("template", "subject", "Other"), ("segment", "rule", {"all": []})):
            act(other, made, "approve")
            changed(owner.tenant, kind, made[f"{kind}_id"], name, value)
            answer = owner.post(f"{path(made)}/launch")
            refused(answer, 409)
            assert kind in answer.json["detail"]
        act(other, made, "approve")
        assert act(owner, made, "launch")["status"] == "running"

    def test_what_was_edited_while_scheduled_is_not_launched(self, owner: Sender) -> None:
        made = campaign(owner)
        act(manager(owner), made, "approve")
        act(owner, made, "schedule", {"at": LATER})
        owner.patch(path(made), {"from": "other@firm.example"})
        moment = moments.load(owner.tenant, made["id"], launching.WHAT)
        assert moment is not None
        launching.come(moment)
        there = now(owner, made)
        assert (there["status"], there["approval"]["state"]) == ("draft", "void")
        assert "approved" in there["status_reason"]

    def test_a_rejected_one_is_a_draft_again(self, owner: Sender) -> None:
        made, other = campaign(owner), manager(owner)
        act(other, made, "approve")
        act(owner, made, "schedule", {"at": LATER})
        there = act(other, made, "reject", {"reason": "Last year's price."})
        assert (there["status"], there["approval"]["state"]) == ("draft", "rejected")
        assert moments.load(owner.tenant, made["id"], launching.WHAT) is None
        refused(owner.post(f"{path(made)}/launch"), 409)
        assert "Last year's price." in owner.get("/v1/notifications").json["data"][0]["title"]
        act(other, made, "approve")
        assert act(owner, made, "launch")["status"] == "running"

    def test_nothing_and_too_late(self, owner: Sender) -> None:
        bare = owner.post("/v1/campaigns", {"name": "Spring"}).json
        other = manager(owner)
        refused(other.post(f"{path(bare)}/approve"), 409)
        made = campaign(owner)
        act(other, made, "approve")
        act(owner, made, "launch")
        refused(other.post(f"{path(made)}/approve"), 409)
        refused(other.post(f"{path(made)}/reject", {}), 409)


def changed(tenant: str, kind: str, record_id: str, name: str, value: Any) -> None:
    """A record as somebody else has changed it."""
    from chalicelib.models import keys
    from chalicelib.models.table import Item, fetch
    from chalicelib.models.writes import Step, transact

    one: Any = fetch(Item, *keys.key(kind, tenant=tenant, id=record_id), consistent=True)
    setattr(one, name, value)
    transact(Step("save", one))


def launched(house: House, sender: Sender, made: Any) -> None:
    """The hint was sent; a worker who takes it launches the campaign, once."""
    hints = [one for one in house.queue if one.get("subject_id") == made["id"]]
    assert len(hints) == 1
    due.hand_over(hints[0])
    due.hand_over(hints[0])
    assert now(sender, made)["status"] == "running"
    assert campaigns.load(sender.tenant, made["id"]).scheduled_at
