"""Answers generated for requests: begun in a thread of the stream hub, followed, awaited to their end."""

import asyncio
import contextvars
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from app.admission import WorkQueue
from app.answers import run
from app.answers.accept import Ask, Pending
from app.answers.json_form import event_data, event_name
from app.answers.streams import AnswerStream, StopReason, StreamConfig, StreamEvent, StreamHub
from app.answers.types import Answer, AnswerEvent
from app.api.access import watch
from app.api.admitted import ClientLeftError, turn_of, while_there
from app.api.deps import actor_of
from app.api.metering import is_about
from app.api.problems import problem
from app.composition.runtime import Runtime
from app.errors import describe
from app.identity.rights import Standing
from app.metrics import Metrics
from app.settings.schema import Settings

logger = logging.getLogger(__name__)

Work = Callable[[AnswerStream], None]


def make_hub(queue: WorkQueue, settings: Settings) -> StreamHub:
    """The hub that answers are generated in; closed when the program ends."""
    return StreamHub(queue, StreamConfig(grace_s=settings.answers.stream_grace_s))


async def _hub(request: Request) -> StreamHub:
    return cast("StreamHub", request.app.state.streams)


HubDep = Annotated[StreamHub, Depends(_hub)]
"""The hub of the process."""


async def start(request: Request, runtime: Runtime, hub: StreamHub, ask: Ask) -> AnswerStream:
    """Accept a question and begin its answer in the turn that the request holds.

    Args:
        request: Of an endpoint that is admitted to the queue of answers.
        runtime: The runtime.
        hub: Generates the answer.
        ask: The question.

    Raises:
        InvalidInputError: The question, or one of the history, is empty or too long.
        CollectionNotFoundError: A collection does not exist.
    """
    turn = turn_of(request)
    try:
        asked = replace(ask, actor=actor_of(request))
        pending = await run_in_threadpool(run.begin, runtime, asked)
        # the request's id goes along, so that records logged in the thread carry it
        context, instance = contextvars.copy_context(), request.url.path
        standing = watch(request, runtime, pending.scope.ids)
        is_about(request, pending.scope.ids)
        asked_for = _Asked(
            pending=pending, instance=instance, standing=standing, metrics=request.app.state.metrics
        )
        work: Work = lambda stream: context.run(_work, runtime, asked_for, stream)  # noqa: E731
        return hub.start(pending.id, work, turn)
    except BaseException:
        turn.end()
        raise


async def end_of(stream: AnswerStream, request: Request) -> StreamEvent:
    """Wait for the last event of a stream; the answer of a client that disconnects is stopped.

    Returns:
        The event `done` or `error`.

    Raises:
        ClientLeftError: It went away.
        asyncio.CancelledError: The request was ended from outside.
        RuntimeError: The stream has no end.
    """

    async def end() -> StreamEvent | None:
        last: StreamEvent | None = None
        async for event in stream.follow(0):
            last = event or last
        return last

    try:
        last = await while_there(request, asyncio.ensure_future(end()))
    except (ClientLeftError, asyncio.CancelledError):
        stream.stop("client_gone")  # no grace: whoever waits for the whole has seen no id to come back with
        raise
    if last is None or last.event not in {"done", "error"}:
        raise RuntimeError(f"answer {stream.id} has no end")
    return last


def events_so_far(stream: AnswerStream) -> list[dict[str, Any]]:
    """The events so far with their numbers, to be stored; places in the queue mean nothing later."""
    return [
        {"id": item.id, "event": item.event, "data": item.data}
        for item in stream.events
        if item.event != "queue"
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """An accepted question, with the path, rights and metrics of its request."""

    pending: Pending
    instance: str
    standing: Standing
    metrics: Metrics


def _work(runtime: Runtime, asked: _Asked, stream: AnswerStream) -> None:
    """Generate the answer into its stream; runs in a thread of the hub."""

    def emit(event: AnswerEvent) -> None:
        stream.publish(event_name(event), event_data(event))

    def stop_reason() -> StopReason | None:
        asked.standing.check()
        return stream.stop_reason

    try:
        outcome = run.complete(runtime, asked.pending, emit, stop_reason, lambda: events_so_far(stream))
        _count(asked.metrics, outcome.answer)
    except Exception as error:
        failure = describe(error)
        if failure.status >= 500:
            logger.exception("answer failed", extra={"answer": asked.pending.id})
        asked.metrics.answer("failed", failure.code, {}, {})
        stream.publish("error", {"problem": problem(failure, asked.instance).model_dump(exclude_none=True)})


def _count(metrics: Metrics, answer: Answer) -> None:
    outcome = answer.status if answer.status != "done" else "answered" if answer.answerable else "refused"
    tokens = {
        "found": answer.usage.context_tokens,
        "read": answer.usage.compressed_tokens,
        "written": answer.usage.generated_tokens,
    }
    metrics.answer(outcome, answer.reason or "", answer.timings_ms, tokens)
