"""Whether two records are the same person or firm: how likely, and why. Pure; records are given as on the wire.

`prepare` does the work that is the same for each comparison, `between` compares what is prepared, `within` a whole
block. rapidfuzz, which does the letters, is loaded at the first comparison; whoever only asks for keys does without.
"""

from chalicelib.services.matching._blocks import Pairing, by_third, within
from chalicelib.services.matching._score import Match
from chalicelib.services.matching._sorts import Prepared, between, blocking_keys, compare, prepare
from chalicelib.services.matching._weights import THRESHOLD

__all__ = [
    "THRESHOLD",
    "Match",
    "Pairing",
    "Prepared",
    "between",
    "blocking_keys",
    "by_third",
    "compare",
    "prepare",
    "within",
]
