"""What the API's description says beyond routes and structs: examples, parameters, headers.

It stands here and not in the structs because those are loaded at every cold start, and this only when somebody reads.
"""

from typing import Any, Final

from chalicelib.handlers._example_ids import CON, ULID
from chalicelib.handlers._examples_fields import FIELDS
from chalicelib.handlers._examples_mail import MAIL
from chalicelib.handlers._examples_people import PEOPLE
from chalicelib.handlers._examples_reports import REPORTS
from chalicelib.handlers._examples_sales import SALES
from chalicelib.handlers._examples_work import WORK

ABOUT: Final = (
    "A customer-relationship system that bills by use. JSON in and out; times are RFC 3339 in UTC; lists come in pages "
    "with a cursor; errors are `application/problem+json` (RFC 9457). Every answer tells its cost in `Tendril-Cost`."
)
PATCH: Final = "A JSON merge patch (RFC 7396): what is not there stays as it is, null clears."
BEARER: Final = {
    "type": "http",
    "scheme": "bearer",
    "description": "An access token from `/v1/auth/login`, or an API token from `/v1/tokens`.",
}
SUCCESS: Final = {
    200: "Done",
    201: "Made",
    202: "Begun; the job tells how it goes on",
    204: "Done; there is nothing to say",
    404: "A page that says that there is no such thing",
    410: "A page that says that it holds no more",
    302: "On to where the link leads",
    406: "Not taken, now or later; as this provider wants to be told",
    301: "The record has become a part of another one, which is read there",
}
UNFORESEEN: Final = "Something went wrong here; the request id says which log line tells."
QUOTA: Final = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")

# Path parameters: the prefix of the noun's ids, and what is found by it.
IDS: Final[dict[str, tuple[str, str]]] = {
    "activity_id": ("act", "The activity's id"),
    "calendar_id": ("cal", "The id of a link to one's tasks; not its secret"),
    "campaign_id": ("cam", "The campaign's id"),
    "company_id": ("com", "The company's id"),
    "consent_id": ("cns", "The id of an entry of the consent log"),
    "contact_id": ("con", "The contact's id"),
    "deal_id": ("dea", "The deal's id"),
    "field_id": ("fld", "The custom field's id"),
    "import_id": ("job", "The import's id, which is also that of its job"),
    "job_id": ("job", "The job's id"),
    "notification_id": ("ntf", "The notification's id"),
    "pipeline_id": ("pip", "The pipeline's id"),
    "order_id": ("ord", "The order's id"),
    "pricebook_id": ("prb", "The price book's id"),
    "product_id": ("pro", "The product's id"),
    "quota_id": ("qta", "The quota's id"),
    "quote_id": ("quo", "The quote's id"),
    "segment_id": ("seg", "The segment's id"),
    "task_id": ("tsk", "The task's id"),
    "followup_id": ("fup", "The follow-up's id"),
    "playbook_id": ("plb", "The playbook's id"),
    "team_id": ("tea", "The team's id"),
    "template_id": ("tpl", "The template's id"),
    "token_id": ("tok", "The API token's id; not the token itself"),
    "view_id": ("viw", "The saved view's id"),
    "user_id": ("usr", "The user's id"),
}

# Path parameters that are not ids: what they are, and an example.
NAMES: Final[dict[str, tuple[str, str]]] = {
    "address": ("The mail address", "ada@example.com"),
    "currency": ("The currency, by its ISO 4217 code", "USD"),
    "day": ("The day from which it holds", "2026-03-01"),
    "file": ("The file that a secret link names", "ten_01HX.cal_01HX.c2VjcmV0.ics"),
    "domain": ("The company's mail domain", "example.com"),
    "provider": ("The mail provider, by its short name", "sendgrid"),
    "tenant_key": ("The firm's key, as `hook_url` has it", "k1-3f2a1b.AZ0xQy3n8sT2JmHkq1v5w7aZ0xQy3n8sT2JmHkq1v5w"),
    "opening": ("The token of a mail's picture", "k1-3f2a1b.BAAZ0xQy3n8sT2JmHkq1v5w7aZ0xQy3n8sT2Jm"),
    "click": ("The token of a mail's link, which holds where it leads", "k1-3f2a1b.BQAZ0xQy3n8sT2JmHkq1v5w7aZ0xQy3n8"),
    "token": ("The token of a link in a mail", "k1-0086ca.AQABogHwKNaJ6FiOdjkzv_5GAaIB8CnRu0JzGeh09iyu4gAA"),
    "topic": ("The topic's name", "news"),
    "link": ("The token of a quote's link", "eyJhbGciOiJIUzI1NiJ9.eyJxIjoicXVvXzAxIn0.c2ln"),
    "external_id": ("`system:id`, the record's id in another system", "hubspot:501"),
}

