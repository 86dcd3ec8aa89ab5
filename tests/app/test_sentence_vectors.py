"""Sentence vectors are made once, when a document is taken in, and serve every question after that."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.db import chunks
from app.indexes.vectors import pack_sentences, unpack_sentences
from app.intake.record import Upload, record_uploads
from app.library import collections
from app.worker import Worker

TEXT = "# Ducks\n\nThe duck flies south in autumn. It eats grass. 鸭子在秋天飞向南方。它吃草。"


@pytest.fixture
def ids(runtime):
    birds = collections.create(runtime.db, name="birds").row.id
    record_uploads(runtime, birds, [Upload(name="duck.md", blob=runtime.blobs.put(TEXT.encode()))])
    Worker(runtime).run_pending()
    with runtime.db.read() as session:
        return chunks.live_ids(session, birds)


def test_each_sentence_of_a_chunk_has_its_vector(runtime, ids):
    kept = runtime.passages.sentence_vectors(ids, runtime.embedder.model_id)
    assert set(kept) == set(ids)
    for chunk_id, passage in runtime.passages.passages(ids).items():
        vectors = kept[chunk_id]
        assert vectors.shape == (len(passage.sentences), runtime.embedder.dim)
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)


def test_vectors_of_another_encoder_are_not_given(runtime, ids):
    assert runtime.passages.sentence_vectors(ids, "another@1") == {}


def test_questions_encode_no_sentence_again(runtime, ids, monkeypatch):
    def forbidden(*_):
        raise AssertionError("a sentence was encoded although its vector is kept")

    monkeypatch.setattr(type(runtime.embedder), "sentence_states", forbidden)
    passages = list(runtime.passages.passages(ids).values())
    vectors = runtime.sentence_vectors(passages)
    assert [len(v) for v in vectors] == [len(p.sentences) for p in passages]


@given(st.lists(st.lists(st.floats(-1, 1, width=32), min_size=8, max_size=8), max_size=5))
def test_a_packed_sentence_keeps_its_direction(rows):
    given_ND = np.array(rows, np.float32).reshape(-1, 8)
    given_ND = given_ND[np.linalg.norm(given_ND, axis=1) > 1e-3]
    unit_ND = given_ND / np.linalg.norm(given_ND, axis=1, keepdims=True)
    back_ND = unpack_sentences(pack_sentences(unit_ND), len(unit_ND)) if len(unit_ND) else unit_ND
    assert ((unit_ND * back_ND).sum(1) > 0.999).all()


def test_a_sentence_without_letters_keeps_its_zeros():
    zeros = np.zeros((2, 4), np.float32)
    assert (unpack_sentences(pack_sentences(zeros), 2) == 0).all()
