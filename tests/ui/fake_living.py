"""Outdated answers in the fake interface: a test marks them, and a review is done as soon as it begins."""

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from tests.ui.fake_answers import build_answer

router = APIRouter()


@router.get("/v1/answers/{answer_id}/certificate")
async def certificate(answer_id: str, request: Request) -> Response:
    if request.app.state.store.answers[answer_id].get("outdated"):
        problem = {"type": "about:blank", "title": "Conflict", "status": 409, "code": "certificate_sources_gone",
                   "detail": "A source of this answer is not there any more.", "hint": "Ask again.",
                   "instance": "/", "request_id": "req_1"}  # fmt: skip
        return JSONResponse(problem, 409, media_type="application/problem+json")
    return Response(b'{"format":"fathom-certificate"}\n', media_type="application/json")


@router.get("/v1/collections/{collection_id}/answers")
async def counts(collection_id: str, request: Request) -> dict[str, int]:
    store = request.app.state.store
    found = [a for a in store.answers.values() if collection_id in a.get("collections", [])]
    marked = [a for a in found if a.get("outdated") and not a.get("renewed_by")]
    return {"answers": len(found), "outdated": len(marked)}


@router.post("/v1/answers/{answer_id}/again")
async def again(answer_id: str, request: Request) -> StreamingResponse:
    store = request.app.state.store
    old = store.answers[answer_id]
    asked = {"question": old["question"], "collections": old["collections"]}
    new, events = build_answer(store.new_id("ans"), asked, store.searchable(old["collections"]))
    new |= {"renews": answer_id, "change": "same" if new["text"] == old["text"] else "changed"}
    old["renewed_by"] = new["id"]
    store.answers[new["id"]], store.events[new["id"]] = new, events
    lines = "".join(
        f"id: {number}\nevent: {name}\ndata: {json.dumps(data)}\n\n"
        for number, (name, data) in enumerate(events, start=1)
    )
    return StreamingResponse(iter([lines]), media_type="text/event-stream")


@router.post("/v1/collections/{collection_id}/reviews", status_code=202)
async def start(collection_id: str, request: Request) -> dict[str, Any]:
    store = request.app.state.store
    pairs = []
    for answer in [a for a in store.answers.values() if a.get("outdated") and not a.get("renewed_by")]:
        new = answer | {
            "id": store.new_id("ans"), "text": "Everything is new.", "outdated": None, "renews": answer["id"],
            "change": "changed",
        }  # fmt: skip
        store.answers[new["id"]], answer["renewed_by"] = new, new["id"]
        pairs.append({"before": answer, "after": new})
    review = {
        "id": store.new_id("rev"), "collection_id": collection_id, "state": "done", "total": len(pairs),
        "done": len(pairs), "changed": len(pairs), "same": 0, "failed": 0,
        "created_at": "2026-01-01T00:00:00Z", "finished_at": "2026-01-01T00:00:01Z",
    }  # fmt: skip
    store.reviews[review["id"]] = (review, pairs)
    return review


@router.get("/v1/collections/{collection_id}/reviews")
async def reviews(collection_id: str, request: Request) -> dict[str, Any]:
    found = [
        one for one, _ in request.app.state.store.reviews.values() if one["collection_id"] == collection_id
    ]
    return {"items": found[::-1][:1], "next_cursor": None, "has_more": False}


@router.get("/v1/reviews/{review_id}")
async def review(review_id: str, request: Request) -> dict[str, Any]:
    found: dict[str, Any] = request.app.state.store.reviews[review_id][0]
    return found


@router.get("/v1/reviews/{review_id}/changes")
async def changes(review_id: str, request: Request) -> dict[str, Any]:
    return {"items": request.app.state.store.reviews[review_id][1], "next_cursor": None, "has_more": False}


@router.delete("/v1/reviews/{review_id}", status_code=204)
async def cancel(review_id: str, request: Request) -> Response:
    request.app.state.store.reviews[review_id][0]["state"] = "cancelled"
    return Response(status_code=204)
