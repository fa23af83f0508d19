"""The page on which a customer reads a quote and answers: plain HTML without any script, every value escaped."""

import base64
import hashlib
from decimal import Decimal
from html import escape
from typing import Any, Final

from chalicelib.models.quote import Quote
from chalicelib.schemas.money import EXPONENTS
from chalicelib.services import lines

MEDIA_TYPE: Final = "text/html; charset=utf-8"
OVER: Final = ("withdrawn", "expired")  # states in which there is nothing to answer, nor to show
_STYLE: Final = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#222}"
    "table{width:100%;border-collapse:collapse}th,td{padding:.4rem;border-bottom:1px solid #ddd;text-align:right}"
    "th:first-child,td:first-child{text-align:left}.terms{white-space:pre-wrap}form{display:inline-block;margin:1rem}"
    "input,button{font:inherit;padding:.4rem .8rem}"
)
_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
# No script, no frame, nothing from elsewhere; neither kept by caches nor told to other sites nor found by searching.
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_SAYS: Final = {
    "withdrawn": "This offer was withdrawn.",
    "expired": "This offer has expired.",
    "accepted": "This offer was accepted. Thank you.",
    "declined": "This offer was declined.",
}


def html(quote: Quote, state: str, firm: str, *, action: str) -> str:
    """The page of a quote in this state; `action` is where its forms lead, relative to the page."""
    said = f"<p><strong>{_SAYS[state]}</strong></p>" if state in _SAYS else ""
    if state in OVER:
        return _page(firm, f"<h1>{escape(firm)}</h1>{said}")
    return _page(
        quote.title,
        f"<h1>{escape(quote.title)}</h1><p>An offer by {escape(firm)}, valid until {escape(quote.valid_until)}.</p>"
        f"{said}{_table(quote)}{_terms(quote.terms)}{_forms(action) if state == 'open' else ''}",
    )


def missing() -> str:
    """The page of a link that is none of ours."""
    return _page("Not found", "<h1>There is no such offer.</h1>")


def money(amount: int, currency: str) -> str:
    """Minor units as people read them: `1,299.00 EUR`."""
    digits = EXPONENTS.get(currency, 2)
    return f"{Decimal(amount).scaleb(-digits):,.{digits}f} {currency}"


def _page(title: str, body: str) -> str:
    head = (
        f'<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style>"
    )
    return f'<!doctype html><html lang="en"><head>{head}</head><body>{body}</body></html>'


def _table(quote: Quote) -> str:
    totals = lines.totals_of(quote.items, quote.currency)
    sums = [("Net", totals.net), ("Tax", totals.tax), ("Total", totals.gross)]
    if totals.discount:
        sums.insert(0, ("Discount", -totals.discount))
    rows = "".join(_row(item) for item in quote.items)
    ends = "".join(f'<tr><th colspan="5">{name}</th><td>{money(one, quote.currency)}</td></tr>' for name, one in sums)
    heads = "".join(f"<th>{name}</th>" for name in ("Item", "Quantity", "Price", "Discount", "Tax", "Net"))
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody><tfoot>{ends}</tfoot></table>"


def _row(item: dict[str, Any]) -> str:
    price = item["unit_price"]
    cells = (
        escape(item["name"]),
        f"{Decimal(str(item.get('quantity', 1))):f}",
        money(price["amount"], price["currency"]),
        f"{item.get('discount', 0)}&nbsp;%",
        f"{item.get('tax', 0)}&nbsp;%",
        money(lines.amounts_of(item).net, price["currency"]),
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _terms(terms: str | None) -> str:
    return f'<h2>Terms</h2><p class="terms">{escape(terms)}</p>' if terms else ""


def _forms(action: str) -> str:
    target = escape(action)
    return (
        f'<form method="post" action="{target}accept"><label>Your name '
        '<input name="name" maxlength="200" autocomplete="name"></label> <button>Accept</button></form>'
        f'<form method="post" action="{target}decline"><button>Decline</button></form>'
    )
