"""Examples of fields, by struct, of contacts, companies and users, and of what is noted of them."""

from typing import Any, Final

from chalicelib.handlers._example_ids import COM, CON, TOK, ULID, USR

PEOPLE: Final[dict[str, dict[str, Any]]] = {
    "NewToken": {
        "id": TOK,
        "last_used_at": None,
        "name": "Website form",
    },
    "TenantView": {
        "id": f"ten_{ULID}",
        "name": "Lovelace & Daughters",
    },
    "TokenDraft": {"name": "Website form"},
    "TokenView": {
        "id": TOK,
        "name": "Website form",
    },
    "UserView": {
        "id": USR,
        "name": "Ada Lovelace",
    },
    "ActivityDraft": {
        "external_id": None,
        "data": {"duration_seconds": 240},
        "kind": "call",
    },
    "TimelineEntry": {
        "data": {"duration_seconds": 240},
        "id": f"act_{ULID}",
        "external_id": None,
        "kind": "call",
    },
    "CompanyDraft CompanyPatch": {"name": "Lovelace & Daughters"},
    "CompanyView CompanyCreated": {
        "id": COM,
        "name": "Lovelace & Daughters",
    },
    "RollupView": {
        "companies": 4,
        "contacts": 23,
        "id": COM,
        "open_deals": 5,
        "without_rate": [],
    },
    "ContactCreated ContactView": {"id": CON},
    "FieldDraft": {
        "label": "Satisfaction",
        "name": "satisfaction",
        "options": ["low", "high"],
        "refers_to": None,
        "type": "enum",
        "noun": "contact",
    },
    "FieldPatch": {
        "name": "satisfaction",
        "label": "Satisfaction",
        "options": ["low", "fair", "high"],
        "refers_to": None,
        "type": "enum",
        "noun": "contact",
    },
    "FieldView": {
        "id": f"fld_{ULID}",
        "label": "Satisfaction",
        "name": "satisfaction",
        "options": ["low", "high"],
        "refers_to": None,
        "retired": ["medium"],
        "type": "enum",
        "noun": "contact",
    },
    "ChangeView": {"version": 2},
    "FieldChange": {
        "field": "lifecycle",
        "new": "customer",
        "old": "lead",
    },
    "StageView": {
        "by": USR,
        "left_at": None,
        "seconds": 86400.0,
        "stage": "lead",
    },
    "Joined": {
        "company": False,
        "contact": True,
        "deal": False,
    },
    "Join": {
        "contact_id": CON,
        "company_id": None,
    },
    "LeadDraft": {
        "contact_id": None,
        "company_id": None,
        "contact": {"first_name": "Ada", "emails": [{"address": "ada@lovelace.example"}]},
        "company": {"name": "Lovelace & Daughters"},
        "deal": {"title": "Analytical engine"},
        "join": None,
        "lifecycle": None,
    },
    "LeadView": {"company": None},
    "MergeDraft": {"fields": {"title": "loser", "custom.tier": "winner"}},
    "RowError": {
        "code": "length",
        "message": "Expected `array` of length <= 50",
        "pointer": "/tags",
    },
    "RowView": {
        "id": CON,
        "line": 17,
    },
    "TeamDraft TeamPatch": {"name": "Inside sales"},
    "TeamView": {
        "id": f"tea_{ULID}",
        "name": "Inside sales",
    },
    "ViewDraft": {
        "columns": ["first_name", "last_name", "title"],
        "filter": {},
        "noun": "contact",
        "name": "Newest first",
        "sort": "-updated_at",
        "shared": True,
    },
    "ViewPatch": {
        "noun": "contact",
        "columns": ["first_name", "last_name", "title"],
        "filter": {},
        "name": "Newest first",
        "sort": "-updated_at",
    },
    "ViewView": {
        "noun": "contact",
        "columns": ["first_name", "last_name", "title"],
        "filter": {},
        "id": f"viw_{ULID}",
        "name": "Newest first",
        "sort": "-updated_at",
    },
}
