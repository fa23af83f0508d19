"""The forecast: that its sums are those of the raw deals, whatever was done with them; what is asked and answered."""

from collections import defaultdict
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from chalicelib import clock
from chalicelib.models.deal import Deal
from chalicelib.models.team import Team
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.forecast import ForecastQuery, ForecastView
from chalicelib.schemas.money import Money
from chalicelib.schemas.quota import Goal, QuotaDraft
from chalicelib.services import changes, deal_sheets, forecast, quotas
from tests import dealing
from tests.dealing import Firm
from tests.feeds import deliver, taken
from tests.house import House, Sender

SETTINGS = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
SPANS = [("2026-03", "2026-05"), ("2026-01", "2026-12"), ("2026-04", "2026-04"), ("2026-12", "2027-02")]
OPEN = ("commit", "best_case", "pipeline")
CATEGORIES = (*OPEN, "omitted", "won", "lost")


@pytest.fixture(autouse=True)
def _no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the reaction that the forecast rests on; the others take most of the time."""
    rows = {place: (deal_sheets.contributed,) for place in changes.REACTIONS if place[0] == "deal"}
    monkeypatch.setattr(changes, "REACTIONS", rows)


def euros(amount: int) -> Money:
    return Money(amount=amount, currency="EUR")


# The property ------------------------------------------------------------------------------------------------------


class Truth:
    """The forecast as the raw deals say it: by group and category (deals, worth, worth times chance)."""

    def __init__(self, firm: Firm, query: ForecastQuery, team_of: dict[str, str]) -> None:
        self.firm, self.query, self.team_of = firm, query, team_of
        self.rows: dict[str, dict[str, list[Fraction]]] = defaultdict(lambda: defaultdict(lambda: [Fraction(0)] * 3))
        for deal in dealing.live(firm.raw()):
            if query.pipeline_id in (None, deal.pipeline_id):
                self.enter(deal)

    def enter(self, deal: Deal) -> None:
        stage = self.firm.stage(deal)
        if deal.status == "open":
            month, category = (deal.expected_close or "none")[:7], stage["forecast"]
            worth, chance = dealing.in_euros(deal.value), Fraction(str(stage["probability"]))
        else:
            month, category = deal.closed_at[:7], deal.status
            worth, chance = Fraction((deal.base_value or {"amount": 0})["amount"]), Fraction(deal.status == "won")
        assert self.query.since is not None
        assert self.query.until is not None
        inside = self.query.undated if month == "none" else self.query.since <= month <= self.query.until
        if not inside:
            return
        groups = {
            "owner": deal.owner_id,
            "month": month,
            "pipeline": deal.pipeline_id,
            "team": self.team_of.get(deal.owner_id or ""),
        }
        for group in (groups[self.query.group_by] or "none", "total"):
            sums = self.rows[group][category]
            self.rows[group][category] = [sums[0] + 1, sums[1] + worth, sums[2] + worth * chance]

    def agrees(self, seen: ForecastView) -> None:
        shown = {row.group: row for row in seen.data}
        assert {group for group in self.rows if group != "total"} <= set(shown)
        for group, row in [*shown.items(), ("total", seen.total)]:
            truth = self.rows[group]
            for category in CATEGORIES:
                count, worth, weighted = truth[category]
                found = getattr(row.categories, category)
                assert (found.count, found.sum.amount, found.weighted.amount) == (
                    int(count),
                    dealing.cents(worth),
                    dealing.cents(weighted),
                ), (group, category)
            count, worth, weighted = (sum((truth[one][number] for one in OPEN), Fraction(0)) for number in range(3))
            assert (row.count, row.sum.amount, row.weighted.amount) == (
                int(count),
                dealing.cents(worth),
                dealing.cents(weighted),
            )
            assert row.won.amount == truth["won"][1]


OPERATION = st.tuples(st.sampled_from((*dealing.WORK, "transfer")), st.integers(0, 5), st.integers(0, 29))


def test_its_sums_are_those_of_the_raw_deals(house: House) -> None:
    ran = 0

    @settings(SETTINGS, max_examples=60)
    @given(
        st.lists(OPERATION, min_size=1, max_size=12),
        st.sampled_from(["owner", "month", "team", "pipeline"]),
        st.sampled_from(SPANS),
        st.booleans(),
        st.integers(0, 2),
        st.randoms(use_true_random=False),
    )
    def property_holds(work: Any, group: Any, months: Any, undated: bool, which: int, chance: Any) -> None:
        nonlocal ran
        firm = Firm()
        for number in range(3):
            firm.perform("make", number, 7 * number + 1)
        for operation in work:
            firm.perform(*operation)
        records = taken(house)
        chance.shuffle(records)
        deliver(records)
        firm_team = Team(id="tea_01HX5ZZKBKACTAV9WEVGEMMVRZ", tenant=firm.actor.tenant, name="Inside")
        firm_team.member_ids = firm.users[:2]
        firm_team.touch(firm.actor.user)
        firm_team.keys()
        transact(Step("save", firm_team))
        query = ForecastQuery(
            pipeline_id=firm.pipelines[which].id if which < 2 else None,
            since=months[0],
            until=months[1],
            group_by=group,
            undated="true" if undated else None,
        )
        seen = forecast.report(firm.actor, query)
        assert seen.without_rate == []
        Truth(firm, query, dict.fromkeys(firm.users[:2], firm_team.id)).agrees(seen)
        ran += 1

    property_holds()
    assert ran >= 60


# What is asked and answered ----------------------------------------------------------------------------------------


def rate(owner: Sender, currency: str, value: str) -> None:
    assert owner.call("PUT", f"/v1/rates/{currency}/2026-01-01", {"rate": value}).status in (200, 201)


def sales(owner: Sender) -> Any:
    return next(one for one in owner.get("/v1/pipelines").json["data"] if one["name"] == "Sales")


def deal(owner: Sender, stage: int, amount: int, currency: str = "EUR", **fields: Any) -> Any:
    pipeline = sales(owner)
    draft = {
        "title": "Ten engines",
        "pipeline_id": pipeline["id"],
        "stage_id": pipeline["stages"][stage]["id"],
        "value": {"amount": amount, "currency": currency},
        "expected_close": "2026-11-30",
        **({"lost_reason": "price"} if stage == 5 else {}),
        **fields,
    }
    answer = owner.post("/v1/deals", draft)
    assert answer.status == 201, answer.text
    return answer.json


@pytest.fixture
def november(house: House) -> None:
    clock.set(clock.parse("2026-11-10T12:00:00Z"))


@pytest.fixture
def firm(november: None, house: House) -> Sender:
    """Whoever signs up on that day, so that the session holds."""
    return house.signup()


def test_an_empty_firm_has_nothing_to_come(firm: Sender) -> None:
    seen = firm.get("/v1/forecast").json
    assert (seen["currency"], seen["from"], seen["to"], seen["group_by"]) == ("EUR", "2026-11", "2027-01", "owner")
    assert (seen["data"], seen["without_rate"]) == ([], [])
    nothing = {"amount": 0, "currency": "EUR"}
    assert seen["total"]["sum"] == seen["total"]["won"] == seen["total"]["weighted"] == nothing
    assert (seen["total"]["count"], seen["total"]["quota"], seen["total"]["attainment"]) == (0, None, None)


def test_each_month_has_a_row_and_what_is_undated_only_if_asked_for(firm: Sender, house: House) -> None:
    deal(firm, 0, 1000)
    deal(firm, 2, 3000, expected_close="2027-01-31")
    deal(firm, 3, 5000, expected_close=None)
    deal(firm, 3, 7000, expected_close="2027-02-01")  # beyond
    deal(firm, 4, 900)
    house.settle()
    seen = firm.get("/v1/forecast?group_by=month").json
    assert [(row["group"], row["count"], row["sum"]["amount"], row["won"]["amount"]) for row in seen["data"]] == [
        ("2026-11", 1, 1000, 900),
        ("2026-12", 0, 0, 0),
        ("2027-01", 1, 3000, 0),
    ]
    assert seen["total"]["sum"]["amount"] == 4000
    assert seen["total"]["weighted"]["amount"] == 100 + 1200
    asked = firm.get("/v1/forecast?group_by=month&undated=true").json
    assert asked["data"][:3] == seen["data"]
    assert [(row["group"], row["sum"]["amount"]) for row in asked["data"][3:]] == [("none", 5000)]
    assert asked["total"]["sum"]["amount"] == 9000


def test_omitted_deals_count_in_neither_sum(firm: Sender, house: House) -> None:
    pipeline = sales(firm)
    stages = [{**stage, "forecast": "omitted"} if stage["name"] == "Meeting" else stage for stage in pipeline["stages"]]
    assert firm.patch(f"/v1/pipelines/{pipeline['id']}", {"stages": stages}).status == 200
    deal(firm, 1, 1000)
    deal(firm, 3, 10)
    house.settle()
    total = firm.get("/v1/forecast").json["total"]
    assert total["categories"]["omitted"] == {
        "count": 1,
        "sum": {"amount": 1000, "currency": "EUR"},
        "weighted": {"amount": 200, "currency": "EUR"},
    }
    assert (total["count"], total["sum"]["amount"], total["weighted"]["amount"]) == (1, 10, 7)


def test_open_deals_are_at_todays_rate_and_closed_ones_at_that_of_their_day(firm: Sender, house: House) -> None:
    rate(firm, "USD", "0.9")
    deal(firm, 0, 1001, "USD")
    deal(firm, 4, 1001, "USD")
    house.settle()
    assert firm.call("PUT", "/v1/rates/USD/2026-11-10", {"rate": "0.8"}).status == 201
    total = firm.get("/v1/forecast").json["total"]
    assert (total["sum"]["amount"], total["won"]["amount"]) == (801, 901)


def test_each_figure_is_rounded_once(firm: Sender, house: House) -> None:
    rate(firm, "USD", "0.333")
    for _ in range(3):
        deal(firm, 0, 1, "USD")  # a third of a cent each, ten percent of that weighted
    deal(firm, 2, 1, "USD")
    house.settle()
    total = firm.get("/v1/forecast").json["total"]
    categories = total["categories"]
    assert (categories["pipeline"]["sum"]["amount"], categories["best_case"]["sum"]["amount"]) == (1, 0)
    assert total["sum"]["amount"] == 1  # 1.332, not 0 + 0 + 0 + 0


def test_money_without_a_rate_is_told_and_in_no_sum(firm: Sender, house: House) -> None:
    rate(firm, "CHF", "1.05")
    deal(firm, 0, 1000, "CHF")
    deal(firm, 0, 1000)
    house.settle()
    assert firm.delete("/v1/rates/CHF/2026-01-01").status == 204
    seen = firm.get("/v1/forecast").json
    assert seen["without_rate"] == [{"amount": 1000, "currency": "CHF"}]
    assert (seen["total"]["count"], seen["total"]["sum"]["amount"]) == (2, 1000)
    refused = firm.post("/v1/deals", {"title": "Another", "value": {"amount": 1, "currency": "CHF"}})
    assert (refused.status, refused.json["errors"][0]["code"]) == (422, "no_rate")


def test_owners_have_names_and_those_with_a_quota_a_row(firm: Sender, house: House) -> None:
    other = firm.post("/v1/users", {"name": "Ada", "email": f"{firm.user}@example.com", "role": "rep",
                                    "password": "long enough pass"}).json["id"]  # fmt: skip
    deal(firm, 4, 3000)
    deal(firm, 0, 1000, owner_id=None)
    for subject, amount in ((firm.user, 12000), (other, 500)):
        draft = {"user_id": subject, "period": "2026-11", "amount": {"amount": amount, "currency": "EUR"}}
        assert firm.post("/v1/quotas", draft).status == 201
    unowned = deal(firm, 2, 50)
    assert firm.patch(f"/v1/deals/{unowned['id']}", {"owner_id": None}).status == 200
    house.settle()
    seen = firm.get("/v1/forecast?from=2026-11&to=2026-11").json
    rows = [(row["group"], row["name"], row["won"]["amount"], row["quota"] and row["quota"]["amount"],
             row["attainment"]) for row in seen["data"]]  # fmt: skip
    assert rows == [
        (other, "Ada", 0, 500, 0.0),
        (firm.user, "Olga Owner", 3000, 12000, 0.25),
        ("none", None, 0, None, None),
    ]
    assert (seen["total"]["quota"]["amount"], seen["total"]["attainment"]) == (12500, 0.24)


@pytest.mark.parametrize(
    ("asked", "months"),
    [
        ("", ("2026-11", "2027-01")),
        ("?from=2026-12", ("2026-12", "2027-02")),
        ("?to=2027-06", ("2026-11", "2027-06")),
        ("?to=2026-03", ("2026-03", "2026-03")),
        ("?from=2026-12-31&to=2027-01-01", ("2026-12", "2027-01")),
        ("?from=2024-01&to=2026-12", ("2024-01", "2026-12")),
        ("?from=9999-12", ("9999-12", "9999-12")),
    ],
)
def test_days_stand_for_their_months_and_what_is_not_given_is_usual(
    firm: Sender, asked: str, months: tuple[str, str]
) -> None:
    seen = firm.get(f"/v1/forecast{asked}").json
    assert (seen["from"], seen["to"]) == months


@pytest.mark.parametrize(
    ("asked", "pointer"),
    [
        ("from=2026-12&to=2026-11", "/from"),
        ("from=2023-12&to=2026-12", "/from"),
        ("from=2026-13", "/from"),
        ("to=soon", "/to"),
        ("group_by=stage", "/group_by"),
        ("undated=yes", "/undated"),
        ("pipeline_id=pip_01HX5ZZKBKACTAV9WEVGEMMVRZ", "/pipeline_id"),
    ],
)
def test_what_cannot_be_answered_is_refused(firm: Sender, asked: str, pointer: str) -> None:
    answer = firm.get(f"/v1/forecast?{asked}")
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, pointer)


def test_another_firms_pipeline_is_not_there(firm: Sender, house: House) -> None:
    other = sales(house.signup())["id"]
    assert firm.get(f"/v1/forecast?pipeline_id={other}").status == 422


def test_quotas_of_teams_months_and_pipelines_meet_what_was_won(house: House) -> None:
    firm = Firm()
    first, second = firm.pipelines
    for who, pipeline_id, period, amount in (
        (firm.users[0], None, "2026-03", 300),
        (firm.users[1], None, "2026-Q1", 900),
        (None, None, "2026-04", 1000),
        (None, second.id, "2026", 1200),
    ):
        draft = QuotaDraft(
            user_id=who, pipeline_id=pipeline_id, period=period, amount=Goal(amount=amount, currency="EUR")
        )
        quotas.create(firm.actor, draft)
    team = Team(id="tea_01HX5ZZKBKACTAV9WEVGEMMVRZ", tenant=firm.actor.tenant, name="Inside")
    team.member_ids = firm.users
    team.touch(firm.actor.user)
    team.keys()
    transact(Step("save", team))

    def asked(**fields: Any) -> dict[str, Money | None]:
        seen = forecast.report(firm.actor, ForecastQuery(since="2026-03", until="2026-04", **fields))
        return {**{row.group: row.quota for row in seen.data}, "total": seen.total.quota}

    assert asked(group_by="month") == {"2026-03": euros(100), "2026-04": euros(1000), "total": euros(1100)}
    assert asked(group_by="team") == {team.id: euros(600), "total": euros(1100)}
    assert asked(group_by="pipeline") == {first.id: None, second.id: euros(200), "total": euros(1100)}
    assert asked(group_by="owner", pipeline_id=second.id) == {
        **dict.fromkeys(firm.users[:2]),
        "total": euros(200),
    }
