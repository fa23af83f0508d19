"""What providers call: who is proved is taken, who is not leaves no trace, and each hears what makes him come again."""

import json
import logging
import threading
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from chalicelib import clock, errors
from chalicelib.adapters import outgoing
from chalicelib.adapters.hooks import HOOKS, RETRY, ses
from chalicelib.models import mail_event
from chalicelib.models.provider import Provider, place
from chalicelib.models.table import every, fetch
from chalicelib.models.writes import put_all
from chalicelib.schemas.mail_event import Event
from chalicelib.services import keyring, mail_events, provider_settings
from tests.adapters.hooks import signing
from tests.adapters.hooks.samples import ANN, SAMPLES
from tests.adapters.hooks.signing import NOW, Request
from tests.contract.calling import colleague
from tests.house import Answer, House, Sender
from tests.loglines import heard

PROVIDERS = tuple(HOOKS)
SETTINGS: dict[str, dict[str, Any]] = {
    provider: {name: list(values) for name, values in msgspec.to_builtins(secrets).items() if values}
    for provider, secrets in signing.SECRETS.items()
}
DELIVERED = {
    provider: next(one.raw for one in SAMPLES[provider] if one.wanted and one.wanted["type"] == "delivered")
    for provider in PROVIDERS
}
every_provider = pytest.mark.parametrize("provider", PROVIDERS)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The moment at which the requests are signed, and the certificate that SNS has."""
    clock.set(NOW)
    monkeypatch.setitem(ses._keys, signing.CERTIFICATE, ses._imported(signing.certificate(signing.rsa_key(0))))
    yield
    clock.reset()


def ready(owner: Sender, provider: str) -> str:
    """What is needed is set; the path that the provider calls."""
    answer = owner.call("PUT", f"/v1/settings/providers/{provider}", SETTINGS[provider])
    assert answer.status == 201, answer.text
    return "/v1" + str(answer.json["hook_url"]).partition("/v1")[2]


def post(owner: Sender, path: str, request: Request) -> Answer:
    return owner.house.http("POST", path, request.body, request.headers)


def listed(owner: Sender, query: str = "") -> list[Any]:
    return list(owner.get(f"/v1/mail-events{query}").json["data"])


def nothing_written(owner: Sender, path: str, request: Request) -> Answer:
    answer = post(owner, path, request)
    assert answer.cost["wru"] == 0
    assert listed(owner) == []
    assert listed(owner, "?unreadable=true") == []
    return answer


@every_provider
def test_what_is_proved_is_kept_and_told_once(owner: Sender, provider: str) -> None:
    path, request = ready(owner, provider), signing.SIGN[provider](DELIVERED[provider])
    first, again = post(owner, path, request), post(owner, path, request)
    assert (first.status, again.status) == (200, 200), first.text
    rows = listed(owner)
    assert [(row["type"], row["recipient"], row["provider"]) for row in rows] == [("delivered", ANN, provider)]
    assert [row["id"] for row in listed(owner, f"?message_id={rows[0]['message_id']}")] == [rows[0]["id"]]
    assert len(listed(owner, f"?recipient={ANN}")) == 1


@every_provider
def test_what_is_forged_or_tampered_with_leaves_no_trace(owner: Sender, provider: str) -> None:
    path, good = ready(owner, provider), signing.SIGN[provider](DELIVERED[provider])
    bare = Request({"Content-Type": "application/json"}, good.body)
    tampered = Request(good.headers, good.body.replace(b"home.test", b"evil.test"))
    bad = [bare]
    if provider == "mailgun":  # whose proof stands in the body, and does not cover it
        bad = [signing.mailgun(DELIVERED[provider], key="another"), signing.mailgun(DELIVERED[provider], token="")]
    elif HOOKS[provider].covers != "nothing":
        bad.append(tampered)
    for request in bad:
        answer = nothing_written(owner, path, request)
        assert answer.status == HOOKS[provider].refuse, answer.text
    if HOOKS[provider].refuse == 401:
        assert "WWW-Authenticate" in nothing_written(owner, path, bad[0]).headers


@pytest.mark.parametrize("provider", ["ses", "sendgrid", "mailgun", "resend"])
def test_a_recording_is_refused_when_its_time_is_over(owner: Sender, provider: str) -> None:
    path, request = ready(owner, provider), signing.SIGN[provider](DELIVERED[provider])
    clock.set(NOW + timedelta(days=15))
    late = post(owner, path, request)
    clock.set(NOW - timedelta(hours=2))
    early = post(owner, path, request)
    assert (late.status, early.status) == (HOOKS[provider].refuse,) * 2
    assert (late.cost["wru"], early.cost["wru"]) == (0, 0)


@every_provider
def test_nothing_is_taken_where_nothing_is_set(owner: Sender, provider: str) -> None:
    url = owner.get(f"/v1/settings/providers/{provider}").json
    assert url["configured"] is False
    path = "/v1" + url["hook_url"].partition("/v1")[2]
    answer = nothing_written(owner, path, signing.SIGN[provider](DELIVERED[provider]))
    assert answer.status == HOOKS[provider].refuse
    assert answer.cost["rru"] == 0.5


def test_an_address_that_we_did_not_give_costs_nothing(house: House, owner: Sender) -> None:
    path = ready(owner, "postmark")
    request = signing.postmark(DELIVERED["postmark"])
    key = path.rpartition("/")[2]
    other = "B" if key[-1] != "B" else "C"
    for wrong in (
        f"/v1/hooks/postmark/{key[:-1]}{other}",
        f"/v1/hooks/postmark/{key}A",
        f"/v1/hooks/sendgrid/{key}",  # each provider has its own
        f"/v1/hooks/pigeon/{key}",
        "/v1/hooks/postmark/k0-000000.AAAA",
        "/v1/hooks/postmark/%F0%9F%98%80",
        "/v1/hooks/postmark/.",
        f"/v1/hooks/postmark/{'A' * 5000}",
    ):
        answer = post(owner, wrong, request)
        assert answer.status == 404, wrong
        assert (answer.cost["rru"], answer.cost["wru"]) == (0, 0)
    stranger = house.signup()
    assert post(owner, ready(stranger, "postmark"), request).status == 200
    assert listed(owner) == []
    assert len(listed(stranger)) == 1


def test_another_firms_secret_is_no_good_here(house: House, owner: Sender) -> None:
    path = ready(owner, "mailgun")
    stranger = house.signup()
    stranger.call("PUT", "/v1/settings/providers/mailgun", {"signing_key": "the stranger's"})
    forged = signing.mailgun(DELIVERED["mailgun"], key="the stranger's")
    assert nothing_written(owner, path, forged).status == 401


def test_a_key_of_another_ring_is_still_good_after_it_was_rotated(
    owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ready(owner, "postmark")
    ring = keyring._ring()
    monkeypatch.setattr(keyring, "_cached", keyring.new_ring(ring))
    assert post(owner, path, signing.postmark(DELIVERED["postmark"])).status == 200
    fresh = owner.get("/v1/settings/providers/postmark").json["hook_url"]
    assert not fresh.endswith(path)


# The body


@every_provider
def test_a_body_over_the_limit_is_refused_before_anything_else(owner: Sender, provider: str) -> None:
    path = ready(owner, provider)
    for size in (1024 * 1024 + 1, 5 * 1024 * 1024):
        answer = post(owner, path, Request({"Content-Type": "application/json"}, b"[" + b" " * (size - 2) + b"]"))
        assert answer.status == 413
        assert (answer.cost["rru"], answer.cost["wru"]) == (0, 0)


def test_any_content_type_and_bytes_that_a_gateway_hands_over_in_base64(owner: Sender) -> None:
    path = ready(owner, "sendgrid")
    spoilt = [DELIVERED["sendgrid"] | {"reason": "\ufffd"}]  # U+FFFD is somebody's text, not ours to refuse
    request = signing.sendgrid(spoilt)
    for number, kind in enumerate(("text/plain; charset=UTF-8", "application/octet-stream", "image/png", "")):
        headers = {**request.headers, "Content-Type": kind}
        assert owner.house.http("POST", path, request.body, headers).status == 200, number
    assert len(listed(owner)) == 1


ODD = (b"", b"null", b"[]", b"{}", b"{", b"[" * 60_000, b"\xff\xfe", b"[null]", b"[1]", b'[{"event": NaN}]', b"\x00",
       b'[{"event":"delivered","timestamp":1e400}]', b'[{"event":"\\ud800"}]', b'"text"')  # fmt: skip


@every_provider
def test_no_body_however_odd_is_our_fault(owner: Sender, provider: str) -> None:
    path = ready(owner, provider)
    for body in ODD:
        request = Request({**signing.basic(), "Signature": "00"}, body)
        if provider == "ses":
            request = signing.ses(body.decode("utf-8", "replace"))
        elif provider in ("sendgrid", "resend", "mailersend"):
            request = signing.SIGN[provider](body)
        assert post(owner, path, request).status in (200, 400, 401, 403, 406), body[:40]
    assert listed(owner) == []


def test_a_batch_with_a_bad_event_keeps_the_good_ones(owner: Sender) -> None:
    path, good = ready(owner, "sendgrid"), DELIVERED["sendgrid"]
    several = [{**good, "sg_event_id": f"e{number}"} for number in range(4)]
    bad = [{**good, "sg_event_id": "bad", "email": "nobody"}, {"event": "delivered"}, 7]
    unknown = {**good, "event": "teleported", "sg_event_id": "new"}
    answer = post(owner, path, signing.sendgrid([*several[:2], *bad, unknown, *several[2:]]))
    assert (answer.status, answer.json) == (200, {"taken": 4})
    assert {row["event_id"] for row in listed(owner)} == {"e0", "e1", "e2", "e3"}
    assert len(listed(owner, "?unreadable=true")) == 3


def test_what_is_new_is_taken_ignored_and_counted(owner: Sender) -> None:
    path = ready(owner, "resend")
    with heard() as lines:
        assert post(owner, path, signing.resend({"type": "email.teleported", "data": {}})).status == 200
    assert lines.fields("webhook") == [
        {"provider": "resend", "events": {}, "bad": 0, "ignored": {"email.teleported": 1}}
    ]


def test_refusals_are_logged_without_a_word_of_the_request(owner: Sender) -> None:
    path = ready(owner, "postmark")
    with heard() as lines:
        post(owner, path, signing.postmark(DELIVERED["postmark"], password="hush:hush"))
    (found,) = lines.fields("webhook refused", logging.ERROR)
    assert (found["provider"], found["outcome"], found["status"]) == ("postmark", "forged", 401)
    assert "hush" not in json.dumps(found)
    assert ANN not in json.dumps(found)


# Mailgun, whose signature does not cover the event


def test_a_captured_token_signs_no_other_event(owner: Sender) -> None:
    path = ready(owner, "mailgun")
    assert post(owner, path, signing.mailgun(DELIVERED["mailgun"])).status == 200
    body = json.loads(signing.mailgun(DELIVERED["mailgun"]).body)
    body["event-data"]["recipient"] = "victim@home.test"
    forged = Request({}, json.dumps(body).encode())
    answer = post(owner, path, forged)
    assert answer.status == 401
    assert [row["recipient"] for row in listed(owner)] == [ANN]
    assert post(owner, path, signing.mailgun(DELIVERED["mailgun"])).status == 200  # the same again, as a retry is


def test_of_two_bodies_with_one_token_at_once_one_is_taken(owner: Sender) -> None:
    path = ready(owner, "mailgun")
    bodies = []
    for who in ("one", "two"):
        body = json.loads(signing.mailgun(DELIVERED["mailgun"]).body)
        body["event-data"] |= {"recipient": f"{who}@home.test", "id": who}
        bodies.append(Request({}, json.dumps(body).encode()))
    answers: list[int] = []
    threads = [threading.Thread(target=lambda one=one: answers.append(post(owner, path, one).status)) for one in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, 401]
    assert len(listed(owner)) == 1


# Mandrill, which tries an address out before there is a key


def test_an_address_is_tried_out_before_there_is_a_key(owner: Sender) -> None:
    url = owner.get("/v1/settings/providers/mandrill").json["hook_url"]
    path = "/v1" + url.partition("/v1")[2]
    head = owner.house.http("HEAD", path)
    assert (head.status, head.text, head.cost["rru"]) == (200, "", 0)
    assert owner.house.http("HEAD", path + "A").status == 404
    assert owner.house.http("GET", path).status == 405
    empty = Request({"Content-Type": "application/x-www-form-urlencoded"}, b"mandrill_events=%5B%5D")
    assert nothing_written(owner, path, empty).status == 200
    assert nothing_written(owner, path, signing.mandrill(DELIVERED["mandrill"])).status == 401


# SES, which wants its subscription confirmed


def confirmation(**fields: Any) -> Request:
    return signing.sns(signing.envelope("You have chosen to subscribe.", "SubscriptionConfirmation", **fields))


def test_a_subscription_to_our_topic_is_confirmed(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[str] = []
    monkeypatch.setattr(outgoing, "get", fetched.append)
    path = ready(owner, "ses")
    assert post(owner, path, confirmation()).status == 200
    assert fetched == [signing.SUBSCRIBE]
    leave = signing.sns(signing.envelope("You have left.", "UnsubscribeConfirmation"))
    assert post(owner, path, leave).status == 200
    assert fetched == [signing.SUBSCRIBE]


def test_a_subscription_to_somebody_elses_topic_is_not(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "get", lambda url: pytest.fail(f"{url} was fetched"))
    path = ready(owner, "ses")
    theirs = "arn:aws:sns:eu-central-1:666666666666:mail"
    url = f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={theirs}&Token=2336412f"
    for request in (
        confirmation(TopicArn=theirs, SubscribeURL=url),
        confirmation(SubscribeURL=url),
        confirmation(SubscribeURL="https://sns.us-east-1.s3.amazonaws.com/?Action=ConfirmSubscription"),
    ):
        assert nothing_written(owner, path, request).status == 403


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.us-east-1.s3.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.test/SimpleNotificationService-1.pem",
        "https://evil.test/sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
        "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
    ],
)
def test_a_certificate_that_lies_elsewhere_is_not_even_fetched(
    owner: Sender, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    monkeypatch.setattr(outgoing, "get", lambda url: pytest.fail(f"{url} was fetched"))
    path = ready(owner, "ses")
    forged = signing.ses(DELIVERED["ses"], SigningCertURL=url)
    assert nothing_written(owner, path, forged).status == 403


def test_a_certificate_out_of_reach_is_trouble_of_ours(owner: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    path = ready(owner, "ses")
    monkeypatch.delitem(ses._keys, signing.CERTIFICATE)
    answer = nothing_written(owner, path, signing.ses(DELIVERED["ses"]))  # there is no network here
    assert answer.status == RETRY == 503


# Trouble of ours


def test_while_the_table_is_down_the_provider_is_asked_to_come_again(
    owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, request = ready(owner, "sendgrid"), signing.sendgrid(DELIVERED["sendgrid"])

    def down(*_: Any) -> None:
        raise errors.Unready("The table is too busy.")

    monkeypatch.setattr(mail_events, "put_all", down)
    assert post(owner, path, request).status == 503
    monkeypatch.setattr(mail_events, "put_all", put_all)
    assert post(owner, path, request).status == 200
    assert len(listed(owner)) == 1


def test_a_batch_cut_off_in_the_middle_is_whole_when_it_comes_again(
    owner: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ready(owner, "sendgrid")
    several = [{**DELIVERED["sendgrid"], "sg_event_id": f"e{number}"} for number in range(60)]
    request = signing.sendgrid(several)

    def cut_off(items: list[Any]) -> None:
        put_all(items[:25])
        raise errors.Unready("The table is too busy.")

    monkeypatch.setattr(mail_events, "put_all", cut_off)
    assert post(owner, path, request).status == 503
    assert len(listed(owner, "?limit=200")) == 25
    monkeypatch.setattr(mail_events, "put_all", put_all)
    assert post(owner, path, request).json == {"taken": 60}
    assert len(listed(owner, "?limit=200")) == 60


def test_the_same_batch_twice_at_once_is_kept_once(house: House, owner: Sender) -> None:
    path = ready(owner, "sendgrid")
    several = [{**DELIVERED["sendgrid"], "sg_event_id": f"e{number}"} for number in range(30)]
    answers: list[int] = []
    work = [
        threading.Thread(target=lambda: answers.append(post(owner, path, signing.sendgrid(several)).status))
        for _ in range(3)
    ]
    for one in work:
        one.start()
    for one in work:
        one.join()
    assert answers == [200, 200, 200]
    assert len(listed(owner, "?limit=200")) == 30


# What a firm sets


def test_secrets_never_come_out_again_and_lie_encrypted(owner: Sender) -> None:
    secret = f"secret-{uuid.uuid4().hex}"
    path = "/v1/settings/providers/mailgun"
    made = owner.call("PUT", path, {"signing_key": [secret, "the old one"]})
    assert made.status == 201
    shown = owner.get(path)
    assert secret not in made.text + shown.text
    assert shown.json["configured"] is True
    assert shown.json["fields"]["signing_key"].startswith("2026-03-01T09:00:0")
    item = fetch(Provider, *place(owner.tenant, "mailgun"))
    assert item is not None
    assert secret not in str(item.serialize())
    assert secret.encode() not in bytes(item.sealed)
    assert provider_settings.secrets(owner.tenant, "mailgun").signing_key == (secret, "the old one")


def test_an_item_put_in_another_place_or_altered_opens_nothing(house: House, owner: Sender) -> None:
    stranger = house.signup()
    ready(stranger, "mailgun")
    item = fetch(Provider, *place(stranger.tenant, "mailgun"))
    assert item is not None
    moved = Provider.at(owner.tenant, "mailgun")
    moved.sealed, moved.since, moved.updated_at, moved.updated_by = item.sealed, {}, item.updated_at, owner.user
    moved.version = 1
    put_all([moved])
    with pytest.raises(ValueError, match="MAC"):
        provider_settings.secrets(owner.tenant, "mailgun")
    path = "/v1" + owner.get("/v1/settings/providers/mailgun").json["hook_url"].partition("/v1")[2]
    assert post(owner, path, signing.mailgun(DELIVERED["mailgun"])).status == 503


def test_what_cannot_be_opened_any_more_is_mended_by_setting_it_anew(owner: Sender) -> None:
    """As after a key had to leave the ring, because somebody else had it, or after an item was spoilt."""
    path, settings = ready(owner, "mailgun"), "/v1/settings/providers/mailgun"
    for spoilt in (b"k9-000000" + b"\0" * 40, b""):
        item = fetch(Provider, *place(owner.tenant, "mailgun"))
        assert item is not None
        item.sealed = spoilt
        put_all([item])
        assert post(owner, path, signing.mailgun(DELIVERED["mailgun"])).status == 503
        assert owner.call("PUT", settings, SETTINGS["mailgun"]).status == 200
        assert post(owner, path, signing.mailgun(DELIVERED["mailgun"])).status == 200


def test_both_secrets_are_good_while_they_are_changed_and_the_old_one_is_not_afterwards(owner: Sender) -> None:
    path = ready(owner, "postmark")
    settings = "/v1/settings/providers/postmark"
    old, new = (signing.postmark(DELIVERED["postmark"], password=word) for word in (signing.PASSWORD, "hook:new"))
    assert owner.call("PUT", settings, {"basic_auth": [signing.PASSWORD, "hook:new"]}).status == 200
    assert [post(owner, path, one).status for one in (old, new)] == [200, 200]
    owner.call("PUT", settings, {"basic_auth": "hook:new"})
    assert [post(owner, path, one).status for one in (old, new)] == [401, 200]
    assert owner.delete(settings).status == 204
    assert post(owner, path, new).status == 401
    assert owner.delete(settings).status == 404


@pytest.mark.parametrize(
    ("provider", "body", "pointer"),
    [
        ("sendgrid", {"signing_secret": "x"}, "/signing_secret"),
        ("sendgrid", {"public_key": "x", "topic_arns": ["y"]}, "/topic_arns"),
        ("sendgrid", {}, "/public_key"),
        ("sendgrid", {"public_key": None}, "/public_key"),
        ("sendgrid", {"public_key": "  "}, "/public_key"),
        ("sendgrid", {"public_key": []}, "/public_key"),
        ("sendgrid", {"public_key": ["x"] * 6}, "/public_key"),
        ("sendgrid", {"public_key": 7}, "/public_key"),
        ("sendgrid", {"password": "x"}, ""),
    ],
)
def test_settings_that_prove_nothing_are_refused(owner: Sender, provider: str, body: Any, pointer: str) -> None:
    answer = owner.call("PUT", f"/v1/settings/providers/{provider}", body)
    assert answer.status == 422, answer.text
    assert answer.json["errors"][0]["pointer"].startswith(pointer)


def test_who_may_not_change_settings_sees_no_more_than_that_they_are_set(owner: Sender) -> None:
    ready(owner, "postmark")
    viewer = colleague(owner, "viewer")
    assert viewer.call("PUT", "/v1/settings/providers/postmark", {"basic_auth": "a:b"}).status == 403
    assert viewer.delete("/v1/settings/providers/postmark").status == 403
    assert owner.get("/v1/settings/providers/pigeon").status == 404


def test_settings_are_changed_by_whoever_has_seen_them(owner: Sender) -> None:
    ready(owner, "postmark")
    path = "/v1/settings/providers/postmark"
    etag = owner.get(path).headers["ETag"]
    assert owner.call("PUT", path, {"basic_auth": "a:b"}, If_Match=etag).status == 200
    assert owner.call("PUT", path, {"basic_auth": "a:c"}, If_Match=etag).status == 412


def test_where_an_event_lies_follows_from_what_it_says(owner: Sender) -> None:
    event = Event(type="sent", provider="ses", event_id="1", at=NOW, message_id="m-1", recipient="ANN@home.test")
    mail_events.record(owner.tenant, [event])
    (item,) = every(mail_event.partition(owner.tenant, "m-1"))
    assert item.gsi1pk == f"T#{owner.tenant}#mailbox#ann@home.test"
