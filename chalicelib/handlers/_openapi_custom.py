"""A firm's own fields in the description that it reads: the members of `custom`, with type, label and options."""

import copy
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.schemas.field import FieldView
from chalicelib.schemas.money import MOST
from chalicelib.services.custom_values import LONGEST, PREFIXES

Schema = dict[str, Any]
_ABOUT: Final = "Values of the firm's own fields, by their names"
_NULL: Final = {"type": "null"}
_MONEY: Final = {
    "type": "object",
    "properties": {
        "amount": {"type": "integer", "minimum": -MOST, "maximum": MOST},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
    },
    "required": ["amount", "currency"],
    "additionalProperties": False,
}
_PLAIN: Final[dict[str, Schema]] = {
    "text": {"type": "string", "maxLength": LONGEST},
    "number": {"type": "number"},
    "money": _MONEY,
    "date": {"type": "string", "format": "date"},
    "bool": {"type": "boolean"},
    "url": {"type": "string", "format": "uri", "maxLength": LONGEST},
}


def described(document: Schema, fields: Mapping[str, Mapping[str, FieldView]]) -> Schema:
    """The document with the fields of each noun by name. The one that is given stays as it is."""
    result = {**document, "components": {**document["components"]}}
    schemas = result["components"]["schemas"] = {**document["components"]["schemas"]}
    for noun, by_name in fields.items():
        for form in ("Draft", "Patch", "View") if by_name else ():
            name = f"{noun.title()}{form}"
            schemas[name] = _with_custom(schemas[name], form, by_name)
    return result


def _with_custom(schema: Schema, form: str, fields: Mapping[str, FieldView]) -> Schema:
    schema = copy.deepcopy(schema)
    # A record that was read may have values of deleted fields; a written one has values of these only.
    custom: Schema = {"type": "object", "description": _ABOUT, "additionalProperties": form == "View"}
    custom["properties"] = {name: _value(field, form) for name, field in sorted(fields.items())}
    schema["properties"]["custom"] = {"anyOf": [custom, _NULL]} if form == "Patch" else custom
    for example in schema.get("examples", ()):
        example.pop("custom", None)
        if form == "View":
            example["custom"] = {}
    return schema


def _value(field: FieldView, form: str) -> Schema:
    schema = {"title": field.label, "description": field.description or field.label, **_typed(field, form)}
    if form != "Patch":
        return schema
    return {"title": schema.pop("title"), "description": schema.pop("description"), "anyOf": [schema, _NULL]}


def _typed(field: FieldView, form: str) -> Schema:
    options = {"type": "string", "enum": [*field.options, *(field.retired if form == "View" else ())]}
    if field.type == "enum":
        return options
    if field.type == "multi":
        return {"type": "array", "items": options, "uniqueItems": form == "View"}
    if field.type == "reference":
        return {"type": "string", "pattern": f"^{PREFIXES[field.refers_to or '']}_[0-7][0-9A-HJKMNP-TV-Z]{{25}}$"}
    return dict(_PLAIN[field.type])
