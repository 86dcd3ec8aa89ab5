"""Light parts for tests of the app: an embedder that counts what it embeds, words as tokens, no generator."""

import threading
from collections.abc import Iterator, Sequence

import numpy as np

from app.composition.runtime import Parts
from app.settings.schema import Settings
from generator.types import Event, Generated, Request, SourcePassage
from tests.retrieval.doubles import HashEmbedder


class CountingEmbedder(HashEmbedder):
    """Counts the sentences it encoded, to show that equal content is encoded once."""

    def __init__(self) -> None:
        self.sentences = 0
        self._lock = threading.Lock()

    def sentence_states(self, text: str, spans: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
        with self._lock:
            self.sentences += len(spans)
        return super().sentence_states(text, spans)


class NewEmbedder(CountingEmbedder):
    """Another encoder: other vectors, of another width, so that comparing them with those of before would raise."""

    model_id = "hash-embedder@2"
    dim = 48


class SilentGenerator:
    """Finds no passage relevant and answers nothing."""

    model_id = "silent@1"

    def stream(self, request: Request) -> Iterator[Event]:
        yield Generated(text="", spans=(), answerable=False, confidence=0.0)

    def relevance(self, question: str, passages: Sequence[SourcePassage]) -> Sequence[float]:
        return [0.0 for _ in passages]


def _count(text: str) -> int:
    return len(text.split()) + sum(1 for character in text if "一" <= character <= "鿿")


def small_parts(embedder: CountingEmbedder | None = None) -> Parts:
    shared = embedder or CountingEmbedder()

    def load_embedder(settings: Settings) -> CountingEmbedder:
        return shared

    return Parts(
        embedder=load_embedder,
        encoder_id=lambda settings: shared.model_id,
        count_tokens=lambda settings: (_count, "words"),
        generator=lambda settings: SilentGenerator(),
    )
