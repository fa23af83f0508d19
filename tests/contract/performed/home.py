"""The patterns of home."""

from tests.contract.performing import Units, of, performs, task
from tests.house import House, Sender


def filled(owner: Sender) -> None:
    """A day as people have it."""
    for _ in range(7):
        task(owner, due_at="2020-01-01T09:00:00Z")
    for number in range(5):
        owner.contact(first_name=f"Ada {number}", owner_id=owner.user)
        value = {"amount": 129900, "currency": "EUR"}
        owner.post("/v1/deals", {"title": "Engine", "value": value, "expected_close": f"2026-0{number + 1}-01"})


@performs("home")
def _(house: House, owner: Sender) -> Units:
    filled(owner)
    house.settle()
    return of(owner.get("/v1/home"))


@performs("home.most")
def _(house: House, owner: Sender) -> Units:
    filled(owner)
    for number in range(7):
        stages = [{"name": "One", "probability": 0.5}, {"name": "Won", "forecast": "won", "probability": 1}]
        assert owner.post("/v1/pipelines", {"name": f"P{number}", "stages": stages}).status == 201
    house.settle()
    answer = owner.get("/v1/home")
    assert (len(answer.json["pipeline"]["pipelines"]), answer.json["pipeline"]["more"]) == (5, True)
    return of(answer)
