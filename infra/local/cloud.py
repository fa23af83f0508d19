"""The emulated cloud of one machine: queues, parameters and object storage by ministack, made as the template says.

Its state is saved when it ends orderly, and the kernel asks it to end so if this process is killed. A power cut loses
it; that is why a queue message is only a hint, and why mail does not go through here.
"""

import json
import os
import shutil
import signal
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from infra.local import aws, template
from infra.local.children import Child, ChildError, free_port, port_is_free

START_SECONDS = 30
PORT_TRIES = 2
SERVICES = ("sqs", "ssm", "s3")
_ANY_ORIGIN = {"AllowedMethods": ["GET", "PUT"], "AllowedOrigins": ["*"], "AllowedHeaders": ["*"]}


class Cloud:
    """A running emulated cloud. Use it as a context manager, or call `stop()`."""

    def __init__(self, endpoint: str, child: Child) -> None:
        self.endpoint = endpoint
        self._child = child

    @classmethod
    def start(
        cls, folder: Path, log: Path, *, services: Sequence[str] = SERVICES, port: int = 0, keep: Sequence[int] = ()
    ) -> Self:
        """Start it on `port` (0 = a free one) with its state under `folder`, and wait until it answers.

        `keep` are file descriptors it holds open as long as it lives. Raises ChildError.
        """
        # The same port as last time, because a queue's url names it and the saved messages hang on the url.
        remembered = _remembered(folder / "port")
        candidates = [port] if port else [*remembered, *(free_port() for _ in range(PORT_TRIES))]
        for last, candidate in enumerate(candidates, 1 - len(candidates)):
            try:
                child = _start(folder, log, services, candidate, keep)
            except ChildError:
                # Somebody else may have taken the port in between; a port that was asked for is not changed.
                if last == 0:
                    raise
            else:
                (folder / "port").write_text(str(candidate))
                return cls(_endpoint(candidate), child)
        raise AssertionError("unreachable")

    def create_queues(self) -> dict[str, str]:
        """Create every queue of the template, with its attributes and redrive policy; returns url by logical id."""
        sqs = aws.client("sqs", self.endpoint)
        return create_queues(sqs)

    def create_bucket(self, name: str) -> None:
        """Create the bucket, unless it is there."""
        s3 = aws.client("s3", self.endpoint)
        if name not in {one["Name"] for one in s3.list_buckets()["Buckets"]}:
            s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": aws.REGION})
            s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [_ANY_ORIGIN]})

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._child.alive()

    def stop(self) -> None:
        """Stop it orderly, so that its state is saved."""
        self._child.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def create_queues(sqs: Any, prefix: str = "tendril-") -> dict[str, str]:
    """Create the template's queues through the client `sqs`, unless they are there; returns url by logical id."""
    urls: dict[str, str] = {}
    for queue in template.queues():
        # Two steps, because creating an existing queue with other attributes is an error.
        urls[queue.logical_id] = sqs.create_queue(QueueName=f"{prefix}{queue.logical_id}")["QueueUrl"]
        if attributes := dict(queue.attributes) | _redrive(sqs, queue, urls):
            sqs.set_queue_attributes(QueueUrl=urls[queue.logical_id], Attributes=attributes)
    return urls


def _start(folder: Path, log: Path, services: Sequence[str], port: int, keep: Sequence[int]) -> Child:
    environment = _environment(folder, services, port)
    child = Child("the emulated cloud", [_program()], log, env=environment, farewell=signal.SIGTERM, keep=keep)
    child.wait_until(lambda: _answers(_endpoint(port)), START_SECONDS)
    return child


def _endpoint(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _remembered(file: Path) -> list[int]:
    return [int(file.read_text())] if file.exists() and port_is_free(int(file.read_text())) else []


def _redrive(sqs: Any, queue: template.QueueDefinition, urls: Mapping[str, str]) -> dict[str, str]:
    if queue.dead_letters is None:
        return {}
    found = sqs.get_queue_attributes(QueueUrl=urls[queue.dead_letters], AttributeNames=["QueueArn"])
    policy = {"deadLetterTargetArn": found["Attributes"]["QueueArn"], "maxReceiveCount": queue.max_receives}
    return {"RedrivePolicy": json.dumps(policy)}


def _environment(folder: Path, services: Sequence[str], port: int) -> dict[str, str]:
    folder.mkdir(parents=True, exist_ok=True)
    return {
        **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
        # By these it checks the signature of a link.
        "AWS_ACCESS_KEY_ID": aws.MADE_UP,
        "AWS_SECRET_ACCESS_KEY": aws.MADE_UP,
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "SERVICES": ",".join(services),
        "MINISTACK_REGION": aws.REGION,
        "MINISTACK_ACCOUNT_ID": aws.ACCOUNT,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder / "s3"),
        "TMPDIR": str(folder),
        "LOG_LEVEL": "WARNING",
        # What would listen on further ports, on every interface, or look for containers that are not ours.
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "DOCKER_HOST": f"unix://{folder}/no-docker",
    }


def _program() -> str:
    beside = Path(sys.executable).with_name("ministack")
    found = str(beside) if beside.exists() else shutil.which("ministack")
    if not found:
        raise ChildError("no emulated cloud: install requirements-dev.txt, which holds ministack")
    return found


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}/_ministack/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        return False
