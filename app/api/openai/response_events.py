"""The stream of a response: events in OpenAI's order, made of the events of an answer."""

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from sse_starlette import ServerSentEvent
from starlette.concurrency import run_in_threadpool

from app.answers.json_form import answer_from_json
from app.answers.streams import AnswerStream, StreamEvent
from app.answers.types import Answer
from app.api.openai.response_body import ResponseRequest
from app.api.openai.response_parts import call_id, frame, message_id, text_part
from app.api.openai.text_deltas import TextDeltas

Parts = list[tuple[str, dict[str, Any]]]


class ResponseEvents:
    """Events of one response, numbered from 0.

    Order: created, in_progress; the call of the tool, from added to done; the message: added, its part added, text
    deltas, text done, annotations, part done, done; completed, or failed.
    """

    def __init__(
        self, stream: AnswerStream, body: ResponseRequest, made: Callable[[Answer], dict[str, Any]]
    ) -> None:
        """Tell `stream`, the answer to `body`; `made` gives the whole response at the end."""
        self._stream, self._body, self._made = stream, body, made
        self._number = 0
        self._frame: dict[str, Any] = {}
        self._call: dict[str, Any] = {}
        self._deltas, self._text = TextDeltas(), ""
        self._at = 1 if body.tool else 0

    async def follow(self) -> AsyncIterator[ServerSentEvent]:
        """The events."""
        async for event in self._stream.follow(0):
            if event is None or event.event in {"queue", "citation"}:
                continue
            if event.event == "done":
                answer = answer_from_json(event.data["answer"])
                whole = await run_in_threadpool(self._made, answer)
                told = [*self._delta(event), *self._end(whole)]
            else:
                told = self._told(event)
            for name, data in told:
                yield self._event(name, data)

    def _told(self, event: StreamEvent) -> Parts:
        if event.event == "meta":
            return self._begin(event.data)
        if event.event == "error":
            problem = event.data["problem"]
            said = f"{problem['detail']} {problem.get('hint', '')}".strip()
            if not self._frame:
                return [("error", {"code": problem["code"], "message": said, "param": None})]
            error = {"code": "server_error", "message": said}
            return [("response.failed", {"response": self._frame | {"status": "failed", "error": error}})]
        return self._delta(event)

    def _begin(self, head: dict[str, Any]) -> Parts:
        self._frame = frame(self._stream.id, head["created_at"], self._body)
        told: Parts = [("response.created", {"response": self._frame})]
        told.append(("response.in_progress", {"response": self._frame}))
        if self._body.tool:
            key = call_id(self._stream.id)
            queries = [head.get("standalone_question") or head["question"]]
            self._call = {"id": key, "type": "file_search_call", "queries": queries, "status": "completed"}
            place = {"item_id": key, "output_index": 0}
            told += [
                (
                    "response.output_item.added",
                    {"output_index": 0, "item": self._call | {"status": "in_progress"}},
                ),
                ("response.file_search_call.in_progress", place),
                ("response.file_search_call.searching", place),
            ]
        return told

    def _delta(self, event: StreamEvent) -> Parts:
        delta = self._deltas.of(event)
        if not delta:
            return []
        told = [] if self._text else self._open()
        self._text += delta
        return [*told, ("response.output_text.delta", self._place() | {"delta": delta, "logprobs": []})]

    def _open(self) -> Parts:
        """The search is over and the message begins."""
        told: Parts = []
        if self._body.tool:
            place = {"item_id": call_id(self._stream.id), "output_index": 0}
            told.append(("response.file_search_call.completed", place))
            told.append(("response.output_item.done", {"output_index": 0, "item": self._call}))
        item = {
            "id": message_id(self._stream.id),
            "type": "message",
            "role": "assistant",
            "status": "in_progress",
            "content": [],
        }
        told.append(("response.output_item.added", {"output_index": self._at, "item": item}))
        told.append(("response.content_part.added", self._place() | {"part": text_part("", [])}))
        return told

    def _end(self, whole: dict[str, Any]) -> Parts:
        item = whole["output"][-1]
        (part,) = item["content"]
        told = [] if self._text else self._open()
        told.append(("response.output_text.done", self._place() | {"text": part["text"], "logprobs": []}))
        for number, note in enumerate(part["annotations"]):
            data = self._place() | {"annotation_index": number, "annotation": note}
            told.append(("response.output_text.annotation.added", data))
        told.append(("response.content_part.done", self._place() | {"part": part}))
        told.append(("response.output_item.done", {"output_index": self._at, "item": item}))
        end = "response.completed" if whole["status"] == "completed" else "response.incomplete"
        told.append((end, {"response": whole}))
        return told

    def _place(self) -> dict[str, Any]:
        return {"item_id": message_id(self._stream.id), "output_index": self._at, "content_index": 0}

    def _event(self, name: str, data: dict[str, Any]) -> ServerSentEvent:
        body = {"type": name, "sequence_number": self._number} | data
        self._number += 1
        return ServerSentEvent(json.dumps(body, ensure_ascii=False), event=name)
