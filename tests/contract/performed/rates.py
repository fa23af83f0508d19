"""Rates of currencies: put down one by one and by the day, listed, removed, asked for."""

from chalicelib.services import rates
from tests.contract.performing import Units, consumed, of, performs
from tests.house import House, Sender

PATH = "/v1/rates/USD/2026-03-01"


def put(owner: Sender, path: str = PATH) -> None:
    assert owner.call("PUT", path, {"rate": "0.9223"}).status == 201


@performs("rate.put")
def _(house: House, owner: Sender) -> Units:
    return of(owner.call("PUT", PATH, {"rate": "0.9223"}))


@performs("rate.put_table")
def _(house: House, owner: Sender) -> Units:
    rates = {"CHF": "1.0312", "GBP": "1.1411", "USD": "0.9223"}
    return of(owner.post("/v1/rates", {"day": "2026-03-01", "rates": rates}))


@performs("rate.page")
def _(house: House, owner: Sender) -> Units:
    for day in range(1, 8):
        put(owner, f"/v1/rates/USD/2026-03-{day:02}")
    answer = owner.get("/v1/rates/USD")
    assert len(answer.json["data"]) == 7
    return of(answer)


@performs("rate.delete")
def _(house: House, owner: Sender) -> Units:
    put(owner)
    return of(owner.delete(PATH))


@performs("rate.at")
def _(house: House, owner: Sender) -> Units:
    put(owner)
    return consumed(lambda: rates.at(owner.tenant, "USD", "2026-03-09", "/value/currency"))
