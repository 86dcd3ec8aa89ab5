"""The client that waits."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self, TypeVar

import httpx
from httpx_sse import connect_sse

from app.client import calls
from app.client.calls import ENDED, LOOK_S, TIMEOUT_S, Call, Filter, Metadata, Model, Turns, headers_of
from app.client.failures import failure_of, unreachable
from app.client.streaming import AnswerEvent, event_of
from app.schemas.answers import AnswerOut
from app.schemas.collections import CollectionOut
from app.schemas.documents import ContentOut, DocumentOut, UploadOut
from app.schemas.jobs import JobOut
from app.schemas.paging import Page
from app.schemas.search import SearchOut

Reply = TypeVar("Reply")


class Fathom:
    """Calls a running Fathom; safe to share between threads. Every method raises `FathomFailure`.

    Args:
        base_url: Root of the server.
        key: A key, where it serves users.
        timeout_s: Longest wait for a reply.
        transport: Another way to reach the server.
    """

    def __init__(
        self,
        base_url: str = "http://127.0.0.1:8000",
        *,
        key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(
            base_url=base_url,
            headers=headers_of(key),
            timeout=timeout_s,
            transport=transport,
            trust_env=False,
        )

    def __enter__(self) -> Self:
        """Return itself; the connections close at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def collections(self) -> Iterator[CollectionOut]:
        """All collections, oldest first."""
        return self._items(calls.collections)

    def create_collection(self, name: str, description: str = "") -> CollectionOut:
        """Make an empty collection."""
        return self._send(calls.create_collection(name, description))

    def collection(self, collection: str) -> CollectionOut:
        """A collection, by id or name."""
        return self._send(calls.collection(collection))

    def delete_collection(self, collection: str, *, erase: bool = False) -> None:
        """Delete a collection with all its documents; `erase` takes their text away at once, without the bin."""
        self._send(calls.delete("collections", collection, erase=erase))

    def documents(self, collection: str, *, filter: Filter | None = None) -> Iterator[DocumentOut]:  # noqa: A002
        """Documents of a collection that a filter leaves, oldest first."""
        return self._items(lambda cursor: calls.documents(collection, cursor, filter))

    def document(self, document_id: str) -> DocumentOut:
        """A document with its state."""
        return self._send(calls.document(document_id))

    def content(self, document_id: str) -> ContentOut:
        """The text of a document, which citations point into."""
        return self._send(calls.content(document_id))

    def delete_document(self, document_id: str, *, erase: bool = False) -> None:
        """Delete a document; `erase` takes its text away at once, without the bin."""
        self._send(calls.delete("documents", document_id, erase=erase))

    def upload(
        self,
        collection: str,
        files: Mapping[str, bytes],
        *,
        external_id: str | None = None,
        metadata: Metadata | None = None,
    ) -> UploadOut:
        """Send files by name; a worker reads them afterwards (`wait_for`).

        Args:
            collection: Id or name.
            files: Bytes by name.
            external_id: Your own id, for a single file.
            metadata: For all of them.
        """
        return self._send(calls.upload(collection, files, external_id, metadata))

    def job(self, job_id: str) -> JobOut:
        """The state of a job."""
        return self._send(calls.job(job_id))

    def wait_for(self, upload: UploadOut) -> list[JobOut]:
        """Wait until the files of an upload are read; gives their jobs, some of which may have failed."""
        ended: list[JobOut] = []
        for started in upload.jobs:
            job = self.job(started.id)
            while job.state not in ENDED:
                time.sleep(LOOK_S)
                job = self.job(started.id)
            ended.append(job)
        return ended

    def search(
        self,
        query: str,
        collections: Sequence[str],
        *,
        history: Turns = (),
        k: int | None = None,
        filter: Filter | None = None,  # noqa: A002
    ) -> SearchOut:
        """Find passages.

        Args:
            query: What to look for.
            collections: Ids or names.
            history: Earlier questions with their answers, oldest first.
            k: Passages wanted.
            filter: Only documents that hold this.
        """
        return self._send(calls.search(query, collections, history, k, filter))

    def ask(
        self,
        question: str,
        collections: Sequence[str],
        *,
        history: Turns = (),
        k: int | None = None,
        filter: Filter | None = None,  # noqa: A002
    ) -> AnswerOut:
        """Answer a question, or say that the documents don't.

        Args:
            question: The question.
            collections: Ids or names.
            history: Earlier questions with their answers, oldest first.
            k: Passages to read.
            filter: Only documents that hold this.
        """
        return self._send(calls.ask(question, collections, history, k, filter))

    def stream(
        self,
        question: str,
        collections: Sequence[str],
        *,
        history: Turns = (),
        k: int | None = None,
        filter: Filter | None = None,  # noqa: A002
    ) -> Iterator[AnswerEvent]:
        """As `ask`, while the answer is made; the last event has the whole. Leaving early stops the answer.

        Args:
            question: The question.
            collections: Ids or names.
            history: Earlier questions with their answers, oldest first.
            k: Passages to read.
            filter: Only documents that hold this.

        Raises:
            FathomFailure: The answer failed.
        """
        call = calls.ask(question, collections, history, k, filter)
        try:
            with connect_sse(self._http, call.method, call.path, **call.options) as events:
                if events.response.is_error:
                    events.response.read()
                    failure = failure_of(events.response)
                    raise failure
                for sent in events.iter_sse():
                    if sent.data:  # httpx-sse gives the pings of a pause as events, too
                        yield event_of(sent)
        except httpx.HTTPError as error:
            failure = unreachable(str(self._http.base_url), error)
            raise failure from error

    def answer(self, answer_id: str) -> AnswerOut:
        """A stored answer."""
        return self._send(calls.answer(answer_id))

    def delete_answer(self, answer_id: str) -> None:
        """Delete an answer with its question."""
        self._send(calls.delete("answers", answer_id))

    def _items(self, page_at: Callable[[str | None], Call[Page[Model]]]) -> Iterator[Model]:
        """The items of all pages, each page asked for when the one before was taken."""
        cursor: str | None = None
        while True:
            page = self._send(page_at(cursor))
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def _send(self, call: Call[Reply]) -> Reply:
        try:
            reply = self._http.request(call.method, call.path, **call.options)
        except httpx.HTTPError as error:
            failure = unreachable(str(self._http.base_url), error)
            raise failure from error
        if reply.is_error:
            failure = failure_of(reply)
            raise failure
        return call.read(reply.json() if reply.content else None)
