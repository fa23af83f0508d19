"""A rule as a client writes it, made into what can be asked; or told what does not fit, each with its place."""

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from chalicelib import errors
from chalicelib.errors import Flaw
from chalicelib.models import keys
from chalicelib.models.guard import Guard
from chalicelib.models.table import fetch
from chalicelib.schemas.field import FieldView
from chalicelib.services import fields, settings
from chalicelib.services.rules import catalog, nodes
from chalicelib.services.rules.columns import Owned
from chalicelib.services.rules.kinds import KINDS
from chalicelib.services.rules.nodes import Condition, Group, Node, Some
from chalicelib.services.rules.operands import Context, When
from chalicelib.services.rules.values import Field

DEPTH: Final = 10  # groups inside one another
CONDITIONS: Final = 100
BYTES: Final = 30_000  # of JSON: a rule is read whenever somebody is evaluated anew
_OPS: Final = tuple(dict.fromkeys(op for ops in KINDS.values() for op in ops))
_MEMBERS: Final = ("field", "op", "value")
# A contact into which another one is merged, or no longer, has other deals, orders and mails than before.
_GATHERED: Final = frozenset({("contact", "layers")})
_SHAPE: Final = "Expected a condition {field, op, value}, or a group: one of all, any, not with a list"


def tree(tenant: str, plain: Any, pointer: str, *, kept: bool) -> Node:
    """The rule as a tree. Raises `Invalid` with everything that is wrong, each at its place below `pointer`.

    Half a unit for each noun of whose own fields it asks, and for an amount of money without a currency.
    """
    try:
        size = len(msgspec.json.encode(plain))
    except (TypeError, ValueError, RecursionError, UnicodeError, OverflowError):
        raise errors.invalid(pointer, "format", "This is no JSON.") from None
    if size > BYTES:
        raise errors.invalid(pointer, "length", f"A rule has at most {BYTES} bytes.")
    parser = _Parser(tenant, kept)
    found = parser.group(plain, pointer, 1, catalog.CONTACT)
    if parser.conditions > CONDITIONS:
        parser.flaw(pointer, "length", f"A rule has at most {CONDITIONS} conditions, not {parser.conditions}.")
    if parser.flaws or found is None:
        raise errors.Invalid("The rule is not acceptable.", *parser.flaws)
    return found


