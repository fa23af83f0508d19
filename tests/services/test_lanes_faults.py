"""Whatever happens while a campaign is sent: no address gets two mails, and in the end everybody is accounted for.

Two thousand schedules, each made of its number alone. In each some faults happen, at any of the places where a worker
can be cut off or overtaken: it is killed, another worker does the same or another lane meanwhile, the campaign is
paused, resumed, cancelled, a contact is erased, unsubscribes or gets another one's address, the clock jumps; and the
provider refuses, defers, throttles, is not heard of again with the mail or without it. Then there is peace, and the
lanes come to their end.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib import clock, errors, ids
from chalicelib.adapters import hands, mailer, queue
from chalicelib.models import keys
from chalicelib.models.campaign import Campaign, Shard
from chalicelib.models.contact import Contact
from chalicelib.models.job import Job
from chalicelib.models.moment import Moment
from chalicelib.models.settings import Settings
from chalicelib.models.subject import Tombstone
from chalicelib.models.writes import Step, put_all
from chalicelib.schemas.mail import Mail
from chalicelib.services import (
    campaign_states,
    claims,
    composing,
    dispatch,
    lanes,
    pace,
    purging,
    settings,
    settling,
    shards,
    usage,
)
from tests import lean, mailshots

CHUNKS, EACH = 40, 50
SCHEDULES = CHUNKS * EACH
PEACE = 120  # rounds within which everything has come to its end
DEPTH = 2  # workers that overtake one another


class Killed(BaseException):
    """The worker is gone."""


class World:
    """One schedule: a campaign on the real engine, a provider below the mailer, and what goes wrong."""

    def __init__(self, tenant: str, number: int) -> None:
        self.chance = random.Random(number)
        self.tenant, self.faults, self.depth, self.quiet = tenant, self.chance.randint(0, 6), 0, True
        self.taken: Counter[str] = Counter()  # by address
        self.reached: Counter[str] = Counter()  # by contact id
        self.erased: set[str] = set()
        self.ended: set[str] = set()
        self.states: dict[str, dict[str, Any]] = {}
        self.people = [mailshots.contact(tenant) for _ in range(self.chance.randint(3, 6))]

    def begin(self) -> None:
        """Launch it; from now on anything may happen."""
        self.campaign = self._launched()
        self.quiet = False

    def _launched(self) -> Campaign:
        """As the job of the audience leaves it."""
        one = Campaign(id=ids.new("cam"), tenant=self.tenant, label="News", rate=1000, concurrency=2, status="running")
        one.run, one.launched_at, one.sender, one.base_url = ids.new("run"), clock.stamp(), "a@firm.test", "https://crm"
        if self.chance.random() < 0.1:
            one.max_cost = 250
        parts = [self.people[:3], self.people[3:]] if self.chance.random() < 0.7 else [self.people]
        parts = [part for part in parts if part]
        one.audience, one.shards = len(self.people), len(parts)
        made = []
        for number, part in enumerate(parts):
            shard = Shard.at(self.tenant, one.id, number)
            shard.size = len(part)
            shard.packed = shards.pack((each.id, self._trace(one, each)) for each in part)
            made.append(shard)
        steps = dispatch.start(one)
        one.version = 1
        one.touch("usr_0")
        one.keys()
        put_all([*self.people, *made, one])  # and no jobs: here nobody reads them
        self._noted(steps)
        return one

    def _trace(self, one: Campaign, each: Contact) -> bytes:
        return shards.trace(self.tenant, str(one.run), each.emails[0]["address"])

    def _noted(self, steps: list[Step]) -> None:
        for step in steps:
            if isinstance(step.item, Job):
                self.states[step.item.id] = {"params": step.item.params, "state": {}}

    # what happens

    def point(self, _where: str) -> None:
        """A place where anything may happen."""
        if self.quiet or self.faults <= 0 or self.chance.random() > 0.25:
            return
        self.faults -= 1
        self.chance.choice(EVENTS)(self)

    def kill(self) -> None:
        raise Killed

    def overtake(self) -> None:
        """Another worker has the same message, or does another lane."""
        if self.depth < DEPTH:
            self.work()

    def move(self, verb: str, edit: Callable[[Campaign], list[Step]]) -> None:
        said: list[Step] = []

        def noting(one: Campaign) -> list[Step]:
            said[:] = edit(one)
            return said

        try:
            _, moved = campaign_states.move(self.tenant, self.campaign.id, verb, "usr_0", noting)
        except errors.Conflict:
            return
        if moved:
            self._noted(said)

    def pause(self) -> None:
        self.move("pause", dispatch.pause)

    def resume(self) -> None:
        def unlimited(one: Campaign) -> list[Step]:
            one.max_cost = None
            return dispatch.resume(one)

        self.move("resume", unlimited)

    def cancel(self) -> None:
        if self.chance.random() < 0.3:
            self.move("cancel", dispatch.cancel)

    def erase(self) -> None:
        """He is gone for good, and what lies beside him is swept."""
        each = self.chance.choice(self.people)
        self.erased.add(each.id)
        stone = Tombstone(*keys.key("tombstone", tenant=self.tenant, id=each.id))
        put_all([stone])
        purging.sweep(Moment(tenant=self.tenant, subject_id=each.id, what=purging.WHAT, at=clock.stamp(), attempts=99))

    def unsubscribe(self) -> None:
        each = self.chance.choice(self.people)
        if each.id not in self.erased:
            each.preferences = {"channels": {"email": False}}
            put_all([each])

    def swap(self) -> None:
        """Two of the audience change their addresses."""
        one, other = self.chance.sample(self.people, 2)
        if not self.erased & {one.id, other.id}:
            one.emails, other.emails = other.emails, one.emails
            put_all([one, other])

    def jump(self) -> None:
        clock.advance(self.chance.choice((-200, 30, 130, 400)))

    def send(self, mail: Mail) -> str:
        """The provider."""
        self.point("before the provider")
        what = "sent" if self.quiet else self.chance.choices(ANSWERS, WEIGHTS)[0]
        if what in ("sent", "lost, and taken", "killed, and taken"):
            self.taken[mail.to] += 1
            self.reached[mail.tags["send"].partition("-")[2]] += 1
        if what == "killed, and taken":
            raise Killed
        if what != "sent":
            raise RAISED[what]()  # noqa: RSE102 - made anew by what stands in the table
        self.point("after the provider")
        return "m-1"

    # who works

    def work(self) -> float:
        """One worker's step of one lane; how long that wants to rest."""
        going = [name for name in self.states if name not in self.ended]
        if not going:
            return 0.0
        name = self.chance.choice(going)
        kept = self.states[name]
        job = Job(id=name, tenant=self.tenant, what=lanes.KIND, params=kept["params"], state=dict(kept["state"]))
        self.depth += 1
        try:
            answer = lanes.step(job)
        except Killed:
            return 0.0
        finally:
            self.depth -= 1
        if answer is True:
            self.ended.add(name)
        kept["state"] = job.state
        return answer if isinstance(answer, float) else 0.0

    def run(self) -> None:
        """Trouble, then peace."""
        for _ in range(self.chance.randint(2, 10)):
            with suppress(Killed):
                self.point("between")
            clock.advance(min(self.work(), 90))
        self.quiet = True
        self.come_to_an_end()

    def come_to_an_end(self) -> None:
        for _ in range(PEACE):
            if set(self.states) - self.ended:
                clock.advance(self.work())
                continue
            self.campaign = mailshots.read(self.campaign)
            if self.campaign.status != "paused":
                return
            self.resume()
        raise AssertionError("it does not come to an end")

    # what must hold

    def check(self) -> dict[str, int]:
        one = self.campaign
        sums = settling.sum_of(self.tenant, one.id)
        assert max(self.taken.values(), default=0) <= 1, "an address got two mails"
        assert sum(sums.values()) == one.audience, sums
        assert one.status in ("finished", "cancelled")
        for contact_id, (letter, reason) in mailshots.fates(one).items():
            got = self.reached[contact_id]
            assert letter != "s" or got == 1, "counted as sent, and got none"
            assert letter not in "fx" or not got, f"got one, and counted as {reason}"
        return sums


