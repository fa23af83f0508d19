"""From one currency into another: exact until it is rounded, and rounded once.

A rate is a decimal: what one unit of a currency is worth in the firm's own.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final

from chalicelib.schemas.money import EXPONENTS

_USUAL: Final = 2


def exact(amount: int | Fraction, currency: str, into: str, rate: str) -> Fraction:
    """Minor units of `currency` as minor units of `into`, not rounded."""
    shift = EXPONENTS.get(into, _USUAL) - EXPONENTS.get(currency, _USUAL)
    return Fraction(amount) * Fraction(Decimal(rate)) * Fraction(10) ** shift


def summed(sums: Mapping[str, int | Fraction], into: str, known: Mapping[str, str]) -> Fraction:
    """Minor units by currency, added up as minor units of `into`, not rounded; `known` are the rates.

    What has no rate is left out: whoever shows the sum says so.
    """
    return sum((exact(amount, one, into, known[one]) for one, amount in sums.items() if one in known), Fraction(0))


def rounded(amount: Fraction) -> int:
    """Whole minor units; a half is rounded away from nothing, as invoices do."""
    whole, rest = divmod(abs(amount), 1)
    nearest = int(whole) + (rest >= Fraction(1, 2))
    return nearest if amount >= 0 else -nearest
