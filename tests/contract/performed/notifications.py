"""The patterns of the in-app inbox."""

from typing import Any

from chalicelib import clock
from chalicelib.services import inbox
from tests.contract.performing import Units, consumed, of, performs
from tests.house import House, Sender


def told(owner: Sender, key: str = "1", **more: Any) -> None:
    inbox.tell(owner.tenant, owner.user, key, "reminder", "Reminder: call back about the offer", **more)


@performs("inbox.tell")
def tell(_: House, owner: Sender) -> Units:
    return consumed(lambda: told(owner, at=clock.stamp(), subject_id=owner.user, data={"due_at": clock.stamp()}))


@performs("inbox.tell_undated")
def tell_undated(_: House, owner: Sender) -> Units:
    return consumed(lambda: told(owner))


@performs("inbox.page")
def page(_: House, owner: Sender) -> Units:
    told(owner)
    return of(owner.get("/v1/notifications"))


@performs("inbox.unread")
def unread(_: House, owner: Sender) -> Units:
    told(owner)
    return of(owner.get("/v1/notifications/unread"))


@performs("inbox.read")
def read(_: House, owner: Sender) -> Units:
    told(owner)
    (one,) = owner.get("/v1/notifications").json["data"]
    return of(owner.post(f"/v1/notifications/{one['id']}/read"))


@performs("inbox.read_all")
def read_all(_: House, owner: Sender) -> Units:
    for number in range(9):
        told(owner, str(number))
    return of(owner.post("/v1/notifications/read-all"))
