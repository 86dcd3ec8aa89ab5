"""Pieces: the smallest parts that chunks are made of.

A piece is a sentence, a table row or a code line with the white space after it; one that alone is over the maximum
is cut, at the best mark before the limit.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ingestion.sentences import sentences_of
from ingestion.types import Block, BlockKind, CountTokens, Document

Span = tuple[int, int]

_CUT_MARKS = (
    re.compile(r"[。！？.!?]\s*"),
    re.compile(r"[;；:：]\s*"),
    re.compile(r"[，,、]\s*"),
    re.compile(r"\s+"),
)
_CELL_END = re.compile(r" \| ")  # a row over the maximum is cut between cells
_MAX_CHARS_PER_TOKEN = 64
_USUAL_CHARS_PER_TOKEN = 4
_JOINER = "\u200d"
_EARLIEST_CUT = 0.5  # of what fits: a mark before it is not used


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece; ranges of the canonical text.

    Attributes:
        start: First character; the end is where the next piece starts.
        visible: The range without white space around it, or None if there is only white space.
        tokens: Of the range with its white space.
        block: Index of the block it stands in.
        is_continuation: Whether it is a later part of a sentence that was cut.
    """

    start: int
    end: int
    visible: Span | None
    tokens: int
    block: int
    is_continuation: bool = False


def pieces_of(document: Document, count_tokens: CountTokens, max_tokens: int) -> list[Piece]:
    """Cut a document into pieces that tile its text, none over `max_tokens` (a single character may be)."""
    sentences = list(_sentences(document.text, document.blocks))
    pieces: list[Piece] = []
    for position, (span, block) in enumerate(sentences):
        start = span[0] if position else 0
        end = sentences[position + 1][0][0] if position + 1 < len(sentences) else len(document.text)
        tokens = count_tokens(document.text[start:end])
        if tokens <= max_tokens:
            pieces.append(Piece(start, end, span, tokens, block))
        else:
            is_row = document.blocks[block].kind is BlockKind.TABLE
            marks = (_CELL_END, *_CUT_MARKS) if is_row else _CUT_MARKS
            pieces.extend(_parts(document.text, (start, end), block, count_tokens, max_tokens, marks))
    return pieces


def _sentences(text: str, blocks: Sequence[Block]) -> Iterator[tuple[Span, int]]:
    for index, block in enumerate(blocks):
        for span in sentences_of(text, block):
            yield span, index


def _parts(
    text: str,
    span: Span,
    block: int,
    count_tokens: CountTokens,
    max_tokens: int,
    marks: Sequence[re.Pattern[str]],
) -> Iterator[Piece]:
    start, end = span
    is_continuation = False
    while start < end:
        stop = _longest_fit(text, start, end, count_tokens, max_tokens)
        if stop < end:
            stop = _best_mark(text, start, stop, marks)
        body = text[start:stop]
        left = start + len(body) - len(body.lstrip())
        right = stop - (len(body) - len(body.rstrip()))
        visible = (left, right) if left < right else None
        yield Piece(start, stop, visible, count_tokens(body), block, is_continuation)
        start, is_continuation = stop, True


def _longest_fit(text: str, start: int, end: int, count_tokens: CountTokens, max_tokens: int) -> int:
    """Largest end, at least one character on, such that `[start, end)` has at most `max_tokens`."""
    low, limit = start + 1, min(end, start + max_tokens * _MAX_CHARS_PER_TOKEN)
    # Counting costs as much as what is counted is long: so not from above, where nearly all of it is too long.
    high = min(limit, start + max_tokens * _USUAL_CHARS_PER_TOKEN)
    while (tokens := count_tokens(text[start:high])) <= max_tokens:
        if high == limit:
            return high
        low, high = high, min(limit, start + 2 * (high - start))
    # Tokens grow about evenly: where they reach the maximum is guessed first, and what is left is halved.
    for share in (0.98, 1.02):
        middle = start + int(share * max_tokens * (high - start) / tokens)
        if low < middle < high:
            if (counted := count_tokens(text[start:middle])) <= max_tokens:
                low = middle
            else:
                high, tokens = middle, counted
    while high - low > 1:
        middle = (low + high) // 2
        if count_tokens(text[start:middle]) <= max_tokens:
            low = middle
        else:
            high = middle
    return low


def _best_mark(text: str, start: int, limit: int, marks: Sequence[re.Pattern[str]]) -> int:
    """The last of the best marks before `limit` (a full stop, else a semicolon, …), else `limit` itself."""
    earliest = start + int(_EARLIEST_CUT * (limit - start))
    for mark in marks:
        ends = [match.end() for match in mark.finditer(text, earliest, limit)]
        if ends:
            return ends[-1]
    stop = limit
    while stop > earliest + 1 and (unicodedata.combining(text[stop]) or _JOINER in text[stop - 1 : stop + 1]):
        stop -= 1
    return stop
