"""Traces of a server and a worker, received by a collector that speaks OTLP over HTTP as its protocol files say."""

import contextlib
import gzip
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from app import tracing
from tests.app.texts import upload

pytestmark = [pytest.mark.processes]

PLANTED = "Quuxbergen"
TEXT = f"# Brasskeyhall\n\nThe vault of {PLANTED} opens with seventeen brass keys.\n".encode()
QUESTION = f"Which keys open the vault of {PLANTED}?"
TRACE, PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
WAIT_S = 30.0


@dataclass
class Collector:
    """What came in: bodies as they were sent, spans with the attributes of their resource, headers."""

    server: ThreadingHTTPServer
    bodies: list[bytes] = field(default_factory=list)
    spans: list[tuple[dict[str, str], Span]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def named(self, name: str) -> list[Span]:
        return [span for _, span in list(self.spans) if span.name == name]

    def wait_for(self, name: str, count: int = 1) -> list[Span]:
        end = time.monotonic() + WAIT_S
        while len(self.named(name)) < count:
            assert time.monotonic() < end, f"no {name}: {sorted({span.name for _, span in self.spans})}"
            time.sleep(0.05)
        return self.named(name)

    def children(self, span: Span) -> list[str]:
        return [one.name for _, one in self.spans if one.parent_span_id == span.span_id]


@pytest.fixture(scope="module")
def collector():
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            assert self.headers["Content-Type"] == "application/x-protobuf"
            found.bodies.append(body)
            found.paths.add(self.path)
            found.headers.append(dict(self.headers))
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                about = {one.key: one.value.string_value for one in resource.resource.attributes}
                for scope in resource.scope_spans:
                    found.spans += [(about, span) for span in scope.spans]
            reply = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Collector(server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield found
    server.shutdown()
    server.server_close()


@contextlib.contextmanager
def running(home, port, *roles, **variables):
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("FATHOM_", "OTEL_"))},
        **variables,
    }
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.app.traced_process", role, home, str(port)], env=environment
        )
        for role in roles
    ]
    try:
        yield started
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            assert process.wait(30) == 0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def connected(port):
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=20.0, trust_env=False) as client:
        end = time.monotonic() + WAIT_S
        while True:
            with contextlib.suppress(httpx.TransportError):
                if client.get("/healthz").is_success:
                    break
            assert time.monotonic() < end
            time.sleep(0.05)
        yield client


@pytest.fixture(scope="module")
def traced(collector, tmp_path_factory):
    """A server and a worker that send their traces to the collector, and what was done with them."""
    port = free_port()
    variables = {
        "FATHOM_TRACES": "otlp",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.address,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-tenant=ponds",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test",
    }
    home = str(tmp_path_factory.mktemp("traced") / "home")
    with running(home, port, "serve", "worker", **variables), connected(port) as client:
        vaults = client.post("/v1/collections", json={"name": "Vaultcollection"}).json()["id"]
        client.headers.update(
            {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "ponds=1", "X-Request-ID": "upload-1"}
        )
        taken = upload(client, vaults, {"secretname.md": TEXT, "nothing.pdf": b"%PDF-nothing"}).json()
        for name in ("traceparent", "tracestate", "X-Request-ID"):
            del client.headers[name]
        for job in taken["jobs"]:
            end = time.monotonic() + WAIT_S
            while client.get(f"/v1/jobs/{job['id']}").json()["state"] not in {"done", "failed"}:
                assert time.monotonic() < end
                time.sleep(0.05)
        asked = {"collections": [vaults], "question": QUESTION}
        answer = client.post("/v1/answers", json=asked).json()
        assert answer["answerable"], answer
        unsampled = {"traceparent": f"00-{'1' * 32}-{'2' * 16}-00"}
        client.get("/v1/collections", headers=unsampled)
        broken = client.get("/v1/collections", headers={"traceparent": "no trace at all"})
        assert broken.is_success
        assert client.get("/v1/answers/ans_none").status_code == 404
        collector.wait_for("answer")
        collector.wait_for("job ingest", 2)
        yield answer
    # what was left was sent at the end of the processes


def test_the_request_continues_the_callers_trace(collector, traced):
    (sent,) = collector.wait_for("POST /v1/collections/{collection}/documents")
    assert (sent.trace_id.hex(), sent.parent_span_id.hex()) == (TRACE, PARENT)
    assert sent.trace_state == "ponds=1"
    assert sent.kind == Span.SPAN_KIND_SERVER
    told = {one.key: one.value for one in sent.attributes}
    assert told["fathom.request_id"].string_value == "upload-1"
    assert told["http.response.status_code"].int_value == 202


