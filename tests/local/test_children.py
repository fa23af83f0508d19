"""Children of an earlier run: what was left behind is ended, a stranger with the same process id is not."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.children import Child, ChildError, end_leftovers, free_port, port_is_free
from tests.local.test_cloud import runs

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Child]:
    child = Child("the sleeper", SLEEPER, tmp_path / "sleeper.log")
    yield child
    child.stop()


def test_a_leftover_is_ended(sleeper: Child, tmp_path: Path) -> None:
    assert runs(sleeper.pid)
    end_leftovers(tmp_path)
    assert not runs(sleeper.pid)
    assert list(tmp_path.glob("*.pid")) == []


def test_a_stranger_with_the_same_id_is_left_alone(sleeper: Child, tmp_path: Path) -> None:
    (tmp_path / "sleeper.pid").write_text(f"{sleeper.pid} Thu Jan  1 00:00:00 1970 other")
    end_leftovers(tmp_path)
    assert runs(sleeper.pid)


@pytest.mark.parametrize("content", ["", "x y", "999999999 a", "-1 a"])
def test_a_pid_file_that_makes_no_sense_harms_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / "odd.pid").write_text(content)
    end_leftovers(tmp_path)
    assert list(tmp_path.glob("*.pid")) == []


def test_a_child_that_ends_at_once_says_why_in_one_line(tmp_path: Path) -> None:
    child = Child("the liar", [sys.executable, "-c", "print('no such thing')"], tmp_path / "liar.log")
    with pytest.raises(ChildError, match=r"^the liar ended at once: no such thing \(see .*liar.log\)$"):
        child.wait_until(lambda: False, 10)
    child.stop()


def test_a_child_that_never_answers_is_stopped(sleeper: Child) -> None:
    with pytest.raises(ChildError, match="did not answer within"):
        sleeper.wait_until(lambda: False, 0.1)
    assert not sleeper.alive()


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path; from infra.local.children import Child;"
        f"child = Child('x', {SLEEPER!r}, Path(sys.argv[1])); print(child.pid, flush=True);"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "x.log")], capture_output=True, text=True, check=False
    )
    end_leftovers(tmp_path)  # where no kernel does it, the next start does
    assert not runs(int(ended.stdout))


def test_a_free_port_is_free_until_it_is_taken() -> None:
    import socket

    port = free_port()
    assert port_is_free(port)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        assert not port_is_free(port)
