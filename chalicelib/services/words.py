"""Words as people search for them: what a record is called by, and how much of that a query asks for.

Pure functions on a record's wire form. A query is several words in any order, each the beginning of some word of the
record, without case and accents; a mail address or its beginning; a phone number with or without its country code.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise, permutations
from typing import Any, Final, NamedTuple

from chalicelib.services import emails, free_mail

TITLED: Final = ("deal",)  # found by the words of a title, of which none is worth more than another
LONGEST: Final = 24  # characters of a word that count in the index
PAIRED: Final = 3  # words of a name that are indexed in pairs
_PARTICLE: Final = 3  # letters of a word that is no third one to be paired, such as `de` and `van`
_MOST_TOKENS: Final = 10
_SHORTEST_NUMBER: Final = 5  # digits; fewer are a word
_CODED: Final = 4  # digits; in fewer there is nothing behind a country code
_WHOLE_NUMBER: Final = 7  # digits; two such groups are two numbers
_AROUND: Final = "<>,;:\"'()[]"  # what stands around an address that was copied

# Letters that are no base letter with a mark, as people type them who do not have the key.
_LETTERS: Final = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŋ": "n", "ŧ": "t"}
    | {
        "ى": "ي",
        "ة": "ه",
        "ـ": None,
    }  # Arabic letters that are written for one another, and the one that only stretches
)
_APOSTROPHES: Final = str.maketrans(dict.fromkeys("’‘ʼʻ`´′", "'") | dict.fromkeys("‐‑‒–", "-") | {"\u00ad": None})
_JOINERS: Final = "'-.&"  # inside a word: found by each part, and by the whole without them
# Scripts that write names without blanks, of which each sign is a word: Han and Hangul.
_SIGN: Final = re.compile("([\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003134f])")
_NUMBER: Final = re.compile(r"(?<![\w@.+-])(?:\+|\(|[0-9])[0-9 ()/.\-]*[0-9](?![\w@])", re.ASCII)
# What is a domain and not the initials of a name: the ending is one of the usual ones, or that of a country.
_DOMAIN: Final = re.compile(
    r"@?((?:[^\W_][\w-]*\.)+(?:com|net|org|edu|gov|info|biz|app|dev|tech|shop|online|example|test|xn--[a-z0-9-]+|[a-z]{2}))"
)
_TRUNK: Final = re.compile(r"\(0+\)")
_NOT_DIGITS: Final = re.compile(r"[^0-9]")
# The length of a country code by its first digits (ITU-T E.164, list of assigned codes); 3 for all others.
_ONE: Final = ("1", "7")
_TWO: Final = re.compile("2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")
_SECOND_LEVEL: Final = frozenset({"co", "com", "ac", "edu", "gov", "net", "org"})


class Words(NamedTuple):
    """What a record is found by. No word is in two of them, and none begins another one."""

    names: tuple[str, ...]  # in pairs, at most `PAIRED`
    company: tuple[str, ...]
    other: tuple[str, ...]  # phone digits, words of mail addresses and domains, further words of the name
    mails: tuple[str, ...]
    numbers: tuple[str, ...]  # with their country codes, where these are known
    all: frozenset[str]  # these and the redundant ones


class Token(NamedTuple):
    """One part of a query: the beginning of a word, or of a mail address."""

    text: str
    mail: bool = False


def folded(text: str) -> str:
    """Text without case and accents, and with the letters that people type instead."""
    if text.isascii():
        return text.lower().replace("`", "'")
    plain = unicodedata.normalize("NFKD", text.translate(_APOSTROPHES)).casefold()
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(sign))
    return "".join(map(_digit, unicodedata.normalize("NFC", bare.translate(_LETTERS))))


def words(text: str) -> list[str]:
    """The words of a text, each once: of O'Brien `obrien` and `brien`."""
    found: dict[str, None] = {}
    for chunk in _chunks(folded(text)):
        parts = _parts(chunk)
        found.update(dict.fromkeys(["".join(parts), *parts[1:]] if len(parts) > 1 else parts))
    return [word for word in found if word]


def of_record(noun: str, plain: dict[str, Any]) -> Words:
    """The words of a contact, a company or a deal."""
    if noun in TITLED:
        return _of_title(plain["title"])
    named = [plain.get("first_name"), plain.get("last_name")] if noun == "contact" else [plain.get("name")]
    every = _reduced([word for text in named if text for word in words(text)])
    paired = _paired(every)
    company = words(plain.get("company_name") or "")
    mails = [folded(one["address"]) for one in plain.get("emails") or ()]
    domains = {mail.rpartition("@")[2] for mail in mails} | set(plain.get("domains") or ())
    labels = [label for one in sorted(domains) if not free_mail.is_free(one) for label in _labels(folded(one))]
    further = [*every, *(word for mail in mails for word in _local_words(mail)), *labels]
    dialled = [numbers(one["number"]) for one in plain.get("phones") or ()]
    further += [digits[-1] for digits in dialled if digits]
    of_company = _new(company, paired)
    other = _new(further, [*paired, *of_company])
    known = frozenset({*every, *company, *further})
    whole = tuple(digits[0] for digits in dialled if digits)
    return Words(tuple(paired), tuple(of_company), tuple(other), tuple(mails), whole, known)


def _of_title(title: str) -> Words:
    """One entry a word, each with all others behind it, as the words of a company have."""
    every = words(title)
    return Words((), tuple(_reduced(every)), (), (), (), frozenset(every))


