"""A small REST interface with the contract's shapes, for tests of the pages: in memory, no model.

What a file becomes is decided by its content, so that a test says what it needs: text starting with `FAIL code`
fails with that code, text containing `SLOW` stays in progress while `hold` is set. A question is answered by
the first sentence that contains its last word, or by its whole document (`fake_answers`); a question containing
`nothing` is not answerable; `long` streams until it is stopped.
"""

import asyncio
import hashlib
import itertools
import json
import re
import time
from io import BytesIO
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Request, UploadFile
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.datastructures import Headers

from tests.ui import fake_living
from tests.ui.fake_answers import build_answer, find, ref

STAGES = ["queued", "parsing", "chunking", "embedding", "indexing"]
TIMES = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}


class ProblemError(Exception):
    def __init__(self, status: int, code: str, title: str, detail: str = "", hint: str = "") -> None:
        super().__init__(title)
        self.status, self.code, self.title, self.detail, self.hint = status, code, title, detail, hint


class FakeStore:
    """State of the fake, and a record of what was asked of it."""

    def __init__(self) -> None:
        self.ids = itertools.count(1)
        self.collections: dict[str, dict[str, Any]] = {}
        self.documents: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, dict[str, Any]] = {}
        self.reviews: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {}
        self.events: dict[str, list[tuple[str, dict[str, Any]]]] = {}
        self.calls: list[tuple[str, str, dict[str, str]]] = []
        self.feedback: list[dict[str, Any]] = []
        self.asked: list[dict[str, Any]] = []
        self.histories: list[list[dict[str, Any]]] = []
        self.bin: dict[str, dict[str, Any]] = {}
        self.suggestions: dict[str, list[tuple[str, str]]] = {}
        self.drop_stream_after: int | None = None
        self.hold = False
        # Seconds that each question for documents and jobs takes, as on a busy machine.
        self.delay_s = 0.0
        self.upload_s = 0.0

    def new_id(self, prefix: str) -> str:
        return f"{prefix}_{next(self.ids):04d}"

    def bin_document(self, row: dict[str, Any]) -> None:
        self._put("document", row, row["collection_id"], [row["id"]])

    def bin_collection(self, row: dict[str, Any]) -> None:
        self._put("collection", row, row["id"], [])

    def _put(self, kind: str, row: dict[str, Any], collection: str, documents: list[str]) -> None:
        item = {"id": self.new_id("bin"), "kind": kind, "collection_id": collection, "name": row["name"],
                "documents": 1, "document_ids": documents, "deleted_at": TIMES["created_at"],
                "expires_at": "2026-01-08T00:00:00Z", "_row": row}  # fmt: skip
        self.bin[item["id"]] = item

    def binned(self, collection: str | None) -> list[dict[str, Any]]:
        kind = "collection" if collection is None else "document"
        items = [i for i in self.bin.values() if i["kind"] == kind]
        return [visible(i) for i in items if collection in {None, i["collection_id"]}]

    def document(self, document_id: str) -> dict[str, Any]:
        if document_id not in self.documents:
            raise ProblemError(404, "not_found", "No such document", document_id)
        return self.wire(self.documents[document_id])

    def wire(self, row: dict[str, Any]) -> dict[str, Any]:
        """A document as the contract has it, its state being a matter of its age."""
        shown = {k: v for k, v in row.items() if not k.startswith("_")} | {"progress": None}
        age = time.monotonic() - row["_since"]
        length = 0.3
        held = self.hold and "SLOW" in row["_text"]
        failed = re.match(r"FAIL (\w+)", row["_text"])
        if age < length or held:
            shown["status"] = STAGES[min(4, int(5 * age / length))]
            shown["chunks"] = 0
            shown["progress"] = {"done": int(age * 10) % 100, "total": 100}  # other at every look
        elif failed and row["_attempts"] < 2:
            shown["status"], shown["chunks"] = "failed", 0
            shown["error"] = {
                "code": failed[1],
                "message": f"Can't read {row['name']}: {failed[1]}.",
                "hint": "Server hint.",
            }
        else:
            shown["status"] = "ready"
            shown["chunks"] = len(chunks_of(row))
            shown |= warned_of(row["_text"])
        return shown

    def searchable(self, collections: list[str]) -> list[dict[str, Any]]:
        names = {c["name"]: c["id"] for c in self.collections.values()}
        ids = {names.get(c, c) for c in collections}
        missing = ids - set(self.collections)
        if missing:
            raise ProblemError(
                404, "not_found", "No such collection", ", ".join(missing), "List the collections first."
            )
        rows = [d for d in self.documents.values() if d["collection_id"] in ids and d["enabled"]]
        return [d for d in rows if self.wire(d)["status"] == "ready"]


