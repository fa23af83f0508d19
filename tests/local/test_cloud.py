"""The emulated cloud: what waits in a queue survives a restart, also after its parent was killed."""

import subprocess
import sys
import time
from pathlib import Path

from infra.local import aws, template
from infra.local.cloud import Cloud

START_AND_DIE = """
import os, signal, sys
from pathlib import Path
from infra.local import aws
from infra.local.cloud import Cloud
folder = Path(sys.argv[1])
cloud = Cloud.start(folder, folder / "cloud.log")
url = cloud.create_queues()["WorkQueue"]
aws.client("sqs", cloud.endpoint).send_message(QueueUrl=url, MessageBody="still here")
print(cloud.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_parent_takes_it_along_and_loses_no_message(tmp_path: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", START_AND_DIE, str(tmp_path)],
        cwd=template.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    orphan = int(killed.stdout)
    deadline = time.monotonic() + 10
    while runs(orphan) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not runs(orphan)
    with Cloud.start(tmp_path, tmp_path / "cloud.log") as cloud:
        sqs = aws.client("sqs", cloud.endpoint)
        found = sqs.receive_message(QueueUrl=cloud.create_queues()["WorkQueue"], WaitTimeSeconds=1)
    assert [message["Body"] for message in found["Messages"]] == ["still here"]


def test_nothing_listens_beyond_loopback(local_cloud: Cloud) -> None:
    listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    port = f"{int(local_cloud.endpoint.rpartition(':')[2]):04X}"
    addresses = {fields[1] for fields in listening if fields[3] == "0A" and fields[1].endswith(f":{port}")}
    assert addresses == {f"0100007F:{port}"}


def runs(pid: int) -> bool:
    """Whether a process lives; one that only waits to be buried does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"
