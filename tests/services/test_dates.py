"""Dates to remember: the owner gets one mail a year for each, on the morning it says, whatever happens in between."""

from typing import Any

import pytest

from chalicelib import clock, ids
from chalicelib.errors import MailDeferred
from chalicelib.models import keys
from chalicelib.models.contact import Contact
from chalicelib.models.moment import Moment
from chalicelib.models.table import fetch
from chalicelib.services import dates
from tests import truth
from tests.house import House, Sender


@pytest.fixture(autouse=True)
def _spring(house: House) -> None:
    set_clock("2091-03-01T12:00:00Z")


def set_clock(text: str) -> None:
    clock.set(clock.parse(text))


def person(owner: Sender, **fields: Any) -> Any:
    draft = {"first_name": "Ada", "last_name": "Lovelace", "owner_id": owner.user, **fields}
    return owner.contact(**draft)


def moment(owner: Sender, record: Any) -> str | None:
    found = fetch(
        Moment, *keys.key("moment", tenant=owner.tenant, subject=record["id"], what=dates.WHAT), consistent=True
    )
    return found.at if found else None


def minute(house: House, owner: Sender, text: str | None = None) -> list[str]:
    """The mails that went out by then."""
    house.settle()
    if text:
        set_clock(text)
    house.minute()
    house.settle()
    return [mail.subject for mail in house.outbox.mails if mail.to == owner.signed_up["user"]["email"]]


def test_a_birthday_is_told_to_the_owner_every_year(house: House, owner: Sender) -> None:
    made = person(owner, birthday="1815-12-10")
    assert minute(house, owner, "2091-12-10T08:59:00Z") == []
    said = ["Birthday of Ada Lovelace: 2091-12-10"]
    assert minute(house, owner, "2091-12-10T09:00:01Z") == said
    assert minute(house, owner, "2091-12-10T15:00:00Z") == said
    assert minute(house, owner, "2092-12-09T15:00:00Z") == said
    assert moment(owner, made) == "2092-12-10T09:00:00.000Z"
    assert minute(house, owner, "2092-12-10T09:01:00Z") == [*said, "Birthday of Ada Lovelace: 2092-12-10"]


def test_in_the_morning_of_the_contact(house: House, owner: Sender) -> None:
    made = person(owner, birthday="--07-01", time_zone="Europe/Vienna")
    house.settle()
    assert moment(owner, made) == "2091-07-01T07:00:00.000Z"
    owner.patch(f"/v1/contacts/{made['id']}", {"time_zone": "America/New_York"})
    house.settle()
    assert moment(owner, made) == "2091-07-01T13:00:00.000Z"


def test_the_29th_of_february_falls_on_the_28th_in_other_years(house: House, owner: Sender) -> None:
    made = person(owner, birthday="2000-02-29")
    assert minute(house, owner, "2092-02-28T20:00:00Z") == []
    assert minute(house, owner, "2092-02-29T09:00:01Z") == ["Birthday of Ada Lovelace: 2092-02-29"]
    assert moment(owner, made) == "2093-02-28T09:00:00.000Z"


def test_so_many_days_before_also_of_a_company(house: House, owner: Sender) -> None:
    draft = {"name": "Engines Ltd", "owner_id": owner.user}
    days = [{"label": "Renewal", "date": "2085-04-10", "remind_days": 7}, {"label": "Founded", "date": "1990-03-05"}]
    assert owner.post("/v1/companies", {**draft, "dates": days}).status == 201
    assert minute(house, owner, "2091-04-02T23:00:00Z") == [], "a date without days is only to be read"
    assert minute(house, owner, "2091-04-03T09:00:01Z") == ["Renewal of Engines Ltd: 2091-04-10"]


