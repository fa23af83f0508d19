"""What templates are rendered with: where a text is written to, the names it knows, and swift ways to their values."""

from collections.abc import Callable
from functools import partial
from typing import Any, cast

from liquid import RenderContext, Token
from liquid.builtin.expressions import Path
from liquid.exceptions import UnknownFilterError
from liquid.utils import ReadOnlyChainMap

from chalicelib.services.rendering.limits import OUTPUT, Limit, Meter, checked


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
