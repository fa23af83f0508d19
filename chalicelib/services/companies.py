"""Companies: firms with their mail domains, in a tree without cycles."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.company import Company, Tree
from chalicelib.models.table import fetch
from chalicelib.models.writes import Step
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.company import CompanyCreated, CompanyDraft, CompanyView
from chalicelib.schemas.contact import ContactView
from chalicelib.schemas.filters import CompanyQuery, ContactQuery
from chalicelib.schemas.page import Listing, Page
from chalicelib.services import drafts, emails, free_mail, listings, nouns, text
from chalicelib.services.records import Claim, Records, external_claims

DEEPEST: Final = 20  # levels of a tree


def _write(actor: Actor, company: Company, draft: CompanyDraft) -> None:
    """Put the draft's fields into the company. Raises `Invalid` for what a struct cannot see."""
    if not draft.name.strip():
        raise errors.invalid("/name", "required", "A company needs a name.")
    drafts.fill_party(actor, company, draft)
    company.domains = _domains(draft) or None
    company.name = text.folded(company.display_name)


def _claims(company: Company) -> list[Claim]:
    domains = [Claim("domain", one, f"/domains/{number}") for number, one in enumerate(company.domains or ())]
    return [*domains, *external_claims(company)]


def _domains(draft: CompanyDraft) -> list[str]:
    """The domains as mail addresses have them, each once. Raises `Invalid` for one where anybody has an address."""
    found: dict[str, None] = {}
    for number, given in enumerate(draft.domains):
        domain = emails.checked(f"x@{given}", f"/domains/{number}").rpartition("@")[2]
        if free_mail.is_free(domain):
            message = f"Anybody can have an address at {domain}; it does not tell a company."
            raise errors.invalid(f"/domains/{number}", "free_mail", message)
        found[domain] = None
    return list(found)


def _also(before: dict[str, Any] | None, company: Company) -> Sequence[Step]:
    """For another parent: that no cycle comes of it, and that no other such change happens at the same time."""
    if company.parent_id == (before or {}).get("parent_id") or company.parent_id is None:
        return ()
    tree = Tree(*keys.key("tree", tenant=company.tenant, noun="company"))
    seen = fetch(Tree, tree.pk, tree.sk, consistent=True)
    _climb(company)
    unchanged = Tree.turns.does_not_exist() if seen is None else Tree.turns == seen.turns
    return [Step("update", tree, unchanged, actions=[Tree.turns.add(1), Tree.kind.set(Tree)])]


def _climb(company: Company) -> None:
    """Walk up from the new parent. Raises `Conflict` when that leads back, `Invalid` for one that is not there."""
    noun, upwards = nouns.NOUNS["company"], company.parent_id
    for level in range(DEEPEST):
        if upwards is None:
            return
        if upwards == company.id:
            flaw = errors.Flaw("/parent_id", "cycle", "The company would be above itself.")
            raise errors.Conflict(flaw.message, flaw)
        above = nouns.peek(noun, company.tenant, upwards, consistent=True)
        if level == 0 and (above is None or not above.live):
            raise errors.invalid("/parent_id", "unknown", "There is no such company.")
        if above is None:
            return
        upwards = above.merged_into or above.parent_id
    raise errors.invalid("/parent_id", "range", f"A tree of companies has at most {DEEPEST} levels.")


def listing(actor: Actor, query: CompanyQuery, wanted: Page) -> Listing[CompanyView]:
    """One page of a list, as `listings.listing`."""
    return listings.listing(actor, "company", query, wanted)


VERBS: Final[Records[CompanyView]] = Records(nouns.NOUNS["company"], _write, _claims, _also)
get, update, delete = VERBS.get, VERBS.update, VERBS.delete
restore, purge, upsert, load, view = VERBS.restore, VERBS.purge, VERBS.upsert, VERBS.load, VERBS.view


def create(actor: Actor, draft: CompanyDraft) -> CompanyCreated:
    """A new company, and what it may be a duplicate of.

    Raises `Invalid`, and `Conflict` with `existing_id` if another one has one of its values.
    """
    from chalicelib.services import duplicates  # compares names, which no other request does

    company = VERBS.make(actor, draft)
    found = duplicates.warn(actor, "company", company)
    return CompanyCreated(**msgspec.structs.asdict(VERBS.view(company)), duplicates=found or msgspec.UNSET)


def contacts(actor: Actor, company_id: str, wanted: Page) -> Listing[ContactView]:
    """The contacts of a company by name. Raises `NotFound`, `Merged`."""
    VERBS.load(actor.tenant, company_id)
    found: Listing[ContactView] = listings.listing(actor, "contact", ContactQuery(company_id=company_id), wanted)
    return found
