"""Quotas: one for each subject, period and pipeline; and how those of several periods say what a month's is."""

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import ids
from chalicelib.models.quota import Quota
from chalicelib.services import quotas
from tests.house import House, Sender

AMOUNT = {"amount": 5_000_000, "currency": "EUR"}


def quota(owner: Sender, **fields: Any) -> Any:
    answer = owner.post("/v1/quotas", {"period": "2026-11", "amount": AMOUNT, **fields})
    assert answer.status == 201, answer.text
    return answer.json


def path(record: Any) -> str:
    return f"/v1/quotas/{record['id']}"


class TestRecord:
    def test_it_reads_as_it_was_written(self, owner: Sender) -> None:
        pipeline = owner.get("/v1/pipelines").json["data"][0]["id"]
        made = quota(owner, user_id=owner.user, pipeline_id=pipeline)
        assert made["id"].startswith("qta_")
        assert {name: made[name] for name in ("user_id", "team_id", "pipeline_id", "period", "amount")} == {
            "user_id": owner.user,
            "team_id": None,
            "pipeline_id": pipeline,
            "period": "2026-11",
            "amount": AMOUNT,
        }
        assert owner.get(path(made)).json == made

    def test_there_is_one_for_each_subject_period_and_pipeline(self, owner: Sender) -> None:
        pipeline = owner.get("/v1/pipelines").json["data"][0]["id"]
        team = owner.post("/v1/teams", {"name": "Inside", "member_ids": [owner.user]}).json["id"]
        of = [{}, {"user_id": owner.user}, {"team_id": team}, {"pipeline_id": pipeline}, {"period": "2026-Q4"}]
        made = [quota(owner, **one) for one in of]
        for one, there in zip(of, made, strict=True):
            refused = owner.post("/v1/quotas", {"period": "2026-11", "amount": AMOUNT, **one})
            assert (refused.status, refused.json["existing_id"]) == (409, there["id"])

    def test_in_the_trash_it_makes_room_and_comes_back_only_if_there_is_some(self, owner: Sender) -> None:
        first = quota(owner)
        assert owner.delete(path(first)).status == 204
        assert owner.get(path(first)).status == 404
        assert owner.get("/v1/quotas").json["data"] == []
        second = quota(owner)
        refused = owner.post(f"{path(first)}/restore")
        assert (refused.status, refused.json["existing_id"]) == (409, second["id"])
        assert owner.delete(path(second)).status == 204
        assert owner.post(f"{path(first)}/restore").json["deleted_at"] is None
        assert owner.post(f"{path(first)}/restore").status == 409

    def test_its_amount_changes_and_nothing_else(self, owner: Sender) -> None:
        made = quota(owner)
        changed = owner.patch(path(made), {"amount": {"amount": 1, "currency": "EUR"}, "period": "2026-11"})
        assert changed.json["amount"] == {"amount": 1, "currency": "EUR"}
        for fixed in ({"period": "2026-12"}, {"user_id": owner.user}):
            assert owner.patch(path(made), fixed).status == 409
        assert owner.patch(path(made), {"amount": None}).status == 422
        assert owner.patch(path(made), {"amount": {"amount": 7}}).json["amount"] == {**AMOUNT, "amount": 7}
        assert owner.patch(path(made), {"amount": AMOUNT}, If_Match='"1"').status == 412

    def test_lists_are_by_period(self, owner: Sender) -> None:
        for period in ("2026-Q4", "2026", "2026-11"):
            quota(owner, period=period)
        quota(owner, user_id=owner.user)
        periods = [one["period"] for one in owner.get("/v1/quotas").json["data"]]
        assert periods == ["2026", "2026-11", "2026-11", "2026-Q4"]
        assert len(owner.get("/v1/quotas?period=2026-11").json["data"]) == 2
        assert [one["period"] for one in owner.get("/v1/quotas?period=2026").json["data"]] == ["2026"]
        assert [one["user_id"] for one in owner.get(f"/v1/quotas?user_id={owner.user}").json["data"]] == [owner.user]
        assert owner.get(f"/v1/quotas?user_id={owner.user}&period=2026-12").json["data"] == []

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"period": "2026-13"}, "/period"),
            ({"period": "2026-Q5"}, "/period"),
            ({"period": "2026-1"}, "/period"),
            ({"amount": {"amount": 0, "currency": "EUR"}}, "/amount/amount"),
            ({"amount": {"amount": -1, "currency": "EUR"}}, "/amount/amount"),
            ({"amount": {"amount": 10**16, "currency": "EUR"}}, "/amount/amount"),
            ({"amount": {"amount": 1, "currency": "USD"}}, "/amount/currency"),
            ({"user_id": ids.new("usr")}, "/user_id"),
            ({"team_id": ids.new("tea")}, "/team_id"),
            ({"pipeline_id": ids.new("pip")}, "/pipeline_id"),
            ({"user_id": ids.new("usr"), "team_id": ids.new("tea")}, "/team_id"),
        ],
    )
    def test_what_is_none_is_refused(self, owner: Sender, fields: Any, pointer: str) -> None:
        answer = owner.post("/v1/quotas", {"period": "2026-11", "amount": AMOUNT, **fields})
        assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, pointer)

    def test_another_firms_user_is_not_there(self, owner: Sender, house: House) -> None:
        stranger = house.signup()
        answer = owner.post("/v1/quotas", {"period": "2026-11", "amount": AMOUNT, "user_id": stranger.user})
        assert answer.status == 422

    def test_with_a_quota_the_firms_currency_stays(self, owner: Sender) -> None:
        quota(owner)
        assert owner.patch("/v1/settings", {"currency": "CHF"}).status == 409


