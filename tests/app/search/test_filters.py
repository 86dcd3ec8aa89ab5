"""Filters leave exactly the documents that hold what they say, however a search is planned."""

from collections.abc import Callable, Iterator

import pytest
from fastapi.testclient import TestClient

from app.composition.runtime import Runtime, build_runtime
from app.errors import InvalidInputError
from app.indexes import filtered
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from app.search import filtering, searching
from app.settings.reading import load_settings
from app.worker import Worker
from tests.app.doubles import small_parts

METADATA = {
    "2023/ducks.md": {
        "team": "docs",
        "year": 2023,
        "tags": ["water", "Bird"],
        "public": True,
        "date": "2023-05-01",
    },
    "2024/geese.md": {"team": "legal", "year": 2024, "tags": ["bird"], "date": "2024-02-29T23:30:00+01:00"},
    "2024/swans.txt": {
        "team": "Docs 文档",
        "year": 2024.5,
        "owner": {"name": "Ada"},
        "number": 9007199254740993,
    },
    "herons.md": {"year": "2024", "number": 9007199254740992, "none": None},
}
ALL = set(METADATA)


@pytest.fixture(scope="module")
def birds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Runtime, str]]:
    """A collection of four documents that say the same, with other metadata each."""
    opened = build_runtime(load_settings(home=tmp_path_factory.mktemp("filters") / "home"), small_parts())
    collection = collections.create(opened.db, name="birds").row.id
    for name, metadata in METADATA.items():
        text = f"# Birds\n\nBirds of {name} swim on ponds.\n".encode()
        record_uploads(
            opened, collection, [Upload(name=name, blob=opened.blobs.put(text), metadata=metadata)]
        )
    Worker(opened).run_pending()
    yield opened, collection
    opened.close()


