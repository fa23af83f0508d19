"""Where the Liquid tags of a text stand, found in one pass.

python-liquid's own scanner looks at the rest of the text at each opening brace: 200 KB of them keep it busy for hours.
This one walks the text once, so that a text is judged in time that grows with its length, and finds the tags for those
who must keep them whole while they work on the HTML around them.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

LONGEST: Final = 1000  # characters of one tag: what stands in it is read in time that grows with its square
MOST: Final = 3000  # tags of one text
_BLANKS: Final = 100  # in a row within a tag

_OPENING: Final = re.compile(r"\{\{|\{%")
_NAME: Final = re.compile(r"(#|\w+)\s*")
_ENDRAW: Final = re.compile(r"\{%-?[ \t\r\n]{0,20}endraw[ \t\r\n]{0,20}-?%\}")
_COMMENT: Final = re.compile(r"\{%-?[ \t\r\n]{0,20}(comment|endcomment)\b[^%]{0,200}%\}")
_WIDE: Final = re.compile(rf"\s{{{_BLANKS},}}")
_PARTIAL: Final = re.compile(r"""\s*(?:"([^"]*)"|'([^']*)')""")
INCLUDING: Final = ("render", "include")
_BLOCKS: Final = frozenset({"if", "unless", "case", "for", "tablerow", "capture", "ifchanged", "raw", "_link"})
_WITHIN: Final = frozenset({"else", "elsif", "when"})


class Unreadable(Exception):
    """A text that no tags can be found in: what is wrong, and where (an offset)."""

    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.message, self.at = message, at


class Mark(NamedTuple):
    """One tag: `{{ inner }}` has no name, `{% name inner %}` has one; a comment is one with all that is in it."""

    start: int
    end: int
    name: str
    inner: str
    inner_at: int
    trims_before: bool
    trims_after: bool


def line_of(text: str, at: int) -> int:
    """The line, counted from one, of an offset."""
    return text.count("\n", 0, at) + 1


def scan(text: str) -> list[Mark]:
    """All tags in their order; what is between `raw` and `endraw` has none. Raises `Unreadable`."""
    found: list[Mark] = []
    at = 0
    while (opening := _OPENING.search(text, at)) is not None:
        mark = _mark(text, opening.start())
        if mark.name == "comment":
            mark = mark._replace(end=_commented(text, mark))
        found.append(mark)
        at = mark.end
        if mark.name == "raw":
            ending = _ENDRAW.search(text, at)
            if ending is None:
                raise Unreadable("{% raw %} is never closed.", mark.start)
            found.append(_mark(text, ending.start()))
            at = ending.end()
        if len(found) > MOST:
            raise Unreadable(f"There are more than {MOST} tags.", mark.start)
    return found


def hidden(text: str, marks: list[Mark], word: Callable[[int, str], str]) -> str:
    """The text with the word for each tag in its place; `word` is given the tag's number and all that precedes it."""
    parts: list[str] = []
    at = 0
    for number, mark in enumerate(marks):
        parts.append(text[at : mark.start])
        parts.append(word(number, parts[-1]))
        at = mark.end
    return "".join([*parts, text[at:]])


def partials(marks: list[Mark]) -> list[str]:
    """The names of the partials that are rendered or included. Raises `Unreadable` for one that is not in quotes."""
    names: dict[str, None] = {}
    for mark in marks:
        if mark.name in INCLUDING:
            quoted = _PARTIAL.match(mark.inner)
            if quoted is None:
                raise Unreadable(f"{{% {mark.name} %}} needs the name of a partial in quotes.", mark.start)
            names[quoted[1] or quoted[2] or ""] = None
    return list(names)


def unclosed(marks: Iterable[Mark]) -> Mark | None:
    """The first tag that opens what is never closed, or closes or divides what was not opened."""
    opened: list[Mark] = []
    for mark in marks:
        if mark.name in _BLOCKS:
            opened.append(mark)
        elif mark.name.startswith("end"):
            if not opened or mark.name != f"end{opened[-1].name}":
                return mark
            opened.pop()
        elif mark.name in _WITHIN and not opened:
            return mark
    return opened[-1] if opened else None


def _mark(text: str, start: int) -> Mark:
    output = text[start + 1] == "{"
    end = text.find("}}" if output else "%}", start + 2, start + LONGEST)
    if end < 0:
        what = "{{" if output else "{%"
        raise Unreadable(f"{what} is not closed within {LONGEST} characters.", start)
    inner = text[start + 2 : end]
    before, after = inner.startswith("-"), len(inner) > 1 and inner.endswith("-")
    inner = inner[before : len(inner) - after]
    if _WIDE.search(inner):
        raise Unreadable(f"A tag has more than {_BLANKS} blanks in a row.", start)
    at = start + 2 + before + len(inner) - len(inner.lstrip())
    inner, name = inner.strip(), ""
    if not output:
        named = _NAME.match(inner)
        if named is None:
            raise Unreadable("A tag has no name.", start)
        name, inner, at = named[1], inner[named.end() :], at + named.end()
    elif not inner:
        raise Unreadable("A tag is empty.", start)
    return Mark(start, end + 2, name, inner, at, before, after)


def _commented(text: str, mark: Mark) -> int:
    """Where a comment ends, comments within it included."""
    depth = 1
    for found in _COMMENT.finditer(text, mark.end):
        depth += 1 if found[1] == "comment" else -1
        if not depth:
            return found.end()
    raise Unreadable("{% comment %} is never closed.", mark.start)
