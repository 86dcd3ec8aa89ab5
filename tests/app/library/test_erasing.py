"""Text of deleted documents: gone from answers, streams, tokens, kept replies and files, at once."""

import json
import sqlite3
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from app.answers import run
from app.composition.runtime import build_runtime

# all tables
from app.db import (  # noqa: F401
    field_models,
    file_models,
    frozen_models,
    identity_tables,
    living_models,
    reply_models,
    safety_models,
    webhook_models,
)
from app.db.models import Base, Erasure
from app.db.remains import cells
from app.intake.record import Upload, record_uploads
from app.library import collections, documents, erasing, replies
from app.library.traces import Traces
from app.main import create_app
from app.settings.reading import load_settings
from app.worker import Worker
from tests.app.copying_generator import AttributingGenerator

SECRET = "The vault of Quuxbergen opens with seventeen brass keys."
OTHER = "The lake of Florpheim freezes in the second week of March."
QUESTION = "Which keys open the vault of Quuxbergen?"
NEVER_SAID = "xylograph"


@pytest.fixture
def generator():
    return AttributingGenerator(spoil=" So they say.")


@pytest.fixture
def ids(runtime, work):
    """Documents of a collection by name."""
    collection = collections.create(runtime.db, name="vaults").row.id
    texts = {"secret.md": f"# Quuxbergen\n\n{SECRET}\n", "other.md": f"# Florpheim\n\n{OTHER}\n"}
    taken = record_uploads(
        runtime, collection, [Upload(name=n, blob=runtime.blobs.put(t.encode())) for n, t in texts.items()]
    )
    work()
    return {item.view.document.name: item.view.document.id for item in taken} | {"collection": collection}


def ask(api, question=QUESTION, **more):
    reply = api.post("/v1/answers", json={"collections": ["vaults"], "question": question}, **more)
    assert reply.status_code == 200, reply.text
    return reply.json()


def said(api, answer_id):
    """All that the interface says of an answer."""
    paths = ("", "/provenance", "/events")
    replies = [api.get(f"/v1/answers/{answer_id}{path}") for path in paths]
    assert [reply.status_code for reply in replies] == [200, 200, 200]
    return "\n".join(reply.text for reply in replies)


def holding(home: Path, text: str) -> list[str]:
    """Files below the home that hold a text, as it is or as JSON writes it."""
    forms = {text.encode(), json.dumps(text)[1:-1].encode()}
    return sorted(
        str(file.relative_to(home))
        for file in home.rglob("*")
        if file.is_file() and any(form in file.read_bytes() for form in forms)
    )


def test_an_answer_says_nothing_of_a_deleted_document_anywhere(api, ids):
    answer = ask(api)
    assert answer["text"].startswith(SECRET)
    assert "brass keys" in said(api, answer["id"])
    assert api.delete(f"/v1/documents/{ids['secret.md']}?erase=true").status_code == 204
    assert "brass" not in said(api, answer["id"])
    assert "secret.md" not in said(api, answer["id"])
    after = api.get(f"/v1/answers/{answer['id']}").json()
    assert (after["question"], after["text"]) == (QUESTION, "[Deleted: its source was deleted.]")
    assert after["erased_sources"] == 1
    assert after["erased"] == [{"answer_start": 0, "answer_end": len(after["text"])}]


def test_the_nearest_passages_of_a_refusal_go_with_their_document(api, ids):
    answer = ask(api, question=f"What is a {NEVER_SAID}?")
    assert answer["reason"] == "not_in_documents"
    assert {item["document"]["id"] for item in answer["nearest"]} == {ids["secret.md"], ids["other.md"]}
    api.delete(f"/v1/documents/{ids['secret.md']}?erase=true")
    after = api.get(f"/v1/answers/{answer['id']}").json()
    assert [item["document"]["id"] for item in after["nearest"]] == [ids["other.md"]]
    assert after["text"] == answer["text"]
    assert "brass" not in said(api, answer["id"])


