"""Cell properties of XLS and XLSB that calamine does not report: formats, errors, merged cells of XLSB.

References: [MS-XLS] 2.4 (records), [MS-XLSB] 2.4 (records).
"""

import io
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ingestion.config import ParsingLimits
from ingestion.errors import IngestionError
from ingestion.packed import PackedFile
from ingestion.parsers.office.number_formats import BUILT_IN
from ingestion.parsers.office.sheet_rows import Range
from ingestion.sniff import XLS

_ERRORS: Final = {
    0x00: "#NULL!", 0x07: "#DIV/0!", 0x0F: "#VALUE!", 0x17: "#REF!", 0x1D: "#NAME?", 0x24: "#NUM!", 0x2A: "#N/A",
}  # fmt: skip
_XLS_FORMAT, _XLS_XF, _XLS_SHEET, _XLS_BEGIN, _XLS_END = 0x41E, 0xE0, 0x85, 0x809, 0x0A
_XLS_NUMBER, _XLS_RK, _XLS_FORMULA, _XLS_MANY, _XLS_ERROR = 0x203, 0x27E, 0x06, 0xBD, 0x205
_XLSB_FORMAT, _XLSB_XF, _XLSB_XFS, _XLSB_XFS_END, _XLSB_SHEET, _XLSB_ROW = 44, 47, 617, 618, 156, 0
_XLSB_NUMBERS, _XLSB_ERRORS, _XLSB_MERGED = frozenset({2, 5, 9}), frozenset({3, 11}), 176
_Place = tuple[int, int]


@dataclass(slots=True)
class CellFacts:
    """Facts about the cells of one sheet, by row and column from 0.

    Attributes:
        formats: Codes of number formats, where there is one.
        errors: Errors as they are shown.
        merged: Merged cells; of XLSB only.
    """

    formats: dict[_Place, str] = field(default_factory=dict)
    errors: dict[_Place, str] = field(default_factory=dict)
    merged: list[Range] = field(default_factory=list)


def cell_facts(data: bytes, media_type: str, limits: ParsingLimits) -> Mapping[str, CellFacts]:
    """Facts about cells by the name of their sheet; none where the file doesn't say them in the usual way."""
    try:
        if media_type == XLS:
            return _of_xls(_workbook_stream(data))
        with PackedFile(data, limits) as packed:
            return _of_xlsb(packed)
    except (IngestionError, OSError, ValueError, LookupError, struct.error):
        return {}  # damaged, or not understood: the reader of the cells tells


def _workbook_stream(data: bytes) -> bytes:
    import olefile

    with olefile.OleFileIO(io.BytesIO(data)) as compound:
        return bytes(compound.openstream("Workbook").read())


def _of_xls(stream: bytes) -> dict[str, CellFacts]:
    formats = dict(BUILT_IN)
    styles: list[str | None] = []
    sheets: list[tuple[int, str]] = []
    for kind, at, size in _xls_records(stream, 0):
        if kind == _XLS_FORMAT:
            number, count, flags = struct.unpack_from("<HHB", stream, at)
            formats[number] = _xls_text(stream, at + 5, count, flags)
        elif kind == _XLS_XF:
            styles.append(formats.get(struct.unpack_from("<H", stream, at + 2)[0]))
        elif kind == _XLS_SHEET and size:
            start, _, count, flags = struct.unpack_from("<IHBB", stream, at)
            sheets.append((start, _xls_text(stream, at + 8, count, flags)))
    return {name: _xls_cells(stream, start, styles) for start, name in sheets}


def _xls_records(stream: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """Kind, place and size of the records of one substream, without nested substreams (charts)."""
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


def _xls_cells(stream: bytes, start: int, styles: list[str | None]) -> CellFacts:
    facts = CellFacts()
    for kind, at, size in _xls_records(stream, start):
        if kind in {_XLS_NUMBER, _XLS_RK, _XLS_FORMULA, _XLS_ERROR}:
            row, column, style = struct.unpack_from("<HHH", stream, at)
            _note(facts, (row, column), styles, style)
            result = stream[at + 6 : at + 14]
            if kind == _XLS_ERROR and result[1:2] == b"\x01":
                facts.errors[row, column] = _ERRORS.get(result[0], "#ERROR!")
            elif kind == _XLS_FORMULA and result[6:8] == b"\xff\xff" and result[0] == 2:
                facts.errors[row, column] = _ERRORS.get(result[2], "#ERROR!")
        elif kind == _XLS_MANY:
            row, column = struct.unpack_from("<HH", stream, at)
            for place in range((size - 6) // 6):
                style = struct.unpack_from("<H", stream, at + 4 + 6 * place)[0]
                _note(facts, (row, column + place), styles, style)
    return facts


def _note(facts: CellFacts, place: _Place, styles: list[str | None], style: int) -> None:
    code = styles[style] if style < len(styles) else None
    if code is not None:
        facts.formats[place] = code


def _of_xlsb(packed: PackedFile) -> dict[str, CellFacts]:
    styles = _xlsb_styles(packed.read("xl/styles.bin")) if "xl/styles.bin" in packed.names else []
    targets = {
        str(relation.get("Id")): str(relation.get("Target", "")).lstrip("/").removeprefix("xl/")
        for relation in packed.xml("xl/_rels/workbook.bin.rels")
    }
    found: dict[str, CellFacts] = {}
    for kind, body in _xlsb_records(packed.read("xl/workbook.bin")):
        if kind == _XLSB_SHEET:
            relation, end = _wide(body, 8)
            found[_wide(body, end)[0]] = _xlsb_cells(packed.read(f"xl/{targets[relation]}"), styles)
    return found


def _xlsb_styles(data: bytes) -> list[str | None]:
    formats = dict(BUILT_IN)
    styles: list[str | None] = []
    in_cells = False
    for kind, body in _xlsb_records(data):
        if kind == _XLSB_FORMAT:
            formats[struct.unpack_from("<H", body)[0]] = _wide(body, 2)[0]
        elif kind in {_XLSB_XFS, _XLSB_XFS_END}:
            in_cells = kind == _XLSB_XFS
        elif kind == _XLSB_XF and in_cells:
            styles.append(formats.get(struct.unpack_from("<H", body, 2)[0]))
    return styles


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


def _xlsb_cells(data: bytes, styles: list[str | None]) -> CellFacts:
    facts = CellFacts()
    row = 0
    for kind, body in _xlsb_records(data):
        if kind == _XLSB_ROW:
            row = struct.unpack_from("<I", body)[0]
        elif kind in _XLSB_NUMBERS or kind in _XLSB_ERRORS:
            column, style = struct.unpack_from("<II", body)
            _note(facts, (row, column), styles, style & 0xFFFFFF)
            if kind in _XLSB_ERRORS:
                facts.errors[row, column] = _ERRORS.get(body[8], "#ERROR!")
        elif kind == _XLSB_MERGED:
            top, bottom, left, right = struct.unpack_from("<IIII", body)
            facts.merged.append((top, left, bottom, right))
    return facts
