"""CSV as people make it: read as a stream in bounded memory, and refused whole where its rest is in doubt."""

import csv
import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib import errors
from chalicelib.services.importing import csv_rows, encodings
from chalicelib.services.importing.lines import LONGEST, Lines, line_end
from chalicelib.services.importing.rows import Row


def opened(data: bytes) -> tuple[Lines, str, list[str]]:
    size = 11 if len(data) < 10_000 else 64 * 1024
    blocks = [data[start : start + size] for start in range(0, len(data), size)]
    encoding = encodings.detect(blocks)
    end = line_end(data, encoding)
    sign = csv_rows.delimiter(Lines(blocks, encoding, end=end))
    lines = Lines(blocks, encoding, end=end)
    return lines, sign, csv_rows.header(lines, sign)


def read(data: bytes) -> list[Row]:
    lines, sign, header = opened(data)
    return list(csv_rows.rows(lines, sign, len(header)))


def refusal(data: bytes) -> errors.Flaw:
    with pytest.raises(errors.Invalid) as refused:
        read(data)
    assert refused.value.flaws[0].pointer == "/content"
    return refused.value.flaws[0]


@pytest.mark.parametrize(
    ("data", "sign"),
    [
        (b"a,b\n1,2\n", ","),
        (b"a;b\n1,5;2,5\n", ";"),
        (b"a\tb\n1,5\t2;5\n", "\t"),
        (b"sep=;\r\na;b\r\n1;2\r\n", ";"),
        (b'"a;x",b\n1,2\n', ","),
        (b"only\nx\n", ","),
    ],
)
def test_the_delimiter_is_told(data: bytes, sign: str) -> None:
    assert opened(data)[1] == sign


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end(encoding: str, end: str) -> None:
    data = end.join(("Name,Ort", "José,Köln", "Åse,Århus", "")).encode(encoding)
    assert [row.data for row in read(data)] == [["José", "Köln"], ["Åse", "Århus"]]


def test_rows_know_the_line_they_begin_in() -> None:
    found = read(b'a,b\n1,"x\ny\nz"\n\n,\n3,4\n')
    assert [(row.line, row.data) for row in found] == [(2, ["1", "x\ny\nz"]), (7, ["3", "4"])]


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b'a,b\n1,"2\n3,4\n', 2),
        (b'a,b\n1,2\n"3,4', 3),
        (b'a,b\n1,"2\n"3",4\n5,6\n', 2),
        (b'a,b\n1,"x\ny"\n"m\nn","q\n7,"8"\n', 5),
        ('a,b\n1,"2\n3,4\n'.encode("utf-16"), 2),
    ],
)
def test_a_quote_that_never_closes_refuses_the_file_and_names_the_line(data: bytes, line: int) -> None:
    flaw = refusal(data)
    assert flaw.code == "unclosed_quote"
    assert f"line {line} " in flaw.message


def test_a_quote_out_of_place_fails_its_row_only() -> None:
    found = read(b'a,b\n"x" y,1\n2,3\n')
    assert [row.flaw and row.flaw[0] for row in found] == ["quote", None]


@pytest.mark.parametrize(
    ("data", "code", "said"),
    [
        (b"a,b,a\n1,2,3\n", "repeated_header", "'a' stands over more than one column: 1, 3"),
        (b"a,,b\n1,2,3\n", "empty_header", "Column 2"),
        (b",".join(b"c%d" % number for number in range(300)) + b"\n", "too_many_columns", "300 columns"),
        (b"", "empty", "empty"),
        (b"a,b\x00\n1,2\n", "nul", "header"),
        (b"x" * 300 + b"\n", "header_too_long", "column 1"),
        (b"a\n" + b"y" * (LONGEST + 1), "line_too_long", "Line 2"),
        (b'a\n"' + b"y" * 200_000 + b'"\n', "cell_too_long", "line 2"),
    ],
)
def test_files_that_are_refused_say_why(data: bytes, code: str, said: str) -> None:
    flaw = refusal(data)
    assert (flaw.code, said in flaw.message) == (code, True), flaw


def test_two_hundred_and_fifty_columns_work() -> None:
    header = ",".join(f"c{number}" for number in range(250))
    assert len(read(f"{header}\n{header}\n".encode())[0].data) == 250


@pytest.mark.parametrize(
    ("row", "code"),
    [(b"1\n", "too_few_cells"), (b"1,2,3\n", "too_many_cells"), (b"1,\x00\n", "nul"), (b"1,\xff\n", "encoding")],
)
def test_what_is_wrong_with_one_row_fails_that_row(row: bytes, code: str) -> None:
    lines = Lines([b"a,b\n" + row + b"3,4\n"], encodings.Encoding("utf-8"))
    header = csv_rows.header(lines, ",")
    found = list(csv_rows.rows(lines, ",", len(header)))
    assert [one.flaw and one.flaw[0] for one in found] == [code, None]


def test_reading_goes_on_where_it_ended() -> None:
    data = 'a,b\n1,"x\ny"\nä,2\n3,4\n'.encode("utf-16")
    lines, sign, header = opened(data)
    stream = csv_rows.rows(lines, sign, len(header))
    first = next(stream)
    again = Lines([data[lines.offset :]], encodings.detect([data]), offset=lines.offset, number=lines.number)
    assert [first, *csv_rows.rows(again, sign, len(header))] == read(data)


def test_fifty_megabytes_do_not_grow_memory() -> None:
    line = b"Ada,Lovelace,ada@example.com," + b"x" * 470 + b"\n"

    def stream() -> Iterator[bytes]:
        yield b"a,b,c,d\n"
        for _ in range(50):
            yield line * (1024 * 1024 // len(line))

    tracemalloc.start()
    try:
        encoding = encodings.detect(stream())
        lines = Lines(stream(), encoding)
        header = csv_rows.header(lines, ",")
        rows = sum(1 for _ in csv_rows.rows(lines, ",", len(header)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert rows == 50 * (1024 * 1024 // len(line))
    assert peak < 12 * 1024 * 1024


CELLS = st.text(st.characters(exclude_characters="\x00\r\ufffd", exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=8),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.integers(1, 40),
)
def test_what_is_written_as_csv_is_read_as_it_was(rows: list[tuple[str, str, str]], encoding: str, size: int) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("one", "two", "three"), *rows])
    data = text.getvalue().encode(encoding)
    blocks = [data[start : start + size] for start in range(0, len(data), size)]
    lines = Lines(blocks, encodings.detect(blocks, "utf-8" if encoding == "utf-8" else None))
    header = csv_rows.header(lines, ",")
    found = [row.data for row in csv_rows.rows(lines, ",", len(header))]
    assert header == ["one", "two", "three"]
    assert found == [list(row) for row in rows if any(map(str.strip, row))]
