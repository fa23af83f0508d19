"""Content lines: nothing is longer than 75 octets, and no character is broken."""

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.services import content_lines

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(TEXTS)
def test_a_long_line_is_broken_and_whole_again(value: str) -> None:
    line = "SUMMARY:" + content_lines.text(value)
    folded = content_lines.written([line])
    assert folded.endswith("\r\n")
    assert all(len(part.encode()) <= 75 for part in folded.split("\r\n"))
    assert folded.replace("\r\n ", "") == line + "\r\n"


@given(TEXTS)
def test_what_is_escaped_has_no_line_breaks_and_comes_back(value: str) -> None:
    escaped = content_lines.text(value)
    assert not {"\n", "\r", "\0"} & set(escaped)
    back, signs = "", iter(escaped)
    for sign in signs:
        following = next(signs) if sign == "\\" else None
        back += {"n": "\n"}.get(following, following) if following else sign
    assert back == "".join(sign for sign in value if sign in "\t\n" or not (sign < " " or sign == "\x7f"))


def test_quotes_and_breaks_in_a_parameter_are_spelt_otherwise() -> None:
    assert content_lines.parameter('a"b\nc^d') == '"a^\'b^nc^^d"'
