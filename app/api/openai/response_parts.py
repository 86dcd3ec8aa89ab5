"""A response out of an answer: the call of the tool, the message, its annotations."""

from collections.abc import Mapping
from typing import Any

from app.answers.types import Answer, Citation
from app.api.openai.citations import fathom_part, usage_of
from app.api.openai.response_body import ANY_MODEL, FILE_SEARCH, RESULTS, FileSearch, ResponseRequest
from app.api.openai.times import unix_time
from app.composition.runtime import Runtime
from app.errors import AnswerNotFoundError

_ANSWER, _RESPONSE = "ans_", "resp_"
STATUS = {"done": "completed", "failed": "failed", "cancelled": "incomplete", "running": "in_progress"}


def response_id_of(answer_id: str) -> str:
    """Id of the response that an answer is."""
    return _RESPONSE + answer_id.removeprefix(_ANSWER)


def answer_id_of(response_id: str) -> str:
    """Id of the answer that a response is.

    Raises:
        AnswerNotFoundError: It is not the id of a response.
    """
    if not response_id.startswith(_RESPONSE):
        raise AnswerNotFoundError(response_id)
    return _ANSWER + response_id.removeprefix(_RESPONSE)


def response_of(answer: Answer, body: ResponseRequest | None, runtime: Runtime) -> dict[str, Any]:
    """A whole response; `body` is the request, where it is still known."""
    call = [search_call(answer, body)] if body is None or body.tool else []
    usage = usage_of(answer, runtime.count_tokens)
    error = None
    if answer.error is not None:
        error = {"code": "server_error", "message": f"{answer.error.message} {answer.error.hint}"}
    return frame(answer.id, answer.created_at, body) | {
        "status": STATUS[answer.status],
        "error": error,
        "output": [*call, message(answer)] if answer.status in {"done", "cancelled"} else [],
        "usage": {
            "input_tokens": usage["prompt_tokens"],
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": usage["completion_tokens"],
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": usage["total_tokens"],
        },
        "fathom": fathom_part(answer),
    }


def frame(answer_id: str, created_at: str, body: ResponseRequest | None) -> dict[str, Any]:
    """A response that has no output yet."""
    tools = [_tool(body.tool)] if body is not None and body.tool else []
    return {
        "id": response_id_of(answer_id),
        "object": "response",
        "created_at": unix_time(created_at),
        "status": "in_progress",
        "error": None,
        "incomplete_details": None,
        "instructions": body.instructions if body else None,
        "max_output_tokens": None,
        "metadata": (body.metadata if body else None) or {},
        "model": body.model if body else ANY_MODEL,
        "output": [],
        "parallel_tool_calls": False,
        "previous_response_id": body.previous_response_id if body else None,
        "store": body is None or body.store is not False,
        "temperature": body.temperature if body else None,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": tools,
        "top_p": None,
        "truncation": "disabled",
        "usage": None,
    }


def message_id(answer_id: str) -> str:
    """Id of the message of a response."""
    return "msg_" + answer_id.removeprefix(_ANSWER)


def message(answer: Answer) -> dict[str, Any]:
    """The message, with its citations."""
    return {
        "id": message_id(answer.id),
        "type": "message",
        "role": "assistant",
        "status": "completed",
        "content": [text_part(answer.text, [file_citation(item) for item in answer.citations])],
    }


def text_part(text: str, annotations: list[dict[str, Any]]) -> dict[str, Any]:
    """The one part of the message's content."""
    return {"type": "output_text", "text": text, "annotations": annotations, "logprobs": []}


def file_citation(item: Citation) -> dict[str, Any]:
    """A citation; `index` is where its stretch of the text ends, `fathom` has the ranges."""
    return {
        "type": "file_citation",
        "file_id": item.document.id,
        "filename": item.document.name,
        "index": item.answer_end,
        "fathom": {
            "answer_start": item.answer_start,
            "answer_end": item.answer_end,
            "start": item.start,
            "end": item.end,
            "page": item.page,
            "quote": item.quote,
        },
    }


def call_id(answer_id: str) -> str:
    """Id of the call of the tool in a response."""
    return "fs_" + answer_id.removeprefix(_ANSWER)


def search_call(answer: Answer, body: ResponseRequest | None) -> dict[str, Any]:
    """The call of the tool; its results, where they are asked for, are the sources of the answer."""
    results = [_result(item) for item in (*answer.citations, *answer.also, *answer.nearest)]
    return {
        "id": call_id(answer.id),
        "type": "file_search_call",
        "status": "completed",
        "queries": [answer.standalone_question or answer.question],
        "results": results if body is not None and RESULTS in (body.include or ()) else None,
    }


def _result(item: Any) -> Mapping[str, Any]:
    return {
        "file_id": item.document.id,
        "filename": item.document.name,
        "score": item.score,
        "text": item.quote,
        "attributes": {},
        "fathom": {"start": item.start, "end": item.end, "page": item.page},
    }


def _tool(tool: FileSearch) -> dict[str, Any]:
    return {
        "type": FILE_SEARCH,
        "vector_store_ids": tool.vector_store_ids or [],
        "max_num_results": tool.max_num_results,
        "filters": None,
    }
