"""Several operations on contacts, companies or deals in one request over HTTP."""

from typing import Final

from chalicelib.errors import CrmError
from chalicelib.handlers._http import Routes
from chalicelib.handlers._problem import STATUS
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.batch import BatchDraft, BatchError, BatchResult, BatchView, Outcome

# Services are loaded where they are called: the cold start of any other request should not pay for them.
routes = Routes(__name__)
_STATUS: Final = {"created": 201, "updated": 200, "deleted": 204, "waived": 424}


@routes.post("/v1/contacts/batch", permission="contacts:write", body=BatchDraft, returns=BatchView, status=200)
def batch_contacts(actor: Actor, body: BatchDraft) -> BatchView:
    """Create, change and delete contacts in one request."""
    from chalicelib.services import batches

    return BatchView([_result(one) for one in batches.run(actor, "contact", body)])


@routes.post("/v1/companies/batch", permission="companies:write", body=BatchDraft, returns=BatchView, status=200)
def batch_companies(actor: Actor, body: BatchDraft) -> BatchView:
    """Create, change and delete companies in one request."""
    from chalicelib.services import batches

    return BatchView([_result(one) for one in batches.run(actor, "company", body)])


@routes.post("/v1/deals/batch", permission="deals:write", body=BatchDraft, returns=BatchView, status=200)
def batch_deals(actor: Actor, body: BatchDraft) -> BatchView:
    """Create, change and delete deals in one request."""
    from chalicelib.services import batches

    return BatchView([_result(one) for one in batches.run(actor, "deal", body)])


def _result(one: Outcome) -> BatchResult:
    status = STATUS[type(one.error)] if one.error else _STATUS[one.done]
    return BatchResult(ref=one.ref, status=status, id=one.id, error=_told(one.error) if one.error else None)


def _told(error: CrmError) -> BatchError:
    known = {name: error.extra[name] for name in ("existing_id", "merged_into") if name in error.extra}
    return BatchError(title=error.title, detail=error.detail, errors=[flaw._asdict() for flaw in error.flaws], **known)
