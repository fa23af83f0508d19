"""What rules can ask of: each field with its kind, where it is read, and what has to be read for it; as tables.

`company.…` is the contact's company. `deals.…` and `orders.…` sum up, `deal.…` and `order.…` are said of some one of
them; `mail.…` is about all mail of campaigns, where opened and clicked mean: by a human.
"""

from typing import Any, Final

from chalicelib.services.rules import totals
from chalicelib.services.rules.columns import (
    DEAL,
    DEALS,
    FIRM,
    OF_COMPANY,
    ORDER,
    ORDERS,
    PERSON,
    Make,
    Own,
    addresses,
    custom,
    each,
    keyed,
    rows,
    watching,
)
from chalicelib.services.rules.values import Field

CONTACT: Final = "contact"  # the scope of a rule; the others are those of which one is meant: deal, order, mail
SOME: Final = ("deal", "order", "mail")


def resolve(scope: str, name: str, own: Own) -> Field | None:
    """The field of this name in a scope; None if there is none. `own` knows the firm's fields."""
    found = FIELDS[scope].get(name)
    if found is not None:
        return found
    return next((field for make in _MADE[scope] if (field := make(name, own)) is not None), None)


def names(scope: str) -> list[str]:
    """All names of a scope, with the beginnings of those that go on."""
    return [*FIELDS[scope], *_GO_ON[scope]]


def _domains(scope: Any) -> Any:
    return [str(one.get("address", "")).rpartition("@")[2] for one in scope.contact.emails or ()]


_CONTACT_MORE: Final = (
    Field("email", "texts", "address", each("contact", "emails", "address"), watch=watching("contact", "emails")),
    Field("email_domain", "texts", "mail domain", _domains, watch=watching("contact", "emails")),
    Field("phone", "phones", "phone", each("contact", "phones", "number"), watch=watching("contact", "phones")),
)
_ORDER_MORE: Final = (
    Field("product_id", "set", "products", each("record", "items", "product_id"), prefix="pro"),
    Field("product", "texts", "products", each("record", "items", "name")),
)
FIELDS: Final[dict[str, dict[str, Field]]] = {
    "contact": {
        **rows(PERSON, "contact", "contact"),
        **{field.name: field for field in _CONTACT_MORE},
        **addresses("contact", "", ""),
        **rows(FIRM, "company", "company", **OF_COMPANY),
        **addresses("company", "company.", "company's ", **OF_COMPANY),
        **totals.sums(),
        **totals.mailed(),
    },
    "deal": rows(DEAL, "record", "deal", watch=watching("deal", *DEALS)),
    "order": {
        **rows(ORDER, "record", "order", watch=watching("order", *ORDERS)),
        **{field.name: field._replace(watch=watching("order", "items", *ORDERS)) for field in _ORDER_MORE},
    },
    "mail": totals.of_mail(),
}


_MADE: Final[dict[str, tuple[Make, ...]]] = {
    "contact": (
        custom("", "contact", "contact"),
        keyed("external_ids.", "text", "contact", "contact", "external_ids"),
        keyed("social.", "text", "contact", "contact", "social"),
        keyed("preferences.channels.", "bool", "contact", "contact", "preferences", "channels"),
        keyed("preferences.topics.", "bool", "contact", "contact", "preferences", "topics"),
        custom("company.", "company", "company", **OF_COMPANY),
        keyed("company.external_ids.", "text", "company", "company", "external_ids", **OF_COMPANY),
        totals.activity,
        totals.count,
    ),
    "deal": (
        custom("", "deal", "record", watch=watching("deal", *DEALS)),
        keyed("external_ids.", "text", "deal", "record", "external_ids", watch=watching("deal", *DEALS)),
    ),
    "order": (keyed("external_ids.", "text", "order", "record", "external_ids", watch=watching("order", *ORDERS)),),
    "mail": (),
}
_GO_ON: Final[dict[str, tuple[str, ...]]] = {
    "contact": (
        "custom.…",
        "external_ids.…",
        "social.…",
        "preferences.channels.…",
        "preferences.topics.…",
        "company.custom.…",
        "company.external_ids.…",
        "activity.….last_at",
        *(f"mail.{name}.count" for name in totals.EVENTS),
        "deal.…",
        "order.…",
    ),
    "deal": ("custom.…", "external_ids.…"),
    "order": ("external_ids.…",),
    "mail": (),
}
