"""Write canonical text block by block, and find its language.

Canonical text is readable plain text: one blank line between blocks, one line for each list item, code line and
table row. A table row names its columns (`Option: --cache-size | Default: 100`), so that a row still says what it
means when it is read or cited alone. Marks of headings, emphasis and code fences are left out: the blocks keep them.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from ingestion.config import ParsingLimits
from ingestion.errors import EmptyDocumentError, LimitExceededError
from ingestion.gibberish import ENCODED_DATA, MARK, without_gibberish
from ingestion.tables.grid import Grid, grid_of
from ingestion.tables.naming import named_cells
from ingestion.types import Block, BlockKind, Box, Document, Dropped, PageSpan

_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_LATIN_WORD = re.compile(r"[A-Za-z]+")
_SPACES = re.compile(r"[ \t\r\n\f\v\x1c-\x1f\x85\u00a0\u2000-\u200a\u2028\u2029\u202f\u205f]+")
_LONG_SPACE = re.compile(r"[^\S\n]{65,}")
_MANY_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n){3,}")
# Of what stands above is copied to every block, row or chunk below it: so much of one name, so many headings.
NAME_CHARS = 200
HEADING_DEPTH = 8
CUT = "…"
_ROWS_PER_BLOCK = 200
# Of control characters, those that part words or lines are white space.
_PARTING = str.maketrans(dict.fromkeys("\v\f\x1c\x1d\x1e\x1f", " ") | dict.fromkeys("\x85\u2028\u2029", "\n"))
# Colours and moves of a terminal, and letters struck twice or underlined, as printers did it: `N\bN`, `_\bN`.
_TERMINAL = re.compile(r"\x1b\[[\d;?]*[A-Za-z]|[^\n\x08]\x08")
# None of these and of the ones below stands in most texts, which is quick to see.
_UNUSUAL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f\x85\u00ad\u200b\u2028\u2029\u2060\ufeff\ud800-\udfff\ufffe\uffff]"
)
_UNWANTED = re.compile(r"[\x00-\x08\x0e-\x1b\x7f\u00ad\u200b\u2060\ufeff\ud800-\udfff\ufffe\uffff]")


def squeeze(text: str) -> str:
    """Join runs of white space to one space and drop control, zero-width and soft-hyphen characters."""
    if text.isprintable() and "  " not in text:  # most text has only single blanks, and nothing unseen
        return text.strip()
    return _SPACES.sub(" ", _UNWANTED.sub("", text)).strip()


def clean_lines(text: str) -> str:
    """Normalise line ends and drop control characters; spacing stays, except for absurd runs of white space."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if _UNUSUAL.search(text):
        text = _UNWANTED.sub("", _TERMINAL.sub("", text.translate(_PARTING)))
    return _MANY_BLANK_LINES.sub("\n\n\n", _LONG_SPACE.sub(" " * 64, text))


def short_name(text: str, chars: int = NAME_CHARS) -> str:
    """Short form of a heading or column name, for copies above other text; marked if it is cut."""
    return text if len(text) <= chars else text[: chars - len(CUT)].rstrip() + CUT


def heading_path(titles: Sequence[str]) -> tuple[str, ...]:
    """Headings over a block, outermost first, each as `short_name` gives it; a mark stands for those left out.

    The outermost one stays, and the innermost ones.
    """
    if len(titles) > HEADING_DEPTH:
        return (titles[0], CUT, *titles[len(titles) - HEADING_DEPTH + 2 :])
    return tuple(titles)


def language_of(text: str) -> str:
    """Return "zh" or "en" by the majority of words, "und" without letters; two Han characters count as a word."""
    han = 0 if text.isascii() else len(_HAN.findall(text))
    if not han:
        return "en" if _LATIN_WORD.search(text) else "und"
    return "zh" if han / 2 >= len(_LATIN_WORD.findall(text)) else "en"


