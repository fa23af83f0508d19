"""HTML as a mail may have it: what people write, cleaned when it is saved, and MJML made into HTML.

Cleaning is done by a parser of the HTML standard (nh3), which writes anew what it let pass, so no trick of spelling
survives. It must not see Liquid: each tag is replaced by a word, or by a comment where text would be moved, as between
the rows of a table, and put back afterwards. A tag that prints or repeats what it encloses must lie wholly within one
value or outside of all, or else it could join harmless pieces to harmful ones.
"""

import re
from collections.abc import Callable
from html import escape, unescape
from typing import Any, Final

from chalicelib import errors
from chalicelib.services.mail_html import ATTRIBUTES, GONE, TAGS
from chalicelib.services.rendering.links import SCHEMES
from chalicelib.services.rendering.marks import Mark, Unreadable, hidden, line_of, scan, unclosed

DEEPEST: Final = 100  # elements within elements, in MJML, whose compiler calls itself for each

# What is left of an element that stands outside of the one it needs, as a partial with rows of a table does.
_AROUND: Final = {"tr": ("<table><tbody>", "</tbody></table>"), "td": ("<table><tbody><tr>", "</tr></tbody></table>")}
_AROUND_ALSO: Final = {"th": "td"}

_NOT_IN_VALUES: Final = frozenset({"capture", "endcapture", "raw", "endraw", "render", "include", "break", "continue"})
_SIGN: Final = re.compile(r"<!--|-->|<(?=[a-zA-Z/])|[>\"']")
_DOCUMENT: Final = re.compile(r"<(?:!doctype|html|head|body)\b", re.IGNORECASE)
_LANG: Final = re.compile(r"<html\b[^>]{0,300}?\blang=[\"']?([a-zA-Z\-]{2,20})", re.IGNORECASE)
_MEDIA: Final = re.compile(r"\bmedia=\"([\w\s():,.\-]{1,200})\"")
_COMMENT: Final = re.compile(r"<!--(.*?)-->", re.DOTALL)
_CONDITION: Final = re.compile(r"\[if [^\]]{1,100}\]>|<!\[endif\]$|\[endif\]$")
_DENIED: Final = re.compile(
    r"<\s*/?\s*(script|iframe|object|embed|form|input|base|meta|link|svg)|\bon\w+\s*=|javascript:|vbscript:",
    re.IGNORECASE,
)
_DEPTH: Final = re.compile(r"<(/?)[a-zA-Z][^<>]*?(/?)>")
_MSO: Final = (
    "<!--[if mso]><noscript><xml><o:OfficeDocumentSettings><o:AllowPNG/><o:PixelsPerInch>96</o:PixelsPerInch>"
    "</o:OfficeDocumentSettings></xml></noscript><![endif]-->"
)
_NAMESPACES: Final = ' xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office"'


def clean(source: str, pointer: str, *, mso: bool = False) -> str:
    """The HTML without what a mail must not hold: scripts, handlers, frames, forms, addresses of other schemes.

    Tables, styles, classes and conditional comments stay. A whole document is written anew around its body, with its
    title and styles; `mso` adds what Outlook needs. Cleaned again it stays the same. Raises `Invalid` at `pointer` for
    Liquid that cannot be read, or stands where it cannot stay.
    """
    return _Cleaning(source, pointer).run(mso=mso)


def from_mjml(source: str, pointer: str) -> str:
    """The document that MJML describes, cleaned. Raises `Invalid` at `pointer`."""
    import mrml

    marks = _scanned(source, pointer)
    nonce = _nonce(source)
    shown = hidden(source, marks, lambda number, _: f"{nonce}{number}z")
    depth = deepest = 0
    for closing, alone in _DEPTH.findall(shown):
        depth += -1 if closing else not alone
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise errors.invalid(pointer, "mjml", f"Elements are nested deeper than {DEEPEST}.")
    try:
        made: Any = mrml.to_html(shown)
    except (OSError, ValueError) as error:
        raise errors.invalid(pointer, "mjml", _said(str(error), shown)) from None
    whole = made if isinstance(made, str) else made.content  # a text in the last release for Lambda on ARM
    back = re.sub(rf"{nonce}(\d+)z", lambda found: _source(source, marks[int(found[1])]), whole)
    return clean(back, pointer, mso=True)


