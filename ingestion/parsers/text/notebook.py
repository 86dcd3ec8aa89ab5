"""Jupyter notebooks: text cells as Markdown, code cells with the text that they printed."""

import re
from typing import Final

from ingestion.canonical import CanonicalWriter, clean_lines
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.errors import CorruptFileError
from ingestion.parsers.text.json_records import read_values
from ingestion.parsers.text.markdown import write_markdown
from ingestion.parsers.web.html import write_html
from ingestion.sniff import NOTEBOOK
from ingestion.types import Document, Source

_OBJECT = re.compile(r"<[^<>\n]{1,300}>")  # of a picture, `<Figure size 640x480 with 1 Axes>`
_TEXT_OUTPUTS: Final = ("text/markdown", "text/html", "text/latex", "text/plain")


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a notebook (nbformat 3 and 4); pictures and other media among its results are left out and counted.

    Raises:
        CorruptFileError: If it is not JSON, or has no cells.
    """
    decoded = decode(source.data)
    writer = CanonicalWriter(limits)
    whole = read_values(decoded, writer)[0]
    cells = _cells(whole) if isinstance(whole, dict) else []
    if not cells:
        raise CorruptFileError("The notebook has no cells.")
    for cell in cells:
        _write_cell(cell, writer)
    return writer.build(media_type=NOTEBOOK, title=_title(whole), encoding=decoded.encoding)


def _title(notebook: object) -> str:
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    title = metadata.get("title") if isinstance(metadata, dict) else None
    return title if isinstance(title, str) else ""


def _cells(notebook: dict[str, object]) -> list[dict[str, object]]:
    cells = notebook.get("cells")
    if not isinstance(cells, list):
        sheets = notebook.get("worksheets")
        sheets = sheets if isinstance(sheets, list) else []
        cells = [cell for sheet in sheets if isinstance(sheet, dict) for cell in sheet.get("cells") or []]
    return [cell for cell in cells if isinstance(cell, dict)]


def _write_cell(cell: dict[str, object], writer: CanonicalWriter) -> None:
    text = clean_lines(_joined(cell.get("source", cell.get("input"))))
    match cell.get("cell_type"):
        case "markdown":
            write_markdown(text, writer)
        case "heading":
            level = cell.get("level")
            writer.heading(int(level) if isinstance(level, str) and level.isdecimal() else 1, text)
        case "code":
            writer.code(text)
            outputs = cell.get("outputs")
            for output in outputs if isinstance(outputs, list) else []:
                if isinstance(output, dict):
                    _write_output(output, writer)
        case _:
            writer.code(text)


def _write_output(output: dict[str, object], writer: CanonicalWriter) -> None:
    if "ename" in output:
        writer.code(f"{_joined(output['ename'])}: {_joined(output.get('evalue'))}")
        return
    data = output.get("data")
    # nbformat 3 has the results beside the other fields, under short names.
    kinds = data if isinstance(data, dict) else {_LONG_NAMES.get(key, key): output[key] for key in output}
    media = sorted(kind for kind in kinds if kind.partition("/")[0] in {"image", "audio", "video"})
    if media:
        writer.drop("pictures" if media[0].startswith("image") else "audio and video")
    for kind in _TEXT_OUTPUTS:
        text = clean_lines(_joined(kinds.get(kind)))
        if text.strip() and not (media and _OBJECT.fullmatch(text.strip())):
            _write_text(kind, text, writer)
            return


_LONG_NAMES: Final = {
    "text": "text/plain",
    "html": "text/html",
    "latex": "text/latex",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "svg": "image/svg+xml",
}


def _write_text(kind: str, text: str, writer: CanonicalWriter) -> None:
    if kind == "text/markdown":
        write_markdown(text, writer)
    elif kind == "text/html":
        write_html(text, writer)
    else:
        writer.code(text)


def _joined(value: object) -> str:
    """Text that stands as one string or as a list of lines with their ends."""
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""
