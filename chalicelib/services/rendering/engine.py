"""Liquid as mails have it: python-liquid's grammar and its nodes, with our tags, filters, bounds and escaping.

What a tag prints in HTML is escaped, whatever it comes from - values, and words in the template alike. Only what was
captured is HTML already. Loaded with the first template, as it takes a tenth of a second.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import Any, ClassVar, Final, cast

from liquid import Environment, RenderContext, Token
from liquid.ast import BlockNode, Node
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions import Path
from liquid.builtin.expressions.primitive import RangeLiteral
from liquid.builtin.tags import (
    assign_tag,
    capture_tag,
    case_tag,
    cycle_tag,
    decrement_tag,
    echo_tag,
    for_tag,
    if_tag,
    ifchanged_tag,
    include_tag,
    increment_tag,
    render_tag,
    tablerow_tag,
    unless_tag,
)
from liquid.exceptions import (
    LiquidError,
    LiquidInterrupt,
    LiquidSyntaxError,
    ResourceLimitError,
    TemplateNotFoundError,
    UnknownFilterError,
)
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.template import BoundTemplate
from liquid.token import TOKEN_CONTENT, TOKEN_EXPRESSION, TOKEN_OUTPUT, TOKEN_TAG
from liquid.utils import ReadOnlyChainMap
from markupsafe import Markup, escape

from chalicelib import errors
from chalicelib.services.rendering import links
from chalicelib.services.rendering.filters import IN_HTML, IN_TEXT, text_of
from chalicelib.services.rendering.limits import OUTPUT, Limit, Meter, bounded, checked
from chalicelib.services.rendering.marks import Unreadable, line_of, scan, unclosed

LINK: Final = "_link"  # our own tag around the value of an attribute that is an address
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


class Buffer:
    """What a part of a mail, or something captured, is written to."""

    __slots__ = ("_parts", "_room", "meter")

    def __init__(self, meter: Meter) -> None:
        self.meter, self._parts, self._room = meter, cast(list[str], []), OUTPUT

    def write(self, text: str) -> int:
        """Add a text. Raises `Limit`."""
        count = len(text)
        self._room -= count
        if self._room < 0:
            raise Limit(f"The text is longer than {OUTPUT} characters.")
        self._parts.append(text)
        return count

    def getvalue(self) -> str:
        """All that was written. Raises `Limit` when all buffers together have too much."""
        self.meter.write(OUTPUT - self._room)
        return "".join(self._parts)


class Swift(Path):
    """A path of words through plain objects, as nearly all are; the engine's own way takes three times as long."""

    __slots__ = ()

    def evaluate(self, context: RenderContext) -> object:
        """What it leads to."""
        try:
            value: Any = context.scope[cast(str, self.path[0])]
            for word in self.path[1:]:
                if type(value) is not dict:
                    return context.get(cast(list[object], self.path), token=self.token)
                value = value[word]
        except (KeyError, TypeError):
            return context.get(cast(list[object], self.path), token=self.token)
        return value


class Context(RenderContext):
    """The state of one rendering, and of each partial in it; all of them share a meter."""

    __slots__ = ("meter",)

    def __init__(self, template: Any, *, parent_context: Any = None, meter: Meter | None = None, **more: Any) -> None:
        super().__init__(template, parent_context=parent_context, **more)
        self.meter: Meter = meter or (parent_context.meter if parent_context else Meter())
        # Without the engine's own names, of which `now` reads another clock than ours.
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)

    def assign(self, key: str, val: Any) -> None:
        """Name a value. Raises `Limit`."""
        self.meter.names -= 1
        if self.meter.names < 0:
            raise Limit("The text names too many values.")
        self.locals[key] = checked(val)

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        """The filter of this name, which spends from our meter."""
        try:
            return partial(self.env.filters[name], self.meter)
        except KeyError:
            raise UnknownFilterError(f"unknown filter '{name}'", token=token) from None

    def get_buffer(self, buf: Any = None) -> Any:  # noqa: ARG002 - the engine's signature
        """Where something captured goes."""
        return Buffer(self.meter)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        """Loops are bounded by what they do, which their blocks spend."""


class Metered(BlockNode):
    """A block that is rendered again and again, and spends each time what it may do once."""

    __slots__ = ("weight",)

    def __init__(self, block: BlockNode) -> None:
        super().__init__(block.token, block.nodes)
        self.weight = 1 + weight(block.nodes)

    def render_to_output(self, context: Any, buffer: Any) -> int:
        """Raises `Limit`."""
        context.meter.spend(self.weight)
        return super().render_to_output(context, buffer)


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


class EscapedOutput(output.OutputNode):
    """Prints a value into HTML."""

    __slots__ = ()

    def render_to_output(self, context: Any, buffer: Any) -> int:
        """Escaped, unless it is HTML already."""
        value = self.expression.evaluate(context)
        return int(buffer.write(value if type(value) is Markup else escape(text_of(value))))