def visible(item: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if not name.startswith("_")}


def chunks_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    text = row["_text"]
    return [
        {"id": int(row["id"][4:]) * 1000 + i, "document_id": row["id"], "index": i,
         "start": m.start(), "end": m.end(), "text": m[0], "sentences": [[m.start(), m.end()]],
         "token_count": len(m[0]) // 4, "language": "en", "heading_path": [],
         "page": 1 + m.start() // 2000, "page_end": 1 + m.end() // 2000,
         "enabled": i not in row.get("_off", ())}
        for i, m in enumerate(re.finditer(r"[^\n]+\n*", text))
    ]  # fmt: skip


async def stream(store: FakeStore, answer_id: str, after: int) -> Any:
    """The events after number `after`; a stop ends the answer, `drop_stream_after` cuts the connection once."""
    answer, events = store.answers[answer_id], store.events[answer_id]
    delay = 0.25 if "long" in answer["question"] else 0.02
    yield ": ping\n\n"
    for number, (name, data) in enumerate(events, start=1):
        if number <= after:
            continue
        if store.drop_stream_after == number:
            store.drop_stream_after = None
            return
        if name != "done" and answer["status"] == "cancelled":
            continue
        if name == "done":
            answer["status"] = "done" if answer["status"] == "running" else answer["status"]
        yield f"id: {number}\nevent: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"
        await asyncio.sleep(delay if answer["status"] == "running" else 0)


def the_store(request: Request) -> FakeStore:
    found: FakeStore = request.app.state.store
    return found


Store = Annotated[FakeStore, Depends(the_store)]
router = APIRouter()


def page(items: list[Any], cursor: str | None, limit: int) -> dict[str, Any]:
    start = int(cursor or 0)
    more = start + limit < len(items)
    return {
        "items": items[start : start + limit],
        "next_cursor": str(start + limit) if more else None,
        "has_more": more,
    }


def counted(store: FakeStore, row: dict[str, Any]) -> dict[str, Any]:
    rows = [store.wire(d) for d in store.documents.values() if d["collection_id"] == row["id"]]
    return row | TIMES | {"reembedding": 0, "documents": len(rows), "chunks": sum(d["chunks"] for d in rows),
                  "failed": sum(d["status"] == "failed" for d in rows)}  # fmt: skip


@router.get("/healthz")
async def healthz(store: Store) -> dict[str, str]:
    return {"status": "ok", "version": "0.1.0"}


@router.get("/readyz")
async def readyz(store: Store) -> dict[str, Any]:
    return {"ready": True, "checks": [{"name": "database", "ok": True, "detail": "sqlite"}]}


@router.get("/v1/collections")
async def collections(store: Store, cursor: str | None = None, limit: int = 50) -> dict[str, Any]:
    return page([counted(store, c) for c in store.collections.values()], cursor, limit)


@router.post("/v1/collections", status_code=201)
async def create(store: Store, request: Request) -> dict[str, Any]:
    body = await request.json()
    if any(c["name"] == body["name"] for c in store.collections.values()):
        raise ProblemError(
            409,
            "name_taken",
            "The name is taken",
            f"There is a collection {body['name']}.",
            "Choose another name.",
        )
    row = {"id": store.new_id("col"), "settings": {}, "language": None, "description": ""} | body
    store.collections[row["id"]] = row
    return counted(store, row)


@router.delete("/v1/collections/{collection_id}", status_code=204)
async def remove(store: Store, collection_id: str, erase: bool = False) -> Response:
    row = store.collections.pop(collection_id)
    if not erase:
        store.bin_collection(row)
    return Response(status_code=204)


@router.get("/v1/bin")
async def binned_collections(store: Store, cursor: str | None = None, limit: int = 50) -> dict[str, Any]:
    return page(store.binned(None), cursor, limit)


