"""Files of a vector store, one by one and in batches: documents of a collection."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from app.api.access import on_collection
from app.api.admitted import AdmittedRoute
from app.api.deps import CollectionKey, RuntimeDep
from app.api.openai.attaching import Wanted, attach
from app.api.openai.lists import PagingDep, listed
from app.api.openai.schemas import UnsupportedParameterError
from app.api.openai.store_objects import (
    STATES,
    attributes_of,
    counted,
    file_key,
    state_of,
    store_file_object,
)
from app.api.openai.times import unix_time
from app.composition.runtime import Runtime
from app.errors import InvalidInputError
from app.library import collections, documents, files
from app.library.files import BatchView

router = APIRouter(route_class=AdmittedRoute)

FileKey = Annotated[
    str, Path(max_length=255, description="Id of the file that was uploaded, or of the document.")
]
BatchId = Annotated[str, Path(max_length=64, description="Id of a batch.")]
Attributes = Annotated[dict[str, str | bool | float] | None, Field(max_length=16)]
State = Literal["in_progress", "completed", "failed", "cancelled"]
StateFilter = Annotated[State | None, Query(alias="filter", description="Only files in this state.")]


class FileAttach(BaseModel):
    """An uploaded file to put into a vector store."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": {"file_id": "file-abc"}})

    file_id: str = Field(max_length=64)
    attributes: Attributes = None
    chunking_strategy: dict[str, Any] | None = None


class AttributesChange(BaseModel):
    """New attributes of a file."""

    model_config = ConfigDict(json_schema_extra={"example": {"attributes": {"team": "docs"}}})

    attributes: Attributes


class BatchCreate(BaseModel):
    """Uploaded files to put into a vector store together."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": {"file_ids": ["file-abc"]}})

    file_ids: Annotated[list[str], Field(max_length=2_000)] | None = None
    files: Annotated[list[FileAttach], Field(max_length=2_000)] | None = None
    attributes: Attributes = None
    chunking_strategy: dict[str, Any] | None = None

    def named(self) -> list[Wanted]:
        """The files with their attributes.

        Raises:
            InvalidInputError: There is none.
        """
        _check_strategy(self.chunking_strategy)
        named: list[Wanted] = [(key, self.attributes) for key in self.file_ids or ()]
        for item in self.files or ():
            _check_strategy(item.chunking_strategy)
            named.append((item.file_id, item.attributes))
        if not named:
            raise InvalidInputError("no_files", "No file is named.", "Name files in `file_ids` or `files`.")
        return named


@router.post("/vector_stores/{collection}/files")
@on_collection("write", "editor")
def create_store_file(collection: CollectionKey, body: FileAttach, runtime: RuntimeDep) -> dict[str, Any]:
    """Make a document of an uploaded file; a worker reads it afterwards."""
    _check_strategy(body.chunking_strategy)
    (recorded,) = attach(runtime, collection, [(body.file_id, body.attributes)])
    return store_file_object(recorded.view)


@router.get("/vector_stores/{collection}/files")
@on_collection("read", "reader")
def list_store_files(
    collection: CollectionKey, runtime: RuntimeDep, paging: PagingDep, state: StateFilter = None
) -> dict[str, Any]:
    """Documents of a collection as files."""

    def place(key: str) -> tuple[datetime, str]:
        row = documents.in_collection(runtime.db, collection, key).document
        return row.created_at, row.id

    states = None if state is None else STATES[state] or ("cancelled",)
    found = documents.page(
        runtime.db, collection, states, paging.cursor(place), paging.limit, newest_first=paging.newest_first
    )
    return listed(found, store_file_object)


@router.get("/vector_stores/{collection}/files/{store_file}")
@on_collection("read", "reader")
def get_store_file(collection: CollectionKey, store_file: FileKey, runtime: RuntimeDep) -> dict[str, Any]:
    """A document as a file, with its state."""
    return store_file_object(documents.in_collection(runtime.db, collection, store_file))


@router.post("/vector_stores/{collection}/files/{store_file}")
@on_collection("write", "editor")
def change_store_file(
    collection: CollectionKey, store_file: FileKey, body: AttributesChange, runtime: RuntimeDep
) -> dict[str, Any]:
    """Replace the attributes of a file, which are its document's metadata."""
    view = documents.in_collection(runtime.db, collection, store_file)
    return store_file_object(documents.update(runtime.db, view.document.id, metadata=body.attributes or {}))


