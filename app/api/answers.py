"""Routes of answers: ask, follow the stream, stop it, read, rate and delete stored answers.

An answer is generated in a thread of the stream hub, whether its client wants a stream or waits for the whole:
stopping, leaving and overload are therefore the same for both.
"""

import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import AwareDatetime
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from app.answers import feedback, stored
from app.answers.accept import Ask
from app.answers.again import ask_of
from app.answers.feedback import Place
from app.answers.json_form import answer_from_json
from app.answers.stored import Wanted
from app.answers.streams import AnswerStream, StreamHub
from app.api.access import any_key, on_answer
from app.api.admitted import AdmittedRoute, admitted
from app.api.deps import Cursor, Limit, RuntimeDep
from app.api.feedback import feedback_out
from app.api.generation import HubDep, end_of, events_so_far, start
from app.api.problems import MEDIA_TYPE, PROBLEM_RESPONSES
from app.api.wire import answer_out, provenance_out, ranking_choice, turns
from app.errors import InvalidInputError
from app.schemas.answers import AgainIn, AnswerOut, AnswerRequest, DeletedOut
from app.schemas.feedback import FeedbackIn, GivenFeedbackOut
from app.schemas.paging import Page
from app.schemas.provenance import ProvenanceOut
from app.settings.schema import Settings

EVENT_STREAM = "text/event-stream"

router = APIRouter(
    prefix="/answers", tags=["answers"], responses=PROBLEM_RESPONSES, route_class=AdmittedRoute
)


AnswerId = Annotated[
    str, Path(max_length=64, description="Id of an answer.", examples=["ans_4k7tq2hn3vcv5w6d7g2m5a3x2e"])
]
STREAM_EXAMPLE = """id: 2
event: token
data: {"text": "The server listens on port 8000 by default.", "kind": "copied"}
"""
STREAM_DOC: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer. As a stream: `queue` while it waits (`ahead`: how many come before it, "
        "`wait_s`: seconds until its turn, by the present pace), `meta`, `token`, `citation`, `replace`, then "
        "`done` with the answer or `error` with a problem; a comment as ping.",
        "content": {EVENT_STREAM: {"example": STREAM_EXAMPLE}},
    }
}


@router.post("", response_model=AnswerOut, responses=STREAM_DOC)
@any_key("ask")
@admitted("answers")
async def create_answer(body: AnswerRequest, request: Request, runtime: RuntimeDep, hub: HubDep) -> Response:
    """Answer a question from the documents of some collections, or say that they don't answer it."""
    ask = Ask(
        collections=tuple(body.collections),
        question=body.question,
        history=turns(body.history),
        k=body.k,
        temperature=body.temperature,
        choice=ranking_choice(body),
        weights=body.weights,
        wanted=body.filter,
        conversation=body.conversation,
    )
    stream = await start(request, runtime, hub, ask)
    if body.stream or EVENT_STREAM in request.headers.get("accept", ""):
        return _as_events(stream, 0, runtime.settings)
    return await _whole(stream, request)


