"""How passages are ranked: server, collection and request settle it; searches and answers obey."""

from itertools import pairwise

import pytest

from app.answers import run
from app.answers.accept import Ask
from app.composition.runtime import build_runtime
from app.errors import UnavailableError
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from app.search import searching
from app.search.scope import RankingChoice, scope_of
from app.settings.reading import load_settings
from tests.app.copying_generator import CopyingGenerator
from tests.app.doubles import small_parts
from tests.app.texts import DUCKS, GEESE

# Each section is longer than a chunk of 64 words may be, so that it is cut into several.
SECTIONS = "".join(
    f"# {bird}\n\n{''.join(f'The {bird} number {n} flies over the pond in {n} hours. ' * 3 for n in range(8))}\n\n"
    for bird in ("Duck", "Goose")
).encode()


@pytest.fixture
def generator():
    return CopyingGenerator()


@pytest.fixture
def fill(runtime, work):
    def put(name, settings=None, **files):
        collection = collections.create(runtime.db, name=name, settings=settings or {}).row.id
        uploads = [Upload(name=f"{key}.md", blob=runtime.blobs.put(data)) for key, data in files.items()]
        record_uploads(runtime, collection, uploads)
        work()
        return collection

    return put


def found_by(runtime, name, query, k=None, **choice):
    return searching.as_wire(searching.search(runtime, [name], query, k=k, choice=RankingChoice(**choice)))


def read_by(runtime, generator, name, question, **more):
    outcome = run.answer(runtime, Ask(collections=(name,), question=question, **more))
    return [int(passage.key) for passage in generator.requests[-1].passages], outcome


def test_search_reranks_where_asked(runtime, fill):
    fill("birds", ducks=DUCKS, geese=GEESE)
    found = found_by(runtime, "birds", "goose nest", rerank=True)
    assert found["hits"][0]["document"]["name"] == "geese.md"
    assert "rerank" in found["hits"][0]["scores"]
    assert "rerank" not in found_by(runtime, "birds", "goose nest")["stages"]


def test_answers_rerank_where_request_collection_or_server_say_so(runtime, fill, generator):
    fill("plain", ducks=DUCKS, geese=GEESE)
    fill("ranked", {"rerank": True}, ducks=DUCKS, geese=GEESE)
    question = "Who guards a nest?"
    _, outcome = read_by(runtime, generator, "plain", question)
    assert "rerank" not in outcome.answer.timings_ms
    for name, choice in (("ranked", RankingChoice()), ("plain", RankingChoice(rerank=True))):
        _, outcome = read_by(runtime, generator, name, question, choice=choice)
        assert "rerank" in outcome.answer.timings_ms
        assert [hit.chunk_id for hit in outcome.retrieved.hits] == [
            hit.chunk_id for hit in outcome.retrieved.stages["rerank"][: len(outcome.retrieved.hits)]
        ]
    _, outcome = read_by(runtime, generator, "ranked", question, choice=RankingChoice(rerank=False))
    assert "rerank" not in outcome.answer.timings_ms


def test_neighbours_of_the_section_are_read_and_those_of_the_next_one_are_not(runtime, fill, generator):
    fill("birds", {"max_tokens": 64, "k": 1, "compress": False}, sections=SECTIONS)
    question = "Which goose number 3 flies?"
    (found,), _ = read_by(runtime, generator, "birds", question)
    (alone,) = runtime.passages.passages([found]).values()
    read, outcome = read_by(runtime, generator, "birds", question, choice=RankingChoice(neighbours=16))
    passages = runtime.passages.passages(read)
    assert read[0] == found
    assert len(read) > 2
    assert {tuple(p.heading_path) for p in passages.values()} == {tuple(alone.heading_path)}
    # together they are one stretch of the document, and a citation from any of them is checked against it
    ordered = sorted(passages.values(), key=lambda p: p.start)
    assert all(left.end == right.start for left, right in pairwise(ordered))
    assert outcome.answer.citations


def test_what_stands_beside_is_read_from_live_rows_only(runtime, fill):
    collection = fill("birds", {"max_tokens": 64}, sections=SECTIONS)
    found = [hit["chunk_id"] for hit in found_by(runtime, "birds", "goose", k=1)["hits"]]
    assert len(runtime.passages.beside(found, 1)[found[0]]) in {1, 2}
    assert runtime.passages.beside([404], 1) == {}
    (document,) = documents.page(runtime.db, collection, None, None, 5).items
    documents.delete(runtime, document.document.id)
    assert runtime.passages.beside(found, 1) == {}


