from collections import Counter
from dataclasses import replace

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


def test_repeated_texts_give_way_to_other_ones_where_diversity_is_wanted(parts):
    embedder, dense, lexical, store = parts
    copies = {
        n: Passage(chunk_id=n, document_id=f"doc_{n}", text=TEXTS[1], start=0, end=len(TEXTS[1]))
        for n in (90, 91)
    }
    store.content |= copies
    dense.add(list(copies), embedder.embed_passages([TEXTS[1]] * 2))
    lexical.add(list(copies), [TEXTS[1]] * 2)
    lexical.commit()
    query = Query(text="where does juicefs store data", k=3)
    plain = pipeline(parts).retrieve(query)
    assert {hit.chunk_id for hit in plain.hits} == {1, 90, 91}
    assert "mmr" not in plain.stages
    diverse = pipeline(parts, RetrievalConfig(mmr_lambda=0.5)).retrieve(query)
    assert diverse.hits[0].chunk_id == plain.hits[0].chunk_id
    assert diverse.hits[1].chunk_id not in {1, 90, 91}
    assert diverse.hits[0].score == plain.hits[0].score
    assert [hit.ranks["mmr"] for hit in diverse.hits] == [1, 2, 3]
    assert "mmr" in diverse.timings_ms


@pytest.fixture
def one_large_document(parts):
    """The filler belongs to one document of 60 passages."""
    store = parts[3]
    store.content = {
        n: replace(
            p,
            document_id="filler" if n > 2 else p.document_id,
            text=p.text.ljust(100),
            start=100 * n,
            end=100 * n + 100,
        )
        for n, p in store.content.items()
    }
    return parts


@pytest.mark.parametrize("most", [1, 2])
def test_no_document_gives_more_hits_than_its_cap_and_others_fill_up(one_large_document, most):
    config = RetrievalConfig(max_per_document=most, candidates=4)
    result = pipeline(one_large_document, config).retrieve(Query(text="filler number nothing", k=4))
    documents = Counter(one_large_document[3].content[hit.chunk_id].document_id for hit in result.hits)
    assert len(result.hits) == min(4, 3 + most)
    assert max(documents.values()) <= most
    assert [hit.chunk_id for hit in result.stages["capped"]][: len(result.hits)] == [
        h.chunk_id for h in result.hits
    ]


def test_neighbours_enter_the_context_behind_the_hits(one_large_document):
    query = Query(text="filler number 31 about nothing", k=1)
    plain = pipeline(one_large_document).retrieve(query)
    wide = pipeline(one_large_document, RetrievalConfig(neighbours=2)).retrieve(query)
    (hit,) = wide.hits
    assert [hit.chunk_id] == [h.chunk_id for h in plain.hits]
    around = [hit.chunk_id + step for step in (-2, -1, 1, 2)]
    assert [h.chunk_id for h in wide.stages["neighbours"]] == around
    assert [item.passage.chunk_id for item in wide.context.passages] == [hit.chunk_id, *around]
    assert "neighbours" in wide.timings_ms


def test_all_stages_together_keep_their_promises(one_large_document):
    config = RetrievalConfig(mmr_lambda=0.7, max_per_document=2, neighbours=1, rerank_depth=8)
    by_number = pipeline(one_large_document, config, lambda _, found: [-p.chunk_id for p in found])
    result = by_number.retrieve(Query(text="filler number nothing", k=5))
    assert list(result.stages) == ["dense", "lexical", "fused", "rerank", "mmr", "capped", "neighbours"]
    assert len(result.hits) == 5
    assert not {h.chunk_id for h in result.hits} & {h.chunk_id for h in result.stages["neighbours"]}


def test_a_year_in_the_question_prefers_documents_that_carry_it(parts):
    embedder, dense, lexical, _ = parts
    names = {0: "合同(2018).md", 3: "合同(2023).md"}
    lexical.add([3], [TEXTS[0]])
    lexical.commit()
    dense.add([3], embedder.embed_passages([TEXTS[0]]))
    store = DictStore(
        [
            Passage(chunk_id=n, document_id=f"doc_{n}", text=t, start=0, end=len(t), name=names.get(n, ""))
            for n, t in enumerate([*TEXTS[:3], TEXTS[0], *TEXTS[4:]])
        ]
    )
    found = pipeline((embedder, dense, lexical, store))
    assert found.retrieve(Query(text="合同何时生效", k=1)).hits[0].chunk_id == 0
    result = found.retrieve(Query(text="2023年合同何时生效", k=1))
    assert result.hits[0].chunk_id == 3
    assert result.stages["edition"][0].chunk_id == 3
