"""One streamed chat completion of a server that speaks OpenAI's protocol.

Knows HTTP, server-sent events and the fields of the protocol that are used; nothing of passages or quotes. Every way
in which a server can fail is an error of its own, and a stream counts as whole only where the server says that it
ended: a connection that was cut looks like an end too.
"""

import json
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

import httpx
from httpx_sse import EventSource
from pydantic import BaseModel, ValidationError

from generator.errors import (
    ModelServerBusyError,
    ModelServerError,
    ModelServerKeyError,
    ModelServerNotFoundError,
    ModelServerRequestError,
    ModelServerTimeoutError,
    ModelServerUnreachableError,
)
from generator.openai.stepping import steps
from generator.quoting.completion import Completion, Ended
from generator.quoting.prompt import Messages

WAIT_S = 0.1
CONNECT_S = 10.0
_ERROR_BYTES = 65_536
_SHOWN = 300
_EVENT_STREAM = "text/event-stream"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerConfig:
    """Which model of which server.

    Attributes:
        base_url: Address of the protocol, mostly ending with `/v1`.
        model: Name of the model, as the server knows it.
        api_key: Sent as a bearer token; None sends none.
        timeout_s: Longest silence of the server, in seconds.
    """

    base_url: str
    model: str
    api_key: str | None = field(default=None, repr=False)
    timeout_s: float = 120.0


class _Delta(BaseModel):
    content: str | None = None


class _Choice(BaseModel):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Usage(BaseModel):
    completion_tokens: int | None = None


class _Chunk(BaseModel):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


