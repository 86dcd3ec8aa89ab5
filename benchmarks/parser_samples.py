"""Decision 0010: files of known content: real Markdown pages in other formats, with their page furniture.

HTML, DOCX, PPTX, XLSX, EPUB and EML are written here, PDF, RTF, XLS and ODS by LibreOffice. The libraries that write
(python-docx) are no dependencies of Fathom.
"""

import importlib
import io
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from html import escape
from pathlib import Path
from typing import Any, Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n", re.S)
_TAGS = re.compile(r"<[^>]*>|\{#[\w-]+\}|:::\w*")
FURNITURE: Final = ("Qhome", "Qpricing", "Qcontact", "Qimprint", "Qcareers", "Qlogin")
HEADER, FOOTER = "Qheader Qconfidential", "Qfooter Qreserved"
SLIDE_BLOCKS: Final = 6
MIMETYPE = "application/epub+zip"

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Part:
    """A heading (level 1 to 6), a paragraph (0), a list item (-1), or a table."""

    text: str = ""
    level: int = 0
    rows: Rows = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """A file of known content."""

    suffix: str
    data: bytes
    parts: Sequence[Part]


def samples(folder: Path, most: int) -> list[Sample]:
    """Pages of a folder of Markdown that have tables, evenly spread, in each format that can be written here."""
    pages = [parts_of(file) for file in sorted(folder.rglob("*.md"))]
    pages = [parts for parts in pages if any(part.rows for part in parts)]
    pages = pages[:: max(1, len(pages) // most)][:most]
    made: list[Sample] = []
    for parts in pages:
        html = _html(parts)
        made += [
            Sample(".html", html.encode(), parts),
            Sample(".epub", _epub(_html(parts, furniture=False)), parts),
            Sample(".eml", _eml(parts), parts),
            Sample(".pptx", _pptx(parts), parts),
        ]
        tables = [part for part in parts if part.rows]
        made.append(Sample(".xlsx", _xlsx(tables), tables))
        try:
            made.append(Sample(".docx", _docx(parts), parts))
        except ImportError:
            continue
    return made + _by_libreoffice(made)


def parts_of(file: Path) -> list[Part]:
    """Parts of a Markdown page; code is a paragraph a line."""
    text = _FRONT_MATTER.sub("", file.read_text(encoding="utf-8"))
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    parts: list[Part] = []
    rows: list[list[str]] | None = None
    depth = 0
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "table_open":
            rows = []
        elif token.type == "tr_open" and rows is not None:
            rows.append([])
        elif token.type == "table_close":
            parts.append(Part(rows=rows or ()))
            rows = None
        elif token.type == "fence":
            parts += [Part(line.strip()) for line in token.content.splitlines() if line.strip()]
        elif token.type == "inline" and rows:
            rows[-1].append(_plain(token))
        elif token.type == "inline" and (plain := _plain(token)):
            is_heading = before is not None and before.type == "heading_open"
            parts.append(Part(plain, int(before.tag[1]) if before and is_heading else -min(depth, 1)))
        depth += token.nesting * (token.type in {"list_item_open", "list_item_close"})
    return parts


def _plain(token: Token) -> str:
    pieces = [
        " " if child.type in {"softbreak", "hardbreak"} else child.content
        for child in token.children or ()
        if child.type in {"text", "code_inline", "softbreak", "hardbreak"}
    ]
    return " ".join(_TAGS.sub(" ", "".join(pieces)).split())


def _html(parts: Sequence[Part], *, furniture: bool = True) -> str:
    body = []
    for part in parts:
        if part.rows:
            rows = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in part.rows]
            head = rows[0].replace("td>", "th>")
            body.append(
                f"<table><tr>{head}</tr>" + "".join(f"<tr>{row}</tr>" for row in rows[1:]) + "</table>"
            )
        else:
            tag = f"h{part.level}" if part.level > 0 else "p"
            inner = f"<{tag}>{escape(part.text)}</{tag}>"
            body.append(inner if part.level >= 0 else f"<ul><li>{escape(part.text)}</li></ul>")
    links = "".join(f"<li><a href='/{name}'>{name}</a></li>" for name in FURNITURE)
    top = f"<nav><ul>{links}</ul></nav><div class='sidebar'>{links}</div><script>var Qscript</script>"
    end = f"<aside>{HEADER}</aside><footer>{FOOTER}</footer>"
    return (
        "<!DOCTYPE html><html><head><meta charset='utf-8'><title></title></head><body>"
        f"{top if furniture else ''}<div>{''.join(body)}</div>{end if furniture else ''}</body></html>"
    )


def _epub(page: str) -> bytes:
    xhtml = page.replace("<!DOCTYPE html><html>", '<html xmlns="http://www.w3.org/1999/xhtml">')
    xhtml = xhtml.replace("<meta charset='utf-8'>", "")
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="i"><metadata '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:identifier id="i">1</dc:identifier><dc:title></dc:title>'
        '<dc:language>en</dc:language></metadata><manifest><item id="c" href="c.xhtml" '
        'media-type="application/xhtml+xml"/></manifest><spine><itemref idref="c"/></spine></package>'
    )
    container = (
        '<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile '
        'full-path="p.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
    )
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        archive.writestr("mimetype", MIMETYPE)
        archive.writestr("META-INF/container.xml", container)
        archive.writestr("p.opf", package)
        archive.writestr("c.xhtml", xhtml)
    return written.getvalue()