@router.post("/v1/bin/{item_id}/restore")
async def restore_collection(store: Store, item_id: str) -> dict[str, Any]:
    row = store.bin.pop(item_id)["_row"]
    store.collections[row["id"]] = row
    return counted(store, row)


@router.delete("/v1/bin/{item_id}", status_code=204)
async def erase_collection(store: Store, item_id: str) -> Response:
    del store.bin[item_id]
    return Response(status_code=204)


@router.get("/v1/collections/{collection_id}/bin")
async def binned_documents(
    store: Store, collection_id: str, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    return page(store.binned(collection_id), cursor, limit)


@router.post("/v1/collections/{collection_id}/bin/{item_id}/restore")
async def restore_document(store: Store, collection_id: str, item_id: str) -> dict[str, Any]:
    item = store.bin.pop(item_id)
    store.documents[item["_row"]["id"]] = item["_row"]
    return visible(item)


@router.delete("/v1/collections/{collection_id}/bin/{item_id}", status_code=204)
async def erase_document(store: Store, collection_id: str, item_id: str) -> Response:
    del store.bin[item_id]
    return Response(status_code=204)


@router.get("/v1/collections/{collection_id}/fields")
async def fields(collection_id: str) -> dict[str, Any]:
    values = [{"value": "docs", "documents": 2}, {"value": "legal", "documents": 1}]
    return {
        "fields": [
            {"name": "team", "kind": "text", "documents": 3, "values": values},
            {"name": "year", "kind": "number", "documents": 1, "values": [{"value": "2024", "documents": 1}]},
        ]
    }


@router.get("/v1/collections/{collection_id}/suggestions")
async def suggestions(store: Store, collection_id: str) -> dict[str, Any]:
    made = store.suggestions.get(collection_id, [])
    document = {"id": "doc_0001", "name": "a.md", "title": "A"}
    return {"items": [{"question": q, "language": lang, "document": document} for q, lang in made]}


@router.get("/v1/collections/{collection_id}/documents")
async def documents(
    store: Store, collection_id: str, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    await asyncio.sleep(store.delay_s)
    rows = [store.wire(d) for d in store.documents.values() if d["collection_id"] == collection_id]
    return page(rows, cursor, limit)


@router.post("/v1/collections/{collection_id}/documents", status_code=202)
async def upload(
    request: Request, store: Store, collection_id: str, files: list[UploadFile] | None = None
) -> dict[str, Any]:
    reply: dict[str, Any] = {"documents": [], "jobs": []}
    await asyncio.sleep(store.upload_s)
    if files is None:
        url = (await request.json())["url"]
        if "private" in url:
            raise ProblemError(
                422, "address_not_public", "No", f"{url} is not a public address.", "Server hint."
            )
        files = [UploadFile(BytesIO(f"Page at {url}".encode()), filename=url, headers=Headers())]
    for file in files:
        data = await file.read()
        if b"TOO LARGE" in data:
            raise ProblemError(413, "file_too_large", "File too large", str(file.filename), "Server hint.")
        sha = hashlib.sha256(data).hexdigest()
        same = [d for d in store.documents.values() if (d["name"], d["sha256"]) == (file.filename, sha)]
        if same:
            reply["documents"].append(store.wire(same[0]))
            continue
        text = data.decode()
        row = {
            "id": store.new_id("doc"), "collection_id": collection_id, "name": file.filename, "title": "",
            "external_id": None, "parent_id": None, "serving_version": 1,
            "media_type": file.content_type, "size_bytes": len(data), "sha256": sha, "language": "en",
            "enabled": True, "version": 1, "pages": 1 + len(text) // 2000,
            "metadata": {}, "tags": [], "dropped": [], "coverage": None, "warnings": [], "error": None,
            "job_id": store.new_id("job"), "_text": text, "_since": time.monotonic(), "_attempts": 1,
        } | TIMES  # fmt: skip
        store.documents[row["id"]] = row
        reply["documents"].append(store.wire(row))
        reply["jobs"].append(job_of(store, row))
    return reply


def warned_of(text: str) -> dict[str, Any]:
    """Coverage and warnings of a text; one with LOST names the words that are missing behind it."""
    lost = text.partition("LOST ")[2].split()
    coverage = {"visible": 200, "kept": 200 - 25 * bool(lost), "lost": lost}
    warning = {"code": "text_left_out", "message": "Server message.", "hint": "Server hint."}
    return {"coverage": coverage, "warnings": [warning] if lost else []}


def job_of(store: FakeStore, row: dict[str, Any]) -> dict[str, Any]:
    shown = store.wire(row)
    done = STAGES.index(shown["status"]) if shown["status"] in STAGES else 5
    state = {"ready": "done", "failed": "failed", "queued": "queued"}.get(shown["status"], "running")
    return {"id": row["job_id"], "document_id": row["id"], "collection_id": row["collection_id"], "kind": "ingest",
            "state": state, "stage": shown["status"], "done": done, "total": 5, "attempts": row["_attempts"],
            "error": shown["error"], "created_at": TIMES["created_at"], "started_at": None,
            "finished_at": None}  # fmt: skip


@router.get("/v1/jobs/{job_id}")
async def job(store: Store, job_id: str) -> dict[str, Any]:
    await asyncio.sleep(store.delay_s)
    return job_of(store, next(d for d in store.documents.values() if d["job_id"] == job_id))


@router.get("/v1/documents/{document_id}")
async def document(store: Store, document_id: str) -> dict[str, Any]:
    return store.document(document_id)


@router.patch("/v1/documents/{document_id}")
async def patch(store: Store, document_id: str, request: Request) -> dict[str, Any]:
    store.document(document_id)
    store.documents[document_id] |= await request.json()
    return store.document(document_id)


@router.delete("/v1/documents/{document_id}", status_code=204)
async def delete(store: Store, document_id: str, erase: bool = False) -> Response:
    store.document(document_id)
    row = store.documents.pop(document_id)
    if not erase:
        store.bin_document(row)
    return Response(status_code=204)


@router.post("/v1/documents/{document_id}/retry", status_code=202)
async def retry(store: Store, document_id: str) -> dict[str, Any]:
    row = store.documents[document_id]
    row["_attempts"], row["_since"] = row["_attempts"] + 1, time.monotonic()
    return job_of(store, row)


@router.get("/v1/documents/{document_id}/chunks")
async def chunks(
    store: Store, document_id: str, cursor: str | None = None, limit: int = 50
) -> dict[str, Any]:
    return page(chunks_of(store.documents[document_id]), cursor, limit)


@router.patch("/v1/documents/{document_id}/chunks/{chunk_id}")
async def patch_chunk(store: Store, document_id: str, chunk_id: int, request: Request) -> dict[str, Any]:
    row, number = store.documents[document_id], chunk_id % 1000
    off = row.setdefault("_off", set())
    (off.discard if (await request.json())["enabled"] else off.add)(number)
    return chunks_of(row)[number]


@router.get("/v1/documents/{document_id}/content")
async def content(store: Store, document_id: str, request: Request) -> Any:
    store.document(document_id)
    row = store.documents[document_id]
    text = row["_text"]
    if request.query_params.get("format") == "original":
        return Response(text.encode(), media_type="application/octet-stream")
    pages = [
        {"number": 1 + i, "start": 2000 * i, "end": min(len(text), 2000 * (i + 1))}
        for i in range(row["pages"])
    ]
    blocks = [{"kind": "heading" if m[0].startswith("#") else "paragraph", "start": m.start(), "end": m.end(),
               "level": 1, "page": 1} for m in re.finditer(r"[^\n]+", text)]  # fmt: skip
    return {
        "document_id": document_id,
        "title": row["title"],
        "text": text,
        "pages": pages,
        "blocks": blocks,
    }


@router.post("/v1/search")
async def search(store: Store, request: Request) -> dict[str, Any]:
    body = await request.json()
    found = find(store.searchable(body["collections"]), body["query"])
    hits = []
    if found:
        row, start, end = found
        chunk = next(c for c in chunks_of(row) if c["start"] <= start < c["end"])
        hits = [{"rank": 1, "score": 0.9, "scores": {"dense": 0.81, "lexical": 7.5, "fused": 0.03, "rerank": 0.9},
                 "chunk_id": chunk["id"], "document": ref(row), "page": 1, "heading_path": ["A"],
                 "start": chunk["start"],
                 "end": chunk["end"], "text": chunk["text"], "kept": [{"start": start, "end": end}]}]  # fmt: skip
    return {"query": body["query"], "hits": hits, "stages": {}, "tokens_before": 120, "tokens_after": 30,
            "timings_ms": {"embed": 7.0, "retrieve": 3.0, "rerank": 80.0, "compress": 4.0,
            "total": 94.0}}  # fmt: skip


@router.post("/v1/answers")
async def ask(store: Store, request: Request) -> Any:
    body = await request.json()
    if len(body["question"]) > 4000:
        raise ProblemError(
            422,
            "question_too_long",
            "The question is too long",
            "4000 characters at most.",
            "Shorten it.",
        )
    store.asked.append(body)
    store.histories.append(body.get("history") or [])
    answer, events = build_answer(store.new_id("ans"), body, store.searchable(body["collections"]))
    store.answers[answer["id"]], store.events[answer["id"]] = answer, events
    return StreamingResponse(stream(store, answer["id"], 0), media_type="text/event-stream")


@router.get("/v1/answers/{answer_id}")
async def stored(store: Store, answer_id: str) -> dict[str, Any]:
    if answer_id not in store.answers:
        raise ProblemError(404, "not_found", "No such answer", answer_id)
    return store.answers[answer_id]


@router.get("/v1/answers/{answer_id}/provenance")
async def provenance(store: Store, answer_id: str) -> dict[str, Any]:
    """The spans as runs; what is written first looked at what was cited."""
    answer = await stored(store, answer_id)
    cited = answer["citations"][0] if answer["citations"] else None
    runs = []
    for span in answer["spans"]:
        copied = span["kind"] == "copied"
        place = {"chunk": 1, "document": cited["document"]["id"], "page": cited["page"], "start": cited["start"],
                 "end": cited["end"], "quote": cited["quote"], "weight": 1.0 if copied else 0.4}  # fmt: skip
        bounds = {key: span[key] for key in ("answer_start", "answer_end", "kind")}
        runs.append(bounds | {"ranges": [place], "weight_sum": place["weight"]})
    documents = [cited["document"]] if cited and cited["document"]["id"] in store.documents else []
    return {"id": answer_id, "status": answer["status"], "text": answer["text"], "note": None,
            "recorded": "tokens" if runs else "nothing", "tokens": [], "runs": runs,
            "documents": documents}  # fmt: skip


@router.get("/v1/answers/{answer_id}/events")
async def resume(store: Store, answer_id: str, request: Request) -> Any:
    after = int(request.headers.get("last-event-id", "0"))
    return StreamingResponse(stream(store, answer_id, after), media_type="text/event-stream")


@router.delete("/v1/answers/{answer_id}/stream", status_code=204)
async def stop(store: Store, answer_id: str) -> Response:
    store.answers[answer_id]["status"] = "cancelled"
    return Response(status_code=204)


@router.post("/v1/answers/{answer_id}/feedback")
async def feedback(store: Store, answer_id: str, request: Request) -> dict[str, Any]:
    body = await request.json()
    store.feedback.append({"answer": answer_id} | body)
    passages = [place | {"quote": "krill"} for place in body.get("passages", ())]
    return {
        "answer_id": answer_id, "question": "What does a whale eat?", "rating": body["rating"],
        "comment": body.get("comment"), "expected": body.get("expected", ""), "passages": passages,
        "updated_at": "2026-11-30T12:00:00Z",
    }  # fmt: skip


def create_fake_api(store: FakeStore) -> FastAPI:
    app = FastAPI()
    app.state.store = store
    app.include_router(router)
    app.include_router(fake_living.router)

    @app.exception_handler(ProblemError)
    async def problem(request: Request, error: ProblemError) -> JSONResponse:
        body = {"type": "about:blank", "title": error.title, "status": error.status, "detail": error.detail,
                "code": error.code, "hint": error.hint, "instance": request.url.path,
                "request_id": "req_1"}  # fmt: skip
        return JSONResponse(body, error.status, media_type="application/problem+json")

    @app.middleware("http")
    async def record(request: Request, call_next: Any) -> Any:
        store.calls.append((request.method, request.url.path, dict(request.headers)))
        return await call_next(request)

    return app
