"""The minute: looks for moments that have come."""

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib.handlers._events import entrypoint
from chalicelib.services import due, usage

room = Blueprint(__name__)


@room.schedule(Rate(1, unit=Rate.MINUTES))
@entrypoint
def on_minute(event: CloudWatchEvent) -> dict[str, int]:
    """Called each minute. Answers how many moments it handed over."""
    claimed = due.run()
    usage.flush()  # on one machine, where all functions share a process
    return {"claimed": claimed}