def found(runtime: Runtime, collection: str, wanted: dict[str, object]) -> set[str]:
    result = searching.search(runtime, [collection], "birds on ponds", k=50, wanted=wanted)
    return {document.name for document in result.documents.values()}


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({"team": {"eq": "docs"}}, {"2023/ducks.md"}),
        ({"team": "docs"}, {"2023/ducks.md"}),
        ({"team": {"ne": "docs"}}, ALL - {"2023/ducks.md"}),
        ({"team": {"contains": "DOCS"}}, {"2023/ducks.md", "2024/swans.txt"}),
        ({"team": {"contains": "文档"}}, {"2024/swans.txt"}),
        ({"team": {"contains": "%"}}, set()),
        ({"team": {"exists": False}}, {"herons.md"}),
        ({"none": {"exists": True}}, set()),
        ({"tags": "bird"}, {"2024/geese.md"}),
        ({"tags": {"in": ["bird", "water"]}}, {"2023/ducks.md", "2024/geese.md"}),
        ({"tags": {"contains": "bird"}}, {"2023/ducks.md", "2024/geese.md"}),
        ({"year": 2024}, {"2024/geese.md"}),
        ({"year": "2024"}, {"herons.md"}),
        ({"year": {"gt": 2023}}, {"2024/geese.md", "2024/swans.txt"}),
        ({"year": {"gte": 2023, "lt": 2024.5}}, {"2023/ducks.md", "2024/geese.md"}),
        ({"number": 9007199254740993}, {"2024/swans.txt"}),
        ({"public": True}, {"2023/ducks.md"}),
        ({"public": 1}, set()),
        ({"owner.name": "Ada"}, {"2024/swans.txt"}),
        ({"date": "2023-05-01"}, {"2023/ducks.md"}),
        ({"date": "2024-02-29"}, {"2024/geese.md"}),
        ({"date": {"gt": "2023-05-01"}}, {"2024/geese.md"}),
        ({"date": {"lte": "2023-05-01"}}, {"2023/ducks.md"}),
        ({"date": "2024-02-29T22:30:00Z"}, {"2024/geese.md"}),
        ({"or": [{"team": "legal"}, {"owner.name": "Ada"}]}, {"2024/geese.md", "2024/swans.txt"}),
        ({"and": [{"year": {"gte": 2024}}, {"not": {"tags": "bird"}}]}, {"2024/swans.txt"}),
        ({"not": {"or": [{"team": "docs"}, {"team": "legal"}]}}, {"2024/swans.txt", "herons.md"}),
        ({"document.folder": "2024"}, {"2024/geese.md", "2024/swans.txt"}),
        ({"document.folder": {"exists": False}}, {"herons.md"}),
        ({"document.name": {"contains": "SWAN"}}, {"2024/swans.txt"}),
        ({"document.type": "txt"}, {"2024/swans.txt"}),
        ({"document.type": {"ne": "text/markdown"}}, {"2024/swans.txt"}),
        ({"document.language": "en"}, ALL),
        ({"document.language": {"in": ["zh"]}}, set()),
        ({"document.added": {"gte": "2020-01-01"}}, ALL),
        ({"document.changed": {"lt": "2020-01-01"}}, set()),
        ({"document.date": {"lt": "2025-01-01"}}, {"2023/ducks.md", "2024/geese.md"}),
        ({"document.date": {"gte": "2025-01-01"}}, {"2024/swans.txt", "herons.md"}),
        ({"document.pages": {"gt": 3}}, set()),
        ({"nobody has this": 1}, set()),
    ],
    ids=lambda value: f"{len(value)} left" if isinstance(value, set) else str(value),
)
def test_a_filter_leaves_exactly_these_documents(
    birds: tuple[Runtime, str], wanted: dict[str, object], left: set[str]
) -> None:
    runtime, collection = birds
    assert found(runtime, collection, wanted) == left
    page = documents.page(runtime.db, collection, None, None, 50, wanted=filtering.filter_of(wanted))
    assert {view.document.name for view in page.items} == left


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"and": []},
        {"or": {"a": 1}},
        {"not": 3},
        {"team": {}},
        {"team": {"like": "docs"}},
        {"team": {"eq": None}},
        {"team": {"eq": {"a": 1}}},
        {"team": {"gt": "docs"}},
        {"public": {"lt": True}},
        {"team": {"in": "docs"}},
        {"team": {"in": []}},
        {"team": {"in": ["x"] * 257}},
        {"team": {"exists": "yes"}},
        {"year": {"contains": 2}},
        {"team": "x" * 1001},
        {"document.kind": "pdf"},
        {"document.pages": "three"},
        {"document.name": 3},
        {"document.added": {"gt": 2024}},
        {"or": [{f"field {n}": n} for n in range(65)]},
        {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"not": {"a": 1}}}}}}}}}},
        [{"team": "docs"}],
        "team",
    ],
    ids=lambda wanted: str(wanted)[:60],
)
def test_a_filter_that_is_none_is_refused_with_a_hint(wanted: object) -> None:
    with pytest.raises(InvalidInputError) as refused:
        filtering.filter_of(wanted)
    assert refused.value.code == "bad_filter"
    assert "{" in refused.value.hint


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["team=docs"], {"and": [{"team": {"eq": "docs"}}]}),
        (["year >= 2024", "team!=legal"], {"and": [{"year": {"gte": 2024}}, {"team": {"ne": "legal"}}]}),
        (['tags=["a","b"]'], {"and": [{"tags": {"in": ["a", "b"]}}]}),
        (["name~2024"], {"and": [{"name": {"contains": "2024"}}]}),
        (["document.added<2026-01-31"], {"and": [{"document.added": {"lt": "2026-01-31"}}]}),
        (['{"or": [{"a": 1}]}'], {"and": [{"or": [{"a": 1}]}]}),
        ([], None),
    ],
)
def test_conditions_are_written_as_words(words: list[str], wanted: object) -> None:
    assert filtering.filter_from_words(words) == wanted


@pytest.mark.parametrize("words", ["team", "=docs", "team=", "{team}"])
def test_words_that_compare_nothing_are_refused(words: str) -> None:
    with pytest.raises(InvalidInputError):
        filtering.filter_from_words([words])


