"""The structs that cross the wire as JSON Schemas, and an example object of each, built from its fields."""

from collections.abc import Iterable
from typing import Any, Final, get_args

import msgspec

from chalicelib.errors import Flaw
from chalicelib.handlers import _openapi_words as words
from chalicelib.handlers._problem import Problem
from chalicelib.handlers._routes import Route

Schema = dict[str, Any]

PREFIX: Final = "#/components/schemas/"
PROBLEM: Final = {"$ref": f"{PREFIX}Problem"}


class Book:
    """All component schemas of these routes, and what the document needs to know of each route's structs."""

    def __init__(self, routes: Iterable[Route]) -> None:
        routes = list(routes)
        types = {_view(route) for route in routes if route.returns is not None} | {Problem}
        types |= {route.body for route in routes if route.body is not None}
        types |= {route.begins for route in routes if not isinstance(route.begins, bool)}
        ordered = sorted(types, key=str)
        found, components = msgspec.json.schema_components(ordered, ref_template=PREFIX + "{name}")
        self._of = dict(zip(ordered, found, strict=True))
        for name, schema in components.items():
            components[name] = _tidied(name, schema)
        for route in routes:
            if route.paged:
                components[_list_name(route)] = _list_schema(self._of[_view(route)])
        components["Problem"]["properties"]["errors"]["items"] = _flaw()
        self.components: dict[str, Schema] = dict(sorted(components.items()))
        bodies = {self._of[route.body]["$ref"] for route in routes if route.body is not None}
        for name, schema in self.components.items():
            if name != "Problem":  # of which each status has its own
                whole = self._example({"$ref": PREFIX + name})
                schema["examples"] = [_acceptable(schema, whole) if PREFIX + name in bodies else whole]

    def reference(self, kind: Any) -> Schema:
        """The schema of a type, a reference if it is a struct."""
        return self._of[kind]

    def answer(self, route: Route) -> Schema:
        """What a route answers when all went well."""
        return {"$ref": PREFIX + _list_name(route)} if route.paged else self._of[_view(route)]

    def query(self, route: Route) -> list[Schema]:
        """The query parameters of a route, in the order of their struct."""
        if route.query is None:
            return []
        schema = _portable(_inlined(msgspec.json.schema(route.query)))
        return [
            {
                "name": name,
                "in": "query",
                "required": name in schema["required"],
                "description": one.get("description") or words.QUERY[name],
                "schema": _not_null(one),
            }
            for name, one in schema["properties"].items()
            if name != "custom"  # whose names are the firm's own; the operation's description has a word on it
        ]

    def _example(self, schema: Schema, struct: str = "", field: str = "") -> Any:
        """A value that fits the schema of a struct's field: its own example, or one made of those of its parts."""
        for place in (f"{struct}.{field}", field):
            if place in words.EXAMPLES:
                return words.EXAMPLES[place]
        if "$ref" in schema:
            struct = schema["$ref"].removeprefix(PREFIX)
            schema = self.components[struct]
        if "properties" in schema:
            return {name: self._example(one, struct, name) for name, one in schema["properties"].items()}
        if "examples" in schema:
            return schema["examples"][0]
        if "enum" in schema:
            return schema.get("default", schema["enum"][0])
        if "anyOf" in schema:
            return self._example(schema["anyOf"][0], struct, field)
        if schema.get("type") == "array":
            return [self._example(schema["items"], struct)]
        return schema.get("default", _PLAIN.get(schema.get("type", "object")))


_PLAIN: Final[dict[str, Any]] = {"string": "text", "integer": 1, "number": 0.5, "boolean": True, "object": {}}


def _acceptable(schema: Schema, body: Schema) -> Schema:
    """A body that the API takes as it stands: without ids of records that the reader does not have, unless it must."""
    needed = schema.get("required", ())
    return {
        name: value
        for name, value in body.items()
        if name in needed or (not name.endswith("_id") and value is not None and value not in ({}, []))
    }


def _view(route: Route) -> Any:
    """The struct that a route answers; of a list, the struct of its rows."""
    return get_args(route.returns)[0] if route.paged else route.returns


def _list_name(route: Route) -> str:
    name: str = _view(route).__name__
    return name.removesuffix("View") + "List"


def _list_schema(row: Schema) -> Schema:
    return {
        "description": "One page. `next_cursor` gets the next one, and is null on the last.",
        "type": "object",
        "properties": {
            "data": {"type": "array", "items": row},
            "next_cursor": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["data", "next_cursor"],
    }


def _flaw() -> Schema:
    properties = {name: {"type": "string", "description": words.FLAW[name]} for name in Flaw._fields}
    return {"type": "object", "properties": properties, "required": list(Flaw._fields)}


def _tidied(name: str, schema: Schema) -> Schema:
    """msgspec's schema without a title that repeats the name, and with a word on what a merge patch is."""
    schema = {key: value for key, value in _portable(schema).items() if key != "title"}
    if name.endswith("Patch"):
        schema = {"description": words.PATCH, **schema}
    return schema


def _portable(schema: Any) -> Any:
    """The schema with patterns as JSON Schema means them (ECMA 262), where `$` is the end and nothing else."""
    if isinstance(schema, dict):
        return {
            key: value.replace(r"$(?!\n)", "$") if key == "pattern" and isinstance(value, str) else _portable(value)
            for key, value in schema.items()
        }
    return [_portable(one) for one in schema] if isinstance(schema, list) else schema


def _inlined(schema: Schema) -> Schema:
    """The one struct that a reference-only schema points to."""
    found: Schema = schema["$defs"][schema["$ref"].rpartition("/")[2]]
    return found


def _not_null(schema: Schema) -> Schema:
    """A query parameter is there or not, never null."""
    if "anyOf" not in schema:
        return schema
    return next(one for one in schema["anyOf"] if one != {"type": "null"})