@dataclass
class _Parser:
    tenant: str
    kept: bool
    conditions: int = 0
    flaws: list[Flaw] = field(default_factory=list)
    known: dict[str, dict[str, FieldView]] = field(default_factory=dict)

    def flaw(self, pointer: str, code: str, message: str) -> None:
        self.flaws.append(Flaw(pointer, code, message))

    def group(self, plain: Any, pointer: str, depth: int, scope: str) -> Node | None:
        """As `node`, where a condition alone is not enough."""
        if isinstance(plain, dict) and len(plain) == 1 and next(iter(plain)) in nodes.HOW:
            return self.node(plain, pointer, depth, scope)
        self.flaw(pointer, "type", "A rule is a group: one of all, any, not, with a list of conditions.")
        return None

    def node(self, plain: Any, pointer: str, depth: int, scope: str) -> Node | None:
        if not isinstance(plain, dict) or not plain:
            self.flaw(pointer, "type", f"{_SHAPE}.")
            return None
        if "field" in plain or "op" in plain or "value" in plain:
            return self.condition(plain, pointer, scope)
        if len(plain) > 1:
            self.flaw(pointer, "type", f"{_SHAPE}; several at once have no order: put one into the other.")
            return None
        ((name, inner),) = plain.items()
        below = f"{pointer}/{_escaped(name)}"
        if depth > DEPTH:
            self.flaw(below, "depth", f"Groups go {DEPTH} deep at most.")
            return None
        if name in nodes.HOW:
            return self.members(name, inner, below, depth, scope)
        if name in catalog.SOME and scope == catalog.CONTACT:
            part = self.node(inner, below, depth + 1, name)
            return Some(name, part) if part is not None else None
        more = f", or {', '.join(catalog.SOME)} with one" if scope == catalog.CONTACT else ""
        self.flaw(below, "unknown_field", f"{_SHAPE}{more}.")
        return None

    def members(self, how: str, plain: Any, pointer: str, depth: int, scope: str) -> Node | None:
        if how == "not" and isinstance(plain, dict):
            part = self.node(plain, pointer, depth + 1, scope)
            return Group(how, (part,)) if part is not None else None
        if not isinstance(plain, list) or not plain:
            self.flaw(pointer, "type", "Expected a list of at least one condition or group.")
            return None
        parts = [self.node(one, f"{pointer}/{number}", depth + 1, scope) for number, one in enumerate(plain)]
        good = [part for part in parts if part is not None]
        return Group(how, tuple(good)) if good else None

    def condition(self, plain: dict[Any, Any], pointer: str, scope: str) -> Node | None:
        self.conditions += 1
        if self.conditions > CONDITIONS:
            return None
        for name in plain:
            if name not in _MEMBERS:
                self.flaw(f"{pointer}/{_escaped(name)}", "unknown_field", "A condition has field, op and value.")
        name, op = plain.get("field"), plain.get("op")
        for member, value in (("field", name), ("op", op)):
            if not isinstance(value, str):
                self.flaw(f"{pointer}/{member}", "required", f"A condition names its {member}, a text.")
        if not isinstance(name, str) or not isinstance(op, str):
            return None
        try:
            return self.asked(name, op, plain, pointer, scope)
        except errors.Invalid as error:
            self.flaws += error.flaws
            return None

    def asked(self, name: str, op: str, plain: dict[Any, Any], pointer: str, scope: str) -> Node:
        """The condition. Raises `Invalid`."""
        noun, _, rest = name.partition(".")
        if scope == catalog.CONTACT and noun in ("deal", "order") and rest:
            return Some(noun, self.asked(rest, op, plain, pointer, noun))
        found = catalog.resolve(scope, name, self.own)
        if found is None:
            raise self.unknown(name, f"{pointer}/field", scope)
        fitting = KINDS[found.kind].get(op)
        if fitting is None:
            raise errors.invalid(f"{pointer}/op", "not_allowed", _no_op(found, op))
        if "value" not in plain and op != "exists":
            raise errors.invalid(f"{pointer}/value", "required", f"`{op}` is compared with a value.")
        context = Context(lambda: str(settings.of(self.tenant).currency), self.kept)
        wanted = fitting.read(found, plain.get("value"), f"{pointer}/value", context)
        timely = fitting.timely and (found.kind != "count" or bool(found.window))
        needs = found.needs | ({"zone"} if _of_days(found, wanted, timely) else frozenset())
        return Condition(found, fitting.build(found, wanted), timely, needs)

    def own(self, noun: str, name: str) -> Owned | None:
        """The firm's field of a noun: also one that is gone, if it was there when the rule was accepted."""
        if noun not in self.known:
            self.known[noun] = fields.definitions(self.tenant, noun)
        found = self.known[noun].get(name)
        if found is not None:
            return Owned(found.type, found.label, (*found.options, *found.retired), found.refers_to)
        return _gone(self.tenant, noun, name) if self.kept else None

    def unknown(self, name: str, pointer: str, scope: str) -> errors.Invalid:
        """That there is no such field, and which might be meant."""
        lead, custom, rest = name.rpartition("custom.")
        noun = "company" if lead == "company." else scope
        if custom and lead in ("", "company.") and noun in ("contact", "company", "deal"):
            return fields.unknown(pointer, rest, self.known[noun])
        from difflib import get_close_matches  # only for a typing error

        there = catalog.names(scope)
        near = get_close_matches(name[:60], there, n=5, cutoff=0.5) or there
        what = "contact" if scope == catalog.CONTACT else scope
        sentence = f"A rule knows no field {name[:60]!r} of a {what}; there are {', '.join(near)}."
        return errors.invalid(pointer, "unknown", sentence)


def watched(node: Node) -> frozenset[tuple[str, str]]:
    """The attributes, by kind of item, a change of which may change what it says."""
    if isinstance(node, Group):
        return frozenset().union(*map(watched, node.parts))
    if isinstance(node, Some):
        return watched(node.part) | _GATHERED
    found = node.field.watch | ({("contact", "time_zone")} if "zone" in node.needs else frozenset())
    return found | _GATHERED if node.field.needs - {"company"} else found


def _gone(tenant: str, noun: str, name: str) -> Owned | None:
    """A field that was deleted: its name has one type for ever, of which a guard knows. Half a unit."""
    guard = fetch(Guard, *keys.key("guard", tenant=tenant, noun="field_type", field=noun, value=name))
    if guard is None:
        return None
    kind, _, refers_to = str(guard.holder).partition(" ")
    return Owned(kind, name, (), refers_to or None)


def _of_days(found: Field, wanted: Any, timely: bool) -> bool:
    """Whether it matters where the days begin."""
    if isinstance(wanted, When):
        return wanted.day is not None
    return timely and found.kind in ("day", "yearly")


def _no_op(found: Field, op: str) -> str:
    fitting = ", ".join(KINDS[found.kind])
    if op not in _OPS:
        return f"There is no operator {op[:30]!r}; `{found.name}` takes {fitting}."
    return f"`{found.name}` is {found.called}, which takes {fitting}, not {op}."


def _escaped(step: Any) -> str:
    return str(step)[:60].replace("~", "~0").replace("/", "~1")