def test_a_change_of_metadata_counts_for_the_next_search(runtime: Runtime, work: Callable[[], int]) -> None:
    collection = collections.create(runtime.db, name="birds").row.id
    upload = Upload(name="a.md", blob=runtime.blobs.put(b"# Birds\n\nBirds swim."), metadata={"team": "docs"})
    (recorded,) = record_uploads(runtime, collection, [upload])
    work()
    assert found(runtime, collection, {"team": "docs"}) == {"a.md"}
    documents.update(runtime.db, recorded.view.document.id, metadata={"team": "legal"})
    assert found(runtime, collection, {"team": "docs"}) == set()
    assert found(runtime, collection, {"team": "legal"}) == {"a.md"}
    documents.update(runtime.db, recorded.view.document.id, enabled=False)
    assert found(runtime, collection, {"team": "legal"}) == set()
    documents.update(runtime.db, recorded.view.document.id, enabled=True)
    again = Upload(name="a.md", blob=upload.blob, metadata={"team": "docs"})
    record_uploads(runtime, collection, [again])
    assert found(runtime, collection, {"team": "docs"}) == {"a.md"}
    documents.delete(runtime, recorded.view.document.id)
    assert found(runtime, collection, {"team": "docs"}) == set()


def test_what_is_remembered_of_filters_is_bounded(
    birds: tuple[Runtime, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime, collection = birds
    monkeypatch.setattr(filtered, "KEPT_IDS", 5)
    kept = filtered.FilteredChunks()
    wanted = [filtering.filter_of({"document.language": {"ne": f"x{n}"}}) for n in range(3)]
    first, second, third = (kept.of(runtime.db, [collection], one) for one in wanted)
    assert len(first) == len(second) == len(third) == len(ALL)
    assert kept.of(runtime.db, [collection], wanted[2]) is third
    assert kept.of(runtime.db, [collection], wanted[0]) is not first


def test_metadata_with_too_many_values_is_refused_and_nothing_is_kept(runtime: Runtime) -> None:
    collection = collections.create(runtime.db, name="birds").row.id
    blob = runtime.blobs.put(b"# Birds")
    with pytest.raises(InvalidInputError, match="1,001 values"):
        record_uploads(
            runtime, collection, [Upload(name="a.md", blob=blob, metadata={"many": list(range(1001))})]
        )
    assert documents.page(runtime.db, collection, None, None, 10).items == []


def test_filters_over_rest(api: TestClient) -> None:
    made = api.post("/v1/collections", json={"name": "few"}).json()["id"]
    files = [("files", ("a.md", b"# Birds\n\nBirds swim.", "text/markdown"))]
    api.post(f"/v1/collections/{made}/documents", files=files, data={"metadata": '{"team": "docs"}'})
    Worker(api.app.state.runtime).run_pending()  # type: ignore[attr-defined]
    body = {"collections": ["few"], "query": "birds"}
    assert len(api.post("/v1/search", json={**body, "filter": {"team": "docs"}}).json()["hits"]) == 1
    assert api.post("/v1/search", json={**body, "filter": {"team": "legal"}}).json()["hits"] == []
    refused = api.post("/v1/search", json={**body, "filter": {"team": {"like": "d"}}})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_filter")
    listed = api.get(f"/v1/collections/{made}/documents", params={"filter": '{"team": "docs"}'}).json()
    assert [item["name"] for item in listed["items"]] == ["a.md"]
    assert api.get(f"/v1/collections/{made}/documents", params={"filter": "team"}).status_code == 422
    assert api.get(f"/v1/collections/{made}/fields").json() == {
        "fields": [
            {"name": "team", "kind": "text", "documents": 1, "values": [{"value": "docs", "documents": 1}]}
        ]
    }
    question = {"collections": ["few"], "question": "Do birds swim?"}
    answer = api.post("/v1/answers", json={**question, "filter": {"team": "legal"}}).json()
    assert answer["reason"] == "no_passages"
    assert api.post("/v1/answers", json={**question, "filter": {"team": {}}}).status_code == 422
