"""Pages of the web as documents: only public addresses are connected to, on every hop; size and time are capped."""

import asyncio
import gzip
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.errors import FathomError, InvalidInputError, TooLargeError
from app.services import fetching
from app.storage import BlobStore

PAGE = b"<html><title>Ponds</title><body><h1>Ducks</h1><p>Ducks swim on ponds.</p></body></html>"


class Web(ThreadingHTTPServer):
    """A web server on this machine that notes the paths and Host headers it is asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, str]] = []
        self.port = self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Host"]))
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.end_headers()
            return
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if self.path == "/bomb":
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if self.path == "/slow":
            threading.Event().wait(3)
        elif self.path in {"/endless", "/bomb"}:
            piece = gzip.compress(bytes(10_000_000)) if self.path == "/bomb" else bytes(65536)
            with_end = range(1 if self.path == "/bomb" else 10_000)
            try:
                for _ in with_end:
                    self.wfile.write(piece)
            except OSError:
                return
        else:
            self.wfile.write(PAGE)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


async def to_this_machine(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def get(url: str, store: BlobStore, max_bytes: int = 1_000_000, **more) -> fetching.Fetched:
    options = {"resolve": to_this_machine, "is_allowed": lambda address: address == "127.0.0.1", **more}
    return asyncio.run(fetching.fetch(url, store, max_bytes, **options))


def left_in(store: BlobStore, tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "blobs").rglob("*") if path.is_file()]


def test_a_page_is_fetched_from_the_address_that_was_checked(web: Web, store: BlobStore) -> None:
    page = get(f"http://ponds.example:{web.port}/guide?x=1#part", store)
    assert store.read(page.blob.sha256) == PAGE
    assert page.media_type == "text/html"
    assert web.seen == [("/guide?x=1", f"ponds.example:{web.port}")]


def test_the_name_is_resolved_once_for_each_hop(web: Web, store: BlobStore) -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        # A second look-up of the same name would be told another address.
        asked.append(host)
        return ["127.0.0.1"] if asked.count(host) == 1 else ["10.0.0.1"]

    get(f"http://a.example:{web.port}/to/http://b.example:{web.port}/x", store, resolve=resolve)
    assert asked == ["a.example", "b.example"]


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "localhost", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]",
        "[::]", "169.254.169.254", "10.0.0.1", "192.168.0.1", "172.16.0.1", "100.64.0.1", "[fe80::1]", "[fc00::1]",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1", "255.255.255.255",
    ],
)  # fmt: skip
def test_no_address_that_is_not_public_is_connected_to(host: str, web: Web, store: BlobStore) -> None:
    with pytest.raises(InvalidInputError) as caught:
        asyncio.run(fetching.fetch(f"http://{host}:{web.port}/", store, 1000))
    assert caught.value.code in {
        "address_not_public",
        "unknown_web_host",
    }  # resolvers differ on odd spellings
    assert web.seen == []


@pytest.mark.parametrize(
    "answers", [["8.8.8.8", "127.0.0.1"], ["2606:4700::1111", "::1"], ["127.0.0.1"], ["not an address"], []]
)
def test_one_address_that_is_not_public_spoils_them_all(
    answers: list[str], web: Web, store: BlobStore
) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return answers

    with pytest.raises(InvalidInputError) as caught:
        asyncio.run(fetching.fetch(f"http://x.example:{web.port}/", store, 1000, resolve=resolve))
    assert caught.value.code == "address_not_public"
    assert web.seen == []


@pytest.mark.parametrize(
    "target", ["http://10.0.0.1/", "http://localhost:{port}/inside", "//169.254.169.254/x"]
)
def test_a_redirect_is_checked_like_the_first_address(target: str, web: Web, store: BlobStore) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        if host == "open.example":
            return ["127.0.0.1"]
        return [host if host[0].isdigit() else "10.9.9.9"]

    with pytest.raises(InvalidInputError) as caught:
        get(f"http://open.example:{web.port}/to/{target.format(port=web.port)}", store, resolve=resolve)
    assert caught.value.code == "address_not_public"
    assert len(web.seen) == 1


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://x.example/", "http://user:pass@x.example/"])
def test_a_redirect_to_another_scheme_or_with_a_password_is_refused(
    target: str, web: Web, store: BlobStore
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        get(f"http://x.example:{web.port}/to/{target}", store)
    assert caught.value.code == "bad_url"


def test_a_loop_of_redirects_ends(web: Web, store: BlobStore) -> None:
    with pytest.raises(InvalidInputError) as caught:
        get(f"http://x.example:{web.port}/to/" + "/to/" * 9 + "end", store)
    assert caught.value.code == "too_many_redirects"
    assert len(web.seen) == fetching.MAX_REDIRECTS + 1


@pytest.mark.parametrize("path", ["/endless", "/bomb"])
def test_a_page_that_is_too_large_leaves_nothing_behind(
    path: str, web: Web, store: BlobStore, tmp_path: Path
) -> None:
    with pytest.raises(TooLargeError):
        get(f"http://x.example:{web.port}{path}", store, max_bytes=200_000)
    assert left_in(store, tmp_path) == []


def test_time_is_capped_and_other_failures_are_told(
    web: Web, store: BlobStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "WALL_S", 0.5)
    codes = {}
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        free = closed.getsockname()[1]
    for path in (f":{web.port}/slow", f":{web.port}/missing", f":{free}/"):
        with pytest.raises(FathomError) as caught:
            get(f"http://x.example{path}", store)
        codes[path.rpartition("/")[2]] = caught.value.code
    assert codes == {"slow": "url_timeout", "missing": "url_refused", "": "url_unreachable"}
    assert left_in(store, tmp_path) == []


@pytest.mark.parametrize(
    "url",
    ["", "x", "ftp://x.org/", "file:///etc/passwd", "http://", "http://u:p@x.org/", "http://x.org:99999/",
     "http://x.org\\@127.0.0.1/", "http://x.org/\r\nHost: y", "http://" + "a" * 3000],
)  # fmt: skip
def test_what_is_no_plain_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        fetching.checked_url(url)
    assert caught.value.code == "bad_url"


@pytest.fixture
def opened(web: Web, monkeypatch: pytest.MonkeyPatch) -> str:
    """An address of the server on this machine, which the program takes for a public one."""
    monkeypatch.setattr(fetching, "_system_addresses", to_this_machine)
    monkeypatch.setattr(fetching, "is_public", lambda address: address == "127.0.0.1")
    return f"http://ponds.example:{web.port}/notes.md"


def test_an_address_becomes_a_document(api: TestClient, work, opened: str) -> None:
    collection = api.post("/v1/collections", json={"name": "web"}).json()["id"]
    path = f"/v1/collections/{collection}/documents"
    reply = api.post(path, json={"url": opened, "metadata": {"a": 1}}, headers={"Idempotency-Key": "k"})
    assert reply.status_code == 202, reply.text
    document = reply.json()["documents"][0]
    assert document["name"] == opened
    again = api.post(path, json={"url": opened, "metadata": {"a": 1}}, headers={"Idempotency-Key": "k"})
    assert again.json() == reply.json()
    work()
    shown = api.get(f"/v1/documents/{document['id']}").json()
    # The declared type counts, not the end of the address.
    assert (shown["status"], shown["title"], shown["media_type"]) == ("ready", "Ponds", "text/html")
    assert shown["metadata"] == {"a": 1}
    assert api.post(path, json={"url": opened}).json()["jobs"] == []


@pytest.mark.parametrize(
    "body", [{}, {"url": 5}, {"url": "http://x.org", "more": 1}, {"url": "http://127.0.0.1/"}]
)
def test_a_bad_request_for_a_page_is_a_problem(api: TestClient, body: dict[str, object]) -> None:
    api.post("/v1/collections", json={"name": "web"})
    reply = api.post("/v1/collections/web/documents", json=body)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
