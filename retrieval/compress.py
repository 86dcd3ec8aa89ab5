"""Passages to the sentences that matter for a question, under a token budget, as verbatim ranges.

A sentence counts by the words it shares with the question, by the likeness of its vector, by its passage's
rank, and a little by its neighbours. Nothing is rewritten: what is kept equals the document at its ranges.
"""

import math
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retrieval.config import CompressionConfig
from retrieval.index.analysis import Terms, analyse, analyse_question
from retrieval.protocols import CountTokens, Embedder, StoredVectors
from retrieval.types import Context, ContextPassage, Hit, Passage

SentenceVectors = Callable[[Sequence[Passage]], Sequence[NDArray[np.float32]]]
"""For each passage unit vectors of its sentences, float32 [N, D], in the order of `sentences_of`."""

CACHED_CHUNKS = 4_096
"""Chunks whose sentence vectors stay cached in memory."""
_GRAM_WEIGHT = 0.5
_RANK_WEIGHT = 4.0
_RANK_CONSTANT = 2.0


@dataclass(slots=True)
class _Sentence:
    """A candidate sentence: its position, its cost in tokens and its score."""

    place: int
    number: int
    start: int
    end: int
    tokens: int
    terms: Counter[str]
    worth: float = 0.0


class SentenceVectorCache:
    """Sentence vectors of passages: stored ones where they exist, else encoded; safe to use from many threads.

    Args:
        embedder: Encodes those that are not there.
        capacity: Encoded chunks to keep.
        stored: Gives those that were kept with the chunks; None encodes all.
    """

    def __init__(
        self, embedder: Embedder, capacity: int = CACHED_CHUNKS, stored: StoredVectors | None = None
    ) -> None:
        self._embedder = embedder
        self._capacity = capacity
        self._stored = stored
        self._lock = threading.Lock()
        self._kept: OrderedDict[tuple[int, str], NDArray[np.float32]] = OrderedDict()
        self._hits = self._misses = 0

    @property
    def counts(self) -> tuple[int, int, int]:
        """Passages kept, and how often one was found and was not; those with stored vectors are not looked for."""
        return len(self._kept), self._hits, self._misses

    def __call__(self, passages: Sequence[Passage]) -> list[NDArray[np.float32]]:
        """For each passage unit vectors of its sentences, float32 [N, D]; zeros for a sentence without letters."""
        ids = [passage.chunk_id for passage in passages]
        stored = self._stored(ids, self._embedder.model_id) if self._stored else {}
        vectors = []
        for passage in passages:
            found = stored.get(passage.chunk_id)
            if found is None or len(found) != len(sentences_of(passage)):
                found = self._encoded(passage)
            vectors.append(found)
        return vectors

    def clear(self) -> None:
        """Forget all texts and their vectors."""
        with self._lock:
            self._kept.clear()

    def _encoded(self, passage: Passage) -> NDArray[np.float32]:
        # The text is part of the key: an id that is used again finds no vectors of another text.
        key = (passage.chunk_id, passage.text)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                self._hits += 1
                return found
            self._misses += 1
        spans = [(start - passage.start, end - passage.start) for start, end in sentences_of(passage)]
        sums, _ = self._embedder.sentence_states(passage.text, spans)
        vectors = unit_rows(sums)
        with self._lock:
            self._kept[key] = vectors
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return vectors


def sentences_of(passage: Passage) -> list[tuple[int, int]]:
    """Sentence ranges within the passage, in canonical offsets; the whole passage where none are known."""
    inside = [(max(start, passage.start), min(end, passage.end)) for start, end in passage.sentences]
    return [(start, end) for start, end in inside if start < end] or [(passage.start, passage.end)]


def compress(
    question: str,
    vector: NDArray[np.float32],
    found: Sequence[tuple[Hit, Passage]],
    count_tokens: CountTokens,
    config: CompressionConfig,
    sentence_vectors: SentenceVectors | None = None,
) -> Context:
    """Keep the parts of the passages that a question needs.

    Args:
        question: Text of the question.
        vector: Its unit vector, float32 [D].
        found: Hits and their passages, best first.
        count_tokens: By the configured vocabulary.
        config: Budget and weights.
        sentence_vectors: Where sentence vectors come from; None goes by words alone.

    Returns:
        Passages of which something is kept, in the order given, with the likeness of their sentences. Within the budget
        nothing is dropped. The best sentence is always kept, even where it alone exceeds the budget.
    """
    sizes = [count_tokens(passage.text) for _, passage in found]
    before = sum(sizes)
    budget = min(config.max_tokens, math.ceil(config.keep_share * before))
    near = _likeness(found, vector, sentence_vectors)
    if before <= budget:
        whole = [
            ContextPassage(passage=p, hit=hit, kept=((p.start, p.end),), likeness=own)
            for (hit, p), own in zip(found, near, strict=True)
        ]
        return Context(passages=whole, tokens_before=before, tokens_after=before)
    sentences = _candidates([passage for _, passage in found], count_tokens)
    _weigh(sentences, question, config, [value for own in near for value in own])
    kept = _choose(sentences, budget)
    passages = [
        ContextPassage(passage=p, hit=hit, kept=_ranges([s for s in kept if s.place == place]), likeness=own)
        for place, ((hit, p), own) in enumerate(zip(found, near, strict=True))
        if any(sentence.place == place for sentence in kept)
    ]
    after = sum(sentence.tokens for sentence in kept)
    return Context(passages=passages, tokens_before=before, tokens_after=after)


