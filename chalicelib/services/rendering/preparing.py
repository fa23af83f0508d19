"""From the HTML that is kept to what is rendered: addresses made of values are judged, and the preheader comes in."""

import re
from html import escape
from typing import Final

from chalicelib.services.rendering.links import SCHEMES, scheme
from chalicelib.services.rendering.marks import hidden, scan

_NUMBERED: Final = "\ue000{}\ue001"  # of the private use area, which no mail has
WORD: Final = re.compile("\ue000(\\d+)\ue001")  # in the place of a tag: its number
_PRIVATE: Final = re.compile("[\ue000\ue001]")
# Written by our cleaning: quotes are double, and a value has neither quotes nor brackets.
_ADDRESS: Final = re.compile('\\b(href|src|background)="([^"\ue000]*)(\ue000[^"]*)"')
_BODY: Final = re.compile(r"<body\b[^>]*>")
_UNSEEN: Final = '<div style="display:none;max-height:0;overflow:hidden;mso-hide:all">{}</div>'


class Hidden:
    """A text whose Liquid is replaced by words."""

    def __init__(self, source: str) -> None:
        self.source = _PRIVATE.sub("", source)
        self.marks = scan(self.source)
        self.text = hidden(self.source, self.marks, lambda number, _: _NUMBERED.format(number))

    def shown(self, text: str) -> str:
        """The Liquid in its places again."""
        return WORD.sub(lambda found: self.tag(found[1]), text)

    def tag(self, number: str) -> str:
        """One tag as it was written."""
        mark = self.marks[int(number)]
        return self.source[mark.start : mark.end]


def html(source: str, preheader: str | None, link: str) -> str:
    """The HTML as it is parsed: `link` is the tag around addresses whose scheme a value may decide."""
    one = Hidden(source)
    made = _ADDRESS.sub(lambda found: _judged(found, link), one.text)
    whole = one.shown(made)
    body = _BODY.search(one.text)
    if body is None:
        return _unseen(preheader) + whole
    return whole.replace(one.shown(body[0]), one.shown(body[0]) + _unseen(preheader), 1)


def of_text(source: str, preheader: str | None) -> str:
    """The HTML of a template that is text alone."""
    return _unseen(preheader) + _escaped(source)


def _unseen(preheader: str | None) -> str:
    return _UNSEEN.format(_escaped(preheader)) if preheader else ""


def _escaped(text: str) -> str:
    """A plain text as HTML, line by line, its Liquid as it is."""
    one = Hidden(text)
    return one.shown(escape(one.text, quote=False).replace("\n", "<br>\n"))


def _judged(found: re.Match[str], link: str) -> str:
    if scheme(found[2]) in SCHEMES:
        return found[0]
    return f'{found[1]}="{{% {link} %}}{found[2]}{found[3]}{{% end{link} %}}"'
