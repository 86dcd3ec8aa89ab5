import pytest

from retrieval.config import CompressionConfig, RetrievalConfig
from retrieval.index.exact import ExactIndex
from retrieval.index.lexical import TantivyIndex
from retrieval.pipeline import RetrievalPipeline
from retrieval.types import Passage, Query
from tests.retrieval.doubles import DictStore, HashEmbedder, count_words

TEXTS = [
    "合同自成立时生效。双方应当履行。",
    "JuiceFS stores data in object storage. Metadata lives in a database.",
    "猫喜欢晒太阳。狗喜欢散步。",
    *(f"Filler number {n} about nothing much." for n in range(60)),
]


@pytest.fixture
def parts():
    embedder = HashEmbedder()
    dense, lexical = ExactIndex(embedder.dim), TantivyIndex()
    dense.add(range(len(TEXTS)), embedder.embed_passages(TEXTS))
    lexical.add(range(len(TEXTS)), TEXTS)
    lexical.commit()
    store = DictStore(
        [
            Passage(chunk_id=n, document_id=f"doc_{n}", text=t, start=0, end=len(t))
            for n, t in enumerate(TEXTS)
        ]
    )
    yield embedder, dense, lexical, store
    lexical.close()


def pipeline(parts, config=None, scorer=None):
    return RetrievalPipeline(*parts, count_words, config, scorer)


@pytest.mark.parametrize(
    ("question", "expected"), [("合同何时生效", 0), ("where does juicefs store data", 1), ("猫", 2)]
)
def test_the_right_passage_comes_first(parts, question, expected):
    result = pipeline(parts).retrieve(Query(text=question, k=3))
    assert result.hits[0].chunk_id == expected
    assert result.context.passages[0].passage.chunk_id == expected


def test_every_stage_is_timed_and_kept(parts):
    result = pipeline(parts).retrieve(Query(text="合同", k=3))
    assert set(result.timings_ms) == {"embed", "dense", "lexical", "fuse", "passages", "compress"}
    assert all(spent >= 0 for spent in result.timings_ms.values())
    assert set(result.stages) == {"dense", "lexical", "fused"}
    assert set(result.hits[0].scores) == {"dense", "lexical", "fused"}


@pytest.mark.parametrize("k", [1, 5, 200])
def test_k_hits_are_given_where_they_exist(parts, k):
    assert len(pipeline(parts).retrieve(Query(text="number nothing", k=k)).hits) == min(k, len(TEXTS))


def test_deleted_passages_are_replaced_by_the_next_ones(parts):
    store = parts[3]
    for chunk_id in range(3, 58):
        del store.content[chunk_id]
    config = RetrievalConfig(candidates=4)
    hits = pipeline(parts, config).retrieve(Query(text="filler number nothing", k=4)).hits
    assert len(hits) == 4
    assert all(hit.chunk_id in store.content for hit in hits)


def test_everything_deleted_gives_no_hits(parts):
    parts[3].content.clear()
    result = pipeline(parts).retrieve(Query(text="合同", k=4))
    assert result.hits == []
    assert result.context.passages == []


def test_only_allowed_chunks_are_seen(parts):
    result = pipeline(parts).retrieve(Query(text="合同生效", k=5, allow=frozenset({1, 2})))
    assert {hit.chunk_id for hit in result.hits} == {1, 2}
    assert {hit.chunk_id for stage in result.stages.values() for hit in stage} == {1, 2}


def test_scorer_has_the_last_word(parts):
    def scorer(question, passages):
        return [1.0 if "猫" in passage.text else 0.0 for passage in passages]

    result = pipeline(parts, RetrievalConfig(rerank_depth=63), scorer).retrieve(Query(text="合同生效", k=2))
    assert result.hits[0].chunk_id == 2
    assert result.stages["rerank"][0].scores["rerank"] == 1.0
    assert "rerank" in result.timings_ms


def test_context_keeps_to_the_budget(parts):
    config = RetrievalConfig(compression=CompressionConfig(max_tokens=30))
    context = pipeline(parts, config).retrieve(Query(text="合同", k=10)).context
    assert context.tokens_after <= 30 < context.tokens_before


@pytest.mark.parametrize("question", ["", " ", "?", '"(', "x" * 4000, "法" * 4000])
def test_any_question_is_survived(parts, question):
    assert len(pipeline(parts).retrieve(Query(text=question, k=3)).hits) == 3
