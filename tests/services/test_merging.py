"""Merging on plain fields: whatever is merged, edited and unmerged, in any order, what is left is what was meant."""

import copy
import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.services import merging

Plain = dict[str, Any]


class World:
    """Records as the table would hold them, and what each should be if nothing had ever been merged."""

    def __init__(self, records: list[Plain]) -> None:
        self.now = {str(number): copy.deepcopy(plain) for number, plain in enumerate(records)}
        self.alone = copy.deepcopy(self.now)
        self.layers: dict[str, Any] = dict.fromkeys(self.now)
        self.into: dict[str, str] = {}

    def live(self) -> list[str]:
        return [one for one in self.now if one not in self.into]

    def merge(self, winner: str, loser: str, choices: dict[str, str]) -> None:
        self.layers[winner], self.now[winner] = merging.merged(
            self.layers[winner], self.now[winner], self.now[loser], choices, loser_id=loser
        )
        self.into[loser] = winner

    def unmerge(self, loser: str) -> None:
        holder = self.into.pop(loser)
        gone: str | None = loser
        while True:
            losers = {one: self.now[one] for one, into in self.into.items() if into == holder}
            self.layers[holder], self.now[holder] = merging.unmerged(self.layers[holder], losers, gone)
            if holder not in self.into:
                return
            holder, gone = self.into[holder], None

    def edit(self, record: str, after: Plain) -> None:
        if self.layers[record]:
            self.layers[record] = merging.edited(self.layers[record], self.now[record], after)
        self.now[record] = copy.deepcopy(after)

    def check(self) -> None:
        """What people read is always what the layers say."""
        for record, layers in self.layers.items():
            if layers:
                losers = {one: self.now[one] for one, into in self.into.items() if into == record}
                assert merging.fold(layers, losers) == self.now[record]


# Few values, so that records have many in common.
WORDS = st.sampled_from(["a", "b", "c", "d.e"])


def entries(names: st.SearchStrategy[str], make: Any) -> st.SearchStrategy[list[Any]]:
    return st.lists(names, max_size=3, unique=True).map(lambda found: [make(one, n) for n, one in enumerate(found)])


def mail(name: str, number: int) -> Plain:
    return {"address": name, "kind": "work", "primary": number == 0}


def phone(name: str, number: int) -> Plain:
    return {"number": name, "kind": "work", "primary": number == 0}


def records(number: int) -> st.SearchStrategy[Plain]:
    """A record; addresses belong to one only, so the number of the record is in them."""
    optional: dict[str, Any] = {
        "title": WORDS,
        "first_name": WORDS,
        "address": st.dictionaries(st.sampled_from(["city", "street"]), WORDS, min_size=1),
        "custom": st.dictionaries(WORDS, st.sampled_from([0, False, "x", ["y"]]), min_size=1),
        "social": st.dictionaries(WORDS, WORDS, min_size=1),
        "preferences": st.dictionaries(
            st.sampled_from(["channels", "topics"]), st.dictionaries(WORDS, st.booleans(), min_size=1), min_size=1
        ),
        "dates": entries(WORDS, lambda word, n: {"label": word, "date": "--01-01", "remind_days": n}).filter(bool),
    }
    always: dict[str, Any] = {
        "emails": entries(WORDS.map(lambda word: f"{word}{number}@x"), mail).filter(bool),
        "phones": entries(WORDS, phone).filter(bool),
        "tags": st.lists(WORDS, min_size=1, max_size=3, unique=True),
    }
    return st.fixed_dictionaries(always, optional=optional)


SEVERAL = st.tuples(*(records(number) for number in range(5))).map(list)
NAMES = st.sampled_from(["title", "address", "custom.a", "custom", "social.d.e", "emails", "phones", "preferences"])
CHOICES = st.dictionaries(NAMES, st.sampled_from(["winner", "loser"]), max_size=3)
CHANCE = st.integers(0, 2**32).map(random.Random)
STEPS = st.lists(
    st.tuples(st.sampled_from(["merge", "edit", "unmerge", "edit", "merge"]), CHANCE, CHOICES), max_size=16
)