def test_a_kept_reply_is_erased_and_its_key_stays_used(api, ids):
    call = {"json": {"collections": ["vaults"], "question": QUESTION}, "headers": {"Idempotency-Key": "once"}}
    assert "brass" in api.post("/v1/answers", **call).text
    assert api.post("/v1/answers", **call).headers["Idempotency-Replayed"] == "true"
    api.delete(f"/v1/documents/{ids['secret.md']}?erase=true")
    again = api.post("/v1/answers", **call)
    assert (again.status_code, again.json()["code"]) == (410, "reply_erased")


def test_a_search_keeps_no_reply(api, ids):
    call = {"json": {"collections": ["vaults"], "query": QUESTION}, "headers": {"Idempotency-Key": "once"}}
    assert "brass" in api.post("/v1/search", **call).text
    api.delete(f"/v1/documents/{ids['secret.md']}?erase=true")
    assert "brass" not in api.post("/v1/search", **call).text


def test_an_upload_is_not_done_again_after_its_document_was_deleted(api, ids):
    files = [("files", ("new.md", b"# New\n\nSomething new."))]
    first = api.post("/v1/collections/vaults/documents", files=files, headers={"Idempotency-Key": "up"})
    document = first.json()["documents"][0]["id"]
    api.delete(f"/v1/documents/{document}?erase=true")
    again = api.post("/v1/collections/vaults/documents", files=files, headers={"Idempotency-Key": "up"})
    assert (again.status_code, again.json()["code"]) == (410, "reply_erased")


@pytest.mark.parametrize("how", ["document", "collection", "new version", "mirror"])
def test_no_file_of_the_home_holds_the_text_after_a_deletion(api, runtime, work, settings, ids, how):
    for question in (QUESTION, f"What is a {NEVER_SAID}?"):
        ask(api, question, headers={"Idempotency-Key": question})
    assert any("fathom.db" in name for name in holding(settings.home, SECRET))
    if how == "document":
        assert api.delete(f"/v1/documents/{ids['secret.md']}?erase=true").status_code == 204
    elif how == "collection":
        assert api.delete("/v1/collections/vaults?erase=true").status_code == 204
    elif how == "mirror":
        body = {"files": [{"path": "none.md", "sha256": "0" * 64}], "delete": True}
        assert api.post("/v1/collections/vaults/sync", json=body).json()["deleted"] == 2
    else:
        files = [("files", ("secret.md", b"# Quuxbergen\n\nNothing is known of this town.\n"))]
        assert api.post("/v1/collections/vaults/documents", files=files).status_code == 202
        work()
    assert holding(settings.home, SECRET) == []
    assert holding(settings.home, "seventeen brass keys") == []


def test_a_version_that_was_never_read_goes_with_its_file(api, settings, ids):
    for text in (b"The first draft names Zwibbelkamp.", b"The second draft does not."):
        api.post("/v1/collections/vaults/documents", files=[("files", ("draft.md", text))])
    assert holding(settings.home, "Zwibbelkamp") == []


def test_what_a_new_version_still_says_stays_in_answers(api, runtime, work, ids):
    answer = ask(api)
    text = f"# Quuxbergen, again\n\nA line before it.\n\n{SECRET}\n"
    api.post("/v1/collections/vaults/documents", files=[("files", ("secret.md", text.encode()))])
    work()
    after = api.get(f"/v1/answers/{answer['id']}").json()
    assert after["text"] == answer["text"]
    assert [item["quote"] for item in after["citations"]] == [SECRET]
    assert after["citations"][0]["document"]["title"] == "Quuxbergen, again"
    assert after["erased"] == []


def test_a_document_of_the_same_bytes_keeps_its_file_and_its_answers(api, runtime, work, settings, ids):
    text = f"# Quuxbergen\n\n{SECRET}\n".encode()
    copy = api.post("/v1/collections/vaults/documents", files=[("files", ("copy.md", text))]).json()
    work()
    api.delete(f"/v1/documents/{ids['secret.md']}?erase=true")
    kept = copy["documents"][0]["id"]
    assert api.get(f"/v1/documents/{kept}/content", params={"format": "original"}).content == text
    assert ask(api)["citations"][0]["document"]["id"] == kept


