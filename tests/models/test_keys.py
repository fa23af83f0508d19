"""The key schema: every key begins with its tenant, no two shapes can meet, and each pattern has a name of its own."""

import string
from typing import Any, Final

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib import ids
from chalicelib.models import keys

NASTY: Final = st.text(alphabet=st.sampled_from("#T-~/ :@{}0aé\u0000"), max_size=12)
LOWER: Final = st.text(alphabet=string.ascii_lowercase + "_.", min_size=1, max_size=8)
STAMPS: Final = st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z")


def an_id(*prefixes: str) -> st.SearchStrategy[str]:
    return st.sampled_from(prefixes).map(ids.new)


# What a part can be. Only these reach a key: ids we made (also those that a client names are checked for their form),
# words of our own, and text of people, which may be anything.
# What is kept in the directory, beside the tenants: who signs in, and how far the minute has come.
OF_NOBODY: Final = ("login", "throttle", "handed")
TEXT: Final = {
    *("name", "email", "value", "subject", "purpose", "window", "space", "external_id", "title"),
    *("address", "mailbox", "message"),
}
PARTS: Final[dict[str, st.SearchStrategy[str]]] = {
    "tenant": an_id("ten"),
    "id": an_id("usr", "con", "com", "tsk", "act", "tok", "ses", "job", "fld", "viw"),
    "user": an_id("usr"),
    "record": an_id("con", "com", "tsk"),
    "task": an_id("tsk"),
    "assignee": an_id("usr"),
    "status": st.sampled_from(["open", "done", "cancelled"]),
    "what": LOWER,
    "noun": LOWER,
    "field": LOWER,
    "ledger": LOWER,
    "shard": st.sampled_from("0123"),
    "day": st.dates().map(str),
    "week": st.dates().map(str),
    "month": st.dates().map("{:%Y-%m}".format),
    "at": STAMPS,
    "due_at": STAMPS,
    "updated_at": STAMPS,
    "deleted_at": STAMPS,
    "version": st.integers(1, 10**9).map("{:012}".format),
    "score": st.floats(0, 1).map("{:.3f}".format),
    "one": an_id("con", "com"),
    "other": an_id("con", "com"),
    "reader": an_id("usr") | st.just("-"),
    "stage": an_id("stg"),
    "rank": st.text(alphabet=string.ascii_letters + string.digits, min_size=8, max_size=32),
    "deal": an_id("dea"),
    "contact": an_id("con"),
    "playbook": an_id("pbk"),
    "followup": an_id("fup"),
    "book": an_id("pip") | LOWER,
    "currency": st.sampled_from(["EUR", "USD", "JPY"]),
    "period": st.sampled_from(["2026", "2026-Q4", "2026-11"]),
    "entered": STAMPS,
    "ordered_at": STAMPS,
    "provider": st.sampled_from(["ses", "postmark"]),
    "segment": an_id("seg"),
    "campaign": an_id("cam"),
    "run": an_id("run"),
    "step": st.integers(0, 255).map(str),
    "number": st.integers(0, 99999).map("{:05}".format),
    "digest": st.text(alphabet="0123456789abcdef", min_size=32, max_size=32),
    **dict.fromkeys(TEXT, NASTY),
}


def templates() -> list[tuple[str, str | None, str, str]]:
    return [
        (kind, name, pk, sk)
        for kind, shape in keys.SHAPES.items()
        for name, (pk, sk) in [(None, (shape.pk, shape.sk)), *shape.indexes.items()]
    ]


def _fields(*texts: str) -> set[str]:
    return {field for text in texts for _, field, _, _ in string.Formatter().parse(text) if field}


def test_every_part_of_a_key_is_known_here() -> None:
    assert _fields(*(text for _, _, pk, sk in templates() for text in (pk, sk))) <= PARTS.keys()


@st.composite
def placed(draw: st.DrawFn) -> tuple[str, str | None, dict[str, str], tuple[str, str]]:
    kind, name, pk, sk = draw(st.sampled_from(templates()))
    strategies = {**PARTS, "subject": an_id("con", "tsk")} if "{tenant}" in pk + sk else PARTS
    parts = {field: draw(strategies[field]) for field in sorted(_fields(pk, sk))}
    made = keys.index(kind, name, **parts) if name else keys.key(kind, **parts)
    return kind, name, parts, made


