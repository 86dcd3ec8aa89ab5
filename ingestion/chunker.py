"""Documents to semantic chunks: pieces, their states from the encoder, and the cheapest way to cut between them.

The sentence states that show where meaning shifts are added up to the chunks' vectors, so that nothing is encoded
twice and nothing is cut off to fit the encoder.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ingestion.boundaries import cheapest_cuts, similarity_costs
from ingestion.canonical import language_of
from ingestion.config import ChunkingConfig
from ingestion.errors import EmptyDocumentError
from ingestion.pieces import Piece, pieces_of
from ingestion.types import Block, BlockKind, Chunk, CountTokens, Document, SentenceEncoder, SentenceStates
from ingestion.vectors import OnEncoded, chunk_vectors, encoded

_ARTICLE = re.compile(r"第[一二三四五六七八九十百千零〇\d]{1,9}[条條]")
_ENUMERATED = re.compile(
    r"[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}、|\d{1,2}[.、）)]"
)

# Costs of a cut, against 1 for an empty chunk. A cut before a heading or a statute's article is free.
_COMPARED_SENTENCES = 3  # on each side of a place, where similarity counts
_AFTER_HEADING = 6.0
_INSIDE_CODE = 4.0
_INSIDE_CODE_AT_BLANK_LINE = 1.5
_INSIDE_SENTENCE = 2.0
_AFTER_COLON = 0.9
_BETWEEN_ROWS = 0.5
_BETWEEN_ITEMS = 0.3
_BETWEEN_SENTENCES = 0.35
_BETWEEN_BLOCKS = 0.12
# Cost of a heading inside a chunk, by its level.
_HEADING_INSIDE = (0.6, 0.6, 0.45, 0.3, 0.2)


def chunk(
    document: Document,
    *,
    encode: SentenceEncoder,
    count_tokens: CountTokens,
    config: ChunkingConfig,
    on_encoded: OnEncoded | None = None,
) -> tuple[Chunk, ...]:
    """Cut a document into chunks that tile its text.

    Args:
        document: A parsed document.
        encode: Gives the states of sentences.
        count_tokens: Counts tokens of the configured vocabulary.
        config: Sizes and weights.
        on_encoded: Called with (sentences encoded, sentences in all) as encoding goes on.

    Raises:
        EmptyDocumentError: If the document has no visible character.
    """
    pieces = pieces_of(document, count_tokens, config.max_tokens)
    if not any(piece.visible for piece in pieces):
        raise EmptyDocumentError("The document contains no text.")
    states = _encode(document.text, pieces, encode, on_encoded)
    cut_costs = _structure_costs(document, pieces)
    if config.semantic_weight:
        cut_costs += config.semantic_weight * similarity_costs(states, _COMPARED_SENTENCES)
    starts = cheapest_cuts(
        [piece.tokens for piece in pieces], cut_costs, _span_costs(document.blocks, pieces), config
    )
    ranges = list(_fitting(document.text, pieces, starts, count_tokens, config.max_tokens))
    return tuple(_assemble(document, pieces, states.sums, ranges))


def _encode(
    text: str, pieces: Sequence[Piece], encode: SentenceEncoder, on_encoded: OnEncoded | None
) -> SentenceStates:
    """States of all pieces; a piece of white space has zeros and no window."""
    visible = [index for index, piece in enumerate(pieces) if piece.visible]
    spans = [span for piece in pieces if (span := piece.visible) is not None]
    states = encoded(text, spans, [pieces[index].tokens for index in visible], encode, on_encoded)
    sums = np.zeros((len(pieces), states.sums.shape[1]), dtype=np.float32)
    windows = np.full(len(pieces), -1, dtype=np.int64)
    sums[visible], windows[visible] = states.sums, states.windows
    return SentenceStates(sums=sums, windows=windows)


def _structure_costs(document: Document, pieces: Sequence[Piece]) -> NDArray[np.float64]:
    costs = np.zeros(len(pieces))
    for index in range(1, len(pieces)):
        costs[index] = _cut_cost(document, pieces[index - 1], pieces[index])
    return costs


def _cut_cost(document: Document, before: Piece, after: Piece) -> float:
    """Cost of a cut between two neighbouring pieces, by structure alone."""
    left, right = document.blocks[before.block], document.blocks[after.block]
    if after.is_continuation:
        return _INSIDE_SENTENCE
    if before.block == after.block:
        match left.kind:
            case BlockKind.CODE:
                is_blank = document.text.count("\n", before.start, before.end) > 1
                return _INSIDE_CODE_AT_BLANK_LINE if is_blank else _INSIDE_CODE
            case BlockKind.TABLE:
                return _BETWEEN_ROWS
            case _:
                return _BETWEEN_SENTENCES
    if left.kind is BlockKind.HEADING:
        return _AFTER_HEADING
    if right.kind is BlockKind.HEADING:
        return 0.0
    if _ARTICLE.match(document.text, right.start):
        return 0.0
    if document.text[left.end - 1] in ":：":
        return _AFTER_COLON
    if left.kind is right.kind is BlockKind.LIST_ITEM or _ENUMERATED.match(document.text, right.start):
        return _BETWEEN_ITEMS
    return _BETWEEN_BLOCKS


def _span_costs(blocks: Sequence[Block], pieces: Sequence[Piece]) -> NDArray[np.float64]:
    """Cost of each heading that stands inside a chunk; a heading right under another one costs nothing."""
    costs = np.zeros(len(pieces))
    for index in range(1, len(pieces)):
        block, above = blocks[pieces[index].block], blocks[pieces[index - 1].block]
        if block.kind is BlockKind.HEADING and above.kind is not BlockKind.HEADING:
            costs[index] = _HEADING_INSIDE[min(block.level, len(_HEADING_INSIDE) - 1)]
    return costs


def _fitting(
    text: str, pieces: Sequence[Piece], starts: Sequence[int], count_tokens: CountTokens, max_tokens: int
) -> Iterator[tuple[int, int, int]]:
    """Ranges of pieces with their exact tokens; counts don't add up exactly, so an overlong range is split again."""
    open_ranges = list(zip(starts, [*starts[1:], len(pieces)], strict=True))[::-1]
    while open_ranges:
        first, end = open_ranges.pop()
        tokens = count_tokens(text[pieces[first].start : pieces[end - 1].end])
        if tokens > max_tokens and end - first > 1:
            middle = (first + end) // 2
            open_ranges += [(middle, end), (first, middle)]
        else:
            yield first, end, tokens