class PlainOutput(output.OutputNode):
    """Prints a value into plain text."""

    __slots__ = ()

    def render_to_output(self, context: Any, buffer: Any) -> int:
        """As it is."""
        return int(buffer.write(text_of(self.expression.evaluate(context))))


class CapturedHtml(capture_tag.CaptureNode):
    """Keeps a piece of HTML."""

    __slots__ = ()

    def _assign(self, context: Any, buf: Any) -> None:
        context.assign(self.name, Markup(buf.getvalue()))  # noqa: S704 - what is in it was escaped when it was written


class LinkNode(Node):
    """The value of an attribute that is an address: what is none that a mail may lead to becomes `#`."""

    __slots__ = ("block",)

    def __init__(self, token: Token, block: BlockNode) -> None:
        super().__init__(token)
        self.block, self.blank = block, False

    def render_to_output(self, context: Any, buffer: Any) -> int:
        """Write it, if it is safe."""
        inner = Buffer(context.meter)
        self.block.render(context, cast(Any, inner))
        value = inner.getvalue()
        return int(buffer.write(value if links.safe(value) else "#"))

    def children(self, *_given: Any, **_named: Any) -> Iterable[Node]:
        """What is in it."""
        return (self.block,)


class LinkTag(Tag):
    """Put around values by us, and by nobody else."""

    name = LINK
    end = f"end{LINK}"

    def parse(self, stream: TokenStream) -> Node:
        """The block up to its end."""
        token = stream.eat(TOKEN_TAG)
        block = get_parser(self.env).parse_block(stream, frozenset((self.end,)))
        stream.expect(TOKEN_TAG, value=self.end)
        return LinkNode(token, block)


class Looping(for_tag.ForTag):
    """`for`, whose block spends."""

    def parse(self, stream: TokenStream) -> Node:
        """As usual."""
        node = cast(Any, super().parse(stream))
        node.block = Metered(node.block)
        return cast(Node, node)


class Rows(tablerow_tag.TablerowTag):
    """`tablerow`, whose block spends."""

    def parse(self, stream: TokenStream) -> tablerow_tag.TablerowNode:
        """As usual."""
        node = super().parse(stream)
        node.block = Metered(node.block)
        return node


class OutputInHtml(output.Output):
    """`{{ }}` in HTML."""

    node_class = EscapedOutput


class OutputInText(output.Output):
    """`{{ }}` in a text."""

    node_class = PlainOutput


class CaptureInHtml(capture_tag.CaptureTag):
    """`capture` in HTML."""

    node_class = CapturedHtml


class EchoInHtml(echo_tag.EchoTag):
    """`echo` in HTML."""

    class node_class(EscapedOutput, echo_tag.EchoNode):  # noqa: N801 - the engine asks for it under this name
        """Escapes."""

        __slots__ = ()


class CycleInHtml(cycle_tag.CycleTag):
    """`cycle` in HTML."""

    class node_class(cycle_tag.CycleNode):  # noqa: N801 - the engine asks for it under this name
        """Escapes what comes round."""

        __slots__ = ()

        def render_to_output(self, context: Any, buffer: Any) -> int:
            """One of the values, escaped."""
            inner = Buffer(context.meter)
            super().render_to_output(context, cast(Any, inner))
            return int(buffer.write(escape(inner.getvalue())))


_EVERYWHERE: Final[tuple[type[Tag], ...]] = (
    content.Literal,
    illegal.Illegal,
    if_tag.IfTag,
    unless_tag.UnlessTag,
    case_tag.CaseTag,
    Looping,
    for_tag.BreakTag,
    for_tag.ContinueTag,
    Rows,
    assign_tag.AssignTag,
    increment_tag.IncrementTag,
    decrement_tag.DecrementTag,
    include_tag.IncludeTag,
    render_tag.RenderTag,
    ifchanged_tag.IfChangedTag,
)
_TAGS: Final[dict[bool, tuple[type[Tag], ...]]] = {
    True: (*_EVERYWHERE, OutputInHtml, CaptureInHtml, EchoInHtml, CycleInHtml, LinkTag),
    False: (*_EVERYWHERE, OutputInText, capture_tag.CaptureTag, echo_tag.EchoTag, cycle_tag.CycleTag),
}


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
        for tag in _TAGS[self.html]:
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


def nodes_of(several: Iterable[Node]) -> Iterator[Node]:
    """These nodes and all below them, partials not followed."""
    for node in several:
        yield node
        yield from nodes_of(node.children(cast(Any, None), include_partials=False))


def weight(several: Iterable[Node]) -> int:
    """How many steps these nodes take at most, once; what is repeated or has filters counts itself."""
    total = 0
    for node in several:
        total += 1 + sum(_length(one) for one in node.expressions())
        inner = [one for one in node.children(cast(Any, None), include_partials=False) if type(one) is not Metered]
        total += weight(inner)
    return total


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


def _length(expression: Any) -> int:
    own = len(expression.path) if isinstance(expression, Path) else 1
    return own + sum(_length(one) for one in expression.children())


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
