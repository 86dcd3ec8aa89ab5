"""What every `Embedder` must do. A test class inherits this and gives the fixture `embedder`."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from retrieval.errors import SpanError
from retrieval.protocols import Embedder

TEXTS = ["合同自成立时生效。", "The capital of France is Paris.", "x", "A much longer text, " * 20]


class EmbedderContract:
    tolerance = 1e-3

    @pytest.fixture
    def embedder(self) -> Embedder:
        raise NotImplementedError

    def test_vectors_have_unit_length_and_the_stated_width(self, embedder):
        for embed in (embedder.embed_queries, embedder.embed_passages):
            rows = embed(TEXTS)
            assert rows.shape == (len(TEXTS), embedder.dim)
            assert rows.dtype == np.float32
            np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)

    def test_nothing_gives_no_rows(self, embedder):
        assert embedder.embed_queries([]).shape == (0, embedder.dim)
        assert embedder.embed_passages([]).shape == (0, embedder.dim)

    def test_order_and_company_change_no_vector(self, embedder):
        together = embedder.embed_passages(TEXTS)
        alone = np.concatenate([embedder.embed_passages([text]) for text in TEXTS])
        assert ((together * alone).sum(axis=1) > 1 - self.tolerance).all()

    def test_end_of_a_long_text_is_read(self, embedder):
        long = "法律规定当事人应当遵循公平原则。" * 70
        one, other = embedder.embed_passages([long, long + "苹果手机" * 40])
        assert one @ other < 1 - 1e-5

    def test_model_id_is_stable_and_says_something(self, embedder):
        assert embedder.model_id == embedder.model_id
        assert len(embedder.model_id) > 8

    def test_states_of_sentences_add_up(self, embedder):
        text = "第一句话。第二句话更长一些。 Third sentence here."
        spans = [(0, 5), (5, 13), (14, len(text))]
        sums, windows = embedder.sentence_states(text, spans)
        assert sums.shape == (3, embedder.dim)
        assert (sums.dtype, windows.dtype) == (np.float32, np.int64)
        assert windows.tolist() == [0, 0, 0]
        whole, _ = embedder.sentence_states(text, [(0, len(text))])
        joined = sums.sum(axis=0)
        assert joined @ whole[0] / np.linalg.norm(joined) / np.linalg.norm(whole[0]) > 0.9

    def test_every_sentence_of_a_long_text_has_a_state(self, embedder):
        text = "合同当事人的法律地位平等。" * 100
        spans = [(13 * i, 13 * (i + 1)) for i in range(100)]
        sums, windows = embedder.sentence_states(text, spans)
        assert (np.linalg.norm(sums, axis=1) > 0).all()
        assert windows[0] == 0
        assert set(np.diff(windows)) <= {0, 1}

    def test_a_sentence_longer_than_the_window_is_read_whole(self, embedder):
        text = "没有标点的长句子" * 150
        whole, half = (
            np.linalg.norm(embedder.sentence_states(text, [(0, end)])[0])
            for end in (len(text), len(text) // 2)
        )
        assert whole == pytest.approx(2 * half, rel=0.1)
        assert embedder.sentence_states(text, [(0, len(text))])[1].tolist() == [0], "the window it begins in"

    @pytest.mark.parametrize("spans", [[], [(0, 0)], [(2, 5)], [(1, 3), (3, 3), (6, 9)]])
    def test_spans_may_leave_gaps_and_be_empty(self, embedder, spans):
        sums, windows = embedder.sentence_states("some text   ", spans)
        assert len(sums) == len(windows) == len(spans)
        assert ((windows < 0) == ~sums.any(axis=1)).all()
        assert np.isfinite(sums).all()

    @pytest.mark.parametrize("spans", [[(3, 1)], [(0, 5), (4, 6)], [(0, 99)], [(-1, 2)]])
    def test_impossible_spans_are_refused(self, embedder, spans):
        with pytest.raises(SpanError):
            embedder.sentence_states("some text", spans)

    def test_threads_get_what_one_caller_gets(self, embedder):
        expected = embedder.embed_queries(TEXTS)
        with ThreadPoolExecutor(4) as pool:
            for rows in pool.map(lambda _: embedder.embed_queries(TEXTS), range(8)):
                np.testing.assert_allclose(rows, expected, atol=1e-4)
