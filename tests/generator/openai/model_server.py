"""A model server on loopback that speaks OpenAI's protocol, byte by byte as a test wants it.

Real sockets: what is sent, when, in which pieces, and how it breaks off is up to the script of each test.
"""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE_S = 20.0
DONE = b"data: [DONE]\n\n"

Reply = Callable[["Conversation"], None]


def chunk(text: str | None = None, finish: str | None = None, **more: Any) -> bytes:
    """One event of a completion."""
    choice = {"index": 0, "delta": {} if text is None else {"content": text}, "finish_reason": finish}
    body = {"id": "c", "object": "chat.completion.chunk", "choices": [choice], **more}
    return f"data: {json.dumps(body, ensure_ascii=False)}\n\n".encode()


def completion(*pieces: str, finish: str = "stop", tokens: int | None = None) -> list[bytes]:
    """All events of a completion that goes well."""
    usage = {"choices": [], "usage": {"completion_tokens": tokens}}
    told = [] if tokens is None else [f"data: {json.dumps(usage)}\n\n".encode()]
    return [chunk(""), *map(chunk, pieces), chunk(finish=finish), *told, DONE]


class Conversation:
    """One request, and the means to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler, server: "ModelServer") -> None:
        self._handler, self._server = handler, server
        self.path = handler.path
        length = int(handler.headers.get("content-length") or 0)
        self.body: dict[str, Any] = json.loads(handler.rfile.read(length)) if length else {}
        self.headers = dict(handler.headers.items())

    def start(self, status: int = 200, content_type: str = "text/event-stream", **headers: str) -> None:
        """Send status and headers; the body ends with the connection, unless `chunked` says otherwise."""
        self._handler.send_response(status)
        for name, value in {"content-type": content_type, "connection": "close", **headers}.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()

    def send(self, *pieces: bytes) -> None:
        """Send bytes as they are, each piece at once."""
        for piece in pieces:
            self._handler.wfile.write(piece)
            self._handler.wfile.flush()

    def wait_for_client_to_leave(self) -> None:
        """Say nothing until the client hangs up; `left` is set then."""
        self._handler.connection.settimeout(PATIENCE_S)
        if self._handler.connection.recv(1) == b"":
            self._server.left.set()

    def reset(self) -> None:
        """Break the connection off, as a killed server does."""
        linger = (1).to_bytes(4, "little") + (0).to_bytes(4, "little")
        self._handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._handler.connection.close()


@dataclass
class ModelServer:
    """What a test sees of the server.

    Attributes:
        replies: How to answer the requests, one after the other; the last one stays.
        seen: The requests.
        asked: Set once a request was read.
        left: Set once a client hung up while `wait_for_client_to_leave` was waiting.
    """

    replies: list[Reply]
    url: str = ""
    seen: list[Conversation] = field(default_factory=list)
    asked: threading.Event = field(default_factory=threading.Event)
    left: threading.Event = field(default_factory=threading.Event)

    @property
    def prompt(self) -> str:
        """All text of the last request."""
        return "\n".join(message["content"] for message in self.seen[-1].body["messages"])


def streaming(pieces: Sequence[bytes]) -> Reply:
    """Answer with these bytes as an event stream."""

    def reply(conversation: Conversation) -> None:
        conversation.start()
        conversation.send(*pieces)

    return reply


def saying(*pieces: str, **more: Any) -> Reply:
    """Answer with a completion of these pieces."""
    return streaming(completion(*pieces, **more))


def refusing(status: int, body: bytes | dict[str, Any], **headers: str) -> Reply:
    """Answer with an error."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    def reply(conversation: Conversation) -> None:
        conversation.start(status, "application/json", content_length=str(len(raw)), **headers)
        conversation.send(raw)

    return reply


@contextmanager
def model_server(*replies: Reply) -> Iterator[ModelServer]:
    """A running server."""
    server = ModelServer(list(replies))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            conversation = Conversation(self, server)
            server.seen.append(conversation)
            server.asked.set()
            reply = server.replies[min(len(server.seen), len(server.replies)) - 1]
            self.close_connection = True
            reply(conversation)

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            pass  # a client that hung up is what some tests are about

    http = Server(("127.0.0.1", 0), Handler)
    server.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join(PATIENCE_S)
