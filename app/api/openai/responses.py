"""Responses: a question is answered from collections, whole or as a stream of events in OpenAI's order."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool

from app.answers import stored
from app.answers.accept import Ask
from app.answers.json_form import answer_from_json
from app.answers.types import Answer
from app.api.access import any_key
from app.api.admitted import AdmittedRoute, admitted
from app.api.deps import RuntimeDep
from app.api.generation import HubDep, end_of, start
from app.api.openai.attribute_filters import document_filter
from app.api.openai.response_body import ResponseRequest
from app.api.openai.response_events import ResponseEvents
from app.api.openai.response_parts import answer_id_of, response_of
from app.api.openai_errors import error_of_problem
from app.composition.runtime import Runtime
from retrieval.follow_up import Turn

router = APIRouter(route_class=AdmittedRoute)

ResponseId = Annotated[str, Path(max_length=80, description="Id of a response.")]


@router.post("/responses", response_model=None)
@any_key("ask")
@admitted("answers")
async def create_response(
    body: ResponseRequest, request: Request, runtime: RuntimeDep, hub: HubDep
) -> Response:
    """Answer a question from collections; `previous_response_id` makes it a follow-up.

    Citations are annotations of type `file_citation`, each with the ranges in `fathom`.
    """
    body.check()
    collections = body.collections()
    question, history = body.question()
    if body.previous_response_id is not None:
        before = await run_in_threadpool(
            stored.get, runtime.db, answer_id_of(body.previous_response_id), in_work=False
        )
        history = (*history, _turn(before))
    ask = Ask(
        collections=collections,
        question=question,
        history=history,
        k=body.tool.max_num_results if body.tool else None,
        temperature=body.temperature,
        wanted=document_filter(body.tool.filters) if body.tool else None,
    )
    stream = await start(request, runtime, hub, ask)

    def made(answer: Answer) -> dict[str, Any]:
        whole = response_of(answer, body, runtime)
        if body.store is False:
            stored.delete(runtime, answer.id)
        return whole

    if body.stream:
        events = ResponseEvents(stream, body, made)
        ping = max(1, round(runtime.settings.answers.ping_s))
        headers = {"X-Answer-ID": stream.id, "Cache-Control": "no-store"}
        return EventSourceResponse(events.follow(), ping=ping, headers=headers)
    last = await end_of(stream, request)
    if last.event == "error":
        return error_of_problem(last.data["problem"])
    return JSONResponse(await run_in_threadpool(made, answer_from_json(last.data["answer"])))


@router.get("/responses/{response_id}")
@any_key("read")
def get_response(response_id: ResponseId, runtime: RuntimeDep, hub: HubDep) -> dict[str, Any]:
    """A stored response."""
    return response_of(_stored(runtime, hub, response_id), None, runtime)


@router.delete("/responses/{response_id}")
@any_key("ask")
def delete_response(response_id: ResponseId, runtime: RuntimeDep, hub: HubDep) -> dict[str, Any]:
    """Delete a response with its question; a running one is stopped first."""
    answer_id = _stored(runtime, hub, response_id).id  # raises before a foreign one is stopped
    hub.stop(answer_id)
    stored.delete(runtime, answer_id)
    return {"id": response_id, "object": "response", "deleted": True}


def _stored(runtime: Runtime, hub: HubDep, response_id: str) -> Answer:
    answer_id = answer_id_of(response_id)
    stream = hub.get(answer_id)
    return stored.get(runtime.db, answer_id, in_work=stream is not None and not stream.finished)


def _turn(answer: Answer) -> Turn:
    return Turn(
        question=answer.standalone_question or answer.question,
        answer=answer.text if answer.answerable else "",
    )
