"""From the cells of one row to what a client would send for the same record, and what is wrong with them.

Nothing is looked up here: names of companies and owners are handed on, for whoever knows the table.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from chalicelib.errors import Flaw
from chalicelib.services import phones
from chalicelib.services.exporting import cells
from chalicelib.services.importing import opt_outs, values
from chalicelib.services.importing.mapping import Columns, escaped


class Drafted(NamedTuple):
    """`draft` holds the fields of the noun's draft that the row fills; `also` what has to be looked up by name.

    `origins` tells which header a pointer into the draft comes from.
    """

    draft: dict[str, Any]
    also: dict[str, str]
    flaws: list[Flaw]
    origins: dict[str, str]

    def placed(self, flaw: Flaw) -> Flaw:
        """A flaw of the draft as one of the file: its pointer names the header."""
        path = flaw.pointer
        while path:
            if path in self.origins:
                return flaw._replace(pointer=f"/{escaped(self.origins[path])}")
            path = path.rpartition("/")[0]
        within = (header for place, header in self.origins.items() if place.startswith(f"{flaw.pointer}/"))
        header = next(within, None) if flaw.pointer else None
        return flaw._replace(pointer=f"/{escaped(header)}" if header else "")


class Drafter:
    """Reads rows of one file. `types` are those of the firm's custom fields; `country` is where the file comes from."""

    def __init__(
        self, kind: str, headers: Sequence[str], columns: Columns, types: Mapping[str, str], country: str | None
    ) -> None:
        self._types, self._country = types, country
        self._steps: list[tuple[int, str, str, Callable[[_Row, str, str, str], None]]] = []
        for number, header in enumerate(headers):
            target = columns.get(header)
            if target:
                self._steps.append((number, header, target, _reader(kind, target)))

    def read(self, row_cells: Sequence[str]) -> Drafted:
        """The draft of one row. Never raises: what is wrong is in `flaws`."""
        row = _Row(self._types, self._country)
        for number, header, target, reader in self._steps:
            text = values.cell(row_cells[number])
            if text:
                try:
                    reader(row, header, target, text)
                except ValueError as error:
                    row.flaws.append(Flaw(f"/{escaped(header)}", "format", str(error)))
        return row.done()


class _Row:
    """A draft in the making."""

    def __init__(self, types: Mapping[str, str], country: str | None) -> None:
        self.types, self.country = types, country
        self.draft: dict[str, Any] = {}
        self.also: dict[str, str] = {}
        self.flaws: list[Flaw] = []
        self.origins: dict[str, str] = {}
        self.whole_name: tuple[str, str] | None = None
        self.whole: dict[str, tuple[str, Any]] = {}
        self.numbers: list[tuple[str, str, str]] = []  # phones wait until the country is known

    def put(self, header: str, field: str, value: Any) -> None:
        self.draft[field] = value
        self.origins[f"/{field}"] = header

    def put_in(self, header: str, field: str, member: str, value: Any) -> None:
        self.draft.setdefault(field, {})[member] = value
        self.origins[f"/{field}/{member}"] = header

    def append(self, header: str, field: str, value: Any) -> None:
        several = self.draft.setdefault(field, [])
        self.origins[f"/{field}/{len(several)}"] = header
        several.append(value)

    def done(self) -> Drafted:
        if self.whole_name is not None and not {"first_name", "last_name"} & self.draft.keys():
            header, text = self.whole_name
            for field, part in zip(("first_name", "last_name"), values.names(text), strict=True):
                if part:
                    self.put(header, field, part)
        if self.numbers:
            add_phones(self, self.numbers, (self.draft.get("address") or {}).get("country") or self.country)
        for field, (header, value) in self.whole.items():
            self.put(header, field, value)
        return Drafted(self.draft, self.also, self.flaws, self.origins)


def add_phones(row: _Row, numbers: Sequence[tuple[str, str, str]], country: str | None) -> None:
    """Numbers, as (header, kind, text), in one form and each once."""
    seen = {one["number"] for one in row.draft.get("phones", ())}
    for header, kind, text in numbers:
        number = phones.normalized(text, country)
        if number not in seen:
            seen.add(number)
            row.append(header, "phones", {"number": number, "kind": kind})


def _text(row: _Row, header: str, target: str, text: str) -> None:
    row.put(header, target, text)


def _name(row: _Row, header: str, target: str, text: str) -> None:
    row.whole_name = (header, text)


