"""What each provider tells, one sample a type, and what it is to us: the matrix, as data."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

RUN, CONTACT = "run_01J0000000000000000000000A", "con_01J0000000000000000000000B"
SEND = f"{RUN}-{CONTACT}"
AT = datetime(2026, 2, 28, 23, 59, 58, 123000, tzinfo=UTC)
WHOLE = AT.replace(microsecond=0)
ANN = "ann@home.test"
LINK = "https://firm.test/offer?a=1&b=2"
AGENT = "Mozilla/5.0 (X11; Linux x86_64)"
IP = "203.0.113.7"


class Sample(NamedTuple):
    """One type: its name in the provider's TYPES or IGNORED, an event, and what it must come to; None: ignored."""

    name: str
    raw: dict[str, Any]
    wanted: dict[str, Any] | None


def _ses(kind: str, detail: dict[str, Any] | None = None, *, to: tuple[str, ...] = (ANN,)) -> dict[str, Any]:
    objects = {
        "DeliveryDelay": "deliveryDelay",
        "Rendering Failure": "failure",
    }
    return {
        "eventType": kind,
        "mail": {
            "timestamp": "2026-02-28T23:59:58.123Z",
            "source": "Firm <news@firm.test>",
            "messageId": "0102018f-ses",
            "destination": list(to),
            "tags": {"send": [SEND], "ses:configuration-set": ["all"]},
        },
        objects.get(kind, kind.lower()): {} if detail is None else detail,
    }


