"""The text around chunks: in code points, within reach, with its structure; the same on both databases."""

import pytest

from app.composition.runtime import build_runtime
from app.db.documents import serving_content
from app.db.surroundings import KEPT_BLOCKS, SurroundingsReader
from app.intake.record import Upload, record_uploads
from app.library import collections, documents
from app.settings.reading import load_settings
from app.worker import Worker
from tests.app.doubles import small_parts

# Letters outside of the basic plane count as one, in SQL as in Python.
TEXT = "# 鸭 𝄞\n\n" + "\n\n".join(
    f"## Part {n}\n\nDucks 𝄞 swim in pond {n}. " + f"鸭子在{n}号池塘里游泳。" * 12 for n in range(40)
)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def runtime(request, tmp_path):
    url = None
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg://")
    opened = build_runtime(load_settings(home=tmp_path / "home", database_url=url), small_parts())
    yield opened
    opened.close()


@pytest.fixture
def fill(runtime):
    collection = collections.create(runtime.db, name="birds").row.id

    def put(**files):
        uploads = [
            Upload(name=f"{key}.md", blob=runtime.blobs.put(text.encode())) for key, text in files.items()
        ]
        taken = record_uploads(runtime, collection, uploads)
        Worker(runtime).run_pending()
        return [item.view.document.id for item in taken]

    return put


def chunks_of(runtime, document):
    """Content and passages of a document, in order."""
    with runtime.db.read() as session:
        _, content = serving_content(session, document)
        text, blocks = content.text, content.blocks
    found = runtime.passages.passages(range(1, 1000)).values()
    return text, blocks, sorted((p for p in found if p.document_id == document), key=lambda p: p.start)


def read(runtime, passages, **more):
    with runtime.db.read() as session:
        return SurroundingsReader().read(session, [passage.chunk_id for passage in passages], **more)


@pytest.mark.parametrize("reach", [0, 1, 100, 2000, 10**6])
def test_text_before_and_behind_equals_the_document_within_reach(runtime, fill, reach):
    (document,) = fill(ducks=TEXT)
    text, _, passages = chunks_of(runtime, document)
    assert len(passages) > 3
    for passage in passages:
        found = read(runtime, passages, reach=reach)[passage.chunk_id]
        assert found.before == text[max(0, passage.start - reach) : passage.start]
        assert found.after == text[passage.end : passage.end + reach]


def test_blocks_are_those_that_touch_and_no_others(runtime, fill):
    (document,) = fill(ducks=TEXT)
    _, blocks, passages = chunks_of(runtime, document)
    for passage in passages:
        found = read(runtime, passages, reach=150)[passage.chunk_id]
        start, end = passage.start - len(found.before), passage.end + len(found.after)
        touching = [
            (b["kind"], b["start"], b["end"], b["level"] or 0)
            for b in blocks
            if b["start"] < end and start < b["end"]
        ]
        assert list(found.blocks) == touching
        assert any(kind == "heading" and level == 2 for kind, _, _, level in touching)


def test_each_chunk_has_its_own_also_from_several_documents(runtime, fill):
    fill(ducks=TEXT, geese="# Geese\n\nGeese fly south. They are grey.\n")
    every = list(runtime.passages.passages(range(1, 1000)).values())
    found = runtime.passages.surroundings([passage.chunk_id for passage in every])
    assert found.keys() == {passage.chunk_id for passage in every}
    (geese,) = [passage for passage in every if passage.title == "Geese"]
    assert (found[geese.chunk_id].before, found[geese.chunk_id].after) == ("", "")
    assert [kind for kind, *_ in found[geese.chunk_id].blocks] == ["heading", "paragraph"]


def test_chunks_that_are_gone_or_never_were_have_none(runtime, fill):
    (document,) = fill(ducks=TEXT)
    _, _, passages = chunks_of(runtime, document)
    ids = [passage.chunk_id for passage in passages]
    assert runtime.passages.surroundings([]) == {}
    assert runtime.passages.surroundings([10**9]) == {}
    assert runtime.passages.surroundings(ids)
    documents.delete(runtime, document)
    assert runtime.passages.surroundings(ids) == {}


def test_parsed_blocks_are_kept_and_equal_content_is_parsed_once(runtime, fill):
    fill(ducks=TEXT, again=TEXT)
    every = list(runtime.passages.passages(range(1, 1000)))
    reader = SurroundingsReader()
    with runtime.db.read() as session:
        first = reader.read(session, every)
        assert len(reader._kept) == 1
        assert reader._size == len(next(iter(reader._kept.values()))) <= KEPT_BLOCKS
        assert reader.read(session, every) == first


def test_what_was_asked_about_longest_ago_is_dropped_first(runtime, fill, monkeypatch):
    fill(a="# A\n\nOne.\n\nTwo.\n", b="# B\n\nOne.\n\nTwo.\n", c="# C\n\nOne.\n\nTwo.\n")
    monkeypatch.setattr("app.db.surroundings.KEPT_BLOCKS", 7)
    by_title = {p.title: p.chunk_id for p in runtime.passages.passages(range(1, 1000)).values()}
    reader = SurroundingsReader()
    with runtime.db.read() as session:
        contents = {}
        for title in ("A", "B", "A", "C"):
            reader.read(session, [by_title[title]])
            contents[title] = next(reversed(reader._kept))
        assert list(reader._kept) == [contents["A"], contents["C"]]
        assert reader._size == 6
        assert reader.read(session, [by_title["B"]])[by_title["B"]].blocks
