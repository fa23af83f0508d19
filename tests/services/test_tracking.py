"""Openings and clicks seen by ourselves: links that lead where the author said and nowhere else, and who is counted."""

import html
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import clock, errors, ids
from chalicelib.services import mail_events, mail_links, tracking
from tests.house import House, Sender
from tests.mailed import AT, FIREFOX, counted, mailing, now

BASE = "https://crm.test/api"
TENANT, CONTACT, RUN = (ids.new(prefix) for prefix in ("ten", "con", "run"))


def made(text: str, **fields: Any) -> str:
    return tracking.instrument(text, TENANT, CONTACT, RUN, base_url=BASE, **fields)


def targets(text: str) -> list[str]:
    """Where the links of a mail lead in the end."""
    found = [html.unescape(one) for one in re.findall(r'href="([^"]*)"', text)]
    return [link.extra if (link := mail_links.read("click", one.rpartition("/")[2])) else one for one in found]


def test_links_lead_by_us_to_where_they_led_and_a_picture_is_added(engine: str) -> None:
    text = '<html><body><p><a class="b" href="https://firm.test/a?x=1&amp;y=2#top">A</a></p></body></html>'
    found = made(text)
    assert targets(found) == ["https://firm.test/a?x=1&y=2#top"]
    assert '<a class="b" href="https://crm.test/api/t/c/' in found
    picture = re.search(r'<img src="https://crm.test/api/t/o/([^"]+)" [^>]*></body></html>$', found)
    assert picture is not None
    assert mail_links.read("open", picture[1]) == mail_links.Link(TENANT, CONTACT, RUN, "0", "")
    assert made("<p>Hi</p>", clicks=False).startswith("<p>Hi</p><img ")


@pytest.mark.parametrize(
    "tag",
    [
        '<a href="mailto:ann@home.test">',
        '<a href="tel:+431234">',
        '<a href="#top">',
        '<a href="/relative">',
        '<a href="javascript:alert(1)">',
        f'<a href="{BASE}/u/k1.abc">',
        f'<a href="{BASE}/u/k1.abc/preferences">',
        '<a data-notrack href="https://firm.test/">',
        '<a href="https://firm.test/" data-notrack="">',
        '<a name="x">',
        '<area href="https://firm.test/">',
        '<a data-href="https://firm.test/">',
        f'<a href="https://firm.test/{"x" * 2000}">',
    ],
)
def test_what_is_no_link_to_follow_stays_as_it_is(engine: str, tag: str) -> None:
    assert made(f"{tag}x</a>", opens=False) == f"{tag}x</a>"


@pytest.mark.parametrize(
    "tag",
    [
        "<a href='https://firm.test/'>",
        "<A HREF = https://firm.test/ >",
        '<a\n  target="_blank"\n  href="HTTPS://firm.test/"\n>',
        '<a href=" https://firm.test/ ">',
    ],
)
def test_however_a_link_is_spelt(engine: str, tag: str) -> None:
    (found,) = re.findall(r"/t/c/([^\"'>\s]+)", made(tag, opens=False))
    link = mail_links.read("click", found)
    assert link is not None
    assert link.extra.lower() == "https://firm.test/"


def test_turned_off_nothing_changes(engine: str) -> None:
    text = '<a href="https://firm.test/">A</a></body>'
    assert made(text, opens=False, clicks=False) == text


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://firm.test/", "https://firm.test/?utm_source=news&utm_campaign=spring+%26+all"),
        ("https://firm.test/a?b=1#c", "https://firm.test/a?b=1&utm_source=news&utm_campaign=spring+%26+all#c"),
        ("https://firm.test/?utm_source=own", "https://firm.test/?utm_source=own&utm_campaign=spring+%26+all"),
        ("https://firm.test/?utm_source=&utm_campaign=x", "https://firm.test/?utm_source=&utm_campaign=x"),
        ("https://[broken/", "https://[broken/"),
    ],
)
@pytest.mark.parametrize("clicks", [True, False])
def test_tags_are_added_and_none_is_replaced(engine: str, url: str, wanted: str, clicks: bool) -> None:
    tags = {"source": "news", "campaign": "spring & all", "term": None}
    text = f'<a href="{html.escape(url)}">A</a><a href="{BASE}/u/k1.abc">out</a>'
    assert targets(made(text, clicks=clicks, utm=tags)) == [wanted, f"{BASE}/u/k1.abc"]


