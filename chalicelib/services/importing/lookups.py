"""Finding what rows speak of: records by the import's key, owners by mail or name, companies by domain or name.

Many at once, by batches of guards; a company's name is one query of the list by name.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from chalicelib import clock, errors, ids
from chalicelib.models import keys
from chalicelib.models.job import Job
from chalicelib.models.table import Item, every, fetch, page, several
from chalicelib.models.term import place_of
from chalicelib.schemas import decoding
from chalicelib.services import emails, free_mail, nouns, terms, text, words
from chalicelib.services.importing.drafting import Drafted

KEYS: Final = {"contact": ("email", "phone", "name", "id"), "company": ("domain", "name", "id")}
_LONGEST: Final = 200  # characters of a company's name
MANY: Final = 25  # records of one name or number that are looked at
Value = tuple[str, str]  # a field and what it says


def checked_key(noun: str, key: str | None) -> str:
    """The key of an import. Raises `Invalid` for one by which nothing can be found."""
    if key is None:
        return KEYS[noun][0]
    source = key.partition(":")[2]
    if key in KEYS[noun] or (key.startswith("external_id:") and source.isidentifier() and source.islower()):
        return key
    known = ", ".join((*KEYS[noun], "external_id:<source>"))
    raise errors.invalid("/key", "unknown", f"Records of this kind are found by {known}.")


def values(key: str, draft: dict[str, Any]) -> list[Value]:
    """By what a row of this draft finds its record."""
    if key == "email":
        return [("email", emails.folded(one["address"])) for one in draft.get("emails", ())]
    if key == "domain":
        return [("domain", one) for one in draft.get("domains", ())]
    if key == "phone":
        return [("phone", one["number"]) for one in draft.get("phones", ())]
    if key == "name":
        name = draft.get("name") or " ".join(filter(None, (draft.get("first_name"), draft.get("last_name"))))
        return [("name", text.folded(name))] if name else []
    source = key.partition(":")[2]  # nothing for `id`: what that names is found before
    external = (draft.get("external_ids") or {}).get(source)
    return [("external_id", f"{source}:{external}")] if external else []


def holders(tenant: str, noun: str, wanted: Iterable[Value], *, surely: bool = False) -> dict[Value, list[str]]:
    """The ids of the records that have these values; `surely`: also one that was made a moment ago.

    Half a read unit each.
    """
    asked = list(dict.fromkeys(wanted))
    guarded = [one for one in asked if one[0] in ("email", "domain", "external_id")]
    places = [keys.key("guard", tenant=tenant, noun=noun, field=field, value=value) for field, value in guarded]
    guards = several(places, consistent=surely)
    found: dict[Value, list[str]] = {
        one: [guard.holder] for one, guard in zip(guarded, guards, strict=True) if guard is not None
    }
    for field, value in asked:
        if field == "name" and (named := by_name(tenant, noun, value)):
            found[field, value] = named
        if field == "phone" and (called := _by_phone(tenant, noun, value)):
            found[field, value] = called
    return found


def by_name(tenant: str, noun: str, folded: str) -> list[str]:
    """The ids of the live records of exactly this folded name, at most `MANY`. Half a unit for each 4 KB."""
    found = page(keys.partition(noun, "gsi1", tenant=tenant), index="gsi1", where=Item.gsi1sk == folded, limit=MANY)
    return [one.id for one in found.items]


def records(tenant: str, noun: str, wanted: Sequence[str], *, surely: bool = False) -> dict[str, dict[str, Any]]:
    """The fields of live records that are not empty, by id. Half a unit each, a whole one if `surely`."""
    asked = list(dict.fromkeys(wanted))
    places = [keys.key(noun, tenant=tenant, id=one) for one in asked]
    items = [fetch(Item, *place, consistent=True) for place in places] if surely else several(places)
    model = nouns.NOUNS[noun].model
    return {
        one: nouns.written(item)
        for one, item in zip(asked, items, strict=True)
        if isinstance(item, model) and item.live
    }


def owners(tenant: str) -> dict[str, str]:
    """The ids of the firm's users by mail address and by name. One query."""
    found: dict[str, str] = {}
    for user in every(keys.partition("user", "gsi1", tenant=tenant), index="gsi1"):
        found[text.folded(user.name)] = user.id
        found[user.email.lower()] = user.id
        found[user.id] = user.id
    return found


