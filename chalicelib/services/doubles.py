"""What a record that is to be made would double: exactly, by a value only one may have, or in all likelihood."""

from typing import Any, Final

from chalicelib import errors
from chalicelib.models import keys
from chalicelib.models.guard import Guard
from chalicelib.models.table import several
from chalicelib.services import duplicates, matching, nouns, text
from chalicelib.services.duplicates import Candidate
from chalicelib.services.records import Claim, Records

_KEYS, _RECORDS = 6, 5  # as many as `duplicates.warn` asks for: somebody waits
_SAID: Final = {"email": "same mail address", "domain": "same domain", "external_id": "same id in another system"}
SURE: Final = 1.0


def exact(verbs: Records[Any], record: Any, *, consistent: bool) -> list[tuple[Claim, Candidate]]:
    """Who has a value that the record, not yet in the table, is to have. Half a unit each, a whole one if consistent.

    Found although the index of terms has not followed yet.
    """
    claims = verbs.claims(record)
    places = [
        keys.key("guard", tenant=record.tenant, noun=verbs.noun.name, field=one.field, value=one.value)
        for one in claims
    ]
    found = zip(claims, several(places, consistent=consistent), strict=True)
    return [
        (claim, Candidate(guard.holder, SURE, [_SAID[claim.field]]))
        for claim, guard in found
        if isinstance(guard, Guard) and guard.holder != record.id
    ]


def likely(record: Any, known: Any = None) -> list[Candidate]:
    """What the record may be; `known` is one that is more likely than others, such as a contact's own company.

    At most 5.5 read units: six keys and five records, half a unit each.
    """
    noun, plain = record.NOUN, nouns.plain(record)
    found = duplicates.candidates(record.tenant, noun, plain, exclude=record.id, most_keys=_KEYS, most=_RECORDS)
    if known is not None:
        match = matching.compare(noun, plain, nouns.plain(known))
        if text.folded(known.name) == text.folded(record.name) or match.score >= matching.THRESHOLD:
            found.append(Candidate(known.id, match.score, match.reasons))
    return found


def ranked(found: list[Candidate]) -> list[Candidate]:
    """Each record once, the likeliest first."""
    best: dict[str, Candidate] = {}
    for one in found:
        if one.id not in best or best[one.id].score < one.score:
            best[one.id] = one
    return sorted(best.values(), key=lambda one: (-one.score, one.id))


def offer(
    found: dict[str, list[Candidate]], taken: list[tuple[str, Claim]], existing_id: str | None
) -> errors.Conflict:
    """The refusal that offers what there is, by noun; `taken` are values that belong to others."""
    flaws = [
        errors.Flaw(f"/{noun}{claim.pointer}", "taken", f"Another {noun} has this {claim.field}.")
        for noun, claim in taken
    ]
    spoken_for = {noun for noun, _ in taken}
    flaws += [
        errors.Flaw(f"/{noun}", "duplicate", f"There may be such a {noun} already.")
        for noun, several_of in found.items()
        if several_of and noun not in spoken_for
    ]
    shown = {noun: [one._asdict() for one in several_of] for noun, several_of in found.items()}
    extra = {"existing_id": existing_id} if existing_id else {}
    message = "This may be there already: join one of the candidates, or say `create` for another one."
    return errors.Conflict(message, *flaws, candidates=shown, **extra)
