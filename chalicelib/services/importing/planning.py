"""What will be done with each row of a chunk, written down before any of it is done.

The plan is the log ahead of the writes: after a crash it is read again, not made again, so the same rows make the same
records under the same ids, and a record's values before an update are those from before the import touched it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from chalicelib import errors
from chalicelib.errors import Flaw
from chalicelib.models.job import Job
from chalicelib.schemas import decoding
from chalicelib.services import fields, jobs, nouns, text
from chalicelib.services.importing import cards, lookups, own_ids, policy, references, wire
from chalicelib.services.importing.drafting import Drafted, Drafter
from chalicelib.services.importing.lookups import Companies, Value
from chalicelib.services.importing.references import References
from chalicelib.services.importing.rows import Row

Record = dict[str, Any]


class Change(msgspec.Struct):
    """What the rows of a chunk together change of one record: the patch, and what the record said there before."""

    patch: Record
    before: Record
    after: Record


class Entry(msgspec.Struct, omit_defaults=True):
    """What is to become of one row. `origins` tells which header a pointer into the draft comes from."""

    line: int
    status: str  # created, updated, skipped or failed
    id: str | None = None
    errors: list[dict[str, str]] = []
    origins: dict[str, str] = {}


class Plan(msgspec.Struct):
    """All of a chunk: companies and records to make by their ids, changes by the record's id, and the rows."""

    companies: dict[str, Record]
    creates: dict[str, Record]
    changes: dict[str, Change]
    entries: list[Entry]


Seen = dict[Value, str]


def reader(job: Job, about: dict[str, Any]) -> Callable[[Row], Drafted]:
    """What turns a row of this import into a draft."""
    noun, source, country = job.params["noun"], job.params["source"], job.params.get("country")
    if source == "jsonl":
        return lambda row: wire.read(str(row.data))
    if source == "vcard":
        return lambda row: cards.read(str(row.data), country)
    defined = fields.definitions(job.tenant, noun)
    types = {name: field.type for name, field in defined.items()}
    drafter = Drafter(noun, about["headers"], about["columns"], types, country)
    return lambda row: drafter.read(row.data)


def make(job: Job, about: dict[str, Any], rows: Sequence[Row], seen: Seen, *, surely: bool = False) -> Plan:
    """The plan of these rows. `seen` are the keys of rows before them that are in no table: a dry run adds its own.

    `surely` finds also what was made a moment ago. Half a read unit for each key, record and company.
    """
    draft, kind = reader(job, about), nouns.NOUNS[job.params["noun"]].draft
    planner = _Planner(job, [(row, _read(draft, kind, row)) for row in rows], seen, surely)
    plan = planner.plan()
    if job.params["dry_run"]:
        seen.update(planner.mine)
    return plan


def _read(draft: Callable[[Row], Drafted], kind: Any, row: Row) -> Drafted:
    """What the row says. Without flaws it is a draft of this kind: whoever looks into it finds what belongs there."""
    if row.flaw is not None:
        return Drafted({}, {}, [Flaw("", *row.flaw)], {})
    drafted = draft(row)
    if drafted.flaws:
        return drafted
    try:
        decoding.convert(drafted.draft, kind)
        lookups.check_company(drafted.also)
    except errors.Invalid as error:
        return drafted._replace(flaws=[drafted.placed(flaw) for flaw in error.flaws])
    return drafted