class Companies:
    """The companies that the rows of a chunk name: found, or to be made once under an id that follows from the name."""

    def __init__(self, job: Job, drafted: Sequence[Drafted]) -> None:
        self._job = job
        self.new: dict[str, dict[str, Any]] = {}
        named = sorted({one.also["company_id"] for one in drafted if "company_id" in one.also})
        self._there = records(job.tenant, "company", named).keys()
        wanted = {natural: one.also for one in drafted if (natural := self._natural(one.also))}
        self._ids = self._found(wanted)
        for natural, also in wanted.items():
            if natural not in self._ids:
                self._ids[natural] = self._derived(natural)
                self.new[self._ids[natural]] = company_draft(also)

    def of(self, also: dict[str, str]) -> str | None:
        """The id of the company that a row names, if it names one that can be told."""
        return self._ids.get(self._natural(also) or ("", ""))

    def _natural(self, also: dict[str, str]) -> Value | None:
        """What tells a company: its id if there is such a one here, its domain, or its name."""
        if also.get("company_id") in self._there:
            return ("id", also["company_id"])
        domain = also.get("company_domain")
        if domain and not free_mail.is_free(domain):
            return ("domain", domain)
        name = text.folded(also.get("company", ""))
        return ("name", name) if name else None

    def _found(self, wanted: dict[Value, dict[str, str]]) -> dict[Value, str]:
        tenant = self._job.tenant
        found = {natural: natural[1] for natural in wanted if natural[0] == "id"}
        left = [natural for natural in wanted if natural not in found]
        domains = holders(tenant, "company", (one for one in left if one[0] == "domain"))
        made = records(tenant, "company", [self._derived(natural) for natural in left])
        for natural in left:
            name = wanted[natural].get("company")
            if natural in domains:
                found[natural] = domains[natural][0]
            elif self._derived(natural) in made:
                found[natural] = self._derived(natural)
            elif name and (named := by_name(tenant, "company", text.folded(name))):
                found[natural] = named[0]
        return found

    def _derived(self, natural: Value) -> str:
        return derived(self._job, "com", "/".join(natural))


def derived(job: Job, prefix: str, seed: str) -> str:
    """The id of what an import makes of something: the same whenever the step is done again."""
    return ids.derived(prefix, clock.parse(job.created_at), f"{job.id}/{seed}")


def company_draft(also: dict[str, str]) -> dict[str, Any]:
    """The draft of the company that a row names, which may be one that cannot be made."""
    domain = also.get("company_domain")
    domains = [domain] if domain and not free_mail.is_free(domain) else []
    return {"name": also.get("company") or domain or "?", **({"domains": domains} if domains else {})}


def check_company(also: dict[str, str]) -> None:
    """Raises `Invalid` for a company that could not be made, and for a parent that none can be."""
    if len(also.get("parent", "")) > _LONGEST:
        raise errors.invalid("/parent", "length", f"At most {_LONGEST} characters are kept.")
    if not {"company", "company_domain"} & also.keys():
        return
    try:
        decoding.convert(company_draft(also), nouns.NOUNS["company"].draft)
    except errors.Invalid as error:
        said = {True: "/company", False: "/company_domain"}
        flaws = [one._replace(pointer=said[one.pointer == "/name" and "company" in also]) for one in error.flaws]
        raise errors.Invalid(error.detail, *flaws) from None


def _by_phone(tenant: str, noun: str, number: str) -> list[str]:
    """By the search index, which has a number's digits as a word. As fresh as the change feed."""
    found: list[str] = []
    for space, value in sorted(terms.searched(noun, words.of_record(noun, {"phones": [{"number": number}]}))):
        begins = Item.sk.startswith(value.split(" ")[0])
        entries = page(keys.partition("term", tenant=tenant, space=space), where=begins, limit=MANY)
        found += [place_of(entry.sk)[1] for entry in entries.items]
    there = records(tenant, noun, found)
    return [one for one, plain in there.items() if number in {each["number"] for each in plain.get("phones", ())}]