@router.get("")
@any_key("read")
def list_answers(
    runtime: RuntimeDep,
    hub: HubDep,
    outdated: Annotated[
        bool | None,
        Query(description="Only outdated answers that nothing renews yet; or, if false, all others."),
    ] = None,
    collection: Annotated[
        str | None, Query(max_length=300, description="Only answers from this collection, by id or name.")
    ] = None,
    conversation: Annotated[
        str | None, Query(max_length=64, description="Only answers of this conversation.")
    ] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[AnswerOut]:
    """Your stored answers, newest first."""
    wanted = Wanted(outdated=outdated, collection=collection, conversation=conversation)
    found = stored.page(runtime.db, wanted, cursor, limit, partial(_in_work, hub))
    return Page(
        items=[answer_out(answer) for answer in found.items],
        next_cursor=found.next_cursor,
        has_more=found.next_cursor is not None,
    )


@router.post("/{answer_id}/again", response_model=AnswerOut, responses=STREAM_DOC)
@on_answer("ask")
@admitted("answers")
async def ask_again(
    answer_id: AnswerId, body: AgainIn, request: Request, runtime: RuntimeDep, hub: HubDep
) -> Response:
    """Ask the question of an answer again; both answers stay stored, and the new one says whether it differs."""
    ask = await run_in_threadpool(ask_of, runtime.db, answer_id)
    stream = await start(request, runtime, hub, ask)
    if body.stream or EVENT_STREAM in request.headers.get("accept", ""):
        return _as_events(stream, 0, runtime.settings)
    reply = await _whole(stream, request)
    if reply.status_code != 200:
        return reply
    told = await run_in_threadpool(stored.get, runtime.db, stream.id, in_work=False)
    return JSONResponse(answer_out(told).model_dump(mode="json"))


@router.get("/{answer_id}")
@on_answer("read")
def get_answer(answer_id: AnswerId, runtime: RuntimeDep, hub: HubDep) -> AnswerOut:
    """A stored answer, with the citations that its stream carried."""
    in_work = _in_work(hub, answer_id)
    return answer_out(stored.get(runtime.db, answer_id, in_work=in_work))


@router.get("/{answer_id}/provenance")
@on_answer("read")
def get_provenance(answer_id: AnswerId, runtime: RuntimeDep, hub: HubDep) -> ProvenanceOut:
    """Source of each token of an answer: the exact range of a copied token, the attention of a written token."""
    in_work = _in_work(hub, answer_id)
    return provenance_out(stored.provenance(runtime, answer_id, in_work=in_work))


@router.get("/{answer_id}/events", response_class=Response, responses=STREAM_DOC)
@on_answer("read")
async def follow_answer(
    answer_id: AnswerId,
    runtime: RuntimeDep,
    hub: HubDep,
    last_event_id: Annotated[str | None, Header(description="Id of the last event seen.")] = None,
) -> EventSourceResponse:
    """The stream of an answer from its beginning, or after the last event that the client has seen."""
    after = _event_number(last_event_id)
    stream = hub.get(answer_id)
    if stream is not None and not stream.finished:
        return _as_events(stream, after, runtime.settings)
    # A finished stream is read from the database, where the text of deleted documents is erased.
    events = await run_in_threadpool(stored.events, runtime.db, answer_id)
    if stream is not None and stream.events and stream.events[-1].event == "error":
        events = [event for event in events_so_far(stream) if event["event"] in {"meta", "error"}]
    return EventSourceResponse(_replay([event for event in events if event["id"] > after]))


@router.delete("/{answer_id}/stream", status_code=204)
@on_answer("ask")
def stop_answer(answer_id: AnswerId, runtime: RuntimeDep, hub: HubDep) -> None:
    """Stop an answer at once; a finished answer stays as it is."""
    if not hub.stop(answer_id):
        stored.get(runtime.db, answer_id, in_work=False)  # raises where there is no such answer


@router.delete("/{answer_id}", status_code=204)
@on_answer("ask")
def delete_answer(answer_id: AnswerId, runtime: RuntimeDep, hub: HubDep) -> None:
    """Delete an answer with its question; a running answer is stopped first."""
    hub.stop(answer_id)
    stored.delete(runtime, answer_id)


@router.delete("")
@any_key("ask")
def delete_answers(
    runtime: RuntimeDep,
    conversation: Annotated[
        str | None,
        Query(max_length=64, description="Only answers of this conversation.", examples=["support-17"]),
    ] = None,
    before: Annotated[
        AwareDatetime | None, Query(description="Only answers to questions asked before this moment.")
    ] = None,
) -> DeletedOut:
    """Delete the answers of a conversation, or all that are older than a moment, or both in one."""
    return DeletedOut(deleted=stored.delete_some(runtime, conversation=conversation, before=before))


@router.post("/{answer_id}/feedback")
@on_answer("ask")
def rate_answer(answer_id: AnswerId, body: FeedbackIn, runtime: RuntimeDep) -> GivenFeedbackOut:
    """Rate an answer as good (1) or bad (-1), with the right answer and its passages; the last rating counts."""
    places = [Place(document_id=one.document_id, start=one.start, end=one.end) for one in body.passages]
    given = feedback.give(runtime.db, answer_id, body.rating, body.comment, body.expected, places)
    return feedback_out(given)


async def _whole(stream: AnswerStream, request: Request) -> JSONResponse:
    """The answer of a stream once it is there, or the problem that it ended with."""
    last = await end_of(stream, request)
    if last.event == "error":
        details = last.data["problem"]
        return JSONResponse(details, details["status"], media_type=MEDIA_TYPE)
    return JSONResponse(answer_out(answer_from_json(last.data["answer"])).model_dump(mode="json"))


def _in_work(hub: StreamHub, answer_id: str) -> bool:
    stream = hub.get(answer_id)
    return stream is not None and not stream.finished


def _as_events(stream: AnswerStream, after: int, settings: Settings) -> EventSourceResponse:
    ping = max(1, round(settings.answers.ping_s))
    headers = {"X-Answer-ID": stream.id, "Cache-Control": "no-store"}
    return EventSourceResponse(_live(stream, after), ping=ping, headers=headers)


async def _live(stream: AnswerStream, after: int) -> AsyncIterator[ServerSentEvent]:
    async for event in stream.follow(after):
        if event is not None:  # pings are the response's own
            yield _sse(event.id, event.event, event.data)


async def _replay(events: list[dict[str, Any]]) -> AsyncIterator[ServerSentEvent]:
    for event in events:
        yield _sse(event["id"], event["event"], event["data"])


def _sse(number: int, event: str, data: dict[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(json.dumps(data, ensure_ascii=False), event=event, id=str(number))


def _event_number(last_event_id: str | None) -> int:
    """Number in a `Last-Event-ID`.

    Raises:
        InvalidInputError: It is not an event's id.
    """
    if not last_event_id:
        return 0
    if not last_event_id.isascii() or not last_event_id.isdecimal() or len(last_event_id) > 9:
        raise InvalidInputError(
            "bad_last_event_id",
            f"{last_event_id[:40]!r} is not the id of an event.",
            "Send the id of the last event you saw, or leave the header away.",
        )
    return int(last_event_id)
