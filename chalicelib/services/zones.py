"""Time zones by their IANA names."""

from typing import Final

from chalicelib import errors

# What databases of zones keep beside them: the machine's own clock, an example, and copies that count leap seconds.
_NO_ZONES: Final = frozenset({"localtime", "posixrules", "Factory"})
_NO_FOLDERS: Final = ("posix/", "right/")


def check(name: str | None, pointer: str) -> None:
    """Nothing, or `Invalid` at `pointer` if there is no such time zone."""
    if name is None:
        return
    from zoneinfo import ZoneInfo  # loaded only when a zone is given

    try:
        if name in _NO_ZONES or name.startswith(_NO_FOLDERS):
            raise ValueError
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown; a path out of the database; a folder of it
        raise errors.invalid(pointer, "time_zone", "There is no such time zone.") from None
