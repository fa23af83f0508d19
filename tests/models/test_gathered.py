"""What several verbs write, done in one transaction: nothing before, everything at once, and nothing left behind."""

import threading

import pytest

from chalicelib.models import keys
from chalicelib.models.guard import Guard
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step, absent, gathered, transact
from tests.house import House


def guard(value: str) -> Guard:
    return Guard.of("ten_gathered", "noun", "field", value, "holder")


def is_there(value: str) -> bool:
    place = keys.key("guard", tenant="ten_gathered", noun="noun", field="field", value=value)
    return fetch(Guard, *place, consistent=True) is not None


def test_nothing_is_written_until_it_is_all_written(house: House) -> None:
    with gathered() as steps:
        transact(Step("save", guard("a"), absent()))
        transact(Step("save", guard("b"), absent()), Step("save", guard("c")))
        assert len(steps) == 3
    assert not is_there("a")
    transact(*steps)
    assert [is_there(value) for value in "abc"] == [True, True, True]


def test_only_who_gathers_waits(house: House) -> None:
    with gathered() as steps:
        other = threading.Thread(target=lambda: transact(Step("save", guard("d"))))
        other.start()
        other.join()
    assert steps == []
    assert is_there("d")
    with pytest.raises(KeyError), gathered():
        raise KeyError
    transact(Step("save", guard("e")))
    assert is_there("e"), "it is over also when it failed"
