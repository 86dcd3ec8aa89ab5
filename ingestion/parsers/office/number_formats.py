"""Which cells of XLS, XLSB and ODS are shown as percent; the reader of these files (calamine) does not tell.

References: [MS-XLS] 2.4 (records), [MS-XLSB] 2.4 (records), OpenDocument 1.3 part 3, 19.387 (value types).
"""

import io
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any, Final

from lxml import etree

from ingestion.config import ParsingLimits
from ingestion.errors import IngestionError
from ingestion.packed import PackedFile
from ingestion.sniff import ODS, XLS

Percents = Mapping[tuple[int, int], int]
"""Digits after the point by row and column, both from 0."""

_PERCENT = re.compile(r"0(?:[.,](0+))?%")
_SHOWN: Final = re.compile(r"(?:[.,](\d+))?\s*%")
_BUILT_IN: Final = {9: 0, 10: 2}
_MOST: Final = 1_000_000  # cells of one workbook: more are read as they are stored

_XLS_FORMAT, _XLS_XF, _XLS_SHEET, _XLS_BEGIN, _XLS_END = 0x41E, 0xE0, 0x85, 0x809, 0x0A
_XLS_CELLS, _XLS_MANY_CELLS = frozenset({0x203, 0x27E, 0x06}), 0xBD  # NUMBER, RK, FORMULA; MULRK
_XLSB_FORMAT, _XLSB_XF, _XLSB_XFS, _XLSB_XFS_END, _XLSB_SHEET, _XLSB_ROW = 44, 47, 617, 618, 156, 0
_XLSB_CELLS: Final = frozenset({2, 5, 9})  # BrtCellRk, BrtCellReal, BrtFmlaNum
_T: Final = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_P: Final = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}p"
_VALUE_TYPE: Final = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}value-type"


def percent_decimals(number_format: str) -> int | None:
    """Digits after the point that a number format shows of a percentage; None if it shows something else."""
    found = _PERCENT.search(number_format)
    return None if found is None else len(found[1] or "")


def as_percent(value: float, decimals: int) -> str:
    """A number as the sheet shows it."""
    return f"{value * 100:.{decimals}f}%"


def percent_cells(data: bytes, media_type: str, limits: ParsingLimits) -> Mapping[str, Percents]:
    """Cells shown as percent, by the name of their sheet; none where the file does not say it in the usual way."""
    try:
        if media_type == XLS:
            return _of_xls(_workbook_stream(data))
        with PackedFile(data, limits) as packed:
            return _of_ods(packed) if media_type == ODS else _of_xlsb(packed)
    except (IngestionError, OSError, ValueError, LookupError, struct.error):
        return {}  # damaged, or not understood: the reader of the cells tells


def _workbook_stream(data: bytes) -> bytes:
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as compound:
        return bytes(compound.openstream("Workbook").read())


def _of_xls(stream: bytes) -> dict[str, Percents]:
    formats = dict(_BUILT_IN)
    styles: list[int | None] = []
    sheets: list[tuple[int, str]] = []
    for kind, at, size in _xls_records(stream, 0):
        if kind == _XLS_FORMAT:
            number, count, flags = struct.unpack_from("<HHB", stream, at)
            decimals = percent_decimals(_xls_text(stream, at + 5, count, flags))
            if decimals is not None:
                formats[number] = decimals
        elif kind == _XLS_XF:
            styles.append(formats.get(struct.unpack_from("<H", stream, at + 2)[0]))
        elif kind == _XLS_SHEET and size:
            start, _, count, flags = struct.unpack_from("<IHBB", stream, at)
            sheets.append((start, _xls_text(stream, at + 8, count, flags)))
    return {name: dict(_xls_cells(stream, start, styles)) for start, name in sheets}


