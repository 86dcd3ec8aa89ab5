"""Pages of the web as documents: only public addresses are connected to, on every hop; size and time are capped."""

import asyncio
import gzip
import socket
import threading
import tracemalloc
import zlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from app.errors import FathomError, InvalidInputError, TooLargeError, UnavailableError
from app.intake import fetching, public_web
from app.storage import BlobStore

ZEROS = bytes(50_000_000)
LONG = bytes(range(256)) * 1024  # four times what is unpacked at once
# How a body is packed, by the path that asks for it: the header, and the bytes.
PACKED = {
    "/bomb": ("gzip", gzip.compress(ZEROS)),
    "/bomb-of-zlib": ("deflate", zlib.compress(ZEROS)),
    "/nested": ("gzip, gzip", gzip.compress(gzip.compress(ZEROS))),
    "/nested-otherwise": ("identity, gzip", gzip.compress(ZEROS)),
    "/nested-headers": ("gzip\r\nContent-Encoding: gzip", gzip.compress(gzip.compress(ZEROS))),
    "/brotli": ("br", b"\x8b\x02\x80"),
    "/zstandard": ("zstd", b"\x28\xb5\x2f\xfd"),
    "/gzip": ("gzip", gzip.compress(LONG)),
    "/GZIP": (" GZip ", gzip.compress(LONG)),
    "/deflate": ("deflate", zlib.compress(LONG)),
    "/identity": ("identity", LONG),
    "/cut": ("gzip", gzip.compress(LONG)[:-9]),
    "/longer": ("gzip", gzip.compress(LONG) + b"more"),
    "/no-gzip": ("gzip", LONG),
}
PAGE = b"<html><title>Ponds</title><body><h1>Ducks</h1><p>Ducks swim on ponds.</p></body></html>"


class Web(ThreadingHTTPServer):
    """A web server on this machine that notes the paths and Host headers it is asked for."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.seen: list[tuple[str, str]] = []
        self.encodings: list[str | None] = []
        self.port = self.server_address[1]


class _Handler(BaseHTTPRequestHandler):
    server: Web

    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Host"]))
        self.server.encodings.append(self.headers["Accept-Encoding"])
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/to/"))
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self._write(PACKED["/bomb"][1])
            return
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        encoding, body = PACKED.get(self.path, ("identity", PAGE))
        self.send_header("Content-Encoding", encoding)
        self.end_headers()
        if self.path == "/slow":
            threading.Event().wait(3)
        for _ in range(10_000 if self.path == "/endless" else 1):
            if not self._write(bytes(65536) if self.path == "/endless" else body):
                return

    def _write(self, data: bytes) -> bool:
        try:
            self.wfile.write(data)
        except OSError:
            return False
        return True

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


@pytest.mark.parametrize("path", ["/gzip", "/GZIP", "/deflate", "/identity"])
def test_a_page_that_comes_packed_although_it_was_asked_for_as_it_is_is_unpacked(
    path: str, web: Web, store: BlobStore
) -> None:
    page = get(f"http://x.example:{web.port}{path}", store, max_bytes=len(LONG))
    assert store.read(page.blob.sha256) == LONG
    assert web.encodings == ["identity"]


@pytest.mark.parametrize("path", ["/nested", "/nested-otherwise", "/nested-headers", "/brotli", "/zstandard"])
def test_other_packings_and_several_in_one_another_are_refused(path: str, web: Web, store: BlobStore) -> None:
    with pytest.raises(InvalidInputError) as caught:
        get(f"http://x.example:{web.port}{path}", store)
    assert caught.value.code == "url_packed"


@pytest.mark.parametrize("path", ["/cut", "/longer", "/no-gzip"])
def test_a_packed_page_that_is_not_whole_is_not_kept(
    path: str, web: Web, store: BlobStore, tmp_path: Path
) -> None:
    with pytest.raises(UnavailableError) as caught:
        get(f"http://x.example:{web.port}{path}", store)
    assert caught.value.code == "url_unreachable"
    assert left_in(store, tmp_path) == []


@pytest.mark.parametrize("path", ["/bomb", "/bomb-of-zlib", "/nested", "/to//bomb"])
def test_unpacking_takes_little_memory_whatever_it_would_give(path: str, web: Web, store: BlobStore) -> None:
    get(f"http://x.example:{web.port}/", store)  # what is imported and made once
    tracemalloc.start()
    try:
        with pytest.raises(FathomError):
            get(f"http://x.example:{web.port}{path}", store, max_bytes=20_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


def test_the_certificate_is_asked_for_by_the_name_of_the_page(store: BlobStore) -> None:
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hear() -> None:
            connection, _ = server.accept()
            with connection:
                heard.append(connection.recv(10_000))

        thread = threading.Thread(target=hear)
        thread.start()
        with pytest.raises(UnavailableError):
            get(f"https://ponds.example:{server.getsockname()[1]}/", store)
        thread.join()
    assert b"ponds.example" in heard[0]


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
    monkeypatch.setattr(public_web, "_system_addresses", to_this_machine)
    monkeypatch.setattr(public_web, "is_public", lambda address: address == "127.0.0.1")
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