CUSTOM: Final = (
    "`custom.<name>=` lists by a value of the firm's own field; `custom.<name>.from=` and `.to=` by a range of "
    "numbers, amounts of money (`129900 EUR`) and dates."
)

# Query parameters whose struct says nothing of them.
QUERY: Final[dict[str, str]] = {
    "noun": "Only those of this noun",
    "limit": "At most so many records in one page",
    "cursor": "`next_cursor` of the page before, with all other parameters as they were",
    "sort": "In which order; the default is `name`. By `next_activity_at` only those with something to come",
    "email": "Only the one with this mail address",
    "updated_since": "Only what changed since then, the latest first",
    "as_of": "Exactly as it was read at this moment",
    "field": "Only changes of this field",
    "kind": "Only entries of this kind",
    "pinned": "Only pinned notes",
    "since": "Only what happened since then",
    "message_id": "Only those of the mail that its provider knows by this id",
    "recipient": "Only those of this mailbox",
    "unreadable": "With `true` what came from a provider and could not be read, instead",
    "unread": "Only what is not read yet, or with `false` only what is",
    "status": "Only those of this status",
    "assignee_id": "Only tasks of this user",
    "due_before": "Only tasks that are due before then",
    "overdue": "Only open tasks that are due by now",
    "subject_id": "Only open tasks of this record",
    "scope": "Of a task that recurs: only `this` one, or `all` from it on",
    "from": "The first day, or where months are told the first month, in UTC",
    "to": "The last day, or where months are told the last month, in UTC; it is included",
    "period": "Only those of exactly this month, quarter or year",
    "undated": "Count open deals without `expected_close` too; by month they are a group `none` of their own",
    "team_id": "Only those of this team",
    "user_id": "Only those of this user",
    "group_by": "What the rows add up",
    "name": "Only those whose name begins so",
    "starts_with": "Only those that begin so",
    "sku": "Only the one with this number",
    "q": "Only those of whose names, addresses, numbers or company each word given here begins a word; in any order",
    "view_id": "As this saved view lists them; with no other parameter but `limit` and `cursor`",
    "created_since": "Only what was made since then, the oldest first",
    "owner_id": "Only those of this user",
    "tag": "Only those with this tag",
    "relationship": "Only those of this class",
    "lifecycle": "Only those in this stage",
    "external_id": "Only the one that another system knows by this id: `system:id`",
    "phone": "Only those with this number, however it is spelt",
    "not_contacted_since": "Only those with whom nobody was in touch since then, or ever; the longest ago first",
    "no_contact_days": "Only those with whom nobody was in touch for so many days, or ever; the longest ago first",
    "next_activity_before": "Only those for whom something is to be done before then; the earliest first",
    "birthday_within": "Only those who have their birthday within so many days; the next first",
    "deleted": "What is in the trash, the last deleted first",
    "contact_id": "Only those of this contact",
    "deal_id": "Only those of this deal",
    "company_id": "Only those of this company",
    "pipeline_id": "Only those in this pipeline",
    "stage_id": "Only those in this stage, in the order of its board",
    "rotting": "With `stage_id`: only those that have been there for so long; a page may be short and still lead on",
    "close_before": "Only those expected to close before this day",
    "close_after": "Only those expected to close after this day",
    "domain": "Only the one with this mail domain",
    "parent_id": "Only those right below this company",
}

