"""Liquid as mails have it: python-liquid's grammar, with our scanner, tags, filters and bounds.

Loaded with the first template, as it takes a tenth of a second.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, ClassVar, Final, cast

from liquid import Environment, Token
from liquid.builtin.expressions import Path
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.exceptions import (
    LiquidError,
    LiquidInterrupt,
    LiquidSyntaxError,
    ResourceLimitError,
    TemplateNotFoundError,
    UnknownFilterError,
)
from liquid.template import BoundTemplate
from liquid.token import TOKEN_CONTENT, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG

from chalicelib import errors
from chalicelib.services.rendering.filters import IN_HTML, IN_TEXT
from chalicelib.services.rendering.limits import Meter, bounded
from chalicelib.services.rendering.marks import Unreadable, line_of, scan, unclosed
from chalicelib.services.rendering.state import Buffer, Context, Swift
from chalicelib.services.rendering.tags import TAGS, nodes_of, weight

_SKIPPED: Final = ("comment", "#")
_SHOWN: Final = 120  # characters of a message of the grammar's

# What the engine may stumble over in a text or its values, besides its own errors.
_STUMBLES: Final = (
    LiquidError,
    LiquidInterrupt,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


class Text(BoundTemplate):
    """A parsed text. `partials` are the texts that it, or those, render by name."""

    context_class = Context
    partials: Mapping[str, "Text"]
    weight: int
    needs: frozenset[str]

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.partials, self.weight = {}, 1 + weight(self.nodes)
        self.needs = frozenset(
            word for node in nodes_of(self.nodes) for one in node.expressions() for word in _first(one)
        )

    def write(self, variables: Mapping[str, object]) -> str:
        """The text with these values. Raises `Invalid`, without a pointer."""
        meter = Meter()
        buffer = Buffer(meter)
        try:
            self.render_with_context(Context(self, globals=variables, meter=meter), cast(Any, buffer))
        except _STUMBLES as error:
            raise refusal(error) from None
        return buffer.getvalue()

    def render_with_context(self, context: Any, buffer: Any, *given: Any, **named: Any) -> None:
        """Once for a mail, and for each time that a partial is rendered."""
        context.meter.spend(self.weight)
        super().render_with_context(context, buffer, *given, **named)


class Engine(Environment):
    """One for HTML and one for plain texts, in a process."""

    block_nesting_limit: ClassVar[int] = 20
    context_depth_limit: ClassVar[int] = 20
    template_class = Text

    def __init__(self, *, html: bool) -> None:
        self.html = html
        super().__init__()

    def __hash__(self) -> int:
        # The engine finds the parser of an environment by this; two that compare different have one each.
        return id(self)

    def setup_tags_and_filters(self, **_named: Any) -> None:
        """Ours, and no others."""
        for tag in TAGS[self.html]:
            self.add_tag(tag)
        self.filters = dict(IN_HTML if self.html else IN_TEXT)

    def tokenizer(self) -> Callable[[str], Iterator[Token]]:
        """Our scanner, which takes no more time than there is text."""
        return _tokens

    def get_template(self, name: str, *, context: Any = None, **_named: Any) -> BoundTemplate:
        """The partial of this name. Raises `TemplateNotFoundError`."""
        found = context.template.partials.get(name) if context is not None else None
        if found is None:
            raise TemplateNotFoundError(name)
        return cast(BoundTemplate, found)


@cache
def engine(*, html: bool) -> Engine:
    """The engine of HTML, or of plain texts."""
    _bound_ranges()
    return Engine(html=html)


def parse(source: str, name: str, *, html: bool) -> Text:
    """A text that can be written. Raises `Invalid`, without a pointer."""
    made = engine(html=html)
    try:
        text = cast(Text, made.from_string(source, name=name))
    except _STUMBLES as error:
        raise refusal(error, source) from None
    for found in nodes_of(text.nodes):
        for expression in found.expressions():
            _settle(made, expression, source)
    return text


def refusal(error: BaseException, source: str = "") -> errors.Invalid:
    """What the engine says, in our words: the code, and the line if it is known."""
    if isinstance(error, Unreadable):
        return _invalid("liquid_syntax", error.message, line_of(source, error.at))
    token = getattr(error, "token", None)
    line = line_of(token.source, token.start_index) if token is not None and token.start_index >= 0 else None
    said = str(error.args[0])[:_SHOWN] if isinstance(error, LiquidError) and error.args else "It cannot be read."
    if isinstance(error, RecursionError):
        return _invalid("liquid_limit", "It is nested too deep.", line)
    if isinstance(error, ResourceLimitError):
        return _invalid("liquid_limit", said, line)
    if " positional argument" in said or "unexpected keyword" in said:
        said = f"{said.partition(':')[0]} is given too few or too many values."
    if isinstance(error, TemplateNotFoundError):
        return _invalid("unknown_partial", f"There is no partial {said}.", line)
    if isinstance(error, UnknownFilterError | LiquidSyntaxError):
        return _invalid("liquid_syntax", said, line)
    return _invalid("liquid_failed", said, line)


def _invalid(code: str, message: str, line: int | None) -> errors.Invalid:
    return errors.invalid("", code, message if line is None else f"Line {line}: {message}")


def _first(expression: Any) -> Iterator[str]:
    """The first words of the variables in it; those that the text names itself are among them."""
    if isinstance(expression, Path):
        yield str(expression.path[0])
    for one in expression.children():
        yield from _first(one)


def _settle(made: Engine, expression: Any, source: str) -> None:
    """See that all filters of an expression are there, and that its paths are swift."""
    if type(expression) is Path and all(isinstance(one, str) for one in expression.path):
        expression.__class__ = Swift
    for one in getattr(expression, "filters", None) or ():
        if one.name not in made.filters:
            raise refusal(UnknownFilterError(f"unknown filter '{one.name}'", token=one.token), source)
    for inner in expression.children():
        _settle(made, inner, source)


def _tokens(source: str) -> Iterator[Token]:
    try:
        marks = scan(source)
    except Unreadable as error:
        at = min(error.at, len(source) - 1)
        raise LiquidSyntaxError(error.message, token=Token(TOKEN_TAG, "", at, source)) from None
    wrong = unclosed(marks)
    if wrong is not None:
        message = f"{{% {wrong.name} %}} has no counterpart."
        raise LiquidSyntaxError(message, token=Token(TOKEN_TAG, wrong.name, wrong.start, source))
    at, strip, tokens = 0, False, cast(list[Token], [])
    for mark in marks:
        _text(tokens, source, at, mark.start, strip, mark.trims_before)
        at, strip = mark.end, mark.trims_after
        if mark.name in (*_SKIPPED, "raw", "endraw"):
            continue
        if mark.name:
            tokens.append(Token(TOKEN_TAG, mark.name, mark.start, source))
        else:
            tokens.append(Token(TOKEN_OUTPUT, source[mark.start : mark.end], mark.start, source))
        if mark.inner:
            tokens.append(Token(TOKEN_EXPRESSION, mark.inner, mark.inner_at, source))
    _text(tokens, source, at, len(source), strip, False)
    return iter(tokens)


def _text(tokens: list[Token], source: str, start: int, end: int, left: bool, right: bool) -> None:
    text = source[start:end]
    text = text.lstrip() if left else text
    text = text.rstrip() if right else text
    if text:
        tokens.append(Token(TOKEN_CONTENT, text, start, source))


def _bound_ranges() -> None:
    """Let no range be longer than a list may be, wherever it is used; the engine itself looks at loops only."""
    make = RangeLiteral._make_range

    def bounded_range(self: RangeLiteral, start: Any, stop: Any) -> range:
        made = make(self, start, stop)
        bounded(made)
        return made

    if make.__name__ != bounded_range.__name__:
        setattr(RangeLiteral, "_make_range", bounded_range)  # noqa: B010 - mypy refuses to see a method replaced
