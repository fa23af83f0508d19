"""SES: what arrives, against the emulated service; what each failure means, against an endpoint that fails to order."""

import json
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib import clock
from chalicelib.adapters import _aws, _signed, hands
from chalicelib.adapters.providers import ses
from chalicelib.errors import MailDeferred, MailRefused, MailThrottled, MailUncertain
from chalicelib.schemas.mail import Mail
from tests.adapters import doubles

Make = Callable[..., Mail]
Point = Callable[[str], None]
Send = Callable[[Mail], str]


@pytest.fixture(autouse=True)
def _no_configuration_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SES_CONFIGURATION_SET", raising=False)


def arrived(endpoint: str, to: str) -> list[dict[str, Any]]:
    """The mails to an address, as the emulated SES has kept them."""
    with urllib.request.urlopen(f"{endpoint}/_ministack/ses/messages", timeout=5) as answer:
        accounts = json.load(answer)["messages"]
    return [mail for kept in accounts.values() for mail in kept if any(to in one for one in mail["To"])]


def test_a_whole_mail_arrives(cloud: str, make_mail: Make) -> None:
    _aws.client("sesv2").create_email_identity(EmailIdentity="firm.test")
    to = f"ann-{uuid.uuid4().hex}@home.test"
    message_id = ses.send(
        make_mail(to=f"Ánh 阮 <{to}>", subject="Grüße 🎉", text="Hallo\n", html="<p>Hallo</p>", tags={"send": "snd_1"})
    )
    (mail,) = arrived(cloud, to)
    assert mail["MessageId"] == message_id
    assert mail["Source"] == "Tendril <no-reply@firm.test>"
    assert (mail["Subject"], mail["BodyText"], mail["BodyHtml"]) == ("Grüße 🎉", "Hallo\n", "<p>Hallo</p>")
    assert mail["To"] == [f"=?utf-8?b?w4FuaCDpmK4=?= <{to}>"]


def sent(aws_at: Point, mail: Mail) -> dict[str, Any]:
    """What SES is asked to send."""
    with doubles.http(200, {"MessageId": "m-1"}) as endpoint:
        aws_at(endpoint.url)
        assert ses.send(mail) == "m-1"
    return dict(json.loads(endpoint.bodies[0]))