def _eml(parts: Sequence[Part]) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Qsubject", "a@example.org", "b@example.org"
    message.set_content("\n\n".join(part.text or _lines(part.rows) for part in parts))
    message.add_alternative(_html(parts, furniture=False), subtype="html")
    return message.as_bytes()


def _lines(rows: Rows) -> str:
    return "\n".join(" | ".join(row) for row in rows)


def _docx(parts: Sequence[Part]) -> bytes:
    document = importlib.import_module("docx").Document()
    section = document.sections[0]
    section.header.paragraphs[0].text, section.footer.paragraphs[0].text = HEADER, FOOTER
    for part in parts:
        if part.rows:
            table = document.add_table(len(part.rows), len(part.rows[0]))
            table.style = "Table Grid"
            for cells, row in zip(table.rows, part.rows, strict=True):
                for cell, text in zip(cells.cells, row, strict=True):
                    cell.text = text
        elif part.level > 0:
            document.add_heading(part.text, part.level)
        else:
            document.add_paragraph(part.text, "List Bullet" if part.level else None)
    return _saved(document)


def _pptx(parts: Sequence[Part]) -> bytes:
    show = importlib.import_module("pptx").Presentation()
    inch = importlib.import_module("pptx.util").Inches
    body: Any = None
    for number, part in enumerate(parts):
        if part.level > 0 or body is None or number % SLIDE_BLOCKS == 0 or part.rows:
            slide = show.slides.add_slide(show.slide_layouts[1 if not part.rows else 6])
            body = None if part.rows else slide.placeholders[1].text_frame
        if part.rows:
            rows, columns = len(part.rows), len(part.rows[0])
            shape = slide.shapes.add_table(rows, columns, inch(1), inch(1), inch(8), inch(5))
            for cells, row in zip(shape.table.rows, part.rows, strict=True):
                for cell, text in zip(cells.cells, row, strict=True):
                    cell.text = text
        elif part.level > 0:
            slide.shapes.title.text = part.text
        else:
            body.add_paragraph().text = part.text
    return _saved(show)


def _xlsx(tables: Sequence[Part]) -> bytes:
    book = importlib.import_module("openpyxl").Workbook()
    book.remove(book.active)
    for number, part in enumerate(tables):
        sheet = book.create_sheet(f"Qsheet{number}")
        for row in part.rows:
            sheet.append([cell.lstrip("=") for cell in row])
    return _saved(book)


def _saved(document: Any) -> bytes:
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def _by_libreoffice(made: Sequence[Sample]) -> list[Sample]:
    """The DOCX as PDF and RTF, the XLSX as XLS and ODS, where LibreOffice is installed."""
    program = shutil.which("soffice")
    if program is None:
        return []
    found = []
    for suffix, targets in ((".docx", (".pdf", ".rtf")), (".xlsx", (".xls", ".ods"))):
        given = [sample for sample in made if sample.suffix == suffix]
        if not given:
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for number, sample in enumerate(given):
                (folder / f"{number}{suffix}").write_bytes(sample.data)
            for target in targets:
                files = [str(folder / f"{number}{suffix}") for number in range(len(given))]
                profile = f"-env:UserInstallation=file://{folder}/profile"
                command = [
                    program,
                    profile,
                    "--headless",
                    "--convert-to",
                    target[1:],
                    "--outdir",
                    name,
                    *files,
                ]
                subprocess.run(command, check=True, capture_output=True)
            found += [
                Sample(target, (folder / f"{number}{target}").read_bytes(), sample.parts)
                for target in targets
                for number, sample in enumerate(given)
                if (folder / f"{number}{target}").exists()
            ]
    return found