def test_an_answer_made_from_what_was_deleted_meanwhile_is_stored_without_it(api, runtime, ids, monkeypatch):
    generate = run.generate

    def late(*arguments):
        outcome = generate(*arguments)
        documents.delete(runtime, ids["secret.md"])
        return outcome

    monkeypatch.setattr(run, "generate", late)
    answer = ask(api)
    assert "brass" not in json.dumps(answer)
    monkeypatch.undo()
    assert "brass" not in said(api, answer["id"])


def test_a_reply_about_what_was_deleted_meanwhile_is_not_kept(api, runtime, ids, monkeypatch):
    complete = replies.complete

    def late(*arguments, **more):
        documents.delete(runtime, ids["secret.md"])
        complete(*arguments, **more)

    monkeypatch.setattr(replies, "complete", late)
    call = {"json": {"collections": ["vaults"], "question": QUESTION}, "headers": {"Idempotency-Key": "k"}}
    assert "brass" in api.post("/v1/answers", **call).text
    assert api.post("/v1/answers", **call).status_code == 410


def test_uploading_again_what_is_deleted_at_this_moment_loses_nothing(api, runtime, ids):
    """The file is stored, its last owner goes, and only then the upload is recorded: it is told to come again."""
    text = f"# Quuxbergen\n\n{SECRET}\n".encode()
    upload = Upload(name="again.md", blob=runtime.blobs.put(text))
    documents.delete(runtime, ids["secret.md"])
    with pytest.raises(Exception, match="deleted at this moment") as refused:
        record_uploads(runtime, ids["collection"], [upload])
    assert refused.value.code == "file_just_deleted"
    upload = Upload(name="again.md", blob=runtime.blobs.put(text))
    assert record_uploads(runtime, ids["collection"], [upload])[0].job is not None
    assert runtime.blobs.read(upload.blob.sha256) == text


def test_what_is_left_to_erase_is_taken_up_by_the_next_start(runtime, ids, settings, parts, monkeypatch):
    monkeypatch.setattr(erasing, "finish", lambda *_, **__: False)
    documents.delete(runtime, ids["secret.md"])
    monkeypatch.undo()
    assert holding(settings.home, SECRET) != []
    with TestClient(create_app(settings, parts)):
        pass
    with runtime.db.read() as session:
        assert session.scalars(select(Erasure)).all() == []
    assert holding(settings.home, SECRET) == []


def test_answers_of_before_are_blanked_by_the_housekeeping(api, runtime, ids, monkeypatch):
    """An earlier program deleted documents and left what answers said of them."""
    answer = ask(api)
    monkeypatch.setattr(erasing, "withdraw", lambda *_: None)
    documents.delete(runtime, ids["secret.md"])
    monkeypatch.undo()
    assert "brass" in said(api, answer["id"])
    erasing.withdraw_missed(runtime.db)
    assert "brass" not in said(api, answer["id"])


@pytest.mark.postgres
def test_on_postgresql_no_table_says_what_was_deleted(postgres_url, tmp_path, parts, generator):
    url = postgres_url.replace("postgresql://", "postgresql+psycopg://")
    settings = load_settings(home=tmp_path / "home", database_url=url, allowed_hosts=("testserver",))
    with TestClient(create_app(settings, parts)) as api:
        runtime = api.app.state.runtime
        collection = collections.create(runtime.db, name="vaults").row.id
        text = f"# Quuxbergen\n\n{SECRET}\n".encode()
        for name in ("secret.md", "draft.md"):
            upload = Upload(name=name, blob=runtime.blobs.put(text + name.encode()))
            record_uploads(runtime, collection, [upload])
        Worker(runtime).run_pending()
        answer = ask(api, headers={"Idempotency-Key": "k"})
        draft = Upload(name="draft.md", blob=runtime.blobs.put(b"# Nothing\n\nNothing is known here.\n"))
        record_uploads(runtime, collection, [draft])
        Worker(runtime).run_pending()
        listed = documents.page(runtime.db, collection, None, None, 5).items
        document = next(view.document.id for view in listed if view.document.name == "secret.md")
        assert _cells_saying(runtime) != []
        assert api.delete(f"/v1/documents/{document}?erase=true").status_code == 204
        assert _cells_saying(runtime) == []
        assert holding(settings.home, SECRET) == []
        assert "brass" not in said(api, answer["id"])
        assert api.delete(f"/v1/answers/{answer['id']}").status_code == 204