def _email(row: _Row, header: str, target: str, text: str) -> None:
    kind = target.partition(".")[2] or "work"
    known = {one["address"] for one in row.draft.get("emails", ())}
    for given in values.addresses(text):
        address = values.mail_address(given)
        if address not in known:
            known.add(address)
            row.append(header, "emails", {"address": address, "kind": kind})


def _phone(row: _Row, header: str, target: str, text: str) -> None:
    kind = target.partition(".")[2] or "work"
    row.numbers += [(header, kind, one) for one in values.listed(text)]


def _address(row: _Row, header: str, target: str, text: str) -> None:
    member = target.partition(".")[2]
    value = values.country(text) if member == "country" else " ".join(text.split())
    row.put_in(header, "address", member, value)


def _tags(row: _Row, header: str, target: str, text: str) -> None:
    for tag in values.listed(text):
        if tag not in row.draft.get("tags", ()):
            row.append(header, "tags", tag)


def _domains(row: _Row, header: str, target: str, text: str) -> None:
    for one in values.listed(text):
        if (domain := values.domain(one)) not in row.draft.get("domains", ()):
            row.append(header, "domains", domain)


def _found(row: _Row, header: str, target: str, text: str) -> None:
    """What is looked up later; of several columns the first that says something."""
    if target not in row.also:
        row.also[target] = values.domain(text) if target == "company_domain" else text
        row.origins[f"/{target}"] = header
        row.origins[f"/{_LOOKED_UP[target]}"] = header


def _member(row: _Row, header: str, target: str, text: str) -> None:
    field, _, member = target.partition(".")
    row.put_in(header, field, member, text)


def _custom(row: _Row, header: str, target: str, text: str) -> None:
    name = target.partition(".")[2]
    reader = _CUSTOM.get(row.types.get(name, "text"))
    row.put_in(header, "custom", name, reader(text, row.country) if reader else text)


def _converted(convert: Callable[[str], str]) -> Callable[[_Row, str, str, str], None]:
    def read(row: _Row, header: str, target: str, text: str) -> None:
        row.put(header, target, convert(text))

    return read


def _birthday(row: _Row, header: str, target: str, text: str) -> None:
    row.put(header, target, values.day(text, row.country))


def _opt_out(row: _Row, header: str, target: str, text: str) -> None:
    if opt_outs.refuses(text):
        group, member = opt_outs.place(target)
        row.draft.setdefault("preferences", {}).setdefault(group, {})[member] = False
        row.origins[f"/preferences/{group}/{escaped(member)}"] = header


def _whole(row: _Row, header: str, target: str, text: str) -> None:
    """A list or an object in JSON; it stands for all that other columns say of the same field."""
    value = cells.structured(text)
    if value is None and target in _PLAINER:
        _PLAINER[target](row, header, target, text)
    elif value is None:
        raise ValueError("This is not the JSON of a list or an object.")
    else:
        row.whole[target] = (header, value)


_PLAINER: Final = {"emails": _email, "phones": _phone}
_LOOKED_UP: Final = {
    "id": "id",
    "company_id": "company_id",
    "parent_id": "parent_id",
    "company": "company_id",
    "company_domain": "company_id",
    "owner": "owner_id",
    "parent": "parent_id",
}
_READERS: Final[dict[str, Callable[[_Row, str, str, str], None]]] = {
    "email": _email,
    "phone": _phone,
    "address": _address,
    "tags": _tags,
    "domain": _domains,
    "custom": _custom,
    "opt_out": _opt_out,
    "social": _member,
    "external_ids": _member,
    **dict.fromkeys(("emails", "phones", "companies", "preferences", "dates"), _whole),
    "birthday": _birthday,
    "lifecycle": _converted(values.stage),
    "relationship": _converted(values.relationship),
    "language": _converted(values.language),
    "website": _converted(values.website),
    **dict.fromkeys(_LOOKED_UP, _found),
}
_CUSTOM: Final[dict[str, Callable[[str, str | None], Any]]] = {
    "number": lambda text, _: values.number(text),
    "bool": lambda text, _: values.boolean(text),
    "date": values.day,
    "multi": lambda text, _: values.listed(text),
    "money": lambda text, _: values.money(text),
}


def _reader(kind: str, target: str) -> Callable[[_Row, str, str, str], None]:
    if target in ("social", "external_ids"):
        return _whole
    if target == "name" and kind == "contact":
        return _name
    return _READERS.get(target.partition(".")[0], _text)
