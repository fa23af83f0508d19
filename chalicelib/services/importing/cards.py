"""vCards of versions 2.1, 3.0 and 4.0 (RFC 2426, RFC 6350): one card into a draft.

Read by ourselves: three hundred lines of a library's object model would be loaded for what is a list of properties.
"""

import quopri
import re
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from chalicelib.errors import Flaw
from chalicelib.services.importing import values
from chalicelib.services.importing.drafting import Drafted, _Row, add_phones

_FOLD: Final = re.compile(r"\r?\n[ \t]")
_PARAMETERS: Final = re.compile(r';(?:([\w-]+)=)?((?:"[^"]*"|[^;:",]|,)*)')
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_EMAILS: Final = {"home": "home", "internet,home": "home", "other": "other"}
_PHONES: Final = ("cell", "fax", "home", "work")  # the first that is said decides
_ADDRESS: Final = (None, None, "street", "city", "region", "postal_code", "country")


class _Property(NamedTuple):
    name: str
    types: frozenset[str]
    value: str
    label: str | None = None  # what our own cards call a profile, in the client's own spelling

    def text(self) -> str:
        """The value as one text."""
        return _plain(self.value)

    def parts(self, sign: str = ";") -> list[str]:
        """The components of a structured value; a separator behind a backslash does not count."""
        kept = re.findall(rf"((?:[^\\{sign}]|\\.)*)(?:{sign}|$)", self.value, re.DOTALL)
        return [_plain(part).strip() for part in kept[: 1 + len(_ESCAPE.sub("", self.value).split(sign)) - 1]]


def read(text: str, country: str | None = None) -> Drafted:
    """The draft of one card. Never raises: what is wrong is in `flaws`."""
    row = _Row({}, country)
    for prop in _properties(text):
        if prop.value.strip() and prop.name in _READERS:
            try:
                _READERS[prop.name](row, prop)
            except ValueError as error:
                row.flaws.append(Flaw(f"/{prop.name}", "format", str(error)))
    return row.done()


def _properties(text: str) -> list[_Property]:
    found = []
    for line in _unfolded(text):
        head, value = _cut(line)
        name, _, rest = head.partition(";")
        parameters = [(key.upper() or "TYPE", given) for key, given in _PARAMETERS.findall(f";{rest}")] if rest else []
        types = {
            one.lower() for key, given in parameters if key == "TYPE" for one in given.strip('"').split(",") if one
        }
        if "quoted-printable" in types or ("ENCODING", "QUOTED-PRINTABLE") in [(k, v.upper()) for k, v in parameters]:
            value = _decoded(value, next((given for key, given in parameters if key == "CHARSET"), "utf-8"))
        if "pref" in types or any(key == "PREF" for key, _ in parameters):
            types.add("pref")
        label = next((_unquoted(given) for key, given in parameters if key == "X-NAME"), None)
        found.append(_Property(name.rpartition(".")[2].upper(), frozenset(types), value, label))
    return found


def _unfolded(text: str) -> list[str]:
    """Logical lines; those of 2.1 in quoted-printable go on after a `=` at their end."""
    lines: list[str] = []
    for line in _FOLD.sub("", text).splitlines():
        if lines and lines[-1].endswith("=") and "QUOTED-PRINTABLE" in lines[-1].upper():
            lines[-1] = lines[-1][:-1] + line
        elif line.strip():
            lines.append(line)
    return lines


def _cut(line: str) -> tuple[str, str]:
    """Before and after the colon, which may also stand within quotes before."""
    quoted = False
    for place, sign in enumerate(line):
        if sign == '"':
            quoted = not quoted
        elif sign == ":" and not quoted:
            return line[:place], line[place + 1 :]
    return line, ""


def _decoded(value: str, charset: str) -> str:
    data = quopri.decodestring(value.encode("utf-8", "replace"))
    try:
        return data.decode(charset.strip('"'), "replace")
    except LookupError:
        return data.decode("utf-8", "replace")


def _plain(text: str) -> str:
    return _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], text)


