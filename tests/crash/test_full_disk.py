"""A disk that is really full: a small filesystem in memory, filled to the last byte under a running server."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.composition.runtime import build_runtime
from app.library import collections
from app.worker import Worker
from tests.app.doubles import small_parts
from tests.crash.process import server, settings_for
from tests.crash.test_worker_kills import add

pytestmark = [pytest.mark.crash, pytest.mark.processes, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A filesystem of 6 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("mounting a filesystem is not permitted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(disk: Path) -> None:
    descriptor = os.open(disk / "filler", os.O_CREAT | os.O_WRONLY)
    try:
        while True:
            os.write(descriptor, b"x" * 4096)
    except OSError:
        os.close(descriptor)


def test_a_full_disk_is_told_and_searches_go_on_and_all_is_well_with_room_again(disk, free_port):
    runtime = build_runtime(settings_for(disk / "home"), small_parts())
    for name in ("birds", "fish"):
        collection = collections.create(runtime.db, name=name).row.id
        texts = {f"{n}.md": f"# {name} {n}\n\nIt flies and swims.".encode() for n in range(5)}
        add(runtime, collection, texts)
    Worker(runtime).run_pending()
    runtime.close()
    with server(disk / "home", free_port) as (_, client):
        document = client.get("/v1/collections/birds/documents").json()["items"][0]["id"]
        asked = {"collections": ["birds"], "query": "flies"}
        assert client.post("/v1/search", json=asked).status_code == 200
        fill(disk)
        files = [("files", ("new.md", b"# New\n\n" + b"It is new. " * 500))]
        refused = [
            client.post("/v1/collections", json={"name": "new"}),
            client.post("/v1/collections/birds/documents", files=files),
            client.delete(f"/v1/documents/{document}"),
            client.post("/v1/answers", json={"collections": ["birds"], "question": "What flies?"}),
        ]
        told = [(reply.status_code, reply.json()["code"]) for reply in refused]
        assert told == [(507, "disk_full")] * len(refused)
        for names in (["birds"], ["fish"], ["birds", "fish"]):  # the second was never opened before
            reply = client.post("/v1/search", json={"collections": names, "query": "swims"})
            assert reply.status_code == 200, reply.text
            assert len(reply.json()["hits"]) >= 5
        assert client.get("/readyz").status_code == 503
        (disk / "filler").unlink()
        assert client.post("/v1/collections", json={"name": "new"}).status_code == 201
        assert client.delete(f"/v1/documents/{document}").status_code == 204
