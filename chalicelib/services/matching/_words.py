"""Words as they sound and as they are shortened: what makes two spellings of one name comparable.

The phonetic code is our own, for names of several languages: letters that people and clerks take for one another
become one, and vowels after the first are dropped, in the manner of Soundex (R. Russell, US patent 1261167, 1918) and
of Kölner Phonetik (H. J. Postel, 1969).
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_MARKS: Final = str.maketrans({"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"})
_WORD: Final = re.compile(r"[^\W_]+")

# Spellings of one sound, in this order.
_SOUNDS: Final = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^(kn|gn|pn)", "n"),
        (r"^wr", "r"),
        (r"^mc(?=.)", "mak"),
        (r"^x", "s"),
        (r"sch|sh|cz|ch(?=[eiy])|tsch", "s"),
        (r"ph|pf", "f"),
        (r"gh(?=t|$)", ""),
        (r"ck|q|ch|kh|gh|c(?![eiy])", "k"),
        (r"x", "ks"),
        (r"dt|th|tt", "t"),
        (r"tz|ts|z|c", "s"),
        (r"[wv]", "f"),
        (r"b", "p"),
        (r"d", "t"),
        (r"g", "k"),
        (r"j", "y"),
        (r"h", ""),
    )
)
_VOWELS: Final = re.compile(r"[aeiouy]+")
_DOUBLES: Final = re.compile(r"(.)\1+")


def _set(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


@lru_cache(maxsize=20_000)
def plain(text: str) -> str:
    """Lower case without accents, its words set apart by one space; letters and digits of any script stay."""
    opened = unicodedata.normalize("NFKD", text.casefold()).translate(_MARKS)
    bare = "".join(mark for mark in opened if not unicodedata.combining(mark))
    return " ".join(_WORD.findall(bare.replace("'", "").replace("’", "")))  # O'Neill, with either apostrophe


@lru_cache(maxsize=20_000)
def sound(word: str) -> str:
    """How a plain word sounds, in at most 5 letters; a word in another script stands for itself, cut to 5."""
    if not word.isascii() or not word.isalpha():
        return word.replace(" ", "")[:5]
    code = word
    for pattern, letter in _SOUNDS:
        code = pattern.sub(letter, code)
    first = "a" if _VOWELS.match(code) else ""
    return _DOUBLES.sub(r"\1", first + _VOWELS.sub("", code))[:5] or word[:2]


# Kinds of streets, which tell little: short forms and long ones. Those that are also written in one word with the
# name (Hauptstrasse, Kerkstraat) are cut off its end.
STREET_KINDS: Final = _set(
    "street st str strasse road rd avenue ave av lane ln drive dr court ct place pl circuit cct cir crescent cres",
    "close cl terrace tce ter way parade pde square sq boulevard blvd bvd highway hwy gasse weg platz allee ring ufer",
    "rue chemin via viale piazza corso calle plaza paseo carrer rua avenida straat laan plein ulica ul utca ut",
    "the of de la le du des del della da do am an der dem den im unit flat apt apartment suite level floor top tuer",
    "stiege lot",
)
STREET_ENDS: Final = re.compile(r"(?<=...)(strasse|street|circuit|crescent|avenue|straat|gasse|platz|str)$")

# What stands before or after a name without being part of it.
TITLES: Final = _set(
    "mr mrs ms miss mx sir dr prof mag dipl ing dipling ba bsc msc mba phd md jr sr jun sen ii iii herr frau",
    "mme mlle sig sra dott dkfm",
)
# The particles that some write and others leave out.
PARTICLES: Final = _set("von van de der den del della di da du dos la le zu zur ter ten el al bin ibn")

# Legal forms and words that firms of all names carry.
FORMS: Final = _set(
    "gmbh ag kg ohg gbr ug se co inc incorporated llc llp lp ltd limited plc corp corporation company sa sas sarl srl",
    "spa sl bv nv oy ab as aps kft zrt sro doo eu ev eg mbh cie holding group gruppe the and und et y e of",
)