class ChatClient:
    """Completions of one model; several threads may use it."""

    def __init__(self, config: ServerConfig) -> None:
        """Nothing is connected yet."""
        self.config = config
        self._base = config.base_url.rstrip("/")
        url = httpx.URL(self._base)
        self.place = url.netloc.decode()
        # A proxy of the environment is for the way out, not for servers on this machine.
        self._trust_env = url.host not in _LOOPBACK
        self._tls = httpx.create_ssl_context(trust_env=self._trust_env) if url.scheme == "https" else False

    def complete(self, messages: Messages, *, max_tokens: int, temperature: float, seed: int) -> Completion:
        """Stream a completion; closing the iterator closes the connection at once.

        Yields:
            Pieces of its text, None whenever nothing came for a moment, and at last `Ended`.

        Raises:
            ModelServerError: The server can't be asked, fails, or breaks off; see `generator.errors`.
        """
        body: dict[str, Any] = {
            "model": self.config.model,
            "messages": messages,
            "max_tokens": max_tokens,
            "temperature": temperature,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if temperature > 0:
            body["seed"] = seed
        return steps(lambda take: self._complete(body, take), WAIT_S)

    def models(self) -> list[str]:
        """Names of the models that the server lists.

        Raises:
            ModelServerError: As with `complete`.
        """
        try:
            with httpx.Client(**self._options()) as client:
                response = client.get(f"{self._base}/models")
        except httpx.HTTPError as error:
            raise self._failed(error) from error
        if response.status_code != httpx.codes.OK:
            raise self._refused(response, response.content)
        try:
            return [str(model["id"]) for model in response.json()["data"]]
        except (ValueError, KeyError, TypeError) as error:
            raise self._no_protocol(response) from error

    async def _complete(self, body: dict[str, Any], take: Callable[[str | Ended], None]) -> None:
        headers = {"Accept": _EVENT_STREAM, "Cache-Control": "no-store"}
        try:
            async with (
                httpx.AsyncClient(**self._options()) as client,
                client.stream(
                    "POST", f"{self._base}/chat/completions", json=body, headers=headers
                ) as response,
            ):
                await self._check(response)
                take(await self._read(EventSource(response), take))
        except httpx.HTTPError as error:
            raise self._failed(error) from error

    async def _read(self, source: EventSource, take: Callable[[str | Ended], None]) -> Ended:
        """Hand on the text of a stream until it ends.

        Raises:
            ModelServerError: It ends without saying so, or is not of the protocol.
        """
        reason: str | None = None
        tokens: int | None = None
        async with aclosing(source.aiter_sse()) as events:
            async for event in events:
                if event.data.strip() == "[DONE]":
                    return Ended(reason or "", tokens)
                if not event.data:
                    continue
                chunk = self._chunk(event.data)
                tokens = chunk.usage.completion_tokens if chunk.usage else tokens
                for choice in (chunk.choices or [])[:1]:
                    if choice.delta and choice.delta.content:
                        take(choice.delta.content)
                    reason = choice.finish_reason or reason
        if reason is None:
            raise ModelServerError(f"The model server {self.place} broke off in the middle of its answer.")
        return Ended(reason, tokens)

    def _chunk(self, data: str) -> _Chunk:
        """A chunk of the stream.

        Raises:
            ModelServerError: It tells a failure, or is no chunk.
        """
        try:
            chunk = _Chunk.model_validate_json(data)
        except ValidationError as error:
            raise ModelServerError(
                f"The model server {self.place} sent what is no chunk of a completion: {self._shown(data)}"
            ) from error
        if chunk.error or (chunk.choices is None and chunk.usage is None):
            raise ModelServerError(f"The model server {self.place} failed: {self._told(data.encode())}")
        return chunk

    async def _check(self, response: httpx.Response) -> None:
        """Let only a stream of events pass.

        Raises:
            ModelServerError: The server refuses, or answers with something else.
        """
        if response.status_code == httpx.codes.OK and response.headers.get("content-type", "").startswith(
            _EVENT_STREAM
        ):
            response.encoding = "utf-8"  # by definition of event streams, whatever the header says
            return
        body = b""
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > _ERROR_BYTES:
                break
        raise (
            self._refused(response, body)
            if response.status_code != httpx.codes.OK
            else self._no_protocol(response)
        )

    def _options(self) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.config.api_key}"} if self.config.api_key else {}
        return {
            "headers": headers,
            "timeout": httpx.Timeout(self.config.timeout_s, connect=min(CONNECT_S, self.config.timeout_s)),
            "verify": self._tls,
            "trust_env": self._trust_env,
        }

    def _failed(self, error: httpx.HTTPError) -> ModelServerError:
        """The error of a connection in our terms."""
        if isinstance(
            error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError | httpx.UnsupportedProtocol
        ):
            return ModelServerUnreachableError(f"No model server answers at {self._base} ({error}).")
        if isinstance(error, httpx.TimeoutException):
            return ModelServerTimeoutError(
                f"The model server {self.place} was silent for {self.config.timeout_s:g} s."
            )
        return ModelServerError(f"The connection to the model server {self.place} broke off ({error}).")

    def _refused(self, response: httpx.Response, body: bytes) -> ModelServerError:
        """The error for a reply other than 200."""
        status = response.status_code
        said = f"The model server {self.place} answers {status}: {self._told(body) or response.reason_phrase}"
        if status in {401, 403}:
            return ModelServerKeyError(said)
        if status == 404:
            return ModelServerNotFoundError(said)
        if response.has_redirect_location:
            return ModelServerNotFoundError(
                f"{said}; it points to {self._shown(response.headers['location'])}"
            )
        if status in {429, 503}:
            return ModelServerBusyError(said, retry_after_s=_seconds(response.headers.get("retry-after", "")))
        if 400 <= status < 500:
            return ModelServerRequestError(said)
        return ModelServerError(said)

    def _no_protocol(self, response: httpx.Response) -> ModelServerError:
        kind = response.headers.get("content-type", "nothing")
        return ModelServerNotFoundError(
            f"The server {self.place} sends {kind[:80]} where the protocol has something else: {response.url.path} is "
            "no path of a model server."
        )

    def _told(self, body: bytes) -> str:
        """Message of an error body, in any of the usual forms."""
        text = body.decode("utf-8", errors="replace")
        try:
            value: Any = json.loads(text)
        except ValueError:
            return self._shown(text)
        for name in ("error", "message", "detail"):
            if isinstance(value, dict) and value.get(name):
                value = value[name]
        return self._shown(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))

    def _shown(self, text: str) -> str:
        """A stretch of the server's message, on one line and without the key."""
        if self.config.api_key:
            text = text.replace(self.config.api_key, "***")
        line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"


def _seconds(retry_after: str) -> int | None:
    """Seconds of a `Retry-After`; None for a date or nothing."""
    return int(retry_after) if retry_after.isdecimal() and len(retry_after) < 6 else None
