"""Uploads beyond the limit, against a real server: refused early, and without filling its memory."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.texts import DUCKS, upload
from tests.crash.process import server

pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

MIB = 1024 * 1024
HEAD = b'--x\r\nContent-Disposition: form-data; name="files"; filename="big.txt"\r\n\r\n'


def peak_bytes(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024


def body(size: int, piece: bytes = b"a" * MIB) -> Iterator[bytes]:
    yield HEAD
    for _ in range(size // MIB):
        yield piece
    yield b"\r\n--x--\r\n"


@pytest.mark.slow
@pytest.mark.parametrize("declared", [True, False])
def test_a_file_of_300_mb_is_refused_and_does_not_fill_memory(tmp_path, free_port, declared):
    with server(tmp_path / "home", free_port) as (child, client):
        client.post("/v1/collections", json={"name": "birds"})
        assert upload(client, "birds", {"small.md": DUCKS}).status_code == 202
        before = peak_bytes(child.pid)
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        if declared:
            headers["Content-Length"] = str(len(HEAD) + 300 * MIB + len(b"\r\n--x--\r\n"))
        reply = client.post("/v1/collections/birds/documents", content=body(300 * MIB), headers=headers)
        assert (reply.status_code, reply.headers["content-type"]) == (413, "application/problem+json")
        assert reply.json()["code"] == ("request_too_large" if declared else "file_too_large")
        assert reply.json()["hint"]
        assert peak_bytes(child.pid) - before < 64 * MIB
        assert upload(client, "birds", {"next.md": DUCKS}).status_code == 202
        assert client.get("/v1/collections/birds").json()["documents"] == 2
    stored = [path for path in (tmp_path / "home" / "blobs").rglob("*") if path.is_file()]
    assert len(stored) == 1, "the refused file left nothing behind"


def test_the_refusal_comes_before_the_body_is_sent(tmp_path, free_port):
    with server(tmp_path / "home", free_port), socket.create_connection(("127.0.0.1", free_port), 10) as raw:
        raw.sendall(
            b"POST /v1/collections/birds/documents HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 314572800\r\n\r\n"
        )
        assert b" 413 " in raw.recv(4096)
