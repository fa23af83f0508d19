"""What all events of a mail say together: whatever order they came in, however often, in whatever parts."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.schemas.mail_event import Event
from chalicelib.services import seen
from tests.services.test_humans import FIREFOX

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
TYPES = (*seen.STAMPS, "subscribed")


def event(what: str, seconds: float = 0, **fields: Any) -> Event:
    """One of ours; a clicked one has a url."""
    more = {"url": "https://firm.test/a"} if what == "clicked" else {}
    more |= {"agent": FIREFOX} if what in ("opened", "clicked") else {}
    more |= {"bounce": "hard"} if what == "bounced" else {}
    at = AT + timedelta(seconds=seconds)
    given = {"type": what, "provider": "tendril", "event_id": f"{what}{seconds}", "at": at, **more, **fields}
    return Event(**given)


def state(*events: Event) -> seen.Seen:
    return seen.state_of(events)


def test_the_earliest_time_of_each_kind_is_kept() -> None:
    found = state(event("delivered", 9), event("delivered", 3), event("opened", 99), event("opened", 500))
    assert found["delivered"] == "2026-03-01T09:00:03.000Z"
    assert found["opened"] == found["opened_human"] == "2026-03-01T09:01:39.000Z"
    assert found[seen.TOUCHES] == [[1772355699000, "o"], [1772356100000, "o"]]


def test_a_soft_bounce_says_less_than_a_delivery() -> None:
    soft = event("bounced", bounce="soft")
    assert seen.cells(state(soft)) == {"bounced": 1}
    assert seen.cells(state(soft, event("delivered", 60))) == {"delivered": 1}
    assert state(soft, event("bounced", 9), event("bounced", 12, bounce="soft"))["bounced"] == "hard"


def test_cells_are_at_most_one_each_and_what_was_read_was_delivered() -> None:
    read = state(event("opened", 60), event("opened", 70), event("clicked", 90), event("clicked", 95))
    assert seen.cells(read) == dict.fromkeys(("delivered", "opened", "opened_human", "clicked", "clicked_human"), 1)
    assert seen.cells(state(event("delivered"), event("bounced", 9))) == {"bounced": 1}
    assert seen.cells(state(event("complained"))) == {"delivered": 1, "complained": 1}
    assert seen.cells(state(event("sent"), event("deferred"), event("rejected"))) == {}


def test_what_a_program_opened_counts_as_opened_but_as_nobodys_and_proves_no_delivery() -> None:
    found = state(event("opened", agent="curl/8"), event("clicked", machine=True))
    assert seen.cells(found) == {"opened": 1, "clicked": 1}
    assert seen.TOUCHES not in found


def test_a_burst_that_shows_later_takes_a_persons_opening_back() -> None:
    first = state(event("opened", 60))
    assert "opened_human" in first
    scan = [event("clicked", 61 + number, url=f"https://firm.test/{number}") for number in range(3)]
    both = seen.joined(first, state(*scan))
    assert seen.cells(both) == {"opened": 1, "clicked": 1}
    again = seen.joined(both, state(event("opened", 3600)))
    assert seen.cells(again) == {"delivered": 1, "opened": 1, "opened_human": 1, "clicked": 1}


def test_it_stays_small_whatever_comes() -> None:
    flood = [event("clicked", second / 7, url=f"https://firm.test/{second}") for second in range(700)]
    assert len(state(*flood)[seen.TOUCHES]) <= 18


def test_what_must_have_been_sent() -> None:
    assert not seen.proves_sent(None)
    assert not seen.proves_sent(state(event("rejected")))
    for what in ("sent", "delivered", "deferred", "bounced", "opened", "clicked", "complained", "unsubscribed"):
        assert seen.proves_sent(state(event(what))), what


agents = st.sampled_from([FIREFOX, "curl/8", None])
events = st.lists(
    st.builds(
        lambda what, ms, url, agent, bounce: event(
            what, ms / 1000, url=f"https://firm.test/{url}", agent=agent, bounce=bounce if what == "bounced" else None
        ),
        st.sampled_from([*TYPES, "opened", "clicked", "opened", "clicked"]),
        st.integers(0, 90_000),
        st.integers(0, 4),
        agents,
        st.sampled_from(["hard", "soft"]),
    ),
    max_size=40,
)


@settings(max_examples=200)
@given(events, st.randoms(use_true_random=False), st.integers(1, 6))
def test_taken_in_parts_out_of_order_and_twice_it_is_the_same(some: list[Event], random: Any, parts: int) -> None:
    whole = seen.state_of(some)
    told = [*some, *some[: len(some) // 2]]
    random.shuffle(told)
    piece: seen.Seen = {}
    for number in range(parts):
        piece = seen.joined(piece, seen.state_of(told[number::parts]))
    assert piece == whole
    assert seen.joined(whole, whole) == whole
    assert seen.joined(whole, {}) == whole
