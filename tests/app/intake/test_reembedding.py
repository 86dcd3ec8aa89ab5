"""A change of encoder: no vector of one is compared with one of the other; words meanwhile, then all by the new one."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from app.composition.runtime import Runtime, build_runtime
from app.db import chunks, jobs
from app.db.models import ChunkVector, Job
from app.db.types import utc_now
from app.errors import LeaseLostError
from app.intake import reembedding
from app.intake.record import Upload, record_uploads
from app.library import collections, documents, index_audit, readiness
from app.main import create_app
from app.search import searching
from app.settings.reading import load_settings
from app.worker import Worker
from tests.app.copying_generator import CopyingGenerator
from tests.app.doubles import CountingEmbedder, NewEmbedder, small_parts
from tests.app.texts import DUCKS, GEESE
from tests.crash.invariants import violations

WORDS = ("swan", "heron", "stork", "crane")
FILES = {"duck.md": DUCKS, "goose.md": GEESE} | {
    f"{word}.md": f"# {word}\n\nThe {word} flies. It lives by the lake.".encode() for word in WORDS
}


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def opened(request, tmp_path):
    """Opens the home with one encoder or the other, as a process started with it would."""
    url = None
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url").replace("postgresql://", "postgresql+psycopg://")
    runtimes = []

    def start(embedder: CountingEmbedder) -> Runtime:
        settings = load_settings(home=tmp_path / "home", database_url=url)
        runtimes.append(build_runtime(settings, small_parts(embedder)))
        return runtimes[-1]

    yield start
    for runtime in runtimes:
        runtime.close()


def add(runtime, collection, files):
    uploads = [Upload(name=name, blob=runtime.blobs.put(data)) for name, data in files.items()]
    record_uploads(runtime, collection, uploads)
    Worker(runtime).run_pending()


def filled(runtime, name="birds"):
    collection = collections.create(runtime.db, name=name).row.id
    add(runtime, collection, FILES)
    return collection


def planned(runtime):
    """A worker that has looked what there is to be embedded anew."""
    worker = Worker(runtime)
    worker.plan()
    return worker


def found(runtime, collection, text="heron"):
    """Chunk ids by stage."""
    stages = searching.search(runtime, [collection], text, k=3).retrieved.stages
    return {name: [hit.chunk_id for hit in stages[name]] for name in ("dense", "lexical", "fused")}


def waiting(runtime, collection):
    return collections.get(runtime, collection).waiting.documents


def live(runtime, collection):
    with runtime.db.read() as session:
        return chunks.live_ids(session, collection)


def test_words_alone_find_everything_until_the_new_vectors_are_complete(opened):
    old = opened(CountingEmbedder())
    birds = filled(old)
    before, ids = found(old, birds), live(old, birds)
    old.collection_index(birds).snapshot()
    old.close()
    new = opened(NewEmbedder())
    assert waiting(new, birds) == len(FILES)
    assert "6 chunks of 6 documents wait" in readiness.checks(new)[-1].detail
    assert index_audit.audit(new, birds).other_model == ids
    assert len(new.collection_index(birds).dense) == 0
    worker = planned(new)
    for done in range(len(FILES)):
        now = found(new, birds)
        assert (now["dense"], now["lexical"]) == ([], before["lexical"])
        assert len(new.collection_index(birds).dense) == done
        assert worker.run_one()
    after = found(new, birds)
    assert set(after["dense"]) == set(ids) == set(live(new, birds))
    assert after["lexical"] == before["lexical"]
    assert after["fused"][0] == before["fused"][0]
    assert not worker.run_one()
    assert waiting(new, birds) == 0
    assert violations(new, birds) == []
    assert set(new.passages.sentence_vectors(ids, new.embedder.model_id)) == set(ids)


def test_no_sentence_is_encoded_twice_when_the_work_goes_on_in_another_process(opened):
    old = opened(CountingEmbedder())
    birds = filled(old)
    first, second = NewEmbedder(), NewEmbedder()
    stopped = planned(opened(first))
    for _ in range(2):
        stopped.run_one()
    new = opened(second)
    assert planned(new).run_pending() == len(FILES) - 2
    assert first.sentences + second.sentences == old.embedder.sentences
    assert planned(new).run_pending() == 0
    assert set(found(new, birds)["dense"]) == set(live(new, birds))


def test_the_way_back_costs_nothing_and_what_came_meanwhile_is_made_up_for(opened):
    old = opened(CountingEmbedder())
    birds = filled(old)
    before = found(old, birds)
    new = opened(NewEmbedder())
    planned(new).run_one()
    back = opened(CountingEmbedder())
    assert planned(back).run_pending() == 0
    assert found(back, birds) == before
    assert back.embedder.sentences == 0
    planned(new).run_pending()
    add(new, birds, {"owl.md": b"# Owl\n\nThe owl hunts at night."})
    assert back.embedder.sentences == 0
    assert waiting(back, birds) == 1
    assert planned(back).run_pending() == 1
    assert set(found(back, birds)["dense"]) == set(live(back, birds)) == set(found(new, birds)["dense"])


def test_it_can_be_done_before_the_change_and_the_old_encoder_serves_on(opened):
    old = opened(CountingEmbedder())
    birds, other = filled(old), filled(old, "more birds")
    before, index = found(old, birds), old.collection_index(birds).dense
    held = index.vectors(live(old, birds))[1]
    new, told = opened(NewEmbedder()), []
    sentences = old.embedder.sentences
    assert reembedding.embed_all(new, None, lambda done, total: told.append((done, total))) == 2 * len(FILES)
    assert told[-1] == (2 * len(FILES), 2 * len(FILES))
    assert new.embedder.sentences == sentences  # content that two collections share is encoded once
    assert found(old, birds) == before
    assert (index.vectors(live(old, birds))[1] == held).all()
    for collection in (birds, other):
        assert set(found(new, collection)["dense"]) == set(live(new, collection))
        assert violations(old, collection) == violations(new, collection) == []


def test_uploads_go_first_and_in_with_the_new_encoder(opened):
    birds = filled(opened(CountingEmbedder()))
    new = opened(NewEmbedder())
    worker = planned(new)
    upload = Upload(name="owl.md", blob=new.blobs.put(b"# Owl\n\nThe owl hunts at night."))
    job = record_uploads(new, birds, [upload])[0].job
    worker.run_one()
    with new.db.read() as session:
        assert session.get(Job, job.id).state == "done"
        assert jobs.pending(session, [birds]) == 0
    assert len(new.collection_index(birds).dense) == 1
    assert found(new, birds, "owl")["dense"] == []
    assert waiting(new, birds) == len(FILES)


def test_a_worker_without_a_plan_leaves_such_work_alone(opened):
    """`fathom ingest` works on what it was given, not on the whole library."""
    filled(opened(CountingEmbedder()))
    new = opened(NewEmbedder())
    assert reembedding.plan(new.db, new.encoder_id) == len(FILES)
    assert reembedding.plan(new.db, new.encoder_id) == 0
    assert Worker(new).run_pending() == 0


def test_a_document_that_fails_stays_as_it_is_and_is_tried_again_when_asked(opened, monkeypatch):
    birds = filled(opened(CountingEmbedder()))
    new = opened(NewEmbedder())

    def failing(self, text, spans):
        if "wedge" in text:
            raise ValueError("no vectors for this one")
        return CountingEmbedder.sentence_states(self, text, spans)

    with monkeypatch.context() as broken:
        broken.setattr(NewEmbedder, "sentence_states", failing)
        worker = planned(new)
        assert worker.run_pending() == len(FILES)
        assert planned(new).run_pending() == 0
    goose = next(
        v for v in documents.page(new.db, birds, None, None, 9).items if v.document.name == "goose.md"
    )
    assert (goose.newest.status, goose.newest.error, goose.chunks) == ("ready", None, 1)
    assert waiting(new, birds) == 1
    with new.db.read() as session:
        assert jobs.counts(session)["reembed", "failed"] == 1
    assert reembedding.embed_all(new, "birds", lambda *_: None) == 1
    assert waiting(new, birds) == 0


def test_a_worker_that_lost_its_lease_writes_no_vectors(opened):
    birds = filled(opened(CountingEmbedder()))
    new = opened(NewEmbedder())
    reembedding.plan(new.db, new.encoder_id)
    with new.db.write() as session:
        slow = jobs.claim(session, "slow", utc_now(), -1.0, 3, new.encoder_id)
        fast = jobs.claim(session, "fast", utc_now(), 30.0, 3, new.encoder_id)
    assert (fast.id, fast.fence, slow.fence) == (slow.id, 2, 1)
    with pytest.raises(LeaseLostError):
        reembedding.run_job(new, slow, lambda *_: None)
    assert waiting(new, birds) == len(FILES)


def test_what_is_disabled_or_deleted_meanwhile_is_not_found(opened):
    birds = filled(opened(CountingEmbedder()))
    new = opened(NewEmbedder())
    worker = planned(new)
    views = {
        view.document.name: view.document.id for view in documents.page(new.db, birds, None, None, 9).items
    }
    documents.update(new.db, views["heron.md"], enabled=False)
    documents.delete(new, views["swan.md"])
    assert worker.run_pending() == len(FILES) - 1
    assert set(found(new, birds)["dense"]) == set(live(new, birds))
    assert len(live(new, birds)) == len(FILES) - 2
    documents.update(new.db, views["heron.md"], enabled=True)
    assert set(found(new, birds)["dense"]) == set(live(new, birds))
    assert violations(new, birds) == []


def test_a_small_gap_does_not_put_a_whole_collection_back_to_words(opened):
    old = opened(CountingEmbedder())
    birds = collections.create(old.db, name="birds").row.id
    new = opened(NewEmbedder())
    add(new, birds, {f"{n}.md": f"# Heron {n}\n\nHeron {n} flies.".encode() for n in range(19)})
    add(old, birds, {"stray.md": b"# Stray\n\nThe stray heron flies."})
    assert len(found(new, birds)["dense"]) == 19
    add(old, birds, {"second.md": b"# Second\n\nThe second heron flies."})
    assert found(new, birds)["dense"] == []


def test_several_collections_are_complete_together_or_not_at_all(opened):
    old = opened(CountingEmbedder())
    birds = filled(old)
    new = opened(NewEmbedder())
    owls = collections.create(new.db, name="owls").row.id
    add(new, owls, {"owl.md": b"# Owl\n\nThe owl hunts at night."})
    assert found(new, owls)["dense"]
    both = searching.search(new, [birds, owls], "owl", k=3).retrieved.stages
    assert (both["dense"], bool(both["lexical"])) == ([], True)


def test_pruning_leaves_what_has_no_vectors_by_the_encoder_in_use(opened):
    birds = filled(opened(CountingEmbedder()))
    new = opened(NewEmbedder())
    planned(new).run_one()
    assert reembedding.prune(new.db, new.encoder_id) == 1
    planned(new).run_pending()
    assert reembedding.prune(new.db, new.encoder_id) == len(FILES) - 1
    with new.db.read() as session:
        assert {row.vector_model for row in session.query(ChunkVector)} == {new.encoder_id}
    assert set(found(new, birds)["dense"]) == set(live(new, birds))
    assert waiting(opened(CountingEmbedder()), birds) == len(FILES)


def test_stored_answers_still_cite_their_passages(tmp_path):
    settings = load_settings(home=tmp_path / "home", allowed_hosts=("testserver",))
    first, second = small_parts(), small_parts(NewEmbedder())
    runtime = build_runtime(settings, first)
    filled(runtime)
    runtime.close()
    body = {"collections": ["birds"], "question": "Which weeds do they eat?"}
    with TestClient(create_app(settings, replace(first, generator=lambda _: CopyingGenerator()))) as client:
        answer = client.post("/v1/answers", json=body).json()
    runtime = build_runtime(settings, second)
    planned(runtime).run_pending()
    runtime.close()
    with TestClient(create_app(settings, second)) as client:
        assert client.get("/v1/collections/birds").json()["reembedding"] == 0
        again = client.get(f"/v1/answers/{answer['id']}").json()
        assert again["citations"] == answer["citations"] != []
        for citation in again["citations"]:
            path = f"/v1/documents/{citation['document']['id']}"
            text = client.get(f"{path}/content").json()["text"]
            assert text[citation["start"] : citation["end"]] in answer["text"]
            held = {item["id"] for item in client.get(f"{path}/chunks").json()["items"]}
            assert citation["chunk"] in held


def test_the_command_line_does_it_and_says_so(fathom, tmp_path, monkeypatch):
    (tmp_path / "duck.md").write_bytes(DUCKS)
    assert fathom("ingest", "birds", str(tmp_path / "duck.md"))[0] == 0
    monkeypatch.setattr("app.composition.runtime.shipped_parts", lambda: small_parts(NewEmbedder()))
    assert "1 chunks of 1 documents wait for vectors by hash-embedder@2" in fathom("doctor")[1]
    assert '"reembedding": 1' in fathom("collections", "show", "birds", "--json")[1]
    assert fathom("index", "prune")[1] == "0 vectors by other encoders are deleted.\n"
    assert fathom("index", "reembed", "birds")[1] == "1 documents were embedded by hash-embedder@2.\n"
    assert '"documents": 0' in fathom("index", "reembed", "--json")[1]
    assert fathom("index", "prune")[1] == "1 vectors by other encoders are deleted.\n"
    assert fathom("index", "reembed", "nothing")[0] != 0
