"""Vectors made again of stored text are those that chunking made."""

import numpy as np
import pytest

from ingestion import vectors
from ingestion.chunker import chunk
from ingestion.config import ChunkingConfig, ParsingLimits
from ingestion.parsers import parse_source
from ingestion.types import SentenceStates, Source
from ingestion.vectors import chunk_vectors, embed_again
from tests.ingestion.samples import COUNT_TOKENS, BigramEncoder

TEXT = "# Ducks\n\n" + "\n\n".join(
    f"Duck {n} flies south in autumn. It eats grass and {n} eggs. 鸭子在秋天飞向南方。它吃草。"
    for n in range(60)
)


class NeighbourEncoder(BigramEncoder):
    """Sentences have seen those of the same call, as with an encoder of windows."""

    def __call__(self, text, spans):
        states = super().__call__(text, spans)
        return SentenceStates(sums=states.sums + 0.1 * states.sums.mean(axis=0), windows=states.windows)


@pytest.mark.parametrize("most", [100, 16_384])
def test_the_vectors_of_chunks_are_made_again_as_they_were(monkeypatch, most):
    monkeypatch.setattr(vectors, "_TOKENS_PER_CALL", most)
    document = parse_source(Source(name="a.md", data=TEXT.encode()), ParsingLimits())
    first, second = NeighbourEncoder(), NeighbourEncoder()
    chunks = chunk(
        document,
        encode=first,
        count_tokens=COUNT_TOKENS,
        config=ChunkingConfig(max_tokens=128, target_tokens=100),
    )
    told = []
    again = embed_again(
        document.text,
        [piece.sentences for piece in chunks],
        encode=second,
        count_tokens=COUNT_TOKENS,
        on_encoded=lambda done, total: told.append((done, total)),
    )
    assert len(chunks) > 5
    assert second.calls == first.calls
    sentences = sum(len(spans) for spans in second.calls)
    assert told[-1] == (sentences, sentences)
    for piece, made in zip(chunks, again, strict=True):
        np.testing.assert_array_equal(made.vector, piece.vector)
        np.testing.assert_array_equal(made.sentence_vectors, piece.sentence_vectors)


def test_sentences_of_different_calls_were_not_read_together(monkeypatch):
    monkeypatch.setattr(vectors, "_TOKENS_PER_CALL", 100)
    spans = [(at, at + 10) for at in range(0, 60, 10)]
    states = vectors.encoded("ducks fly. " * 6, spans, [50] * 6, BigramEncoder())
    assert states.windows.tolist() == [0, 0, 1, 1, 2, 2]


def test_a_chunk_of_white_space_has_the_vector_of_its_neighbour():
    states = [np.ones((2, 4), np.float32), np.zeros((0, 4), np.float32), np.eye(4, dtype=np.float32)[:1]]
    first, blank, last = chunk_vectors(states)
    np.testing.assert_array_equal(blank.vector, first.vector)
    assert blank.sentence_vectors.shape == (0, 4)
    first, *_ = chunk_vectors([states[1], states[1], states[0]])
    assert np.linalg.norm(first.vector) == pytest.approx(1), "at the start the one after"
    (alone,) = chunk_vectors([states[1]])
    assert not alone.vector.any()
    assert last.vector.tolist() == [1, 0, 0, 0]
