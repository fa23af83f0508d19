"""What rows in our own form say of other records: ids of another firm, told again by `external_ids.tendril`.

Whoever moves from one firm to another imports companies first; each keeps its old id there, and is found by it. What is
not found is said of the row, which is imported without it.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from chalicelib.errors import Flaw
from chalicelib.models.job import Job
from chalicelib.services import fields, nouns, text
from chalicelib.services.importing import lookups, own_ids
from chalicelib.services.importing.drafting import Drafted
from chalicelib.services.importing.rows import Row

KEY: Final = "external_id:tendril"
_MOST: Final = 20  # ids in other systems that a record has


def old(record_id: str) -> lookups.Value:
    """The value by which the record is found that had this id in another firm."""
    return ("external_id", f"tendril:{record_id}")


def keep(noun: str, drafted: Iterable[Drafted], known: own_ids.Known) -> None:
    """Let each row keep its id of another firm, unless it says one already."""
    for one in drafted:
        given = one.also.get("id", "")
        external = one.draft.get("external_ids") or {}
        if own_ids.is_own(noun, given) and given not in known.ours and len(external) < _MOST:
            one.draft["external_ids"] = {"tendril": given, **external}
            one.origins.setdefault("/external_ids/tendril", one.origins.get("/id", "id"))


class References:
    """The records that the rows of a chunk refer to, by the ids that the rows have for them."""

    def __init__(self, job: Job, drafted: Sequence[Drafted]) -> None:
        self._types = _references(job) if any(one.draft.get("custom") for one in drafted) else set()
        self._live: dict[str, str] = {}
        self._ours: set[str] = set()
        wanted = [one for each in drafted for one in self._said(each)]
        for noun in nouns.NOUNS:
            known = own_ids.known(job.tenant, noun, wanted)
            left = [one for one in dict.fromkeys(wanted) if own_ids.is_own(noun, one) and one not in known.ours]
            moved = lookups.holders(job.tenant, noun, map(old, left), surely=True)
            self._live |= known.live | {one: moved[old(one)][0] for one in left if old(one) in moved}
            self._ours |= known.ours

    def find(self, given: str | None) -> str | None:
        """The live record that this id stands for here."""
        return self._live.get(given or "")

    def settle(self, drafted: Drafted) -> list[Flaw]:
        """Put the ids of this firm into employments and custom fields; what was left out as it could not be found."""
        flaws: list[Flaw] = []
        draft = drafted.draft
        if employments := draft.get("companies"):
            kept = [one for one in employments if not self._strange(one["company_id"])]
            flaws += [_unknown("/companies", one["company_id"]) for one in employments if one not in kept]
            draft["companies"] = [{**one, "company_id": self._here(one["company_id"])} for one in kept]
        for name in self._types & draft.get("custom", {}).keys():
            given = draft["custom"][name]
            if self._strange(given):
                flaws.append(_unknown(f"/custom/{name}", given))
                draft["custom"] = {one: value for one, value in draft["custom"].items() if one != name}
            elif isinstance(given, str):
                draft["custom"] = {**draft["custom"], name: self._here(given)}
        return flaws

    def _here(self, given: str) -> str:
        return self._live.get(given, given)

    def _strange(self, given: Any) -> bool:
        """Whether it is an id of another firm that nothing here is found by. What has no such form fails its row."""
        own = isinstance(given, str) and nouns.of_id(given) is not None
        return own and given not in self._live and given not in self._ours

    def _said(self, drafted: Drafted) -> Iterator[str]:
        yield from (drafted.also[name] for name in ("company_id", "parent_id") if name in drafted.also)
        yield from (one["company_id"] for one in drafted.draft.get("companies", ()))
        custom = drafted.draft.get("custom") or {}
        yield from (custom[name] for name in self._types & custom.keys() if isinstance(custom[name], str))


def parents_first(rows: Sequence[tuple[Row, Drafted]]) -> list[tuple[Row, Drafted]]:
    """The rows as they stand, but each after the one of the company above it, if that is among them."""
    at: dict[str, int] = {}
    for number, (_, one) in enumerate(rows):
        for said in (one.also.get("id"), None if one.flaws else text.folded(one.draft.get("name") or "")):
            if said:
                at.setdefault(said, number)
    order: dict[int, None] = {}
    for number in range(len(rows)):
        chain: dict[int, None] = {}
        above: int | None = number
        while above is not None and above not in order and above not in chain:
            chain[above] = None
            also = rows[above][1].also
            above = at.get(also.get("parent_id", ""), at.get(text.folded(also.get("parent", "")) or "-"))
        order |= dict.fromkeys(reversed(chain))
    return [rows[number] for number in order]


def _references(job: Job) -> set[str]:
    """The firm's own fields that hold the id of a contact or company."""
    defined = fields.definitions(job.tenant, job.params["noun"])
    return {name for name, field in defined.items() if field.type == "reference" and field.refers_to in nouns.NOUNS}


def _unknown(pointer: str, given: str) -> Flaw:
    sentence = f"{given!r} is no record of this firm, nor was it found by its old id; it was left out."
    return Flaw(pointer, "unknown_reference", sentence)
