"""Many conditional writes in one request: each stands or falls by itself, at the price of a plain write."""

from typing import Any

import pytest

from chalicelib.errors import Unready
from chalicelib.models import writes
from chalicelib.models.mailing import Mailing, outcome
from chalicelib.models.table import Item, fetch
from chalicelib.observability import Meter
from tests.units import exact_units

pytestmark = pytest.mark.usefixtures("engine")
RUN = "run_01J00000000000000000000000"
AT = "2026-03-01T09:00:00.000Z"


def claims(tenant: str, count: int, claim: str = "clm_1") -> list[Mailing]:
    made = [Mailing.at(tenant, f"con_{number:026}", RUN) for number in range(count)]
    for one in made:
        one.campaign_id, one.claim, one.claimed_at, one.address = "cam_1", claim, AT, "o\"Neil's@example.com"
    return made


def kept(one: Mailing) -> Any:
    return fetch(Mailing, one.pk, one.sk, consistent=True)


@exact_units
def test_each_is_written_only_if_it_is_not_there(tenant: str, meter: Meter) -> None:
    first, second = claims(tenant, 30), claims(tenant, 60, "clm_2")
    assert writes.insert_each(first[10:]) == [True] * 20
    assert meter.wru == 20
    assert writes.insert_each(second) == [True] * 10 + [False] * 20 + [True] * 30
    assert meter.wru == 20 + 60  # a refusal costs what a write does
    assert {kept(one).claim for one in second[10:30]} == {"clm_1"}
    whole = kept(first[10])
    assert (type(whole), whole.address, whole.status, int(whole.shard)) == (
        Mailing,
        "o\"Neil's@example.com",
        "claimed",
        0,
    )


@exact_units
def test_one_attribute_is_set_while_another_holds(tenant: str, meter: Meter) -> None:
    mine, other = claims(tenant, 4), claims(tenant, 4, "clm_2")
    writes.insert_each([*mine[:2], *other[2:]])
    for one in mine:
        one.outcome = outcome("sent", AT, message_id="<1@test>")
    before = meter.wru
    assert writes.set_each(mine, "outcome", "claim") == [True, True, False, False]
    assert meter.wru == before + 4
    assert [kept(one).status for one in mine] == ["sent", "sent", "claimed", "claimed"]
    assert kept(mine[0]).result == {"status": "sent", "at": AT, "message_id": "<1@test>"}


def test_nothing_is_set_where_nothing_is(tenant: str) -> None:
    one = claims(tenant, 1)[0]
    one.outcome = outcome("failed", AT, reason="refused")
    assert writes.set_each([one], "outcome", "claim") == [False]
    assert kept(one) is None


class Answers:
    """Stands before the table and answers some requests itself, as a busy one does."""

    def __init__(self, dispatch: Any, codes: list[str]) -> None:
        self.dispatch, self.codes = dispatch, codes

    def __call__(self, operation: str, request: Any) -> Any:
        statements = request["Statements"]
        if not self.codes:
            return self.dispatch(operation, request)
        code = self.codes.pop()
        done = self.dispatch(operation, {"Statements": statements[1:]})["Responses"] if statements[1:] else []
        return {"Responses": [{"Error": {"Code": code}}, *done]}


def test_what_the_table_was_too_busy_for_is_tried_again(tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = Item._get_connection().connection
    through = connection.dispatch
    monkeypatch.setattr(connection, "dispatch", Answers(through, ["ThrottlingError", "TransactionConflict"]))
    monkeypatch.setattr("chalicelib.models.writes.time.sleep", lambda _: None)
    assert writes.insert_each(claims(tenant, 3)) == [True] * 3
    monkeypatch.setattr(connection, "dispatch", Answers(through, ["ThrottlingError"] * 50))
    with pytest.raises(Unready):
        writes.insert_each(claims(tenant, 4))
    monkeypatch.setattr(connection, "dispatch", Answers(through, ["AccessDenied"]))
    with pytest.raises(RuntimeError, match="AccessDenied"):
        writes.insert_each(claims(tenant, 1))