def _candidates(passages: Sequence[Passage], count_tokens: CountTokens) -> list[_Sentence]:
    sentences = []
    for place, passage in enumerate(passages):
        for number, (start, end) in enumerate(sentences_of(passage)):
            text = passage.text[start - passage.start : end - passage.start]
            terms = Counter(_weighted_terms(analyse(text)).keys())
            sentences.append(_Sentence(place, number, start, end, count_tokens(text), terms))
    return sentences


def _weighted_terms(terms: Terms) -> dict[str, float]:
    return {f"g:{gram}": _GRAM_WEIGHT for gram in terms.grams} | {f"w:{word}": 1.0 for word in terms.words}


def _likeness(
    found: Sequence[tuple[Hit, Passage]],
    vector: NDArray[np.float32],
    sentence_vectors: SentenceVectors | None,
) -> list[Sequence[float]]:
    """Likeness of the sentences of each passage; nothing without vectors."""
    if sentence_vectors is None:
        return [() for _ in found]
    return likeness(vector, sentence_vectors([passage for _, passage in found]))


def likeness(vector: NDArray[np.float32], sentences: Sequence[NDArray[np.float32]]) -> list[Sequence[float]]:
    """How near sentences are to a question, in standard deviations over all of them.

    Cosines of the encoder live in a narrow band, so only their differences say something.

    Args:
        vector: Unit vector of the question, float32 [D].
        sentences: Unit vectors of the sentences of each passage, float32 [N, D].

    Returns:
        For each passage the likeness of its sentences; zeros where all are equally near.
    """
    if not sentences:
        return []
    cosines = np.concatenate([vectors_ND @ vector for vectors_ND in sentences]).astype(np.float64)
    ends = np.cumsum([len(vectors_ND) for vectors_ND in sentences])
    return [tuple(part.tolist()) for part in np.split(_standardised(cosines), ends[:-1])]


def unit_rows(rows_ND: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows of length 1, float32 [N, D]; rows of zeros stay."""
    lengths_N1 = np.linalg.norm(rows_ND, axis=1, keepdims=True)
    units_ND: NDArray[np.float32] = np.divide(
        rows_ND, lengths_N1, out=np.zeros_like(rows_ND), where=lengths_N1 > 0
    )
    return units_ND


def _standardised(values: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 0 else np.zeros_like(values)


def _weigh(
    sentences: list[_Sentence], question: str, config: CompressionConfig, near: Sequence[float]
) -> None:
    """Set the worth of each sentence; `near` is their likeness, empty where they have no vectors."""
    asked = _weighted_terms(analyse_question(question))
    in_sentences = Counter(term for sentence in sentences for term in sentence.terms)
    rarity = {term: math.log1p(len(sentences) / (1 + in_sentences[term])) for term in asked}
    shared = [sum(asked[term] * rarity[term] for term in asked if term in s.terms) for s in sentences]
    worth = _standardised(np.asarray(shared, dtype=np.float64))
    if near:
        worth = worth + config.semantic_weight * np.asarray(near, dtype=np.float64)
    worth = worth + np.asarray([_RANK_WEIGHT / (_RANK_CONSTANT + s.place) for s in sentences])
    for i, sentence in enumerate(sentences):
        beside = [
            float(worth[j])
            for j in (i - 1, i + 1)
            if 0 <= j < len(sentences) and sentences[j].place == sentence.place
        ]
        sentence.worth = float(worth[i]) + config.neighbour_bonus * max(0.0, *beside, 0.0)


def _choose(sentences: list[_Sentence], budget: int) -> list[_Sentence]:
    """Best sentences first, as long as they fit; given back in reading order."""
    kept: list[_Sentence] = []
    spent = 0
    for sentence in sorted(sentences, key=lambda s: (-s.worth, s.place, s.number)):
        if not kept or spent + sentence.tokens <= budget:
            kept.append(sentence)
            spent += sentence.tokens
    return sorted(kept, key=lambda s: (s.place, s.number))


def _ranges(kept: Sequence[_Sentence]) -> tuple[tuple[int, int], ...]:
    """Ranges of the selected sentences; neighbours merge, with the blanks between them."""
    ranges: list[tuple[int, int]] = []
    last = -2
    for sentence in kept:
        if sentence.number == last + 1:
            ranges[-1] = (ranges[-1][0], sentence.end)
        else:
            ranges.append((sentence.start, sentence.end))
        last = sentence.number
    return tuple(ranges)
