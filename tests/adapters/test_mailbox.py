"""One mailbox, exactly: a second recipient or a header must not slip in, and every alphabet must come through."""

from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.adapters import _mailbox

LINES = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200)


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("ann@home.test", "", "ann@home.test"),
        ("Ann <ann@home.test>", "Ann", "ann@home.test"),
        ('"Lee, Ann" <ann@home.test>', "Lee, Ann", "ann@home.test"),
        ("Lee, Ann <ann@home.test>", "Lee, Ann", "ann@home.test"),
        ('"A \\"B\\" C" <a@b>', 'A "B" C', "a@b"),
        ("阮氏 Ánh <anh+x@home.test>", "阮氏 Ánh", "anh+x@home.test"),
        ("ann@bücher.test", "", "ann@xn--bcher-kva.test"),
        ("<ann@home.test>", "", "ann@home.test"),
    ],
)
def test_read(text: str, name: str, address: str) -> None:
    assert _mailbox.parse(text, "/to") == (name, address)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "ann@",
        "@home.test",
        "a@b@c.test",
        "ann@home..test",
        "ann@-home.test",
        "ann@home.test, bob@home.test",
        "Ann <ann@home.test>, Bob <bob@home.test>",
        "ann@home.test <bob@home.test> x",
        "Ann <ann@home.test",
        "Ann <<ann@home.test>>",
        "ann @home.test",
        "ánn@home.test",
        "ann@home.test\r\nBcc: eve@evil.test",
        "Ann\nBcc: eve@evil.test <ann@home.test>",
        "ann@home.test\n",
        "Ann\x00 <ann@home.test>",
        "Ann\u2028 <ann@home.test>",
        "Ann\ud800 <ann@home.test>",
        "a" * 65 + "@home.test",
        "ann@" + "a" * 64 + ".test",
        "Ann" * 300 + " <ann@home.test>",
    ],
)
def test_refused(text: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        _mailbox.parse(text, "/to")
    assert caught.value.flaws[0].pointer == "/to"


def test_text_that_looks_encoded_comes_through_as_it_is() -> None:
    text = "=?utf-8?q?Zo=C3=AB?="
    assert str(make_header(decode_header(_mailbox.encoded(text)))) == text


@given(LINES)
def test_header_text_comes_through(text: str) -> None:
    written = _mailbox.encoded(text)
    assert written.isascii()
    assert str(make_header(decode_header(written))).strip() == text.strip()


@given(LINES, st.sampled_from([" ", "\r\n "]))
def test_names_come_through(name: str, fold: str) -> None:
    written = _mailbox.written(_mailbox.Mailbox(name, "ann@home.test"), fold)
    assert written.isascii()
    assert max(len(line) for line in written.split("\r\n")) <= 998
    found, address = parseaddr(written.replace("\r\n", ""))
    assert address == "ann@home.test"
    assert str(make_header(decode_header(found))).strip() == name.strip()
