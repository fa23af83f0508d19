"""Access patterns of exports."""

from chalicelib.models.jobs import load
from chalicelib.schemas.actor import Actor
from chalicelib.schemas.exports import ExportDraft
from chalicelib.services import exports, permissions
from chalicelib.services.exporting import sources
from tests.contract.performing import Units, consumed, performs, person
from tests.house import House, Sender


@performs("export.page")
def _(house: House, owner: Sender) -> Units:
    for number in range(25):
        owner.contact(**person(number))
    house.settle()
    actor = Actor(owner.tenant, owner.user, "owner", permissions.ALL)
    job = load(owner.tenant, exports.start(actor, ExportDraft(kind="contact")).id)
    assert job is not None
    found: list[sources.Found] = []
    units = consumed(lambda: found.append(sources.read(job, "contact", {})))
    assert len(found[0].records) == 25
    return units
