"""Routes of the bin: deletions that can be undone, and erasing before their time is over."""

from typing import Annotated

from fastapi import APIRouter, Body, Path, Response

from app.api.access import any_key, on_collection
from app.api.deps import CollectionKey, Cursor, Limit, RuntimeDep
from app.api.idempotency import IdempotentRoute
from app.api.problems import PROBLEM_RESPONSES
from app.api.wire import bin_item_out, collection_out
from app.library import collections, deletions
from app.schemas.collections import CollectionOut
from app.schemas.deletions import BinItemOut, RestoreIn
from app.schemas.paging import Page

router = APIRouter(tags=["bin"], route_class=IdempotentRoute, responses=PROBLEM_RESPONSES)

_EXAMPLE = "bin_4k7tq2hn3vcv5w6d7g2m5a3x2e"
BinItemId = Annotated[
    str, Path(max_length=64, description="Id of a deleted document in the bin.", examples=[_EXAMPLE])
]
BinnedCollectionId = Annotated[
    str, Path(max_length=64, description="Id of a deleted collection in the bin.", examples=[_EXAMPLE])
]
Options = Annotated[RestoreIn, Body(default_factory=RestoreIn)]


@router.get("/collections/{collection}/bin")
@on_collection("read", "editor")
def list_deleted_documents(
    collection: CollectionKey, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[BinItemOut]:
    """Deleted documents of a collection that can be restored, newest deletion first."""
    return _page(runtime, collection, cursor, limit)


@router.post("/collections/{collection}/bin/{bin_item}/restore")
@on_collection("write", "editor")
def restore_document(
    collection: CollectionKey, bin_item: BinItemId, runtime: RuntimeDep, body: Options
) -> BinItemOut:
    """Restore a deleted document with its members, under the same ids; nothing is parsed or embedded again."""
    return bin_item_out(deletions.restore(runtime, bin_item, collection=collection, name=body.name))


@router.delete("/collections/{collection}/bin/{bin_item}", status_code=204)
@on_collection("write", "editor")
def erase_document(collection: CollectionKey, bin_item: BinItemId, runtime: RuntimeDep) -> Response:
    """Erase a deleted document now: its text goes from rows, files, indexes and answers."""
    deletions.erase(runtime, bin_item, collection=collection)
    return Response(status_code=204)


@router.get("/bin")
@any_key("read")
def list_deleted_collections(
    runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[BinItemOut]:
    """Your deleted collections that can be restored, newest deletion first."""
    return _page(runtime, None, cursor, limit)


@router.post("/bin/{binned_collection}/restore")
@any_key("write")
def restore_collection(
    binned_collection: BinnedCollectionId, runtime: RuntimeDep, body: Options
) -> CollectionOut:
    """Restore a deleted collection with its documents and grants, under the same ids."""
    item = deletions.restore(runtime, binned_collection, collection=None, name=body.name)
    return collection_out(collections.get(runtime, item.collection_id))


@router.delete("/bin/{binned_collection}", status_code=204)
@any_key("write")
def erase_collection(binned_collection: BinnedCollectionId, runtime: RuntimeDep) -> Response:
    """Erase a deleted collection now: its text goes from rows, files, indexes and answers."""
    deletions.erase(runtime, binned_collection, collection=None)
    return Response(status_code=204)


def _page(runtime: RuntimeDep, collection: str | None, cursor: str | None, limit: int) -> Page[BinItemOut]:
    found = deletions.page(runtime.db, collection, cursor, limit)
    return Page(
        items=[bin_item_out(item) for item in found.items],
        next_cursor=found.next_cursor,
        has_more=found.next_cursor is not None,
    )
