"""Plain text, unchanged (line ends become LF) except for encoded data; blocks are laid over it."""

import re

from ingestion.canonical import clean_lines, heading_path, language_of, short_name
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.errors import EmptyDocumentError, LimitExceededError
from ingestion.gibberish import ENCODED_DATA, MARK, without_gibberish
from ingestion.sniff import TEXT
from ingestion.types import Block, BlockKind, Document, Dropped, Source

_PARAGRAPH = re.compile(r"\S(?:[^\n]|\n(?![^\S\n]*(?:\n|\Z)))*")
_STATUTE_HEADING = re.compile(
    r"第[一二三四五六七八九十百零〇\d]{1,6}([编編章节節])[\s\u3000][^\n。；]{1,40}\Z"
)
_STATUTE_LEVEL = {"编": 1, "編": 1, "章": 2, "节": 3, "節": 3}


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a plain text file.

    Raises:
        EmptyDocumentError: If there is nothing but white space.
        LimitExceededError: If the text is longer than allowed.
    """
    decoded = decode(source.data)
    text = clean_lines(decoded.text)
    if not text.strip():
        raise EmptyDocumentError("The document contains no text.")
    if len(text) > limits.max_text_chars:
        raise LimitExceededError(f"The text is longer than {limits.max_text_chars} characters.")
    removed = len(decoded.text.replace("\r\n", "\n")) - len(text)
    text, encoded = without_gibberish(text)
    if encoded and not text.strip(f"{MARK} \n"):
        raise EmptyDocumentError("The document contains no text, only encoded data.")
    counts = {
        "control characters": removed,
        ENCODED_DATA: encoded,
        "characters that could not be read": decoded.replaced,
    }
    return Document(
        text=text,
        media_type=TEXT,
        title="",
        blocks=lay_blocks(text),
        encoding=decoded.encoding,
        language=language_of(text),
        dropped=tuple(Dropped(what=what, count=count) for what, count in counts.items() if count),
    )


def lay_blocks(text: str) -> tuple[Block, ...]:
    """Blocks over plain text: paragraphs between blank lines, and the headings of Chinese statutes (第一章 …)."""
    blocks: list[Block] = []
    headings: list[tuple[int, str]] = []
    path: tuple[str, ...] = ()
    for match in _PARAGRAPH.finditer(text):
        for start, end in _split_at_headings(text, match.start(), match.end()):
            while end > start and text[end - 1].isspace():
                end -= 1
            heading = _STATUTE_HEADING.match(text[start:end])
            if heading:
                level = _STATUTE_LEVEL[heading.group(1)]
                headings = [item for item in headings if item[0] < level]
                headings.append((level, short_name(text[start:end])))
                path = heading_path([title for _, title in headings])
            kind = BlockKind.HEADING if heading else BlockKind.PARAGRAPH
            level = headings[-1][0] if heading else 0
            blocks.append(Block(kind=kind, start=start, end=end, level=level, heading_path=path))
    return tuple(blocks)


def _split_at_headings(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Ranges of one paragraph such that each heading line stands alone."""
    ranges: list[tuple[int, int]] = []
    line_start = start
    after_heading = False
    while line_start < end:
        newline = text.find("\n", line_start, end)
        line_end = end if newline < 0 else newline
        first = line_start + len(text[line_start:line_end]) - len(text[line_start:line_end].lstrip())
        is_heading = _STATUTE_HEADING.match(text[first:line_end].rstrip()) is not None
        if is_heading or not ranges or after_heading:
            ranges.append((first, line_end))
        else:
            ranges[-1] = (ranges[-1][0], line_end)
        line_start, after_heading = line_end + 1, is_heading
    return ranges
