"""Rules of access: one for each route, declared beside it, kept before anything else of a request is looked at.

A route without a rule can't be made (`RuledRoute`), and an application that holds another kind of route does not start
(`check_rules`). The handler gets the runtime as its principal sees it (`RuntimeDep`), so that a query that nobody
thought of finds no foreign row either. While the reply is under way, the key and the right are looked up again.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar, cast

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problems import problem, reply_to
from app.composition.runtime import Runtime
from app.errors import FathomError, UnauthenticatedError, describe
from app.identity.gate import MISSING_HINT, Gate
from app.identity.principal import MACHINE, Principal
from app.identity.rights import KEY_ENDED, Kind, Role, Standing, require, require_scope
from app.observability import set_asking_key

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
Inner = Callable[[Scope, Receive, Send], Awaitable[None]]

LOOK_S: Final = 0.4
"""Seconds between two looks at the rights of a request under way."""
OPEN_PATHS: Final = frozenset({"/openapi.json"})
"""The description of the interface, which the framework makes."""
ANY_SCOPE: Final = "any"
"""Scope of a rule that every good key meets."""
_RULE: Final = "access_rule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Who may use a route.

    Attributes:
        scope: What a key must be for; `ANY_SCOPE` takes every good key, None lets everybody in.
        kind: What the path parameter `parameter` names, or None where the route has no thing of its own.
        role: The least role on the collection of that thing.
        local: Whether requests from this machine itself need no key.
    """

    scope: str | None
    kind: Kind | None = None
    parameter: str = ""
    role: Role = "reader"
    local: bool = False


def ruled(rule: Rule) -> Callable[[Endpoint], Endpoint]:
    """Declare the rule of an endpoint."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _RULE, rule)
        return endpoint

    return mark


open_to_all = ruled(Rule(scope=None))
"""Liveness, and signing in."""


def any_key(scope: str) -> Callable[[Endpoint], Endpoint]:
    """Any key with this scope; rows decide which objects it finds."""
    return ruled(Rule(scope=scope))


def on_collection(scope: str, role: Role) -> Callable[[Endpoint], Endpoint]:
    """Keys with this scope whose user has a role on the collection that the path names."""
    return ruled(Rule(scope=scope, kind="collection", parameter="collection", role=role))


def on_document(scope: str, role: Role) -> Callable[[Endpoint], Endpoint]:
    """Whoever has a role on the collection of the document that the path names."""
    return ruled(Rule(scope=scope, kind="document", parameter="document_id", role=role))


def on_job(scope: str) -> Callable[[Endpoint], Endpoint]:
    """Whoever may read the collection of the job that the path names."""
    return ruled(Rule(scope=scope, kind="job", parameter="job_id"))


def on_answer(scope: str) -> Callable[[Endpoint], Endpoint]:
    """Whoever asked, as long as the collections of the answer may be read."""
    return ruled(Rule(scope=scope, kind="answer", parameter="answer_id"))


def on_review(scope: str) -> Callable[[Endpoint], Endpoint]:
    """Whoever began the review, as long as its collection may be read."""
    return ruled(Rule(scope=scope, kind="review", parameter="review_id"))


def on_webhook(scope: str) -> Callable[[Endpoint], Endpoint]:
    """Whoever made the webhook."""
    return ruled(Rule(scope=scope, kind="webhook", parameter="webhook_id"))


class RuledRoute(APIRoute):
    """A route that lets in whom its rule allows."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Take the rule that is declared on the endpoint.

        Raises:
            TypeError: There is none.
        """
        rule = getattr(endpoint, _RULE, None)
        if not isinstance(rule, Rule):
            raise TypeError(f"{endpoint.__name__} ({path}) declares no rule of access; see app/api/access.py")
        if rule.kind is not None and f"{{{rule.parameter}" not in path:
            raise TypeError(f"{path} has no parameter {rule.parameter!r}, which its rule of access names")
        self.rule = rule
        super().__init__(path, endpoint, **options)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, if its rule allows."""
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        await guarded(self.rule, super().handle, scope, receive, send)


