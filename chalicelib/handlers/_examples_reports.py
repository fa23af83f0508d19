"""Examples of fields, by struct, of how it goes: the board, forecasts, reports, the day."""

from typing import Any, Final

from chalicelib.handlers._example_ids import CON, DEA, ULID, USR

REPORTS: Final[dict[str, dict[str, Any]]] = {
    "CardView": {
        "age": "amber",
        "base_value": None,
        "closed_at": None,
        "contact_ids": [CON],
        "contact_roles": {CON: "decision maker"},
        "days_in_stage": 9,
        "id": DEA,
        "items": [],
        "lost_reason": None,
        "rate": None,
        "source": "fair",
        "status": "open",
        "title": "Ten engines",
    },
    "BoardStage": {
        "count": 12,
        "rotting_days": 14,
        "name": "Proposal",
        "next_cursor": "eyJrIjp7fX0.c2lnbmF0dXJl",
    },
    "BoardView": {
        "name": "Sales",
        "without_rate": [],
    },
    "ForecastRow": {
        "group": USR,
        "name": "Ada Lovelace",
    },
    "ForecastView": {"group_by": "owner"},
    "QuietContact": {
        "since": "2026-02-01",
        "days": 41,
        "id": CON,
        "name": "Ada Lovelace",
    },
    "HomeView": {"changes": []},
    "HomePipelines": {
        "left_out": [],
        "more": False,
    },
    "HomePipeline": {
        "name": "Sales",
        "pipeline_id": f"pip_{ULID}",
        "count": 12,
    },
    "HomeSums": {"count": 12},
    "HomeTasks": {"more": False},
    "HomeWon": {
        "count": 3,
        "attainment": 0.85,
    },
    "QuotaView": {
        "id": f"qta_{ULID}",
        "period": "2026-Q4",
        "team_id": None,
    },
    "Calibration": {
        "predictions": 18,
        "won": 11,
    },
    "Basis": {
        "won": 40,
        "lost": 60,
    },
    "Decile": {
        "low": 0.6,
        "high": 0.7,
        "mean": 0.64,
        "predictions": 18,
        "won": 11,
        "won_share": 0.6111,
    },
    "DriftRow": {"week": "2026-03-02"},
    "DriftView": {"month": "2026-03"},
    "FunnelStage": {"name": "Proposal"},
    "FunnelView LostReasonsView VelocityView": {
        "from": "2026-01",
        "to": "2026-03",
    },
    "LostReason": {"reason": "Price"},
    "ProbabilityReason": {
        "effect": 2.4,
        "feature": "stage",
        "lost": 2,
        "value": f"stg_{ULID}",
        "won": 12,
    },
    "ProbabilityView": {
        "method": "learned",
        "reasons": [
            {
                "feature": "stage",
                "value": f"stg_{ULID}",
                "says": "12 of 14 closed deals that were in Negotiation were won.",
                "effect": 2.4,
                "won": 12,
                "lost": 2,
            }
        ],
    },
    "SnapshotView": {
        "id": f"snp_{ULID}",
        "months": ["2026-03", "2026-04"],
    },
    "WinProbabilityView": {
        "base_rate": 0.402,
        "brier": 0.19,
        "brier_of_base_rate": 0.24,
    },
}