def merge_some(world: World, chance: random.Random, choices: dict[str, str]) -> None:
    live = world.live()
    if len(live) > 1:
        winner, loser = chance.sample(live, 2)
        world.merge(winner, loser, choices)


def unmerge_some(world: World, chance: random.Random) -> None:
    if world.into:
        world.unmerge(chance.choice(sorted(world.into)))


@settings(max_examples=150, deadline=None)
@given(SEVERAL, STEPS, CHANCE)
def test_without_edits_all_are_again_what_they_were(
    plains: list[Plain], steps: list[tuple[str, random.Random, dict[str, str]]], chance: random.Random
) -> None:
    world = World(plains)
    for what, how, choices in steps:
        unmerge_some(world, how) if what == "unmerge" else merge_some(world, how, choices)
        world.check()
    while world.into:
        unmerge_some(world, chance)
        world.check()
    assert world.now == world.alone
    assert list(map(repr, map(_sorted, world.now.values()))) == list(map(repr, map(_sorted, world.alone.values())))
    assert not any(world.layers.values())


def _sorted(plain: Any) -> Any:
    """Objects have no order on the wire; lists do."""
    if isinstance(plain, dict):
        return {name: _sorted(plain[name]) for name in sorted(plain)}
    return [_sorted(one) for one in plain] if isinstance(plain, list) else plain


@settings(max_examples=150, deadline=None)
@given(SEVERAL, STEPS, CHANCE)
def test_with_edits_exactly_these_remain(
    plains: list[Plain], steps: list[tuple[str, random.Random, dict[str, str]]], chance: random.Random
) -> None:
    world = World(plains)
    for number, (what, how, choices) in enumerate(steps):
        if what == "merge":
            merge_some(world, how, choices)
        elif what == "unmerge":
            unmerge_some(world, how)
        else:
            edit_some(world, how, f"e{number}")
        world.check()
    while world.into:
        unmerge_some(world, chance)
        world.check()
    for record, alone in world.alone.items():
        assert _comparable(world.now[record]) == _comparable(alone)


def edit_some(world: World, chance: random.Random, mark: str) -> None:
    """One edit of what people read, and the same on the record as if it were alone."""
    record = chance.choice(world.live())
    after, alone = copy.deepcopy(world.now[record]), world.alone[record]
    EDITS[chance.randrange(len(EDITS))](chance, after, alone, mark)
    world.edit(record, {name: value for name, value in after.items() if value not in (None, [], {})})
    world.alone[record] = {name: value for name, value in alone.items() if value not in (None, [], {})}


def _set_one(chance: random.Random, after: Plain, alone: Plain, mark: str) -> None:
    value = chance.choice([None, mark])
    if after.get("title") != value:
        after["title"] = alone["title"] = value


def _set_key(chance: random.Random, after: Plain, alone: Plain, mark: str) -> None:
    for plain in (after, alone):
        plain["custom"] = {**plain.get("custom", {}), mark: 1}


def _clear_key(chance: random.Random, after: Plain, alone: Plain, mark: str) -> None:
    keys = sorted(after.get("social", {}))
    if keys:
        gone = chance.choice(keys)
        for plain in (after, alone):
            plain["social"] = {key: value for key, value in plain.get("social", {}).items() if key != gone}


def _add_entry(chance: random.Random, after: Plain, alone: Plain, mark: str) -> None:
    name = chance.choice(["emails", "phones", "tags"])
    entry: Any = {"emails": {"address": mark, "kind": "home"}, "phones": {"number": mark, "kind": "home"}}.get(
        name, mark
    )
    for plain in (after, alone):
        several = list(plain.get(name, []))
        new = {**entry, "primary": not several} if isinstance(entry, dict) else entry
        several.insert(chance.randrange(len(several) + 1) if plain is after else len(several), new)
        plain[name] = several


