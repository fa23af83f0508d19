"""Examples of fields, by struct, of selling: deals, pipelines, quotes, orders, products."""

from typing import Any, Final

from chalicelib.handlers._example_ids import CON, DEA, PIP, STG, ULID

SALES: Final[dict[str, dict[str, Any]]] = {
    "DealDraft DealPatch": {
        "title": "Ten engines",
        "contact_ids": [],
        "contact_roles": {},
        "items": [],
        "lost_reason": None,
    },
    "DealView": {
        "id": DEA,
        "title": "Ten engines",
        "base_value": None,
        "closed_at": None,
        "contact_ids": [CON],
        "contact_roles": {CON: "decision maker"},
        "items": [],
        "lost_reason": None,
        "rate": None,
        "source": "fair",
        "status": "open",
    },
    "Move": {
        "after_id": None,
        "before_id": None,
        "lost_reason": None,
        "position": 0,
    },
    "LineItem": {
        "discount": 0,
        "name": "Chair",
        "product_id": f"pro_{ULID}",
    },
    "Totals": {
        "currency": "EUR",
        "discount": 0,
        "gross": 311760,
        "net": 259800,
        "tax": 51960,
    },
    "OrderView": {
        "base_value": {"amount": 259800, "currency": "EUR"},
        "contact_id": CON,
        "deal_id": f"dea_{ULID}",
        "number": "2026-0042",
        "pricebook_id": None,
        "quote_id": f"quo_{ULID}",
        "id": f"ord_{ULID}",
        "rate": "1",
        "status": "paid",
    },
    "OrderDraft OrderPatch": {
        "items": [{"name": "Chair", "quantity": 2, "unit_price": {"amount": 129900, "currency": "EUR"}}],
        "status": "paid",
    },
    "PurchasesView": {
        "id": CON,
        "orders": 3,
    },
    "PipelineDraft PipelinePatch": {
        "name": "Renewals",
        "stages": [{"name": "Due", "probability": 0.5}, {"name": "Won", "forecast": "won"}],
    },
    "PipelineView": {
        "id": PIP,
        "name": "Renewals",
    },
    "Stage": {
        "id": STG,
        "name": "Due",
        "rotting_days": 14,
    },
    "PricebookDraft PricebookPatch": {
        "valid_to": "2026-12-31",
        "entries": [],
        "name": "Resellers 2026",
    },
    "PricebookView": {
        "currency": "EUR",
        "valid_from": "2026-01-01",
        "valid_to": "2026-12-31",
        "entries": [],
        "id": f"prb_{ULID}",
        "name": "Resellers 2026",
    },
    "PriceEntry": {"product_id": f"pro_{ULID}"},
    "ProductView": {
        "sku": "CH-4711",
        "tax": 20,
        "description": "Oak, oiled.",
        "id": f"pro_{ULID}",
        "name": "Chair",
    },
    "ProductDraft ProductPatch": {
        "description": "Oak, oiled.",
        "name": "Chair",
    },
    "QuoteDraft": {
        "contact_id": CON,
        "deal_id": f"dea_{ULID}",
        "valid_until": "2099-03-31",
        "items": [{"name": "Chair", "quantity": 2, "unit_price": {"amount": 129900, "currency": "EUR"}}],
        "terms": "Payable within 14 days.",
        "title": "Chairs for the new office",
    },
    "QuotePatch": {
        "valid_until": "2099-03-31",
        "terms": "Payable within 14 days.",
        "title": "Chairs for the new office",
    },
    "QuoteSent QuoteView": {
        "answered_at": None,
        "answered_by": None,
        "contact_id": CON,
        "deal_id": f"dea_{ULID}",
        "expires_at": "2099-03-31T22:00:00.000Z",
        "pricebook_id": None,
        "valid_until": "2099-03-31",
        "id": f"quo_{ULID}",
        "order_id": None,
        "status": "sent",
        "terms": "Payable within 14 days.",
        "title": "Chairs for the new office",
    },
    "RateTableView": {"day": "2026-03-01"},
    "RateView": {
        "currency": "USD",
        "day": "2026-03-01",
    },
}
