"""Logs, request ids and who asks: set up by the programs' entry points, never on import.

Libraries log constant messages with fields; here the fields become `key=value` or JSON. Line breaks and
control characters in values are escaped: one event is one line.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import tracing
from app.db.types import new_id
from app.metrics import Metrics
from app.settings.schema import Settings
from app.tracing import Traced

REQUEST_ID_HEADER = "X-Request-ID"
_GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_request_id: ContextVar[str] = ContextVar("request_id", default="")
_key_id: ContextVar[str] = ContextVar("key_id", default="")

logger = logging.getLogger(__name__)


def request_id() -> str:
    """Id of the request in work, empty outside of one."""
    return _request_id.get()


@contextmanager
def working_for(request: str) -> Iterator[None]:
    """Give log lines of this thread the id of the request that the work was queued by; empty for none."""
    token = _request_id.set(request)
    try:
        yield
    finally:
        _request_id.reset(token)


def asking_key() -> str:
    """Id of the key of the request in work; empty for the machine itself."""
    return _key_id.get()


def set_asking_key(key_id: str) -> None:
    """Note the key of the request in work, for the threads too that work for it."""
    _key_id.set(key_id)


class _Formatter(logging.Formatter):
    def __init__(self, *, as_json: bool, redact: Callable[[str], str] | None = None) -> None:
        super().__init__()
        self._as_json = as_json
        self._redact = redact
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        fields = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        if request_id():
            fields["request_id"] = request_id()
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        message = record.getMessage()
        if self._redact is not None:
            message = self._redact(message)
            fields = {
                key: value if isinstance(value, int | float) else self._redact(str(value))
                for key, value in fields.items()
            }
        moment = f"{self.formatTime(record, '%Y-%m-%dT%H:%M:%S')}.{int(record.msecs):03d}Z"
        if self._as_json:
            head = {
                "time": moment,
                "level": record.levelname,
                "logger": record.name,
                "message": message,
            }
            return json.dumps({**head, **fields}, ensure_ascii=False, default=str)
        exception = fields.pop("exception", None)
        tail = "".join(f" {key}={_plain(value)}" for key, value in fields.items())
        line = f"{moment} {record.levelname:<7} {record.name}: {_plain(message)}{tail}"
        return line if exception is None else f"{line}\n{exception}"


def _plain(value: object) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(value))


def configure_logging(settings: Settings) -> None:
    """Send log lines to standard error in the configured form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(as_json=settings.log_format == "json", redact=_redaction(settings)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    for noisy in ("httpx", "httpcore", "sentence_transformers", "alembic", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@contextmanager
def traced(settings: Settings, role: str) -> Iterator[None]:
    """Trace this process during the block, where the settings ask for it; `role` is "api" or "worker"."""
    if settings.traces == "otlp":
        tracing.configure(role=role)
    try:
        yield
    finally:
        tracing.shut_down()


def _redaction(settings: Settings) -> Callable[[str], str] | None:
    """Function that makes personal data in log lines unreadable, where the settings ask for it."""
    if "logs" not in settings.safety.redact:
        return None
    from app.safety.personal_data import redacted

    return redacted


_WATCHED_ROUTES = frozenset({"/healthz", "/readyz", "/metrics"})


class RequestContextMiddleware:
    """Gives each request an id, in logs and in the reply, and counts it."""

    def __init__(self, app: ASGIApp, metrics: Metrics, ended: Callable[[Scope, int], None]) -> None:
        """Count in `metrics`, and tell `ended` of each request with its status."""
        self._app = app
        self._metrics = metrics
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        identifier = given if _GIVEN_ID.fullmatch(given) else new_id("req")
        token = _request_id.set(identifier)
        set_asking_key("")
        started = time.perf_counter()
        status = 500

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = identifier
            await send(message)

        try:
            if tracing.is_on() and scope["path"] not in _WATCHED_ROUTES:
                with tracing.span("request", kind="SERVER", parent=Headers(scope=scope)) as traced:
                    traced.set(request_id=identifier)
                    try:
                        await self._app(scope, receive, send_with_id)
                    finally:
                        _tell(traced, scope, status)
            else:
                await self._app(scope, receive, send_with_id)
        finally:
            self._count(scope, status, time.perf_counter() - started)
            _request_id.reset(token)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        # The path of the route, not of the request: ids must not become label values.
        method, route = _named(scope)
        self._metrics.requests.labels(method, route, str(status)).inc()
        self._metrics.seconds.labels(method, route).observe(seconds)
        self._ended(scope, status)
        # Machines ask these all the time.
        level = logging.DEBUG if route in _WATCHED_ROUTES else logging.INFO
        logger.log(
            level,
            "request",
            extra={
                "method": method,
                "path": scope["path"],
                "status": status,
                "ms": round(seconds * 1000, 1),
            },
        )


def _named(scope: Scope) -> tuple[str, str]:
    """Method and route of a request, each of few values."""
    # A route knows its path within its router alone.
    paths: dict[int, str] = getattr(scope["app"].state, "route_paths", {}) if "app" in scope else {}
    route = paths.get(id(scope.get("route")), "unknown")
    method = scope["method"] if scope["method"] in {"GET", "POST", "PUT", "PATCH", "DELETE"} else "other"
    return method, route


def _tell(traced: Traced, scope: Scope, status: int) -> None:
    """Complete the span of a request; its address may hold names, so the route stands for it."""
    method, route = _named(scope)
    traced.rename(f"{method} {route}")
    traced.attributes(
        {"http.request.method": method, "http.route": route, "http.response.status_code": status}
    )
    if status >= 500:
        traced.failed(str(status))
