"""What is wrong with a template before anybody gets it. Errors are what no reader should see; the rest is a hint."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import unescape
from typing import Any, Final, NamedTuple, cast

from liquid.ast import Node
from liquid.builtin.expressions import FilteredExpression, Path, StringLiteral
from liquid.builtin.tags.case_tag import CaseNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.include_tag import IncludeNode
from liquid.builtin.tags.render_tag import RenderNode
from liquid.builtin.tags.unless_tag import UnlessNode

from chalicelib import errors
from chalicelib.models.template import Template
from chalicelib.schemas.template import Finding
from chalicelib.services import rendering
from chalicelib.services.remembered import ask, remembering
from chalicelib.services.rendering import links, sources
from chalicelib.services.rendering.engine import Text
from chalicelib.services.rendering.marks import line_of
from chalicelib.services.rendering.preparing import WORD, Hidden
from chalicelib.services.rendering.values import ALWAYS, KNOWN

CLIPPED: Final = 102_000  # bytes of HTML after which Gmail hides the rest behind a link
UNSUBSCRIBE: Final = "unsubscribe_url"
_OUTWARD: Final = frozenset({"size", "first", "last"})
_STRUCTURED: Final = frozenset({"address", "social", "custom", "external_ids", "tags", "emails", "phones", "domains"})
_LINK: Final = re.compile(r'<(?:a|area)\b[^>]*?\shref="([^"]*)"|<a\b(?![^>]*\s(?:href|name|id)=)[^>]*>')
_IMAGE: Final = re.compile(r"<img\b[^>]*>")
_SRC: Final = re.compile(r'\ssrc="([^"]*)"')
_ALT: Final = re.compile(r"\salt=")
_NOWHERE: Final = cast(Any, None)  # only tags that render partials ask where they are
_WORDS: Final = re.compile(rf"(?:{WORD.pattern}|\s)*")


class Use(NamedTuple):
    """A variable in a text: its names, its line, whether something is said for it being empty, and in which partial."""

    path: tuple[str, ...]
    line: int
    defaulted: bool
    partial: str

    @property
    def name(self) -> str:
        """As people write it."""
        return ".".join(self.path)


def findings(template: Template) -> list[Finding]:
    """What is to be said, errors first; of a template that cannot be parsed only that. Reads as `compiled` does."""
    own = sources.read(template.tenant, {template.id: template.body})[template.id]
    try:
        made = rendering.compiled(template)
    except errors.Invalid as error:
        return [
            Finding(severity="error", code=one.code, message=one.message, pointer=one.pointer) for one in error.flaws
        ]
    html = "/mjml" if own.mjml is not None else "/html"
    parts = {"/subject": made.subject}
    if own.html is not None:
        parts[html] = made.html
    if not made.made:
        parts["/text"] = made.text
    uses = {pointer: list(_uses(text)) for pointer, text in parts.items()}
    found = [*_whole(template, own, uses, html), *_links(own.html or "", html)]
    with remembering():
        for pointer, several in uses.items():
            found += _variables(template, several, pointer)
    return sorted(found, key=lambda one: one.severity)


def _whole(template: Template, own: sources.Sources, uses: Mapping[str, list[Use]], html: str) -> Iterator[Finding]:
    if template.what == "full":
        yield from _subject(template, uses["/subject"])
        if not (own.html or own.text or "").strip():
            yield _error("empty", "There is neither HTML nor a text.", html)
        for pointer, text in ((html, own.html), ("/text", own.text)):
            if text and not any(use.name == UNSUBSCRIBE for use in uses[pointer]):
                yield _error("no_unsubscribe", f"There is no {{{{ {UNSUBSCRIBE} }}}}.", pointer)
    if len((own.html or "").encode()) > CLIPPED:
        yield _warning("clipped", f"Gmail shows only the first {CLIPPED // 1000} KB.", html)
    used = {use.name for several in uses.values() for use in several}
    for name in template.defaults or {}:
        if name not in used:
            yield _warning("unused_default", f"Nothing prints {name}.", f"/defaults/{name}")


def _subject(template: Template, uses: list[Use]) -> Iterator[Finding]:
    subject = template.subject or ""
    if not subject.strip():
        yield _error("empty_subject", "There is no subject.", "/subject")
    elif _WORDS.fullmatch(Hidden(subject).text) and not any(_filled(template, use) for use in uses):
        yield _warning("subject_may_be_empty", "The subject may be empty.", "/subject")


def _variables(template: Template, several: Iterable[Use], pointer: str) -> Iterator[Finding]:
    told: set[str] = set()
    for use in several:
        if use.name in told:
            continue
        told.add(use.name)
        place = f"In the partial {use.partial!r}: " if use.partial else _at(use.line, pointer)
        if not _known(template.tenant, use.path):
            say = _warning if _filled(template, use) else _error
            yield say("unknown_variable", f"{place}there is no {use.name}.", pointer)
        elif not _filled(template, use):
            yield _warning("may_be_empty", f"{place}{use.name} may be empty, and has no default.", pointer)


def _at(line: int, pointer: str) -> str:
    """The line, where it is one that somebody wrote."""
    return "" if pointer == "/mjml" else f"Line {line}: "


def _filled(template: Template, use: Use) -> bool:
    return use.defaulted or use.name in ALWAYS or use.name in (template.defaults or {})


def _known(tenant: str, path: tuple[str, ...]) -> bool:
    names = KNOWN.get(path[0])
    if names is None:
        return False
    if len(path) == 1 or not names:
        return len(path) == 1
    if path[1] not in names and path[1] not in _OUTWARD:
        return False
    if len(path) > 2 and path[1] == "custom":
        from chalicelib.services import fields

        return path[2] in ask(("custom", tenant, path[0]), lambda: fields.definitions(tenant, path[0]))
    return len(path) == 2 or path[1] in _STRUCTURED or path[2] in _OUTWARD


def _links(html: str, pointer: str) -> Iterator[Finding]:
    """What is wrong with addresses that stand in the HTML; those that values make are judged when they are there."""
    hidden = Hidden(html)
    for found, line in _placed(_LINK, hidden):
        yield from _link(unescape(found[1] or "").strip(), line, pointer)
    for found, line in _placed(_IMAGE, hidden):
        address = _SRC.search(found[0])
        value = unescape(address[1]).strip() if address else ""
        if not value:
            yield _error("image_empty", f"{_at(line, pointer)}an image has no address.", pointer)
        elif not WORD.match(value) and links.scheme(value) not in ("https", "cid"):
            severe = _error if not links.scheme(value) else _warning
            yield severe("image_not_https", f"{_at(line, pointer)}{value[:80]} is not read by https.", pointer)
        if not _ALT.search(found[0]):
            yield _warning(
                "image_without_alt", f"{_at(line, pointer)}an image has no text for those who do not see it.", pointer
            )


def _placed(pattern: re.Pattern[str], hidden: Hidden) -> Iterator[tuple[re.Match[str], int]]:
    """What is found, each with its line: that of the HTML with its Liquid, which may have lines of its own."""
    at, line = 0, 1
    for found in pattern.finditer(hidden.text):
        line += hidden.shown(hidden.text[at : found.start()]).count("\n")
        at = found.start()
        yield found, line


def _link(address: str, line: int, pointer: str) -> Iterator[Finding]:
    if not address or address == "#":
        yield _error("link_empty", f"{_at(line, pointer)}a link leads nowhere.", pointer)
    elif WORD.match(address) or address.startswith("#"):
        return
    elif not links.scheme(address):
        yield _error(
            "link_relative", f"{_at(line, pointer)}{address[:80]} has no scheme, and a mail is on no site.", pointer
        )
    elif not links.safe(address):
        yield _error("link_unsafe", f"{_at(line, pointer)}{address[:80]} is no address for a mail.", pointer)


def _uses(text: Text) -> list[Use]:
    """All variables of a text and its partials that it does not name itself."""
    walk = _Walk()
    walk.nodes(text, text.nodes, frozenset(), "")
    return [
        use._replace(defaulted=use.defaulted or use.path in walk.asked)
        for use in walk.found
        if use.path[0] not in walk.named
    ]


class _Walk:
    """One way through a parsed text. What is asked for anywhere counts as seen to where it is printed."""

    def __init__(self) -> None:
        self.found: list[Use] = []
        self.named: set[str] = set()  # by assign, capture and counters, from wherever on
        self.asked: set[tuple[str, ...]] = set()
        self.seen: set[str] = set()

    def nodes(self, text: Text, several: Iterable[Node], scope: frozenset[str], partial: str) -> None:
        for node in several:
            self.named.update(str(one) for one in node.template_scope())
            if isinstance(node, RenderNode | IncludeNode):
                self._partial(text, node, scope, partial)
                continue
            asking = isinstance(node, IfNode | UnlessNode | CaseNode)
            for expression in node.expressions():
                self._expression(expression, scope, partial, asking=asking)
            inner = scope | {str(one) for one in node.block_scope()}
            self.nodes(text, node.children(_NOWHERE, include_partials=False), inner, partial)

    def _partial(self, text: Text, node: RenderNode | IncludeNode, scope: frozenset[str], partial: str) -> None:
        given = {arg.name for arg in node.args}
        for arg in node.args:
            self._expression(arg.value, scope, partial)
        if node.var is not None:
            self._expression(node.var, scope, partial)
        name = str(node.name.value) if isinstance(node.name, StringLiteral) else ""
        given.add(str(node.alias or name))
        inner = text.partials.get(name)
        if inner is not None and name not in self.seen:
            self.seen.add(name)
            around = scope if isinstance(node, IncludeNode) else frozenset[str]()
            self.nodes(inner, inner.nodes, around | given | {"forloop"}, name)

    def _expression(self, expression: Any, scope: frozenset[str], partial: str, *, asking: bool = False) -> None:
        left, defaulted = expression, False
        if isinstance(expression, FilteredExpression):
            left = expression.left
            defaulted = any(one.name == "default" for one in expression.filters or ())
        for path, token in _paths(left):
            if path[0] in scope:
                continue
            if asking:
                self.asked.add(path)
            line = line_of(token.source, max(0, token.start_index))
            self.found.append(Use(path, line, defaulted or asking, partial))
        if left is not expression:
            for one in expression.filters or ():
                for argument in one.children():
                    self._expression(argument, scope, partial)


def _paths(expression: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    if isinstance(expression, Path):
        words = [one for one in expression.path if not isinstance(one, int)]
        cut = next((number for number, one in enumerate(words) if not isinstance(one, str)), len(words))
        if cut:
            yield tuple(str(one) for one in words[:cut]), expression.token
    for one in expression.children():
        yield from _paths(one)


def _say(severity: Any) -> Callable[[str, str, str], Finding]:
    def say(code: str, message: str, pointer: str) -> Finding:
        return Finding(severity=severity, code=code, message=message, pointer=pointer)

    return say


_error, _warning = _say("error"), _say("warning")
