"""Rates of currencies: put down, listed, removed; which one holds on a day; and what is none."""

import pytest

from chalicelib import errors
from chalicelib.services import exchange, rates
from tests.house import Sender


def put(owner: Sender, currency: str, day: str, rate: str = "0.9") -> int:
    return owner.call("PUT", f"/v1/rates/{currency}/{day}", {"rate": rate}).status


def test_a_rate_is_put_down_once_and_then_replaced(owner: Sender) -> None:
    assert put(owner, "USD", "2026-03-01", "0.91") == 201
    assert put(owner, "USD", "2026-03-01", "0.92") == 200
    assert put(owner, "USD", "2026-02-01", "0.93") == 201
    assert put(owner, "CHF", "2026-02-01", "1.01") == 201
    assert owner.get("/v1/rates/USD").json["data"] == [
        {"currency": "USD", "day": "2026-03-01", "rate": "0.92"},
        {"currency": "USD", "day": "2026-02-01", "rate": "0.93"},
    ]


def test_the_last_rate_by_a_day_holds(owner: Sender) -> None:
    put(owner, "USD", "2026-03-01", "0.91")
    put(owner, "USD", "2026-03-05", "0.95")
    days = {"2026-03-01": "0.91", "2026-03-04": "0.91", "2026-03-05": "0.95", "2027-01-01": "0.95"}
    assert {day: rates.at(owner.tenant, "USD", day, "/currency") for day in days} == days
    with pytest.raises(errors.Invalid) as refused:
        rates.at(owner.tenant, "USD", "2026-02-28", "/currency")
    assert refused.value.flaws[0][:2] == ("/currency", "no_rate")
    assert owner.delete("/v1/rates/USD/2026-03-05").status == 204
    assert rates.at(owner.tenant, "USD", "2026-03-05", "/currency") == "0.91"
    assert owner.delete("/v1/rates/USD/2026-03-05").status == 404


@pytest.mark.parametrize("path", [f"USD/{'9' * 1100}", f"{'X' * 2100}/2026-03-01", "XXX/2026-03-01", "USD/2026-02-30"])
def test_what_no_key_can_say_is_no_rate(owner: Sender, path: str) -> None:
    assert owner.delete(f"/v1/rates/{path}").status == 404


def test_todays_rates_are_told_of_those_that_have_one(owner: Sender) -> None:
    put(owner, "USD", "2026-03-01", "0.91")
    put(owner, "CHF", "9999-12-31", "1.01")  # not yet
    assert rates.known(owner.tenant, "EUR", ["USD", "EUR", "CHF", "GBP"]) == {"EUR": "1", "USD": "0.91"}


def test_the_rates_of_a_day_come_in_one_call(owner: Sender) -> None:
    put(owner, "USD", "2026-03-01", "0.5")
    table = {"day": "2026-03-01", "rates": {"USD": "0.91", "CHF": "1.01", "JPY": "0.0061"}}
    for _ in range(2):
        answer = owner.post("/v1/rates", table)
        assert (answer.status, answer.json) == (200, table)
    assert [owner.get(f"/v1/rates/{one}").json["data"][0]["rate"] for one in table["rates"]] == [
        "0.91",
        "1.01",
        "0.0061",
    ]


@pytest.mark.parametrize("rate", ["0", "0.000", "-1", "1e3", "1,5", "", ".5", "1.", "1234567890123", "1.2345678901234"])
def test_what_is_no_rate_is_refused(owner: Sender, rate: str) -> None:
    answer = owner.call("PUT", "/v1/rates/USD/2026-03-01", {"rate": rate})
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (422, "/rate")


def test_twelve_digits_are_taken(owner: Sender) -> None:
    assert [put(owner, "USD", "2026-03-01", rate) for rate in ("0.00000000001", "999999999999", "123456.789012")] == [
        201,
        200,
        200,
    ]
    assert put(owner, "USD", "2026-03-01", "1234567.890123") == 422  # thirteen


@pytest.mark.parametrize(
    ("currency", "day", "pointer", "code"),
    [
        ("EUR", "2026-03-01", "/currency", "own"),
        ("XXX", "2026-03-01", "/currency", "unknown"),
        ("usd", "2026-03-01", "/currency", "unknown"),
        ("USD", "2026-02-30", "/day", "format"),
        ("USD", "20260301", "/day", "format"),
        ("USD", "today", "/day", "format"),
    ],
)
def test_what_has_no_rate_is_refused(owner: Sender, currency: str, day: str, pointer: str, code: str) -> None:
    answer = owner.call("PUT", f"/v1/rates/{currency}/{day}", {"rate": "1"})
    assert (answer.status, answer.json["errors"][0]["pointer"], answer.json["errors"][0]["code"]) == (
        422,
        pointer,
        code,
    )


def test_a_table_with_something_wrong_changes_nothing(owner: Sender) -> None:
    wrong = {"EUR": "1", "XXX": "1", "CHF": "0", "USD": "0.9"}
    answer = owner.post("/v1/rates", {"day": "2026-03-01", "rates": wrong})
    assert answer.status == 422
    assert {(flaw["pointer"], flaw["code"]) for flaw in answer.json["errors"]} == {
        ("/rates/EUR", "own"),
        ("/rates/XXX", "unknown"),
        ("/rates/CHF", "range"),
    }
    assert owner.get("/v1/rates/USD").json["data"] == []
    assert owner.get("/v1/rates/XXX").status == 404


def test_once_there_is_a_rate_the_firms_currency_stays(owner: Sender) -> None:
    assert owner.patch("/v1/settings", {"currency": "CHF"}).status == 200
    assert put(owner, "CHF", "2026-03-01") == 422
    assert put(owner, "EUR", "2026-03-01") == 201
    refused = owner.patch("/v1/settings", {"currency": "EUR"})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (409, "/currency")


def test_money_of_several_currencies_is_added_up_exactly() -> None:
    # 100.00 USD at 0.9 are 90.00 EUR, 1000 JPY at 0.006 are 6.00, 1.234 KWD at 3 are 3.702, which is between cents.
    sums = {"USD": 10000, "JPY": 1000, "KWD": 1234, "EUR": 1, "GBP": 5}
    known = {"USD": "0.9", "JPY": "0.006", "KWD": "3", "EUR": "1"}
    total = exchange.summed(sums, "EUR", known)
    assert total * 10 == 99712  # without the pounds, which have no rate
    assert exchange.rounded(total) == 9971