def _unquoted(given: str) -> str:
    """A parameter's value, with the signs that RFC 6868 puts for line breaks and quotes."""
    return re.sub(r"\^([n'^])", lambda match: {"n": "\n", "'": '"', "^": "^"}[match[1]], given.strip('"'))


def _name(row: _Row, prop: _Property) -> None:
    last, first, middle, *_ = [*prop.parts(), "", "", ""]
    if together := " ".join(part for part in (first, middle) if part):
        row.put("N", "first_name", together)
    if last:
        row.put("N", "last_name", last)


def _whole_name(row: _Row, prop: _Property) -> None:
    row.whole_name = ("FN", prop.text().strip())


def _email(row: _Row, prop: _Property) -> None:
    kind = "home" if "home" in prop.types else "other" if "other" in prop.types else "work"
    address = values.mail_address(prop.text().strip().removeprefix("mailto:"))
    if address in {one["address"] for one in row.draft.get("emails", ())}:
        return
    entry: dict[str, Any] = {"address": address, "kind": kind}
    _first_if_preferred(row, "emails", prop, entry)


def _first_if_preferred(row: _Row, field: str, prop: _Property, entry: dict[str, Any]) -> None:
    if "pref" in prop.types and not any(one.get("primary") for one in row.draft.get(field, ())):
        entry["primary"] = True
    row.append(prop.name, field, entry)


def _phone(row: _Row, prop: _Property) -> None:
    kind = next((one for one in _PHONES if one in prop.types), "other" if "other" in prop.types else "work")
    number = prop.text().strip().removeprefix("tel:").partition(";")[0]
    before = len(row.draft.get("phones", ()))
    add_phones(row, [("TEL", "mobile" if kind == "cell" else kind, number)], row.country)
    added = row.draft.get("phones", [])[before:]
    if added and "pref" in prop.types and not any(one.get("primary") for one in row.draft["phones"]):
        added[0]["primary"] = True


def _address(row: _Row, prop: _Property) -> None:
    if "address" in row.draft:
        return  # there is one address here; the first of the card
    for member, part in zip(_ADDRESS, prop.parts(), strict=False):
        if member and part:
            row.put_in("ADR", "address", member, values.country(part) if member == "country" else part)


def _organization(row: _Row, prop: _Property) -> None:
    if name := prop.parts()[0]:
        row.also["company"] = name
        row.origins["/company_id"] = "ORG"


def _text_into(field: str) -> Callable[[_Row, _Property], None]:
    return lambda row, prop: row.put(prop.name, field, prop.text().strip())


def _birthday(row: _Row, prop: _Property) -> None:
    row.put("BDAY", "birthday", values.day(prop.text().strip(), row.country))


def _categories(row: _Row, prop: _Property) -> None:
    for tag in prop.parts(","):
        if tag and tag not in row.draft.get("tags", ()):
            row.append("CATEGORIES", "tags", tag)


def _social(row: _Row, prop: _Property) -> None:
    service = prop.label or next((one for one in sorted(prop.types - {"pref", "work", "home"})), "other")
    row.put_in(prop.name, "social", service[:30], prop.text().strip())


def _url(row: _Row, prop: _Property) -> None:
    service = next((one for one in sorted(prop.types - {"pref", "work", "home"})), "website")
    row.put_in("URL", "social", service[:30], prop.text().strip())


def _zone(row: _Row, prop: _Property) -> None:
    if "/" in prop.text():  # offsets say nothing of the time of the year
        row.put("TZ", "time_zone", prop.text().strip())


def _language(row: _Row, prop: _Property) -> None:
    row.draft.setdefault("language", values.language(prop.text().strip()))
    row.origins["/language"] = "LANG"


_READERS: Final[dict[str, Callable[[_Row, _Property], None]]] = {
    "N": _name,
    "FN": _whole_name,
    "EMAIL": _email,
    "TEL": _phone,
    "ADR": _address,
    "ORG": _organization,
    "TITLE": _text_into("title"),
    "BDAY": _birthday,
    "CATEGORIES": _categories,
    "X-SOCIALPROFILE": _social,
    "SOCIALPROFILE": _social,
    "URL": _url,
    "TZ": _zone,
    "LANG": _language,
}