@lru_cache(maxsize=256)
def tokens(query: str) -> tuple[Token, ...]:
    """The parts of a query, each once. No parts for a query without a letter or a digit."""
    chunks = query.split()
    mails = [chunk for chunk in chunks if "@" in chunk.strip(_AROUND)[1:]]
    plain = folded(" ".join(chunk for chunk in chunks if chunk not in mails))
    found = [Token(folded(emails.folded(mail.strip(_AROUND))), mail=True) for mail in mails]

    def number(match: re.Match[str]) -> str:
        several = [_dialled(one) for one in _dialled_alone(match[0])]
        if not several[0] or (len(several[0]) < _SHORTEST_NUMBER and match[0][0] not in "+0"):
            return match[0]
        found.extend(map(Token, several))
        return " "

    for chunk in _NUMBER.sub(number, plain).split():
        domain = _DOMAIN.fullmatch(chunk)
        parts = _labels(domain[1]) if domain else [part for piece in _chunks(chunk) for part in _parts(piece)]
        found += map(Token, parts)
    return tuple(dict.fromkeys(token for token in found if token.text))[:_MOST_TOKENS]


def matches(query: tuple[Token, ...], record: Words) -> bool:
    """Whether each part of the query begins a word, or an address, of the record."""
    return all(any(one.startswith(token.text) for one in _candidates(token, record)) for token in query)


def _candidates(token: Token, record: Words) -> Iterable[str]:
    if token.mail:
        return record.mails
    return (*record.all, *record.numbers) if national(token.text) else record.all


def national(digits: str) -> str | None:
    """What is behind the country code, if these digits begin with one; None if nothing is or they are no digits.

    A number stands in the index without its code only, and is looked for with what this cuts off as well.
    """
    return _numbers_end(digits) if digits.isascii() and digits.isdigit() and len(digits) >= _CODED else None


def numbers(phone: str) -> list[str]:
    """The digits of a phone number as they may be typed: with its country code, and without that and leading zeros."""
    given = phone.strip()
    digits = _NOT_DIGITS.sub("", given)
    if not given.startswith("+"):
        return [digits.lstrip("0")] if digits.lstrip("0") else []
    return [one for one in (digits, _numbers_end(digits)) if one]


def _numbers_end(digits: str) -> str | None:
    code = 1 if digits.startswith(_ONE) else 2 if _TWO.match(digits) else 3
    return digits[code:].lstrip("0") or None


def pairs(names: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The orders in which a name is indexed: 1, 2 or 6 entries for one, two or three words.

    A query of two words reads those that begin with one and go on with the other, so for each two words there is an
    entry in either order; with one order only, each query would have to be asked twice.
    """
    if len(names) < 2:
        return [names] if names else []
    return [(*chosen, *(name for name in names if name not in chosen)) for chosen in permutations(names, 2)]


def _paired(every: list[str]) -> list[str]:
    """The words of a name that are worth it: the longest ones, in their order."""
    longest = sorted(every, key=len, reverse=True)[:PAIRED]
    return [word for word in every if word in longest[:2] or (word in longest and len(word) > _PARTICLE)]


def _digit(sign: str) -> str:
    return str(unicodedata.digit(sign)) if sign.isdigit() and not sign.isascii() else sign


def _chunks(text: str) -> list[str]:
    """The text cut at whatever is neither in a word nor joins two parts of one."""
    kept = "".join(sign if _in_word(sign) or sign in _JOINERS else " " for sign in _SIGN.sub(r" \1 ", text))
    return kept.split()


def _parts(chunk: str) -> list[str]:
    cut = chunk
    for joiner in _JOINERS:
        cut = cut.replace(joiner, " ")
    return cut.split()


def _in_word(sign: str) -> bool:
    return sign.isalnum() or unicodedata.category(sign)[0] == "M"


def _dialled_alone(text: str) -> list[str]:
    """Digits with blanks between them as one number, or as several if each is long enough to be one."""
    found = [""]
    for group in text.split():
        if min(len(_NOT_DIGITS.sub("", one)) for one in (found[-1], group)) >= _WHOLE_NUMBER:
            found.append("")
        found[-1] += group
    return found


def _dialled(text: str) -> str:
    """The digits of a number in a query: international behind + or 00, else without leading zeros."""
    return _NOT_DIGITS.sub("", _TRUNK.sub("", text) if text.startswith(("+", "00")) else text).lstrip("0")


def _local_words(mail: str) -> list[str]:
    local = mail.rpartition("@")[0]
    return [part for chunk in _chunks(local.replace("+", " ").replace("_", " ")) for part in _parts(chunk)]


def _labels(domain: str) -> list[str]:
    """The words of a domain: its labels without the ending, which tells nothing."""
    labels = domain.split(".")
    end = 2 if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else 1
    return [joined for label in labels[:-end] if (joined := "".join(_parts(label)))]


def _reduced(found: list[str]) -> list[str]:
    """Without repetitions and without words that begin another one: whoever looks for them finds that one."""
    ordered = sorted(set(found))
    redundant = {one for one, other in pairwise(ordered) if other.startswith(one)}
    return [word for word in dict.fromkeys(found) if word not in redundant]


def _new(found: list[str], known: list[str]) -> list[str]:
    """What is not found by the known words already."""
    return [word for word in _reduced(found) if not any(other.startswith(word) for other in known)]