def _assemble(
    document: Document,
    pieces: Sequence[Piece],
    sums: NDArray[np.float32],
    ranges: Sequence[tuple[int, int, int]],
) -> Iterator[Chunk]:
    page_starts = [page.start for page in document.pages]
    visible = [[i for i in range(first, end) if pieces[i].visible is not None] for first, end, _ in ranges]
    made = chunk_vectors(sums[indices] for indices in visible)
    for index, ((first, end, tokens), vectors) in enumerate(zip(ranges, made, strict=True)):
        members = pieces[first:end]
        start, stop = members[0].start, members[-1].end
        text = document.text[start:stop]
        spans = tuple(piece.visible for piece in members if piece.visible is not None)
        language = language_of(text)
        yield Chunk(
            index=index,
            start=start,
            end=stop,
            text=text,
            token_count=tokens,
            language=document.language if language == "und" else language,
            heading_path=_heading_path(document.blocks, members),
            page=_page(document, page_starts, spans[0][0] if spans else start),
            page_end=_page(document, page_starts, spans[-1][1] - 1 if spans else start),
            sentences=spans,
            vector=vectors.vector,
            sentence_vectors=vectors.sentence_vectors,
        )


def _heading_path(blocks: Sequence[Block], members: Sequence[Piece]) -> tuple[str, ...]:
    """The common part of the headings over all its text, or the first block's headings if they share nothing."""
    text = [piece for piece in members if blocks[piece.block].kind is not BlockKind.HEADING] or members
    paths = {blocks[piece.block].heading_path for piece in text}
    shortest = min(paths, key=len)
    for depth in range(len(shortest), 0, -1):
        if all(path[:depth] == shortest[:depth] for path in paths):
            return shortest[:depth]
    return next((path for piece in members if (path := blocks[piece.block].heading_path)), ())


def _page(document: Document, page_starts: Sequence[int], position: int) -> int | None:
    if not page_starts:
        return None
    return document.pages[max(0, bisect_right(page_starts, position) - 1)].number
