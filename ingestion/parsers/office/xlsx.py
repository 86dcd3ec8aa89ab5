"""XLSX by openpyxl, row by row: the name of each sheet is a heading, values read as shown."""

import io
import re
import warnings
from collections.abc import Iterator
from typing import Any

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.packed import PackedFile
from ingestion.parsers.office.number_formats import as_percent, percent_decimals
from ingestion.parsers.office.sheets import Row, without_gaps, write_sheets
from ingestion.sniff import XLSX
from ingestion.types import Document, Source

_FORMULA_WITHOUT_RESULT = re.compile(rb"(?:</f>|<f(?:\s[^<>]*)?/>)\s*(?:<v\s*/>|<v></v>)?\s*</c>")


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read an XLSX workbook, hidden sheets too; every sheet that gives no text is named in `dropped`.

    Raises:
        CorruptFileError: If it is damaged or declares a document type.
        EncryptedError: If it is encrypted.
        LimitExceededError: If it unpacks to too much, or holds too much text.
    """
    writer = CanonicalWriter(limits)
    with PackedFile(source.data, limits) as packed:
        _count_left_out(packed, writer)
    from openpyxl import load_workbook  # with the first workbook: the child starts faster without it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about extensions that hold no text
        workbook = load_workbook(io.BytesIO(source.data), read_only=True, data_only=True, keep_links=False)
        readable = {sheet.title: sheet for sheet in workbook.worksheets}
        write_sheets(
            ((name, _rows(readable[name]) if name in readable else iter(())) for name in workbook.sheetnames),
            writer,
        )
    # The first heading is the name of a sheet, which titles nothing.
    return writer.build(media_type=XLSX, title=workbook.properties.title or "", heading_is_title=False)


def _count_left_out(packed: PackedFile, writer: CanonicalWriter) -> None:
    for pattern, what in (
        (r"xl/(?:threaded)?comments.*\.xml", "comment parts"),
        (r"xl/charts/chart[^/]*\.xml", "charts"),
        (r"xl/media/.+", "pictures"),
        (r"xl/embeddings/.+", "embedded files"),
    ):
        writer.drop(what, sum(re.fullmatch(pattern, name, re.I) is not None for name in packed.names))
    for name, data in packed.checked_parts():
        if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name):
            writer.drop("formulas without a stored result", len(_FORMULA_WITHOUT_RESULT.findall(data)))


def _rows(sheet: Any) -> Iterator[Row]:
    sheet.reset_dimensions()  # what a file says of its own size is not believed
    return without_gaps(tuple(_value(cell) for cell in cells) for cells in sheet.iter_rows())


def _value(cell: Any) -> Any:
    """What a cell holds: text as people see it, but years, numbers and dates as such."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return squeeze(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    decimals = percent_decimals(cell.number_format or "") if is_number else None
    return value if decimals is None else as_percent(value, decimals)
