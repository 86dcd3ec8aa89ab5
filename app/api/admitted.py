"""Routes whose work is bounded: a place in the queue of its kind comes before bodies are checked and keys claimed.

Who gets none is told so at once, from memory alone. Who has one and goes away gives it back: work that waits never
begins, and work in progress ends at its next step.
"""

import asyncio
import contextvars
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar, cast

from fastapi import Request, Response
from starlette.requests import ClientDisconnect

from app.admission import QueueFullError, Queues, Turn
from app.api.idempotency import IdempotentRoute
from app.api.json_body import Handler, checked
from app.errors import UnavailableError

T = TypeVar("T")
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

_QUEUE = "queue_of"


class ClientLeftError(Exception):
    """Nobody is there any more to read the reply."""


def admitted(queue_of: Callable[[Request], str]) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint: a request enters the queue whose name `queue_of` gives, and `turn_of` hands its turn out."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _QUEUE, queue_of)
        return endpoint

    return mark


class AdmittedRoute(IdempotentRoute):
    """A route that takes a place for each request of a marked endpoint, and honours `Idempotency-Key` within."""

    def get_route_handler(self) -> Handler:
        """The handler of the route, with the queue around it."""
        handle = super().get_route_handler()
        queue_of = getattr(self.endpoint, _QUEUE, None)
        if queue_of is None:
            return handle

        async def handle_admitted(request: Request) -> Response:
            turn = None
            request = checked(request)  # the body is read here first, and by all after from the same object
            try:
                caller = await _caller(request)
                turn = _enter(cast("Queues", request.app.state.queues), queue_of(request), caller)
                request.state.turn = turn
                return await handle(request)
            except (ClientLeftError, ClientDisconnect):
                return Response(status_code=499)  # for the log; nobody reads it
            finally:
                if turn is not None and request.state.turn is turn:
                    turn.end()

        return handle_admitted


def turn_of(request: Request) -> Turn:
    """The place that the request holds; whoever takes it ends it."""
    turn = cast("Turn", request.state.turn)
    request.state.turn = None
    return turn


async def in_thread(request: Request, work: Callable[[Callable[[], bool]], T]) -> T:
    """Do the work of a request in a thread of its queue, when its turn comes.

    Args:
        request: Of a marked endpoint.
        work: Given a function that says whether the client has left, to be asked between steps.

    Raises:
        ClientLeftError: The client has left.
    """
    left = threading.Event()
    context = contextvars.copy_context()  # the request's id goes along into the log
    turn = turn_of(request)
    done = turn.queue.submit(turn, lambda: context.run(work, left.is_set))
    try:
        return await while_there(request, asyncio.wrap_future(done))
    finally:
        left.set()


@asynccontextmanager
async def turn_come(request: Request) -> AsyncIterator[None]:
    """Wait for the turn of a request, and hold it for the block; for work in the event loop."""
    turn = turn_of(request)
    try:
        await asyncio.wrap_future(turn.line_up())
        yield
    finally:
        turn.end()


async def while_there(request: Request, work: "asyncio.Future[T]") -> T:
    """Wait for some work, and cancel it when the client goes away. The body must have been read.

    Raises:
        ClientLeftError: The client has left.
    """
    watch = asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait((work, watch), return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            raise ClientLeftError
        return work.result()
    finally:
        watch.cancel()
        work.cancel()


def refused(error: QueueFullError) -> UnavailableError:
    """The error for a caller whose queue is full."""
    number, after = error.waiting, error.retry_after_s
    hint = f"Come again in {after} s."
    told = {
        "answers": UnavailableError(
            "answers_busy", f"{number} answers wait already.", hint, retry_after_s=after
        ),
        "searches": UnavailableError(
            "searches_busy", f"{number} searches wait already.", hint, retry_after_s=after
        ),
        "fetches": UnavailableError(
            "fetches_busy", f"{number} pages wait already.", hint, retry_after_s=after
        ),
        "uploads": UnavailableError(
            "uploads_busy", f"{number} uploads wait already.", hint, retry_after_s=after
        ),
        "exports": UnavailableError(
            "exports_busy", f"{number} texts wait already.", hint, retry_after_s=after
        ),
    }
    return told[error.name]


def _enter(queues: Queues, name: str, caller: str) -> Turn:
    try:
        return queues.by_name()[name].enter(caller)
    except QueueFullError as error:
        raise refused(error) from error


async def _caller(request: Request) -> str:
    """Who asks, as far as it can be told without users: the address, and what it asks about."""
    address = request.client.host if request.client else ""
    about = request.path_params.get("collection") or await _first_collection(request)
    return f"{address} {about or ''}"


async def _first_collection(request: Request) -> str | None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return None
    try:
        body = await request.json()  # kept by the request; the endpoint reads no other
        return str(body["collections"][0])[:300]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None  # the endpoint says what is wrong


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
