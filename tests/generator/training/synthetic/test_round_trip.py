"""The check keeps what a reader answers as meant, with the passage, and not without it."""

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers

from generator.model.encoder import ReadStates
from generator.model.match import PieceMatcher
from generator.training.batches import BatchConfig, ReadingBatch, ReadingData
from generator.training.examples import Example
from generator.training.synthetic.round_trip import RoundTripConfig, consistent, spans_of

VOCABULARY = [
    "<unk>",
    "<s>",
    "</s>",
    "<pad>",
    "passage",
    "query",
    ":",
    "which",
    "bird",
    "ship",
    "red",
    "blue",
    "green",
    "old",
    "is",
]
SHAPES = BatchConfig(
    question_pieces=10, passage_pieces=(12, 16), batch_pieces=96, negatives=0.0, hard_count=2
)
CONFIG = RoundTripConfig(near_misses=2)


@pytest.fixture
def data() -> ReadingData:
    tokenizer = Tokenizer(models.WordLevel({w: i for i, w in enumerate(VOCABULARY)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    texts = [
        ("which bird", "old bird is red"),
        ("which ship", "old ship is blue green"),
        ("which is", "old is is green"),
    ]
    examples = [
        Example(question=q, passage=p, answers=((p.index(w), p.index(w) + len(w)),), group="g", source="s")
        for (q, p), w in zip(texts, ("red", "blue green", "green"), strict=True)
    ]
    built = ReadingData(
        examples, tokenizer, PieceMatcher.from_vocabulary([(w, -5.0) for w in VOCABULARY]), SHAPES
    )
    for i, example in enumerate(built.examples):
        others = tuple(p for p in range(3) if p != example.passage)
        built.examples[i] = type(example)(*(getattr(example, n) for n in example.__slots__[:-1]), others)
    return built


def piece(word: str) -> int:
    return VOCABULARY.index(word)


def reader(found: dict[tuple[str, str], tuple[str, str, float]]):
    """A reader that finds `first..last` with a score where a question piece and a passage piece meet."""

    def read(batch: ReadingBatch) -> ReadStates:
        B, S = batch.passage_BS.shape
        start, end, relevance = torch.full((B, S), -9.0), torch.full((B, S), -9.0), torch.full((B,), -20.0)
        for b in range(B):
            question, passage = batch.question_BQ[b].tolist(), batch.passage_BS[b].tolist()
            for (asked, held), (first, last, score) in found.items():
                if piece(asked) in question and piece(held) in passage:
                    start[b, passage.index(piece(first))] = 0.0
                    end[b, passage.index(piece(last))] = 0.0
                    relevance[b] = score
        return ReadStates(torch.zeros(B, S, 1), start, end, torch.zeros(B, 2), relevance)

    return read


def kept(data: ReadingData, found: dict[tuple[str, str], tuple[str, str, float]]) -> list[str]:
    asked = {tuple(e.question): e for e in data.examples}
    assert len(asked) == 3
    return [VOCABULARY[data.examples[n].question[-1]] for n in consistent(data, reader(found), CONFIG)]


RIGHT = {("bird", "bird"): ("red", "red", 5.0), ("ship", "ship"): ("blue", "green", 5.0)}


def test_what_is_answered_as_meant_is_kept(data: ReadingData) -> None:
    assert kept(data, RIGHT) == ["bird", "ship"]


def test_another_span_is_not_what_was_meant(data: ReadingData) -> None:
    assert kept(data, RIGHT | {("bird", "bird"): ("old", "old", 5.0)}) == ["ship"]
    assert kept(data, RIGHT | {("ship", "ship"): ("blue", "blue", 5.0)}) == ["bird"]


def test_a_reader_that_is_not_sure_keeps_nothing(data: ReadingData) -> None:
    assert kept(data, {key: (a, b, -1.0) for key, (a, b, _) in RIGHT.items()}) == []


def test_what_a_near_miss_answers_as_well_is_dropped(data: ReadingData) -> None:
    assert kept(data, RIGHT | {("bird", "ship"): ("old", "old", 3.0)}) == ["ship"]
    assert kept(data, RIGHT | {("bird", "ship"): ("old", "old", -3.0)}) == ["bird", "ship"]


def test_without_questions_there_is_nothing_to_keep(data: ReadingData) -> None:
    data.examples.clear()
    assert list(consistent(data, reader({}), CONFIG)) == []


def test_span_probabilities_are_those_of_a_softmax_over_spans() -> None:
    rng = torch.Generator().manual_seed(0)
    start, end = torch.randn(1, 5, generator=rng), torch.randn(1, 5, generator=rng)
    null, relevance = torch.tensor([[0.5, 0.25]]), torch.tensor([2.0])
    (found,) = spans_of(ReadStates(torch.zeros(1, 5, 1), start, end, null, relevance), 0.5)
    scores = {(a, b): float(start[0, a] + end[0, b]) - 0.75 + 1.0 for a in range(5) for b in range(a, 5)}
    total = sum(np.exp(list(scores.values())))
    best = max(scores, key=scores.__getitem__)
    assert found.span == best
    assert found.phrase == pytest.approx(np.exp(scores[best]) / total, rel=1e-5)
    assert found.logit == pytest.approx(np.log(total), rel=1e-5)
