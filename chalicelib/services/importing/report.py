"""What is handed over at the end of an import: every row with what became of it, and a CSV of those that failed.

The latter has the columns of the upload, so that it can be corrected and imported again; two more say where a row
stood and why it failed, and are passed over by an import.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from chalicelib.adapters import storage
from chalicelib.models.job import Job
from chalicelib.services import rows as job_rows
from chalicelib.services.exporting import cells
from chalicelib.services.importing import files

LINE: Final = "Import line"
REASON: Final = "Import errors"
_CSV: Final = "text/csv; charset=utf-8"


def finish(job: Job) -> None:
    """Write the reports and name them in the job. Once more does no harm."""
    job_rows.finish(job)
    job.errors_key = None
    if job.state.get("failing"):
        job.errors_key = files.key(job, "errors.csv")
        storage.put_pieces(job.errors_key, _failed(job), _CSV)


def _failed(job: Job) -> Iterator[bytes]:
    headers = (files.get(job, "about") or {}).get("headers") or ["Row"]
    yield b"\xef\xbb\xbf" + _lines([[*headers, LINE, REASON]])  # the mark tells Excel that it is UTF-8
    for number in job.state["failing"]:
        failed: dict[str, list[dict[str, str]]] = files.get(job, f"done/{number:05}")[2]
        told = {int(line): _reason(errors) for line, errors in failed.items()}
        rows = [row for row in files.rows(job, number) if row.line in told]
        yield _lines([*_cells(row.data, len(headers)), str(row.line), told[row.line]] for row in rows)


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([[cells.harmless(cell) for cell in row] for row in rows])
    return text.getvalue().encode()


def _cells(data: list[str] | str, columns: int) -> list[str]:
    """As many cells as there are columns."""
    given = [data] if isinstance(data, str) else data
    return [*given[:columns], *[""] * (columns - len(given))]


def _reason(errors: list[dict[str, Any]]) -> str:
    return "; ".join(f"{error['pointer'][1:]}: {error['message']}".removeprefix(": ") for error in errors)
