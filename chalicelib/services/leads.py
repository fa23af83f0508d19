"""A lead becomes a contact, a company and a deal: all of them in one transaction, and none that is there already.

What is there is found twice over: before the transaction, to be offered or joined, and by its guards within it, so
that two who convert the same lead at once do not double it. Whoever comes second begins anew, and finds the first.
"""

from typing import Any, Final

import msgspec

from chalicelib import clock, errors
from chalicelib.models.guard import Guard
from chalicelib.models.lead import Converted
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step, absent, gathered, transact
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.lead import Joined, LeadDraft, LeadView
from chalicelib.services import contacts, doubles, nouns, parties
from chalicelib.services.duplicates import Candidate
from chalicelib.services.importing import policy
from chalicelib.services.lead_parts import below, guard_of, named, pointing, stage, title_digest
from chalicelib.services.records import Claim
from chalicelib.services.remembered import ask, remembering

_TRIES: Final = 4
_NEEDS: Final = ("contacts:write", "companies:write")  # besides what the route asks for
_LISTS: Final[tuple[str, ...]] = (
    "emails",
    "phones",
    "tags",
    "domains",
    "dates",
)  # entries that are not there yet are added
_SAME_LEAD: Final = 24 * 3600  # seconds for which the same draft of somebody without an address is the same lead


def convert(actor: Actor, wanted: LeadDraft) -> LeadView:
    """Make or join contact, company and deal of a lead, all or none.

    Raises `Forbidden`; `Invalid`, with pointers below `/contact`, `/company` and `/deal`; and `Conflict` with the
    `candidates` of each noun, and `existing_id` where a value belongs to another record.
    """
    _check(actor, wanted)
    for attempt in range(_TRIES):
        with remembering():
            lead = _Lead(actor, wanted, again=attempt > 0)
            lead.plan()
            if lead.done(last=attempt + 1 == _TRIES):
                return lead.view()
    raise AssertionError("unreachable")


def _check(actor: Actor, wanted: LeadDraft) -> None:
    actor.needs(*_NEEDS)
    if wanted.contact is None and named(wanted, "contact") is None:
        raise errors.invalid("/contact", "required", "A lead needs a contact, or the id of one.")


