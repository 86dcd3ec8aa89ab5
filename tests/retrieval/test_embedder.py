"""What the shipped encoder's embedder promises beyond the contract."""

from pathlib import Path

import numpy as np
import pytest
import torch

from retrieval import embedder as embedder_module
from retrieval.config import EmbedderConfig
from retrieval.embedder import SentenceTransformerEmbedder, _batches, _Window, _windows
from retrieval.errors import EncoderError

ENCODER = Path(__file__).parents[2] / "models" / "encoder"
FRAME = ([0, 1, 2], [3])


@pytest.fixture(scope="module")
def embedder():
    return SentenceTransformerEmbedder(ENCODER, threads=1, config=EmbedderConfig(dtype="float32"))


def cosines(a, b):
    return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def test_short_texts_get_the_vectors_of_sentence_transformers(embedder):
    texts = ["合同自成立时生效。", "The capital of France is Paris.", ""]
    expected = embedder.sentence_model.encode(["passage: " + text for text in texts])
    np.testing.assert_allclose(embedder.embed_passages(texts), expected, atol=1e-5)
    expected = embedder.sentence_model.encode(["query: " + text for text in texts])
    np.testing.assert_allclose(embedder.embed_queries(texts), expected, atol=1e-5)


def test_texts_of_many_lengths_get_the_vectors_of_sentence_transformers(embedder):
    texts = ["The capital of France is Paris. " * n for n in (9, 1, 4, 30, 2)] + ["合同自成立时生效。" * 20]
    expected = embedder.sentence_model.encode(["passage: " + text for text in texts])
    np.testing.assert_allclose(embedder.embed_passages(texts), expected, atol=1e-5)


def test_many_batches_give_what_one_gives(embedder):
    config = EmbedderConfig(dtype="float32", batch_tokens=20)
    small = SentenceTransformerEmbedder(ENCODER, threads=1, config=config)
    text = "合同自成立时生效。" * 80
    spans = [(start, start + 9) for start in range(0, len(text), 9)]
    for one, other in zip(
        embedder.sentence_states(text, spans), small.sentence_states(text, spans), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_questions_find_their_passages_in_both_languages_and_across(embedder):
    passages = ["北京是中华人民共和国的首都。", "Berlin is the capital of Germany.", "香蕉是一种水果。"]
    questions = ["中国的首都是哪里", "which city is the capital of Germany", "what fruit is yellow and long"]
    scores = embedder.embed_queries(questions) @ embedder.embed_passages(passages).T
    assert scores.argmax(axis=1).tolist() == [0, 1, 2]


def test_one_window_of_sentences_equals_the_text_read_at_once(embedder):
    text = "合同自成立时生效。当事人应当按照约定全面履行自己的义务。"
    sums, _ = embedder.sentence_states(text, [(0, 9), (9, len(text))])
    late = sums.sum(axis=0)[None]
    assert cosines(late, embedder.embed_passages([text]))[0] > 0.99


def test_bfloat16_stays_close(embedder):
    rough = SentenceTransformerEmbedder(ENCODER, threads=1, config=EmbedderConfig(dtype="bfloat16"))
    texts = ["合同自成立时生效。", "The capital of France is Paris."]
    assert rough.dtype == torch.bfloat16
    assert cosines(rough.embed_passages(texts), embedder.embed_passages(texts)).min() > 0.9995


@pytest.mark.parametrize(("ratio", "dtype"), [(0.5, torch.float32), (5.0, torch.bfloat16)])
def test_precision_is_chosen_by_measuring(monkeypatch, ratio, dtype):
    now = iter(np.cumsum([0, ratio] * 2 + [0, 1.0] * 2).tolist())
    monkeypatch.setattr(embedder_module.time, "perf_counter", lambda: next(now))
    assert SentenceTransformerEmbedder(ENCODER, threads=1).dtype == dtype


def test_missing_encoder_says_what_to_do(tmp_path):
    with pytest.raises(EncoderError, match="models_dir"):
        SentenceTransformerEmbedder(tmp_path)


def test_windows_are_even_and_keep_sentences_whole():
    sentences = [[n] * 10 for n in range(12)]
    windows = list(_windows(sentences, FRAME, limit=104))
    assert [len(window.pieces) for window in windows] == [64, 64]
    assert all(last - first == 10 for window in windows for _, first, last in window.parts)
    for window in windows:
        assert window.pieces[:3] == [0, 1, 2]
        assert window.pieces[-1] == 3
        for owner, first, last in window.parts:
            assert window.pieces[first:last] == [owner] * 10


def test_a_sentence_over_the_limit_is_split_and_nothing_lost():
    sentences = [[7] * 5, [8] * 45, [9] * 5]
    windows = list(_windows(sentences, FRAME, limit=24))
    assert max(len(window.pieces) for window in windows) <= 24
    read = [piece for window in windows for _, a, b in window.parts for piece in window.pieces[a:b]]
    assert read == [7] * 5 + [8] * 45 + [9] * 5


def test_batches_keep_to_their_budget_and_lose_nothing():
    windows = [_Window([0] * length, []) for length in (5, 100, 7, 6, 99, 5, 300)]
    batches = [[len(window.pieces) for window in batch] for batch in _batches(windows, budget=210)]
    assert batches == [[300], [100, 99, 7], [6, 5, 5]]


def test_model_can_be_saved_by_its_library(embedder, tmp_path):
    embedder.sentence_model[0].save(str(tmp_path))
    assert (tmp_path / "model.safetensors").exists()
    assert (tmp_path / "tokenizer.json").exists()