class RuledMount(Mount):
    """A mounted application that lets in whom a rule allows."""

    def __init__(self, path: str, app: ASGIApp, rule: Rule) -> None:
        """Mount `app` at `path`."""
        super().__init__(path, app)
        self.rule = rule

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, if the rule allows."""
        await guarded(self.rule, super().handle, scope, receive, send)


async def guarded(rule: Rule, inner: Inner, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve one request by `inner`, if `rule` allows; for routes, and for applications that are mounted.

    Afterwards `principal_of_request` and the runtime of the request are known.

    Raises:
        UnauthenticatedError: No key is shown, or one that opens nothing.
        ForbiddenError: The key or the role is not enough.
        NotFoundError: There is no such thing for this principal.
        TooManyRequestsError: The key has made too many requests.
    """
    request = Request(scope)
    runtime, gate = cast("Runtime", request.app.state.runtime), cast("Gate | None", request.app.state.gate)
    principal = MACHINE if gate is None else await _principal(request, rule, gate)
    set_asking_key("" if principal is None else principal.key_id)
    if gate is None or principal is None or principal.user_id is None:
        request.state.principal, request.state.runtime = principal, runtime
        await inner(scope, receive, send)
        return
    if rule.scope is not None and rule.scope != ANY_SCOPE:
        require_scope(principal, rule.scope)
    reader = principal.reader
    assert reader is not None
    seen = runtime.seen_by(reader)
    request.state.principal, request.state.runtime = principal, seen
    request.state.watched = []
    kind, key = rule.kind, str(scope["path_params"].get(rule.parameter, ""))
    if kind is not None:
        await run_in_threadpool(require, seen.db, kind, key, rule.role)

    def look() -> None:
        for standing in request.state.watched:  # which look at the key too
            standing.check(older_than_s=0)
        if not request.state.watched and not gate.still_good(principal.key_id):
            raise UnauthenticatedError("key_invalid", *KEY_ENDED)
        if kind is not None and scope["method"] != "DELETE":  # which may delete what it is about
            require(seen.db, kind, key, "reader")

    await _watched(inner, look, scope, receive, send)


def principal_of_request(request: Request) -> Principal:
    """Who makes a request; the machine itself on routes that are open to all."""
    return getattr(request.state, "principal", None) or MACHINE


def watch(request: Request, runtime: Runtime, collection_ids: tuple[str, ...]) -> Standing:
    """Have a request end as soon as its key opens nothing more or one of these collections is out of reach.

    What works for the request in another thread asks the standing that this gives.
    """
    standing = Standing(runtime.db, principal_of_request(request), collection_ids)
    if hasattr(request.state, "watched"):
        request.state.watched.append(standing)
    return standing


def check_rules(app: FastAPI) -> None:
    """Make sure that every route of an application has a rule.

    Raises:
        TypeError: One has none.
    """
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        is_open = isinstance(route, Route) and not isinstance(route, APIRoute) and route.path in OPEN_PATHS
        if not is_open and not isinstance(getattr(route, "rule", None), Rule):
            raise TypeError(f"the route {context.path} has no rule of access; see app/api/access.py")


async def _principal(request: Request, rule: Rule, gate: Gate) -> Principal | None:
    """Whom the key of a request stands for; None where none is needed."""
    if rule.scope is None or (rule.local and _is_local(request)):
        return None
    text = shown_key(request.headers)
    known = gate.remembered(text)
    principal = await run_in_threadpool(gate.admit, text) if known is None else known
    if gate.limits.known(principal):
        gate.limits.count(principal)
    else:
        await run_in_threadpool(gate.limits.count, principal)
    return principal


def shown_key(headers: Headers) -> str:
    """The key in the header `Authorization`.

    Raises:
        UnauthenticatedError: There is none.
    """
    kind, _, text = headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer" or not text.strip():
        raise UnauthenticatedError("key_missing", "This needs a key.", MISSING_HINT)
    return text.strip()


def _is_local(request: Request) -> bool:
    forwarded = {"forwarded", "x-forwarded-for", "x-real-ip"} & set(request.headers)
    address = request.client.host if request.client else ""
    return not forwarded and address in {"127.0.0.1", "::1"}


async def _watched(
    inner: Inner, look: Callable[[], None], scope: Scope, receive: Receive, send: Send
) -> None:
    """Serve a request, and end it where `look` raises meanwhile."""
    reply = _Reply(send)
    work = asyncio.ensure_future(inner(scope, receive, reply.send))
    try:
        while not (await asyncio.wait({work}, timeout=LOOK_S))[0]:
            try:
                await run_in_threadpool(look)
            except FathomError as error:
                work.cancel()
                with suppress(asyncio.CancelledError):
                    await work
                await reply.end(error, scope, receive)
                return
    finally:
        work.cancel()
    work.result()


class _Reply:
    """The part of a reply that was sent already, so that the reply can be ended from outside."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._headers: Headers | None = None
        self._is_over = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._headers = Headers(raw=message["headers"])
        self._is_over = message["type"] == "http.response.body" and not message.get("more_body", False)
        await self._send(message)

    async def end(self, error: FathomError, scope: Scope, receive: Receive) -> None:
        """End the reply with an error: a problem document before the headers, an error event in a stream.

        Raises:
            FathomError: A body is half sent; the connection is cut.
        """
        if self._is_over:
            return
        if self._headers is None:
            await reply_to(error, scope["path"])(scope, receive, self._send)
            return
        if not self._headers.get("content-type", "").startswith("text/event-stream"):
            raise error
        told = problem(describe(error), scope["path"]).model_dump(exclude_none=True)
        body = f"event: error\ndata: {json.dumps({'problem': told})}\n\n".encode()
        await self._send({"type": "http.response.body", "body": body, "more_body": False})
