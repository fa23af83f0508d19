"""What a lead's conversion is made of: which records its body names, how far the contact is, where a refusal points."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import msgspec

from chalicelib import errors
from chalicelib.models.guard import Guard
from chalicelib.models.writes import Step
from chalicelib.schemas.lead import Join, LeadDraft
from chalicelib.services import nouns, text

_EARLIER: Final = (None, "subscriber", "lead", "marketing_qualified_lead", "sales_qualified_lead")


def stage(now: str | None, deal: Any) -> str | None:
    """Where a contact stands on its way, once there is this deal: further on, never back."""
    if deal is not None and deal.status == "won" and now in (*_EARLIER, "opportunity"):
        return "customer"
    return "opportunity" if deal is not None and now in _EARLIER else now


def title_digest(title: str) -> str:
    """The same for titles that people take for the same."""
    return hashlib.sha256(text.folded(title, len(title)).encode()).hexdigest()[:32]


def pointing(pointer: str, steps: list[Step]) -> list[Step]:
    """The same writes; what refuses one of them points below this part of the body."""
    return [one._replace(refusal=partial(_refusal, pointer, one)) for one in steps]


def named(wanted: LeadDraft, noun: str) -> tuple[str, str] | None:
    """The id that the body gives, and where. Raises `Invalid` for two that differ."""
    join = wanted.join or Join()
    places = [(f"/{noun}_id", getattr(wanted, f"{noun}_id")), (f"/join/{noun}_id", getattr(join, f"{noun}_id"))]
    if noun == "company":
        places += [
            ("/deal/company_id", wanted.deal and wanted.deal.company_id),
            ("/contact/company_id", wanted.contact and wanted.contact.company_id),
        ]
    given = [(record_id, pointer) for pointer, record_id in places if record_id]
    if given and any(record_id != given[0][0] for record_id, _ in given):
        raise errors.invalid(given[1][1], "repeated", f"This names another {noun} than {given[0][1]}.")
    return given[0] if given else None


def guard_of(built: Any) -> Guard:
    """The guard of a draft as a whole."""
    said = msgspec.json.encode(nouns.written(built), order="deterministic")
    return Guard.of(built.tenant, "lead", "contact", hashlib.sha256(said).hexdigest(), built.id)


@contextmanager
def below(pointer: str) -> Iterator[None]:
    """What is refused meanwhile points below this part of the body."""
    try:
        yield
    except (errors.Invalid, errors.Conflict) as error:
        raise _moved(pointer, error) from None


def _refusal(pointer: str, step: Step) -> errors.CrmError:
    return _moved(pointer, step.refuse())


def _moved(pointer: str, error: errors.CrmError) -> errors.CrmError:
    if not isinstance(error, errors.Invalid | errors.Conflict):
        return error
    flaws = [one._replace(pointer=pointer + one.pointer) for one in error.flaws]
    return type(error)(error.detail, *flaws, **error.extra)
