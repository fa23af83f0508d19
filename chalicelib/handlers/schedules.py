"""The minute: looks for moments that have come."""

from chalice.app import Blueprint, CloudWatchEvent, Rate

from chalicelib.handlers._events import entrypoint

# Services are loaded where they are called: the cold start of any other request should not pay for them.
room = Blueprint(__name__)


@room.schedule(Rate(1, unit=Rate.MINUTES))
@entrypoint
def on_minute(event: CloudWatchEvent) -> dict[str, int]:
    """Called each minute. Answers how many moments it handed over."""
    from chalicelib.services import due, usage

    claimed = due.run()
    usage.flush()  # on one machine, where all functions share a process
    return {"claimed": claimed}
