"""Vector stores: collections under the name that OpenAI's protocol has for them."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field

from app.api.access import any_key, on_collection
from app.api.admitted import AdmittedRoute, admitted, in_thread
from app.api.deps import CollectionKey, RuntimeDep, actor_of
from app.api.metering import count_search
from app.api.openai.attaching import attach
from app.api.openai.attribute_filters import document_filter
from app.api.openai.lists import PagingDep, listed
from app.api.openai.schemas import UnsupportedParameterError
from app.api.openai.store_objects import store_object
from app.composition.runtime import Runtime
from app.errors import InvalidInputError
from app.library import collections
from app.library.collections import CollectionView
from app.schemas.collections import Name
from app.search import searching

router = APIRouter(route_class=AdmittedRoute)

MAX_QUERIES = 8


class StoreCreate(BaseModel):
    """A new vector store."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": {"name": "handbook"}})

    name: Name
    description: str = Field(default="", max_length=4000)
    file_ids: Annotated[list[str], Field(max_length=500)] = Field(default_factory=list)
    chunking_strategy: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    expires_after: dict[str, Any] | None = None


class StoreChange(BaseModel):
    """Changes to a vector store."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": {"name": "handbook"}})

    name: Name | None = None
    metadata: dict[str, Any] | None = None
    expires_after: dict[str, Any] | None = None


class StoreSearch(BaseModel):
    """A search in a vector store."""

    model_config = ConfigDict(extra="allow", json_schema_extra={"example": {"query": "annual leave"}})

    query: str | Annotated[list[str], Field(min_length=1, max_length=MAX_QUERIES)]
    max_num_results: Annotated[int, Field(ge=1, le=50)] = 10
    filters: dict[str, Any] | None = None
    ranking_options: dict[str, Any] | None = None
    rewrite_query: bool | None = None

    def queries(self) -> list[str]:
        """The queries, each searched by itself.

        Raises:
            UnsupportedParameterError: A threshold is set.
            InvalidInputError: A query is empty.
        """
        if (self.ranking_options or {}).get("score_threshold"):
            raise UnsupportedParameterError("ranking_options.score_threshold")
        queries = [self.query] if isinstance(self.query, str) else self.query
        if any(not query.strip() for query in queries):
            raise InvalidInputError("empty_query", "A query is empty.", "Leave empty queries away.")
        return queries


@router.post("/vector_stores")
@any_key("write")
def create_store(body: StoreCreate, runtime: RuntimeDep) -> dict[str, Any]:
    """Make a collection, and documents of uploaded files in it."""
    _refuse(body, body.chunking_strategy)
    view = collections.create(runtime.db, name=body.name, description=body.description)
    if body.file_ids:
        attach(runtime, view.row.id, [(key, None) for key in body.file_ids])
    return _object(runtime, view.row.id)


@router.get("/vector_stores")
@any_key("read")
def list_stores(runtime: RuntimeDep, paging: PagingDep) -> dict[str, Any]:
    """Collections as vector stores."""

    def place(key: str) -> tuple[datetime, str]:
        row = collections.get(runtime, key).row
        return row.created_at, row.id

    found = collections.page(runtime, paging.cursor(place), paging.limit, newest_first=paging.newest_first)
    states = collections.documents_by_state(runtime.db, [view.row.id for view in found.items])

    def as_object(view: CollectionView) -> dict[str, Any]:
        return store_object(view, states[view.row.id])

    return listed(found, as_object)


@router.get("/vector_stores/{collection}")
@on_collection("read", "reader")
def get_store(collection: CollectionKey, runtime: RuntimeDep) -> dict[str, Any]:
    """A collection with the counters of its files."""
    return _object(runtime, collection)


@router.post("/vector_stores/{collection}")
@on_collection("write", "owner")
def change_store(collection: CollectionKey, body: StoreChange, runtime: RuntimeDep) -> dict[str, Any]:
    """Give a collection another name."""
    _refuse(body)
    view = collections.update(runtime, collection, {"name": body.name} if body.name else {})
    return _object(runtime, view.row.id)


@router.delete("/vector_stores/{collection}")
@on_collection("write", "owner")
def delete_store(collection: CollectionKey, runtime: RuntimeDep) -> dict[str, Any]:
    """Delete a collection with its documents; uploaded files stay."""
    key = collections.get(runtime, collection).row.id
    collections.delete(runtime, key)
    return {"id": key, "object": "vector_store.deleted", "deleted": True}


@router.post("/vector_stores/{collection}/search", response_model=None)
@on_collection("read", "reader")
@admitted("searches")
async def search_store(
    collection: CollectionKey, body: StoreSearch, request: Request, runtime: RuntimeDep
) -> Response:
    """Find passages of a collection; each result has its range in `fathom`."""
    queries, wanted = body.queries(), document_filter(body.filters)

    def find(has_left: Callable[[], bool]) -> Response:
        best: dict[int, dict[str, Any]] = {}
        for query in queries:
            found = searching.search(
                runtime,
                [collection],
                query,
                k=body.max_num_results,
                wanted=wanted,
                actor=actor_of(request),
                has_left=has_left,
            )
            count_search(request, [collection], query, found)
            for hit in searching.as_wire(found)["hits"]:
                if hit["chunk_id"] not in best or best[hit["chunk_id"]]["score"] < hit["score"]:
                    best[hit["chunk_id"]] = hit
        hits = sorted(best.values(), key=lambda hit: -hit["score"])[: body.max_num_results]
        page = {
            "object": "vector_store.search_results.page",
            "search_query": queries,
            "data": [_result(hit) for hit in hits],
            "has_more": False,
            "next_page": None,
        }
        return JSONResponse(page)

    return await in_thread(request, find)


def _result(hit: dict[str, Any]) -> dict[str, Any]:
    return {
        "file_id": hit["document"]["id"],
        "filename": hit["document"]["name"],
        "score": hit["score"],
        "attributes": {},
        "content": [{"type": "text", "text": hit["text"]}],
        "fathom": {name: hit[name] for name in ("start", "end", "page", "heading_path")},
    }


def _object(runtime: Runtime, key: str) -> dict[str, Any]:
    view = collections.get(runtime, key)
    return store_object(view, collections.documents_by_state(runtime.db, [view.row.id])[view.row.id])


def _refuse(body: StoreCreate | StoreChange, strategy: dict[str, Any] | None = None) -> None:
    for name in ("metadata", "expires_after"):
        if getattr(body, name):
            raise UnsupportedParameterError(name)
    if strategy and strategy.get("type", "auto") != "auto":
        raise UnsupportedParameterError("chunking_strategy")