def _drop_entry(chance: random.Random, after: Plain, alone: Plain, mark: str) -> None:
    name = chance.choice(["emails", "phones", "tags", "dates"])
    if after.get(name):
        gone = merging._key(name, chance.choice(after[name]))
        for plain in (after, alone):
            left = [one for one in plain.get(name, []) if merging._key(name, one) != gone]
            if name in merging.ONE_PRIMARY and left and not any(one["primary"] for one in left):
                left[0] = {**left[0], "primary": True}
            plain[name] = left


def _turn_over(chance: random.Random, after: Plain, alone: Plain, mark: str) -> None:
    """The other way round: an order is no value, and nothing that has to remain once the others are gone."""
    after["tags"] = after.get("tags", [])[::-1]


EDITS = (_set_one, _set_key, _clear_key, _add_entry, _drop_entry, _turn_over)


def _comparable(plain: Plain) -> Plain:
    """Without the order of lists, and without which entry is primary: that depends on what was there to choose from."""
    bare = {name: value for name, value in merging.leaves(plain).items() if value not in (None, [], {})}
    for name in merging.LISTS:
        several = [{**one, "primary": None} if isinstance(one, dict) else one for one in plain.get(name, [])]
        bare[name] = sorted(several, key=lambda one: merging._key(name, one))
    return bare


@settings(max_examples=60, deadline=None)
@given(SEVERAL, st.lists(CHOICES, min_size=4, max_size=4), st.permutations(range(1, 5)), st.integers(0, 4))
def test_the_order_of_undoing_does_not_matter(
    plains: list[Plain], choices: list[dict[str, str]], order: list[int], count: int
) -> None:
    found = []
    for undone in (order[:count], sorted(order[:count])):
        world = World(plains)
        for number in range(1, 5):
            world.merge("0", str(number), choices[number - 1])
        for number in undone:
            world.unmerge(str(number))
        found.append((world.now, world.layers))
    assert found[0] == found[1]


def record(**fields: Any) -> Plain:
    return {"first_name": "A", **fields}


class TestEntriesOfLosers:
    """What an edit does to an entry that a loser gave is the winner's, as long as the loser is in it."""

    def world(self) -> World:
        world = World([record(emails=[mail("own", 0)]), record(emails=[mail("b", 0)], tags=["t"]), record(tags=["t"])])
        world.merge("0", "1", {})
        world.merge("0", "2", {})
        return world

    def test_one_that_was_taken_away_does_not_come_back_with_another_undo(self) -> None:
        world = self.world()
        world.edit("0", record(emails=[mail("own", 0)]))
        world.unmerge("2")
        assert world.now["0"] == record(emails=[mail("own", 0)])
        assert world.now["1"] == world.alone["1"]

    def test_one_that_is_there_again_goes_with_its_loser(self) -> None:
        world = self.world()
        before = world.now["0"]
        world.edit("0", record(emails=[mail("own", 0)], tags=["t"]))
        world.edit("0", before)
        assert world.now["0"] == before
        world.unmerge("1")
        assert world.now["0"] == record(emails=[mail("own", 0)], tags=["t"])

    def test_one_that_was_reshaped_is_itself_again_when_merged_anew(self) -> None:
        world = self.world()
        home = {**mail("b", 0), "kind": "home"}
        world.edit("0", record(emails=[home, mail("own", 1)], tags=["t"]))
        world.check()
        world.unmerge("1")
        assert world.now["0"]["emails"] == [mail("own", 0)]
        world.merge("0", "1", {})
        assert world.now["0"]["emails"] == [mail("own", 0), mail("b", 1)]

    def test_a_value_of_one_who_is_gone_can_be_given_anew(self) -> None:
        world = self.world()
        world.edit("0", record(emails=[mail("own", 0)], tags=["t"]))
        world.unmerge("1")
        world.edit("1", record(tags=["t"]))
        world.edit("0", record(emails=[mail("own", 0), mail("b", 1)], tags=["t"]))
        world.unmerge("2")
        assert world.now["0"] == record(emails=[mail("own", 0), mail("b", 1)])