def _cells_saying(runtime):
    traces = Traces(SECRET)
    return [(cell.table, cell.column) for cell in cells(runtime.db) if traces.find(cell.data)]


def test_sqlite_overwrites_what_is_deleted_whatever_its_build_does(runtime):
    with runtime.db.read() as session:
        assert session.connection().exec_driver_sql("PRAGMA secure_delete").scalar() == 1
    plain = sqlite3.connect(":memory:", isolation_level=None)
    plain.execute("PRAGMA secure_delete = OFF")
    from app.db.engine import _prepare_sqlite

    _prepare_sqlite(plain, None)
    assert plain.execute("PRAGMA secure_delete").fetchone() == (1,)


# ---------------------------------------------------------------------- answers
def test_deleting_an_answer_deletes_its_question(api, settings, ids):
    answer = ask(api, question="Does Mr Vandersloot know the vault?", headers={"Idempotency-Key": "k"})
    assert api.delete(f"/v1/answers/{answer['id']}").status_code == 204
    assert api.get(f"/v1/answers/{answer['id']}").status_code == 404
    assert api.get(f"/v1/answers/{answer['id']}/events").status_code == 404
    assert api.delete(f"/v1/answers/{answer['id']}").status_code == 404
    assert holding(settings.home, "Vandersloot") == []


def test_answers_of_a_conversation_or_of_before_a_moment_are_deleted_together(api, ids):
    body = {"collections": ["vaults"], "question": QUESTION}
    mine = [api.post("/v1/answers", json=body | {"conversation": "talk"}).json()["id"] for _ in range(2)]
    rest = ask(api)["id"]
    assert api.delete("/v1/answers").status_code == 422
    assert api.delete("/v1/answers", params={"conversation": "talk"}).json() == {"deleted": 2}
    assert [api.get(f"/v1/answers/{key}").status_code for key in (*mine, rest)] == [404, 404, 200]
    assert api.delete("/v1/answers", params={"before": "2020-01-01T00:00:00Z"}).json() == {"deleted": 0}
    assert api.delete("/v1/answers", params={"before": "2099-01-01T00:00:00Z"}).json() == {"deleted": 1}


def test_answers_and_replies_expire(settings, parts, runtime, api, ids):
    from datetime import timedelta

    from sqlalchemy import update

    from app.db.models import Answer
    from app.db.reply_models import IdempotencyKey
    from app.db.types import utc_now
    from app.housekeeping import expire

    old, new = ask(api, headers={"Idempotency-Key": "old"})["id"], ask(api)["id"]
    long_ago = utc_now() - timedelta(days=8)
    with runtime.db.write() as session:
        session.execute(update(Answer).where(Answer.id == old).values(created_at=long_ago))
        session.execute(update(IdempotencyKey).values(created_at=long_ago))
    expire(runtime)
    assert api.get(f"/v1/answers/{old}").status_code == 200, "they stay where nothing else is set"
    with runtime.db.read() as session:
        assert session.scalars(select(IdempotencyKey)).all() == []
    week = settings.model_copy(update={"answers": settings.answers.model_copy(update={"keep_days": 7.0})})
    other = build_runtime(week, parts)
    expire(other)
    other.close()
    assert [api.get(f"/v1/answers/{key}").status_code for key in (old, new)] == [404, 200]


