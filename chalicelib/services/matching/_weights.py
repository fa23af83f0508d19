"""What each agreement says: the whole model as one table.

The model is that of Fellegi and Sunter (A Theory for Record Linkage, JASA 64, 1969): an agreement of some level counts
log2(m/u), where m is how often it is found in two records of one person and u in those of two persons; the counts
are added to the odds before looking, and what is missing on either side counts nothing. Levels between equal and
different are Winkler's (String Comparator Metrics, 1990). The numbers are ours: m and u as counted in persons with
typing errors, rounded, and moderated where fields depend on one another - which the model forbids, and persons do:
- the parts of an address are found together in every household, so they count no more than `ADDRESS_AT_MOST`;
- of two names written in each other's place the better reading counts, less `SWAPPED`;
- who has another first name and another birthday, mail address or phone is somebody else of the family: `RELATIVES`;
- a first name that differs takes most of its weight from a phone they have in common: `SHARED`;
- how often a last name is found is known of the most frequent ones only, all others count `RARE` more.
"""

from typing import Final

from chalicelib.services.matching._likeness import Level

PERSON: Final[dict[str, dict[Level, float]]] = {
    "first name": {"exact": 6.5, "near": 5.5, "some": 1, "far": -2.5, "differ": -3.5},
    "last name": {"exact": 7.5, "near": 6.5, "some": 3, "far": -2, "differ": -3},
    "birthday": {"exact": 12, "near": 6, "some": 2, "far": -0.5, "differ": -5},
    "mail address": {"exact": 12, "near": 7, "some": 2.5, "far": -1, "differ": -1},
    "phone number": {"exact": 9, "near": 6.5, "some": 3, "far": -1.5, "differ": -1.5},
    "company": {"exact": 4, "near": 3.5, "some": 2, "far": -0.5, "differ": -1},
}
ADDRESS: Final[dict[str, dict[Level, float]]] = {
    "street": {"exact": 9, "near": 8, "some": 3.5, "far": -1, "differ": -4},
    "house number": {"exact": 4.5, "near": 2, "some": -2.5, "far": -2.5, "differ": -3.5},
    "postal code": {"exact": 7, "near": 4, "some": 0.5, "far": -4, "differ": -4},
    "city": {"exact": 4, "near": 3.5, "some": 1, "far": -1, "differ": -3},
    "region": {"exact": 0.5, "near": 0.5, "some": 0, "far": -1, "differ": -1},
    "country": {"exact": 0, "near": 0, "some": 0, "far": -2, "differ": -2},
}
FIRM: Final[dict[str, dict[Level, float]]] = {
    "name": {"exact": 17, "near": 11, "some": 5, "far": -3, "differ": -5},
    "domain": {"exact": 12, "near": 5, "some": 2, "far": -2, "differ": -3},
    "phone number": {"exact": 9, "near": 5, "some": 2, "far": -1, "differ": -1},
}

PRIOR: Final = -14.0  # before anything is compared: one of some 16,000 pairs is the same person
ADDRESS_AT_MOST: Final = 15.0
ADDRESS_AT_LEAST: Final = -8.0  # people move
SWAPPED: Final = -0.5
RARE: Final = 1.5  # a last name that few people have tells more
RELATIVES: Final = -4.0  # for each of birthday, mail and phone that differs too, or once if only one side has any
SHARED: Final = 2.0  # the most that a phone tells of people with other first names: families and offices share one

THRESHOLD: Final = 0.8  # at four to one a look is worth its while; below it most pairs are relatives and namesakes
AGAINST: Final = 0.2  # what scores less is not taken for one by way of a third either