EVENTS: list[Callable[[World], None]] = [
    *(World.kill, World.kill, World.overtake, World.overtake, World.pause, World.resume, World.cancel),
    *(World.erase, World.unsubscribe, World.swap, World.jump, World.jump),
]
ANSWERS = (
    "sent",
    "refused",
    "deferred",
    "throttled",
    "quota",
    "lost",
    "lost, and taken",
    "strange",
    "killed, and taken",
)
WEIGHTS = (60, 6, 6, 6, 1, 6, 6, 2, 3)
RAISED: dict[str, Callable[[], BaseException]] = {
    "refused": errors.MailRefused,
    "deferred": errors.MailDeferred,
    "throttled": errors.MailThrottled,
    "quota": lambda: errors.MailThrottled("", 600.0),
    "lost": errors.MailUncertain,
    "lost, and taken": errors.MailUncertain,
    "strange": RuntimeError,
}


@pytest.fixture
def world(engine: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], World]]:
    """Worlds in which every place of a lane's work can go wrong."""
    tenant, current = mailshots.tenant(), list[World]()

    def around(module: Any, name: str) -> None:
        real = getattr(module, name)

        def act(*args: Any, **more: Any) -> Any:
            current[0].point(f"before {name}")
            answer = real(*args, **more)
            current[0].point(f"after {name}")
            return answer

        monkeypatch.setattr(module, name, act)

    for module, name in (
        (claims, "take"),
        (claims, "record"),
        (claims, "retake"),
        (settling, "keep"),
        (settling, "count"),
    ):
        around(module, name)
    monkeypatch.setattr(settling, "charge", lambda *_: None)
    monkeypatch.setattr(usage, "record", lambda *_: None)
    monkeypatch.setattr(settings, "of", lambda tenant: Settings(tenant=tenant, time_zone="UTC"))  # nothing changes them
    monkeypatch.setattr(queue, "send_all", lambda messages: None)
    monkeypatch.setattr(mailer, "send", lambda mail: current[0].send(mail))  # noqa: PLW0108 - there is none yet
    monkeypatch.setattr(hands, "each", one_by_one)
    monkeypatch.setattr(pace, "wait", clock.advance)
    monkeypatch.setattr(composing, "template_of", lambda campaign: SimpleNamespace(needs=()))
    monkeypatch.setattr(composing, "_rendered", lambda *_: SimpleNamespace(subject="Hi", text="Hi", html="<p>Hi</p>"))
    monkeypatch.setenv("MAIL_RATE", "1000")

    def make(number: int) -> World:
        current[:] = [World(tenant, number)]
        current[0].begin()
        return current[0]

    with lean.connection(engine):
        yield make
    clock.reset()


def one_by_one(do: Callable[[Any], Any], items: Any) -> list[Any]:
    """As `hands.each`, in an order that is the same each time."""
    found: list[Any] = []
    for item in items:
        try:
            found.append(do(item))
        except Exception as error:  # noqa: BLE001 - as `hands.each` does
            found.append(error)
    return found


def test_so_many_schedules_are_tried() -> None:
    assert SCHEDULES == 2_000


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_address_gets_two_mails_and_the_sum_is_right(world: Callable[[int], World], chunk: int) -> None:
    for number in range(chunk * EACH, (chunk + 1) * EACH):
        one = world(number)
        one.run()
        one.check()
        if one.campaign.status == "finished" and number % 4 == 0:
            clock.advance(2000)  # a clock that was set back would take what has failed for what failed since
            one.move("retry", dispatch.retry)
            one.come_to_an_end()
            assert one.check()["failed"] == 0
