"""The sample documents: uploaded once, through the interface, and never again."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from app.sample_collection import (
    SampleError,
    SampleProgress,
    add_samples,
    already_added,
    sample_files,
)

MAX_SAMPLE_BYTES = 1_000_000


class FakeApi:
    """Accepts the upload and makes one more document ready each time it is asked."""

    def __init__(self, *, exists: bool = False, refuse_upload: bool = False) -> None:
        self.exists, self.refuse_upload = exists, refuse_upload
        self.uploads: list[bytes] = []
        self.ready = 0

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path == "/v1/collections":
            return httpx.Response(409 if self.exists else 201, json={"id": "col_1"})
        if path == "/v1/collections/samples":
            return httpx.Response(200, json={"id": "col_1"})
        if request.method == "POST":
            if self.refuse_upload:
                return httpx.Response(507, json={"title": "disk full"})
            self.uploads.append(request.content)
            return httpx.Response(202, json={"documents": [], "jobs": []})
        total = len(sample_files())
        states = ["ready"] * self.ready + ["queued"] * (total - self.ready)
        self.ready += 1
        return httpx.Response(200, json={"items": [{"status": state} for state in states]})


def add(api: Callable[[httpx.Request], httpx.Response], home: Path) -> tuple[str, list[SampleProgress]]:
    seen: list[SampleProgress] = []

    async def scenario() -> str:
        transport = httpx.MockTransport(api)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await add_samples(client, home, on_progress=seen.append, poll_s=0)

    return asyncio.run(scenario()), seen


@pytest.mark.parametrize("exists", [False, True])
def test_every_sample_is_uploaded_and_waited_for(tmp_path: Path, exists: bool) -> None:
    api = FakeApi(exists=exists)
    collection, seen = add(api, tmp_path / "home")
    assert collection == "col_1"
    assert len(api.uploads) == 1
    assert all(path.read_bytes() in api.uploads[0] for path in sample_files())
    assert seen[0].ready == 0
    assert seen[-1] == SampleProgress(ready=len(sample_files()), failed=0, total=len(sample_files()))
    assert already_added(tmp_path / "home")


def test_a_refused_upload_is_tried_again_at_the_next_start(tmp_path: Path) -> None:
    with pytest.raises(SampleError, match="507"):
        add(FakeApi(refuse_upload=True), tmp_path)
    assert not already_added(tmp_path)


def test_an_interface_that_is_gone_is_a_sample_error(tmp_path: Path) -> None:
    def gone(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(SampleError, match="next start"):
        add(gone, tmp_path)
    assert not already_added(tmp_path)


def test_the_samples_are_small_text_in_both_languages() -> None:
    files = sample_files()
    assert sum(path.stat().st_size for path in files) < MAX_SAMPLE_BYTES
    texts = [path.read_text(encoding="utf-8") for path in files]
    assert sum("一" in text for text in texts) >= 2
    assert sum(text.isascii() or "The " in text for text in texts) >= 2


def test_every_sample_is_named_in_the_notice() -> None:
    notice = (sample_files()[0].parent / "NOTICE.md").read_text(encoding="utf-8")
    for path in sample_files():
        assert path.name in notice or path.name.startswith("juicefs-")
