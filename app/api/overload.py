"""Places in queues, before routes, threads and the checks of bodies: a refusal costs least when all is busy.

Only for routes whose path has no parameters and names the queue: those that crowds call. The others, requests with
large bodies, and those of users, whom only the route knows by their keys, get their place in the route
(`app/api/admitted.py`).
"""

import asyncio
import json
import math
from typing import NamedTuple

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.datastructures import Headers
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.admission import WorkQueue
from app.api.admitted import TURN, caller_of, enter, first_collection, is_json, queue_name
from app.errors import UnavailableError

MOST_READ = 64 * 1024
"""Bytes of a body that are looked at here."""
QUIET_S = 0.01
"""Seconds without a request that end a crowd."""
LOOK_S = 0.004
"""Seconds between two looks whether a crowd has passed."""


class _Door(NamedTuple):
    queue: str
    route: BaseRoute


class OverloadMiddleware:
    """Gives each request its place, or sends it away at once."""

    def __init__(self, app: ASGIApp) -> None:
        """In front of `app`."""
        self._app = app
        self._doors: dict[tuple[str, str], _Door] | None = None
        self._one_by_one = asyncio.Lock()
        self._came_at = -math.inf

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request.

        Raises:
            UnavailableError: There is no place for it.
        """
        door = self._door(scope) if scope["type"] == "http" else None
        if door is None:
            await self._app(scope, receive, send)
            return
        self._came_at = asyncio.get_running_loop().time()
        read = await _read(receive)
        caller = _caller(scope, read)
        if caller is None:
            await self._app(scope, _again(read, receive), send)
            return
        try:
            turn = enter(scope["app"].state.queues, door.queue, caller)
        except UnavailableError:
            scope["route"] = door.route  # for the figures
            raise
        scope.setdefault("state", {})[TURN] = turn
        try:
            # A refusal waits for one admitted request at most, not for all of them.
            async with self._one_by_one:
                await self._crowd_passed(turn.queue)
            await self._app(scope, _again(read, receive), send)
        finally:
            if scope["state"].get(TURN) is turn:  # nobody has taken it over
                turn.end()

    async def _crowd_passed(self, queue: WorkQueue) -> None:
        """Let a crowd get its places and refusals first, as long as all who work in the queue are busy anyway."""
        clock = asyncio.get_running_loop().time
        await asyncio.sleep(0)
        # Each look asks the clock and the queue's threads: nothing sets an event.
        while queue.running >= queue.config.max_running and clock() - self._came_at < QUIET_S:  # noqa: ASYNC110
            await asyncio.sleep(LOOK_S)

    def _door(self, scope: Scope) -> _Door | None:
        if scope["app"].state.gate is not None:
            return None
        if self._doors is None:
            self._doors = _doors(scope["app"])
        return self._doors.get((scope["method"], scope["path"]))


def _doors(app: FastAPI) -> dict[tuple[str, str], _Door]:
    found = {}
    for route in iter_route_contexts(app.routes):
        queue, path = queue_name(route.endpoint), route.path or "{"
        if isinstance(queue, str) and "{" not in path:
            door = _Door(queue, route.original_route)
            found.update({(method, path): door for method in route.methods or ()})
    return found


async def _read(receive: Receive) -> list[Message]:
    """Messages of a request, to the end of its body or somewhat above `MOST_READ`."""
    read, size = list[Message](), 0
    while size <= MOST_READ:
        message = await receive()
        read.append(message)
        size += len(message.get("body", b""))
        if not message.get("more_body", False):
            break
    return read


def _caller(scope: Scope, read: list[Message]) -> str | None:
    """Who asks; None where the route must tell."""
    if read[-1]["type"] != "http.request" or read[-1].get("more_body", False):
        return None
    about = None
    if is_json(Headers(scope=scope).get("content-type", "")):
        try:
            about = first_collection(json.loads(b"".join(message.get("body", b"") for message in read)))
        except (ValueError, RecursionError):
            about = None  # the route says what is wrong
    return caller_of(scope["client"][0] if scope.get("client") else "", about)


def _again(read: list[Message], receive: Receive) -> Receive:
    """A `receive` that replays the messages read already before it passes on the rest."""
    unread = iter(read)

    async def receive_again() -> Message:
        message = next(unread, None)
        return await receive() if message is None else message

    return receive_again