def kept(period: str, amount: int, pipeline_id: str | None = None) -> Quota:
    return Quota(period=period, amount={"amount": amount, "currency": "EUR"}, pipeline_id=pipeline_id)


QUARTER = ["2026-10", "2026-11", "2026-12"]
YEAR = [f"2026-{month:02}" for month in range(1, 13)]


class TestDue:
    @pytest.mark.parametrize(
        ("amounts", "months", "expected"),
        [
            ({}, QUARTER, None),
            ({"2025-11": 5}, QUARTER, None),
            ({"2026-11": 5}, ["2026-11"], 5),
            ({"2026-11": 5}, QUARTER, 5),
            ({"2026-Q4": 10}, QUARTER, 10),
            ({"2026-Q4": 10}, ["2026-11"], Fraction(10, 3)),
            ({"2026": 12}, ["2026-11"], 1),
            ({"2026": 12}, YEAR, 12),
            ({"2026": 12, "2026-Q4": 9}, QUARTER, 9),  # the quarter as a whole was set
            ({"2026": 12, "2026-Q4": 9}, ["2026-09", "2026-10"], 1 + 3),
            ({"2026-Q4": 9, "2026-11": 5}, QUARTER, 9),  # so it is, whatever its months say
            ({"2026-Q4": 9, "2026-11": 5}, ["2026-11"], 5),
            ({"2026-Q4": 9, "2026-11": 5}, ["2026-11", "2026-12"], 5 + 3),
            ({"2026": 12, "2026-11": 5}, QUARTER, 1 + 5 + 1),
            ({"2026": 100, "2026-Q1": 7, "2026-05": 3}, YEAR, 100),
        ],
    )
    def test_the_whole_counts_as_it_is_and_a_part_by_its_own_or_evenly(
        self, amounts: dict[str, int], months: list[str], expected: Any
    ) -> None:
        assert quotas.due([kept(*one) for one in amounts.items()], months, None) == expected

    def test_of_all_pipelines_it_is_its_own_or_what_theirs_add_up_to(self) -> None:
        theirs = [kept("2026-11", 5, "a"), kept("2026-Q4", 9, "b")]
        assert quotas.due(theirs, ["2026-11"], None) == 8
        assert quotas.due(theirs, ["2026-11"], "b") == 3
        assert quotas.due(theirs, ["2026-11"], "c") is None
        assert quotas.due([*theirs, kept("2026-11", 100)], ["2026-11"], None) == 100

    def test_the_firms_is_its_own_or_that_of_its_users_together(self) -> None:
        users = {ids.new("usr"): [kept("2026-11", 5)], ids.new("usr"): [kept("2026-11", 7)]}
        team = {ids.new("tea"): [kept("2026-11", 1000)]}
        assert quotas.of_firm({**users, **team}, ["2026-11"], None) == 12
        assert quotas.of_firm({**users, "firm": [kept("2026-11", 20)]}, ["2026-11"], None) == 20
        assert quotas.of_firm(team, ["2026-11"], None) is None
        months = {**users, "firm": [kept("2026-12", 20)]}
        assert quotas.of_firm(months, ["2026-11", "2026-12"], None) == 12 + 20

    @given(
        st.dictionaries(
            st.sampled_from([*YEAR, "2026-Q1", "2026-Q2", "2026-Q3", "2026-Q4", "2026"]), st.integers(1, 99)
        ),
        st.integers(0, 11),
        st.integers(1, 12),
    )
    def test_a_quota_of_one_length_alone_adds_up_over_any_months(
        self, amounts: dict[str, int], first: int, count: int
    ) -> None:
        months = YEAR[first : first + count]
        for length in (4, 7):  # years alone; months alone, which look like quarters but for the Q
            alone = {
                period: amount for period, amount in amounts.items() if len(period) == length and "Q" not in period
            }
            theirs = [kept(*one) for one in alone.items()]
            each = [quotas.due(theirs, [month], None) for month in months]
            assert quotas.due(theirs, months, None) == quotas.added(each)


def test_home_asks_for_one_user_and_month(owner: Sender) -> None:
    quota(owner, user_id=owner.user, period="2026-Q4", amount={"amount": 100, "currency": "EUR"})
    quota(owner, user_id=owner.user, period="2026-11", amount={"amount": 50, "currency": "EUR"})
    quota(owner, period="2026-11")
    found = [quotas.of_user(owner.tenant, owner.user, month) for month in ("2026-09", "2026-10", "2026-11")]
    assert [one and one.amount for one in found] == [None, 33, 50]
    assert quotas.of_user(owner.tenant, ids.new("usr"), "2026-11") is None


def test_a_forecast_reads_only_the_quotas_that_touch_it(owner: Sender) -> None:
    for period in (
        "2025",
        "2025-12",
        "2026",
        "2026-Q3",
        "2026-Q4",
        "2026-11",
        "2026-12",
        "2027-Q1",
        "2027-01",
        "2027-02",
    ):
        quota(owner, period=period)
    found = quotas.touching(owner.tenant, ["2026-12", "2027-01"])
    assert {one.period for one in found["firm"]} == {"2026", "2026-Q4", "2026-12", "2027-Q1", "2027-01"}