def test_one_document_gives_at_most_its_cap(runtime, fill):
    fill("birds", {"max_tokens": 64}, sections=SECTIONS, ducks=DUCKS, geese=GEESE)
    names = [hit["document"]["name"] for hit in found_by(runtime, "birds", "duck number pond", 4)["hits"]]
    assert names.count("sections.md") > 1
    capped = found_by(runtime, "birds", "duck number pond", 4, max_per_document=1)
    assert sorted(hit["document"]["name"] for hit in capped["hits"]) == [
        "ducks.md",
        "geese.md",
        "sections.md",
    ]


def test_diversity_orders_anew_and_tells_its_values(runtime, fill):
    fill("birds", {"max_tokens": 64, "mmr_lambda": 0.3}, sections=SECTIONS, ducks=DUCKS)
    found = found_by(runtime, "birds", "duck number pond", 3)
    assert all("mmr" in hit["scores"] for hit in found["hits"])
    assert "mmr" not in found_by(runtime, "birds", "duck number pond", 3, mmr_lambda=1)["stages"]


def test_several_collections_settle_on_the_wider_search(runtime, fill):
    fill("a", {"k": 3, "rerank": True, "mmr_lambda": 0.5, "max_per_document": 2, "lexical_weight": 0.5})
    fill("b", {"neighbours": 2, "max_per_document": 4, "dense_weight": 2.0})
    fill("c")
    scope = scope_of(runtime.db, runtime.settings, ["a", "b"])
    assert (scope.k, scope.rerank, scope.mmr_lambda, scope.max_per_document) == (8, True, 0.5, 4)
    assert (scope.neighbours, scope.dense_weight, scope.lexical_weight) == (2, 2.0, 2.0)
    assert scope_of(runtime.db, runtime.settings, ["a", "c"]).max_per_document is None
    assert (
        scope_of(runtime.db, runtime.settings, ["a"])
        .chosen(RankingChoice(max_per_document=9))
        .max_per_document
        == 9
    )


def test_the_server_has_values_of_its_own(tmp_path):
    settings = load_settings(
        home=tmp_path,
        retrieval={"rerank": True, "neighbours": 1, "lexical_weight": 0.5, "max_per_document": 7},
    )
    runtime = build_runtime(settings, small_parts())
    collections.create(runtime.db, name="birds", settings={"rerank": False, "neighbours": None})
    scope = scope_of(runtime.db, runtime.settings, ["birds"])
    assert (scope.rerank, scope.neighbours, scope.lexical_weight, scope.max_per_document) == (
        False,
        1,
        0.5,
        7,
    )
    runtime.close()


def test_a_reranker_that_is_not_there_is_told_by_searches_and_readiness(tmp_path):
    settings = load_settings(home=tmp_path, retrieval={"reranker": tmp_path / "absent"})
    runtime = build_runtime(settings, small_parts())
    with pytest.raises(UnavailableError, match="absent"):
        _ = runtime.reranker
    runtime.warm_up()
    (state,) = [state for state in runtime.model_states() if state[0] == "reranker"]
    assert (state[1], "absent" in state[2]) == (False, True)
    runtime.close()


def test_requests_choose_over_rest(api, work):
    api.post("/v1/collections", json={"name": "birds", "settings": {"max_tokens": 64, "neighbours": 1}})
    api.post("/v1/collections/birds/documents", files=[("files", ("sections.md", SECTIONS))])
    work()
    body = {"collections": ["birds"], "query": "duck number 3", "k": 2}
    found = api.post("/v1/search", json=body | {"mmr_lambda": 0.5, "max_per_document": 1}).json()
    assert len(found["hits"]) == 1
    assert {"mmr", "capped", "neighbours"} <= found["stages"].keys()
    plain = api.post("/v1/search", json=body | {"neighbours": 0}).json()
    assert not {"mmr", "capped", "neighbours", "rerank"} & plain["stages"].keys()
    asked = {"collections": ["birds"], "question": "duck number 3"}
    answer = api.post("/v1/answers", json=asked | {"rerank": True}).json()
    assert "rerank" in answer["timings_ms"]


def test_impossible_settings_of_a_collection_are_refused(api):
    for own in ({"mmr_lambda": 2}, {"max_per_document": 0}, {"neighbours": 17}, {"dense_weight": 0}):
        assert api.post("/v1/collections", json={"name": "birds", "settings": own}).status_code == 422
