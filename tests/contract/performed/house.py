"""The patterns of the house: access, contacts, tasks, the feed, moments, the bill."""

import uuid

from chalicelib import clock, ids
from chalicelib.models import moments
from chalicelib.models.moment import Moment
from chalicelib.models.writes import Step, transact
from chalicelib.services import ledger, sessions, usage
from tests.contract.performing import ANY_AGE, Units, consumed, feed, of, path, performs, person, task
from tests.house import House, Sender
from tests.loglines import heard


@performs("auth.signup")
def _(house: House, owner: Sender) -> Units:
    draft = {"company": "F", "name": "N", "email": f"{uuid.uuid4().hex}@example.com", "password": "long enough pass"}
    return of(house.http("POST", "/v1/auth/signup", draft))


@performs("auth.login")
def _(house: House, owner: Sender) -> Units:
    email = owner.signed_up["user"]["email"]
    return of(house.http("POST", "/v1/auth/login", {"email": email, "password": "long enough pass"}))


@performs("auth.refresh")
def _(house: House, owner: Sender) -> Units:
    token = owner.signed_up["refresh_token"]
    return of(house.http("POST", "/v1/auth/refresh", {"refresh_token": token}))


@performs("auth.standing")
def _(house: House, owner: Sender) -> Units:
    assert owner.get("/v1/health").cost["rru"] == 0
    sessions._standing.clear()
    first, second = (of(owner.get("/v1/contacts?limit=1")) for _ in range(2))
    return first[0] - second[0], first[1]


@performs("auth.token")
def _(house: House, owner: Sender) -> Units:
    made = owner.post("/v1/tokens", {"name": "t", "scopes": ["contacts:read"]})
    program = Sender(house, made.json["secret"])
    program.get("/v1/contacts?limit=1")  # the first use in an hour is noted
    rru, wru = of(program.get("/v1/contacts?limit=1"))
    return rru - 0.5, wru


@performs("contact.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/contacts", person()))


@performs("contact.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(path(owner.contact(**person()))))


@performs("contact.by_email")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact(**person())
    answer = owner.get(f"/v1/contacts?email={made['emails'][0]['address']}")
    assert len(answer.json["data"]) == 1
    return of(answer)


@performs("contact.page")
def _(house: House, owner: Sender) -> Units:
    for number in range(25):
        owner.contact(**person(number))
    for query in ("sort=name", "sort=-updated_at", "updated_since=2020-01-01T00:00:00Z"):
        answer = owner.get(f"/v1/contacts?limit=25&{query}")
        assert len(answer.json["data"]) == 25
        assert answer.cost["rru"] <= 4
    return of(answer)


@performs("contact.patch")
def _(house: House, owner: Sender) -> Units:
    return of(owner.patch(path(owner.contact(**person())), {"title": "Head"}))


@performs("contact.delete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.delete(path(owner.contact(**person()))))


@performs("contact.restore")
def _(house: House, owner: Sender) -> Units:
    made = path(owner.contact(**person()))
    owner.delete(made)
    return of(owner.post(f"{made}/restore"))


@performs("contact.timeline")
def _(house: House, owner: Sender) -> Units:
    made = path(owner.contact())
    owner.post(f"{made}/activities", {"kind": "note", "text": "Hello."})
    return of(owner.get(f"{made}/timeline"))


@performs("contact.timeline_kind")
def _(house: House, owner: Sender) -> Units:
    made = path(owner.contact())
    owner.post(f"{made}/activities", {"kind": "note", "text": "Hello."})
    return of(owner.get(f"{made}/timeline?kind=note"))


@performs("activity.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post(f"{path(owner.contact())}/activities", {"kind": "call", "text": "Hello.", "data": {"a": 1}}))


@performs("task.create")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post("/v1/tasks", {"title": "Call back", "due_at": ANY_AGE}))


@performs("task.get")
def _(house: House, owner: Sender) -> Units:
    return of(owner.get(path(task(owner))))


@performs("task.page")
def _(house: House, owner: Sender) -> Units:
    for _ in range(3):
        made = task(owner)
    for query in ("", "due_before=2100-01-01T00:00:00Z", f"assignee_id={made['assignee_id']}"):
        answer = owner.get(f"/v1/tasks?{query}")
        assert len(answer.json["data"]) == 3
        assert of(answer) == (0.5, 0)
    return of(answer)


@performs("task.complete")
def _(house: House, owner: Sender) -> Units:
    return of(owner.post(f"{path(task(owner))}/complete"))


@performs("feed.contact_created")
def _(house: House, owner: Sender) -> Units:
    house.feed.drain()
    usage.flush()
    owner.contact(**person())
    return feed(house, owner)


@performs("feed.activity_created")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact()
    house.feed.drain()
    owner.post(f"{path(made)}/activities", {"kind": "call"})
    return feed(house, owner)


@performs("feed.task_created")
def _(house: House, owner: Sender) -> Units:
    made = owner.contact()
    house.feed.drain()
    task(owner, subject_id=made["id"])
    return feed(house, owner)


@performs("feed.user_limited")
def _(house: House, owner: Sender) -> Units:
    draft = {"name": "Ursula", "email": f"{uuid.uuid4().hex}@example.com", "password": "long enough pass"}
    made = owner.post("/v1/users", draft).json
    house.feed.drain()
    assert owner.patch(f"/v1/users/{made['id']}", {"role": "viewer"}).status == 200
    return feed(house, owner)


@performs("due.idle_minute")
def _(house: House, owner: Sender) -> Units:
    return idle_minute(house)


def idle_minute(house: House) -> Units:
    """What the log says of a minute before whatever other tests have left."""
    usage.flush()  # of requests: in the cloud another process, with a minute of its own
    clock.set(clock.parse("1990-01-01T00:00:00Z"))
    with heard() as lines:
        house.minute()
    assert house.queue == []
    (call,) = lines.fields("call")
    return call["rru"], call["wru"]


def _moment() -> Moment:
    made = Moment(tenant=ids.new("ten"), subject_id=ids.new("tsk"), what="test", at="1999-01-01T00:00:00.000Z")
    made.keys()
    transact(Step("save", made))
    return made


@performs("due.claim")
def _(house: House, owner: Sender) -> Units:
    made = _moment()
    units = consumed(lambda: moments.claim(made, "1999-01-01T00:05:00.000Z"))
    moments.finish(moments.load(made.tenant, made.subject_id, made.what) or made)
    return units


@performs("due.finish")
def _(house: House, owner: Sender) -> Units:
    made = _moment()
    return consumed(lambda: moments.finish(made))


@performs("usage.page")
def _(house: House, owner: Sender) -> Units:
    owner.get("/v1/contacts")
    usage.flush()
    return of(owner.get("/v1/usage"))


@performs("total.page")
def _(house: House, owner: Sender) -> Units:
    owner.contact()
    house.feed.drain()
    assert ledger.totals(owner.tenant) == {"contacts": 1}
    return consumed(lambda: ledger.totals(owner.tenant))


@performs("company.rollup")
def _(house: House, owner: Sender) -> Units:
    made = owner.post("/v1/companies", {"name": "Acme"}).json
    house.settle()
    return of(owner.get(f"/v1/companies/{made['id']}/rollup"))
