"""Small Word files for the tests of the DOCX parser."""

from collections.abc import Callable

from ingestion.config import ParsingLimits
from ingestion.parsers import parse_source
from ingestion.types import Document, Source
from tests.ingestion.hostile import docx

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
NAMES = (
    f'{W} xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" '
    'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart" '
    'xmlns:dgm="http://schemas.openxmlformats.org/drawingml/2006/diagram" '
    'xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def read(body: str, limits: ParsingLimits | None = None, **parts: str | bytes) -> Document:
    """A Word file of this body, read.

    Args:
        body: Content of `w:body`.
        limits: Those of the parser.
        parts: Content of the root elements of styles, numbering, footnotes, endnotes, comments, header1, footer1 and
            settings; or whole parts as bytes.
    """
    whole = {
        f"word/{name}.xml": text
        if isinstance(text, bytes)
        else f"<w:{name} {NAMES}>{text}</w:{name}>".encode()
        for name, text in parts.items()
    }
    return read_parts(body, whole, limits)


def read_parts(body: str, parts: dict[str, bytes], limits: ParsingLimits | None = None) -> Document:
    """A Word file of this body and these parts, read."""
    document = f"<w:document {NAMES}><w:body>{body}</w:body></w:document>"
    data = docx("", parts={"word/document.xml": document.encode(), **parts})
    return parse_source(Source(name="a.docx", data=data), limits or ParsingLimits())


def relations(**targets: str) -> dict[str, bytes]:
    """Relations of the main part: by their id, the kind and the target with a blank between."""
    items = "".join(
        f'<Relationship Id="{identity}" Type="{_TYPES}/{kind}" Target="{target}"/>'
        for identity, (kind, target) in ((key, text.split()) for key, text in targets.items())
    )
    text = f'<Relationships xmlns="{_RELATIONS}">{items}</Relationships>'
    return {"word/_rels/document.xml.rels": text.encode()}


def run(text: str, properties: str = "") -> str:
    """A run with its properties."""
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


def para(*content: str, properties: str = "") -> str:
    """A paragraph of runs; plain text is put into one."""
    runs = "".join(part if part.startswith("<") else run(part) for part in content)
    return f"<w:p><w:pPr>{properties}</w:pPr>{runs}</w:p>"


def cell(*content: str, properties: str = "") -> str:
    """A cell of paragraphs or tables; plain text is put into a paragraph."""
    blocks = "".join(part if part.startswith("<") else para(part) for part in content or ("<w:p/>",))
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{blocks}</w:tc>"


def row(*cells: str, properties: str = "") -> str:
    """A row of cells; plain text is put into one."""
    inside = "".join(part if part.startswith("<w:tc>") else cell(part) for part in cells)
    return f"<w:tr><w:trPr>{properties}</w:trPr>{inside}</w:tr>"


def table(*rows: str) -> str:
    """A table of rows."""
    return f"<w:tbl>{''.join(rows)}</w:tbl>"


def numbered(n: int) -> bytes:
    """Members of `n` lists of one definition, on two levels."""
    levels = "".join(f'<w:lvl w:ilvl="{depth}"><w:numFmt w:val="decimal"/></w:lvl>' for depth in range(9))
    lists = "".join(f'<w:num w:numId="{i}"><w:abstractNumId w:val="0"/></w:num>' for i in range(1, n + 1))
    items = "".join(
        para("x", properties=f'<w:numPr><w:ilvl w:val="{i % 2}"/><w:numId w:val="{i}"/></w:numPr>')
        for i in range(1, n + 1)
    )
    part = f'<w:numbering {NAMES}><w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>{lists}</w:numbering>'
    return docx(items, parts={"word/numbering.xml": part.encode()})


def noted(n: int) -> bytes:
    """A paragraph with `n` notes, each of which refers to the next."""
    references = [f'<w:r><w:footnoteReference w:id="{i}"/></w:r>' for i in range(n + 1)]
    notes = "".join(
        f'<w:footnote w:id="{i}">{para("note", references[i + 1])}</w:footnote>' for i in range(n)
    )
    part = f"<w:footnotes {NAMES}>{notes}</w:footnotes>"
    return docx(para("x", *references), parts={"word/footnotes.xml": part.encode()})


def merged(n: int) -> bytes:
    """A table of `n` rows whose first cell goes over all of them."""
    first = row(cell("a", properties='<w:vMerge w:val="restart"/>'), "b")
    return docx(table(first, *([row(cell(properties="<w:vMerge/>"), "b")] * n)))


def repeated(content: str) -> Callable[[int], bytes]:
    """A paragraph in which something stands again and again."""
    return lambda n: docx(para(content * n))


SHAPES: dict[str, tuple[str, int, Callable[[int], bytes]]] = {
    "DOCX, numbers": ("a.docx", 300, numbered),
    "DOCX, notes": ("a.docx", 200, noted),
    "DOCX, merged cells": ("a.docx", 300, merged),
    "DOCX, raised": ("a.docx", 300, repeated(run("10") + run("6", '<w:vertAlign w:val="superscript"/>'))),
    "DOCX, fields": ("a.docx", 300, repeated('<w:r><w:fldChar w:fldCharType="begin"/></w:r>' + run("x"))),
}


def counted(document: Document) -> dict[str, int]:
    """What was left out."""
    return {item.what: item.count for item in document.dropped}
