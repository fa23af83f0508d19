"""What the API's description says beyond routes and structs: examples, parameters, headers.

It stands here and not in the structs because those are loaded at every cold start, and this only when somebody reads.
"""

from typing import Any, Final

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
    301: "The record has become a part of another one, which is read there",
}
UNFORESEEN: Final = "Something went wrong here; the request id says which log line tells."
QUOTA: Final = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")

_ULID: Final = "01HX5ZZKBKACTAV9WEVGEMMVRZ"

# Path parameters: the prefix of the noun's ids, and what is found by it.
IDS: Final[dict[str, tuple[str, str]]] = {
    "activity_id": ("act", "The activity's id"),
    "company_id": ("com", "The company's id"),
    "contact_id": ("con", "The contact's id"),
    "deal_id": ("dea", "The deal's id"),
    "field_id": ("fld", "The custom field's id"),
    "import_id": ("job", "The import's id, which is also that of its job"),
    "job_id": ("job", "The job's id"),
    "notification_id": ("ntf", "The notification's id"),
    "pipeline_id": ("pip", "The pipeline's id"),
    "pricebook_id": ("prb", "The price book's id"),
    "product_id": ("pro", "The product's id"),
    "task_id": ("tsk", "The task's id"),
    "team_id": ("tea", "The team's id"),
    "token_id": ("tok", "The API token's id; not the token itself"),
    "view_id": ("viw", "The saved view's id"),
    "user_id": ("usr", "The user's id"),
}

# Path parameters that are not ids: what they are, and an example.
NAMES: Final[dict[str, tuple[str, str]]] = {
    "address": ("The contact's mail address", "ada@example.com"),
    "currency": ("The currency, by its ISO 4217 code", "USD"),
    "day": ("The day from which it holds", "2026-03-01"),
    "domain": ("The company's mail domain", "example.com"),
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
    "unread": "Only what is not read yet, or with `false` only what is",
    "status": "Only those of this status",
    "assignee_id": "Only tasks of this user",
    "due_before": "Only tasks that are due before then",
    "from": "The first day, in UTC",
    "to": "The last day, in UTC",
    "group_by": "What the rows add up",
    "name": "Only those whose name begins so",
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
    "company_id": "Only those of this company",
    "pipeline_id": "Only those in this pipeline",
    "stage_id": "Only those in this stage, in the order of its board",
    "domain": "Only the one with this mail domain",
    "parent_id": "Only those right below this company",
}

_COM, _CON, _JOB, _TSK, _TOK, _USR = (f"{prefix}_{_ULID}" for prefix in ("com", "con", "job", "tsk", "tok", "usr"))

_DEA, _PIP, _STG = (f"{prefix}_{_ULID}" for prefix in ("dea", "pip", "stg"))