class _Lead:
    """One attempt: the three records, and the writes that make them."""

    def __init__(self, actor: Actor, wanted: LeadDraft, *, again: bool) -> None:
        self.actor, self.wanted, self.again = actor, wanted, again
        self.mode = wanted.on_duplicate
        self.steps: list[Step] = []
        self.records: dict[str, Any] = {}
        self.joined = dict.fromkeys(nouns.NOUNS, False)
        self.offered: dict[str, list[Candidate]] = {}
        self.taken: list[tuple[str, Claim]] = []
        self.existing: list[str] = []

    def plan(self) -> None:
        """Settle which records there are and what is to be written. Raises `Invalid`, `Conflict`."""
        draft = self.wanted.contact
        built: Any = self._built("contact", draft) if draft else None
        person = self._chosen("contact", built)
        firm, firm_draft = self._firm(person, built)
        if any(self.offered.values()):
            raise doubles.offer(self.offered, self.taken, next(iter(self.existing), None))
        person_id = person.id if person is not None else built.id
        self._known("contact", person_id, person or built)
        company_id = self._settle("company", firm, firm_draft) if firm or firm_draft else None
        self._deal(person, person_id, company_id)
        self._settle("contact", person, self._contact_draft(person, company_id), built.id if built else None)

    def done(self, *, last: bool) -> bool:
        """Whether all was written; if not, somebody was faster. Raises `Conflict` if it is not to be tried again."""
        try:
            if self.steps:
                transact(*self.steps)
        except errors.Conflict:
            if last or self.mode == "create":  # it would be refused again, as nothing is looked for
                raise
            return False
        except errors.Stale:
            if last:
                raise errors.Conflict("Others kept changing this lead: look at it, and try again.") from None
            return False
        return True

    def view(self) -> LeadView:
        """What has come of it, once the steps are done."""
        shown = {noun: nouns.view(record) for noun, record in self.records.items()}
        return LeadView(
            contact=shown["contact"],
            company=shown.get("company"),
            deal=shown.get("deal"),
            joined=Joined(**self.joined),
        )

    # Who is there already ----------------------------------------------------------------------------------------

    def _chosen(self, noun: str, built: Any, known: Any = None) -> Any:
        """The record to be used: the one that is named, or in place of what is `built`; None for a new one."""
        given = named(self.wanted, noun)
        if given is not None:
            return self._load(noun, *given)
        if built is None or self.mode == "create":
            return None
        found = doubles.exact(parties.of(noun), built, consistent=self.again)
        sure = doubles.ranked([one for _, one in found] + self._sent_again(noun, built))
        if self.mode == "join" and len(sure) == 1:
            return self._load(noun, sure[0].id, f"/{noun}")
        several = doubles.ranked([*sure, *doubles.likely(built, known)])
        if self.mode == "join" and not sure and several:
            return self._load(noun, several[0].id, f"/{noun}")
        self.offered[noun] = several
        self.taken += [(noun, claim) for claim, _ in found]
        self.existing += [one.id for one in sure]
        return None

    def _firm(self, person: Any, built: Any) -> tuple[Any, Any]:
        """The company that is there, and the draft of what is to be added to it or made."""
        draft = self.wanted.company
        own = self._own(person)
        if draft is not None and not draft.domains and not (self.mode == "create" and built and built.company_id):
            # The next colleague is then linked to it; where another company has the domain, that one is found.
            draft = msgspec.structs.replace(draft, domains=sorted(contacts.domains(person or built)))
        if named(self.wanted, "company") is not None:
            return self._chosen("company", None), draft
        if draft is not None:
            return self._chosen("company", self._built("company", draft), own), draft
        if own is None and person is None and built is not None and built.company_id:
            own = self._load("company", built.company_id, "/contact/company_id")
        return own, None

    def _own(self, person: Any) -> Any:
        """The company of a contact that is there, unless that one is gone."""
        if person is None or not person.company_id:
            return None
        try:
            return nouns.load(nouns.NOUNS["company"], self.actor.tenant, person.company_id)
        except (errors.NotFound, errors.Merged, errors.Gone):
            return None

    def _sent_again(self, noun: str, built: Any) -> list[Candidate]:
        """Somebody without a value of his own, sent a moment ago word for word: nothing else would tell that."""
        if noun != "contact" or parties.of(noun).claims(built):
            return []
        guard = guard_of(built)
        seen = fetch(Guard, guard.pk, guard.sk, consistent=True)
        holder = nouns.peek(nouns.NOUNS[noun], built.tenant, seen.holder, consistent=True) if seen else None
        if seen and holder is not None and holder.live and (seen.ttl or 0) > clock.epoch():
            return [Candidate(holder.id, doubles.SURE, ["the same lead"])]
        guard.ttl = int(clock.epoch()) + _SAME_LEAD
        self.steps.append(Step("save", guard, absent() if seen is None else Guard.holder == seen.holder))
        return []

    # What is written ---------------------------------------------------------------------------------------------

    def _settle(self, noun: str, there: Any, draft: Any, record_id: str | None = None) -> str:
        """Add what is new to the record that is there, or make it; its id."""
        verbs, pointer = parties.of(noun), f"/{noun}"
        with below(pointer), gathered() as steps:
            if there is None:
                record = verbs.make(self.actor, draft, record_id=record_id)
            else:
                record, self.joined[noun] = there, True
                patch = self._patch(noun, there, draft) if draft is not None else {}
                if patch:
                    verbs.update(self.actor, there.id, patch)
                    record = next(step.item for step in steps if isinstance(step.item, verbs.noun.model))
        self.steps += pointing(pointer, steps)
        self.records[noun] = record
        self._known(noun, record.id, record)
        return str(record.id)

    def _patch(self, noun: str, there: Any, draft: Any) -> dict[str, Any]:
        """What the draft says and the record does not. Nothing is overwritten but the stage, by who asks for one."""
        if isinstance(draft, dict):
            return draft
        said, current = nouns.written(self._built(noun, draft)), nouns.written(there)
        lists = {name: said.pop(name) for name in _LISTS if name in said}
        patch = {**policy.patch("fill_empty", current, said), **policy.patch("update", current, lists)}
        if noun == "deal":
            patch = {name: value for name, value in patch.items() if name not in ("stage_id", "pipeline_id")}
        return patch

    def _contact_draft(self, person: Any, company_id: str | None) -> Any:
        """The draft of a new contact, or the patch of one that is there."""
        given, reached = self.wanted.contact, self._stage(person)
        if person is None and given is not None:
            return msgspec.structs.replace(given, company_id=given.company_id or company_id, lifecycle=reached)
        patch = self._patch("contact", person, given) if given is not None else {}
        if company_id and not person.company_id:
            patch.setdefault("company_id", company_id)
        if reached != person.lifecycle:
            patch["lifecycle"] = reached
        return patch

    def _stage(self, person: Any) -> str | None:
        there: Any = person or self.wanted.contact
        return self.wanted.lifecycle or stage(there.lifecycle, self.records.get("deal"))

    def _deal(self, person: Any, person_id: str, company_id: str | None) -> None:
        """The deal with both of them, unless this lead has become one that is still open."""
        given = self.wanted.deal
        if given is None:
            return
        mark = Converted.at(self.actor.tenant, person_id, title_digest(given.title))
        seen = fetch(Converted, mark.pk, mark.sk, consistent=True) if person is not None else None
        there = self._open(seen) if seen and self.mode != "create" else None
        if there is not None and self.mode == "offer":
            found = {"deal": [Candidate(there.id, doubles.SURE, ["same contact and title"])]}
            raise doubles.offer(found, [("deal", Claim("title", given.title, "/title"))], there.id)
        others = [one for one in given.contact_ids if one != person_id]
        draft = msgspec.structs.replace(
            given, contact_ids=[person_id, *others], company_id=given.company_id or company_id
        )
        mark.deal_id = self._settle("deal", there, draft)
        if there is None:
            self.steps.append(Step("save", mark, absent() if seen is None else Converted.deal_id == seen.deal_id))

    def _open(self, mark: Converted) -> Any:
        try:
            deal = nouns.peek(nouns.NOUNS["deal"], self.actor.tenant, mark.deal_id, consistent=True)
        except errors.Gone:
            return None
        return deal if deal is not None and deal.live and deal.status == "open" else None

    # Small things ------------------------------------------------------------------------------------------------

    def _built(self, noun: str, draft: Any) -> Any:
        with below(f"/{noun}"):
            return parties.of(noun).build(self.actor, msgspec.structs.replace(draft))

    def _load(self, noun: str, record_id: str, pointer: str) -> Any:
        try:
            return nouns.load(nouns.NOUNS[noun], self.actor.tenant, record_id, consistent=self.again)
        except (errors.NotFound, errors.Merged, errors.Gone):
            raise errors.invalid(pointer, "unknown", f"There is no such {noun}.") from None

    def _known(self, noun: str, record_id: str, record: Any) -> None:
        """Whoever asks for it in this attempt is told of the record, which need not be in the table yet."""
        ask((noun, self.actor.tenant, record_id), lambda: record)
