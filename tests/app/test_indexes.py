"""Indexes as caches of the database: replayed, rebuilt, written down, checked, repaired."""

import shutil

import pytest

from app.composition.runtime import build_runtime
from app.db import collections as rows
from app.intake.record import Upload, record_uploads
from app.library import collections, documents, index_audit
from app.worker import Worker
from tests.app.doubles import small_parts

WORDS = ("duck", "goose", "swan", "heron", "stork")


def add(runtime, birds, *words):
    uploads = [
        Upload(name=f"{word}.md", blob=runtime.blobs.put(f"# {word}\n\nThe {word} flies.".encode()))
        for word in words
    ]
    record_uploads(runtime, birds, uploads)
    Worker(runtime).run_pending()


@pytest.fixture
def birds(runtime):
    collection = collections.create(runtime.db, name="birds").row.id
    add(runtime, collection, *WORDS)
    return collection


def test_a_search_sees_what_was_committed_meanwhile(runtime, birds):
    index = runtime.collection_index(birds)
    assert len(index.dense) == len(index.lexical) == len(WORDS)
    add(runtime, birds, "crane")
    assert len(index.dense) == len(WORDS)
    assert runtime.collection_index(birds) is index
    assert len(index.dense) == len(index.lexical) == len(WORDS) + 1
    assert index.lexical.search("crane", 3)


def test_a_second_process_keeps_its_own_lexical_index(runtime, birds, settings):
    first = runtime.collection_index(birds)
    other = build_runtime(settings, small_parts())
    second = other.collection_index(birds)
    assert second.ids("lexical") == first.ids("lexical") == second.ids("dense")
    other.close()


def test_deleted_index_files_cost_nothing_but_time(runtime, birds, settings):
    before = runtime.collection_index(birds).ids("dense")
    runtime.indexes.close()
    shutil.rmtree(settings.indexes_dir)
    index = runtime.collection_index(birds)
    assert index.ids("dense") == index.ids("lexical") == before


def test_a_snapshot_is_loaded_and_only_what_came_after_is_replayed(runtime, birds, settings, monkeypatch):
    runtime.collection_index(birds).snapshot()
    runtime.indexes.close()
    add(runtime, birds, "crane")
    replayed = []
    monkeypatch.setattr(rows, "index_changes", _recording(rows.index_changes, replayed))
    index = runtime.collection_index(birds)
    assert index.ids("dense") == index.ids("lexical")
    assert len(index.dense) == len(WORDS) + 1
    assert {until - since for since, until in replayed} == {1}


def _recording(original, seen):
    def index_changes(session, collection_id, since, until):
        seen.append((since, until))
        return original(session, collection_id, since, until)

    return index_changes


def test_changes_that_are_no_longer_kept_are_made_up_for(runtime, birds, monkeypatch):
    index = runtime.collection_index(birds)
    monkeypatch.setattr(rows, "KEPT_CHANGES", 1)
    add(runtime, birds, "crane")
    victim = documents.page(runtime.db, birds, None, None, 1).items[0]
    other = build_runtime(runtime.settings, small_parts())
    documents.delete(other, victim.document.id)
    other.close()
    runtime.collection_index(birds)
    assert len(index.dense) == len(index.lexical) == len(WORDS)
    assert index_audit.audit(runtime, birds).clean


def test_the_audit_finds_planted_differences_and_repairs_them(runtime, birds):
    index = runtime.collection_index(birds)
    ids = sorted(index.ids("dense"))
    index.dense.remove(ids[:1])
    index.dense.add([999_999], index_vector(runtime, 1))
    index.dense.add([ids[1]], index_vector(runtime, 2))
    index.lexical.remove(ids[2:3])
    index.lexical.add([888_888], ["a ghost"])
    index.lexical.add([ids[3]], ["The stork does not fly."])
    index.lexical.commit()
    found = index_audit.audit(runtime, birds)
    assert found.missing == {"dense": ids[:1], "lexical": ids[2:3]}
    assert found.extra == {"dense": [999_999], "lexical": [888_888]}
    assert found.differing == {"dense": [ids[1]], "lexical": [ids[3]]}
    assert not found.clean
    repaired = index_audit.repair(runtime, birds)
    assert repaired.clean
    assert repaired.live == len(WORDS)
    assert index.lexical.search("heron", 1)[0][0] == ids[3]


def test_the_audit_says_where_the_word_index_is_its_own(runtime, birds, settings):
    assert not index_audit.audit(runtime, birds).lexical_in_memory
    other = build_runtime(settings, small_parts())
    assert index_audit.audit(other, birds).lexical_in_memory
    other.close()


def index_vector(runtime, seed):
    return runtime.embedder.embed_queries([f"nothing of the kind {seed}"])
