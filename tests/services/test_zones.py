"""Time zones: by their names, and no way into the file system."""

import pytest

from chalicelib import errors
from chalicelib.services import zones


@pytest.mark.parametrize(
    "name", [None, "UTC", "Europe/Vienna", "America/Argentina/Buenos_Aires", "Asia/Kolkata", "Etc/GMT+12"]
)
def test_a_zone_that_there_is(name: str | None) -> None:
    zones.check(name, "/time_zone")


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "Europe",
        "Europe/",
        "Europe/Atlantis",
        "/etc/passwd",
        "../../etc/passwd",
        "Europe/../UTC",
        "Europe/Vienna\x00",
        "Europe/Vienna\n",
        " UTC",
        "x" * 64,
        "posixrules/",
        "posixrules",
        "localtime",
        "Factory",
        "right/UTC",
        "posix/Europe/Vienna",
        "tzdata.zi",
        "zone.tab",
        "..",
        ".",
        "+02:00",
        "ümlaut",
        "\ud800",
        "C:\\x",
    ],
)
def test_a_zone_that_there_is_not(name: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        zones.check(name, "/time_zone")
    assert (caught.value.flaws[0].pointer, caught.value.flaws[0].code) == ("/time_zone", "time_zone")
