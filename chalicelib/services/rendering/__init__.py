"""Templates into mails: parsed once in a process, written for each contact.

A template that has not changed, nor any partial below it, is never parsed twice. The engine is loaded with the first.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from chalicelib import errors
from chalicelib.models.template import Template

if TYPE_CHECKING:
    from chalicelib.services.rendering.engine import Text
    from chalicelib.services.rendering.sources import Piece, Sources

KEPT: Final = 32  # compiled templates in a process, 100 KB or so each
_SUBJECT: Final = 500  # characters; what is longer is cut
# All that ends a line or controls a terminal (Unicode categories Cc, Zl, Zp): a header has one line (RFC 5322, 2.2).
_CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PARTS: Final = ("subject", "html", "text")

_compiled: OrderedDict[Any, "Compiled"] = OrderedDict()
_lock = Lock()


class Rendered(NamedTuple):
    """The mail of one contact. The subject is one line."""

    subject: str
    html: str
    text: str


class Compiled(NamedTuple):
    """A template that can be rendered; `made` is whether its text was made from its HTML.

    `needs` are the first words of all its variables: whether it says anything of the company.
    """

    subject: "Text"
    html: "Text"
    text: "Text"
    made: bool
    defaults: tuple[tuple[tuple[str, ...], str], ...]
    needs: frozenset[str]


def compiled(template: Template) -> Compiled:
    """The template, parsed. Raises `Invalid` with a pointer if it cannot be.

    Half a unit for each partial, if it is not pinned; the bodies are read when one of them has changed.
    """
    from chalicelib.services.rendering import sources

    pieces = sources.pieces(template)
    below = tuple(sorted((one, piece.body, tuple(sorted(piece.uses.items()))) for one, piece in pieces.items()))
    said = (template.subject, template.preheader, tuple(sorted((template.defaults or {}).items())))

    def make() -> Compiled:
        return assembled(template, pieces, sources.read(template.tenant, {a: one.body for a, one in pieces.items()}))

    return _remembered((template.tenant, template.id, said, below), make)


def assembled(template: Template, pieces: Mapping[str, "Piece"], texts: Mapping[str, "Sources"]) -> Compiled:
    """The template of these pieces and their texts, parsed. Raises `Invalid` with a pointer."""
    own = texts[template.id]
    top = template.preheader
    html = {one: _html(texts[one], piece, top if one == template.id else None) for one, piece in pieces.items()}
    text = {one: _text(texts[one], piece) for one, piece in pieces.items()}
    for one, piece in pieces.items():
        html[one].partials = {name: html[inner] for name, inner in piece.uses.items()}
        text[one].partials = {name: text[inner] for name, inner in piece.uses.items()}
    subject = _parsed(lambda: template.subject or "", pieces[template.id], "subject")
    subject.partials = text[template.id].partials
    defaults = tuple((tuple(name.split(".")), value) for name, value in (template.defaults or {}).items())
    needs = frozenset().union(*(one.needs for one in (subject, *html.values(), *text.values())))
    return Compiled(subject, html[template.id], text[template.id], own.text is None, defaults, needs)


def render(made: Compiled, values: Mapping[str, Any]) -> Rendered:
    """The mail with these values (of `variables`). Raises `Invalid` with a pointer for what hits a bound.

    Nothing is read or kept: the same values give the same mail.
    """
    from chalicelib.services.rendering import plain

    given = _with_defaults(made.defaults, values)
    subject = one_line(_written(made.subject, given, "subject"))[:_SUBJECT].rstrip()
    html = _written(made.html, given, "html")
    text = _written(made.text, given, "text")
    return Rendered(subject, html, plain.tidied(text) if made.made else text)


def variables(tenant: str, contact: Any, company: Any = None, **more: Any) -> dict[str, Any]:
    """What a template may name: `contact`, `company`, `firm`, and what else is given. Reads nothing in most calls."""
    from chalicelib.services.rendering import values

    return values.of(tenant, contact, company, more)


def lint(template: Template) -> list[Any]:
    """What is wrong, or may be, with a template, as `Finding`s; of one that cannot be parsed only that."""
    from chalicelib.services.rendering import linting

    return linting.findings(template)


def one_line(text: str) -> str:
    """A text for a header: whatever ends a line in it is a blank."""
    return " ".join(_CONTROLS.sub(" ", text).split())


def _remembered(key: Any, make: Callable[[], Compiled]) -> Compiled:
    with _lock:
        found = _compiled.get(key)
        if found is not None:
            _compiled.move_to_end(key)
            return found
    made = make()
    with _lock:
        _compiled[key] = made
        while len(_compiled) > KEPT:
            _compiled.popitem(last=False)
    return made


def _html(sources: "Sources", piece: "Piece", preheader: str | None) -> "Text":
    from chalicelib.services.rendering import preparing
    from chalicelib.services.rendering.tags import LINK

    if sources.html is None:
        return _parsed(lambda: preparing.of_text(sources.text or "", preheader), piece, "html")
    whole = sources.html
    return _parsed(lambda: preparing.html(whole, preheader, LINK), piece, "html")


def _text(sources: "Sources", piece: "Piece") -> "Text":
    from chalicelib.services.rendering import plain

    if sources.text is not None:
        own = sources.text
        return _parsed(lambda: own, piece, "text")
    return _parsed(lambda: plain.from_html(sources.html or ""), piece, "text")


def _parsed(source: Callable[[], str], piece: "Piece", part: str) -> "Text":
    from chalicelib.services.rendering import engine
    from chalicelib.services.rendering.marks import Unreadable

    try:
        return engine.parse(source(), piece.name, html=part == "html")
    except Unreadable as error:
        raise _at(part, errors.invalid("", "liquid_syntax", error.message)) from None
    except errors.Invalid as error:
        raise _at(part, error) from None


def _written(text: "Text", values: Mapping[str, Any], part: str) -> str:
    try:
        return text.write(values)
    except errors.Invalid as error:
        raise _at(part, error) from None


def _at(part: str, error: errors.Invalid) -> errors.Invalid:
    return errors.Invalid(error.detail, *(flaw._replace(pointer=f"/{part}") for flaw in error.flaws))


def _with_defaults(defaults: tuple[tuple[tuple[str, ...], str], ...], values: Mapping[str, Any]) -> Mapping[str, Any]:
    """The values, with what is said for those that are empty."""
    given = values
    for path, value in defaults:
        node: Any = given
        for step in path:
            node = node.get(step) if isinstance(node, Mapping) else None
        if node is None or node == "":
            given = _put(given, path, value)
    return given


def _put(node: Any, path: tuple[str, ...], value: str) -> dict[str, Any]:
    inner = dict(node) if isinstance(node, Mapping) else {}
    inner[path[0]] = value if len(path) == 1 else _put(inner.get(path[0]), path[1:], value)
    return inner
