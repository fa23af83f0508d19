"""Starts the emulators as children that cannot outlive this process, however it ends."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
LEFTOVER_SECONDS = 5  # what a child of an earlier run gets to save and go, before it is killed


class ChildError(Exception):
    """A child ended before it answered, or did not answer in time. The text is one line, fit for a terminal."""


class Child:
    """A running child process; its output goes to `log`, its pid to `<log>.pid` while it runs."""

    def __init__(
        self,
        name: str,
        argv: Sequence[str],
        log: Path,
        *,
        env: Mapping[str, str] | None = None,
        farewell: signal.Signals = signal.SIGKILL,
        keep: Sequence[int] = (),
    ) -> None:
        """Start `argv`. `farewell` is what the child gets if this process dies; `keep` are descriptors it inherits."""
        self.name, self.log = name, log
        log.parent.mkdir(parents=True, exist_ok=True)
        self._pid_file = log.with_suffix(".pid")
        _end_leftover(self._pid_file)
        self._log_start = log.stat().st_size if log.exists() else 0
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                list(argv),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                pass_fds=tuple(keep),
                env=None if env is None else dict(env),
                preexec_fn=_die_with_parent(farewell),  # noqa: PLW1509 - one system call, made before any thread starts
                # Ctrl-C in the terminal reaches the parent alone, which then stops its children in order.
                start_new_session=True,
            )
        self._pid_file.write_text(f"{self._process.pid} {_identity(self._process.pid)}")

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None

    def output(self) -> str:
        """What this run has written so far."""
        with self.log.open("rb") as lines:
            lines.seek(self._log_start)
            return lines.read().decode(errors="replace")

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait until `ready()`.

        Raises ChildError when the child ends first or `seconds` pass.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.alive():
                raise ChildError(f"{self.name} ended at once: {_last_line(self.output())} (see {self.log})")
            if time.monotonic() > deadline:
                self.stop()
                raise ChildError(f"{self.name} did not answer within {seconds:.0f} s (see {self.log})")
            time.sleep(0.01)

    def stop(self, seconds: float = 10) -> None:
        """End it orderly, by force after `seconds`."""
        if self.alive():
            self._process.terminate()
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._pid_file.unlink(missing_ok=True)


def end_leftovers(folder: Path) -> None:
    """End the children of an earlier run whose pid files are in `folder`, if they still run."""
    for pid_file in folder.glob("*.pid"):
        _end_leftover(pid_file)


def free_port() -> int:
    """A loopback port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int) -> bool:
    """Whether nobody listens on the loopback port `port`, and this process could."""
    with socket.socket() as probe:
        # As servers do, so that connections which are still closing down do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _die_with_parent(farewell: signal.Signals) -> Callable[[], None] | None:
    """On Linux the kernel ends the child with its parent. Elsewhere the pid file does, at the next start."""
    if not sys.platform.startswith("linux"):
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, int(farewell), 0, 0, 0)
        if os.getppid() != parent:  # the parent died before the kernel knew
            os._exit(1)

    return ask_kernel


def _end_leftover(pid_file: Path) -> None:
    """End the child of an earlier run that was killed. The start time beside the pid tells it from a stranger."""
    if not pid_file.exists():
        return
    pid, _, identity = pid_file.read_text().partition(" ")
    deadline = time.monotonic() + LEFTOVER_SECONDS
    while pid.isdigit() and identity and _identity(int(pid)) == identity:
        with suppress(ProcessLookupError):
            os.kill(int(pid), signal.SIGTERM if time.monotonic() < deadline else signal.SIGKILL)
        time.sleep(0.1)
    pid_file.unlink(missing_ok=True)


def _identity(pid: int) -> str:
    """Start time and name of a process as `ps` tells them, empty if there is none or it only waits to be buried."""
    try:
        seen = subprocess.run(
            ["ps", "-o", "stat=,lstart=,comm=", "-p", str(pid)], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    state, _, identity = seen.stdout.strip().partition(" ")
    return "" if state.startswith("Z") else identity.strip()


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "without a word"
