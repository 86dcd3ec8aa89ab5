from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.compress import SentenceVectorCache, compress, sentences_of
from retrieval.config import CompressionConfig
from retrieval.types import Hit, Passage
from tests.retrieval.doubles import HashEmbedder, count_words

EMBEDDER = HashEmbedder()
SENTENCES = [
    ["合同自成立时生效。", "天气晴朗。", "当事人可以解除合同。", "苹果很好吃。"],
    ["The cache is on disk. ", "Dogs bark at night. ", "Set cache-size to limit the cache. ", "Bye."],
]


def passage(chunk_id: int, sentences: list[str], start: int = 0) -> Passage:
    spans, at = [], start
    for sentence in sentences:
        spans.append((at, at + len(sentence.rstrip())))
        at += len(sentence)
    text = "".join(sentences)
    return Passage(
        chunk_id=chunk_id,
        document_id="d",
        text=text,
        start=start,
        end=start + len(text),
        sentences=tuple(spans),
    )


FOUND = [
    (Hit(chunk_id=n, score=1.0), passage(n, sentences, start=100 * n))
    for n, sentences in enumerate(SENTENCES)
]


def run(question: str, max_tokens: int, found=None, vectors=True, **options):
    config = CompressionConfig(max_tokens=max_tokens, **options)
    cache = SentenceVectorCache(EMBEDDER, 10) if vectors else None
    vector = EMBEDDER.embed_queries([question])[0]
    return compress(question, vector, FOUND if found is None else found, count_words, config, cache)


def texts(context) -> list[str]:
    return [
        part.passage.text[start - part.passage.start : end - part.passage.start]
        for part in context.passages
        for start, end in part.kept
    ]


def test_within_the_budget_everything_is_kept():
    config = CompressionConfig(max_tokens=1000)
    context = compress("合同", np.zeros(64, dtype=np.float32), FOUND, count_words, config)
    assert [part.kept for part in context.passages] == [((p.start, p.end),) for _, p in FOUND]
    assert context.tokens_after == context.tokens_before


@pytest.mark.parametrize("max_tokens", [1000, 14])
def test_kept_passages_tell_how_near_each_of_their_sentences_is(max_tokens):
    """In standard deviations over all sentences found, those that are dropped included."""
    embedder = HashEmbedder()
    question = "怎样解除合同？"
    vector = embedder.embed_queries([question])[0]
    near = SentenceVectorCache(embedder, 100)
    config = CompressionConfig(max_tokens=max_tokens, keep_share=1.0)
    context = compress(question, vector, FOUND, count_words, config, near)
    all_of_them = compress(question, vector, FOUND, count_words, CompressionConfig(max_tokens=1000), near)
    values = [value for part in all_of_them.passages for value in part.likeness]
    assert np.isclose(np.mean(values), 0.0) and np.isclose(np.std(values), 1.0)
    by_key = {part.passage.chunk_id: part.likeness for part in all_of_them.passages}
    for part in context.passages:
        assert len(part.likeness) == len(sentences_of(part.passage))
        assert part.likeness == by_key[part.passage.chunk_id]
    best = max(all_of_them.passages, key=lambda part: max(part.likeness))
    start, end = sentences_of(best.passage)[int(np.argmax(best.likeness))]
    assert "解除合同" in best.passage.text[start - best.passage.start : end - best.passage.start]


@pytest.mark.parametrize("vectors", [True, False])
@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("怎样解除合同？", "当事人可以解除合同。"),
        ("how to set the cache-size", "Set cache-size to limit the cache."),
    ],
)
def test_the_sentence_that_answers_is_kept(question, expected, vectors):
    assert any(expected in text for text in texts(run(question, 14, vectors=vectors)))


def test_what_has_nothing_to_do_with_the_question_goes_first():
    kept = texts(run("怎样解除合同？", 11))
    assert not any("Dogs" in text or "苹果" in text for text in kept)


def test_neighbours_grow_together_with_the_blanks_between_them():
    found = [(Hit(chunk_id=1, score=1.0), passage(1, ["cache one. ", "cache two. ", "x. ", "y and z here."]))]
    (part,) = run("cache", 10, found=found, neighbour_bonus=0.0).passages
    assert part.kept == ((0, 21),)


def test_best_sentence_is_kept_even_over_the_budget():
    context = run("怎样解除合同？", 1)
    assert texts(context) == ["当事人可以解除合同。"]


def test_share_limits_what_the_budget_would_allow():
    context = run("怎样解除合同？", 1000, keep_share=0.3)
    assert context.tokens_after <= 0.3 * context.tokens_before + 1


def test_no_passages_make_an_empty_context():
    assert run("q", 10, found=[]).passages == []


def test_passage_without_known_sentences_counts_as_one():
    plain = Passage(chunk_id=1, document_id="d", text="abc", start=5, end=8)
    assert sentences_of(plain) == [(5, 8)]


def test_sentences_that_reach_over_the_passage_are_clipped():
    plain = Passage(
        chunk_id=1, document_id="d", text="abc", start=5, end=8, sentences=((0, 6), (6, 20), (30, 40))
    )
    assert sentences_of(plain) == [(5, 6), (6, 8)]


def test_sentence_vectors_are_computed_once_and_again_after_an_edit():
    class Counting(HashEmbedder):
        calls = 0

        def sentence_states(self, text, spans):
            Counting.calls += 1
            return super().sentence_states(text, spans)

    cache = SentenceVectorCache(Counting(), capacity=2)
    cache([FOUND[0][1]])
    cache([FOUND[0][1]])
    assert Counting.calls == 1
    cache([passage(0, ["edited."])])
    assert Counting.calls == 2
    cache([passage(5, ["another."])])
    cache([FOUND[0][1]])
    assert Counting.calls == 4


def test_vectors_kept_with_a_chunk_are_used_unless_its_sentences_are_others():
    kept = np.eye(2, EMBEDDER.dim, dtype=np.float32)
    asked = []

    def stored(ids, model_id):
        asked.append((list(ids), model_id))
        return {1: kept, 2: kept}

    class Untouched(HashEmbedder):
        encoded: ClassVar[list[str]] = []

        def sentence_states(self, text, spans):
            self.encoded.append(text)
            return super().sentence_states(text, spans)

    cache = SentenceVectorCache(Untouched(), 10, stored)
    two, three = passage(1, ["One.", "Two."]), passage(2, ["One.", "Two.", "Three."])
    first, second = cache([two, three])
    assert first is kept
    assert len(second) == 3
    assert Untouched.encoded == [three.text]
    assert asked == [([1, 2], EMBEDDER.model_id)]


@settings(deadline=None)  # a busy machine is no failure
@given(
    st.lists(st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=6), min_size=1, max_size=4),
    st.integers(1, 120),
    st.text(max_size=30),
)
def test_whatever_is_kept_is_verbatim_ascending_and_within_the_budget(passages, budget, question):
    found = []
    for number, sentences in enumerate(passages):
        found.append((Hit(chunk_id=number, score=1.0), passage(number, sentences, start=7 * number)))
    context = run(question, budget, found=found)
    sizes = []
    for part in context.passages:
        assert part.kept
        reached = part.passage.start
        for start, end in part.kept:
            assert reached <= start < end <= part.passage.end
            reached = end
    for part in context.passages:
        sizes += [
            count_words(part.passage.text[s - part.passage.start : e - part.passage.start])
            for s, e in sentences_of(part.passage)
            if any(start <= s and e <= end for start, end in part.kept)
        ]
    assert context.tokens_after <= context.tokens_before or len(sizes) == sum(map(len, passages))
    assert context.tokens_after <= budget or len(sizes) == 1
