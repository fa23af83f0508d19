"""The envelope of SNS: what of it is signed, and which addresses in it are those of SNS.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from chalicelib.adapters.hooks import Forged

CONFIRM: Final = "SubscriptionConfirmation"
LEAVE: Final = "UnsubscribeConfirmation"
NOTIFY: Final = "Notification"
_CONFIRMING: Final = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
# What is signed, in the order of the names' bytes. `Subject` only where there is one.
SIGNED: Final[dict[str, tuple[str, ...]]] = {
    NOTIFY: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    CONFIRM: _CONFIRMING,
    LEAVE: _CONFIRMING,
}
# A whole address, not its parts: what reads parts can be read otherwise by somebody else (user info, backslashes,
# ports). A region's name begins with two letters, so `sns.s3-us-west-2.amazonaws.com`, a bucket, is none.
_HOST: Final = r"https://sns\.[a-z]{2}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}\.amazonaws\.com(?:\.cn)?"
CERTIFICATE: Final = re.compile(rf"{_HOST}/[A-Za-z0-9_-]{{1,100}}\.pem", re.ASCII)
SUBSCRIBE: Final = re.compile(rf"{_HOST}/\?([A-Za-z0-9._~%&=:+/-]{{1,2000}})", re.ASCII)

# The text to sign does not escape line ends: with free ids, a message with a subject could be one without that has the
# subject in its id, and so be new to whoever remembers ids.
UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def kind_of(envelope: dict[str, Any], headers: Mapping[str, str]) -> str:
    """The type, if the headers and the signed fields agree on what the message is. Raises Forged."""
    kind = envelope.get("Type")
    if not isinstance(kind, str) or kind not in SIGNED or headers.get("x-amz-sns-message-type") != kind:
        raise Forged("not a type of SNS")
    for name, field in (("x-amz-sns-message-id", "MessageId"), ("x-amz-sns-topic-arn", "TopicArn")):
        if name in headers and headers[name] != envelope.get(field):
            raise Forged("headers and message differ")
    return kind


def signed_text(envelope: dict[str, Any], kind: str) -> bytes:
    """What is signed: name and value by turns, each with a line end. Raises Forged if a field is missing."""
    lines = []
    for name in SIGNED[kind]:
        value = envelope.get(name)
        if value is None and name == "Subject":
            continue
        if not isinstance(value, str):
            raise Forged("a signed field is missing")
        lines += [name, value]
    try:
        return "".join(f"{line}\n" for line in lines).encode()
    except UnicodeEncodeError:
        raise Forged("a signed field is no text") from None


def subscription(envelope: dict[str, Any]) -> str | None:
    """The address that confirms a subscription to the envelope's own topic."""
    url = envelope.get("SubscribeURL")
    match = SUBSCRIBE.fullmatch(url) if isinstance(url, str) else None
    if match is None:
        return None
    query = parse_qs(match[1])
    meant = query.get("Action") == ["ConfirmSubscription"] and query.get("TopicArn") == [envelope.get("TopicArn")]
    return url if meant else None
