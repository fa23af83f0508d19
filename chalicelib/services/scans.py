"""Reading the index: which stretches of it answer a question, and a page of the records that stand there.

A question is a list of scans, gone through in order. A record that stands in several of them, or several times in one,
is answered where it comes first: that is worked out from the record itself, which is read anyway, so nothing has to be
remembered from page to page. An entry that the record no longer wants is passed over, as the index may lag behind.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from chalicelib.models import keys, table
from chalicelib.models.table import Item
from chalicelib.models.term import place_of
from chalicelib.services import nouns, terms, words
from chalicelib.services.words import Token

END: Final = "\U0010ffff"  # sorts behind all that begins alike
BUDGET: Final = 5.0  # read units of a page of a search
_ENTRIES: Final = 25  # of one query in a search
_QUERY: Final = 1.0  # units such a query costs at most, by the longest value
_RECORD: Final = 0.5
_ROUND: Final = 40  # rows read at once for a list
_HEAVY: Final = 2_000_000  # characters of an answer after which its page ends: Lambda answers 6 MB at most
_OVERHEAD: Final = len("pk" + "sk" + "kind" + "term")  # bytes of an entry besides the values of its keys
_BEHIND: Final = "!"  # directly behind a key: sorts before all else that could follow
LastKey = dict[str, Any]


class Scan(NamedTuple):
    """A stretch of one space, by sort keys.

    `second`: only entries whose second word begins so, and the others are leapt over. `other`: this word has a scan of
    its own, so an entry that lists all words of its company is passed over unless it has that word as well.
    """

    space: str
    low: str
    high: str
    second: str = ""
    other: str = ""

    def takes(self, key: str) -> bool:
        """Whether an entry with this sort key may answer."""
        if not self.low <= key <= self.high:
            return False
        value, _ = place_of(key)
        if self.second:
            return value.partition(" ")[2].startswith(self.second)
        if self.other and terms.SIBLINGS in value and not terms.is_cut(value):
            return any(word.startswith(self.other) for word in value.replace(terms.SIBLINGS, " ").split())
        return True

    def after(self, key: str) -> str:
        """Where to go on behind an entry: the next one, or the first that the second word allows."""
        behind = key + _BEHIND
        if not self.second:
            return behind
        lead = place_of(key)[0].partition(" ")[0]
        wanted = f"{lead} {self.second}"
        if key < wanted:
            return wanted
        return behind if key.startswith(wanted) else max(behind, lead + _BEHIND)


class Look(NamedTuple):
    """A question to the index. `check` gives the terms by which a record could answer it; none if it does not."""

    noun: str
    scans: tuple[Scan, ...]
    check: Callable[[dict[str, Any]], Iterable[tuple[str, str]]]
    budget: float | None = None

    def place(self, plain: dict[str, Any]) -> tuple[int, str] | None:
        """Where the record comes first: number of the scan, and sort key; None if nowhere."""
        several = [(space, f"{value}#{plain['id']}") for space, value in self.check(plain)]
        return min(
            (
                (number, key)
                for number, scan in enumerate(self.scans)
                for space, key in several
                if space == scan.space and scan.takes(key)
            ),
            default=None,
        )


def beginning(space: str, text: str, **more: str) -> Scan:
    """What begins with `text`."""
    return Scan(space, text, text + END, **more)


def search(noun: str, query: tuple[Token, ...]) -> Look:
    """The look for a query.

    Of a record that matches two words, either both are in its name, and so one directly behind the other; or one of
    them is another word of it. One scan for each of these, and each record is in one at least.
    """

    def check(plain: dict[str, Any]) -> terms.Terms:
        record = words.of_record(noun, plain)
        return terms.searched(noun, record) if words.matches(query, record) else set()

    return Look(noun, tuple(_scans(noun, query)), check, BUDGET)


def _scans(noun: str, query: tuple[Token, ...]) -> list[Scan]:
    longest = sorted(query, key=lambda token: (not token.mail, -len(token.text)))
    if not longest:
        return []
    if longest[0].mail:
        address = longest[0].text[: terms.ADDRESS]
        return [beginning(terms.word_space(noun, family, address), address) for family in ("mail", "word")]
    one, other = (*(token.text[: words.LONGEST] for token in longest[:2]), "")[:2]
    if noun in words.TITLED:  # each word stands with all others
        return [beginning(terms.word_space(noun, "word", one), one, other=other)]
    names = terms.word_space(noun, "name", one)
    if not other:
        return [beginning(names, one), *_others(noun, one)]
    found = [
        Scan(names, f"{one} {other}", one + END, second=other),
        *_others(noun, one, other=other),
        *_others(noun, other, other=one),
    ]
    # One word of a name may be what both begin.
    return [*found, beginning(names, one)] if one.startswith(other) else found


def _others(noun: str, text: str, **more: str) -> list[Scan]:
    """What begins so of words that are in no name; digits also without what may be a country code."""
    several = [one for one in (text, words.national(text)) if one]
    return [beginning(terms.word_space(noun, "word", one), one, **more) for one in several]


def gather(look: Look, tenant: str, start: LastKey | None, limit: int) -> tuple[list[Any], LastKey | None]:
    """A page of the records that answer, and where to go on. A search keeps to its budget, however few it finds."""
    number, after = (start["scan"], start["after"]) if start else (0, "")
    found: list[Any] = []
    spent, weight = 0.0, 0
    while number < len(look.scans):
        if weight > _HEAVY or _room(look, limit - len(found), spent + _QUERY) <= 0:
            return found, {"scan": number, "after": after}
        scan = look.scans[number]
        entries, units = _entries(tenant, scan, after, _ENTRIES if look.budget else min(_ROUND, limit - len(found)))
        spent += units
        taken = [key for key in entries.items if scan.takes(key)]
        chosen = taken[: _room(look, limit - len(found), spent)]
        spent += _RECORD * len(chosen)
        answering = _answering(look, tenant, number, chosen)
        found += answering
        weight += sum(map(_weight, answering))
        if len(chosen) < len(taken):
            after = scan.after(chosen[-1])
        elif entries.last:
            after = scan.after(entries.items[-1])
        else:
            number, after = number + 1, ""
    return found, None


def ids(look: Look, tenant: str, start: LastKey | None, limit: int) -> tuple[list[str], LastKey | None]:
    """A page of the ids that stand there, no record read: some may no longer answer."""
    number, after = (start["scan"], start["after"]) if start else (0, "")
    found: dict[str, None] = {}
    while number < len(look.scans) and len(found) < limit:
        scan = look.scans[number]
        entries, _ = _entries(tenant, scan, after, limit - len(found))
        found.update({place_of(key)[1]: None for key in entries.items if scan.takes(key)})
        number, after = (number, scan.after(entries.items[-1])) if entries.last else (number + 1, "")
    return list(found), {"scan": number, "after": after} if number < len(look.scans) else None


def _room(look: Look, rows: int, spent: float) -> int:
    if look.budget is None:
        return min(rows, _ROUND)
    return min(rows, int((look.budget - spent) / _RECORD))


def _weight(record: Any) -> int:
    """About how many characters the record is in an answer."""
    return sum(len(str(value)) for value in record.attribute_values.values())


def _entries(tenant: str, scan: Scan, after: str, limit: int) -> tuple[table.PageOf, float]:
    """The sort keys of the next entries, and what it cost to read them."""
    partition = keys.partition("term", tenant=tenant, space=scan.space)
    where = Item.sk.between(max(scan.low, after), scan.high)
    found = table.page(partition, where=where, limit=limit)
    size = sum(len(partition) + len(item.sk.encode()) + _OVERHEAD for item in found.items)
    return table.PageOf([item.sk for item in found.items], found.last), max(1, -(-size // 4096)) * _RECORD


def _answering(look: Look, tenant: str, number: int, chosen: Sequence[str]) -> list[Any]:
    """Those of the records that answer, and for the first time here."""
    places = [keys.key(look.noun, tenant=tenant, id=place_of(key)[1]) for key in chosen]
    model = nouns.NOUNS[look.noun].model
    found = []
    for key, record in zip(chosen, table.several(places) if places else (), strict=True):
        if isinstance(record, model) and record.live and look.place(nouns.plain(record)) == (number, key):
            found.append(record)
    return found
