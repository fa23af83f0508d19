"""Files without columns are cut into rows; pictures are left out, and a card that does not end refuses the file."""

import pytest

from chalicelib import errors
from chalicelib.services.importing import text_rows
from chalicelib.services.importing.encodings import Encoding
from chalicelib.services.importing.lines import Lines
from chalicelib.services.importing.rows import Row

CARD = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada\r\n{}END:VCARD\r\n"


def lines(text: str) -> Lines:
    return Lines([text.encode()], Encoding("utf-8"))


def cards(text: str) -> list[Row]:
    return list(text_rows.vcards(lines(text)))


def test_one_object_to_a_line() -> None:
    found = list(text_rows.jsonl(lines('{"a":1}\n\n {"b":2} \n{"c":"\x00"}\n')))
    assert [(row.line, row.data) for row in found[:2]] == [(1, '{"a":1}'), (3, '{"b":2}')]
    assert found[2].flaw is not None
    assert found[2].flaw[0] == "nul"


@pytest.mark.parametrize(
    "picture",
    [
        "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\n SkZJRgABAQ\r\n AAAAAAAA\r\n",
        "item1.LOGO:data:image/png;base64,iVBORw0KGgo\r\n",
        "PHOTO;JPEG;ENCODING=BASE64:\r\n    /9j/4AAQSkZJRgABAQ\r\n\r\n",
    ],
)
def test_pictures_are_left_out(picture: str) -> None:
    (row,) = cards(CARD.format(picture + "TITLE:Countess\r\n"))
    assert row.data == CARD.format("TITLE:Countess\r\n")


def test_a_picture_of_any_size_does_not_count() -> None:
    assert len(cards(CARD.format("PHOTO:" + "x\r\n " * 100_000 + "\r\n") * 2)) == 2


def test_each_card_knows_its_line() -> None:
    assert [row.line for row in cards(CARD.format("") + "\r\n" + CARD.format("").lower())] == [1, 6]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (CARD.format("") + "BEGIN:VCARD\r\nFN:Eve\r\n", "unclosed_card", 5),
        ("BEGIN:VCARD\r\nFN:Eve\r\n" + CARD.format(""), "unclosed_card", 1),
        ("Name,Email\r\n", "not_a_vcard", 1),
        (CARD.format("NOTE:" + "x" * 200_000 + "\r\n"), "card_too_long", 1),
    ],
)
def test_what_is_no_file_of_cards_is_refused(text: str, code: str, line: int) -> None:
    with pytest.raises(errors.Invalid) as refused:
        cards(text)
    assert refused.value.flaws[0].code == code
    assert f"line {line} " in refused.value.flaws[0].message.lower()
