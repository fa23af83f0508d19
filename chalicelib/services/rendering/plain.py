"""A plain text from HTML, for those who read or filter mails without it. Made once from the template, Liquid included.

It reads the HTML that our cleaning writes: each tag is whole, each value in double quotes.
"""

import re
from html import unescape
from typing import Final

from chalicelib.services.rendering.preparing import WORD, Hidden

WIDTH: Final = 76  # characters of a line, where there is a blank to break at (RFC 2646, 4.2)

_TOKEN: Final = re.compile(r"<!--.*?-->|<[^>]*>|[^<]+|<", re.DOTALL)
_TAG: Final = re.compile(r"<(/?)([a-z][a-z0-9]*)", re.IGNORECASE)
_HREF: Final = re.compile(r'\shref="([^"]*)"')
_ALT: Final = re.compile(r'\salt="([^"]*)"')
_UNSEEN: Final = re.compile(r'\sstyle="[^"]*display:\s*none', re.IGNORECASE)
_BLANKS: Final = re.compile(r"[ \t\r\n\f\xa0]+")
_TRAILING: Final = re.compile(r"[ \t]+(?=\n)")
_GAP: Final = re.compile(r"\n{3,}")
_OPENING: Final = re.compile("\\{(?=[{%\ue000])")

# What begins and ends a block, and how many line breaks it has around it.
_BREAKS: Final = {
    **dict.fromkeys(
        [
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "p",
            "ul",
            "ol",
            "dl",
            "table",
            "pre",
            "blockquote",
            "section",
            "article",
            "header",
            "footer",
        ],
        2,
    ),
    **dict.fromkeys(
        ["div", "tr", "li", "dt", "dd", "center", "address", "hr", "main", "nav", "aside", "figure", "caption"], 1
    ),
}
_BEFORE: Final = {"li": "- ", "h1": "# ", "h2": "## ", "h3": "### ", "hr": "----"}
_VOID: Final = frozenset({"area", "br", "col", "hr", "img", "wbr"})
_ITEMS: Final = frozenset({"li", "tr", "dt", "dd"})  # what follows one another, without a line between
_PRINTING: Final = frozenset({"", "echo", "cycle", "increment", "decrement", "render", "include"})
_DROPPED: Final = frozenset({"head", "style", "title"})


def from_html(source: str) -> str:
    """The text: headings marked by #, items by -, addresses in brackets after what they are behind."""
    return _Writing(Hidden(source)).run()


def tidied(text: str) -> str:
    """A rendered text with no more than one empty line in a row, and long lines broken at blanks."""
    whole = _GAP.sub("\n\n", _TRAILING.sub("", text.replace("\r\n", "\n").replace(" ()", ""))).strip()
    return (
        "\n".join(line if len(line) <= WIDTH else _folded(line) for line in whole.split("\n")) + "\n" if whole else ""
    )


def _folded(line: str) -> str:
    """The line in several; a word that is longer than a line, such as an address, stays whole."""
    lines: list[str] = []
    while len(line) > WIDTH:
        cut = line.rfind(" ", 1, WIDTH + 1)
        cut = cut if cut > 0 else line.find(" ", WIDTH)
        if cut < 0:
            break
        lines.append(line[:cut])
        line = line[cut + 1 :]
    return "\n".join([*lines, line])


class _Writing:
    """One text on its way."""

    def __init__(self, hidden: Hidden) -> None:
        self.hidden = hidden
        self.parts: list[str] = []
        self.links: list[tuple[str, int]] = []  # where each open link leads, and where its label begins
        self.unseen: list[str] = []  # open elements from the first that is not shown
        self.as_it_is = 0

    def run(self) -> str:
        for token in _TOKEN.findall(self.hidden.text):
            if token.startswith("<!"):
                continue
            tag = _TAG.match(token)
            if tag is None:
                self._text(token)
            else:
                self._tag(token, tag[2].lower(), closing=bool(tag[1]))
        text = _GAP.sub("\n\n", re.sub(r" *\n *", "\n", "".join(self.parts))).strip(" ")
        # What is the same for all is broken once; lines with Liquid when they are there.
        text = "\n".join(line if WORD.search(line) else _folded(line) for line in text.split("\n"))
        return self.hidden.shown(_OPENING.sub("{{ '{' }}", text))

    def _text(self, token: str) -> None:
        token = WORD.sub(self._word, token)
        if self.unseen:
            # What is not shown may still decide about what comes after.
            self.parts += [found[0] for found in WORD.finditer(token) if self._named(found) not in _PRINTING]
            return
        text = unescape(token)
        if not self.as_it_is:
            text = _BLANKS.sub(" ", text)
            if text.startswith(" ") and (not self.parts or self.parts[-1].endswith((" ", "\n"))):
                text = text[1:]
        if text:
            self.parts.append(text)

    def _named(self, found: re.Match[str]) -> str:
        return self.hidden.marks[int(found[1])].name

    def _word(self, found: re.Match[str]) -> str:
        # `raw` is not needed: what the engine would take for a tag is written otherwise below.
        return "" if self._named(found) in ("raw", "endraw") else found[0]

    def _tag(self, token: str, name: str, *, closing: bool) -> None:
        if self.unseen:
            self._beneath(name, closing=closing)
            return
        if not closing and name not in _VOID and (name in _DROPPED or _UNSEEN.search(token)):
            self.unseen.append(name)
            return
        if name == "a":
            self._link(token, closing=closing)
        elif name == "img":
            alt = _ALT.search(token)
            self._text(f"[{alt[1]}]" if alt and alt[1].strip() else "")
        elif name == "br":
            self.parts.append("\n")
        elif name in ("td", "th"):
            self.parts.append(" " if closing else "")
        elif name in _BREAKS:
            self._block(name, closing=closing)

    def _beneath(self, name: str, *, closing: bool) -> None:
        if closing and name in self.unseen:
            while self.unseen.pop() != name:
                pass
        elif not closing and name not in _VOID:
            self.unseen.append(name)

    def _block(self, name: str, *, closing: bool) -> None:
        self.as_it_is += 0 if name != "pre" else -1 if closing else 1
        if closing and name in _ITEMS:
            return
        if self.parts and self.parts[-1].strip("\n") == "":
            self.parts[-1] = max(self.parts[-1], "\n" * _BREAKS[name])
        else:
            self.parts.append("\n" * _BREAKS[name])
        if not closing and name in _BEFORE:
            self.parts.append(_BEFORE[name])

    def _link(self, token: str, *, closing: bool) -> None:
        if not closing:
            href = _HREF.search(token)
            self.links.append((unescape(href[1]).strip() if href else "", len(self.parts)))
            return
        if not self.links:
            return
        address, start = self.links.pop()
        label = "".join(self.parts[start:]).strip()
        address = address.removeprefix("mailto:")
        if not address or address.startswith("#") or address == label:
            return
        self.parts.append(f" ({address})" if label else address)
