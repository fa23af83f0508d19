"""Encodings are told from the bytes, and a guess is owned up to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.services.importing import encodings
from chalicelib.services.importing.encodings import detect

NAMES = "Name;Ort\nJosé Müller;Köln\nÅse Sørensen;Århus\nGarçon Peña;Málaga\n"
RUSSIAN = "имя;город\nИван Петров;Москва\nСергей Иванов;Казань\n"


def blocks(data: bytes, size: int = 7) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


@pytest.mark.parametrize(
    ("data", "name", "skip", "guessed"),
    [
        (b"name,city\nAda,London\n", "utf-8", 0, False),
        (NAMES.encode(), "utf-8", 0, False),
        (NAMES.encode("utf-8-sig"), "utf-8", 3, False),
        (NAMES.encode("utf-16"), "utf-16-le", 2, False),
        (b"\xfe\xff" + NAMES.encode("utf-16-be"), "utf-16-be", 2, False),
        (NAMES.encode("utf-16-le"), "utf-16-le", 0, False),
        (NAMES.encode("utf-16-be"), "utf-16-be", 0, False),
        (NAMES.encode("cp1252"), "cp1252", 0, True),
        ("Preis;€\n“Ada”;Œuvre…\n".encode("cp1252"), "cp1252", 0, True),
        (RUSSIAN.encode("cp1251"), "cp1251", 0, True),
        (b"", "utf-8", 0, False),
    ],
)
def test_what_a_file_is_in(data: bytes, name: str, skip: int, guessed: bool) -> None:
    assert detect(blocks(data)) == (name, skip, guessed)


def test_the_first_letter_with_an_accent_may_come_late() -> None:
    head = b"name,city\n" + b"Ada,London\n" * 20_000
    assert detect(blocks(head + "José,Köln\n".encode("cp1252"), 4096)).name == "cp1252"
    assert detect(blocks(head + "José,Köln\n".encode(), 4096)).name == "utf-8"


def test_a_character_cut_off_at_the_end_is_not_utf8() -> None:
    assert detect([b"name\nJos\xc3"]).name == "cp1252"


def test_what_the_caller_names_is_not_guessed() -> None:
    assert detect(blocks("Jiří".encode("cp1250")), encodings.named("windows-1250")) == ("cp1250", 0, False)
    assert detect(blocks(NAMES.encode("utf-16")), encodings.named("UTF-16")) == ("utf-16-le", 2, False)


@pytest.mark.parametrize("name", ["rot13", "idna", "unicode_escape", "zip", "no-such", "utf-7", "\x00", ""])
def test_what_is_no_encoding_of_files_is_refused(name: str) -> None:
    with pytest.raises(errors.Invalid) as refused:
        encodings.named(name)
    assert refused.value.flaws[0].pointer == "/encoding"


@given(st.text(min_size=1), st.integers(1, 9))
def test_utf8_is_always_told(text: str, size: int) -> None:
    assert detect(blocks(("name," + text).encode(errors="ignore"), size)).name in ("utf-8", "utf-16-le", "utf-16-be")
