"""Visible text of a PDF: each page's text as PDFium gives it as a whole, without positions."""

import re
from collections import Counter
from collections.abc import Sequence

import pypdfium2 as pdfium

from ingestion.config import ParsingLimits

_HYPHEN = re.compile("[\x02\u00ad\ufffe]\\s*")  # PDFium's marks of a word that goes on in the next line
_DIGITS = re.compile(r"\d+")
_LETTER = re.compile(r"[^\W\d_]")
_MOST_NUMBERS = 3  # of a section, of a page, of all pages
_EDGE_LINES = 3
_MIN_REPEATS = 3
_MIN_REPEAT_SHARE = 0.5
_MAX_FURNITURE_CHARS = 120
_OUTER_NUMBER = re.compile(r"\A(\d{1,4})\b|\b(\d{1,4})\Z")


def pdf(data: bytes, _limits: ParsingLimits) -> str:
    """Text of all pages; see `text_of`."""
    document = pdfium.PdfDocument(data)
    try:
        return text_of([_text(document, number) for number in range(len(document))])
    finally:
        document.close()


def text_of(texts: Sequence[str]) -> str:
    """Text of pages with these texts. Repeated page furniture counts once: numbers, running titles, marks.

    A title beside the page's own number does not count: it says the heading again under which the page stands.
    """
    return "\n".join(_once([_lines(text) for text in texts]))


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
    for page in _without_numbered_titles(pages):
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


def _without_numbered_titles(pages: list[list[str]]) -> list[list[str]]:
    """Pages without their first line, or all without their last, where on most it begins or ends with their number."""
    for place in (0, -1):
        numbers = [_outer_numbers(page[place]) if page else set() for page in pages]
        before = Counter(number - index for index, found in enumerate(numbers) for number in found)
        first, count = max(before.items(), key=lambda item: item[1], default=(0, 0))
        if count >= max(_MIN_REPEATS, _MIN_REPEAT_SHARE * len(pages)):
            rest = slice(1, None) if place == 0 else slice(None, -1)
            return [
                page[rest] if index + first in numbers[index] else page for index, page in enumerate(pages)
            ]
    return pages


def _outer_numbers(line: str) -> set[int]:
    """Numbers with which a line begins or ends, beside words."""
    if len(line) > _MAX_FURNITURE_CHARS or not _LETTER.search(line):
        return set()
    return {int(match[1] or match[2]) for match in _OUTER_NUMBER.finditer(line)}


def _masked(line: str, pages: int) -> str:
    """A line without its page number: numbers that could be a page's beside words, or one alone.

    Rows of a table keep theirs.
    """
    numbers = _DIGITS.findall(line)
    most = _MOST_NUMBERS if _LETTER.search(line) else 1
    if len(numbers) > most or any(int(number[:9]) > 2 * pages + 20 for number in numbers):
        return line
    return _DIGITS.sub("#", line)
