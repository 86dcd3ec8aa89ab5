"""Chat completions: the last message is answered from the collection that the model's name holds."""

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from app.answers.accept import Ask
from app.answers.json_form import answer_from_json
from app.answers.streams import AnswerStream
from app.answers.types import Answer
from app.api.access import any_key
from app.api.admitted import AdmittedRoute, admitted
from app.api.deps import RuntimeDep
from app.api.generation import HubDep, end_of, start
from app.api.openai.citations import fathom_part, url_annotations, usage_of
from app.api.openai.questions import collection_of, question_of
from app.api.openai.schemas import ChatRequest
from app.api.openai.text_deltas import TextDeltas
from app.api.openai.times import unix_time
from app.api.openai_errors import error_of_problem
from app.composition.runtime import Runtime

router = APIRouter(route_class=AdmittedRoute)


@router.post("/chat/completions", response_model=None)
@any_key("ask")
@admitted("answers")
async def create_chat_completion(
    body: ChatRequest, request: Request, runtime: RuntimeDep, hub: HubDep
) -> Response:
    """Answer the last message from a collection; earlier messages are the conversation that it leans on.

    System messages and the settings of sampling are ignored: an answer quotes documents. Citations are annotations
    of the message; `fathom` beside it is the answer as `/v1/answers` gives it.
    """
    body.check()
    question, history = question_of(body.messages)
    ask = Ask(
        collections=(collection_of(body.model),),
        question=question,
        history=history,
        temperature=body.temperature,
    )
    stream = await start(request, runtime, hub, ask)
    chat = _Chat(body, runtime, str(request.base_url), stream)
    if body.stream:
        headers = {"X-Answer-ID": stream.id, "Cache-Control": "no-store"}
        ping = max(1, round(runtime.settings.answers.ping_s))
        return EventSourceResponse(chat.chunks(), ping=ping, headers=headers)
    last = await end_of(stream, request)
    if last.event == "error":
        return error_of_problem(last.data["problem"])
    return JSONResponse(await run_in_threadpool(chat.completion, answer_from_json(last.data["answer"])))


class _Chat:
    """One request with its answer, whole or in chunks."""

    def __init__(self, body: ChatRequest, runtime: Runtime, base_url: str, stream: AnswerStream) -> None:
        self._body, self._runtime = body, runtime
        self._base_url, self._stream = base_url, stream

    def completion(self, answer: Answer) -> dict[str, Any]:
        """The reply to a client that waits for the whole."""
        message = {
            "role": "assistant",
            "content": answer.text,
            "refusal": None,
            "annotations": url_annotations(answer.citations, self._base_url),
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return self._named("chat.completion", answer.created_at, [choice]) | {
            "usage": self._usage(answer),
            "fathom": fathom_part(answer),
        }

    async def chunks(self) -> AsyncIterator[ServerSentEvent]:
        """The reply piece by piece: text as it is generated, then annotations, the answer and, if asked for, usage."""
        deltas, created_at = TextDeltas(), ""
        async for event in self._stream.follow(0):
            if event is None or event.event in {"queue", "citation"}:
                continue
            if event.event == "meta":
                created_at = event.data["created_at"]
                yield self._chunk(created_at, {"role": "assistant", "content": ""})
            elif event.event == "error":
                reply = error_of_problem(event.data["problem"])
                yield ServerSentEvent(bytes(reply.body).decode())
                return
            elif text := deltas.of(event):
                yield self._chunk(created_at, {"content": text})
            if event.event == "done":
                answer = answer_from_json(event.data["answer"])
                notes = url_annotations(answer.citations, self._base_url)
                end = self._chunk_body(created_at, {"annotations": notes} if notes else {}, "stop")
                yield _event(end | {"fathom": fathom_part(answer)})
                if self._body.stream_options and self._body.stream_options.include_usage:
                    usage = await run_in_threadpool(self._usage, answer)
                    yield _event(self._named("chat.completion.chunk", created_at, []) | {"usage": usage})
        yield ServerSentEvent("[DONE]")

    def _usage(self, answer: Answer) -> dict[str, int]:
        return usage_of(answer, self._runtime.count_tokens)

    def _chunk(self, created_at: str, delta: dict[str, Any]) -> ServerSentEvent:
        return _event(self._chunk_body(created_at, delta, None))

    def _chunk_body(self, created_at: str, delta: dict[str, Any], end: str | None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": end}
        return self._named("chat.completion.chunk", created_at, [choice])

    def _named(self, kind: str, created_at: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": f"chatcmpl-{self._stream.id}",
            "object": kind,
            "created": unix_time(created_at),
            "model": self._body.model,
            "choices": choices,
        }


def _event(data: dict[str, Any]) -> ServerSentEvent:
    return ServerSentEvent(json.dumps(data, ensure_ascii=False))
