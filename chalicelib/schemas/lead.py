"""Converting a lead, on the wire: a contact, a company and a deal in one."""

from typing import Literal

from chalicelib.schemas.company import CompanyDraft, CompanyView
from chalicelib.schemas.contact import ContactDraft, ContactView, Stage
from chalicelib.schemas.deal import DealDraft, DealView
from chalicelib.schemas.fields import Draft, Id, View
from chalicelib.schemas.parts import Part


class Join(Part):
    """Records that are there already and are to be used, whatever else they may be taken for."""

    contact_id: Id | None = None
    company_id: Id | None = None


class LeadDraft(Draft):
    """Who it is, for which company, and what may be sold.

    A contact by its id, as a draft, or both: then what the draft says and the contact does not is added to it. The
    same goes for the company; without one it is the contact's own or that of its mail domain, if there is one. The
    deal gets both of them; it may name further contacts. Without `lifecycle` a contact with a deal that is not
    further on becomes an `opportunity`, with one that is won a `customer`.

    `on_duplicate` says what becomes of a draft of what may be there already: `offer` refuses with 409 and the
    candidates, `join` takes the likeliest, `create` makes another one.
    """

    contact_id: Id | None = None
    contact: ContactDraft | None = None
    company_id: Id | None = None
    company: CompanyDraft | None = None
    deal: DealDraft | None = None
    lifecycle: Stage | None = None
    on_duplicate: Literal["offer", "join", "create"] = "offer"
    join: Join | None = None


class Joined(View):
    """Which of them were there before."""

    contact: bool
    company: bool
    deal: bool


class LeadView(View):
    """What has come of the lead; without a company or a deal there is none."""

    contact: ContactView
    company: CompanyView | None
    deal: DealView | None
    joined: Joined