def test_the_workers_spans_are_linked_to_the_request_that_uploaded(collector, traced):
    (sent,) = collector.wait_for("POST /v1/collections/{collection}/documents")
    jobs = collector.wait_for("job ingest", 2)
    for job in jobs:
        assert [(link.trace_id, link.span_id) for link in job.links] == [(sent.trace_id, sent.span_id)]
        assert job.trace_id != sent.trace_id
        assert job.kind == Span.SPAN_KIND_CONSUMER
        told = {one.key: one.value.string_value for one in job.attributes}
        assert told["fathom.request_id"] == "upload-1"
    good, bad = sorted(jobs, key=lambda job: job.status.code)
    assert set(collector.children(good)) == {"job.parsing", "job.chunking", "job.embedding", "job.indexing"}
    assert (bad.status.code, bad.status.message) == (Status.STATUS_CODE_ERROR, "corrupt_file"), bad
    assert collector.children(bad) == ["job.parsing"]


def test_an_answer_has_a_span_for_each_stage(collector, traced):
    (asked,) = collector.wait_for("POST /v1/answers")
    assert collector.children(asked) == ["answer"]
    (answer,) = collector.named("answer")
    told = {one.key: one.value for one in answer.attributes}
    assert told["fathom.answer"].string_value == traced["id"]
    assert told["fathom.answerable"].bool_value
    assert set(collector.children(answer)) == {"search", "answer.load", "answer.generate", "answer.store"}
    (search,) = collector.named("search")
    assert {"search.embed", "search.dense", "search.lexical", "search.fuse", "search.compress"} <= set(
        collector.children(search)
    )
    (generate,) = collector.named("answer.generate")
    assert [event.name for event in generate.events] == ["first_token"]
    for _, span in collector.spans:
        assert span.start_time_unix_nano <= span.end_time_unix_nano
    begun = [
        one for one in (answer, search, generate) if one.start_time_unix_nano < asked.start_time_unix_nano
    ]
    assert begun == []


def test_the_variables_of_opentelemetry_are_kept_to(collector, traced):
    assert collector.paths == {"/v1/traces"}
    assert all(headers["x-tenant"] == "ponds" for headers in collector.headers)
    assert all(headers["Content-Encoding"] == "gzip" for headers in collector.headers)
    about = [resource for resource, _ in collector.spans]
    assert {one["service.name"] for one in about} == {"fathom"}
    assert {one["fathom.role"] for one in about} == {"api", "worker"}
    assert {one["deployment.environment.name"] for one in about} == {"test"}


def test_what_the_caller_does_not_sample_is_not_sent_and_a_broken_header_begins_anew(collector, traced):
    collector.wait_for("GET /v1/collections")
    assert [span for _, span in collector.spans if span.trace_id.hex() == "1" * 32] == []
    assert [span.parent_span_id for span in collector.named("GET /v1/collections")] == [b""]


def test_no_text_and_no_name_is_in_what_was_sent(collector, traced):
    sent = b"".join(collector.bodies)
    assert b"answer.generate" in sent
    for word in (PLANTED, "Brasskeyhall", "brass", "keys", "Vaultcollection", "secretname", "nothing.pdf"):
        assert word.encode() not in sent


def test_a_collector_that_is_not_there_holds_nobody_up(tmp_path):
    port = free_port()
    nowhere = {
        "FATHOM_TRACES": "otlp",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}",
        "OTEL_BSP_SCHEDULE_DELAY": "50",
    }
    with running(str(tmp_path / "home"), port, "serve", **nowhere), connected(port) as client:
        begun = time.monotonic()
        for _ in range(20):
            assert client.get("/v1/collections").is_success
        assert time.monotonic() - begun < 5
        begun = time.monotonic()
    assert time.monotonic() - begun < 15


def test_nothing_of_the_sdk_is_loaded_where_nothing_is_traced():
    code = (
        "import sys, app.main, app.worker; from app import tracing; "
        "assert not tracing.is_on(); assert tracing.traceparent() == ''; "
        "print([name for name in sys.modules if name.startswith('opentelemetry.sdk')])"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


def test_a_span_where_nothing_is_traced_is_nothing():
    with tracing.span("one", linked="00-x") as traced, pytest.raises(ValueError, match="told"):
        traced.set(number=1)
        with tracing.span("two"):
            raise ValueError("told")
    tracing.stage("three", 1, 2)
    tracing.shut_down()
