"""The tags of templates, and blocks that count what they do.

In HTML a tag prints escaped, whatever it prints; what was captured is HTML already.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final, cast

from liquid import Token
from liquid.ast import BlockNode, Node
from liquid.builtin import content, illegal, output
from liquid.builtin.expressions import Path
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
from liquid.parser import get_parser
from liquid.stream import TokenStream
from liquid.tag import Tag
from liquid.token import TOKEN_TAG
from markupsafe import Markup, escape

from chalicelib.services.rendering import links
from chalicelib.services.rendering.coercing import text_of
from chalicelib.services.rendering.state import Buffer

LINK: Final = "_link"  # our own tag around the value of an attribute that is an address


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
TAGS: Final[dict[bool, tuple[type[Tag], ...]]] = {
    True: (*_EVERYWHERE, OutputInHtml, CaptureInHtml, EchoInHtml, CycleInHtml, LinkTag),
    False: (*_EVERYWHERE, OutputInText, capture_tag.CaptureTag, echo_tag.EchoTag, cycle_tag.CycleTag),
}


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


def _length(expression: Any) -> int:
    own = len(expression.path) if isinstance(expression, Path) else 1
    return own + sum(_length(one) for one in expression.children())