def test_it_moves_with_each_edit(house: House, owner: Sender) -> None:
    made = person(owner)
    path = f"/v1/contacts/{made['id']}"

    def after(patch: Any) -> str | None:
        assert owner.patch(path, patch).status == 200
        house.settle()
        return moment(owner, made)

    assert after({"birthday": "--05-01"}) == "2091-05-01T09:00:00.000Z"
    assert after({"birthday": "--06-01"}) == "2091-06-01T09:00:00.000Z"
    assert after({"dates": [{"label": "X", "date": "--05-10", "remind_days": 1}]}) == "2091-05-09T09:00:00.000Z"
    assert after({"dates": []}) == "2091-06-01T09:00:00.000Z"
    assert after({"owner_id": None}) is None, "nobody to tell"
    assert after({"owner_id": owner.user}) == "2091-06-01T09:00:00.000Z"
    assert after({"birthday": None}) is None
    assert after({"birthday": "--06-01"}) == "2091-06-01T09:00:00.000Z"
    owner.delete(path)
    house.settle()
    assert moment(owner, made) is None
    owner.post(f"{path}/restore")
    house.settle()
    assert moment(owner, made) == "2091-06-01T09:00:00.000Z"


def test_entered_on_the_day_it_is_told_that_day_and_once(house: House, owner: Sender) -> None:
    made = person(owner, birthday="--03-01")
    said = ["Birthday of Ada Lovelace: 2091-03-01"]
    assert minute(house, owner) == said
    owner.patch(f"/v1/contacts/{made['id']}", {"time_zone": "Europe/Vienna"})
    assert minute(house, owner) == said
    assert minute(house, owner, "2091-03-01T13:00:00Z") == said
    assert moment(owner, made) == "2092-03-01T08:00:00.000Z"


def test_after_an_outage_it_is_told_late(house: House, owner: Sender) -> None:
    person(owner, birthday="--05-01")
    assert minute(house, owner, "2091-05-04T10:00:00Z") == ["Birthday of Ada Lovelace: 2091-05-01"]


def test_the_feed_and_the_queue_say_everything_twice(house: House, owner: Sender) -> None:
    made = person(owner, birthday="--05-01")
    record = truth.record(Contact, owner.tenant, made["id"])
    house.settle()
    dates.planned(None, record)
    set_clock("2091-05-01T09:01:00Z")
    house.minute()
    house.minute()
    house.queue += house.queue
    assert minute(house, owner) == ["Birthday of Ada Lovelace: 2091-05-01"]
    dates.planned(None, record)
    assert minute(house, owner) == ["Birthday of Ada Lovelace: 2091-05-01"]


def test_a_late_event_does_not_bring_back_what_was_moved(house: House, owner: Sender) -> None:
    made = person(owner, birthday="--05-01")
    old = truth.record(Contact, owner.tenant, made["id"])
    owner.patch(f"/v1/contacts/{made['id']}", {"birthday": "--06-01"})
    house.settle()
    dates.planned(None, old)
    assert moment(owner, made) == "2091-06-01T09:00:00.000Z"


def test_a_deferred_mail_comes_later_and_the_next_year_follows(house: House, owner: Sender) -> None:
    made = person(owner, birthday="--05-01")
    house.settle()
    house.outbox.failures = [MailDeferred("busy")]
    assert minute(house, owner, "2091-05-01T09:00:01Z") == []
    assert minute(house, owner, "2091-05-01T10:00:00Z") == ["Birthday of Ada Lovelace: 2091-05-01"]
    assert moment(owner, made) == "2092-05-01T09:00:00.000Z"


def test_a_provider_that_is_away_for_days_costs_one_year_only(house: House, owner: Sender) -> None:
    made = person(owner, birthday="--05-01")
    house.settle()
    set_clock("2091-05-01T09:00:01Z")
    house.outbox.failures = [MailDeferred("busy")] * 100
    for _ in range(14):
        house.minute()
        house.settle()
        clock.advance(20 * 3600)
    house.outbox.failures = []
    assert minute(house, owner) == []
    assert moment(owner, made) == "2092-05-01T09:00:00.000Z"
    assert minute(house, owner, "2092-05-01T09:00:01Z") == ["Birthday of Ada Lovelace: 2092-05-01"]


def test_an_owner_who_has_left_gets_nothing(house: House, owner: Sender) -> None:
    draft = {
        "name": "G",
        "email": f"{ids.new('usr').lower()}@example.com",
        "role": "rep",
        "password": "long enough pass",
    }
    grace = owner.post("/v1/users", draft).json
    person(owner, birthday="--05-01", owner_id=grace["id"])
    assert owner.delete(f"/v1/users/{grace['id']}").status == 204
    assert minute(house, owner, "2091-05-01T09:00:01Z") == []
    assert [mail for mail in house.outbox.mails if mail.to == draft["email"]] == []