class _Cleaning:
    """One text on its way."""

    def __init__(self, source: str, pointer: str) -> None:
        self.source, self.pointer = source, pointer
        self.marks = _scanned(source, pointer)
        self.nonce = _nonce(source)
        # The end of a comment belongs to a word only where the beginning does too.
        self.word = re.compile(rf"(<!--)?{self.nonce}(\d+)z(?(1)-->)")
        self.flaw: str | None = None
        self.commented: set[str] = set()

    def run(self, *, mso: bool) -> str:
        state = [""]

        def word(number: int, before: str) -> str:
            state[0] = _state(state[0], before)
            if state[0] == "!":
                self.commented.add(str(number))
            return f"{self.nonce}{number}z" if state[0] else f"<!--{self.nonce}{number}z-->"

        text = hidden(self.source, self.marks, word)
        lang = _LANG.search(text)
        document = _DOCUMENT.search(text) is not None
        text, styles = _taken(text, "style")
        text, titles = _taken(text, "title")
        attributes, text = self._body(text) if document else ("", text)
        body = self._cleaned(text)
        css = "".join(self._style(*style) for style in styles)
        if not document:
            whole = css + body
        else:
            title = self._checked(escape(unescape(self._words(titles[0][1]))), "the title") if titles else ""
            whole = (
                f'<!doctype html><html lang="{lang[1] if lang else "en"}"{_NAMESPACES if mso else ""}><head>'
                '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
                f"<title>{title}</title>{_MSO if mso else ''}{css}</head><body{attributes}>{body}</body></html>"
            )
        if self.flaw:
            raise errors.invalid(self.pointer, "liquid_place", self.flaw)
        made = self.word.sub(lambda found: _source(self.source, self.marks[int(found[2])]), whole)
        _scanned(made, self.pointer)  # a tag may have gone with a comment, its counterpart not
        return made

    def _body(self, text: str) -> tuple[str, str]:
        """The attributes of the body, cleaned, and what is in it."""
        lowered = text.lower()
        start = lowered.find("<body")
        if start < 0:
            return "", _taken(text, "head")[0]
        end = text.find(">", start)
        closing = lowered.rfind("</body")
        inner = text[end + 1 : closing if closing > end else None] if end > 0 else ""
        made = self._cleaned(f"<div{text[start + 5 : end]}></div>")
        return made[4 : made.find(">")], inner

    def _cleaned(self, text: str) -> str:
        import nh3

        first = re.match(rf"(?:\s|<!--{self.nonce}\d+z-->)*+<(tr|td|th)\b", text, re.IGNORECASE)
        name = first[1].lower() if first else ""
        before, after = _AROUND.get(_AROUND_ALSO.get(name, name), ("", ""))
        made = nh3.clean(
            before + text + after,
            tags=set(TAGS),
            clean_content_tags=set(GONE),
            attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
            attribute_filter=self._attribute,
            strip_comments=False,
            link_rel=None,
            url_schemes=set(SCHEMES),
        )
        if before and made.startswith(before) and made.endswith(after):
            made = made[len(before) : len(made) - len(after)]
        self._all_there(text, made)
        made = _COMMENT.sub(self._comment, made)
        # What the engine would take for its own: written as references of characters in the source, or within `raw`.
        made = re.sub(rf"\{{(?=[{{%]|(?:<!--)?{self.nonce}\d)", "&#123;", made)
        rows = rf"(<table(?:\s[^>]*)?>)((?:\s|<!--{self.nonce}\d+z-->)++)<tbody>"
        return re.sub(rows, r"\1<tbody>\2", made)

    def _attribute(self, _tag: str, name: str, value: str) -> str:
        return self._checked(value, f"the attribute {name}")

    def _checked(self, value: str, place: str) -> str:
        inside = [self.marks[int(number)] for _, number in self.word.findall(value)]
        wrong = unclosed(inside) or next((mark for mark in inside if mark.name in _NOT_IN_VALUES), None)
        if wrong is not None:
            self._refuse(wrong, f"cannot stand so within {place}")
        return value

    def _comment(self, found: re.Match[str]) -> str:
        inner = found[1]
        if self.word.fullmatch(found[0]):
            return found[0]
        if not _CONDITION.match(inner) or _DENIED.search(inner):
            return ""
        return f"<!--{self._checked(inner, 'a conditional comment')}-->"

    def _style(self, opening: str, css: str) -> str:
        media = _MEDIA.search(opening)
        bare = self._words(css).replace("<", "")
        if not bare.strip():
            return ""
        bare = re.sub(r"\{(?=[{%])", "{ ", bare)
        attribute = f' media="{media[1]}"' if media else ""
        return f"<style{attribute}>{self._checked(bare, 'a style')}</style>"

    def _words(self, text: str) -> str:
        """For places in which there are no comments."""
        return self.word.sub(lambda found: f"{self.nonce}{found[2]}z", text)

    def _all_there(self, before: str, after: str) -> None:
        kept = {number for _, number in self.word.findall(after)}
        for _, number in self.word.findall(before):
            if number not in kept and number not in self.commented:
                self._refuse(self.marks[int(number)], "stands where it cannot stay, or in what is taken out")

    def _refuse(self, mark: Mark, what: str) -> None:
        said = " ".join(_source(self.source, mark).split())[:60]
        self.flaw = self.flaw or f"Line {line_of(self.source, mark.start)}: {said} {what}."


