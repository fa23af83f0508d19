"""Time zones by their IANA names."""

from chalicelib import errors


def check(name: str | None, pointer: str) -> None:
    """Nothing, or `Invalid` at `pointer` if there is no such time zone."""
    if name is None:
        return
    from zoneinfo import ZoneInfo  # loaded only when a zone is given

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; a path out of the database; a folder of it
        raise errors.invalid(pointer, "time_zone", "There is no such time zone.") from None
