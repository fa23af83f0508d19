"""Puts the parts together in the order in which they need each other, says where each is, and takes them down again."""

import importlib
import json
import logging
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from infra.local import aws, guard, settings, template
from infra.local.activity import Activity
from infra.local.api import Api
from infra.local.calls import Handler
from infra.local.cloud import Cloud
from infra.local.control import PREFIX, Control
from infra.local.engine import Engine
from infra.local.feed import Feed
from infra.local.front import Front
from infra.local.gateway import Answer, Request
from infra.local.lock import Lock
from infra.local.mailbox import Catcher, Mailbox
from infra.local.pump import Pump
from infra.local.settings import Settings
from infra.local.work import Worker

log = logging.getLogger("tendril.local")

TABLE = "tendril"
FILES = "tendril-files"
SETTLE_SECONDS = 3.0  # what a request that is being answered may still take when everything stops
KEEP_SECONDS = 86_400  # what DynamoDB keeps of a stream
BACKOFF_SECONDS = 0.2  # before a failed stream record is tried again; doubled each time
Say = Callable[[str, str], None]


class BusyError(Exception):
    """The port is taken. The text is one line, fit for a terminal."""


class Machine:
    """The running system. Use it as a context manager; `say` hears one short line per step."""

    def __init__(self, chosen: Settings, say: Say) -> None:
        self._settings, self._say = chosen, say
        self._stack = ExitStack()
        self._parts: list[tuple[str, Engine | Cloud]] = []

    def __enter__(self) -> "Machine":
        """Start everything. Raises BusyError, LockedError, ChildError; then nothing is left running."""
        with ExitStack() as stack:
            self._start(stack)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def dead_part(self) -> str | None:
        """The name of an emulator that has ended by itself, None if all is well."""
        return next((name for name, part in self._parts if not part.alive()), None)

    def _start(self, stack: ExitStack) -> None:
        chosen = self._settings
        front = _take_port(chosen)
        stack.callback(front.server_close)
        lock = Lock(chosen.data, chosen.data / "log")
        stack.callback(lock.release)
        engine = stack.enter_context(
            Engine.start(chosen.data / "table.db", log=chosen.data / "log/engine.log", keep=[lock.descriptor])
        )
        engine.create_table(TABLE)
        self._say("table", f"{engine.endpoint} (DynamoDB, data in {engine.place})")
        cloud = stack.enter_context(
            Cloud.start(chosen.data / "cloud", chosen.data / "log/cloud.log", keep=[lock.descriptor])
        )
        queues = cloud.create_queues()
        cloud.create_bucket(FILES)
        self._parts = [("the DynamoDB engine", engine), ("the emulated cloud", cloud)]
        self._say("cloud", f"{cloud.endpoint} (SQS, SSM, S3)")

        from chalicelib import clock

        mailbox = Mailbox(chosen.data / "mail", clock.now)
        catcher = Catcher(mailbox)
        stack.callback(catcher.stop)
        self._say("mail", f"smtp://127.0.0.1:{catcher.port} (kept in {chosen.data / 'mail'})")
        settings.enter(
            chosen,
            table=TABLE,
            engine=engine.endpoint,
            cloud=cloud.endpoint,
            work_queue=queues["WorkQueue"],
            files=FILES,
            smtp_port=catcher.port,
        )
        outside = guard.Outside(clock.now)
        stack.callback(guard.install(outside, [urlsplit(engine.endpoint).hostname or ""]))
        activity = Activity()
        app = _load_app(chosen)
        dead = _dead_letters(cloud, queues.get(template.stream_settings().dead_letters or ""))
        pump = Pump(
            _feed(app, activity, engine, chosen.data, dead),
            _worker(app, activity, cloud, queues["WorkQueue"]),
            _handler("schedules.on_minute"),
            activity,
            clock.now,
        )
        if chosen.demo:
            importlib.import_module("infra.local.demo").seed()
            self._say("demo", "a firm to try things with")
        # The last minute's bill; in the cloud it is what a killed function loses.
        stack.callback(importlib.import_module("chalicelib.services.usage").flush)
        pump.start()
        stack.callback(pump.stop)
        stack.callback(activity.settle, SETTLE_SECONDS)
        front.application = _doors(Api(app, activity), Control(mailbox, pump, clock, outside))
        _open(front, chosen)
        stack.callback(front.shutdown)


def _take_port(chosen: Settings) -> Front:
    """Before anything is started. Raises BusyError."""
    try:
        return Front(chosen.port, lambda _: Answer(503, [], b""))
    except OSError as error:
        raise _busy(chosen, error) from None


def _open(front: Front, chosen: Settings) -> None:
    try:
        front.open()
    except OSError as error:
        raise _busy(chosen, error) from None


def _busy(chosen: Settings, error: OSError) -> BusyError:
    return BusyError(f"port {chosen.port} cannot be used ({error.strerror}); set PORT to another one")


def _load_app(chosen: Settings) -> Any:
    """Import the product, and send its log, which in AWS is standard output, into a file."""
    app = importlib.import_module("app").app
    file = (chosen.data / "log" / "app.log").open("a", encoding="utf-8", buffering=1)
    for handler in logging.getLogger("tendril").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(file)
    return app


def _feed(
    app: Any, activity: Activity, engine: Engine, data: Path, on_failure: Callable[[dict[str, Any]], None]
) -> Feed:
    feed = Feed(
        engine.endpoint,
        TABLE,
        _counted(_handler("streams.on_change"), activity),
        data / "stream.json",
        batch_size=_batch_size(app, "on_change", 100),
        backoff=BACKOFF_SECONDS,
        on_failure=on_failure,
        kinds=template.stream_kinds(),
    )
    for sequence in feed.handled().values():
        if sequence.isdigit():
            engine.trim_stream(TABLE, int(sequence), time.time() - KEEP_SECONDS)
    return feed


def _worker(app: Any, activity: Activity, cloud: Cloud, url: str) -> Worker:
    handler = _counted(_handler("queues.on_work"), activity)
    return Worker(cloud.endpoint, url, handler, batch_size=_batch_size(app, "on_work", 10))


def _batch_size(app: Any, function: str, default: int) -> int:
    """What the handler's decorator asks for."""
    sizes = {source.name: source.batch_size for source in app.event_sources if hasattr(source, "batch_size")}
    return int(sizes.get(function, default))


def _handler(path: str) -> Handler:
    """A handler function by its path below chalicelib.handlers, as Lambda finds it."""
    module, _, name = path.rpartition(".")
    found: Handler = getattr(importlib.import_module(f"chalicelib.handlers.{module}"), name)
    return found


def _counted(handler: Handler, activity: Activity) -> Handler:
    def counted(event: dict[str, Any], context: Any) -> Any:
        with activity.handler():
            return handler(event, context)

    return counted


def _dead_letters(cloud: Cloud, url: str | None) -> Callable[[dict[str, Any]], None]:
    """Where a record goes that failed too often: to the template's queue, or, as in Lambda, nowhere without one."""
    sqs = aws.client("sqs", cloud.endpoint)

    def keep(message: dict[str, Any]) -> None:
        log.error("a stream record failed too often: %s", json.dumps(message["DDBStreamBatchInfo"]))
        if url is not None:
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(message))

    return keep


def _doors(api: Api, control: Control) -> Callable[[Request], Answer]:
    def answer(request: Request) -> Answer:
        return control.answer(request) if request.path.startswith(PREFIX) else api.answer(request)

    return answer