class _Planner:
    """One chunk. `mine` are the keys of the records that its rows make or change."""

    def __init__(self, job: Job, drafted: Sequence[tuple[Row, Drafted]], seen: Seen, surely: bool) -> None:
        self._job, self._seen = job, seen
        self._noun, self._policy, self._key = job.params["noun"], job.params["policy"], job.params["key"]
        self._actor = jobs.actor_of(job)
        self._rows = references.parents_first(drafted) if self._noun == "company" else drafted
        good = [one for _, one in drafted if not one.flaws]
        self._own = own_ids.known(job.tenant, self._noun, (one.also.get("id", "") for one in good))
        references.keep(self._noun, good, self._own)
        self._references = References(job, good)
        for one in good:
            if found := self._references.find(one.also.get("company_id")):
                one.also["company_id"] = found
        owned = any({"owner", "owner_id"} & one.also.keys() for one in good)
        self._owners = lookups.owners(job.tenant) if owned else {}
        self._companies = Companies(job, good if self._noun == "contact" else [])
        self._parents = self._named_parents(good)
        self._keys = {id(one): self._values(one.draft) for one in good}
        wanted = [value for values in self._keys.values() for value in values]
        self._holders = lookups.holders(job.tenant, self._noun, wanted, surely=surely)
        held = [*self._own.live.values(), *(one for several in self._holders.values() for one in several)]
        self._records = lookups.records(job.tenant, self._noun, held, surely=surely)
        self.mine: Seen = {}
        self._plan = Plan({}, {}, {}, [])

    def plan(self) -> Plan:
        """Each row in the order of the file, companies after those above them."""
        for row, drafted in self._rows:
            self._plan.entries.append(self._entry(row.line, drafted))
        self._plan.entries.sort(key=lambda entry: entry.line)
        used = {one.get("company_id") for one in self._plan.creates.values()}
        used |= {one.patch.get("company_id") for one in self._plan.changes.values()}
        self._plan.companies = {one: draft for one, draft in self._companies.new.items() if one in used}
        return self._plan

    def _entry(self, line: int, drafted: Drafted) -> Entry:
        if drafted.flaws:
            return Entry(line, "failed", errors=[flaw._asdict() for flaw in drafted.flaws])
        warnings = self._look_up(drafted)
        there = self._there(drafted)
        if len(there) > 1 and self._policy != "skip":
            sentence = f"The row fits more than one record: {', '.join(there[:5])}."
            return Entry(line, "failed", errors=[Flaw("", "ambiguous", sentence)._asdict()])
        if there:
            status, found = self._meet(there[0], drafted.draft), there[0]
        else:
            status, found = "created", self._create(line, drafted)
        self._remember(drafted, found)
        return Entry(line, status, found, warnings, drafted.origins)

    def _values(self, draft: Record) -> list[Value]:
        """By what a row finds its record; without a value of the key by its id in the system it comes from."""
        system = f"external_id:{self._job.params['source']}"
        values = lookups.values(self._key, draft) or lookups.values(system, draft)
        return [*lookups.values(references.KEY, draft), *values]

    def _there(self, drafted: Drafted) -> list[str]:
        """The records that the row speaks of: named by an id of ours, made by a row above, or there before."""
        if own := self._own.live.get(drafted.also.get("id", "")):
            return [own]
        for values in (lookups.values(references.KEY, drafted.draft), self._keys[id(drafted)]):
            mine = [known[value] for value in values for known in (self.mine, self._seen) if value in known]
            held = [one for value in values for one in self._holders.get(value, ()) if one in self._records]
            if found := list(dict.fromkeys([*mine, *held])):
                return found
        return []

    def _remember(self, drafted: Drafted, found: str) -> None:
        """For rows that refer to this one by its id in the file or, to companies, by name."""
        if own := drafted.also.get("id"):
            self.mine.setdefault(references.old(own), found)
        if self._noun == "company" and (name := drafted.draft.get("name")):
            self.mine.setdefault(("name", text.folded(name)), found)

    def _above(self, also: dict[str, str]) -> str | None:
        """The company above that a row names: by its id, or by its name; there already, or of a row before."""
        values = [references.old(also["parent_id"])] if "parent_id" in also else []
        named = also.get("parent", "")
        there = self._references.find(also.get("parent_id")) or self._parents.get(named)
        values += [("name", text.folded(named))] if named else []
        mine = (known[value] for value in values for known in (self.mine, self._seen) if value in known)
        return there or next(mine, None)

    def _create(self, line: int, drafted: Drafted) -> str:
        made = lookups.derived(self._job, nouns.NOUNS[self._noun].prefix, str(line))
        self._plan.creates[made] = drafted.draft
        self.mine.update(dict.fromkeys(self._keys[id(drafted)], made))
        return made

    def _meet(self, found: str, draft: Record) -> str:
        """Let the row change the record as the policy says; what is to be told of it."""
        creates, changes = self._plan.creates, self._plan.changes
        if found not in creates and found not in self._records:  # made by an earlier chunk of a dry run
            return "skipped" if self._policy == "skip" else "updated"
        current = creates[found] if found in creates else _changed(self._records[found], changes.get(found))
        patch = policy.patch(self._policy, current, draft)
        if not patch:
            return "skipped"
        self.mine.update(dict.fromkeys(self._values({**current, **patch}), found))
        if found in creates:
            creates[found] = _merged(current, patch)
        else:
            whole = _merged(changes[found].patch, patch) if found in changes else patch
            before = policy.part(self._records[found], whole)
            changes[found] = Change(whole, before, policy.part(_merged(current, patch), whole))
        return "updated"

    def _look_up(self, drafted: Drafted) -> list[dict[str, str]]:
        """Put the ids of owner, company and parent into the draft; what could not be found, as warnings."""
        also, draft, warnings = drafted.also, drafted.draft, []
        named = also.get("owner") or also.get("owner_id")
        if named:
            owner = self._owners.get(named) or self._owners.get(text.folded(named))
            if owner:
                draft["owner_id"] = owner
            else:
                sentence = f"{named[:100]!r} is no user of this firm; the record has no owner."
                warnings.append(drafted.placed(Flaw("/owner_id", "unknown_owner", sentence))._asdict())
        if company := self._companies.of(also):
            draft["company_id"] = company
        elif company := also.get("company_id"):
            sentence = f"There is no company {company[:100]!r} yet; import it first, then this row again."
            warnings.append(drafted.placed(Flaw("/company_id", "unknown_company", sentence))._asdict())
        if above := self._above(also):
            draft["parent_id"] = above
        elif parent := also.get("parent") or also.get("parent_id"):
            sentence = f"There is no company {parent[:100]!r} yet; import it first, then this row again."
            warnings.append(drafted.placed(Flaw("/parent_id", "unknown_parent", sentence))._asdict())
        return warnings + [drafted.placed(flaw)._asdict() for flaw in self._references.settle(drafted)]

    def _named_parents(self, drafted: Sequence[Drafted]) -> dict[str, str]:
        named = {one.also["parent"] for one in drafted if "parent" in one.also}
        found = {name: lookups.by_name(self._job.tenant, "company", text.folded(name)) for name in named}
        return {name: several[0] for name, several in found.items() if several}


def _changed(record: Record, change: Change | None) -> Record:
    return _merged(record, change.patch) if change else record


def _merged(record: Record, patch: Record) -> Record:
    """`record` with the patch applied; members of objects are joined."""
    return {
        **record,
        **{
            name: {**record.get(name, {}), **value} if isinstance(value, dict) else value
            for name, value in patch.items()
        },
    }
