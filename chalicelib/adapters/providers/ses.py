"""Amazon SES, API version 2. What an answer, or its absence, says about the mail stands in two tables."""

import json
import threading
from typing import Any, Final

from botocore import exceptions as aws

from chalicelib import clock, config
from chalicelib.adapters import _aws, _mailbox, _signed, hands
from chalicelib.errors import MailDeferred, MailRefused, MailThrottled, MailUncertain
from chalicelib.schemas.mail import Mail

Outcome = type[MailRefused] | type[MailDeferred] | type[MailUncertain]

# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html. Faults of this mail are refused; faults of
# the account, which a person mends, are deferred.
BY_CODE: Final[dict[str, Outcome]] = {
    "MessageRejected": MailRefused,
    "BadRequestException": MailRefused,
    "AccountSuspendedException": MailDeferred,
    "SendingPausedException": MailDeferred,
    "MailFromDomainNotVerifiedException": MailDeferred,
    "LimitExceededException": MailDeferred,
    "NotFoundException": MailDeferred,
    "TooManyRequestsException": MailThrottled,
    "Throttling": MailThrottled,
    "ThrottlingException": MailThrottled,
    "ServiceUnavailable": MailDeferred,
}
# For codes that are not above. A 5xx may come from behind the point where the mail was taken.
BY_STATUS: Final[dict[int, Outcome]] = {400: MailRefused, 413: MailRefused, 503: MailDeferred}

# SES says the same code of a mail it will not have and of an account that is not set up; a person mends the latter.
UNVERIFIED: Final = "not verified"

PATH: Final = "/v2/email/outbound-emails"  # of SendEmail

# It says "too fast" and "enough for today" by the same codes, and the latter holds until the last 24 hours have less:
# https://docs.aws.amazon.com/ses/latest/dg/manage-sending-quotas-errors.html
DAILY: Final = "Daily message quota exceeded"
DAILY_PAUSE: Final = 3600.0  # seconds until it is asked again

# Errors without an answer: these come before the request has left; after any other one the mail may be on its way.
NEVER_LEFT: Final = (
    aws.ConnectTimeoutError,
    aws.EndpointConnectionError,
    aws.InvalidEndpointConfigurationError,
    aws.NoCredentialsError,
    aws.CredentialRetrievalError,
    aws.PartialCredentialsError,
    aws.NoRegionError,
    aws.ProxyConnectionError,
    aws.TokenRetrievalError,
)

# A connection that lay idle longer (seconds) is not used again. If the other side has let it go meanwhile, as after a
# Lambda's sleep, the request fails in a way that cannot be told from a lost answer, and the mail would never go out.
IDLE: Final = 5.0

_last_use = [0.0]  # as clock.epoch() counts
_using = threading.Lock()


def send(mail: Mail) -> str:
    """Send by SendEmail, once: no automatic retry. Returns the SES message id. Raises as `mailer.send`."""
    return _by_wire(mail) if hands.busy() else _by_botocore(mail)


def _by_botocore(mail: Mail) -> str:
    request = _request(mail)
    try:
        ses = _fresh_client()
    except aws.BotoCoreError as error:
        raise MailDeferred(f"no way to SES: {type(error).__name__}") from error
    try:
        return str(ses.send_email(**request)["MessageId"])
    except aws.ClientError as error:
        said = error.response.get("Error", {})
        status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
        raise _failure(status, str(said.get("Code", "")), str(said.get("Message", ""))) from error
    except aws.ParamValidationError as error:
        raise MailRefused("SES cannot take such a mail") from error
    except NEVER_LEFT as error:
        raise MailDeferred(f"SES not reached: {type(error).__name__}") from error
    except Exception as error:
        raise MailUncertain(f"no answer from SES: {type(error).__name__}") from error


def _by_wire(mail: Mail) -> str:
    """One of several: the same request, by a connection of the thread's own."""
    body = json.dumps(_request(mail), separators=(",", ":")).encode()
    try:
        url, region, credentials = _aws.wire("sesv2")
    except aws.BotoCoreError as error:
        raise MailDeferred(f"no way to SES: {type(error).__name__}") from error
    try:
        answer = _signed.post(f"{url}{PATH}", "ses", region, credentials, body)
        if answer.status == 200:
            return str(json.loads(answer.body)["MessageId"])
    except _signed.Unreached as error:
        raise MailDeferred(f"SES not reached: {error}") from error
    except Exception as error:
        raise MailUncertain(f"no answer from SES: {type(error).__name__}") from error
    said = _refusal(answer.body)
    code = str(answer.headers.get("x-amzn-ErrorType") or said.get("__type") or "").partition(":")[0]
    raise _failure(answer.status, code.rpartition("#")[2], str(said.get("message") or said.get("Message") or ""))


def _refusal(body: bytes) -> dict[str, Any]:
    """What an answer that is no success says; nothing, if it is no JSON, as of what stands in front of SES."""
    try:
        said = json.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _failure(status: int, code: str, message: str) -> MailRefused | MailDeferred | MailUncertain:
    """What an answer that is no success says of the mail. Its text may quote addresses, and is not passed on."""
    if code == "MessageRejected" and UNVERIFIED in message:
        return MailDeferred("SES has not verified the sender, or in its sandbox the recipient")
    if DAILY in message:
        return MailThrottled(f"SES takes no more mails today: {code}", DAILY_PAUSE)
    return _outcome(code, status)(f"SES answered {status} {code}")


def _fresh_client() -> Any:
    ses = _aws.client("sesv2")
    with _using:  # of several threads that come after a sleep one closes, before any of them has begun
        moment = clock.epoch()  # not the monotonic clock, which may stand still while a Lambda sleeps
        if abs(moment - _last_use[0]) > IDLE:
            ses.close()  # its connections; the client itself stays good
        _last_use[0] = moment
    return ses


def _outcome(code: str, status: int) -> Outcome:
    by_status = BY_STATUS.get(status, MailDeferred if 400 <= status < 500 else MailUncertain)
    return BY_CODE.get(code, by_status)


def _request(mail: Mail) -> dict[str, Any]:
    body = {"Text": _utf8(mail.text)}
    if mail.html is not None:
        body["Html"] = _utf8(mail.html)
    headers = [{"Name": name, "Value": _mailbox.encoded(value)} for name, value in mail.headers.items()]
    configuration_set = config.ses_configuration_set()
    return {
        "FromEmailAddress": _mailbox.written(_mailbox.parse(mail.sender, "/sender")),
        "Destination": {"ToAddresses": [_mailbox.written(_mailbox.parse(mail.to, "/to"))]},
        "Content": {"Simple": {"Subject": _utf8(mail.subject), "Body": body, "Headers": headers}},
        "EmailTags": [{"Name": name, "Value": value} for name, value in mail.tags.items()],
        **({"ConfigurationSetName": configuration_set} if configuration_set else {}),
    }


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