def _xls_records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and size of the records of one substream, without those of substreams inside (charts)."""
    depth = 0
    while at + 4 <= len(stream):
        kind, size = struct.unpack_from("<HH", stream, at)
        depth += (kind == _XLS_BEGIN) - (kind == _XLS_END)
        if depth == 1:
            yield kind, at + 4, size
        if depth <= 0:
            return
        at += 4 + size


def _xls_text(stream: bytes, at: int, count: int, flags: int) -> str:
    wide = flags & 1
    return stream[at : at + count * (1 + wide)].decode("utf-16-le" if wide else "latin-1")


def _xls_cells(stream: bytes, start: int, styles: list[int | None]) -> Iterator[tuple[tuple[int, int], int]]:
    for kind, at, size in _xls_records(stream, start):
        if kind in _XLS_CELLS:
            row, column, style = struct.unpack_from("<HHH", stream, at)
            cells = [(column, style)]
        elif kind == _XLS_MANY_CELLS:
            row, column = struct.unpack_from("<HH", stream, at)
            places = range((size - 6) // 6)
            cells = [(column + i, struct.unpack_from("<H", stream, at + 4 + 6 * i)[0]) for i in places]
        else:
            continue
        for column, style in cells:
            decimals = styles[style] if style < len(styles) else None
            if decimals is not None:
                yield (row, column), decimals


def _of_xlsb(packed: PackedFile) -> dict[str, Percents]:
    formats = dict(_BUILT_IN)
    styles: list[int | None] = []
    in_cells = False
    for kind, body in _xlsb_records(packed.read("xl/styles.bin")):
        if kind == _XLSB_FORMAT:
            decimals = percent_decimals(_wide(body, 2)[0])
            if decimals is not None:
                formats[struct.unpack_from("<H", body)[0]] = decimals
        elif kind in {_XLSB_XFS, _XLSB_XFS_END}:
            in_cells = kind == _XLSB_XFS
        elif kind == _XLSB_XF and in_cells:
            styles.append(formats.get(struct.unpack_from("<H", body, 2)[0]))
    targets = {
        str(relation.get("Id")): str(relation.get("Target", "")).lstrip("/").removeprefix("xl/")
        for relation in packed.xml("xl/_rels/workbook.bin.rels")
    }
    found: dict[str, Percents] = {}
    for kind, body in _xlsb_records(packed.read("xl/workbook.bin")):
        if kind == _XLSB_SHEET:
            relation, end = _wide(body, 8)
            found[_wide(body, end)[0]] = dict(_xlsb_cells(packed.read(f"xl/{targets[relation]}"), styles))
    return found


def _xlsb_records(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and body of records; kinds have at most two bytes, sizes four, of seven bits each."""
    at = 0
    while at < len(data):
        kind = data[at]
        at += 1
        if kind > 127:
            kind = kind & 127 | data[at] << 7
            at += 1
        size = 0
        for place in range(4):
            part = data[at]
            at += 1
            size |= (part & 127) << 7 * place
            if part < 128:
                break
        yield kind, data[at : at + size]
        at += size


def _wide(body: bytes, at: int) -> tuple[str, int]:
    """A text, and where it ends."""
    end = at + 4 + 2 * struct.unpack_from("<I", body, at)[0]
    return body[at + 4 : end].decode("utf-16-le"), end


def _xlsb_cells(data: bytes, styles: list[int | None]) -> Iterator[tuple[tuple[int, int], int]]:
    row = 0
    for kind, body in _xlsb_records(data):
        if kind == _XLSB_ROW:
            row = struct.unpack_from("<I", body)[0]
        elif kind in _XLSB_CELLS:
            column, style = struct.unpack_from("<II", body)
            number = style & 0xFFFFFF
            decimals = styles[number] if number < len(styles) else None
            if decimals is not None:
                yield (row, column), decimals


def _of_ods(packed: PackedFile) -> dict[str, Percents]:
    left = _MOST
    found: dict[str, Percents] = {}
    for table in packed.xml("content.xml").iter(f"{_T}table"):
        cells: dict[tuple[int, int], int] = {}
        row = 0
        for element in table.iter(f"{_T}table-row"):
            percents = dict(_ods_row(element))
            times = _repeated(element, "rows")
            left -= len(percents) * times
            if left < 0:
                return {}
            cells |= {(row + i, column): n for column, n in percents.items() for i in range(times)}
            row += times
        found[str(table.get(f"{_T}name", ""))] = cells
    return found


def _ods_row(row: Any) -> Iterator[tuple[int, int]]:
    column = 0
    for cell in row.iterchildren(f"{_T}table-cell", f"{_T}covered-table-cell"):
        times = _repeated(cell, "columns")
        if cell.get(_VALUE_TYPE) == "percentage":
            shown = _SHOWN.search("".join("".join(text.itertext()) for text in cell.iterchildren(_P)))
            decimals = len(shown[1] or "") if shown else 0
            yield from ((column + i, decimals) for i in range(min(times, _MOST)))
        column += times


def _repeated(element: "etree._Element", what: str) -> int:
    times = str(element.get(f"{_T}number-{what}-repeated", "1"))
    return int(times) if times.isdecimal() and len(times) < 9 else 1
