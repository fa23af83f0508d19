"""What a provider sent, packed so small that an event with it stays under 1 KB, which is what a write unit pays for.

The dictionary holds the words that their events share; what is packed with one cannot be read with another, so it is
never changed, only followed by another under the next number.
"""

import zlib
from collections.abc import Sequence
from typing import Any, Final

import msgspec

_LARGEST: Final = 64 * 1024  # bytes packed; what is larger (a whole mail) is not kept
_WORDS: Final = (
    b'"headers":{"to":"from":"subject":"message-id":"Content-Type":"text/html; charset=utf-8""X-Tendril-Tag"'
    b'"delivery-status":{"attempt-no":1,"message":"","code":250,"description":"","session-seconds":"mx-host":"'
    b'"flags":{"is-routed":false,"is-authenticated":true,"is-system-test":false,"is-test-mode":false}'
    b'"user-variables":{"log-level":"info","recipient-domain":"event":"accepted""tags":["envelope":{"transport":"smtp"'
    b'"client-info":{"client-os":"client-type":"browser","device-type":"desktop","user-agent":"bot":""'
    b'"geolocation":{"country":"US","region":"city":"ip":"storage":{"url":"https://"key":"'
    b'{"RecordType":"Delivery","ServerID":"MessageStream":"broadcast","MessageID":"Recipient":"Tag":"DeliveredAt":"'
    b'"BouncedAt":"ReceivedAt":"Details":"Metadata":{"Type":"HardBounce","TypeCode":"Inactive":true,"CanActivate":'
    b'"Description":"The server was unable to deliver your message""DumpAvailable":"FirstOpen":true,"OriginalLink":'
    b'"Platform":"Desktop","Client":{"Name":"Company":"Family":"OS":{"UserAgent":"Geo":{"CountryISOCode":"'
    b'{"type":"email.delivered","created_at":"data":{"email_id":"broadcast_id":"tags":[{"name":"send","value":"'
    b'"bounce":{"message":"subType":"Suppressed","type":"Permanent"}"click":{"ipAddress":"link":"https://'
    b'{"eventType":"Delivery","mail":{"timestamp":"20"source":"sourceArn":"arn:aws:ses:us-east-1:identity/'
    b'"sendingAccountId":"messageId":"0100","destination":["headersTruncated":false,"headers":[{"name":"From","value":"'
    b'{"name":"To","value":"{"name":"Subject","value":"{"name":"MIME-Version","value":"1.0"}'
    b'{"name":"List-Unsubscribe","value":"<https://{"name":"List-Unsubscribe-Post","value":"List-Unsubscribe=One-Click"}'
    b'"commonHeaders":{"from":["date":"to":["tags":{"ses:operation":["SendEmail"],"ses:configuration-set":["'
    b'"ses:source-ip":["ses:from-domain":["ses:caller-identity":["ses:outgoing-ip":["'
    b'"bounce":{"feedbackId":"bounceType":"Permanent","bounceSubType":"General","bouncedRecipients":[{"emailAddress":"'
    b'"action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 user unknown"}'
    b'"reportingMTA":"dsn; "complaint":{"complainedRecipients":[{"emailAddress":"complaintFeedbackType":"abuse"'
    b'"delivery":{"timestamp":"processingTimeMillis":"recipients":["smtpResponse":"250 2.0.0 OK  - gsmtp",'
    b'"reportingMTA":"smtp-out.amazonses.com"}"open":{"ipAddress":"userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; '
    b'x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/ Safari/537.36""linkTags":{}}'
    b'{"email":"@example.com@gmail.com","timestamp":17,"smtp-id":"<@geopod-ismtpd->","event":"processed""deferred"'
    b'"event":"delivered","category":["marketing"],"sg_event_id":"sg_message_id":".recvd-filterd-0","response":'
    b'"250 OK","tls":1,"attempt":"1","reason":"status":"type":"bounce","useragent":"ip":"url":"https://www.","url_offset":{'
    b'"index":0,"type":"html"},"sg_machine_open":false,"sg_content_type":"html","asm_group_id":"send":"run_01-con_01"}'
)
_FIRST: Final = b"\x01"  # the number of the dictionary


def packed(raw: Any, *known: str | None) -> bytes | None:
    """JSON, packed; None if it is too large even so. Some 20 microseconds.

    `known` is what stands beside it anyway, such as the address: in here it takes a few bytes then.
    """
    return _packed(msgspec.json.encode(raw), known)


def text(raw: str) -> bytes | None:
    """As `packed`, for what is JSON already, or is not."""
    return _packed(raw.encode("utf-8", "replace"), ())


def unpacked(data: bytes, *known: str | None) -> Any:
    """What was packed beside the same. Raises ValueError if it was no JSON that can be read, or is damaged."""
    if data[:1] != _FIRST:
        raise ValueError("packed with a dictionary that is not known")
    unpacking = zlib.decompressobj(-15, zdict=_dictionary(known))
    try:
        return msgspec.json.decode(unpacking.decompress(data[1:]) + unpacking.flush())
    except zlib.error as error:
        raise ValueError("damaged") from error
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def _dictionary(known: Sequence[str | None]) -> bytes:
    return _WORDS + "".join(filter(None, known)).encode("utf-8", "replace")


def _packed(data: bytes, known: Sequence[str | None]) -> bytes | None:
    packing = zlib.compressobj(6, zlib.DEFLATED, -15, 9, zlib.Z_DEFAULT_STRATEGY, _dictionary(known))
    found = _FIRST + packing.compress(data) + packing.flush()
    return found if len(found) <= _LARGEST else None
