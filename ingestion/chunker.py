"""Documents to semantic chunks: pieces, their states from the encoder, and the cheapest way to cut between them.

The sentence states that show where meaning shifts are added up to the chunks' vectors, so that nothing is encoded
twice and nothing is cut off to fit the encoder.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ingestion.boundaries import cheapest_cuts, similarity_costs
from ingestion.canonical import language_of
from ingestion.config import ChunkingConfig
from ingestion.errors import EmptyDocumentError
from ingestion.pieces import Piece, pieces_of
from ingestion.types import Block, BlockKind, Chunk, CountTokens, Document, SentenceEncoder

OnEncoded = Callable[[int, int], None]

_ARTICLE = re.compile(r"第[一二三四五六七八九十百千零〇\d]{1,9}[条條]")
_ENUMERATED = re.compile(
    r"[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}、|\d{1,2}[.、）)]"
)

# Costs of a cut, against 1 for an empty chunk. A cut before a heading or a statute's article is free.
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
_TOKENS_PER_CALL = 16_384


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
    sums = _encode(document.text, pieces, encode, on_encoded)
    cut_costs = _structure_costs(document, pieces)
    cut_costs += config.semantic_weight * similarity_costs(sums, config.window_sentences)
    starts = cheapest_cuts(
        [piece.tokens for piece in pieces], cut_costs, _span_costs(document.blocks, pieces), config
    )
    ranges = list(_fitting(document.text, pieces, starts, count_tokens, config.max_tokens))
    return tuple(_assemble(document, pieces, sums, ranges))


def _encode(
    text: str, pieces: Sequence[Piece], encode: SentenceEncoder, on_encoded: OnEncoded | None
) -> NDArray[np.float32]:
    """States of all pieces, float32 [N, D]; a piece of white space has zeros."""
    visible = [index for index, piece in enumerate(pieces) if piece.visible]
    sums: NDArray[np.float32] | None = None
    done = 0
    for batch in _batches(visible, pieces):
        spans = [span for index in batch if (span := pieces[index].visible) is not None]
        states = encode(text, spans).sums
        if sums is None:
            sums = np.zeros((len(pieces), states.shape[1]), dtype=np.float32)
        sums[batch] = states
        done += len(batch)
        if on_encoded is not None:
            on_encoded(done, len(visible))
    assert sums is not None, "there is at least one visible piece"
    return sums


def _batches(indices: Sequence[int], pieces: Sequence[Piece]) -> Iterator[list[int]]:
    """Consecutive pieces for one call of the encoder: large enough to be fast, small enough to show progress."""
    batch: list[int] = []
    tokens = 0
    for index in indices:
        if batch and tokens + pieces[index].tokens > _TOKENS_PER_CALL:
            yield batch
            batch, tokens = [], 0
        batch.append(index)
        tokens += pieces[index].tokens
    if batch:
        yield batch


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
    """Ranges of pieces with their exact tokens; tokens don't add up exactly, so what is over is cut once more."""
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
    vector = np.zeros(sums.shape[1], dtype=np.float32)
    for index, (first, end, tokens) in enumerate(ranges):
        members = pieces[first:end]
        start, stop = members[0].start, members[-1].end
        text = document.text[start:stop]
        total = sums[first:end].sum(axis=0)
        norm = float(np.linalg.norm(total))
        # White space alone has no states; such a chunk counts as part of the one before.
        vector = (total / norm).astype(np.float32) if norm > 0 else vector
        visible = [i for i in range(first, end) if pieces[i].visible is not None]
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
            vector=vector,
            sentence_vectors=_unit_rows(sums[visible]),
        )


def _unit_rows(sums: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)
    return unit


def _heading_path(blocks: Sequence[Block], members: Sequence[Piece]) -> tuple[str, ...]:
    """What the headings over all its text have in common, or the first block's where they share nothing."""
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
