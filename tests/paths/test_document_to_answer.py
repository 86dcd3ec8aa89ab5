"""The whole path in one process: a document, its passages and vectors, the index, a question, a cited answer.

The models are small doubles; `tests/browser` and `tests/processes` go the same way with the shipped ones.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from app.composition.runtime import build_runtime
from app.main import create_app
from app.settings.reading import load_settings
from app.worker import Worker
from tests.app.copying_generator import CopyingGenerator
from tests.app.doubles import small_parts
from tests.app.texts import upload
from tests.ingestion.samples import sample

EN, ZH, PAPER = "io_processing_en.md", "io_processing_zh.md", "two_columns.pdf"
QUESTIONS = {
    EN: ("How much data does each flush operation transmit, equivalent to the default chunk size?", "64 MiB"),
    ZH: ("JuiceFS 支持随机写，通过 mmap 进行吗？", "mmap"),
}


@pytest.fixture
def fathom(tmp_path: Path) -> Iterator[tuple[TestClient, Callable[[], int]]]:
    """The interface, and what runs the jobs that wait, as a worker does."""
    settings = load_settings(
        home=tmp_path / "home", allowed_hosts=("testserver",), worker={"lease_s": 60.0, "heartbeat_s": 20.0}
    )
    parts = replace(small_parts(), generator=lambda _: CopyingGenerator())
    runtime = build_runtime(settings, parts)
    with TestClient(create_app(settings, parts)) as api:
        yield api, Worker(runtime).run_pending
    runtime.close()


def answered(api: TestClient, question: str) -> dict[str, Any]:
    reply = api.post("/v1/answers", json={"collections": ["guides"], "question": question})
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def test_a_document_becomes_an_answer_that_quotes_it_until_it_is_deleted(fathom) -> None:
    api, work = fathom
    collection = api.post("/v1/collections", json={"name": "guides"}).json()["id"]
    sent = upload(api, collection, {name: sample(name).data for name in (EN, ZH, PAPER)}).json()
    ids = {document["name"]: document["id"] for document in sent["documents"]}
    assert answered(api, QUESTIONS[EN][0])["answerable"] is False  # nothing is indexed yet
    assert work() == 3
    for name, (question, said) in QUESTIONS.items():
        text = api.get(f"/v1/documents/{ids[name]}/content").json()["text"]
        found = api.post("/v1/search", json={"collections": ["guides"], "query": question}).json()["hits"]
        assert ids[name] in {hit["document"]["id"] for hit in found}
        answer = answered(api, question)
        cited = answer["citations"][0]
        assert cited["document"]["id"] == ids[name]
        assert said in cited["quote"]
        assert cited["quote"] == text[cited["start"] : cited["end"]]
        assert cited["quote"] == answer["text"][cited["answer_start"] : cited["answer_end"]]
        assert api.get(f"/v1/answers/{answer['id']}").json() == answer
    assert api.delete(f"/v1/documents/{ids[EN]}").status_code == 204
    again = answered(api, QUESTIONS[EN][0])
    assert ids[EN] not in {source["document"]["id"] for source in [*again["citations"], *again["nearest"]]}
