"""Who opened or clicked: each rule on its own, and all of them whatever order and number the events come in."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.schemas.mail_event import Event
from chalicelib.services import humans
from chalicelib.services.humans import OPEN, Touch

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148"
OUTLOOK = "Mozilla/4.0 (compatible; ms-office; MSOffice 16)"
PEOPLE = (
    FIREFOX,
    PHONE,
    OUTLOOK,
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
    "Thunderbird/128.3.1",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
    "Mozilla/5.0 (Linux; Android 13; CUBOT P80) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
)


def opened(agent: str | None = FIREFOX, **fields: object) -> Event:
    given = {"type": "opened", "provider": "tendril", "event_id": "1", "at": AT, "agent": agent, **fields}
    return Event(**given)  # type: ignore[arg-type]  # of these types


@pytest.mark.parametrize("agent", PEOPLE)
def test_programs_that_people_read_with_are_people(agent: str) -> None:
    assert humans.suspect(opened(agent)) is None


@pytest.mark.parametrize(
    ("rule", "event"),
    [
        ("machine", opened(machine=True)),
        ("nameless", opened(None)),
        ("nameless", opened("  ")),
        ("privacy-proxy", opened("Mozilla/5.0")),
        ("scanner", opened("Barracuda Sentinel (EE)")),
        ("scanner", opened(f"{FIREFOX} Proofpoint/1.0")),
        ("scanner", opened("Mimecast Link Scan")),
        ("scanner", opened("Mozilla/5.0 (Windows NT 10.0) SafeLinks/1.0")),
        ("client", opened("curl/8.5.0")),
        ("client", opened("python-requests/2.32.3")),
        ("client", opened("Python-urllib/3.11")),
        ("client", opened("Go-http-client/2.0")),
        ("client", opened("Mozilla/5.0 (X11; Linux) AppleWebKit/537.36 HeadlessChrome/131.0.0.0 Safari/537.36")),
        ("crawler", opened("Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)")),
        ("crawler", opened("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)")),
        ("crawler", opened("facebookexternalhit/1.1")),
    ],
)
def test_each_rule_about_one_event(rule: str, event: Event) -> None:
    assert humans.suspect(event) == rule


def test_a_provider_that_says_nothing_of_the_program_says_nothing_against_a_person() -> None:
    assert humans.suspect(opened(None, provider="sendgrid")) is None
    assert humans.suspect(opened(FIREFOX, machine=False)) is None


def test_every_rule_says_what_it_is_and_where_it_comes_from() -> None:
    rules: list[humans.Alone | humans.Together] = [*humans.ALONE, *humans.TOGETHER]
    assert len({rule.id for rule in rules}) == len(rules)
    assert all(len(rule.says) > 20 and len(rule.source) > 5 for rule in rules)


def at(seconds: float) -> float:
    return (AT + timedelta(seconds=seconds)).timestamp()


def test_three_targets_within_ten_seconds_are_a_burst_and_two_are_not() -> None:
    two = [Touch(at(0), OPEN), Touch(at(4), "a")]
    assert humans.people(two, None) == two
    assert humans.people([*two, Touch(at(9), "b")], None) == []
    late = Touch(at(11), "b")
    assert humans.people([*two, late], None) == [*two, late]
    assert humans.people([Touch(at(number), OPEN) for number in range(5)], None) != []  # one target, again and again


def test_who_reads_after_a_scanner_is_still_seen() -> None:
    scanner = [Touch(at(number / 10), f"link{number}") for number in range(9)]
    reader = [Touch(at(3600), OPEN), Touch(at(3650), "link3")]
    assert humans.people([*scanner, *reader], at(0)) == reader


def test_a_click_right_at_the_delivery_is_a_persons_only_if_he_had_opened_the_mail() -> None:
    click = Touch(at(1.5), "a")
    assert humans.people([click], at(0)) == []
    assert humans.people([click], None) == [click]
    assert humans.people([click._replace(at=at(2.5))], at(0)) != []
    opening = Touch(at(1), OPEN)
    assert humans.people([opening, click], at(0)) == [opening, click]


touches = st.lists(
    st.builds(Touch, st.integers(0, 60_000).map(lambda ms: at(ms / 1000)), st.sampled_from([OPEN, "a", "b", "c", "d"]))
)


@settings(max_examples=150)
@given(touches, st.randoms(use_true_random=False), st.none() | st.integers(-5, 60).map(at))
def test_neither_order_nor_repetition_matters(some: list[Touch], random: object, delivered: float | None) -> None:
    shuffled = [*some, *some[:3]]
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # it is a Random
    found = humans.people(shuffled, delivered)
    assert found == humans.people(some, delivered)
    assert set(found) <= set(some)
