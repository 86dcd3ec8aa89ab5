"""`Idempotency-Key`: a POST that is sent twice takes effect once and gets the same reply.

The first call claims the key, and its reply is kept for 24 hours; where a document or answer that it tells of is
deleted, its body is erased and a repetition says so (410). The same key with another request is refused (422), and
while the first call runs, the second is told to wait (409). Failures are not kept: they changed nothing, and the key
may be used again. Streams are not kept; an answer can be read again by its id.
"""

import hashlib
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, cast

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from app.api.access import principal_of_request
from app.api.json_body import Handler, JsonRoute, checked
from app.composition.runtime import Runtime
from app.errors import ConflictError, GoneError, InvalidInputError
from app.library import replies
from app.library.replies import ERASED_STATUS, StoredReply

HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
QUOTING = "/v1/answers"
"""Beginning of the paths whose replies hold passages; searches keep none."""
KEPT_HEADERS = ("content-type", "location")


class IdempotentRoute(JsonRoute):
    """A route whose POSTs honour the key; uploads do it themselves, once their files are known."""

    def get_route_handler(self) -> Handler:
        """The handler of the route, with the key around it."""
        handle = super().get_route_handler()

        async def handle_once(request: Request) -> Response:
            request = checked(request)
            multipart = request.headers.get("content-type", "").lower().startswith("multipart/")
            if request.method != "POST" or HEADER not in request.headers or multipart:
                return await handle(request)
            digest = hashlib.sha256(await request.body()).hexdigest()
            return await once(request, digest, lambda: handle(request))

        return handle_once


async def once(request: Request, digest: str, call: Callable[[], Coroutine[Any, Any, Response]]) -> Response:
    """Run `call`, or give the reply that it gave before under the same key.

    Args:
        request: Holds the key, which may be absent.
        digest: Hash over what the caller sent.
        call: Makes the reply.

    Raises:
        InvalidInputError: The key is malformed or was used for another request.
        ConflictError: A call with this key is still running.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return await call()
    if not 1 <= len(key) <= 255 or not key.isprintable():
        raise InvalidInputError(
            "bad_idempotency_key", "The Idempotency-Key is empty or too long.", "Use 1 to 255 characters."
        )
    runtime = cast("Runtime", request.app.state.runtime)
    principal = principal_of_request(request)
    if principal.user_id is not None:  # the same words by another caller are another key
        key = hashlib.sha256(f"{principal.key_id}\n{key}".encode()).hexdigest()
    fingerprint = hashlib.sha256(f"{request.method} {request.url.path} {digest}".encode()).hexdigest()
    known = await run_in_threadpool(replies.claim, runtime.db, key, fingerprint)
    if known is not None:
        seen = cast("Runtime", request.state.runtime)
        readable = await run_in_threadpool(replies.is_readable, seen.db, key)
        return _replay(known if readable else replace(known, status_code=ERASED_STATUS), fingerprint)
    try:
        response = await call()
        body = getattr(response, "body", None)
        keep = isinstance(body, bytes) and 200 <= response.status_code < 300
    except BaseException:
        await run_in_threadpool(replies.release, runtime.db, key)
        raise
    if not keep:
        await run_in_threadpool(replies.release, runtime.db, key)
        return response
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    body = bytes(response.body)
    quotes = request.url.path.startswith(QUOTING)
    await run_in_threadpool(
        replies.complete, runtime.db, key, response.status_code, headers, body, quotes=quotes
    )
    return response


def _replay(known: StoredReply, fingerprint: str) -> Response:
    if known.fingerprint != fingerprint:
        raise InvalidInputError(
            "idempotency_key_reused",
            "This Idempotency-Key was used for another request.",
            "Use a fresh key for each request, and the same key only to repeat one.",
        )
    if known.status_code is None:
        raise ConflictError(
            "still_running",
            "The first request with this Idempotency-Key is still running.",
            "Repeat the request in a moment to get its reply.",
            retry_after_s=1,
        )
    if known.status_code == ERASED_STATUS:
        raise GoneError(
            "reply_erased",
            "This request was done, and its reply was erased: a document or an answer that it told of was deleted.",
            "Read what there is now, or use a fresh key to do it again.",
        )
    return Response(known.body, known.status_code, {**known.headers, REPLAYED_HEADER: "true"})