@router.delete("/vector_stores/{collection}/files/{store_file}")
@on_collection("write", "editor")
def delete_store_file(collection: CollectionKey, store_file: FileKey, runtime: RuntimeDep) -> dict[str, Any]:
    """Delete a document; the uploaded file stays."""
    view = documents.in_collection(runtime.db, collection, store_file)
    documents.delete(runtime, view.document.id)
    return {"id": file_key(view), "object": "vector_store.file.deleted", "deleted": True}


@router.get("/vector_stores/{collection}/files/{store_file}/content")
@on_collection("read", "reader")
def get_store_file_content(
    collection: CollectionKey, store_file: FileKey, runtime: RuntimeDep
) -> dict[str, Any]:
    """The text of a document, which citations point into."""
    view = documents.in_collection(runtime.db, collection, store_file)
    _, content = documents.content(runtime.db, view.document.id)
    return {
        "object": "vector_store.file_content.page",
        "file_id": file_key(view),
        "filename": view.document.name,
        "attributes": attributes_of(view),
        "data": [{"type": "text", "text": content.text}],
        "has_more": False,
        "next_page": None,
    }


@router.post("/vector_stores/{collection}/file_batches")
@on_collection("write", "editor")
def create_batch(collection: CollectionKey, body: BatchCreate, runtime: RuntimeDep) -> dict[str, Any]:
    """Make documents of uploaded files, and count them together."""
    recorded = attach(runtime, collection, body.named())
    key = collections.get(runtime, collection).row.id
    ids = list(dict.fromkeys(item.view.document.id for item in recorded))
    return _batch(runtime, files.add_batch(runtime.db, key, ids))


@router.get("/vector_stores/{collection}/file_batches/{batch_id}")
@on_collection("read", "reader")
def get_batch(collection: CollectionKey, batch_id: BatchId, runtime: RuntimeDep) -> dict[str, Any]:
    """A batch with its counters; files that are gone count as cancelled."""
    return _batch(runtime, files.batch(runtime.db, collection, batch_id))


@router.post("/vector_stores/{collection}/file_batches/{batch_id}/cancel")
@on_collection("write", "editor")
def cancel_batch(collection: CollectionKey, batch_id: BatchId, runtime: RuntimeDep) -> dict[str, Any]:
    """Delete those documents of a batch that are not ready; uploaded files stay."""
    batch = files.batch(runtime.db, collection, batch_id)
    waiting = [
        view.document.id
        for view in documents.views_of(runtime.db, batch.document_ids)
        if state_of(view.newest.status) == "in_progress"
    ]
    documents.delete_all(runtime, waiting)
    return _batch(runtime, batch)


@router.get("/vector_stores/{collection}/file_batches/{batch_id}/files")
@on_collection("read", "reader")
def list_batch_files(
    collection: CollectionKey, batch_id: BatchId, runtime: RuntimeDep, state: StateFilter = None
) -> dict[str, Any]:
    """Files of a batch, all in one list."""
    batch = files.batch(runtime.db, collection, batch_id)
    views = documents.views_of(runtime.db, batch.document_ids)
    data = [store_file_object(view) for view in views]
    data = [item for item in data if state is None or item["status"] == state]
    return {"object": "list", "data": data, "has_more": False}


def _batch(runtime: Runtime, batch: BatchView) -> dict[str, Any]:
    views = documents.views_of(runtime.db, batch.document_ids)
    states = [state_of(view.newest.status) for view in views]
    counts = counted([*states, *["cancelled"] * (len(batch.document_ids) - len(states))])
    done = "cancelled" if counts["cancelled"] and not counts["completed"] else "completed"
    return {
        "id": batch.id,
        "object": "vector_store.files_batch",
        "created_at": unix_time(batch.created_at),
        "vector_store_id": batch.collection_id,
        "status": "in_progress" if counts["in_progress"] else done,
        "file_counts": counts,
    }


def _check_strategy(strategy: Mapping[str, Any] | None) -> None:
    if strategy and strategy.get("type", "auto") != "auto":
        raise UnsupportedParameterError("chunking_strategy")