def test_time_is_linear_in_a_mail_of_broken_tags(engine: str) -> None:
    """What is not closed must not be looked through again from each place."""
    from time import process_time

    def took(times: int) -> float:
        text = ('<a href="' * times) + ("<a " * times) + ("<a href=" * times)
        rounds = []
        for _ in range(3):
            started = process_time()
            made(text)
            rounds.append(process_time() - started)
        return min(rounds)

    assert took(20_000) < 40 * max(took(2_000), 0.001)


@settings(max_examples=60)
@given(st.text(max_size=60), st.text("abc?&=#%/ äß\"'<>", max_size=30))
def test_whatever_stands_around_it_only_links_change(engine: str, around: str, path: str) -> None:
    url = f"https://firm.test/{path}"
    text = f'{around}<a href="{html.escape(url)}">{around}</a>'
    found = made(text, opens=False)
    assert url.strip() in targets(found) or found == text
    assert len(found) >= len(text) - len(html.escape(url))


def test_the_firm_the_campaign_and_the_contact_may_each_refuse() -> None:
    ann = SimpleNamespace(preferences=None)
    shy = SimpleNamespace(preferences={"channels": {"tracking": False}})
    assert tracking.wanted(None, None, ann) == (True, True)
    assert tracking.wanted({"opens": False}, {"opens": True, "clicks": True}, ann) == (False, True)
    assert tracking.wanted({}, {"clicks": False}, ann) == (True, False)
    assert tracking.wanted({}, {}, shy) == (False, False)


# What happens when they are asked


def tokens(one: Any, url: str = "https://firm.test/offer?a=1") -> tuple[str, str]:
    """The paths of a mail's picture and of one of its links."""
    opening = mail_links.make("open", one.tenant, one.contact_id, one.run)
    return f"/t/o/{opening}", f"/t/c/{mail_links.make('click', one.tenant, one.contact_id, one.run, extra=url)}"


def ask(house: House, path: str, agent: str | None = FIREFOX, method: str = "GET") -> Any:
    return house.http(method, path, headers={"User-Agent": agent} if agent is not None else {})


def test_a_person_opens_and_clicks(house: House, owner: Sender) -> None:
    clock.set(AT + timedelta(minutes=5))
    one = mailing(owner.tenant)
    opening, click = tokens(one)
    seen = ask(house, opening)
    assert (seen.status, seen.headers["Content-Type"], seen.text[:6]) == (200, "image/gif", "GIF89a")
    assert "no-store" in seen.headers["Cache-Control"]
    went = ask(house, click)
    assert (went.status, went.headers["Location"]) == (302, "https://firm.test/offer?a=1")
    house.settle()
    assert counted(owner.tenant, one.campaign_id) == dict.fromkeys(
        ("delivered", "opened", "opened_human", "clicked", "clicked_human"), 1
    )
    rows = owner.get(f"/v1/mail-events?message_id={one.result['message_id']}").json["data"]
    assert len(owner.get(f"/v1/mail-events?recipient={one.address}").json["data"]) == 2
    assert {row["type"]: (row["provider"], row["url"]) for row in rows} == {
        "opened": ("tendril", None),
        "clicked": ("tendril", "https://firm.test/offer?a=1"),
    }


def test_the_picture_is_one(house: House, owner: Sender) -> None:
    answer = ask(house, "/t/o/nonsense")
    data = answer.text.encode("latin-1")
    assert data == answer.text.encode()  # the same bytes, whether or not a gateway takes it for text
    assert data[6:10] == b"\x01\x00\x01\x00"  # one dot by one
    assert data.endswith(b";")


@pytest.mark.parametrize(
    ("agent", "method"),
    [
        (FIREFOX, "HEAD"),
        (None, "GET"),
        ("Mozilla/5.0", "GET"),
        ("Barracuda Sentinel (EE)", "GET"),
        ("curl/8.5.0", "GET"),
    ],
)
def test_programs_are_answered_and_counted_as_such(house: House, owner: Sender, agent: str | None, method: str) -> None:
    one = mailing(owner.tenant)
    opening, click = tokens(one)
    assert ask(house, opening, agent, method).status == 200
    went = ask(house, click, agent, method)
    assert (went.status, went.headers["Location"]) == (302, "https://firm.test/offer?a=1")
    if method == "HEAD":
        assert ask(house, opening, agent, method).text == went.text == ""
    house.settle()
    assert counted(owner.tenant, one.campaign_id) == {"opened": 1, "clicked": 1}


