"""Lists of deals: each finds what it says and nothing else, page by page; and an ordinary move touches no entry."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.deal import Deal
from chalicelib.models.pipeline import Pipeline
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.deal import DealDraft, DealView, Move
from chalicelib.schemas.field import FieldDraft
from chalicelib.schemas.filters import DealQuery
from chalicelib.schemas.lines import Worth
from chalicelib.schemas.page import Page
from chalicelib.services import deal_lists, deals, fields, indexing, lists, nouns, permissions, pipelines, terms

DAYS = (None, "2026-03-31", "2026-04-01", "2026-04-02", "2027-01-01")
WORDS = ("Fleet", "renewal", "Acme", "ACME-World", "2026", "Ünïon", "support")
ASKED = ("fle", "acme", "ren acme", "world", "union sup", "2026 fleet", "renewal fleet acme", "zz")
SETTINGS = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Firm:
    """A firm with two pipelines; the index follows each change of a deal."""

    def __init__(self) -> None:
        self.tenant = ids.new("ten")
        self.actor = Actor(self.tenant, ids.new("usr"), "token", permissions.ALL)
        self.pipeline = pipelines.first_of(self.tenant, self.actor.user)
        self.other = Pipeline(id=ids.new("pip"), tenant=self.tenant, name="Renewals", last_code=0)
        self.other.touch("usr")
        pipelines.arrange(self.other, pipelines.SALES)
        self.other.keys()
        transact(Step("save", self.pipeline), Step("save", self.other))

    def stage(self, number: int, pipeline: Any = None) -> str:
        return str((pipeline or self.pipeline).stages[number]["id"])

    def deal(self, title: str = "Deal", stage: int = 0, pipeline: Any = None, **fields: Any) -> Deal:
        home = pipeline or self.pipeline
        draft = DealDraft(title=title, pipeline_id=home.id, stage_id=self.stage(stage, home), **fields)
        record: Deal = deals.VERBS.build(self.actor, draft)
        transact(Step("save", record))
        indexing.follow(None, record)
        return record

    def now(self, deal: Deal) -> Deal:
        found = fetch(Deal, *keys.key("deal", tenant=self.tenant, id=deal.id), consistent=True)
        assert found is not None
        return found

    def changed(self, deal: Deal, **patch: Any) -> Deal:
        before = self.now(deal)
        deals.update(self.actor, deal.id, patch)
        after = self.now(deal)
        indexing.follow(before, after)
        return after

    def pages(self, limit: int = 50, **query: Any) -> Iterator[list[str]]:
        start = None
        while True:
            records, start = lists.page("deal", self.tenant, DealQuery(**query), Page(limit, start))
            yield [record.id for record in records]
            if start is None:
                return

    def found(self, limit: int = 50, **query: Any) -> list[str]:
        return [one for page in self.pages(limit, **query) for one in page]

    def walked(self, query: dict[str, Any]) -> set[str]:
        found: set[str] = set()
        start = None
        while True:
            several, start = lists.walk("deal", self.tenant, query, start, limit=3)
            found.update(several)
            if start is None:
                return found


@pytest.fixture
def firm(engine: str) -> Firm:
    return Firm()


def ids_of(*several: Deal) -> list[str]:
    return [one.id for one in several]


# What each query means, said once more without any index.
def answers(deal: Deal, query: dict[str, Any]) -> bool:
    day = deal.expected_close
    means: dict[str, Callable[[str], bool]] = {
        "status": lambda value: deal.status == value,
        "close_before": lambda value: day is not None and day < value,
        "close_after": lambda value: day is not None and day > value,
        "owner_id": lambda value: deal.owner_id == value,
        "pipeline_id": lambda value: deal.pipeline_id == value,
        "stage_id": lambda value: deal.stage_id == value,
        "company_id": lambda value: deal.company_id == value,
        "contact_id": lambda value: value in (deal.contact_ids or ()),
        "tag": lambda value: value in deal.tags,
    }
    return deal.live and all(means[name](value) for name, value in query.items())


def queries(firm: Firm) -> list[dict[str, Any]]:
    """Every list with every combination of what it takes."""
    values = {
        "status": ["open", "won", "lost"],
        "close_before": ["2026-04-01", "2027-01-02"],
        "close_after": ["2026-03-31", "2026-04-01"],
        "owner_id": ["usr_a", "usr_b"],
        "pipeline_id": [firm.pipeline.id, firm.other.id],
        "company_id": ["com_a"],
        "contact_id": ["con_a", "con_b"],
        "tag": ["vip"],
    }
    found: list[dict[str, Any]] = [{"stage_id": firm.stage(0)}]
    for one in deal_lists.LISTS:
        if not set(one.needs) <= values.keys() or set(one.also) - values.keys():
            continue
        several: list[dict[str, Any]] = [{}]
        for name in one.needs:
            several = [{**query, name: value} for query in several for value in values[name]]
        for name in one.also:
            several += [{**query, name: values[name][len(query) % len(values[name])]} for query in several]
        found += several
    return found


MADE = st.lists(
    st.tuples(
        *(st.integers(0, 5), st.booleans(), st.sampled_from(DAYS), st.sampled_from([None, "usr_a", "usr_b"])),
        *(st.booleans(), st.sets(st.sampled_from(["con_a", "con_b"])), st.booleans(), st.booleans()),
    ),
    min_size=1,
    max_size=7,
)


@settings(SETTINGS, max_examples=8)
@given(MADE, st.sampled_from([1, 2, 50]))
def test_each_list_has_what_it_says_once_and_nothing_else(engine: str, made: list[Any], limit: int) -> None:
    firm = Firm()
    there = [placed(firm, *one) for one in made]
    for query in queries(firm):
        found, truth = firm.found(limit, **query), {one.id for one in there if answers(one, query)}
        assert len(found) == len(set(found)), query
        assert set(found) == truth, query
        fits = lists.fitting("deal", firm.tenant, query)
        assert {one.id for one in there if fits(one)} == truth, query
        assert truth <= firm.walked(query), query


def placed(
    firm: Firm, stage: int, other: bool, day: str | None, owner: str | None, sold: bool, people: set[str], tagged: bool,
    gone: bool,
) -> Deal:  # fmt: skip
    """A deal as it may be after some changes, with the index as it is then."""
    deal = firm.deal(stage=0, pipeline=firm.other if other else None)
    before = firm.now(deal)
    home = firm.other if other else firm.pipeline
    deal.stage_id, deal.status = firm.stage(stage, home), pipelines.kind_of(home.stages[stage])
    deal.expected_close, deal.owner_id, deal.company_id = day, owner, "com_a" if sold else None
    deal.contact_ids, deal.tags = sorted(people) or None, ["vip"] if tagged else []
    deal.deleted_at = clock.stamp() if gone else None
    deal.keys()
    transact(Step("save", deal))
    indexing.follow(before, deal)
    return deal


def test_open_deals_come_first_and_each_by_the_day_they_are_to_close(firm: Firm) -> None:
    made = [firm.deal(owner_id=None, expected_close=day) for day in ("2026-05-01", None, "2026-04-01")]
    for one in made:
        firm.changed(one, tags=["vip"])
    late, undated, early = made
    assert firm.found(status="open") == ids_of(early, late, undated)
    firm.changed(early, stage_id=firm.stage(5), lost_reason="price")
    firm.changed(late, stage_id=firm.stage(4))
    assert firm.found(status="open") == ids_of(undated)
    assert firm.found(close_before="2027-01-01") == ids_of(late, early)  # won, then lost
    assert firm.found(close_after="2026-04-01") == ids_of(late)
    assert firm.found(close_before="2026-04-01") == []


def test_all_deals_are_listed_stage_by_stage_as_they_stand_there(firm: Firm) -> None:
    second, first, last = firm.deal(stage=1), firm.deal(stage=0), firm.deal(stage=4)
    elsewhere, upper = firm.deal(pipeline=firm.other), firm.deal(stage=1)
    deals.move(firm.actor, upper.id, Move(position=0))
    sales = ids_of(first, upper, second, last)
    assert firm.found() == [*ids_of(elsewhere), *sales]  # `Renewals` sorts before `Sales`
    assert list(firm.pages(2, pipeline_id=firm.pipeline.id))[:2] == [sales[:2], sales[2:]]
    assert firm.found(1, pipeline_id=firm.pipeline.id) == sales
    assert firm.found(pipeline_id=firm.pipeline.id, status="open") == sales[:3]
    assert firm.found(pipeline_id=firm.pipeline.id, stage_id=firm.stage(1)) == sales[1:3]


def test_what_rots_is_read_off_the_board_page_by_page(firm: Firm) -> None:
    made = [firm.deal(stage=1) for _ in range(6)]  # rots after 14 days
    for one, days in zip(made, (0, 6, 7, 13, 14, 99), strict=True):
        one.stage_since = clock.stamp(clock.after(-86400 * days))
        one.keys()
        transact(Step("save", one))
    rotten, stage = ids_of(*made), firm.stage(1)
    clock.set(clock.now())
    try:
        assert firm.found(2, stage_id=stage, rotting="red") == rotten[4:]
        assert firm.found(50, stage_id=stage, rotting="amber", pipeline_id=firm.pipeline.id) == rotten[2:4]
        assert [len(page) for page in firm.pages(2, stage_id=stage, rotting="red")][:2] == [0, 0]
    finally:
        clock.reset()
    assert firm.found(stage_id=firm.stage(0), rotting="red") == []


@SETTINGS
@given(
    st.lists(st.lists(st.sampled_from(WORDS), min_size=1, max_size=5), min_size=1, max_size=6), st.sampled_from(ASKED)
)
def test_deals_are_found_by_the_words_of_their_titles(engine: str, titles: list[list[str]], query: str) -> None:
    firm = Firm()
    made = [firm.deal(" ".join(title)) for title in titles]
    plain = {"ünïon": ["union"], "acme-world": ["acmeworld", "world"]}
    truth = [
        one.id
        for one in made
        if all(
            any(
                word.startswith(asked)
                for spoken in one.title.casefold().split()
                for word in plain.get(spoken, [spoken])
            )
            for asked in query.split()
        )
    ]
    for limit in (1, 50):
        found = firm.found(limit, q=query)
        assert sorted(found) == truth


def test_a_deal_is_not_found_by_its_company(firm: Firm) -> None:
    one = firm.deal("Engines")
    entries = terms.terms_of("deal", {**nouns.plain(one), "company_name": "Acme"})
    assert not [space for space, _ in entries if space.startswith(("deal.dup", "deal.name"))]
    assert firm.found(q="acme") == []
    assert firm.found(q="ada@example.com") == []
    assert firm.found(q="eng") == ids_of(one)


def test_a_move_between_open_stages_touches_no_entry(firm: Firm) -> None:
    one = firm.deal("Fleet renewal", owner_id=None, expected_close="2026-04-01", tags=["vip"])
    before = indexing.wanted(one)
    deals.move(firm.actor, one.id, Move(stage_id=firm.stage(2)))
    assert indexing.wanted(firm.now(one)) == before
    deals.move(firm.actor, one.id, Move(stage_id=firm.stage(4)))
    won = indexing.wanted(firm.now(one))
    assert {space for space, _ in before ^ won} == {"deal.close"}


def test_by_the_firms_own_fields_tags_and_ids_elsewhere(firm: Firm) -> None:
    fields.create(firm.actor, FieldDraft(noun="deal", name="size", label="Size", type="number"))
    fields.create(firm.actor, FieldDraft(noun="deal", name="twin", label="Twin", type="reference", refers_to="deal"))
    small, large = firm.deal("B", custom={"size": 5}), firm.deal("A", custom={"size": 50}, tags=["Vip"])
    twin = firm.deal("C", custom={"twin": small.id}, external_ids={"crm": "7"})
    assert firm.found(custom={"size.from": "5"}) == ids_of(small, large)
    assert firm.found(custom={"twin": small.id}) == ids_of(twin)
    assert firm.found(tag="vip") == ids_of(large)
    with pytest.raises(errors.Invalid):
        firm.deal("D", custom={"twin": ids.new("dea")})
    with pytest.raises(errors.Invalid):
        firm.found(custom={"weight": "5"})


def test_what_is_no_list_is_refused_with_those_that_fit(firm: Firm) -> None:
    refusals: tuple[tuple[dict[str, Any], str, str], ...] = (
        ({"rotting": "red"}, "/rotting", "`stage_id` + `rotting`"),
        ({"company_id": "com_a", "tag": "vip"}, "/tag", "`company_id`, `tag`"),
        ({"pipeline_id": firm.pipeline.id, "close_before": "2026-04-01"}, "/pipeline_id", "`close_before`"),
        ({"close_before": "2026-02-30"}, "/close_before", "no such day"),
        ({"pipeline_id": firm.pipeline.id, "stage_id": firm.stage(0, firm.other)}, "/stage_id", "no such stage"),
        ({"pipeline_id": ids.new("pip")}, "/pipeline_id", "no such pipeline"),
    )
    for query, pointer, told in refusals:
        with pytest.raises(errors.Invalid, match=re.escape(told)) as refused:
            firm.found(**query)
        assert refused.value.flaws[0].pointer == pointer


def test_each_list_of_deals_names_its_parameters_once() -> None:
    named = [one.needs for one in deal_lists.LISTS]
    assert len(set(named)) == len(named)
    known = {name for one in deal_lists.LISTS for name in (*one.needs, *one.also)}
    assert known == set(DealQuery.__struct_fields__) - {"limit", "cursor", "view_id"}


def test_a_deal_can_be_told_by_its_money(firm: Firm) -> None:
    """The wire form of a listed deal is that of a deal that is read."""
    one = firm.deal("Fleet", value=Worth(amount=1, currency="EUR"))
    (record,), _ = lists.page("deal", firm.tenant, DealQuery(status="open"), Page())
    shown = nouns.view(record)
    assert isinstance(shown, DealView)
    assert shown == nouns.view(firm.now(one))
