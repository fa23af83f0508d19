"""The demo firm: made once, whole, and open to its stated login."""

from infra.local import demo
from tests.house import House, Sender


def test_seeding_twice_makes_one_firm(house: House) -> None:
    demo.seed()
    assert demo.seed() is False
    house.settle()
    answer = house.http("POST", "/v1/auth/login", {"email": demo.EMAIL, "password": demo.PASSWORD})
    assert answer.status == 200, answer.text
    owner = Sender(house, answer.json["access_token"], answer.json)
    assert owner.get("/v1/me").json["counts"] == {
        "contacts": len(demo.PEOPLE),
        "companies": 0,
        "deals": len(demo.DEALS),
        "tasks_open": len(demo.PEOPLE),
    }
    deals = owner.get("/v1/deals").json["data"]
    assert {deal["status"] for deal in deals} == {"open", "won", "lost"}
    assert all(len(deal["contact_ids"]) == 1 for deal in deals)
    people = owner.get("/v1/contacts").json["data"]
    assert sorted(person["last_name"] for person in people) == sorted(last for _, last, *_ in demo.PEOPLE)
    assert all(person["last_contacted_at"] and person["next_activity_at"] for person in people)
    for person in people:
        kinds = {entry["kind"] for entry in owner.get(f"/v1/contacts/{person['id']}/timeline").json["data"]}
        assert kinds == {"contact.created", "call", "task.created"}
