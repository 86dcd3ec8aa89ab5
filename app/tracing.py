"""Traces of requests, answers and jobs by OpenTelemetry, for installations with a collector.

Off unless the settings say otherwise; then nothing of OpenTelemetry is even imported. What is sent where, how much and
how often is said by the variables that every program with OpenTelemetry has (`OTEL_EXPORTER_OTLP_ENDPOINT` and its
kin). Spans hold ids, numbers and codes: no question, no answer, no name, no text of documents, no message of an error.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import metadata
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Link, Span, Tracer

Value = str | int | float | bool | Sequence[str]
Kind = Literal["INTERNAL", "SERVER", "CONSUMER"]

PARENT: Final = "traceparent"
STATE: Final = "tracestate"
_SHUTDOWN_MS: Final = 3_000
"""Longest wait for a collector at the end of a process."""


class _State:
    provider: "TracerProvider | None" = None
    tracer: "Tracer | None" = None


class Traced:
    """A span, or nothing where nothing is traced."""

    def __init__(self, span: "Span | None") -> None:
        """Write to `span`."""
        self._span = span

    def set(self, **values: Value | None) -> None:
        """Add attributes under `fathom.`; None adds nothing."""
        if self._span is not None:
            self._span.set_attributes(
                {f"fathom.{name}": value for name, value in values.items() if value is not None}
            )

    def attributes(self, values: Mapping[str, Value]) -> None:
        """Add attributes under names of OpenTelemetry's conventions."""
        if self._span is not None:
            self._span.set_attributes(values)

    def rename(self, name: str) -> None:
        """Give it the name that is known by now."""
        if self._span is not None:
            self._span.update_name(name)

    def event(self, name: str) -> None:
        """Note that something happened now."""
        if self._span is not None:
            self._span.add_event(name)

    def failed(self, code: str) -> None:
        """Mark it as failed, with a stable code instead of a message."""
        if self._span is not None:
            from opentelemetry.trace import Status, StatusCode

            self._span.set_status(Status(StatusCode.ERROR, code))


_NOTHING: Final = Traced(None)


def configure(*, role: str) -> None:
    """Send traces of this process to a collector by OTLP over HTTP, as the variables `OTEL_…` say; once a process.

    Args:
        role: What the process is, for its spans: "api" or "worker".
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    found = Resource.create({"service.version": metadata.version("fathom"), "fathom.role": role})
    if str(found.attributes.get(SERVICE_NAME, "")).startswith("unknown_service"):
        found = found.merge(Resource({SERVICE_NAME: "fathom"}))
    provider = TracerProvider(resource=found)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    _State.provider, _State.tracer = provider, provider.get_tracer("fathom")


def shut_down() -> None:
    """Send the spans that are left, as far as the collector takes them within a few seconds."""
    provider, _State.provider, _State.tracer = _State.provider, None, None
    if provider is not None:
        provider.force_flush(_SHUTDOWN_MS)
        provider.shutdown()


def is_on() -> bool:
    """Whether anything is traced in this process."""
    return _State.tracer is not None


@contextmanager
def span(
    name: str,
    *,
    kind: Kind = "INTERNAL",
    parent: Mapping[str, str] | None = None,
    linked: str = "",
) -> Iterator[Traced]:
    """A span around the block, within the span in work; an error marks it as failed, by its type alone.

    Args:
        name: Of the span.
        kind: Its part in the exchange.
        parent: Headers with a `traceparent` that it continues; None or without one for the span in work.
        linked: A `traceparent` that it is linked to.
    """
    if _State.tracer is None:
        yield _NOTHING
        return
    from opentelemetry.trace import SpanKind

    opened = _State.tracer.start_as_current_span(
        name,
        context=_context(parent),
        kind=SpanKind[kind],
        links=_links(linked),
        record_exception=False,  # messages of errors may hold text
        set_status_on_exception=False,
    )
    with opened as made:
        traced = Traced(made)
        try:
            yield traced
        except BaseException as error:
            traced.failed(type(error).__name__)
            raise


def stage(name: str, began_ns: int, ended_ns: int) -> None:
    """Add a span that is over already, within the one in work.

    Args:
        name: Of the span.
        began_ns: By `time.time_ns`.
        ended_ns: Likewise.
    """
    if _State.tracer is not None:
        _State.tracer.start_span(name, start_time=began_ns).end(max(began_ns, ended_ns))


def stage_of(name: str, seconds: float) -> None:
    """Add a span of some seconds that has just ended, within the one in work."""
    if _State.tracer is not None:
        now = time.time_ns()
        stage(name, now - round(seconds * 1e9), now)


def traceparent() -> str:
    """The span in work as W3C Trace Context writes it; empty where nothing is traced."""
    if _State.tracer is None:
        return ""
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get(PARENT, "")


def _context(headers: Mapping[str, str] | None) -> "Context | None":
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    if not headers or PARENT not in headers:
        return None
    carrier = {name: headers[name] for name in (PARENT, STATE) if name in headers}
    return TraceContextTextMapPropagator().extract(carrier)


def _links(parent: str) -> "Sequence[Link]":
    from opentelemetry import trace

    context = _context({PARENT: parent}) if parent else None
    if context is None:
        return ()
    linked = trace.get_current_span(context).get_span_context()
    return (trace.Link(linked),) if linked.is_valid else ()