def _scanned(source: str, pointer: str) -> list[Mark]:
    try:
        marks = scan(source)
    except Unreadable as error:
        line = line_of(source, error.at)
        raise errors.invalid(pointer, "liquid_syntax", f"Line {line}: {error.message}") from None
    wrong = unclosed(marks)
    if wrong is not None:
        message = f"Line {line_of(source, wrong.start)}: {{% {wrong.name} %}} has no counterpart."
        raise errors.invalid(pointer, "liquid_syntax", message)
    return marks


def _nonce(source: str) -> str:
    """The beginning of a word that the text does not have. No scheme of an address begins so."""
    number = 0
    while f"_Lq{number}x" in source:
        number += 1
    return f"_Lq{number}x"


def _source(text: str, mark: Mark) -> str:
    return text[mark.start : mark.end]


def _state(state: str, text: str) -> str:
    """Where one is after this text: "" between elements, else within a comment, a tag or, by its quote, a value."""
    for found in _SIGN.finditer(text):
        state = _NEXT.get(state, _quoted)(state, found[0])
    return state


def _between(_state: str, sign: str) -> str:
    return {"<!--": "!", "<": "<"}.get(sign, "")


def _in_tag(_state: str, sign: str) -> str:
    return "" if sign.endswith(">") else sign if sign in "\"'" else "<"


def _in_comment(_state: str, sign: str) -> str:
    return "" if sign == "-->" else "!"


def _quoted(state: str, sign: str) -> str:
    return "<" if sign == state else state


_NEXT: Final[dict[str, Callable[[str, str], str]]] = {"": _between, "<": _in_tag, "!": _in_comment}


def _taken(text: str, name: str) -> tuple[str, list[tuple[str, str]]]:
    """The text without the elements of this name, and of each the opening tag and the content. In one pass."""
    lowered, found, parts = text.lower(), list[tuple[str, str]](), list[str]()
    at = 0
    while (start := lowered.find(f"<{name}", at)) >= 0:
        opened = lowered.find(">", start)
        end = lowered.find(f"</{name}", opened)
        closed = lowered.find(">", end)
        if min(opened, end, closed) < 0:
            break
        if lowered[start + len(name) + 1] not in " \t\r\n/>":
            parts.append(text[at : opened + 1])
            at = opened + 1
            continue
        parts.append(text[at:start])
        found.append((text[start : opened + 1], text[opened + 1 : end]))
        at = closed + 1
    return "".join([*parts, text[at:]]), found


def _said(message: str, shown: str) -> str:
    """What the compiler says, with a line where it gives an offset."""
    offset = re.search(r" in root template(?: at position (\d+):\d+)?", message)
    where = f"Line {line_of(shown, int(offset[1]))}: " if offset and offset[1] else ""
    return f"{where}{(message[: offset.start()] if offset else message)[:120].capitalize()}."
