"""Whether the parts that everything needs answer."""

from chalicelib import errors, observability
from chalicelib.models import table
from chalicelib.schemas.health import Health


def ready() -> Health:
    """The table answers. Raises `Unready` if not."""
    try:
        table.ping()
    except Exception as error:  # noqa: BLE001 - whatever it is, we are not ready
        observability.failure("not ready", error)
        raise errors.Unready("The table does not answer.") from None
    return Health()
