"""What a recipient of a campaign costs, part by part, and how many mails one worker sends in a second of its own time.

The lanes do here what they do in the cloud, against a real engine, and hand over to providers at the socket: SES's API
by botocore, and SMTP. A campaign's rate is out of the way. What is promised: a million recipients for at most five
dollars without the provider's fee, each with one event of its delivery; 300 mails claimed, rendered, handed over and
recorded for each second of a worker's CPU; and that two workers at once need hardly more CPU for each mail than one.

Lambda bills time by memory, and gives CPU by memory too: a second of a whole CPU is 1769 MB for a second, whatever the
memory is (https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). What a worker waits is billed at
the memory it has; how long that is stands below as an assumption, as here the network is a loopback.
"""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from bench._house import House, house

PEOPLE: Final = 500
WARM: Final = 100  # recipients of a campaign before it is measured: what is imported and parsed once
MILLION: Final = 1_000_000
PER_MILLION: Final = 5.0  # dollars, at most
PER_SECOND: Final = 300.0  # mails, at least
LINEAR: Final = 1.6  # of two workers, at least, times one
CPU_GB: Final = 1769 / 1024  # of a whole CPU
MEMORY_GB: Final = 0.5
WAITED: Final = 0.005 + (7 * 0.005) / 25  # seconds for each: 125 ms for 25 mails at once, 7 requests of 5 ms for 25
FORTY: Final = 40  # events of one transaction, as `feed.mails_delivered` has them
EVENT: Final = 0.001  # seconds of a whole CPU for an event of a batch, verified, kept and followed up
LINKS: Final = "".join(f'<li><a href="https://firm.example/news/{n}">What is new, {n}</a></li>' for n in range(5))
HTML: Final = f"""<html><body><h1>Hello {{{{ contact.first_name | default: "there" }}}}</h1>
<p>{{% if contact.title %}}As {{{{ contact.title }}}} you{{% else %}}You{{% endif %}} may like what is new:</p>
<ul>{LINKS}</ul>
<p>{{{{ campaign.name }}}} - <a href="{{{{ unsubscribe_url }}}}">No more of this</a></p></body></html>"""
Row = dict[str, Any]
Parts = dict[str, Counter[str]]


def rows() -> list[Row]:
    """Units and price, then mails by CPU time for each provider, then two workers."""
    with house() as here, _provider("http") as http, _provider("smtp") as smtp:
        os.environ |= {
            "AWS_ENDPOINT_URL_SESV2": f"http://127.0.0.1:{http}",
            "SMTP_URL": f"smtp://127.0.0.1:{smtp}",
            "MAIL_RATE": "1000000",
            "LOG_LEVEL": "ERROR",
        }
        os.environ["MAIL_PROVIDER"] = "ses"
        _sent(here.tenant, _launched(here.tenant, WARM))
        parts: Parts = {}
        with _parted(parts):
            campaign = _launched(here.tenant, PEOPLE)
            mails, cpu = _sent(here.tenant, campaign)
        found = [*_prices(parts, mails, cpu), _speed("SES", mails / cpu)]
        os.environ["MAIL_PROVIDER"] = "smtp"
        _sent(here.tenant, _launched(here.tenant, WARM))
        found.append(_speed("SMTP", _rate(here.tenant)))
        os.environ["MAIL_PROVIDER"] = "ses"
        return [*found, *_workers(here)]


def _rate(tenant: str) -> float:
    mails, cpu = _sent(tenant, _launched(tenant, PEOPLE))
    return mails / cpu


def _workers(here: House) -> list[Row]:
    """One worker alone, then two at once, each a process with a campaign of its own in the same firm."""
    one = sum(_together(here.tenant, 1))
    two = sum(_together(here.tenant, 2))
    row = _row("two workers : one, mails by CPU second", two / one, "x", LINEAR, least=True)
    return [_row("one worker in a process of its own", one, "mails / CPU s"), {**row, "least": True}]


def _together(tenant: str, workers: int) -> list[float]:
    campaigns = [_launched(tenant, PEOPLE) for _ in range(workers)]
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_worker, [tenant] * workers, campaigns))


