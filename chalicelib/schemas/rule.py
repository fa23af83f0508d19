"""The rule of a segment on the wire. What can stand in it is checked by `services/rules`, which knows the fields."""

from typing import Annotated, Any

from msgspec import Meta

Rule = Annotated[
    dict[str, Any],
    Meta(
        min_length=1,
        max_length=1,
        description="`{all|any|not: […]}`, each member such a group again, or a condition `{field, op, value}`, or "
        "`{deal|order|mail: …}` for some one of them. `not` means: none of these",
        examples=[
            {
                "all": [
                    {"field": "lifecycle", "op": "eq", "value": "customer"},
                    {"not": [{"field": "mail.opened_at", "op": "within_days", "value": 90}]},
                ]
            }
        ],
    ),
]
