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
from app.api.access import principal_of_request
from app.api.idempotency import IdempotentRoute
from app.api.json_body import Handler, checked
from app.errors import UnavailableError

T = TypeVar("T")
Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

QueueName = str | Callable[[Request], str]

TURN = "turn"
"""Name of a request's turn in its state."""
_QUEUE = "queue_name"


class ClientLeftError(Exception):
    """Nobody is there any more to read the reply."""


def admitted(queue: QueueName) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint: a request enters a queue, and `turn_of` hands its turn out.

    Args:
        queue: Name of the queue, or what gives it for a request.
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _QUEUE, queue)
        return endpoint

    return mark


def queue_name(endpoint: object) -> QueueName | None:
    """As `admitted` marked the endpoint; None where it did not."""
    return cast("QueueName | None", getattr(endpoint, _QUEUE, None))


class AdmittedRoute(IdempotentRoute):
    """A route that takes a place for each request of a marked endpoint, and honours `Idempotency-Key` within."""

    def get_route_handler(self) -> Handler:
        """The handler of the route, with the queue around it."""
        handle = super().get_route_handler()
        queue = queue_name(self.endpoint)
        if queue is None:
            return handle

        async def handle_admitted(request: Request) -> Response:
            request = checked(request)  # the body is read here first, and by all after from the same object
            turn = getattr(request.state, TURN, None)  # `OverloadMiddleware` may have given it
            try:
                if turn is None:
                    name = queue if isinstance(queue, str) else queue(request)
                    turn = enter(request.app.state.queues, name, await _caller(request))
                    setattr(request.state, TURN, turn)
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


def caller_of(address: str, about: str | None) -> str:
    """The caller, as far as it is known without users: the address, and the collection that is asked."""
    return f"{address} {about or ''}"


def first_collection(body: object) -> str | None:
    """The first collection that a JSON body names, if any."""
    try:
        return str(body["collections"][0])[:300]  # type: ignore[index]
    except (LookupError, TypeError):
        return None


def is_json(content_type: str) -> bool:
    """Whether a Content-Type header says JSON."""
    return content_type.partition(";")[0].strip().lower() == "application/json"


def enter(queues: Queues, name: str, caller: str) -> Turn:
    """A place in the queue of this name.

    Raises:
        UnavailableError: There is none for this caller.
    """
    try:
        return queues.by_name()[name].enter(caller)
    except QueueFullError as error:
        refusal = refused(error)
        raise refusal from error


async def _caller(request: Request) -> str:
    user_id = principal_of_request(request).user_id
    if user_id is not None:
        return user_id
    about = request.path_params.get("collection")
    if about is None and is_json(request.headers.get("content-type", "")):
        try:
            about = first_collection(await request.json())  # kept by the request; the endpoint reads no other
        except (ValueError, RecursionError):
            about = None  # the endpoint says what is wrong
    return caller_of(request.client.host if request.client else "", about)


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
