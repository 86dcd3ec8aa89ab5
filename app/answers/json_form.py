"""The JSON form of answers, their events and their traces: in stored rows, in streams, and from the command line.

Keys keep the order of the fields. Rows that earlier programs stored lack keys and have others; both are read.
"""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter

from app.answers.types import (
    Answer,
    AnswerEvent,
    AnswerFailure,
    AnswerHead,
    Citation,
    Finished,
    GeneratedText,
    Replacement,
    TokenTrace,
    Trace,
    TracedRange,
    TracedSource,
)

_ANSWER = TypeAdapter(Answer)
_FAILURE = TypeAdapter(AnswerFailure)
NOT_STORED = frozenset({"feedback", "outdated", "renews", "renewed_by", "change"})
"""Fields of an answer that are looked up when it is read."""
_EVENT_NAMES: Mapping[type, str] = {
    AnswerHead: "meta",
    GeneratedText: "token",
    Citation: "citation",
    Replacement: "replace",
    Finished: "done",
}


def as_json(value: Any) -> Any:
    """A dataclass as a dictionary by field, with lists for tuples and RFC 3339 for moments, at every depth."""
    if is_dataclass(value):
        return {item.name: as_json(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {key: as_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_json(item) for item in value]
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value


def answer_as_json(answer: Answer) -> dict[str, Any]:
    """An answer as it is stored and sent: without the fields that have columns or tables of their own."""
    return {name: value for name, value in as_json(answer).items() if name not in NOT_STORED}


def answer_from_json(stored: Mapping[str, Any]) -> Answer:
    """An answer from its stored form, of this program or an earlier one.

    Raises:
        ValidationError: It is no answer.
    """
    return _ANSWER.validate_python(stored)


def failure_from_json(stored: Mapping[str, Any]) -> AnswerFailure:
    """Why an answer failed, from its stored form.

    Raises:
        ValidationError: It is no failure.
    """
    return _FAILURE.validate_python(stored)


def event_name(event: AnswerEvent) -> str:
    """Name of an event in the stream of an answer."""
    return _EVENT_NAMES[type(event)]


def event_data(event: AnswerEvent) -> dict[str, Any]:
    """JSON data of an event in the stream of an answer."""
    if isinstance(event, Finished):
        return {"answer": answer_as_json(event.answer)}
    data: dict[str, Any] = as_json(event)
    return data


def trace_as_json(trace: Trace) -> dict[str, Any]:
    """A trace in its stored form, which has thousands of rows and therefore no names.

    Returns:
        `sources` as `[chunk, document]`; `tokens` as `[characters, ink, action, [[source, start, end, weight], …]]`.
    """
    return {
        "sources": [[source.chunk, source.document] for source in trace.sources],
        "tokens": [
            [
                token.characters,
                token.ink,
                token.action,
                [[item.source, item.start, item.end, item.weight] for item in token.ranges],
            ]
            for token in trace.tokens
        ],
    }


def trace_from_json(stored: Mapping[str, Any]) -> Trace:
    """A trace from its stored form."""
    return Trace(
        sources=tuple(TracedSource(chunk=chunk, document=document) for chunk, document in stored["sources"]),
        tokens=tuple(
            TokenTrace(
                characters=characters,
                ink=ink,
                action=action,
                ranges=tuple(
                    TracedRange(source=source, start=start, end=end, weight=weight)
                    for source, start, end, weight in ranges
                ),
            )
            for characters, ink, action, ranges in stored["tokens"]
        ),
    )