def _worker(tenant: str, campaign: str) -> float:
    _sent(tenant, _launched(tenant, WARM))
    mails, cpu = _sent(tenant, campaign)
    return mails / cpu


def _launched(tenant: str, people: int) -> str:
    """A campaign to so many, whose audience is cut."""
    from chalicelib.models.writes import Step, transact
    from chalicelib.services import audience, campaign_states, dispatch

    campaign = _campaign(tenant, people)
    transact(Step("save", campaign))
    campaign_states.move(tenant, campaign.id, "launch", "usr_bench", dispatch.launch)
    (job,) = _jobs(tenant, dispatch.AUDIENCE, campaign.id)
    while not audience.step(job):
        pass
    return str(campaign.id)


def _campaign(tenant: str, people: int) -> Any:
    from chalicelib import clock, ids
    from chalicelib.models import keys
    from chalicelib.models.campaign import Campaign
    from chalicelib.models.contact import Contact
    from chalicelib.models.segment import Member, Segment
    from chalicelib.models.writes import put_all
    from chalicelib.schemas.actor import Actor
    from chalicelib.schemas.template import TemplateDraft
    from chalicelib.services import permissions, templates

    items: list[Any] = [Segment(id=ids.new("seg"), tenant=tenant, name="all", label="All", what="static", version=1)]
    for number in range(people):
        address = f"ada.{number}.{items[0].id[-8:].lower()}@analytical-engines.example"
        one = Contact(id=ids.new("con"), tenant=tenant, name="lovelace ada", first_name="Ada", last_name="Lovelace")
        one.emails, one.title, one.version = [{"address": address, "kind": "work"}], "Head of Engines", 1
        one.phones = [{"number": "+43 1 5880 1000", "kind": "work"}]
        one.address = {"street": "Karlsplatz 13", "postal_code": "1040", "city": "Wien", "country": "AT"}
        one.time_zone, one.tags, one.language = "Europe/Vienna", ["customer", "newsletter"], "en-GB"
        place = keys.key("member", tenant=tenant, segment=items[0].id, contact=one.id)
        items += [one, Member(*place, contact_id=one.id, at=clock.stamp())]
    for one in items:
        if not isinstance(one, Member):
            one.touch("usr_bench")
            one.keys()
    put_all(items)
    draft = TemplateDraft(name=ids.new("tpl"), subject="News for {{ contact.first_name }}", html=HTML)
    template = templates.create(Actor(tenant, "usr_bench", "owner", permissions.ALL), draft)
    fields = {"sender": "News <news@firm.example>", "base_url": "https://crm.example", "concurrency": 1}
    made = Campaign(id=ids.new("cam"), tenant=tenant, label="N", segment_id=items[0].id, template_id=template.id)
    for name, value in fields.items():
        setattr(made, name, value)
    made.touch("usr_bench")
    made.keys()
    return made


def _sent(tenant: str, campaign: str) -> tuple[int, float]:
    """How many mails its lane handed over, and the seconds of CPU that took."""
    from chalicelib.services import dispatch, lanes, settling

    began = time.process_time()
    for job in _jobs(tenant, dispatch.LANE, campaign):
        while lanes.step(job) is not True:
            pass
    cpu = time.process_time() - began
    sums = settling.sum_of(tenant, campaign)
    if set(sums) - {name for name, count in sums.items() if not count} != {"sent"}:
        raise RuntimeError(f"not all were sent: {sums}")
    return sums["sent"], cpu


def _jobs(tenant: str, kind: str, campaign: str) -> list[Any]:
    from chalicelib.models import keys
    from chalicelib.models.table import every

    found = every(keys.partition("job", "gsi2", tenant=tenant, what=kind), index="gsi2")
    return [job for job in found if job.params["campaign"] == campaign]