class CanonicalWriter:
    """Collects blocks in reading order and builds the document."""

    def __init__(self, limits: ParsingLimits) -> None:
        """Start an empty document under `limits`."""
        self._limits = limits
        self._parts: list[str] = []
        self._length = 0
        self._blocks: list[Block] = []
        self._headings: list[tuple[int, str]] = []
        self._path: tuple[str, ...] = ()
        self._pages: list[tuple[int, int]] = []
        self._page_is_fresh = False
        self._box: Box | None = None
        self._dropped: Counter[str] = Counter()

    @property
    def has_text(self) -> bool:
        """Whether any block was written."""
        return bool(self._blocks)

    @property
    def length(self) -> int:
        """Characters written so far."""
        return self._length

    @property
    def keep_hidden(self) -> bool:
        """Whether hidden and struck text is to be written; see `ParsingLimits`."""
        return self._limits.keep_hidden

    def drop(self, what: str, count: int = 1) -> None:
        """Report that something was left out."""
        if count:
            self._dropped[what] += count

    def start_page(self, number: int) -> None:
        """Put all following text on page `number` (1-based).

        Raises:
            LimitExceededError: If there are more pages than allowed.
        """
        if number > self._limits.max_pages:
            raise LimitExceededError(f"The document has more than {self._limits.max_pages} pages.")
        self._pages.append((number, self._length))
        self._page_is_fresh = True

    def place(self, box: Box | None) -> None:
        """Put all following text in this rectangle of the page; see `Block.box`."""
        self._box = box and (round(box[0], 1), round(box[1], 1), round(box[2], 1), round(box[3], 1))

    def _open_page(self) -> None:
        """A page begins with its first character; the gap before it belongs to the page before."""
        if self._page_is_fresh:
            self._pages[-1] = (self._pages[-1][0], self._length)
            self._page_is_fresh = False

    def heading(self, level: int, text: str) -> None:
        """Write a heading; `level` 1 is the highest."""
        text = squeeze(text)
        if text:
            self._headings = [(above, title) for above, title in self._headings if above < level]
            self._headings.append((level, short_name(text)))
            self._path = heading_path([title for _, title in self._headings])
            self._write(BlockKind.HEADING, text, level)

    def close_headings(self) -> None:
        """Put all following text under no heading (a slide without a title, a new sheet)."""
        self._headings = []
        self._path = ()

    def paragraph(self, text: str, kind: BlockKind = BlockKind.PARAGRAPH, level: int = 0) -> None:
        """Write a paragraph, a quote or a list item given without its mark."""
        text = squeeze(text)
        if text:
            self._write(kind, text, level)

    def list_item(self, text: str, depth: int = 0, mark: str = "-") -> None:
        """Write a list item with its mark, indented by its depth (0 is the outermost)."""
        text = squeeze(text)
        if text:
            self._write(BlockKind.LIST_ITEM, f"{'  ' * depth}{mark} {text}", depth)

    def code(self, text: str) -> None:
        """Write a code block with its spacing."""
        text = clean_lines(text).strip("\n").rstrip()
        if text.strip():
            self._write(BlockKind.CODE, text, 0)

    def table(self, rows: Sequence[Sequence[str]], *, header: bool = True) -> None:
        """Write a table of texts without spans; `header`: whether the first row names the columns."""
        self.grid(grid_of(rows, header_rows=int(header)))

    def grid(self, grid: Grid) -> None:
        """Write a table, one line a row, each cell with the name of its column where there are names.

        Its caption is a paragraph above it. A row that is one cell over all columns stands without a name. Names of
        columns without a cell below them stand in a line of their own.
        """
        self.paragraph(grid.caption)
        self.named_rows(*named_cells(grid))

    def named_rows(self, names: Sequence[str], rows: Sequence[Sequence[tuple[str, str]]]) -> None:
        """Write rows of a table whose cells are pairs of name and text, or continue the table.

        Args:
            names: Names of its columns, of which those without a cell stand in a line above; none to go on.
            rows: Filled cells.
        """
        filled = {name for row in rows for name, _ in row}
        bare = [name for name in names if name and name not in filled]
        labels = {name: _label(name) for name in filled}
        lines = [
            " | ".join(bare),
            *(
                " | ".join([text if name == text else labels[name] + text for name, text in row])
                for row in rows
            ),
        ]
        lines = [line for line in map(self._readable, map(squeeze, lines)) if line]
        for first in range(0, len(lines), _ROWS_PER_BLOCK):
            self._write(BlockKind.TABLE, "\n".join(lines[first : first + _ROWS_PER_BLOCK]), 0)

    def continue_block(self, text: str, joiner: str) -> None:
        """Continue the last block, over a column or page end; `joiner` stands between."""
        text = self._readable(squeeze(text))
        if text and self._blocks:
            self._append(joiner)
            self._open_page()
            self._append(text)
            last = self._blocks[-1]
            self._blocks[-1] = replace(last, end=self._length)

    def build(
        self, *, media_type: str, title: str = "", encoding: str | None = None, heading_is_title: bool = True
    ) -> Document:
        """Return the document; the first heading is its title where none is given, unless headings are no titles.

        Raises:
            EmptyDocumentError: If nothing was written.
        """
        if not self._blocks:
            only = ", only encoded data" if self._dropped[ENCODED_DATA] else ""
            raise EmptyDocumentError(f"The document contains no text{only}.")
        text = "".join(self._parts)
        ends = [start for _, start in self._pages[1:]] + [len(text)]
        pages = tuple(
            PageSpan(number=number, start=start, end=end)
            for (number, start), end in zip(self._pages, ends, strict=False)
        )
        return Document(
            text=text,
            media_type=media_type,
            title=short_name(squeeze(title)) or (self._first_heading(text) if heading_is_title else ""),
            blocks=tuple(self._blocks),
            pages=pages,
            encoding=encoding,
            language=language_of(text),
            dropped=tuple(Dropped(what=what, count=count) for what, count in sorted(self._dropped.items())),
        )

    def _first_heading(self, text: str) -> str:
        for block in self._blocks[:20]:
            if block.kind is BlockKind.HEADING:
                return short_name(text[block.start : block.end])
        return ""

    def _readable(self, text: str) -> str:
        """The text without encoded data, which is counted; nothing where it was nothing else."""
        text, left_out = without_gibberish(text)
        self.drop(ENCODED_DATA, left_out)
        return text if not left_out or text.strip(f"{MARK}- ") else ""

    def _write(self, kind: BlockKind, text: str, level: int) -> None:
        if kind is not BlockKind.TABLE and not (text := self._readable(text)):
            return
        if self._blocks:
            together = kind is BlockKind.LIST_ITEM and self._blocks[-1].kind is BlockKind.LIST_ITEM
            self._append("\n" if together else "\n\n")
        self._open_page()
        start = self._length
        self._append(text)
        self._blocks.append(
            Block(
                kind=kind,
                start=start,
                end=self._length,
                level=level,
                page=self._pages[-1][0] if self._pages else None,
                box=self._box,
                heading_path=self._path,
            )
        )

    def _append(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)
        if self._length > self._limits.max_text_chars:
            raise LimitExceededError(f"The text is longer than {self._limits.max_text_chars} characters.")


def _label(name: str) -> str:
    """Label in front of the cells of a column."""
    return f"{short_name(name)}{'：' if _HAN.search(name) else ': '}" if name else ""
