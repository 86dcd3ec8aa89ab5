"""Vectors of chunks: from the states of their sentences, which are encoded together with their neighbours.

Chunking calls these functions when a document is taken in. `embed_again` makes the same vectors from stored text, for
an encoder of today over chunks that were cut before.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ingestion.types import CountTokens, SentenceEncoder, SentenceStates

Span = tuple[int, int]
OnEncoded = Callable[[int, int], None]

_TOKENS_PER_CALL = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkVectors:
    """Vectors of one chunk.

    Attributes:
        vector: Sum of the states of its sentences, scaled to unit length: float32 [D].
        sentence_vectors: Each sentence's own, unit length, zeros for one without states: float32 [N, D].
    """

    vector: NDArray[np.float32]
    sentence_vectors: NDArray[np.float32]


def encoded(
    text: str,
    spans: Sequence[Span],
    tokens: Sequence[int],
    encode: SentenceEncoder,
    on_encoded: OnEncoded | None = None,
) -> SentenceStates:
    """Encode all sentences of a text, many in one call.

    Args:
        text: The whole text.
        spans: Ranges of its sentences, ascending and disjoint, at least one.
        tokens: How long each of them is, to choose how many go into one call.
        encode: Gives the states of sentences.
        on_encoded: Called with (sentences encoded, sentences in all) as encoding goes on.

    Returns:
        States of each sentence; windows of different calls have different numbers.
    """
    parts: list[SentenceStates] = []
    done = numbers = 0
    for count in _calls(tokens):
        states = encode(text, spans[done : done + count])
        windows = np.where(states.windows < 0, -1, states.windows + numbers)
        parts.append(replace(states, windows=windows))
        numbers = max(numbers, int(windows.max()) + 1)
        done += count
        if on_encoded is not None:
            on_encoded(done, len(spans))
    return SentenceStates(
        sums=np.concatenate([part.sums for part in parts]),
        windows=np.concatenate([part.windows for part in parts]),
    )


def chunk_vectors(sums_of_chunks: Iterable[NDArray[np.float32]]) -> Iterator[ChunkVectors]:
    """Vectors of the chunks of one text, in their order, from the sums of each one's sentences (float32 [N, D]).

    White space alone has no states: such a chunk counts as part of the one before, at the start of the one after.
    """
    vector: NDArray[np.float32] | None = None
    blank: list[NDArray[np.float32]] = []
    for sums in sums_of_chunks:
        total = sums.sum(axis=0)
        norm = float(np.linalg.norm(total))
        if norm > 0:
            vector = (total / norm).astype(np.float32)
        if vector is None:
            blank.append(sums)
            continue
        for each in (*blank, sums):
            yield ChunkVectors(vector=vector, sentence_vectors=_unit_rows(each))
        blank = []
    for each in blank:
        yield ChunkVectors(vector=each.sum(axis=0).astype(np.float32), sentence_vectors=_unit_rows(each))


def embed_again(
    text: str,
    sentences: Sequence[Sequence[Span]],
    *,
    encode: SentenceEncoder,
    count_tokens: CountTokens,
    on_encoded: OnEncoded | None = None,
) -> list[ChunkVectors]:
    """Make the vectors of chunks that are cut already, as chunking would.

    Args:
        text: The whole text.
        sentences: Ranges of the sentences of each chunk, ascending and disjoint over all chunks; at least one sentence.
        encode: Gives the states of sentences.
        count_tokens: Counts tokens of the configured vocabulary.
        on_encoded: Called with (sentences encoded, sentences in all) as encoding goes on.
    """
    spans = [span for chunk in sentences for span in chunk]
    # A sentence counts with the white space up to the next one, as its piece does when a document is cut.
    ends = [*(start for start, _ in spans[1:]), len(text)]
    tokens = [count_tokens(text[start:end]) for (start, _), end in zip(spans, ends, strict=True)]
    sums = encoded(text, spans, tokens, encode, on_encoded).sums
    bounds = np.cumsum([len(chunk) for chunk in sentences])[:-1]
    return list(chunk_vectors(np.split(sums, bounds)))


def _calls(tokens: Sequence[int]) -> Iterator[int]:
    """Numbers of consecutive sentences for one call: large enough to be fast, small enough to show progress."""
    count = total = 0
    for length in tokens:
        if count and total + length > _TOKENS_PER_CALL:
            yield count
            count = total = 0
        count += 1
        total += length
    if count:
        yield count


def _unit_rows(sums: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(sums, lengths, out=np.zeros_like(sums), where=lengths > 0)
    return unit
