"""Visible words of a PDF: each page's text as PDFium gives it as a whole, without positions."""

import re
from collections import Counter
from collections.abc import Sequence

import pypdfium2 as pdfium

from ingestion.config import ParsingLimits
from ingestion.coverage.words import Words, words_in

_HYPHEN = re.compile("[\x02\u00ad\ufffe]\\s*")  # PDFium's marks of a word that goes on in the next line
_DIGITS = re.compile(r"\d+")
_LETTER = re.compile(r"[^\W\d_]")
_MOST_NUMBERS = 3  # of a section, of a page, of all pages
_EDGE_LINES = 3
_MIN_REPEATS = 3
_MIN_REPEAT_SHARE = 0.5
_MAX_FURNITURE_CHARS = 120


def pdf(data: bytes, _limits: ParsingLimits) -> Words:
    """Words of all pages; see `words_of`."""
    document = pdfium.PdfDocument(data)
    try:
        return words_of([_text(document, number) for number in range(len(document))])
    finally:
        document.close()


def words_of(texts: Sequence[str]) -> Words:
    """Words of pages with these texts. What repeats as page furniture counts once: numbers, running titles, marks."""
    return words_in("\n".join(_once([_lines(text) for text in texts])))


def _text(document: pdfium.PdfDocument, number: int) -> str:
    try:
        page = document[number]
        text_page = page.get_textpage()
        text: str = text_page.get_text_range()
        text_page.close()
        page.close()
    except pdfium.PdfiumError:
        return ""
    return text


def _lines(text: str) -> list[str]:
    return [line for line in (line.strip() for line in _HYPHEN.sub("", text).splitlines()) if line]


def _once(pages: list[list[str]]) -> list[str]:
    """All lines, those of the furniture once."""
    everywhere = Counter(line for page in pages for line in set(page))
    at_edges = Counter(
        _masked(line, len(pages)) for page in pages for line in {*page[:_EDGE_LINES], *page[-_EDGE_LINES:]}
    )
    often = max(_MIN_REPEATS, _MIN_REPEAT_SHARE * len(pages))
    kept: list[str] = []
    seen: set[str] = set()
    for page in pages:
        edges = {*page[:_EDGE_LINES], *page[-_EDGE_LINES:]}
        for line in page:
            masked = _masked(line, len(pages)) if line in edges else line
            repeats = everywhere[line] >= often or (line in edges and at_edges[masked] >= _MIN_REPEATS)
            if repeats and len(line) <= _MAX_FURNITURE_CHARS:
                if masked in seen:
                    continue
                seen.add(masked)
            kept.append(line)
    return kept


def _masked(line: str, pages: int) -> str:
    """A line without its page number: numbers that could be a page's beside words, or one alone.

    Rows of a table keep theirs.
    """
    numbers = _DIGITS.findall(line)
    most = _MOST_NUMBERS if _LETTER.search(line) else 1
    if len(numbers) > most or any(int(number[:9]) > 2 * pages + 20 for number in numbers):
        return line
    return _DIGITS.sub("#", line)
