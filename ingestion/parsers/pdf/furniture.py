"""Page furniture of a PDF, which is no part of the text: page numbers, running headers and footers."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingestion.parsers.pdf.columns import is_aligned
from ingestion.parsers.pdf.lines import Line

MARGIN = 0.12  # share of the page's height in which a header or footer may stand
_MIN_REPEATS = 3
_MIN_REPEAT_SHARE = 0.3
_MIN_NUMBERED_SHARE = 0.5
_MAX_NUMBERED_CHARS = 120
_MAX_PAGE_SHARE = 0.5  # of a page's characters that repeated lines may be; the rest is more likely a form
_LARGER = 1.15  # times the usual size: titles ("Lesson 3" on page 3)
_ROW_PITCH = 1.6  # times the distance of two rows: so far from them another row of their table may stand
_PAGE_NUMBER = re.compile(
    r"\W*(?:page|seite|第)?\s*(?:\d{1,4}|[ivxlc]{1,7})\s*(?:页|頁)?\s*"
    r"(?:(?:/|of|von|[,，]?\s*共)\s*\d{1,4}\s*(?:页|頁)?)?\W*",
    re.I,
)
_PAGE_WORDS = re.compile(
    r"\b(?:page|seite)\s*\d{1,4}(?:\s*(?:/|of|von)\s*\d{1,4})?|第\s*\d{1,4}\s*[页頁]", re.I
)
_PAGE_OF = re.compile(r"\W*(\d{1,4})\s*(?:/|of|von)\s*(\d{1,4})\W*", re.I)
_DASHED = re.compile(r"\s*([-–—])\s*\d{1,4}\s*\1\s*")
_NUMBER = re.compile(r"\d+|(?<![^\W\d_])[ivxlc]+(?=\W*\Z)")
_OUTER_NUMBER = re.compile(r"\A\W{0,3}(\d{1,4})\b|\b(\d{1,4})\W{0,3}\Z")
_ROMAN = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_\u3400-\u9fff]+")
_HAN = re.compile(r"[\u3400-\u9fff]+")
_MARKED_NUMBER = re.compile(r"#-?\d+#")

Key = tuple[str, bool]
"""A line as it repeats, and whether it stands in the upper half of the page."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A furniture line: its place, and its words beside the page number."""

    page: int
    line: Line
    says: str


def drop_furniture(pages: Sequence[list[Line]]) -> int:
    """Remove such lines from the pages, and give their number.

    A line is one of them if it stands in a margin and is a page number, or repeats on many pages or on neighbouring
    ones (left and right pages may differ), alike but for the page number in it; or if it is the outermost line of its
    page and begins or ends with the page's own number. Three things are kept: rows of tables, names of columns too;
    all but page numbers where more than half of a page would go; and the first line that says a word or number that
    stands nowhere else.
    """
    found = list(_found(pages))
    gone = {id(item.line) for item in found}
    kept = "\n".join(line.text for page in pages for line in page if id(line) not in gone)
    words = _words(kept) if found else set()
    for item in found:
        said = _words(item.says)
        if not said <= words:
            words |= said
            gone.remove(id(item.line))
    for page in pages:
        page[:] = [line for line in page if id(line) not in gone]
    return len(gone)


def _found(pages: Sequence[list[Line]]) -> Iterator[_Found]:
    """Lines to remove, page by page; a page of nothing else is content."""
    usual = _usual_size(pages)
    repeated = _repeated(pages, usual)
    numbering = _numbering(pages)
    for index, page in enumerate(pages):
        numbers: list[_Found] = []
        others: list[_Found] = []
        numbered = _numbered_line(page, index, numbering)
        if numbered is not None and _is_title(numbered, usual):
            numbered = None
        for line in page:
            in_margin = line.in_margin(MARGIN)
            if not in_margin and line is not numbered:
                continue
            key = next((key for key in _keys(line, index, usual) if key in repeated), None)
            if in_margin and _is_page_number(line, key, page, index):
                numbers.append(_Found(index, line, ""))
            elif line is numbered or (in_margin and key is not None):
                text = _normal(line.text) if key is None else key[0]
                others.append(_Found(index, line, _OUTER_NUMBER.sub("", text) if key is None else text))
        if not numbers and not others:
            continue
        others = _without_rows(page, numbers, others)
        chars = sum(len(line.text) for line in page)
        if sum(len(item.line.text) for item in others) > _MAX_PAGE_SHARE * chars:
            others = []
        if len(numbers) + len(others) < len(page):
            yield from numbers
            yield from others


