"""Broken and hostile files, made on the spot."""

import contextlib
import io
import random
import zipfile
from collections.abc import Callable, Sequence

from ingestion.config import ParsingLimits
from ingestion.errors import IngestionError
from ingestion.parser_process import ParserProcess
from ingestion.types import Source

_TYPES = (
    b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def docx(body: str, *, head: str = "", parts: dict[str, bytes] | None = None) -> bytes:
    """A DOCX with the given body XML; `head` stands before the root element."""
    document = (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<w:document {_W}><w:body>{body}</w:body></w:document>'
    )
    return packed({"word/document.xml": document.encode(), **(parts or {})})


def packed(parts: dict[str, bytes]) -> bytes:
    """An Office container of these parts."""
    return zipped({"[Content_Types].xml": _TYPES, **parts})


def zipped(members: dict[str, bytes]) -> bytes:
    """A ZIP archive of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def locked(data: bytes, name: str) -> bytes:
    """An archive in which the member `name` says that it is encrypted."""
    changed = bytearray(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        place = archive.start_dir
        changed[archive.getinfo(name).header_offset + 6] |= 1
    while (place := data.index(b"PK\x01\x02", place)) >= 0:
        length = int.from_bytes(data[place + 28 : place + 30], "little")
        if data[place + 46 : place + 46 + length] == name.encode():
            changed[place + 8] |= 1
            return bytes(changed)
        place += 4
    raise KeyError(name)


def with_part(data: bytes, name: str, change: Callable[[bytes], bytes | None]) -> bytes:
    """A packed file whose part `name` is what `change` makes of it: other bytes, a new part, or none."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        parts = {entry: archive.read(entry) for entry in archive.namelist()}
    changed = change(parts.pop(name, b""))
    return zipped(parts if changed is None else {**parts, name: changed})


def paragraph(text: str, style: str = "") -> str:
    """A DOCX paragraph, with a style id if given."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{properties}<w:r><w:t>{text}</w:t></w:r></w:p>"


def pdf(pages: list[str], *, box: str = "0 0 612 792", rotate: int = 0) -> bytes:
    """A small PDF: each page is a content stream in PDF operators; fonts /F1 and /F2 are Helvetica and its bold one."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for number, content in enumerate(pages):
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Rotate {rotate} /Resources << /Font << /F1 3 0 R "
            "/F2 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold >> >> >> "
            f"/Contents {5 + 2 * number} 0 R >>"
        )
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    start = len(out)
    out += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}".encode()
    out += f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)


def pdf_lines(
    lines: Sequence[tuple[float, float, str]], size: int = 12, *, font: str = "F1", turn: int = 0
) -> str:
    """A content stream that sets each (x, y, text) in a font, the page's coordinates turned by `turn` degrees.

    Args:
        lines: Texts with the places where they begin.
        size: Of the font, in points.
        font: F1, or F2 for bold.
        turn: Counter-clockwise, about the centre of a page of 612 by 792; x and y are those of the turned page.
    """
    matrix = {
        0: "1 0 0 1 0 0",
        90: "0 1 -1 0 612 0",
        180: "-1 0 0 -1 612 792",
        270: "0 -1 1 0 0 792",
    }[turn]
    shown = "\n".join(f"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm ({text}) Tj ET" for x, y, text in lines)
    return f"q {matrix} cm\n{shown}\nQ" if turn else shown


def read_with_flipped_bits(whole: Sequence[Source], seed: int, rounds: int = 60) -> None:
    """Read copies with up to eleven bits flipped: each is a document or an error with a reason, in a child that lives.

    Args:
        whole: Files to copy, in turn; the first is read once more at the end.
        seed: Of the bits.
        rounds: Copies.
    """
    rng, limits = random.Random(seed), ParsingLimits()
    with ParserProcess() as parser:
        before = parser.parse(whole[0], limits)
        for number in range(rounds):
            source = whole[number % len(whole)]
            data = bytearray(source.data)
            for _ in range(rng.randrange(1, 12)):
                data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            with contextlib.suppress(IngestionError):
                parser.parse(Source(name=source.name, data=bytes(data)), limits)
        assert parser.parse(whole[0], limits) == before
