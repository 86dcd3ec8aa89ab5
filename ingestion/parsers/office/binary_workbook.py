"""XLS, XLSB and ODS by calamine: sheet by sheet, hidden ones too."""

import io
import struct
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EncryptedError
from ingestion.packed import PackedFile
from ingestion.parsers.office.number_formats import Percents, as_percent, percent_cells
from ingestion.parsers.office.sheets import Row, without_gaps, write_sheets
from ingestion.sniff import ODS, XLS, XLSB, media_type_of
from ingestion.types import Document, Source

if TYPE_CHECKING:  # loaded with the first such file
    from python_calamine import CalamineWorkbook

_FILE_PASS, _END_OF_GLOBALS = 0x2F, 0x0A
NAMES = {XLS: "XLS", XLSB: "XLSB", ODS: "ODS"}


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a workbook; every sheet that gives no text is named in `dropped`.

    Percentages read as the sheet shows them, other numbers as they are stored.

    Raises:
        CorruptFileError: If it is damaged.
        EncryptedError: If it is behind a password.
        LimitExceededError: If it unpacks to too much, or holds too much text.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    media_type = media_type_of(source)
    if _is_protected(source.data) if media_type == XLS else _is_protected_package(source.data, limits):
        raise EncryptedError("The workbook is protected by a password.")
    writer = CanonicalWriter(limits)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(source.data))
        percents = percent_cells(source.data, media_type, limits)
        names = workbook.sheet_names
        write_sheets(((name, _rows(workbook, name, percents.get(name, {}))) for name in names), writer)
    except CalamineError as error:
        raise CorruptFileError(f"The {NAMES[media_type]} workbook is damaged: {error}.") from error
    return writer.build(media_type=media_type, heading_is_title=False)


def _is_protected(data: bytes) -> bool:
    """Whether the globals of an XLS workbook hold the record of a password ([MS-XLS] 2.4.117, FilePass)."""
    import olefile

    try:
        with olefile.OleFileIO(io.BytesIO(data)) as compound:
            name = next(name for name in ("Workbook", "Book") if compound.exists(name))
            stream = compound.openstream(name)
            while len(head := stream.read(4)) == 4:
                kind, size = struct.unpack("<HH", head)
                if kind in (_FILE_PASS, _END_OF_GLOBALS):
                    return bool(kind == _FILE_PASS)
                stream.seek(size, io.SEEK_CUR)
    except (OSError, ValueError, IndexError, StopIteration, struct.error):
        pass  # damaged: the reader tells
    return False


def _is_protected_package(data: bytes, limits: ParsingLimits) -> bool:
    """Whether the manifest of an ODS names an encryption; unpacks all, so that the limits hold for the reader."""
    with PackedFile(data, limits) as packed:
        parts = packed.checked_parts()
        found = [name == "META-INF/manifest.xml" and b"encryption-data" in content for name, content in parts]
    return any(found)


def _rows(workbook: "CalamineWorkbook", name: str, percents: Percents) -> Iterator[Row]:
    sheet = workbook.get_sheet_by_name(name)
    left = (
        sheet.start[1] if sheet.start else 0
    )  # rows begin with the first of the sheet, columns with the first filled
    return without_gaps(
        tuple(_value(cell, percents.get((row, column))) for column, cell in enumerate(cells, left))
        for row, cells in enumerate(sheet.iter_rows())
    )


def _value(value: Any, decimals: int | None) -> Any:
    if isinstance(value, str):
        return squeeze(value)
    if decimals is not None and isinstance(value, int | float):
        return as_percent(value, decimals)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)  # XLS knows no whole numbers; years and counts are told by them
    return str(value) if isinstance(value, timedelta) else value