def _is_page_number(line: Line, key: Key | None, page: Sequence[Line], index: int) -> bool:
    """Whether a line of a margin is no more than a page number, as its words, its form or the other pages say."""
    text = line.text
    if _PAGE_NUMBER.fullmatch(text) is None:
        return False
    part = _PAGE_OF.fullmatch(text)
    if key is not None or _PAGE_WORDS.search(text) or _DASHED.fullmatch(text):
        return True
    if part is not None:
        return int(part[1]) <= int(part[2])
    is_outermost = line in (_outermost(page, is_top=True), _outermost(page, is_top=False))
    return is_outermost and _value(text.strip(" \t-–—.")) == index + 1


def _without_rows(page: Sequence[Line], numbers: Sequence[_Found], others: Sequence[_Found]) -> list[_Found]:
    """Found lines that are no rows of a table: no row that continues the text or has column names above."""
    found = {id(item.line) for item in (*numbers, *others)}
    rows: set[int] = set()
    # Each way from the text outwards: a second row of names stands over a first one that was kept.
    for order in (page, page[::-1]):
        for third, second, line in zip(order, order[1:], order[2:], strict=False):
            is_text = all(id(other) not in found or id(other) in rows for other in (second, third))
            if is_text and id(line) in found and _is_next_row(line, second, third):
                rows.add(id(line))
    return [item for item in others if id(item.line) not in rows]


def _is_next_row(line: Line, second: Line, third: Line) -> bool:
    """Whether a line is a row of the table to which its neighbours belong."""
    pitch = abs(line.y0 - second.y0)
    return (
        is_aligned(line, second)
        and is_aligned(second, third)
        and pitch <= _ROW_PITCH * abs(second.y0 - third.y0)
    )


def _repeated(pages: Sequence[list[Line]], usual: float) -> set[Key]:
    """Keys of the margins that stand on many pages, or on a run of neighbouring ones."""
    places: defaultdict[Key, list[int]] = defaultdict(list)
    for index, page in enumerate(pages):
        for key in {key for line in page if line.in_margin(MARGIN) for key in _keys(line, index, usual)}:
            places[key].append(index)
    least = max(_MIN_REPEATS, _MIN_REPEAT_SHARE * len(pages))
    return {key for key, indices in places.items() if len(indices) >= least or _is_run(indices)}


def _is_run(indices: Sequence[int]) -> bool:
    run = 1
    for before, after in pairwise(indices):
        run = run + 1 if after - before <= 2 else 1
        if run >= _MIN_REPEATS:
            return True
    return False


def _keys(line: Line, index: int, usual: float) -> Iterator[Key]:
    """Forms in which a line may repeat: as it is, or with the page number in it left out.

    A number counts as the page's where the page says so ("page 3"), or where it is the first or last number of the
    line; then its distance to the page's index stands for it, so that it has to count the pages. Other numbers differ.
    """
    said = _normal(line.text)
    yield said, line.is_upper_half
    if len(said) > _MAX_NUMBERED_CHARS or _is_title(line, usual):
        return
    named = _PAGE_WORDS.sub("#", said)
    if named != said:
        yield named, line.is_upper_half
    numbers = list(_NUMBER.finditer(said))
    for match in numbers[:1] + numbers[1:][-1:]:
        value = _value(match.group())
        if value is not None:
            yield f"{said[: match.start()]}#{value - index}#{said[match.end() :]}", line.is_upper_half


def _is_title(line: Line, usual: float) -> bool:
    """Whether a line is set larger than the text, and more than a number."""
    return line.size > _LARGER * usual and _PAGE_NUMBER.fullmatch(line.text) is None


def _value(number: str) -> int | None:
    """Value of an Arabic or a small Roman number of up to four digits or seven letters."""
    if number.isdecimal():
        return int(number) if len(number) <= 4 else None
    if not number or len(number) > 7 or not set(number) <= set(_ROMAN):
        return None
    values = [_ROMAN[letter] for letter in number]
    return sum(-one if one < after else one for one, after in pairwise([*values, 0]))


def _numbering(pages: Sequence[list[Line]]) -> tuple[int, bool] | None:
    """Difference of a page's printed number and its index, and whether the number is at the top of the page.

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


def _usual_size(pages: Sequence[list[Line]]) -> float:
    """Size of most characters."""
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[round(line.size, 1)] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _normal(text: str) -> str:
    return " ".join(text.split()).lower()


def _words(text: str) -> set[str]:
    """Words, numbers and pairs of Han characters of a text, but for marked page numbers."""
    text = _MARKED_NUMBER.sub("", text.lower())
    pairs = ("".join(pair) for run in _HAN.findall(text) for pair in pairwise(run))
    return {*_WORD.findall(text), *pairs}