def test_the_whole_request(aws_at: Point, make_mail: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SES_CONFIGURATION_SET", "events")
    link = "<https://firm.test/u/" + "x" * 200 + ">"
    mail = make_mail(
        sender='"Firm, Inc." <no-reply@bücher.test>',
        html="<p>Hi</p>",
        headers={"List-Unsubscribe": link, "X-Name": "Zoë"},
        tags={"send": "snd_1", "tenant": "ten_1"},
    )
    utf8 = {"Charset": "UTF-8"}
    assert sent(aws_at, mail) == {
        "FromEmailAddress": '"Firm, Inc." <no-reply@xn--bcher-kva.test>',
        "Destination": {"ToAddresses": ["ann@home.test"]},
        "Content": {
            "Simple": {
                "Subject": {"Data": "Hello", **utf8},
                "Body": {"Text": {"Data": "Hi Ann\n", **utf8}, "Html": {"Data": "<p>Hi</p>", **utf8}},
                "Headers": [
                    {"Name": "List-Unsubscribe", "Value": link},
                    {"Name": "X-Name", "Value": "=?utf-8?q?Zo=C3=AB?="},
                ],
            }
        },
        "EmailTags": [{"Name": "send", "Value": "snd_1"}, {"Name": "tenant", "Value": "ten_1"}],
        "ConfigurationSetName": "events",
    }


def test_without_html_and_configuration_set(aws_at: Point, make_mail: Make) -> None:
    request = sent(aws_at, make_mail())
    assert "ConfigurationSetName" not in request
    assert list(request["Content"]["Simple"]["Body"]) == ["Text"]


def by_wire(mail: Mail) -> str:
    """As one of several."""
    (answer,) = hands.each(ses.send, [mail])
    if isinstance(answer, Exception):
        raise answer
    return answer


ANSWERS: list[tuple[int, str, type[Exception]]] = [
    (400, "MessageRejected", MailRefused),
    (400, "BadRequestException", MailRefused),
    (400, "SomethingNew", MailRefused),
    (400, "AccountSuspendedException", MailDeferred),
    (400, "SendingPausedException", MailDeferred),
    (400, "MailFromDomainNotVerifiedException", MailDeferred),
    (400, "LimitExceededException", MailDeferred),
    (403, "AccessDeniedException", MailDeferred),
    (403, "ExpiredTokenException", MailDeferred),
    (404, "NotFoundException", MailDeferred),
    (413, "RequestEntityTooLarge", MailRefused),
    (429, "TooManyRequestsException", MailDeferred),
    (429, "SomethingNew", MailDeferred),
    (500, "InternalFailure", MailUncertain),
    (502, "BadGateway", MailUncertain),
    (503, "ServiceUnavailable", MailDeferred),
    (504, "GatewayTimeout", MailUncertain),
]


@pytest.mark.parametrize(("send", "suffix"), [(ses.send, ""), (by_wire, ":http")], ids=["alone", "one of several"])
def test_what_an_answer_means_after_one_try(aws_at: Point, make_mail: Make, send: Send, suffix: str) -> None:
    with doubles.http(200, {"message": "for ann@home.test"}) as endpoint:
        aws_at(endpoint.url)
        for tries, (status, code, error) in enumerate(ANSWERS, 1):
            endpoint.status, endpoint.headers = status, {"x-amzn-ErrorType": f"{code}{suffix}"}
            with pytest.raises(error) as caught:
                send(make_mail())
            assert str(caught.value) == f"SES answered {status} {code}", "the provider's text may quote addresses"
            assert endpoint.requests == tries


@pytest.mark.parametrize(
    ("send", "bodies"),
    [(ses.send, (b"<html>Busy</html>", b"")), (by_wire, (b"<html>Busy</html>", b"", b"[]", b"\xff"))],
    ids=["alone", "one of several"],
)
def test_an_answer_that_is_no_json_still_says_what_its_status_says(
    aws_at: Point, make_mail: Make, send: Send, bodies: tuple[bytes, ...]
) -> None:
    """What stands in front of SES answers so. One alone is botocore's to read, which gives up on other JSON."""
    meant = {503: MailDeferred, 403: MailDeferred, 400: MailRefused, 500: MailUncertain}
    with doubles.http(200) as endpoint:
        aws_at(endpoint.url)
        for endpoint.status, error in meant.items():
            for endpoint.body in bodies:
                with pytest.raises(error, match=f"SES answered {endpoint.status}"):
                    send(make_mail())


def test_an_unverified_sender_is_a_fault_of_the_account_and_not_of_the_mail(aws_at: Point, make_mail: Make) -> None:
    said = "Email address is not verified. The following identities failed the check in region EU-WEST-1: x@home.test"
    with doubles.http(400, {"message": said}, **{"x-amzn-ErrorType": "MessageRejected"}) as endpoint:
        aws_at(endpoint.url)
        with pytest.raises(MailDeferred) as caught:
            ses.send(make_mail())
    assert "home.test" not in str(caught.value), "the provider's text may quote addresses"


def test_every_code_of_the_table_is_tried() -> None:
    # The three throttling spellings of other AWS services stand in for one another.
    assert set(ses.BY_CODE) - {code for _, code, _ in ANSWERS} == {"Throttling", "ThrottlingException"}


@pytest.mark.parametrize("failure", [doubles.DROP, doubles.HANG])
def test_a_lost_answer_is_uncertain_and_not_sent_again(
    aws_at: Point, make_mail: Make, failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(_aws.SETTINGS, "sesv2", _aws.SETTINGS["sesv2"] | {"read_timeout": 0.3})
    with doubles.http(failure) as endpoint:
        aws_at(endpoint.url)
        with pytest.raises(MailUncertain):
            ses.send(make_mail())
    assert endpoint.requests == 1


@pytest.mark.parametrize("send", [ses.send, by_wire], ids=["alone", "one of several"])
def test_a_success_that_cannot_be_read_is_uncertain(aws_at: Point, make_mail: Make, send: Send) -> None:
    with doubles.http(200) as endpoint:
        aws_at(endpoint.url)
        for endpoint.body in (b"<html>", b"", b"[]", b"{}"):
            with pytest.raises(MailUncertain):
                send(make_mail())


def test_nobody_there_is_deferred(aws_at: Point, make_mail: Make) -> None:
    aws_at(f"http://127.0.0.1:{doubles.unused_port()}")
    with pytest.raises(MailDeferred, match="EndpointConnectionError"):
        ses.send(make_mail())


def test_no_credentials_is_deferred(aws_at: Point, make_mail: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    aws_at("http://127.0.0.1:9")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    with pytest.raises(MailDeferred, match="NoCredentialsError"):
        ses.send(make_mail())


def test_half_of_the_credentials_is_deferred(aws_at: Point, make_mail: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    aws_at("http://127.0.0.1:9")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(MailDeferred, match="no way to SES: PartialCredentialsError"):
        ses.send(make_mail())


def test_a_mail_that_botocore_cannot_say_is_refused(aws_at: Point, make_mail: Make) -> None:
    aws_at("http://127.0.0.1:9")
    with pytest.raises(MailRefused):
        ses.send(make_mail(text=None))


def test_a_connection_is_kept_while_warm_and_left_after_a_sleep(aws_at: Point, make_mail: Make) -> None:
    with doubles.http(200, {"MessageId": "m-1"}) as endpoint:
        aws_at(endpoint.url)
        ses.send(make_mail())
        ses.send(make_mail())
        assert len(endpoint.connections) == 1
        clock.advance(ses.IDLE + 1)
        try:
            ses.send(make_mail())
        finally:
            clock.reset()
        assert len(endpoint.connections) == 2


@pytest.mark.parametrize("code", ["TooManyRequestsException", "Throttling", "ThrottlingException"])
@pytest.mark.parametrize(
    ("said", "pause"),
    [("Maximum sending rate exceeded.", 0.0), ("Daily message quota exceeded.", ses.DAILY_PAUSE)],
)
def test_too_fast_and_enough_for_today(aws_at: Point, make_mail: Make, code: str, said: str, pause: float) -> None:
    with doubles.http(429, {"message": said}, **{"x-amzn-ErrorType": code}) as endpoint:
        aws_at(endpoint.url)
        with pytest.raises(MailThrottled) as caught:
            ses.send(make_mail())
    assert caught.value.pause == pause


def test_one_of_several_is_the_same_request(aws_at: Point, make_mail: Make) -> None:
    mail = make_mail(html="<p>Grüße</p>", headers={"X-Name": "Zoë"}, tags={"send": "snd_1"})
    with doubles.http(200, {"MessageId": "m-1"}) as endpoint:
        aws_at(endpoint.url)
        assert ses.send(mail) == by_wire(mail) == "m-1"
    assert json.loads(endpoint.bodies[0]) == json.loads(endpoint.bodies[1])


def test_one_of_several_arrives_with_a_signature_that_counts(cloud: str, make_mail: Make) -> None:
    _aws.client("sesv2").create_email_identity(EmailIdentity="firm.test")
    to = f"ann-{uuid.uuid4().hex}@home.test"
    message_id = by_wire(make_mail(to=to))
    assert [mail["MessageId"] for mail in arrived(cloud, to)] == [message_id]


def test_the_signature_is_that_of_botocore() -> None:
    from botocore.auth import SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import ReadOnlyCredentials

    body, given = b'{"a":1}', ReadOnlyCredentials("AKIDEXAMPLE", "secret", "a-token")
    ours = _signed._headers("email.eu-west-1.amazonaws.com", ses.PATH, "ses", "eu-west-1", given, body)
    theirs = AWSRequest(
        "POST", f"https://email.eu-west-1.amazonaws.com{ses.PATH}", {"Content-Type": _signed.JSON}, body
    )
    theirs.context["timestamp"] = ours["x-amz-date"]
    signer = SigV4Auth(given, "ses", "eu-west-1")
    theirs.headers["X-Amz-Date"], theirs.headers["X-Amz-Security-Token"] = ours["x-amz-date"], "a-token"
    signature = signer.signature(signer.string_to_sign(theirs, signer.canonical_request(theirs)), theirs)
    assert ours["Authorization"].endswith(f"Signature={signature}")


@pytest.mark.parametrize("failure", [doubles.DROP, doubles.HANG])
def test_a_lost_answer_of_several_is_uncertain(
    aws_at: Point, make_mail: Make, failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_signed, "TIMEOUT", 0.3)
    with doubles.http(failure) as endpoint:
        aws_at(endpoint.url)
        with pytest.raises(MailUncertain):
            by_wire(make_mail())
    assert endpoint.requests == 1


def test_nobody_there_for_several_is_deferred(aws_at: Point, make_mail: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    aws_at(f"http://127.0.0.1:{doubles.unused_port()}")
    with pytest.raises(MailDeferred, match="ConnectionRefusedError"):
        by_wire(make_mail())
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    _aws.forget()
    with pytest.raises(MailDeferred, match="NoCredentialsError"):
        by_wire(make_mail())


def test_a_connection_of_several_is_left_after_a_sleep(aws_at: Point, make_mail: Make) -> None:
    with doubles.http(200, {"MessageId": "m-1"}) as endpoint:
        aws_at(endpoint.url)
        by_wire(make_mail())
        by_wire(make_mail())
        assert len(endpoint.connections) == 1
        clock.advance(_signed.IDLE + 1)
        try:
            by_wire(make_mail())
        finally:
            clock.reset()
        assert len(endpoint.connections) == 2