# Fields, of one struct or of any, whose type has no example or whose meaning asks for a better one.
EXAMPLES: Final[dict[str, Any]] = {
    "access_token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ1c3JfMDEifQ.c2lnbmF0dXJl",
    "actor": _USR,
    "assignee_id": _USR,
    "city": "Vienna",
    "company": "Lovelace & Daughters",
    "completed_at": None,
    "counts": {"contacts": 3, "tasks_open": 1},
    "deleted_at": None,
    "description": "How content they said they are.",
    "due_at": "2030-03-01T09:00:00.000Z",
    "email": "ada@example.com",
    "expires_at": "2099-01-01T00:00:00.000Z",
    "expires_in": 3600,
    "first_name": "Ada",
    "group": "2026-03-01",
    "hint": "c3aB",
    "ids": [_CON, f"con_{_ULID[:-1]}X"],
    "language": "de-AT",
    "last_name": "Lovelace",
    "loser_id": f"con_{_ULID[:-1]}X",
    "next_cursor": None,
    "owner_id": _USR,
    "permissions": ["contacts:read", "contacts:write"],
    "postal_code": "1010",
    "priced_on": "2026-01-01",
    "primary": True,
    "rate": "1.0842",
    "rates": {"CHF": "1.0312", "USD": "0.9223"},
    "reasons": ["same last name", "nearly the same first name", "same phone number"],
    "refresh_token": "eyJhbGciOiJIUzI1NiJ9.eyJnZW4iOjF9.c2lnbmF0dXJl",
    "region": "Vienna",
    "remind_before": 900,
    "role": "rep",
    "scopes": ["contacts:read"],
    "score": 0.987,
    "social": {"linkedin": "https://www.linkedin.com/in/ada"},
    "street": "Stephansplatz 1",
    "subject_id": _CON,
    "tags": ["vip"],
    "text": "Asked for an offer by Friday.",
    "time_zone": "Europe/Vienna",
    "title": "Analyst",
    "secret": f"tnd_ten_{_ULID}.{_TOK}.c2VjcmV0",
    "user_id": _USR,
    "mentions": [],
    "pinned": False,
    "companies": [],
    "company_name": "Lovelace & Daughters",
    "company_id": _COM,
    "channels": {"email": True, "phone": False},
    "topics": {"news": True},
    "custom": {},
    "external_ids": {"hubspot": "501"},
    "domains": ["lovelace.example"],
    "parent_id": None,
    "relationship": "customer",
    "lifecycle": "lead",
    "dates": [{"label": "Contract renewal", "date": "--03-01", "remind_days": 14}],
    "remind_days": 14,
    "duplicates": [],
    "CompanyDraft.name": "Lovelace & Daughters",
    "CompanyPatch.name": "Lovelace & Daughters",
    "CompanyView.id": _COM,
    "CompanyView.name": "Lovelace & Daughters",
    "CompanyCreated.id": _COM,
    "CompanyCreated.name": "Lovelace & Daughters",
    "ContactCreated.id": _CON,
    "RollupView.companies": 4,
    "RollupView.contacts": 23,
    "RollupView.id": _COM,
    "website": "https://www.lovelace.example",
    "birthday": "1815-12-10",
    "Employment.role": "Board",
    "Employment.from": "2020-01-01",
    "Employment.to": None,
    "ActivityDraft.external_id": None,
    "ActivityDraft.data": {"duration_seconds": 240},
    "ActivityDraft.kind": "call",
    "Completion.outcome": "They will sign next week.",
    "ContactView.id": _CON,
    "to_user_id": _USR,
    "BatchError.detail": "Another contact has this email.",
    "BatchError.errors": [
        {"pointer": "/emails/0/address", "code": "taken", "message": "Another contact has this email."}
    ],
    "BatchError.existing_id": _CON,
    "BatchError.merged_into": None,
    "BatchError.title": "Conflict",
    "BatchResult.ref": "row-17",
    "BatchResult.id": None,
    "BatchResult.status": 409,
    "Operation.body": {"first_name": "Ada", "last_name": "Lovelace"},
    "Operation.by": None,
    "Operation.id": None,
    "Operation.op": "create",
    "Operation.value": None,
    "BulkDraft.action": "tag",
    "BulkDraft.all": False,
    "BulkDraft.fields": None,
    "BulkDraft.filter": {"tag": "fair-2026"},
    "BulkDraft.ids": None,
    "BulkDraft.tags": ["vip"],
    "FieldDraft.label": "Satisfaction",
    "FieldDraft.name": "satisfaction",
    "FieldDraft.options": ["low", "high"],
    "FieldDraft.refers_to": None,
    "FieldDraft.type": "enum",
    "FieldPatch.name": "satisfaction",
    "FieldPatch.label": "Satisfaction",
    "FieldPatch.options": ["low", "fair", "high"],
    "FieldPatch.refers_to": None,
    "FieldPatch.type": "enum",
    "FieldView.id": f"fld_{_ULID}",
    "FieldView.label": "Satisfaction",
    "FieldView.name": "satisfaction",
    "FieldView.options": ["low", "high"],
    "FieldView.refers_to": None,
    "FieldView.retired": ["medium"],
    "FieldView.type": "enum",
    "DealDraft.title": "Ten engines",
    "DealDraft.contact_ids": [],
    "DealDraft.contact_roles": {},
    "DealDraft.items": [],
    "DealDraft.lost_reason": None,
    "DealPatch.title": "Ten engines",
    "DealPatch.contact_ids": [],
    "DealPatch.contact_roles": {},
    "DealPatch.items": [],
    "DealPatch.lost_reason": None,
    "DealView.id": _DEA,
    "DealView.title": "Ten engines",
    "DealView.base_value": None,
    "DealView.closed_at": None,
    "DealView.contact_ids": [_CON],
    "DealView.contact_roles": {_CON: "decision maker"},
    "DealView.items": [],
    "DealView.lost_reason": None,
    "DealView.rate": None,
    "DealView.status": "open",
    "Move.after_id": None,
    "Move.before_id": None,
    "Move.lost_reason": None,
    "Move.position": 0,
    "PipelineDraft.name": "Renewals",
    "PipelineDraft.stages": [{"name": "Due", "probability": 0.5}, {"name": "Won", "forecast": "won"}],
    "PipelinePatch.name": "Renewals",
    "PipelinePatch.stages": [{"name": "Due", "probability": 0.5}, {"name": "Won", "forecast": "won"}],
    "PipelineView.id": _PIP,
    "PipelineView.name": "Renewals",
    "Stage.id": _STG,
    "Stage.name": "Due",
    "Stage.rotting_days": 14,
    "competitor": "Difference Ltd",
    "expected_close": "2030-06-30",
    "next_step": "Send the offer.",
    "pipeline_id": _PIP,
    "stage_id": _STG,
    "ExportDraft.filter": {"updated_since": "2026-03-01T00:00:00Z"},
    "ExportDraft.format": "csv",
    "ExportDraft.kind": "contact",
    "ImportDraft.kind": "contact",
    "ImportDraft.mapping": {"Nickname": "custom.nickname"},
    "ImportDraft.policy": "update",
    "ImportDraft.source": "hubspot",
    "ImportView.counts": {"created": 120, "updated": 3, "skipped": 2, "failed": 1},
    "ImportView.encoding": "utf-8",
    "ImportView.errors": [],
    "ImportView.errors_url": "https://files.example.com/errors.csv?signature=c2lnbmF0dXJl",
    "ImportView.headers": ["First Name", "Email", "Lead Status"],
    "ImportView.id": _JOB,
    "ImportView.job_id": _JOB,
    "ImportView.key": "email",
    "ImportView.kind": "contact",
    "ImportView.mapping": {"First Name": "first_name", "Email": "email"},
    "ImportView.policy": "update",
    "ImportView.result_url": "https://files.example.com/result.jsonl?signature=c2lnbmF0dXJl",
    "ImportView.revert_job_id": None,
    "ImportView.source": "hubspot",
    "ImportView.status": "partial",
    "ImportView.unmapped": ["Lead Status"],
    "ImportView.upload_url": None,
    "ImportView.warnings": [],
    "JobView.counts": {"contacts": 1200},
    "JobView.error": None,
    "JobView.errors_url": None,
    "JobView.finished_at": "2026-03-01T09:05:00.000Z",
    "JobView.id": _JOB,
    "JobView.kind": "export",
    "JobView.result_url": "https://files.example.com/contacts.csv?signature=c2lnbmF0dXJl",
    "JobView.status": "succeeded",
    "Progress.done": 1200,
    "Progress.total": 1200,
    "MergeDraft.fields": {"title": "loser", "custom.tier": "winner"},
    "NewToken.id": _TOK,
    "NotificationView.data": {"due_at": "2030-03-01T09:00:00.000Z"},
    "NotificationView.id": f"ntf_{_ULID}",
    "NotificationView.kind": "reminder",
    "NotificationView.read_at": None,
    "NotificationView.subject_id": _TSK,
    "NotificationView.title": "Reminder: Call back about the offer",
    "NewToken.last_used_at": None,
    "NewToken.name": "Website form",
    "ProductDraft.description": "Oak, oiled.",
    "ProductDraft.name": "Chair",
    "ProductPatch.description": "Oak, oiled.",
    "ProductPatch.name": "Chair",
    "ProductView.description": "Oak, oiled.",
    "ProductView.id": f"pro_{_ULID}",
    "ProductView.name": "Chair",
    "PricebookDraft.entries": [],
    "PricebookDraft.name": "Resellers 2026",
    "PricebookPatch.entries": [],
    "PricebookPatch.name": "Resellers 2026",
    "PricebookView.entries": [],
    "PricebookView.id": f"prb_{_ULID}",
    "PricebookView.name": "Resellers 2026",
    "RowError.code": "length",
    "RowError.message": "Expected `array` of length <= 50",
    "RowError.pointer": "/tags",
    "RowView.id": _CON,
    "RowView.line": 17,
    "TaskDraft.kind": "call",
    "TaskDraft.title": "Call back about the offer",
    "TaskPatch.title": "Call back about the offer",
    "TaskView.id": _TSK,
    "TaskView.kind": "call",
    "TaskView.outcome": None,
    "TaskView.priority": "normal",
    "TaskView.status": "open",
    "TaskView.title": "Call back about the offer",
    "SettingsPatch.currency": "EUR",
    "SettingsView.currency": "EUR",
    "TeamDraft.name": "Inside sales",
    "TeamPatch.name": "Inside sales",
    "TeamView.id": f"tea_{_ULID}",
    "TeamView.name": "Inside sales",
    "escalate_after_hours": 8,
    "holidays": ["2026-12-25"],
    "hours": {"mon": [["09:00", "12:30"], ["13:30", "17:00"]], "tue": [["09:00", "17:00"]]},
    "manager_id": _USR,
    "member_ids": [],
    "TenantView.id": f"ten_{_ULID}",
    "TenantView.name": "Lovelace & Daughters",
    "ChangeView.version": 2,
    "FieldChange.field": "lifecycle",
    "FieldChange.new": "customer",
    "FieldChange.old": "lead",
    "StageView.by": _USR,
    "StageView.left_at": None,
    "StageView.seconds": 86400.0,
    "StageView.stage": "lead",
    "TimelineEntry.data": {"duration_seconds": 240},
    "TimelineEntry.id": f"act_{_ULID}",
    "TimelineEntry.external_id": None,
    "TimelineEntry.kind": "call",
    "TokenDraft.name": "Website form",
    "TokenView.id": _TOK,
    "TokenView.name": "Website form",
    "ViewDraft.columns": ["first_name", "last_name", "title"],
    "ViewDraft.filter": {},
    "ViewDraft.noun": "contact",
    "ViewPatch.noun": "contact",
    "ViewView.noun": "contact",
    "FieldDraft.noun": "contact",
    "FieldPatch.noun": "contact",
    "FieldView.noun": "contact",
    "ViewDraft.name": "Newest first",
    "ViewDraft.sort": "-updated_at",
    "ViewDraft.shared": True,
    "ViewPatch.columns": ["first_name", "last_name", "title"],
    "ViewPatch.filter": {},
    "ViewPatch.name": "Newest first",
    "ViewPatch.sort": "-updated_at",
    "ViewView.columns": ["first_name", "last_name", "title"],
    "ViewView.filter": {},
    "ViewView.id": f"viw_{_ULID}",
    "ViewView.name": "Newest first",
    "ViewView.sort": "-updated_at",
    "UserView.id": _USR,
    "UserView.name": "Ada Lovelace",
}

MERGED: Final = {
    "type": "object",
    "properties": {"merged_into": {"type": "string", "examples": [_CON]}},
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
    "Location": _header("Where the new record is", f"/v1/contacts/con_{_ULID}"),
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
        "examples": [f"{prefix}_{_ULID}"],
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