def test_the_command_deletes_answers(fathom, runtime, api, ids):
    kept, gone = ask(api)["id"], ask(api)["id"]
    assert fathom("answers", "delete", gone)[0] == 0
    assert [api.get(f"/v1/answers/{key}").status_code for key in (kept, gone)] == [200, 404]
    assert fathom("answers", "delete", gone)[0] == 3
    assert fathom("answers", "delete")[0] == 2
    code, out, _ = fathom("answers", "delete", "--older-than", "0", "--yes", "--json")
    assert (code, json.loads(out)) == (0, {"deleted": 1})


# ---------------------------------------------------------------------- index files
def test_index_files_forget_the_words_and_vectors_of_what_was_deleted(runtime, work, settings, ids, parts):
    index = runtime.collection_index(ids["collection"])
    index.snapshot()
    documents.delete(runtime, ids["secret.md"])
    assert not index.lexical.holds_removed
    assert list((settings.indexes_dir / ids["collection"] / "dense").glob("gen-*")) == []
    assert len(index.lexical) == len(index.dense) == 1


def test_index_files_that_nobody_has_open_are_emptied(runtime, settings, ids, parts):
    other = build_runtime(settings, parts)
    other.collection_index(ids["collection"]).snapshot()
    other.close()
    folder = settings.indexes_dir / ids["collection"]
    assert list((folder / "dense").glob("gen-*")) != []
    documents.delete(runtime, ids["secret.md"])
    assert list((folder / "dense").glob("gen-*")) == list((folder / "lexical").glob("*.term")) == []
    index = runtime.collection_index(ids["collection"])
    assert len(index.lexical) == len(index.dense) == 1


def test_files_of_another_process_are_left_to_it_and_stay_noted(runtime, settings, ids, parts):
    owner = build_runtime(settings, parts)
    index = owner.collection_index(ids["collection"])
    documents.delete(runtime, ids["secret.md"])
    with runtime.db.read() as session:
        assert [row.collection_ids for row in session.scalars(select(Erasure))] == [[ids["collection"]]]
    assert erasing.finish(owner)
    assert not index.lexical.holds_removed
    owner.close()


def test_the_memory_of_a_process_that_answers_is_dropped(runtime, ids, generator):
    forgotten = []
    generator.forget_passages = lambda: forgotten.append("generator")
    assert runtime.generator is generator
    runtime.sentence_vectors._kept[(1, SECRET)] = []
    documents.delete(runtime, ids["secret.md"])
    assert forgotten == ["generator"]
    assert not runtime.sentence_vectors._kept


def test_every_table_is_known_to_these_tests():
    """A new table may hold text of documents: say here that it was thought of."""
    assert set(Base.metadata.tables) == {
        "answer_sources", "answers", "blobs", "chunk_vectors", "chunks", "collections", "content_chunks", "contents",
        "document_versions", "documents", "erasures", "idempotency_keys", "index_changes", "jobs", "reply_sources",
        "installation", "workers", "document_fields", "document_tags",
        # goes with the chunk that it was made from
        "suggested_questions",
        # places, ids and outcomes; ranges go with their document or their answer
        "webhooks", "webhook_deliveries",
        "answer_ranges", "answer_renewals", "answer_reviews", "review_items",
        # metadata and titles of deleted documents, until they are erased
        "bin_items", "frozen_documents", "frozen_versions", "bin_answers",
        "uploaded_files", "file_batches", "audit_records", "audit_state", "lexicons", "lexicon_words",
        # no text of documents: people, their keys and rights; ids of answers and collections
        "users", "groups", "memberships", "api_keys", "key_uses", "grants", "answer_collections", "sign_ins",
        # numbers and ids
        "tallies", "usage", "job_origins", "golden_runs", "encoder_releases",
        "answer_feedback", "right_passages", "golden_questions",
    }  # fmt: skip


def test_a_reader_of_an_older_state_delays_the_log_but_loses_nothing(runtime, settings, ids):
    with runtime.db.read() as session:
        session.execute(select(Erasure)).all()
        documents.delete(runtime, ids["secret.md"])
    assert erasing.finish(runtime)
    assert holding(settings.home, SECRET) == []
