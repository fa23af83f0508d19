"""Names as lists compare them."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.services import text


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Lovelace", "ADA   LOVELACE"),
        ("Müller", "muller"),
        ("Straße", "STRASSE"),
        ("Ångström", "angstrom"),
        ("ﬁre", "FIRE"),
        ("İstanbul", "istanbul"),
        ("ὈΔΥΣΣΕΎΣ", "οδυσσευς"),
        ("\tAda\nLovelace ", "ada lovelace"),
        ("Ａｄａ", "ada"),
        ("Zoë", "Zoe\u0308"),
        ("東京", "東京"),
    ],
)
def test_what_people_take_for_the_same_is_the_same(one: str, other: str) -> None:
    assert text.folded(one) == text.folded(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Ada", "Adam"), ("Ada Lovelace", "AdaLovelace"), ("東京", "京東"), ("O'Brien", "OBrien")]
)
def test_what_people_tell_apart_is_apart(one: str, other: str) -> None:
    assert text.folded(one) != text.folded(other)


@given(st.text(max_size=150))
@example("x" * 99 + " y")
@example("ﷺ" * 100)
@example("\u0345")
def test_folding_again_changes_nothing_and_fits_into_a_key(name: str) -> None:
    once = text.folded(name)
    assert text.folded(once) == once
    assert len(once) <= 100
    assert len(once.encode("utf-8", "surrogatepass")) <= 400
    assert once == once.strip()


@given(st.text(max_size=20))
def test_case_and_composition_do_not_matter(name: str) -> None:
    import unicodedata

    assert text.folded(unicodedata.normalize("NFD", name)) == text.folded(unicodedata.normalize("NFC", name))


def test_a_name_of_marks_alone_is_empty() -> None:
    assert text.folded("\u0301\u0308") == ""
