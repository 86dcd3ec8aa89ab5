"""Decision 0010: parsers of other libraries behind one function, bytes to text; those not installed are left out.

They are no dependencies of Fathom. Licences are those that the packages name.
"""

import contextlib
import email.policy
import importlib
import io
import logging
import tempfile
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ingestion.config import ParsingLimits
from ingestion.parsers import ocr, parse_source
from ingestion.pipeline import parse
from ingestion.types import BlockKind, Source

Headings = frozenset[tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a parser gave: its text, and the headings that it marks with their levels (None: it marks none)."""

    text: str
    headings: Headings | None = None


@dataclass(frozen=True, slots=True)
class Parser:
    """A way to read one format.

    Attributes:
        votes: Whether it reads by itself; what stands on another parser of the list has no say of its own.
    """

    name: str
    licence: str
    read: Callable[[bytes], Reading]
    votes: bool = True


def parsers_of(suffix: str) -> list[Parser]:
    """Ours first, then all that can be had here, for files with this suffix (".pdf")."""
    found = [Parser("Fathom", "MIT", lambda data: _ours(data, suffix))]
    for name, licence, module, read in PEERS.get(suffix, ()):
        with contextlib.suppress(ImportError):
            library = importlib.import_module(module)
            found.append(Parser(name, licence, _quietly(read, library)))
    with contextlib.suppress(ImportError):
        converter = importlib.import_module("markitdown").MarkItDown()
        found.append(
            Parser("markitdown", "MIT", lambda data: _markitdown(converter, data, suffix), votes=False)
        )
    return found


def _ours(data: bytes, suffix: str) -> Reading:
    source = Source(name=f"file{suffix}", data=data)
    ocr.is_available = lambda: False  # what others find is text, not pictures of it
    # what LibreOffice turns is read in the parser child, as in the program
    document = parse(source, ParsingLimits()) if suffix == ".rtf" else parse_source(source, ParsingLimits())
    headings = frozenset(
        (block.level, document.text[block.start : block.end])
        for block in document.blocks
        if block.kind is BlockKind.HEADING
    )
    return Reading(document.text, headings)


def _quietly(read: Callable[[Any, bytes], str], library: Any) -> Callable[[bytes], Reading]:
    def reading(data: bytes) -> Reading:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            text = read(library, data)
        return Reading(text, _marked(text) if read in _MARKDOWN else None)

    logging.disable(logging.WARNING)
    return reading


def _marked(text: str) -> Headings:
    """Headings of Markdown."""
    lines = [line.split(" ", 1) for line in text.splitlines() if line.startswith("#") and " " in line]
    return frozenset((len(mark), title.replace("\\", "").strip("* ")) for mark, title in lines)


def _markitdown(converter: Any, data: bytes, suffix: str) -> Reading:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        text = converter.convert_stream(io.BytesIO(data), file_extension=suffix).markdown
    return Reading(text, _marked(text))


def _rows(rows: Iterable[Sequence[Any]]) -> str:
    return "\n".join("\t".join("" if cell is None else str(cell) for cell in row) for row in rows)


def _pypdf(library: Any, data: bytes) -> str:
    return "\n".join(page.extract_text() for page in library.PdfReader(io.BytesIO(data)).pages)


def _pdfminer(library: Any, data: bytes) -> str:
    return str(library.extract_text(io.BytesIO(data)))


def _pdfplumber(library: Any, data: bytes) -> str:
    with library.open(io.BytesIO(data)) as document:
        return "\n".join(page.extract_text() for page in document.pages)


def _pymupdf(library: Any, data: bytes) -> str:
    with library.open(stream=data, filetype="pdf") as document:
        return "\n".join(page.get_text() for page in document)


def _python_docx(library: Any, data: bytes) -> str:
    parts = []
    for item in library.Document(io.BytesIO(data)).iter_inner_content():
        rows = ([cell.text for cell in row.cells] for row in getattr(item, "rows", ()))
        parts.append(item.text if hasattr(item, "text") else _rows(rows))
    return "\n".join(parts)


def _mammoth(library: Any, data: bytes) -> str:
    return str(library.convert_to_markdown(io.BytesIO(data)).value)


def _docx2txt(library: Any, data: bytes) -> str:
    return str(library.process(io.BytesIO(data)))


def _python_pptx(library: Any, data: bytes) -> str:
    parts = []
    for slide in library.Presentation(io.BytesIO(data)).slides:
        for shape in slide.shapes:
            if shape.has_text_frame:
                parts.append(shape.text_frame.text)
            elif getattr(shape, "has_table", False):
                parts.append(_rows([cell.text for cell in row.cells] for row in shape.table.rows))
    return "\n".join(parts)


def _openpyxl(library: Any, data: bytes) -> str:
    book = library.load_workbook(io.BytesIO(data), data_only=True)
    return "\n".join(
        f"{sheet.title}\n{_rows(sheet.iter_rows(values_only=True))}" for sheet in book.worksheets
    )


def _calamine(library: Any, data: bytes) -> str:
    book = library.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return "\n".join(
        f"{name}\n{_rows(book.get_sheet_by_name(name).to_python())}" for name in book.sheet_names
    )


def _pandas(library: Any, data: bytes) -> str:
    sheets = library.read_excel(io.BytesIO(data), sheet_name=None, header=None)
    return "\n".join(
        f"{name}\n{sheet.to_csv(sep=chr(9), header=False, index=False)}" for name, sheet in sheets.items()
    )


def _pandas_csv(library: Any, data: bytes) -> str:
    return str(library.read_csv(io.BytesIO(data), header=None).to_csv(sep="\t", header=False, index=False))


def _csv(library: Any, data: bytes) -> str:
    return _rows(library.reader(io.StringIO(data.decode("utf-8"))))


def _xlrd(library: Any, data: bytes) -> str:
    book = library.open_workbook(file_contents=data)
    return "\n".join(f"{s.name}\n{_rows(s.row_values(i) for i in range(s.nrows))}" for s in book.sheets())


def _trafilatura(library: Any, data: bytes) -> str:
    return library.extract(data, output_format="markdown", include_tables=True, include_comments=True) or ""


def _readability(library: Any, data: bytes) -> str:
    page = library.Document(data.decode("utf-8", "replace")).summary()
    return _beautifulsoup(importlib.import_module("bs4"), page.encode())


def _beautifulsoup(library: Any, data: bytes) -> str:
    soup = library.BeautifulSoup(data, "lxml")
    for part in soup(["script", "style", "head"]):
        part.decompose()
    return str(soup.get_text("\n", strip=True))


def _markdownify(library: Any, data: bytes) -> str:
    return str(
        library.markdownify(data.decode("utf-8", "replace"), heading_style="ATX", strip=["script", "style"])
    )


def _html2text(library: Any, data: bytes) -> str:
    converter = library.HTML2Text(bodywidth=0)
    converter.ignore_links = converter.ignore_images = True
    return str(converter.handle(data.decode("utf-8", "replace")))


def _ebooklib(library: Any, data: bytes) -> str:
    soup = importlib.import_module("bs4")
    with tempfile.NamedTemporaryFile(suffix=".epub") as file:
        file.write(data)
        file.flush()
        book = library.read_epub(file.name, {"ignore_ncx": True})
    items = (book.get_item_with_id(key) for key, _ in book.spine)
    return "\n".join(_beautifulsoup(soup, item.get_content()) for item in items if item is not None)


def _email(library: Any, data: bytes) -> str:
    message = library.message_from_bytes(data, policy=email.policy.default)
    body = message.get_body(("plain", "html"))
    heads = (str(message[name] or "") for name in ("subject", "from", "to", "date"))
    return "\n".join([*heads, body.get_content() if body is not None else ""])


def _mailparser(library: Any, data: bytes) -> str:
    message = library.parse_from_bytes(data)
    people = [part for name in ("from_", "to") for pair in getattr(message, name) for part in pair]
    return "\n".join([message.subject or "", *people, *message.text_plain, *message.text_html])


def _extract_msg(library: Any, data: bytes) -> str:
    with library.openMsg(data) as message:
        return "\n".join(
            str(part or "") for part in (message.subject, message.sender, message.to, message.body)
        )


def _mistune(library: Any, data: bytes) -> str:
    page = library.create_markdown(plugins=["table"])(data.decode("utf-8"))
    return _beautifulsoup(importlib.import_module("bs4"), page.encode())


def _json(library: Any, data: bytes) -> str:
    """Keys and values in the order of the file, a value a line; JSON Lines too."""
    text = data.decode("utf-8-sig")
    try:
        values = [library.loads(text)]
    except library.JSONDecodeError:
        values = [library.loads(line) for line in text.splitlines() if line.strip()]
    return "\n".join(_leaves(values, ""))


def _leaves(value: Any, key: str) -> Iterable[str]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _leaves(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item, key)
    elif value is not None:
        yield f"{key}: {value}"


def _pandas_json(library: Any, data: bytes, *, lines: bool = False) -> str:
    table = library.read_json(io.BytesIO(data), lines=lines, dtype=False, convert_dates=False)
    return str(table.to_csv(sep="\t", index=False))


def _pandas_json_lines(library: Any, data: bytes) -> str:
    return _pandas_json(library, data, lines=True)


def _striprtf(library: Any, data: bytes) -> str:
    return str(library.rtf_to_text(data.decode("latin-1")))


_MARKDOWN: Final = frozenset({_mammoth, _trafilatura, _markdownify, _html2text})
PEERS: Final[dict[str, Sequence[tuple[str, str, str, Callable[[Any, bytes], str]]]]] = {
    ".pdf": (
        ("pypdf", "BSD", "pypdf", _pypdf),
        ("pdfminer.six", "MIT", "pdfminer.high_level", _pdfminer),
        ("pdfplumber", "MIT", "pdfplumber", _pdfplumber),
        ("PyMuPDF", "AGPL", "pymupdf", _pymupdf),
    ),
    ".docx": (
        ("python-docx", "MIT", "docx", _python_docx),
        ("mammoth", "BSD", "mammoth", _mammoth),
        ("docx2txt", "MIT", "docx2txt", _docx2txt),
    ),
    ".pptx": (("python-pptx, plain", "MIT", "pptx", _python_pptx),),
    ".xlsx": (
        ("openpyxl, plain", "MIT", "openpyxl", _openpyxl),
        ("python-calamine", "MIT", "python_calamine", _calamine),
        ("pandas", "BSD", "pandas", _pandas),
    ),
    ".xls": (("xlrd", "BSD", "xlrd", _xlrd), ("python-calamine", "MIT", "python_calamine", _calamine)),
    ".ods": (("python-calamine", "MIT", "python_calamine", _calamine), ("pandas, odfpy", "BSD", "pandas", _pandas)),
    ".html": (
        ("trafilatura", "Apache", "trafilatura", _trafilatura),
        ("readability-lxml", "Apache", "readability", _readability),
        ("markdownify", "MIT", "markdownify", _markdownify),
        ("html2text", "GPL", "html2text", _html2text),
        ("beautifulsoup4", "MIT", "bs4", _beautifulsoup),
    ),
    ".epub": (("EbookLib", "AGPL", "ebooklib.epub", _ebooklib),),
    ".eml": (
        ("email, plain", "PSF", "email", _email),
        ("mail-parser", "Apache", "mailparser", _mailparser),
    ),
    ".msg": (("extract-msg", "GPL", "extract_msg", _extract_msg),),
    ".csv": (("csv, plain", "PSF", "csv", _csv), ("pandas", "BSD", "pandas", _pandas_csv)),
    ".json": (("json, plain", "PSF", "json", _json), ("pandas", "BSD", "pandas", _pandas_json)),
    ".jsonl": (("json, plain", "PSF", "json", _json), ("pandas", "BSD", "pandas", _pandas_json_lines)),
    ".md": (("mistune", "BSD", "mistune", _mistune),),
    ".rtf": (("striprtf", "BSD", "striprtf.striprtf", _striprtf),),
}  # fmt: skip
