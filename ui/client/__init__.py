"""A typed client of the REST interface; the only way from the pages to the rest of Fathom."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, cast

from ui.client.answers import AnswerCalls
from ui.client.collections import CollectionCalls
from ui.client.connection import PAGE_LIMIT, Page, segment
from ui.client.golden import GoldenCalls
from ui.client.people import PeopleCalls
from ui.client.safety import SafetyCalls
from ui.sse import ServerEvent
from ui.wire import (
    Answer,
    ChunkItem,
    Collection,
    Content,
    Document,
    Field,
    Job,
    Me,
    Provenance,
    ProviderSignIn,
    SearchReply,
    SignInWays,
    Suggestion,
    Turn,
    UploadReply,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file to send; `content` is read once, from its current position."""

    name: str
    content: IO[bytes] | bytes
    media_type: str = "application/octet-stream"


class FathomClient(CollectionCalls, GoldenCalls, AnswerCalls, PeopleCalls, SafetyCalls):
    """Calls the REST interface; safe to share between threads."""

    # ------------------------------------------------------------------ collections
    def collections(self, *, cursor: str | None = None, limit: int = PAGE_LIMIT) -> Page[Collection]:
        """One page of the collections."""
        return self._page("/v1/collections", cursor, limit)

    def all_collections(self, *, at_most: int = 1000) -> list[Collection]:
        """All collections, `at_most` of them."""
        return self._all("/v1/collections", at_most)

    def collection(self, collection_id: str) -> Collection:
        """One collection, by id or name."""
        return cast("Collection", self._json("GET", f"/v1/collections/{segment(collection_id)}"))

    def create_collection(
        self,
        name: str,
        *,
        description: str = "",
        language: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> Collection:
        """Create a collection; `settings` left out are the interface's defaults."""
        body: dict[str, Any] = {"name": name, "description": description}
        if language:
            body["language"] = language
        if settings:
            body["settings"] = dict(settings)
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        return cast("Collection", self._json("POST", "/v1/collections", json=body, headers=headers))

    # ------------------------------------------------------------------ documents
    def documents(
        self, collection_id: str, *, cursor: str | None = None, limit: int = PAGE_LIMIT
    ) -> Page[Document]:
        """One page of a collection's documents."""
        return self._page(f"/v1/collections/{segment(collection_id)}/documents", cursor, limit)

    def upload(self, collection_id: str, files: Sequence[Upload]) -> UploadReply:
        """Send files; returns as soon as they are stored, before they are read."""
        parts = [("files", (file.name, file.content, file.media_type)) for file in files]
        path = f"/v1/collections/{segment(collection_id)}/documents"
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        return cast("UploadReply", self._json("POST", path, files=parts, headers=headers, timeout=300.0))

    def add_page(self, collection_id: str, url: str) -> UploadReply:
        """Have a page of the web fetched and stored; returns before it is read."""
        path = f"/v1/collections/{segment(collection_id)}/documents"
        return cast("UploadReply", self._json("POST", path, json={"url": url}, timeout=300.0))

    def document(self, document_id: str) -> Document:
        """One document."""
        return cast("Document", self._json("GET", f"/v1/documents/{segment(document_id)}"))

    def enable_document(self, document_id: str, *, enabled: bool) -> Document:
        """Let searches see a document, or not."""
        path = f"/v1/documents/{segment(document_id)}"
        return cast("Document", self._json("PATCH", path, json={"enabled": enabled}))

    def retry_document(self, document_id: str) -> Job | None:
        """Take a failed document up again."""
        return cast("Job | None", self._json("POST", f"/v1/documents/{segment(document_id)}/retry"))

    def content(self, document_id: str) -> Content:
        """Canonical text of a document with its pages and blocks."""
        return cast("Content", self._json("GET", f"/v1/documents/{segment(document_id)}/content"))

    def original(self, document_id: str) -> bytes:
        """The bytes as they were uploaded."""
        path = f"/v1/documents/{segment(document_id)}/content"
        return self._send("GET", path, params={"format": "original"}).content

    def chunks(
        self, document_id: str, *, cursor: str | None = None, limit: int = PAGE_LIMIT
    ) -> Page[ChunkItem]:
        """One page of a document's chunks."""
        return self._page(f"/v1/documents/{segment(document_id)}/chunks", cursor, limit)

    # ------------------------------------------------------------------ questions
    def search(
        self,
        collections: Sequence[str],
        query: str,
        *,
        k: int | None = None,
        rerank: bool | None = None,
        compress: bool | None = None,
        mmr_lambda: float | None = None,
        wanted: dict[str, Any] | None = None,
    ) -> SearchReply:
        """Find passages; options left out are the collection's, `wanted` filters the documents."""
        options = {"filter": wanted, "k": k, "rerank": rerank, "compress": compress, "mmr_lambda": mmr_lambda}
        body: dict[str, Any] = {"collections": list(collections), "query": query}
        body |= {name: value for name, value in options.items() if value is not None}
        return cast("SearchReply", self._json("POST", "/v1/search", json=body, timeout=120.0))

    def fields(self, collection: str) -> list[Field]:
        """Fields of the metadata of a collection's documents."""
        reply = self._json("GET", f"/v1/collections/{segment(collection)}/fields")
        return cast("list[Field]", reply["fields"])

    def suggestions(self, collection: str) -> list[Suggestion]:
        """Questions that a collection answers, as far as the server has made them."""
        reply = self._json("GET", f"/v1/collections/{segment(collection)}/suggestions")
        return cast("list[Suggestion]", reply["items"])

    def answer(self, answer_id: str) -> Answer:
        """A stored answer, finished or not."""
        return cast("Answer", self._json("GET", f"/v1/answers/{segment(answer_id)}"))

    def provenance(self, answer_id: str) -> Provenance:
        """Where the parts of a stored answer come from."""
        return cast("Provenance", self._json("GET", f"/v1/answers/{segment(answer_id)}/provenance"))

    @contextmanager
    def ask(
        self,
        collections: Sequence[str],
        question: str,
        history: Sequence[Turn] = (),
        wanted: dict[str, Any] | None = None,
        *,
        k: int | None = None,
    ) -> Iterator[Iterator[ServerEvent | None]]:
        """Ask a question of the documents that a filter leaves, and read the answer as it is written.

        `k` is the number of passages to read, else the collection's. Leaving the block hangs up.
        """
        body: dict[str, Any] = {"collections": list(collections), "question": question, "stream": True}
        if wanted:
            body["filter"] = wanted
        if k is not None:
            body["k"] = k
        if history:
            body["history"] = list(history)
        with self._events("POST", "/v1/answers", json=body) as events:
            yield events

    @contextmanager
    def resume(self, answer_id: str, last_id: str | None) -> Iterator[Iterator[ServerEvent | None]]:
        """Resume reading an answer after the event `last_id`, or from its start."""
        headers = {"Last-Event-ID": last_id} if last_id else {}
        with self._events("GET", f"/v1/answers/{segment(answer_id)}/events", headers=headers) as events:
            yield events

    def stop_answer(self, answer_id: str) -> None:
        """Stop writing an answer at once."""
        self._send("DELETE", f"/v1/answers/{segment(answer_id)}/stream")

    def feedback(
        self,
        answer_id: str,
        *,
        rating: int,
        comment: str = "",
        expected: str = "",
        passages: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        """Rate an answer: 1 or -1, with a comment, the right answer, and places of passages that hold it."""
        words = {"comment": comment, "expected": expected, "passages": list(passages)}
        body: dict[str, Any] = {"rating": rating} | {name: value for name, value in words.items() if value}
        self._send("POST", f"/v1/answers/{segment(answer_id)}/feedback", json=body)

    # ------------------------------------------------------------------ signing in
    def me(self) -> Me:
        """Who we are, by the key that is shown."""
        return cast("Me", self._json("GET", "/v1/me"))

    def ways_to_sign_in(self) -> SignInWays:
        """Whether people sign in, and how."""
        return cast("SignInWays", self._json("GET", "/v1/sign-in"))

    def sign_in(self, name: str, password: str) -> str:
        """Open a session; gives its key."""
        return str(self._json("POST", "/v1/sign-in", json={"name": name, "password": password})["key"])

    def sign_out(self) -> None:
        """End the session whose key is shown."""
        self._send("DELETE", "/v1/sign-in")

    def begin_at_provider(self) -> ProviderSignIn:
        """Begin to sign in by the provider."""
        return cast("ProviderSignIn", self._json("POST", "/v1/sign-in/provider"))

    def return_from_provider(self, state: str, code: str) -> str:
        """Open a session for whom the provider vouches; gives its key."""
        body = {"state": state, "code": code}
        return str(self._json("POST", "/v1/sign-in/provider/return", json=body)["key"])

    # ------------------------------------------------------------------ health
    def health(self) -> dict[str, Any]:
        """Whether the process lives; raises where it does not."""
        return self._probe("/healthz")

    def readiness(self) -> dict[str, Any]:
        """Readiness of each part; also read from a 503 reply."""
        return self._probe("/readyz")
