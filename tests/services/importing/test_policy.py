"""What a row changes of a record, and that the change can be taken back."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.services.importing import policy

RECORD: dict[str, Any] = {
    "first_name": "Ada",
    "emails": [{"address": "ada@example.com", "kind": "work", "primary": True}],
    "tags": ["a"],
    "address": {"city": "London"},
    "custom": {"size": 3},
}


@pytest.mark.parametrize(
    ("draft", "update", "fill"),
    [
        ({"first_name": "Ada"}, {}, {}),
        ({"first_name": "Eve", "title": "T"}, {"first_name": "Eve", "title": "T"}, {"title": "T"}),
        ({"tags": ["a", "b"]}, {"tags": ["a", "b"]}, {}),
        ({"address": {"city": "Wien", "country": "AT"}}, {"address": {"city": "Wien", "country": "AT"}}, {}),
        ({"custom": {"size": 4, "c": "red"}}, {"custom": {"size": 4, "c": "red"}}, {"custom": {"c": "red"}}),
        ({"emails": [{"address": "ADA@example.com", "kind": "home"}]}, {}, {}),
        ({"phones": [{"number": "+43123"}]}, {"phones": [{"number": "+43123"}]}, {"phones": [{"number": "+43123"}]}),
    ],
)  # fmt: skip
def test_what_a_row_changes(draft: dict[str, Any], update: dict[str, Any], fill: dict[str, Any]) -> None:
    assert policy.patch("update", RECORD, draft) == update
    assert policy.patch("fill_empty", RECORD, draft) == fill
    assert policy.patch("skip", RECORD, draft) == {}


def test_an_address_that_joins_others_is_not_the_primary_one() -> None:
    draft = {"emails": [{"address": "b@example.com", "kind": "home", "primary": True}]}
    _, joined = policy.patch("update", RECORD, draft)["emails"]
    assert joined == {"address": "b@example.com", "kind": "home", "primary": False}


TEXT = st.text("abc", min_size=1, max_size=2)
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "title": TEXT,
        "language": TEXT,
        "tags": st.lists(TEXT, min_size=1, unique=True),
        "custom": st.dictionaries(TEXT, TEXT, min_size=1),
        "address": st.dictionaries(st.sampled_from(["city", "street"]), TEXT, min_size=1),
    },
)


def applied(record: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """RFC 7396, and without what is empty then."""
    whole = {**record}
    for name, value in patch.items():
        whole[name] = {**whole.get(name, {}), **value} if isinstance(value, dict) else value
        if isinstance(value, dict):
            whole[name] = {member: one for member, one in whole[name].items() if one is not None}
    return {name: value for name, value in whole.items() if value not in (None, [], {})}


@given(RECORDS, RECORDS, st.sampled_from(["update", "fill_empty"]))
def test_every_change_can_be_taken_back(record: dict[str, Any], draft: dict[str, Any], how: str) -> None:
    patch = policy.patch(how, record, draft)
    before, changed = policy.part(record, patch), applied(record, patch)
    after = policy.part(changed, patch)
    assert policy.patch(how, changed, draft) == {}  # once more changes nothing
    assert applied(changed, policy.undone(changed, before, after)) == record


@given(RECORDS, RECORDS, RECORDS)
def test_what_somebody_changed_since_stays(
    record: dict[str, Any], draft: dict[str, Any], later: dict[str, Any]
) -> None:
    patch = policy.patch("update", record, draft)
    changed = applied(record, patch)
    touched = applied(changed, {name: value for name, value in later.items() if isinstance(value, str)})
    back = applied(touched, policy.undone(touched, policy.part(record, patch), policy.part(changed, patch)))
    for name, value in later.items():
        if isinstance(value, str) and value != changed.get(name):
            assert back[name] == value
