"""What stands on the pages of a PDF without belonging to the text: page numbers, running headers and footers."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

from ingestion.parsers.pdf.lines import Line

_MARGIN = 0.12  # share of the page's height in which a header or footer may stand
_MIN_REPEATS = 3
_MIN_REPEAT_SHARE = 0.3
_MIN_NUMBERED_SHARE = 0.5
_MAX_NUMBERED_CHARS = 120
_PAGE_NUMBER = re.compile(
    r"\W*(?:page|seite|第)?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*(?:页|頁)?\s*"
    r"(?:(?:/|of|von|[,，]?\s*共)\s*\d{1,4}\s*(?:页|頁)?)?\W*",
    re.I,
)
_DIGITS = re.compile(r"\d+|[ivxlc]+(?=\W*\Z)")
_OUTER_NUMBER = re.compile(r"\A\W{0,3}(\d{1,4})\b|\b(\d{1,4})\W{0,3}\Z")

Key = tuple[str, bool]


def drop_furniture(pages: Sequence[list[Line]]) -> int:
    """Remove such lines from the pages, and give their number. A page of nothing else is content and stays.

    A line is one of them if it holds no more than a page number in a margin; if it is the outermost line of its
    page and begins or ends with the page's own number; or if it repeats in the margins of many pages, or of
    neighbouring ones (left and right pages may differ).
    """
    repeated = _often(pages)
    nearby = _nearby(pages)
    numbering = _numbering(pages)
    removed = 0
    for index, page in enumerate(pages):
        numbered = _numbered_line(page, index, numbering)
        kept = [
            line
            for line in page
            if line is not numbered and not (line.in_margin(_MARGIN) and _is_repeated(line, repeated, nearby))
        ]
        if kept:
            removed += len(page) - len(kept)
            page[:] = kept
    return removed


def _is_repeated(line: Line, repeated: set[Key], nearby: set[Key]) -> bool:
    return (
        _PAGE_NUMBER.fullmatch(line.text) is not None
        or _masked_key(line) in repeated
        or _exact_key(line) in nearby
    )


def _often(pages: Sequence[list[Line]]) -> set[Key]:
    """Lines of the margins that stand on many pages; numbers count as equal."""
    counts = Counter(
        key for page in pages for key in {_masked_key(line) for line in page if line.in_margin(_MARGIN)}
    )
    least = max(_MIN_REPEATS, _MIN_REPEAT_SHARE * len(pages))
    return {key for key, count in counts.items() if count >= least}


def _nearby(pages: Sequence[list[Line]]) -> set[Key]:
    """Lines of the margins that repeat exactly on pages beside each other: the headers of a chapter."""
    places: defaultdict[Key, list[int]] = defaultdict(list)
    for index, page in enumerate(pages):
        for key in {_exact_key(line) for line in page if line.in_margin(_MARGIN)}:
            places[key].append(index)
    found: set[Key] = set()
    for key, indices in places.items():
        run = 1
        for before, after in pairwise(indices):
            run = run + 1 if after - before <= 2 else 1
            if run >= _MIN_REPEATS:
                found.add(key)
    return found


def _numbering(pages: Sequence[list[Line]]) -> tuple[int, bool] | None:
    """What to add to a page's index to have its printed number, and whether that stands at the top of the page.

    None where most pages bear no number. One place is chosen: a heading may have the number of its page by chance.
    """
    counts: Counter[tuple[int, bool]] = Counter()
    alone: Counter[tuple[int, bool]] = Counter()
    for index, page in enumerate(pages):
        for is_top in (True, False):
            line = _outermost(page, is_top=is_top)
            for number in _numbers(line):
                counts[number - index, is_top] += 1
                alone[number - index, is_top] += (
                    line is not None and _PAGE_NUMBER.fullmatch(line.text) is not None
                )
    if not counts:
        return None
    numbering = max(counts, key=lambda place: (counts[place], alone[place]))
    is_usual = counts[numbering] >= max(_MIN_REPEATS, _MIN_NUMBERED_SHARE * len(pages))
    return numbering if is_usual else None


def _numbered_line(page: Sequence[Line], index: int, numbering: tuple[int, bool] | None) -> Line | None:
    if numbering is None:
        return None
    offset, is_top = numbering
    line = _outermost(page, is_top=is_top)
    return line if index + offset in _numbers(line) else None


def _outermost(page: Sequence[Line], *, is_top: bool) -> Line | None:
    """The highest or the lowest line of a page."""
    if not page:
        return None
    return max(page, key=lambda line: line.y1) if is_top else min(page, key=lambda line: line.y0)


def _numbers(line: Line | None) -> set[int]:
    """Numbers with which a line begins or ends."""
    if line is None or len(line.text) > _MAX_NUMBERED_CHARS:
        return set()
    return {int(match[1] or match[2]) for match in _OUTER_NUMBER.finditer(line.text.strip())}


def _masked_key(line: Line) -> Key:
    return _DIGITS.sub("#", line.text.strip().lower()), line.is_upper_half


def _exact_key(line: Line) -> Key:
    return line.text.strip(), line.is_upper_half
