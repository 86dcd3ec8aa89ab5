"""Calls of the REST interface as data: request, and reader of the reply. Both clients send them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar
from urllib.parse import quote

from pydantic import BaseModel, TypeAdapter

from app.schemas.answers import AnswerOut
from app.schemas.collections import CollectionOut
from app.schemas.documents import ContentOut, DocumentOut, UploadOut
from app.schemas.jobs import JobOut
from app.schemas.paging import Page
from app.schemas.search import SearchOut

Reply = TypeVar("Reply")
Model = TypeVar("Model", bound=BaseModel)
Turns = Sequence[tuple[str, str]]
"""Earlier questions with their answers, oldest first."""
Filter = Mapping[str, Any]
Metadata = Mapping[str, Any]

TIMEOUT_S: Final = 600.0
"""Longest wait for a reply; an answer may wait in its queue first."""
ENDED: Final = frozenset(("done", "failed"))
"""States of jobs after which nothing changes."""
LOOK_S: Final = 0.5
"""Pause between two looks at a job."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[Reply]):
    """One request; `read` makes the reply of its JSON."""

    method: str
    path: str
    read: Callable[[Any], Reply]
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    files: Sequence[tuple[str, tuple[str, bytes]]] | None = None
    form: Mapping[str, str] | None = None

    @property
    def options(self) -> dict[str, Any]:
        """Arguments of `httpx.Client.request` behind method and address."""
        return {
            "params": _given(self.params),
            "json": self.body,
            "files": self.files,
            "data": self.form,
        }


def headers_of(key: str | None) -> dict[str, str]:
    """The header that shows a key."""
    return {"Authorization": f"Bearer {key}"} if key else {}


def collections(cursor: str | None) -> Call[Page[CollectionOut]]:
    """A page of collections."""
    return _get("/v1/collections", TypeAdapter(Page[CollectionOut]).validate_python, cursor=cursor, limit=200)


def create_collection(name: str, description: str) -> Call[CollectionOut]:
    """A new collection."""
    body = {"name": name, "description": description}
    return Call(method="POST", path="/v1/collections", read=CollectionOut.model_validate, body=body)


def collection(key: str) -> Call[CollectionOut]:
    """One collection."""
    return _get(_path("collections", key), CollectionOut.model_validate)


def delete(kind: str, key: str, *, erase: bool = False) -> Call[None]:
    """Deletion of a collection, a document or an answer; `erase` passes over the bin."""
    params = {"erase": "true"} if erase else {}
    return Call(method="DELETE", path=_path(kind, key), read=lambda _: None, params=params)


def documents(key: str, cursor: str | None, wanted: Filter | None) -> Call[Page[DocumentOut]]:
    """A page of documents."""
    read = TypeAdapter(Page[DocumentOut]).validate_python
    text = None if wanted is None else json.dumps(wanted)
    return _get(_path("collections", key, "documents"), read, cursor=cursor, limit=200, filter=text)


def document(key: str) -> Call[DocumentOut]:
    """One document."""
    return _get(_path("documents", key), DocumentOut.model_validate)


def content(key: str) -> Call[ContentOut]:
    """The text of a document."""
    return _get(_path("documents", key, "content"), ContentOut.model_validate)


def upload(
    key: str, files: Mapping[str, bytes], external_id: str | None, metadata: Metadata | None
) -> Call[UploadOut]:
    """Files for a collection."""
    form = _given(
        {"external_id": external_id, "metadata": None if metadata is None else json.dumps(metadata)}
    )
    sent = [("files", (name, data)) for name, data in files.items()]
    path = _path("collections", key, "documents")
    return Call(method="POST", path=path, read=UploadOut.model_validate, files=sent, form=form)


def job(key: str) -> Call[JobOut]:
    """The state of a job."""
    return _get(_path("jobs", key), JobOut.model_validate)


def search(
    query: str, keys: Sequence[str], history: Turns, k: int | None, wanted: Filter | None
) -> Call[SearchOut]:
    """Passages."""
    body = _given(
        {"collections": list(keys), "query": query, "history": _turns(history), "k": k, "filter": wanted}
    )
    return Call(method="POST", path="/v1/search", read=SearchOut.model_validate, body=body)


def ask(
    question: str, keys: Sequence[str], history: Turns, k: int | None, wanted: Filter | None
) -> Call[AnswerOut]:
    """An answer."""
    body = _given(
        {
            "collections": list(keys),
            "question": question,
            "history": _turns(history),
            "k": k,
            "filter": wanted,
        }
    )
    return Call(method="POST", path="/v1/answers", read=AnswerOut.model_validate, body=body)


def answer(key: str) -> Call[AnswerOut]:
    """A stored answer."""
    return _get(_path("answers", key), AnswerOut.model_validate)


def _get(path: str, read: Callable[[Any], Reply], **params: Any) -> Call[Reply]:
    return Call(method="GET", path=path, read=read, params=params)


def _path(*segments: str) -> str:
    return "/v1/" + "/".join(quote(segment, safe="") for segment in segments)


def _turns(history: Turns) -> list[dict[str, str]]:
    return [{"question": question, "answer": answer} for question, answer in history]


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
