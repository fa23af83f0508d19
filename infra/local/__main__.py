"""`python -m infra.local`: starts the machine, says where to go, and stops it on Ctrl-C or SIGTERM."""

import os
import signal
import sys
import threading
import time
from types import FrameType

from infra.local.children import ChildError
from infra.local.lock import LockedError
from infra.local.machine import BusyError, Machine
from infra.local.settings import Settings, SettingsError

WATCH_SECONDS = 1.0
LOGIN = "owner@demo.test / demo-demo-demo"


def main() -> int:
    """Run until told to stop; returns the exit code."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        settings = Settings.read(os.environ)
        begun = time.monotonic()
        with Machine(settings, say) as machine:
            for name in (signal.SIGINT, signal.SIGTERM):
                signal.signal(name, lambda *_: stop.set())
            _welcome(settings, time.monotonic() - begun)
            return _watch(machine, stop)
    except (SettingsError, BusyError, LockedError, ChildError) as error:
        print(f"tendril: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def say(what: str, where: str) -> None:
    """One line of progress."""
    print(f"{what:<10}{where}", flush=True)


def _welcome(settings: Settings, seconds: float) -> None:
    say("api", f"{settings.address}/v1/health")
    say("describe", f"{settings.address}/v1/openapi.json")
    say("outbox", f"{settings.address}/_local/outbox")
    say("login", LOGIN if settings.demo else "none yet: POST /v1/auth/signup")
    say("ready", f"after {seconds:.1f} s; logs in {settings.data / 'log'}; Ctrl-C stops everything")


def _watch(machine: Machine, stop: threading.Event) -> int:
    """Wait for the end; without its emulators the machine is of no use."""
    while not stop.wait(WATCH_SECONDS):
        if dead := machine.dead_part():
            print(f"tendril: {dead} has ended by itself; everything stops", file=sys.stderr)
            return 1
    say("stopping", "")
    return 0


def _interrupt(signum: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as signal calls it
    """While starting, SIGTERM undoes what has been started, as Ctrl-C does."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