def test_who_looks_through_the_proxy_of_his_mailbox_is_a_person(house: House, owner: Sender) -> None:
    one = mailing(owner.tenant)
    agent = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
    assert ask(house, tokens(one)[0], agent, "GET").status == 200
    house.settle()
    assert counted(owner.tenant, one.campaign_id) == {"delivered": 1, "opened": 1, "opened_human": 1}


def test_a_scanner_that_follows_every_link_is_seen_by_that(house: House, owner: Sender) -> None:
    one = mailing(owner.tenant)
    clock.set(AT + timedelta(minutes=5))
    for number in range(4):
        ask(house, tokens(one, f"https://firm.test/{number}")[1])
    house.settle()
    assert counted(owner.tenant, one.campaign_id) == {"clicked": 1}


@pytest.mark.parametrize(
    "token", ["x", "k1.AAAA", "..%2F..", "%00", "A" * 3500, "k1-000000." + "A" * 90, "https:%2F%2Fevil.test"]
)
def test_a_link_that_we_did_not_make_leads_nowhere(house: House, token: str) -> None:
    answer = ask(house, f"/t/c/{token}")
    assert answer.status == 404
    assert answer.headers["Content-Type"].startswith("text/html")
    assert "Location" not in answer.headers
    assert (answer.cost["rru"], answer.cost["wru"]) == (0, 0)
    assert ask(house, f"/t/o/{token}").status == 200  # no oracle, and nothing kept
    assert ask(house, f"/t/o/{token}").cost["wru"] == 0


def test_a_token_is_good_for_its_use_only_and_leads_only_where_it_was_made_for(house: House, owner: Sender) -> None:
    one = mailing(owner.tenant)
    opening, click = tokens(one)
    assert ask(house, f"/t/c/{opening.rpartition('/')[2]}").status == 404
    token = click.rpartition("/")[2]
    longer = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert ask(house, f"/t/c/{longer}").status == 404
    for url in ("javascript:alert(1)", "//evil.test", "data:text/html,x", ""):
        assert ask(house, tokens(one, url)[1]).status == 404
    assert now(one).seen is None


def test_a_target_that_a_header_cannot_hold_is_written_so_that_it_can(house: House, owner: Sender) -> None:
    one = mailing(owner.tenant)
    answer = ask(house, tokens(one, "https://firm.test/tür?q=a b\r\nSet-Cookie: x")[1])
    assert answer.status == 302
    assert answer.headers["Location"] == "https://firm.test/t%C3%BCr?q=a%20b%0D%0ASet-Cookie:%20x"


def test_the_reader_goes_on_when_the_table_is_down(
    house: House, owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: Any) -> None:
        raise errors.Unready("The table is too busy.")

    monkeypatch.setattr(mail_events, "put_all", down)
    opening, click = tokens(mailing(owner.tenant))
    assert ask(house, opening).status == 200
    assert ask(house, click).status == 302


def test_a_reload_within_a_second_is_one_event(house: House, owner: Sender) -> None:
    one = mailing(owner.tenant)
    opening, _ = tokens(one)
    clock.set(AT + timedelta(minutes=5))
    for _ in range(3):
        ask(house, opening)
        clock.set(AT + timedelta(minutes=5))
    assert len(owner.get("/v1/mail-events").json["data"]) == 1


def test_a_firm_settles_whether_it_follows_anybody(owner: Sender) -> None:
    assert owner.get("/v1/settings").json["tracking"] == {"opens": True, "clicks": True}
    changed = owner.patch("/v1/settings", {"tracking": {"opens": False}})
    assert changed.json["tracking"] == {"opens": False, "clicks": True}
    assert owner.patch("/v1/settings", {"tracking": None}).json["tracking"] == {"opens": True, "clicks": True}
    assert owner.patch("/v1/settings", {"tracking": {"pixels": False}}).status == 422


def test_what_is_tagged_is_still_the_same_address() -> None:
    parts = urlsplit(tracking._tagged("https://firm.test/?a=b%20c&a=d", (("utm_source", "x"),)))
    assert parse_qsl(parts.query) == [("a", "b c"), ("a", "d"), ("utm_source", "x")]
