"""Records as CSV for spreadsheets, no cell of which is taken for a formula.

A spreadsheet runs what begins with one of `FORMULA`, quoted or not (CWE-1236). An apostrophe in front makes it text.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields

from app.db.audit import AuditRecord

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters of formulas, of full width too, and of white space that importers drop."""


def neutralised(text: str) -> str:
    """A cell's text that stays text, whatever it begins with."""
    return f"'{text}" if text.lstrip(" \u3000").startswith(FORMULA) else text


def lines(records: Iterable[AuditRecord]) -> Iterator[str]:
    """The records as lines of CSV, with a line of names first."""
    names = [field.name for field in fields(AuditRecord)]
    yield _line(names)
    for record in records:
        yield _line([_cell(getattr(record, name)) for name in names])


def _cell(value: object) -> str:
    return "" if value is None else neutralised(str(value))


def _line(cells: Sequence[str]) -> str:
    written = io.StringIO()
    csv.writer(written, quoting=csv.QUOTE_ALL).writerow(cells)
    return written.getvalue()