@contextmanager
def _parted(parts: Parts) -> Iterator[None]:
    """Note what each part of the work consumes, by the functions that do it; what is left over is the rest."""
    from chalicelib import observability
    from chalicelib.services import audience, claims, consent, lanes, pace, settling, slices, usage

    named: list[tuple[str, Any, str]] = [
        ("who is it", slices, "several"),
        ("may he be mailed", consent, "refusals"),
        ("claimed", claims, "take"),
        ("recorded", claims, "record"),
        ("the firm's rate", pace, "reserve"),
        ("shards kept and counted", settling, "keep"),
        ("what it cost", settling, "charge"),
        ("the audience cut", audience, "_step"),
        ("looks at the state, and the rest", lanes, "_step"),
        ("what it cost", usage, "record"),
    ]
    real = [(module, name, getattr(module, name)) for _, module, name in named]
    depth: list[Counter[str]] = []

    def noting(title: str, do: Callable[..., Any]) -> Callable[..., Any]:
        def act(*args: Any, **more: Any) -> Any:
            with_own = observability.meter()
            before, inner = (with_own.rru, with_own.wru), Counter[str]()
            depth.append(inner)
            try:
                return do(*args, **more)
            finally:
                depth.pop()
                spent = Counter({"rru": with_own.rru - before[0], "wru": with_own.wru - before[1]})
                if depth:
                    depth[-1].update(spent)
                own = parts.setdefault(title, Counter())
                for unit in ("rru", "wru"):
                    own[unit] += spent[unit] - inner[unit]

        return act

    for (title, module, name), (_, _, do) in zip(named, real, strict=True):
        setattr(module, name, noting(title, do))
    try:
        with observability.measured("bench"):
            yield
    finally:
        for module, name, do in real:
            setattr(module, name, do)


def _prices(parts: Parts, mails: int, cpu: float) -> list[Row]:
    """Each part for one recipient, and for a million in dollars."""
    from chalicelib import money

    found, total = [], 0.0
    for title, units in parts.items():
        if min(units.values()) < 0:
            raise RuntimeError(f"{title} was noted on another meter than what it is made of")
        found += [_row(f"recipient, {title}", units[one] / mails, one) for one in ("rru", "wru") if units[one]]
        price = money.usd(rru=units["rru"], wru=units["wru"]) / mails * MILLION
        found.append(_row(f"million, {title}", price, "USD"))
        total += price
    times = {
        "CPU of Lambda": cpu / mails * CPU_GB,
        "waiting of Lambda": WAITED * MEMORY_GB,
    }
    found.append(_row("recipient, Lambda's time on a whole CPU", cpu / mails * 1000, "ms"))
    for title, gb_s in times.items():
        price = money.usd(gb_s=gb_s) * MILLION
        found.append(_row(f"million, {title}", price, "USD"))
        total += price
    found.append(_row("million, sent", total, "USD", 2.0))
    told = money.usd(**_delivered(), gb_s=EVENT * CPU_GB) * MILLION
    found.append(_row("million, told by webhook that it was delivered", told, "USD"))
    found.append(_row("million, in all without the provider's fee", total + told, "USD", PER_MILLION))
    return found


def _delivered() -> dict[str, float]:
    """What one delivery adds that comes in a batch of a webhook: the event, the mailing and what is counted."""
    from chalicelib.models.keys import PATTERNS

    stated = {one.name: one for one in PATTERNS}
    kept, counted = stated["hook.delivered"], stated["feed.mails_delivered"]
    return {"rru": counted.read / FORTY, "wru": kept.write + counted.write / FORTY}


@contextmanager
def _provider(kind: str) -> Iterator[str]:
    """Its port."""
    script = Path(__file__).with_name("_post.py")
    with subprocess.Popen([sys.executable, str(script), kind], stdout=subprocess.PIPE, text=True) as running:
        try:
            yield (running.stdout.readline() if running.stdout else "").strip()
        finally:
            running.kill()


def _speed(provider: str, rate: float) -> Row:
    return {**_row(f"one worker by {provider}", rate, "mails / CPU s", PER_SECOND, least=True), "least": True}


def _row(name: str, value: float, unit: str, limit: float | None = None, *, least: bool = False) -> Row:
    holds = limit is None or (value >= limit if least else value <= limit)
    return {"name": f"campaign, {name}", "value": value, "unit": unit, "limit": limit, "holds": holds}