_T = {"timestamp": "2026-02-28T23:59:58.123Z"}
_SES = {"at": AT, "recipient": ANN, "message_id": "0102018f-ses", "send": SEND}
_BOUNCED = [{"emailAddress": ANN, "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}]


def _bounce(kind: str, subtype: str = "General") -> dict[str, Any]:
    detail = {"bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": _BOUNCED, "feedbackId": "fb-1", **_T}
    return _ses("Bounce", detail, to=(ANN, "other@home.test"))


def _wish(new: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    return _ses("Subscription", {"newTopicPreferences": new, "oldTopicPreferences": old, "contactList": "all", **_T})


def _topics(**statuses: str) -> dict[str, Any]:
    listed = [{"topicName": name, "subscriptionStatus": status} for name, status in statuses.items()]
    return {"unsubscribeAll": False, "topicSubscriptionStatus": listed}


SES = [
    Sample("Send", _ses("Send"), {"type": "sent", **_SES}),
    Sample("Delivery", _ses("Delivery", {"recipients": [ANN], **_T}), {"type": "delivered", **_SES}),
    Sample(
        "DeliveryDelay",
        _ses(
            "DeliveryDelay",
            {
                "delayType": "MailboxFull",
                "delayedRecipients": [{"emailAddress": ANN, "status": "4.2.2", "diagnosticCode": "452 full"}],
                **_T,
            },
        ),
        {"type": "deferred", "reason": "MailboxFull: 452 full", **_SES},
    ),
    Sample(
        "Bounce Permanent",
        _bounce("Permanent"),
        {
            "type": "bounced",
            "bounce": "hard",
            "event_id": "fb-1",
            "reason": "General: smtp; 550 5.1.1 user unknown",
            **_SES,
        },
    ),
    Sample(
        "Bounce Permanent",
        _bounce("Permanent", "OnAccountSuppressionList"),
        {"type": "bounced", "bounce": "hard", **_SES},
    ),
    Sample("Bounce Transient", _bounce("Transient"), {"type": "bounced", "bounce": "soft", **_SES}),
    Sample("Bounce Undetermined", _bounce("Undetermined"), {"type": "bounced", "bounce": "soft", **_SES}),
    Sample("Bounce Undetermined", _bounce("Of a new kind"), {"type": "bounced", "bounce": "soft", **_SES}),
    Sample(
        "Complaint",
        _ses(
            "Complaint",
            {
                "complainedRecipients": [{"emailAddress": ANN}],
                "complaintFeedbackType": "abuse",
                "feedbackId": "fb-2",
                "userAgent": "AnyCompany Feedback Loop (V0.01)",
                **_T,
            },
        ),
        {"type": "complained", "event_id": "fb-2", "reason": "abuse", **_SES},
    ),
    Sample(
        "Complaint not-spam",
        _ses("Complaint", {"complainedRecipients": [{"emailAddress": ANN}], "complaintFeedbackType": "not-spam", **_T}),
        None,
    ),
    Sample("Reject", _ses("Reject", {"reason": "Bad content"}), {"type": "rejected", "reason": "Bad content", **_SES}),
    Sample(
        "Rendering Failure",
        _ses("Rendering Failure", {"templateName": "t", "errorMessage": "Attribute 'name' is not present"}),
        {"type": "rejected", "reason": "Attribute 'name' is not present", **_SES},
    ),
    Sample(
        "Open",
        _ses("Open", {"ipAddress": IP, "userAgent": AGENT, **_T}),
        {"type": "opened", "ip": IP, "agent": AGENT, **_SES},
    ),
    Sample(
        "Click",
        _ses("Click", {"ipAddress": IP, "userAgent": AGENT, "link": LINK, "linkTags": {"a": ["b"]}, **_T}),
        {"type": "clicked", "ip": IP, "agent": AGENT, "url": LINK, **_SES},
    ),
    Sample("Subscription OptOut", _wish({"unsubscribeAll": True}, {}), {"type": "unsubscribed", **_SES}),
    Sample(
        "Subscription OptOut",
        _wish(_topics(news="OptOut", offers="OptIn"), _topics(news="OptIn", offers="OptIn")),
        {"type": "unsubscribed", **_SES},
    ),
    Sample(
        "Subscription OptIn",
        _wish(_topics(news="OptIn", offers="OptOut"), _topics(news="OptOut", offers="OptOut")),
        {"type": "subscribed", **_SES},
    ),
    Sample(
        "Received",
        {
            "notificationType": "Received",
            "receipt": {"recipients": ["hello@firm.test"], **_T},
            "mail": {"messageId": "in-1", "source": ANN, "destination": ["hello@firm.test"], **_T},
            "content": "From: ann@home.test\r\n\r\nHello",
        },
        {"type": "inbound", "recipient": "hello@firm.test", "message_id": "in-1", "at": AT},
    ),
]


def _sendgrid(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "email": ANN,
        "event": kind,
        "timestamp": 1772323198,
        "sg_event_id": "ZGVsaXZlcmVk",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        "smtp-id": "<14c5d75ce93.dfd.64b469@ismtpd-555>",
        "category": ["news"],
        "send": SEND,
        **more,
    }


_SENDGRID = {
    "at": WHOLE,
    "recipient": ANN,
    "message_id": "14c5d75ce93",
    "event_id": "ZGVsaXZlcmVk",
    "send": SEND,
}
SENDGRID = [
    Sample("processed", _sendgrid("processed"), {"type": "sent", **_SENDGRID}),
    Sample(
        "deferred",
        _sendgrid("deferred", response="400 try again later", attempt="5"),
        {"type": "deferred", "reason": "400 try again later", **_SENDGRID},
    ),
    Sample("delivered", _sendgrid("delivered", response="250 OK"), {"type": "delivered", **_SENDGRID}),
    Sample(
        "bounce bounce",
        _sendgrid("bounce", type="bounce", reason="550 5.1.1 unknown", status="5.1.1"),
        {"type": "bounced", "bounce": "hard", "reason": "550 5.1.1 unknown", **_SENDGRID},
    ),
    Sample("bounce blocked", _sendgrid("bounce", type="blocked"), {"type": "bounced", "bounce": "soft", **_SENDGRID}),
    Sample("bounce blocked", _sendgrid("bounce"), {"type": "bounced", "bounce": "soft", **_SENDGRID}),
    Sample(
        "dropped",
        _sendgrid("dropped", reason="Bounced Address"),
        {"type": "rejected", "reason": "Bounced Address", **_SENDGRID},
    ),
    Sample(
        "open",
        _sendgrid("open", useragent=AGENT, ip=IP, sg_machine_open=True),
        {"type": "opened", "machine": True, "agent": AGENT, "ip": IP, **_SENDGRID},
    ),
    Sample("open", _sendgrid("open", sg_machine_open=False), {"type": "opened", "machine": False, **_SENDGRID}),
    Sample("click", _sendgrid("click", url=LINK, ip=IP), {"type": "clicked", "url": LINK, "ip": IP, **_SENDGRID}),
    Sample("spamreport", _sendgrid("spamreport"), {"type": "complained", **_SENDGRID}),
    Sample("unsubscribe", _sendgrid("unsubscribe"), {"type": "unsubscribed", **_SENDGRID}),
    Sample("group_unsubscribe", _sendgrid("group_unsubscribe", asm_group_id=10), {"type": "unsubscribed", **_SENDGRID}),
    Sample("group_resubscribe", _sendgrid("group_resubscribe", asm_group_id=10), {"type": "subscribed", **_SENDGRID}),
]


def _mailgun(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "event": kind,
        "id": "CPgfbmQMTCKtHW6uIWtuVe",
        "timestamp": 1772323198.123,
        "recipient": ANN,
        "message": {"headers": {"message-id": "2013.abc@firm.test", "to": f"Ann <{ANN}>", "from": "news@firm.test"}},
        "user-variables": {"send": SEND},
        "tags": ["news"],
        **more,
    }


_MAILGUN = {
    "at": AT,
    "recipient": ANN,
    "message_id": "2013.abc@firm.test",
    "event_id": "CPgfbmQMTCKtHW6uIWtuVe",
    "send": SEND,
}
_REJECTED = {key: value for key, value in _mailgun("rejected").items() if key != "recipient"}
_CLIENT = {"client-info": {"user-agent": AGENT, "client-type": "browser"}, "ip": IP}
MAILGUN = [
    Sample("accepted", _mailgun("accepted"), {"type": "sent", **_MAILGUN}),
    Sample(
        "delivered",
        _mailgun("delivered", **{"delivery-status": {"code": 250, "message": "OK"}}),
        {"type": "delivered", "reason": None, **_MAILGUN},
    ),
    Sample(
        "failed temporary",
        _mailgun("failed", severity="temporary", **{"delivery-status": {"code": 452, "message": "452 full"}}),
        {"type": "deferred", "reason": "452 full", **_MAILGUN},
    ),
    Sample(
        "failed permanent",
        _mailgun("failed", severity="permanent", reason="bounce", **{"delivery-status": {"code": 550}}),
        {"type": "bounced", "bounce": "hard", "reason": "bounce", **_MAILGUN},
    ),
    Sample(
        "failed suppressed",
        _mailgun("failed", severity="permanent", reason="suppress-bounce", **{"delivery-status": {"code": 605}}),
        {"type": "rejected", "reason": "suppress-bounce", **_MAILGUN},
    ),
    Sample(
        "failed suppressed",
        _mailgun("failed", severity="permanent", **{"delivery-status": {"code": 607, "message": "Not delivering"}}),
        {"type": "rejected", "reason": "Not delivering", **_MAILGUN},
    ),
    Sample("failed", _mailgun("failed"), {"type": "bounced", "bounce": "soft", **_MAILGUN}),
    Sample(
        "rejected",
        {**_REJECTED, "reject": {"reason": "Sandbox subdomains are for test purposes only."}},
        {"type": "rejected", "reason": "Sandbox subdomains are for test purposes only.", **_MAILGUN},
    ),
    Sample("opened", _mailgun("opened", **_CLIENT), {"type": "opened", "agent": AGENT, "ip": IP, **_MAILGUN}),
    Sample(
        "opened",
        _mailgun("opened", **{"client-info": {"user-agent": AGENT, "bot": "apple"}}),
        {"type": "opened", "machine": True, **_MAILGUN},
    ),
    Sample("clicked", _mailgun("clicked", url=LINK, **_CLIENT), {"type": "clicked", "url": LINK, "ip": IP, **_MAILGUN}),
    Sample("unsubscribed", _mailgun("unsubscribed"), {"type": "unsubscribed", **_MAILGUN}),
    Sample("complained", _mailgun("complained"), {"type": "complained", **_MAILGUN}),
    Sample("stored", _mailgun("stored", storage={"key": "k"}), {"type": "inbound", **_MAILGUN}),
]


def _postmark(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "RecordType": kind,
        "ServerID": 23,
        "MessageStream": "broadcast",
        "MessageID": "00000000-0000-0000-0000-00000000000a",
        "Metadata": {"send": SEND},
        "Tag": "news",
        **more,
    }


_STAMP = "2026-03-01T00:59:58.1230000+01:00"
_POSTMARK = {"at": AT, "recipient": ANN, "message_id": "00000000-0000-0000-0000-00000000000a", "send": SEND}


def _postmark_bounce(kind: str, wanted: dict[str, Any] | None) -> Sample:
    raw = _postmark("Bounce", Type=kind, ID=4323372036854775807, Email=ANN, BouncedAt=_STAMP, Details="550 no")
    wanted = wanted and {**wanted, "event_id": "4323372036854775807", "reason": "550 no", **_POSTMARK}
    return Sample(f"Bounce {kind}", raw, wanted)


def _change(suppressed: bool, reason: str | None, wanted: dict[str, Any]) -> Sample:
    raw = _postmark(
        "SubscriptionChange", Recipient=ANN, ChangedAt=_STAMP, SuppressSending=suppressed, SuppressionReason=reason
    )
    name = f"SubscriptionChange {reason}" if suppressed and reason else "SubscriptionChange"
    return Sample(name, raw, {**wanted, **_POSTMARK})


_HARD, _SOFT = {"type": "bounced", "bounce": "hard"}, {"type": "bounced", "bounce": "soft"}
_BOUNCES: dict[str, dict[str, Any] | None] = {
    "HardBounce": _HARD,
    "SoftBounce": _SOFT,
    "Undeliverable": _SOFT,
    "Unknown": _SOFT,
    "VirusNotification": _SOFT,
    "Transient": {"type": "deferred"},
    "DnsError": {"type": "deferred"},
    "BadEmailAddress": {"type": "rejected"},
    "ManuallyDeactivated": {"type": "rejected"},
    "Blocked": {"type": "rejected"},
    "DMARCPolicy": {"type": "rejected"},
    "Unconfirmed": {"type": "rejected"},
    "SMTPApiError": {"type": "rejected"},
    "TemplateRenderingFailed": {"type": "rejected"},
    "SpamNotification": {"type": "complained"},
    "SpamComplaint": {"type": "complained"},
    "Unsubscribe": {"type": "unsubscribed"},
    "Subscribe": {"type": "subscribed"},
    "AutoResponder": None,
    "AddressChange": None,
    "ChallengeVerification": None,
    "OpenRelayTest": None,
    "InboundError": None,
}
POSTMARK = [
    Sample(
        "Delivery",
        _postmark("Delivery", Recipient=ANN, DeliveredAt=_STAMP, Details="250 OK"),
        {"type": "delivered", "reason": None, **_POSTMARK},
    ),
    *(_postmark_bounce(kind, wanted) for kind, wanted in _BOUNCES.items()),
    Sample(
        "SpamComplaint",
        _postmark("SpamComplaint", Type="SpamComplaint", ID=42, Email=ANN, BouncedAt=_STAMP),
        {"type": "complained", "event_id": "42", **_POSTMARK},
    ),
    Sample(
        "Open",
        _postmark("Open", Recipient=ANN, ReceivedAt=_STAMP, FirstOpen=True, UserAgent=AGENT, Geo={"IP": IP}),
        {"type": "opened", "agent": AGENT, "ip": IP, **_POSTMARK},
    ),
    Sample(
        "Click",
        _postmark("Click", Recipient=ANN, ReceivedAt=_STAMP, OriginalLink=LINK, ClickLocation="HTML"),
        {"type": "clicked", "url": LINK, **_POSTMARK},
    ),
    _change(False, None, {"type": "subscribed"}),
    _change(True, "ManualSuppression", {"type": "unsubscribed"}),
    _change(True, "HardBounce", _HARD),
    _change(True, "SpamComplaint", {"type": "complained"}),
    Sample(
        "Inbound",
        {
            "FromFull": {"Email": ANN, "Name": "Ann"},
            "ToFull": [{"Email": "hello@firm.test"}],
            "OriginalRecipient": "hello@firm.test",
            "MessageID": "in-1",
            "Date": "Sun, 1 Mar 2026 00:59:58 +0100",
            "Subject": "Hello",
        },
        {"type": "inbound", "recipient": "hello@firm.test", "message_id": "in-1", "at": WHOLE},
    ),
]


def _resend(kind: str, detail: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "created_at": "2026-02-28T23:59:58.123Z",
        "data": {
            "email_id": "56761188-7520-42d8-8898-ff6fc54ce618",
            "created_at": "2026-02-28 23:00:00.000000+00",
            "from": "Firm <news@firm.test>",
            "to": [ANN],
            "subject": "News",
            "tags": {"send": SEND, "category": "news"},
            **data,
            **(detail or {}),
        },
    }


_RESEND = {
    "at": AT,
    "recipient": ANN,
    "message_id": "56761188-7520-42d8-8898-ff6fc54ce618",
    "event_id": "msg_1",
    "send": SEND,
}
_CONTACT = {
    "created_at": "2026-02-28T23:59:58.123Z",
    "data": {"id": "e169aa45", "audience_id": "78261eea", "email": ANN, "first_name": "Ann"},
}


def _contact(kind: str, unsubscribed: bool) -> dict[str, Any]:
    return {"type": kind, **_CONTACT, "data": {**_CONTACT["data"], "unsubscribed": unsubscribed}}  # type: ignore[dict-item]  # an object


RESEND = [
    Sample("email.sent", _resend("email.sent"), {"type": "sent", **_RESEND}),
    Sample("email.delivered", _resend("email.delivered"), {"type": "delivered", **_RESEND}),
    Sample(
        "email.delivered",
        _resend("email.delivered", tags=[{"name": "a", "value": "b"}, {"name": "send", "value": SEND}]),
        {"type": "delivered", **_RESEND},
    ),
    Sample("email.delivery_delayed", _resend("email.delivery_delayed"), {"type": "deferred", **_RESEND}),
    Sample(
        "email.bounced Permanent",
        _resend("email.bounced", {"bounce": {"type": "Permanent", "subType": "General", "message": "550 unknown"}}),
        {"type": "bounced", "bounce": "hard", "reason": "550 unknown", **_RESEND},
    ),
    Sample("email.bounced", _resend("email.bounced", {"bounce": {"type": "Transient"}}), {**_SOFT, **_RESEND}),
    Sample("email.bounced", _resend("email.bounced", {"bounce": {"message": "no"}}), {**_SOFT, **_RESEND}),
    Sample("email.complained", _resend("email.complained"), {"type": "complained", **_RESEND}),
    Sample(
        "email.opened",
        _resend("email.opened", {"open": {"ipAddress": IP, "userAgent": AGENT}}),
        {"type": "opened", "ip": IP, "agent": AGENT, **_RESEND},
    ),
    Sample(
        "email.clicked",
        _resend("email.clicked", {"click": {"ipAddress": IP, "userAgent": AGENT, "link": LINK}}),
        {"type": "clicked", "url": LINK, "ip": IP, "agent": AGENT, **_RESEND},
    ),
    Sample(
        "email.failed",
        _resend("email.failed", {"failed": {"reason": "reached_daily_quota"}}),
        {"type": "rejected", "reason": "reached_daily_quota", **_RESEND},
    ),
    Sample(
        "email.suppressed",
        _resend("email.suppressed", {"suppressed": {"message": "On the list"}}),
        {"type": "rejected", "reason": "On the list", **_RESEND},
    ),
    Sample("email.received", _resend("email.received", to=["hello@firm.test"]), {"type": "inbound", "at": AT}),
    Sample(
        "contact.updated unsubscribed",
        _contact("contact.updated", True),
        {"type": "unsubscribed", "recipient": ANN, "message_id": None, "send": None, "at": AT},
    ),
    Sample("contact.updated", _contact("contact.updated", False), None),
    Sample("contact.created", _contact("contact.created", False), None),
    Sample("contact.deleted", _contact("contact.deleted", True), None),
    Sample("email.scheduled", _resend("email.scheduled"), None),
    Sample("domain.updated", {"type": "domain.updated", "created_at": "2026-02-28T23:59:58Z", "data": {}}, None),
]

SAMPLES: dict[str, list[Sample]] = {
    "ses": SES,
    "sendgrid": SENDGRID,
    "mailgun": MAILGUN,
    "postmark": POSTMARK,
    "resend": RESEND,
}
