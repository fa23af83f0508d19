"""Runs inside a fresh interpreter, as Lambda would start it: unpacked package, read-only, nothing else on the path.

Started as `python -I -S -B _child.py <package>` with a plan on standard input: a list of `{"handler", "event"}`. After
each call it prints one line `@@` + JSON with the answer and what the process has cost so far. Standard library only.
"""

import importlib
import json
import resource
import sys
import time
from pathlib import Path


class Context:
    """What Lambda gives beside the event."""

    function_name = "bench"
    function_version = "$LATEST"
    invoked_function_arn = "arn:aws:lambda:eu-central-1:000000000000:function:bench"
    memory_limit_in_mb = 512
    aws_request_id = "00000000-0000-0000-0000-000000000000"

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until Lambda would end the call."""
        return 29000


def peak_mb() -> float:
    """The most memory this program held. Not `ru_maxrss` on Linux: that one starts at what the parent held."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except FileNotFoundError:
        # macOS counts bytes where Linux counts kilobytes.
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def main() -> None:
    """Carry out the plan."""
    sys.path.insert(0, sys.argv[1])
    plan = json.load(sys.stdin)
    for step in plan:
        module, _, name = step["handler"].rpartition(".")
        handler = getattr(importlib.import_module(module), name)
        for _ in range(step.get("times", 1)):
            before = time.process_time()
            answer = handler(step["event"], Context())
            after = time.process_time()
        seen = {
            "answer": answer,
            "cpu_ms": after * 1000,
            "call_cpu_ms": (after - before) * 1000,
            "peak_mb": peak_mb(),
            "modules": sorted(sys.modules) if step.get("modules") else [],
        }
        sys.stdout.write("@@" + json.dumps(seen) + "\n")
        sys.stdout.flush()


main()