@pytest.mark.parametrize(("kind", "name", "pk", "sk"), templates())
def test_every_partition_begins_with_its_tenant(kind: str, name: str | None, pk: str, sk: str) -> None:
    if name == "due":
        assert pk == "DUE#{shard}", "the scheduler's own index, and the only one without a tenant"
        assert kind == "moment"
    elif kind in OF_NOBODY:
        assert pk.startswith(f"T#{keys.DIRECTORY}#")
    else:
        assert pk == "T#{tenant}" or pk.startswith("T#{tenant}#")


def test_a_part_that_is_text_of_people_comes_last_or_before_an_id() -> None:
    """So that no text can end a part early and begin another: what follows it has a fixed form, or nothing follows."""
    for kind, name, pk, sk in templates():
        for template in (pk, sk):
            names = [field for _, field, _, _ in string.Formatter().parse(template) if field]
            for position, field in enumerate(names[:-1]):
                directory = kind in OF_NOBODY
                if field in TEXT and not (field == "subject" and not directory):
                    assert names[position + 1 :] in (["id"], ["at"]), (kind, name, template)


def test_no_partition_is_the_directory_of_another_tenant() -> None:
    assert not ids.is_id("ten", keys.DIRECTORY)


@given(placed(), placed())
def test_no_two_shapes_produce_the_same_key(one: Any, two: Any) -> None:
    assume((one[0], one[1]) != (two[0], two[1]))
    if (one[1] or "") == (two[1] or ""):  # in the same index, or both in the table itself
        assert one[3] != two[3]


@given(placed(), st.data())
def test_different_parts_are_different_keys(one: Any, data: st.DataObject) -> None:
    kind, name, parts, made = one
    field = data.draw(st.sampled_from(sorted(parts)))
    other = {**parts, field: data.draw(PARTS[field] if field != "subject" or len(parts) == 1 else an_id("con", "tsk"))}
    assume(other != parts)
    again = keys.index(kind, name, **other) if name else keys.key(kind, **other)
    assert again != made


@given(placed())
def test_keys_round_trip(one: Any) -> None:
    kind, name, parts, (pk, sk) = one
    assert keys.partition(kind, name, **parts) == pk
    if name is None:
        assert sk.startswith(keys.prefix(kind))
        assert keys.key(kind, **parts, unused="x") == (pk, sk)
    for part in parts.values():
        assert part in pk + sk


def test_a_missing_part_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        keys.key("contact", tenant="ten_1")
    with pytest.raises(KeyError):
        keys.index("contact", "due", tenant="ten_1")
    with pytest.raises(KeyError):
        keys.key("no such kind", tenant="ten_1")


def test_kinds_that_share_a_collection_have_sort_keys_of_their_own() -> None:
    """One query of a collection by prefix must see one kind only."""
    by_partition: dict[str, dict[str, str]] = {}
    for kind, shape in keys.SHAPES.items():
        anonymous = shape.pk
        for field in _fields(shape.pk) - {"tenant"}:
            anonymous = anonymous.replace("{" + field + "}", "{}")
        by_partition.setdefault(anonymous, {})[kind] = keys.prefix(kind)
    for sharing in by_partition.values():
        for kind, prefix in sharing.items():
            for other, begin in sharing.items():
                records = prefix == begin == "#"  # the record itself; its id's prefix tells the kinds apart
                assert kind == other or records or not begin.startswith(prefix), (kind, other)


def test_patterns_are_named_once_and_say_why() -> None:
    names = [pattern.name for pattern in keys.PATTERNS]
    assert len(names) == len(set(names))
    for pattern in keys.PATTERNS:
        assert pattern.why
        assert pattern.read >= 0
        assert pattern.write >= 0
        assert (pattern.read * 2) % 1 == 0, "units come in halves"
        assert pattern.write == int(pattern.write)


def test_indexes_are_those_of_the_shapes() -> None:
    assert {name for shape in keys.SHAPES.values() for name in shape.indexes} == set(keys.INDEXES)
