"""One client per service, whoever asks first, and no second try where it could do harm."""

import threading
from collections.abc import Callable

from chalicelib.adapters import _aws


def test_twenty_threads_get_the_same_client(aws_at: Callable[[str], None]) -> None:
    aws_at("http://127.0.0.1:9")
    barrier, found = threading.Barrier(20), list[object]()

    def ask() -> None:
        barrier.wait()
        found.append(_aws.client("sqs"))

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert len(set(map(id, found))) == 1


def test_settings_of_each_service(aws_at: Callable[[str], None]) -> None:
    aws_at("http://127.0.0.1:9")
    queue, mail = _aws.client("sqs").meta.config, _aws.client("sesv2").meta.config
    assert queue.retries == {"mode": "standard", "total_max_attempts": 3}
    assert mail.retries == {"mode": "standard", "total_max_attempts": 1}
    assert (queue.connect_timeout, queue.read_timeout) == (2, 5)
    assert (mail.connect_timeout, mail.read_timeout) == (2, 10)


def test_forget_reads_the_environment_anew(aws_at: Callable[[str], None]) -> None:
    aws_at("http://127.0.0.1:9")
    first = _aws.client("sqs")
    aws_at("http://127.0.0.1:10")
    assert _aws.client("sqs") is not first
    assert _aws.client("sqs").meta.endpoint_url == "http://127.0.0.1:10"
