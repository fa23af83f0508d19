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
        _mailgun("failed", severity="permanent", reason="suppress-bounce", **{"delivery-status": {"code": 550}}),
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
    Sample(
        "SubscriptionChange by the firm",
        _postmark("SubscriptionChange", Recipient=ANN, ChangedAt=_STAMP, SuppressSending=False, Origin="Customer"),
        None,
    ),
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


def _mandrill(kind: str, message: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    mail = {"_id": "exampleaaaaa", "email": ANN, "tags": ["news"], "metadata": {"send": SEND}, "ts": 1772320000}
    return {"event": kind, "_id": "exampleaaaaa", "ts": 1772323198, "msg": {**mail, **(message or {})}, **more}


_MANDRILL = {"at": WHOLE, "recipient": ANN, "message_id": "exampleaaaaa", "send": SEND}
_DIAG = {"diag": "550 5.1.1 unknown", "bounce_description": "bad_mailbox"}
MANDRILL = [
    Sample("send", _mandrill("send"), {"type": "sent", **_MANDRILL}),
    Sample("delivered", _mandrill("delivered"), {"type": "delivered", **_MANDRILL}),
    Sample(
        "deferral",
        _mandrill("deferral", {"diag": "451 later"}),
        {"type": "deferred", "reason": "451 later", **_MANDRILL},
    ),
    Sample("hard_bounce", _mandrill("hard_bounce", _DIAG), {**_HARD, "reason": "550 5.1.1 unknown", **_MANDRILL}),
    Sample("soft_bounce", _mandrill("soft_bounce"), {**_SOFT, **_MANDRILL}),
    Sample(
        "reject",
        _mandrill("reject", {"reject": {"reason": "hard-bounce"}}),
        {"type": "rejected", "reason": "hard-bounce", **_MANDRILL},
    ),
    Sample("spam", _mandrill("spam"), {"type": "complained", **_MANDRILL}),
    Sample(
        "open", _mandrill("open", user_agent=AGENT, ip=IP), {"type": "opened", "agent": AGENT, "ip": IP, **_MANDRILL}
    ),
    Sample("click", _mandrill("click", url=LINK, ip=IP), {"type": "clicked", "url": LINK, "ip": IP, **_MANDRILL}),
    Sample("unsub", _mandrill("unsub"), {"type": "unsubscribed", **_MANDRILL}),
    Sample(
        "inbound",
        {
            "event": "inbound",
            "ts": 1772323198,
            "msg": {
                "email": "hello@firm.test",
                "from_email": ANN,
                "headers": {"Message-Id": "<in-1@home.test>"},
                "raw_msg": "x",
            },
        },
        {"type": "inbound", "recipient": "hello@firm.test", "message_id": "in-1@home.test", "at": WHOLE},
    ),
    Sample("blacklist add", {"type": "blacklist", "action": "add", "reject": {"email": ANN}, "ts": 1772323198}, None),
    Sample("whitelist remove", {"type": "whitelist", "action": "remove", "entry": {"email": ANN}}, None),
]


def _brevo(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "event": kind,
        "email": ANN,
        "id": 26224,
        "date": "2026-03-01 00:59:58",
        "ts": 1772326798,
        "ts_event": 1772326798,
        "ts_epoch": 1772323198123,
        "message-id": "<201798300811.5787683@relay.domain.com>",
        "tags": ["news"],
        "tag": '["news"]',
        "X-Mailin-custom": SEND,
        **more,
    }


_BREVO = {"at": AT, "recipient": ANN, "message_id": "201798300811.5787683@relay.domain.com", "send": SEND}
BREVO = [
    Sample("request", _brevo("request"), {"type": "sent", **_BREVO}),
    Sample("sent", _brevo("sent"), {"type": "sent", **_BREVO}),
    Sample("delivered", _brevo("delivered"), {"type": "delivered", **_BREVO}),
    Sample("deferred", _brevo("deferred", reason="452 full"), {"type": "deferred", "reason": "452 full", **_BREVO}),
    Sample("hard_bounce", _brevo("hard_bounce", reason="unknown"), {**_HARD, "reason": "unknown", **_BREVO}),
    Sample("invalid_email", _brevo("invalid_email"), {**_HARD, **_BREVO}),
    Sample("soft_bounce", _brevo("soft_bounce"), {**_SOFT, **_BREVO}),
    Sample("blocked", _brevo("blocked"), {"type": "rejected", **_BREVO}),
    Sample("error", _brevo("error"), {"type": "rejected", **_BREVO}),
    Sample("spam", _brevo("spam"), {"type": "complained", **_BREVO}),
    Sample("complaint", _brevo("complaint"), {"type": "complained", **_BREVO}),
    Sample(
        "opened", _brevo("opened", user_agent=AGENT, ip=IP), {"type": "opened", "machine": None, "ip": IP, **_BREVO}
    ),
    Sample("unique_opened", _brevo("unique_opened"), {"type": "opened", "machine": None, **_BREVO}),
    Sample("proxy_open", _brevo("proxy_open"), {"type": "opened", "machine": True, **_BREVO}),
    Sample("unique_proxy_open", _brevo("unique_proxy_open"), {"type": "opened", "machine": True, **_BREVO}),
    Sample("click", _brevo("click", link=LINK, ip=IP), {"type": "clicked", "url": LINK, "ip": IP, **_BREVO}),
    Sample("unsubscribed", _brevo("unsubscribed"), {"type": "unsubscribed", **_BREVO}),
    Sample("unsubscribe", _brevo("unsubscribe"), {"type": "unsubscribed", **_BREVO}),
    Sample(
        "inbound",
        {
            "Uuid": ["ba3db5a6-c78d-46d7-a7d3-06ad0e7ba6ba"],
            "MessageId": "<in-1@home.test>",
            "From": {"Name": "Ann", "Address": ANN},
            "To": [{"Name": None, "Address": "hello@firm.test"}],
            "SentAtDate": "Sun, 1 Mar 2026 00:59:58 +0100",
        },
        {"type": "inbound", "recipient": "hello@firm.test", "message_id": "in-1@home.test", "at": WHOLE},
    ),
    Sample("list_addition", _brevo("list_addition", email=[ANN]), None),
]


def _sparkpost(kind: str, wrapper: str = "message_event", **more: Any) -> dict[str, Any]:
    event = {
        "type": kind,
        "event_id": "92356927693813856",
        "timestamp": "1772323198",
        "rcpt_to": ANN.lower(),
        "raw_rcpt_to": ANN,
        "transmission_id": "65832150921904138",
        "message_id": "000443ee14578172be22",
        "campaign_id": "news",
        "rcpt_meta": {"send": SEND},
        **more,
    }
    return {"msys": {wrapper: event}}


_SPARKPOST = {
    "at": WHOLE,
    "recipient": ANN,
    "message_id": "65832150921904138",
    "event_id": "92356927693813856",
    "send": SEND,
}


def _class(number: Any, name: str, wanted: dict[str, Any] | None, kind: str = "bounce") -> Sample:
    raw = _sparkpost(kind, bounce_class=number, raw_reason="550 5.1.1 unknown", reason="550 [...]")
    reason = wanted and {"reason": "550 5.1.1 unknown"}
    return Sample(f"bounce {name}", raw, wanted and {**wanted, **(reason or {}), **_SPARKPOST})


_TRACK = "track_event"
SPARKPOST = [
    Sample("injection", _sparkpost("injection"), {"type": "sent", **_SPARKPOST}),
    Sample("delivery", _sparkpost("delivery"), {"type": "delivered", **_SPARKPOST}),
    Sample(
        "delay",
        _sparkpost("delay", bounce_class="10", raw_reason="451 later"),
        {"type": "deferred", "reason": "451 later", **_SPARKPOST},
    ),
    *(_class(number, "hard", _HARD) for number in ("10", "30", 10)),
    _class("10", "hard", _HARD, "out_of_band"),
    *(
        _class(number, "soft", _SOFT)
        for number in ("20", "21", "22", "23", "24", "40", "70", "1", "77", None, "x", 1.5)
    ),
    *(_class(number, "blocked", {"type": "rejected"}) for number in ("25", "26", "50", "51", "52", "53", "54")),
    *(_class(number, "auto-reply", None) for number in ("60", "100")),
    _class("80", "subscribe", {"type": "subscribed"}),
    _class("90", "unsubscribe", {"type": "unsubscribed"}),
    *(
        Sample(name, _sparkpost(name, "gen_event", reason="no"), {"type": "rejected", "reason": "no", **_SPARKPOST})
        for name in ("policy_rejection", "generation_rejection", "generation_failure")
    ),
    Sample(
        "spam_complaint",
        _sparkpost("spam_complaint", fbtype="abuse"),
        {"type": "complained", "reason": "abuse", **_SPARKPOST},
    ),
    *(
        Sample(
            name,
            _sparkpost(name, _TRACK, ip_address=IP, user_agent=AGENT, user_agent_parsed={"is_prefetched": prefetched}),
            {"type": "opened", "machine": prefetched, "ip": IP, "agent": AGENT, **_SPARKPOST},
        )
        for name, prefetched in [
            ("open", True),
            ("initial_open", False),
            ("amp_open", None),
            ("amp_initial_open", None),
        ]
    ),
    *(
        Sample(name, _sparkpost(name, _TRACK, target_link_url=LINK), {"type": "clicked", "url": LINK, **_SPARKPOST})
        for name in ("click", "amp_click")
    ),
    *(
        Sample(
            name,
            _sparkpost(name, "unsubscribe_event", timestamp="2026-02-28T23:59:58.000Z"),
            {"type": "unsubscribed", **_SPARKPOST},
        )
        for name in ("list_unsubscribe", "link_unsubscribe")
    ),
    Sample(
        "relay_message",
        {
            "msys": {
                "relay_message": {
                    "rcpt_to": "hello@firm.test",
                    "msg_from": ANN,
                    "webhook_id": "4839201967643219",
                    "content": {
                        "email_rfc822": "x",
                        "headers": [{"Date": "Sun, 1 Mar 2026 00:59:58 +0100"}, {"Message-ID": "<in-1@home.test>"}],
                    },
                }
            }
        },
        {"type": "inbound", "recipient": "hello@firm.test", "message_id": "in-1@home.test", "at": WHOLE},
    ),
    Sample("ping", {"msys": {}}, None),
]


def _mailersend(kind: str, morph: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    return {
        "type": f"activity.{kind}",
        "domain_id": "yv69oxl5kl785kw2",
        "created_at": "2026-03-01T00:10:00.000000Z",
        "webhook_id": "2351ndgwr4zqx8ko",
        "url": "https://firm.test/hook",
        "data": {
            "object": "activity",
            "id": "62f114f8165fe0d8db0288e3",
            "type": kind,
            "created_at": "2026-02-28T23:59:58.123000Z",
            "email": {
                "object": "email",
                "id": "62f114f7165fe0d8db0288e2",
                "tags": ["news", SEND],
                "message": {"object": "message", "id": "62fb66bef54a112e920b5493"},
                "recipient": {"object": "recipient", "id": "62c69be104270ee9c6074d32", "email": ANN},
            },
            "morph": morph,
            **data,
        },
    }


_MAILERSEND = {
    "at": AT,
    "recipient": ANN,
    "message_id": "62fb66bef54a112e920b5493",
    "event_id": "62f114f8165fe0d8db0288e3",
    "send": SEND,
}
MAILERSEND = [
    Sample("activity.sent", _mailersend("sent"), {"type": "sent", **_MAILERSEND}),
    Sample("activity.delivered", _mailersend("delivered"), {"type": "delivered", **_MAILERSEND}),
    Sample("activity.deferred", _mailersend("deferred"), {"type": "deferred", **_MAILERSEND}),
    Sample(
        "activity.hard_bounced",
        _mailersend("hard_bounced", {"object": "recipient_bounce", "reason": "550 unknown"}),
        {**_HARD, "reason": "550 unknown", **_MAILERSEND},
    ),
    Sample("activity.soft_bounced", _mailersend("soft_bounced"), {**_SOFT, **_MAILERSEND}),
    Sample("activity.spam_complaint", _mailersend("spam_complaint"), {"type": "complained", **_MAILERSEND}),
    Sample(
        "activity.opened",
        _mailersend("opened", {"object": "open", "ip": IP}),
        {"type": "opened", "ip": IP, **_MAILERSEND},
    ),
    Sample("activity.opened_unique", _mailersend("opened_unique"), {"type": "opened", **_MAILERSEND}),
    Sample(
        "activity.clicked",
        _mailersend("clicked", {"object": "click", "ip": IP, "url": LINK}),
        {"type": "clicked", "url": LINK, "ip": IP, **_MAILERSEND},
    ),
    Sample(
        "activity.clicked_unique",
        _mailersend("clicked_unique", {"url": LINK}),
        {"type": "clicked", "url": LINK, **_MAILERSEND},
    ),
    Sample("activity.unsubscribed", _mailersend("unsubscribed"), {"type": "unsubscribed", **_MAILERSEND}),
    Sample(
        "inbound.message",
        {
            "type": "inbound.message",
            "inbound_id": "1234",
            "created_at": "2026-03-01T00:10:00.000000Z",
            "data": {
                "object": "message",
                "id": "in-1",
                "recipients": {"rcptTo": [{"email": "hello@firm.test"}]},
                "headers": {"Message-ID": "<in-1@home.test>"},
                "created_at": "2026-02-28T23:59:58.123000Z",
            },
        },
        {
            "type": "inbound",
            "recipient": "hello@firm.test",
            "message_id": "in-1@home.test",
            "event_id": "in-1",
            "at": AT,
        },
    ),
    Sample("webhook.test", {"type": "webhook.test", "data": None}, None),
    Sample("activity.survey_opened", _mailersend("survey_opened"), None),
    Sample("sender_identity.verified", {"type": "sender_identity.verified", "data": {"id": 7}}, None),
    Sample("maintenance.start", {"type": "maintenance.start", "data": []}, None),
]


def _mailjet(kind: str, **more: Any) -> dict[str, Any]:
    return {
        "event": kind,
        "time": 1772323198,
        "MessageID": 576460754655154659,
        "Message_GUID": "ffb6a0b8-0000-0000-0000-000000000000",
        "email": ANN,
        "mj_campaign_id": 7173,
        "customcampaign": "news",
        "CustomID": SEND,
        "Payload": "",
        **more,
    }


_MAILJET = {"at": WHOLE, "recipient": ANN, "message_id": "576460754655154659", "send": SEND}
MAILJET = [
    Sample("sent", _mailjet("sent", smtp_reply="250 OK"), {"type": "delivered", **_MAILJET}),
    Sample(
        "bounce hard",
        _mailjet("bounce", hard_bounce=True, blocked=True, error_related_to="recipient", error="user unknown"),
        {**_HARD, "reason": "user unknown", **_MAILJET},
    ),
    Sample("bounce soft", _mailjet("bounce", hard_bounce=False, error="mailbox inactive"), {**_SOFT, **_MAILJET}),
    Sample("bounce soft", _mailjet("bounce", hard_bounce="true"), {**_SOFT, **_MAILJET}),
    Sample(
        "bounce greylisted", _mailjet("bounce", hard_bounce=False, error="greylisted"), {"type": "deferred", **_MAILJET}
    ),
    Sample(
        "blocked", _mailjet("blocked", error="preblocked"), {"type": "rejected", "reason": "preblocked", **_MAILJET}
    ),
    Sample("spam", _mailjet("spam", source="JMRPP"), {"type": "complained", "reason": "JMRPP", **_MAILJET}),
    Sample("open", _mailjet("open", agent=AGENT, ip=IP), {"type": "opened", "agent": AGENT, "ip": IP, **_MAILJET}),
    Sample("click", _mailjet("click", url=LINK, ip=IP), {"type": "clicked", "url": LINK, "ip": IP, **_MAILJET}),
    Sample("unsub", _mailjet("unsub", mj_list_id=1), {"type": "unsubscribed", **_MAILJET}),
    Sample(
        "inbound",
        {
            "Sender": ANN,
            "Recipient": "hello@firm.test",
            "Headers": {"Date": "Sun, 1 Mar 2026 00:59:58 +0100", "Message-ID": "<in-1@home.test>"},
            "Text-part": "Hello",
        },
        {"type": "inbound", "recipient": "hello@firm.test", "message_id": "in-1@home.test", "at": WHOLE},
    ),
]

SAMPLES: dict[str, list[Sample]] = {
    "ses": SES,
    "sendgrid": SENDGRID,
    "mailgun": MAILGUN,
    "postmark": POSTMARK,
    "resend": RESEND,
    "mandrill": MANDRILL,
    "brevo": BREVO,
    "sparkpost": SPARKPOST,
    "mailersend": MAILERSEND,
    "mailjet": MAILJET,
}
