"""The sample collection: a few real documents, uploaded once through the REST interface.

Uploading as any client would keeps the samples honest: they take the same path as everybody's documents.
A marker in the home folder remembers that it was done, so a user who deletes the samples is rid of them.
"""

import asyncio
import json
import mimetypes
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx

COLLECTION_NAME: Final = "samples"
DESCRIPTION: Final = "JuiceFS documentation and two Chinese statutes, to try Fathom out. 示例文档。"
FOLDER: Final = Path(__file__).resolve().parent / "samples"
MARKER_NAME: Final = "samples.json"
_NOT_SAMPLES: Final = frozenset({"NOTICE.md"})
_REQUEST_TIMEOUT_S: Final = 60.0


class SampleError(Exception):
    """Raised if the sample documents could not be uploaded; the message has the reason and the next step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleProgress:
    """How far the samples are.

    Attributes:
        ready: Documents that can be searched.
        failed: Documents that could not be read.
        total: Documents uploaded.
    """

    ready: int
    failed: int
    total: int

    @property
    def finished(self) -> bool:
        """Whether nothing is left to wait for."""
        return self.ready + self.failed >= self.total


def sample_files(folder: Path = FOLDER) -> tuple[Path, ...]:
    """The shipped documents, in a fixed order."""
    return tuple(
        sorted(path for path in folder.iterdir() if path.is_file() and path.name not in _NOT_SAMPLES)
    )


def already_added(home: Path) -> bool:
    """Whether the samples were uploaded before, whatever became of them since."""
    return (home / MARKER_NAME).exists()


async def add_samples(
    client: httpx.AsyncClient,
    home: Path,
    *,
    on_progress: Callable[[SampleProgress], None],
    poll_s: float = 2.0,
) -> str:
    """Upload the samples and wait until they can be searched.

    The marker is written once every upload was accepted: what comes after is the job table's to finish.
    A run that dies before it uploads again, which changes nothing for documents that are there already.

    Args:
        client: Client whose base URL is the root of the REST interface.
        home: Folder of the marker.
        on_progress: Called whenever the counts change.
        poll_s: Seconds between two looks at the documents.

    Returns:
        Id of the collection.

    Raises:
        SampleError: The interface refused the collection or a document.
    """
    try:
        collection_id = await _collection(client)
        await _upload(client, collection_id)
        write_marker(home, collection_id)
        await _wait(client, collection_id, on_progress, poll_s)
    except httpx.HTTPError as error:
        raise SampleError(
            f"the samples could not be uploaded ({error!r}); the next start tries again"
        ) from error
    return collection_id


def write_marker(home: Path, collection_id: str) -> None:
    """Remember, in one step, that the samples were uploaded."""
    home.mkdir(parents=True, exist_ok=True)
    marker = home / MARKER_NAME
    written = marker.with_suffix(".part")
    content = {"collection_id": collection_id, "added_at": datetime.now(UTC).isoformat()}
    written.write_text(json.dumps(content) + "\n", encoding="utf-8")
    written.replace(marker)


async def _collection(client: httpx.AsyncClient) -> str:
    body = {"name": COLLECTION_NAME, "description": DESCRIPTION}
    response = await client.post("/v1/collections", json=body)
    if response.status_code == httpx.codes.CONFLICT:
        response = await client.get(f"/v1/collections/{COLLECTION_NAME}")
    return str(_checked(response)["id"])


async def _upload(client: httpx.AsyncClient, collection_id: str) -> None:
    files = [
        ("files", (path.name, path.read_bytes(), mimetypes.guess_type(path.name)[0] or "text/markdown"))
        for path in sample_files()
    ]
    response = await client.post(
        f"/v1/collections/{collection_id}/documents", files=files, timeout=_REQUEST_TIMEOUT_S
    )
    _checked(response)


async def _wait(
    client: httpx.AsyncClient,
    collection_id: str,
    on_progress: Callable[[SampleProgress], None],
    poll_s: float,
) -> None:
    last: SampleProgress | None = None
    while last is None or not last.finished:
        response = await client.get(f"/v1/collections/{collection_id}/documents", params={"limit": 100})
        states = [document["status"] for document in _checked(response)["items"]]
        progress = SampleProgress(
            ready=states.count("ready"), failed=states.count("failed"), total=len(states)
        )
        if progress != last:
            on_progress(progress)
        last = progress
        if not progress.finished:
            await asyncio.sleep(poll_s)


def _checked(response: httpx.Response) -> dict[str, Any]:
    if response.is_success:
        body: dict[str, Any] = response.json()
        return body
    detail = response.text[:500]
    raise SampleError(f"the samples could not be added: {response.status_code} {detail}")