# Fields, of one struct (or several, by their names) or of any, whose type has no example or whose meaning asks for a
# better one. Each stands with those of its kind of room, in `_examples_*.py`.
EXAMPLES: Final[dict[str, Any]] = {
    **FIELDS,
    **{
        f"{struct}.{field}": example
        for room in (PEOPLE, SALES, REPORTS, WORK, MAIL)
        for structs, fields in room.items()
        for struct in structs.split()
        for field, example in fields.items()
    },
}

MERGED: Final = {
    "type": "object",
    "properties": {"merged_into": {"type": "string", "examples": [CON]}},
    "required": ["merged_into"],
}

FLAW: Final = {
    "pointer": "Where in the body (JSON pointer, RFC 6901), or which parameter",
    "code": "What is wrong, in a word that stays the same",
    "message": "What is wrong, for people",
}

PARAMETERS: Final[dict[str, Any]] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Sent again within 24 hours with the same body, the first answer is given again.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "examples": ["6d5f0c1e-import-17"]},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "description": "Only if the record is still at the version of this `ETag`; else 412.",
        "schema": {"type": "string", "examples": ['"3"']},
    },
    "IfNoneMatch": {
        "name": "If-None-Match",
        "in": "header",
        "description": "Answer 304 without a body if the record is still at the version of this `ETag`.",
        "schema": {"type": "string", "examples": ['"3"']},
    },
}


def _header(about: str, example: str | int, *, always: bool = True, **schema: Any) -> dict[str, Any]:
    kind = "integer" if isinstance(example, int) else "string"
    return {"description": about, "required": always, "schema": {"type": kind, **schema, "examples": [example]}}


HEADERS: Final[dict[str, Any]] = {
    "ETag": _header("The record's version, for `If-Match` and `If-None-Match`", '"3"', pattern='^"[0-9]+"$'),
    "Idempotency-Replayed": _header(
        "The answer was given before, to the same `Idempotency-Key`", "true", always=False, enum=["true"]
    ),
    "Location": _header("Where the new record is", f"/v1/contacts/con_{ULID}"),
    # Where attempts are counted; a repeated answer was not an attempt.
    "RateLimit-Limit": _header("Attempts in one window of time", 5, always=False, minimum=0),
    "RateLimit-Remaining": _header("Attempts left in this window", 4, always=False, minimum=0),
    "RateLimit-Reset": _header("Seconds until the next window", 900, always=False, minimum=0),
    "Retry-After": _header("Seconds to wait", 900, minimum=1),
    "Tendril-Cost": _header(
        "What the call cost: DynamoDB read and write units, milliseconds, US dollars",
        "rru=0.5; wru=0; ms=4.2; usd=0.000001234",
        pattern=r"^rru=[0-9.]+; wru=[0-9.]+; ms=[0-9.]+; usd=[0-9.]+$",
    ),
    "WWW-Authenticate": _header("How to sign in", "Bearer"),
    "X-Request-Id": _header("The id of this call, as the log has it", "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"),
}


def place(parameter: str) -> dict[str, Any]:
    """What the document says of a path parameter. Raises KeyError for one that is in neither table."""
    if parameter in NAMES:
        about, example = NAMES[parameter]
        return {"description": about, "schema": {"type": "string", "minLength": 1, "examples": [example]}}
    return {"description": IDS[parameter][1], "schema": id_of(parameter)}


def id_of(parameter: str) -> dict[str, Any]:
    """The schema of a path parameter. Raises KeyError for one that `IDS` does not know."""
    prefix = IDS[parameter][0]
    return {
        "type": "string",
        "pattern": f"^{prefix}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$",
        "examples": [f"{prefix}_{ULID}"],
    }


def problem(status: int, title: str, detail: str) -> dict[str, Any]:
    """What an error may look like."""
    about = {
        "type": f"/problems/{title.lower().replace(' ', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": "/v1/contacts",
        "request_id": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
    }
    if status == 422:
        about["errors"] = [{"pointer": "/first_name", "code": "type", "message": "Expected `str | null`, got `int`"}]
    return about
