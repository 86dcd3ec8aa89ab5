"""XLS and XLSB by calamine: sheet by sheet, hidden ones too."""

import io
import struct
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, EncryptedError
from ingestion.packed import PackedFile
from ingestion.parsers.office.binary_cells import CellFacts, cell_facts
from ingestion.parsers.office.number_formats import plain, shown
from ingestion.parsers.office.sheets import Sheet, write_sheets
from ingestion.sniff import XLS, XLSB, media_type_of
from ingestion.types import Document, Source

if TYPE_CHECKING:  # loaded with the first such file
    from python_calamine import CalamineWorkbook

_FILE_PASS, _END_OF_GLOBALS = 0x2F, 0x0A
_DAY_ZERO = datetime(1899, 12, 30)
NAMES = {XLS: "XLS", XLSB: "XLSB"}


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a workbook; every sheet that gives no text is named in `dropped`.

    Raises:
        CorruptFileError: If it is damaged.
        EncryptedError: If it is behind a password.
        LimitExceededError: If it unpacks to too much, or holds too much text.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    media_type = media_type_of(source)
    if media_type == XLS and _is_protected(source.data):
        raise EncryptedError("The workbook is protected by a password.")
    if media_type == XLSB:
        with PackedFile(source.data, limits) as packed:
            for _ in packed.checked_parts():
                pass  # unpacks all, so that the limits hold for the reader
    writer = CanonicalWriter(limits)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(source.data))
        facts = cell_facts(source.data, media_type, limits)
        names = workbook.sheet_names
        write_sheets((_sheet(workbook, name, facts.get(name, CellFacts()), limits) for name in names), writer)
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


def _sheet(workbook: "CalamineWorkbook", name: str, facts: CellFacts, limits: ParsingLimits) -> Sheet:
    given = workbook.get_sheet_by_name(name)
    merged = [(*start, *end) for start, end in given.merged_cell_ranges or ()] or facts.merged
    sheet = Sheet(name, limits, merged=merged)
    # Rows begin with the first of the sheet, columns with the first filled.
    left = given.start[1] if given.start else 0
    for number, cells in enumerate(given.iter_rows()):
        sheet.add_row(
            number, left, [_text(value, (number, left + at), facts) for at, value in enumerate(cells)]
        )
    return sheet


def _text(value: Any, place: tuple[int, int], facts: CellFacts) -> str:
    if isinstance(value, str):
        return squeeze(value) or facts.errors.get(place, "")
    if isinstance(value, bool):
        return str(value).upper()
    code = facts.formats.get(place, "General")
    if isinstance(value, int | float):
        return shown(float(value), code) if code != "General" else plain(value)
    days = _days(value)
    return str(value) if days is None else shown(days, code if code != "General" else "yyyy-mm-dd")


def _days(value: Any) -> float | None:
    """The number that the reader made a date, a time or a duration of."""
    if isinstance(value, timedelta):
        return value / timedelta(days=1)
    if isinstance(value, datetime):
        return (value - _DAY_ZERO) / timedelta(days=1)
    if isinstance(value, date):
        return float((value - _DAY_ZERO.date()).days)
    if isinstance(value, time):
        return (datetime.combine(_DAY_ZERO, value) - _DAY_ZERO) / timedelta(days=1)
    return None
