"""The index ends as the newest version of each record wants it, however its changes are told, and wherever cut off."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock, ids
from chalicelib.models import table, writes
from chalicelib.models.contact import Contact
from chalicelib.models.term import Card, Term, Terms, packed, unpacked
from chalicelib.services import indexing
from tests.house import House, Sender

NAMES = ("Ada", "Ada Maria", "Bea", None)


class Cut(Exception):
    """The process ends here."""


class Stage:
    """Deliveries of changes, each of which may be cut off before any of its writes, or interrupted by another one."""

    def __init__(self, images: list[Any], plan: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch) -> None:
        self.images, self.plan, self.pending, self.depth = images, list(plan), set(range(len(images))), 0
        monkeypatch.setattr(indexing, "put_all", self.put_all)
        monkeypatch.setattr(indexing, "transact", self.transact)

    def deliver(self, number: int) -> None:
        """Tell of the change that led to image `number`; it is done unless it raised."""
        self.pending.add(number)
        self.depth += 1
        try:
            indexing.follow(self.images[number - 1] if number else None, self.images[number])
        except Cut:
            self.pending.add(number)  # also if another delivery of the same change has come to its end meanwhile
            return
        finally:
            self.depth -= 1
        self.pending.discard(number)

    def step(self) -> None:
        """What happens before a write."""
        while self.plan:
            what, number = self.plan.pop()
            if what == "cut":
                raise Cut
            if what == "other" and self.depth < 3:
                self.deliver(number % len(self.images))
                continue
            return

    def put_all(self, puts: Any, deletes: Any) -> None:
        for one in deletes:
            self.step()
            writes.put_all([], [one])
        for one in puts:
            self.step()
            writes.put_all([one])

    def transact(self, *steps: Any) -> None:
        self.step()
        writes.transact(*steps)


def images(facts: list[tuple[int, str, bool]]) -> list[Any]:
    """Versions of one contact; all of them were made in the same moment, which is what lists by age are sorted by."""
    tenant, record_id, born, found = ids.new("ten"), ids.new("con"), clock.stamp(), []
    for number, (name, tag, deleted) in enumerate(facts):
        contact = Contact(id=record_id, tenant=tenant, first_name=NAMES[name], tags=[tag], name="x")
        contact.version, contact.created_at, contact.updated_at = number + 1, born, clock.stamp()
        contact.deleted_at = clock.stamp() if deleted else None
        found.append(contact)
    return found


def standing(tenant: str, record_id: str, among: Terms) -> Terms:
    several = sorted(among)
    items = [Term.of(tenant, space, value, record_id) for space, value in several]
    found = table.several([(item.pk, item.sk) for item in items])
    return frozenset(term for term, item in zip(several, found, strict=True) if item is not None)


FACTS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from("ab"), st.booleans()), min_size=1, max_size=5)
PLAN = st.lists(st.tuples(st.sampled_from(["go"] * 6 + ["cut", "other", "other"]), st.integers(0, 4)), max_size=60)
ORDER = st.lists(st.integers(0, 4), max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(FACTS, PLAN, ORDER)
def test_any_schedule_ends_with_what_the_newest_version_wants(
    engine: str, facts: list[Any], plan: list[Any], order: list[int]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        versions = images(facts)
        stage = Stage(versions, plan, patch)
        for number in order:
            stage.deliver(number % len(versions))
        while stage.pending:
            stage.deliver(min(stage.pending))
        newest = versions[-1]
        everything = frozenset().union(*map(indexing.wanted, versions))
        assert standing(newest.tenant, newest.id, everything) == indexing.wanted(newest)
        place = Card.at(newest.tenant, newest.id)
        card = table.fetch(Card, place.pk, place.sk)
        assert card is not None
        assert card.done
        assert card.terms == indexing.wanted(newest)


def test_one_who_helped_another_and_was_overtaken_is_made_good_too(engine: str) -> None:
    facts = [(0, "a", True), (0, "a", True), (0, "a", False), (1, "a", False)]
    plan = [("other", 2), ("other", 3), ("go", 0), ("go", 0), ("cut", 0), ("go", 0), ("other", 2)]
    with pytest.MonkeyPatch.context() as patch:
        versions = images(facts)
        stage = Stage(versions, plan, patch)
        while stage.pending:
            stage.deliver(min(stage.pending))
        everything = frozenset().union(*map(indexing.wanted, versions))
        newest = versions[-1]
        assert standing(newest.tenant, newest.id, everything) == indexing.wanted(newest)


def test_one_who_was_overtaken_and_then_cut_off_is_made_good_when_told_again(
    engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    versions = images([(0, "a", False), (2, "b", False), (0, "a", False)])
    newest, everything = versions[-1], frozenset().union(*map(indexing.wanted, versions))
    stage = Stage(versions, [], monkeypatch)
    stage.deliver(0)

    def slow(puts: Any, deletes: Any) -> None:
        monkeypatch.setattr(indexing, "put_all", writes.put_all)
        stage.deliver(2)
        writes.put_all(puts, deletes)
        raise Cut

    monkeypatch.setattr(indexing, "put_all", slow)
    stage.deliver(1)
    assert stage.pending == {1}
    assert standing(newest.tenant, newest.id, everything) != indexing.wanted(newest)
    stage.deliver(1)
    assert standing(newest.tenant, newest.id, everything) == indexing.wanted(newest)


@given(
    st.frozensets(
        st.tuples(st.from_regex(r"[a-z.]{1,20}", fullmatch=True), st.from_regex(r"[^\t\n\r]{0,30}", fullmatch=True))
    )
)
def test_packed_terms_round_trip(terms: Terms) -> None:
    data = packed(terms)
    assert unpacked(data) == terms


def test_a_card_of_a_record_as_firms_have_them_is_one_unit(house: House, owner: Sender) -> None:
    made = owner.contact(
        first_name="Wilhelmina",
        last_name="Featherstonehaugh-Cholmondeley",
        emails=[{"address": f"{n}.wilhelmina@example.com"} for n in "abc"],
        phones=[{"number": "+44 20 7946 0101"}, {"number": "+44 7700 900123"}],
        tags=[f"tag number {n}" for n in range(10)],
    )
    house.settle()
    place = Card.at(owner.tenant, made["id"])
    card = table.fetch(Card, place.pk, place.sk)
    assert card is not None
    assert len(card.packed) < 700


def test_a_change_that_concerns_no_term_writes_nothing(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = images([(0, "a", False), (0, "a", False)])
    second.title = "Countess"
    monkeypatch.setattr(indexing, "transact", pytest.fail)
    monkeypatch.setattr(indexing, "put_all", pytest.fail)
    indexing.follow(first, second)


def test_a_record_that_is_removed_for_good_leaves_nothing(engine: str) -> None:
    (made,) = images([(1, "a", False)])
    indexing.follow(None, made)
    assert standing(made.tenant, made.id, indexing.wanted(made)) == indexing.wanted(made)
    indexing.follow(made, None)
    indexing.follow(None, made)
    assert standing(made.tenant, made.id, indexing.wanted(made)) == frozenset()
