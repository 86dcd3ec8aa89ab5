"""Routes of collections."""

from fastapi import APIRouter, Response

from app.api.access import any_key, on_collection
from app.api.deps import CollectionKey, Cursor, EraseNow, Limit, RuntimeDep, deleted
from app.api.idempotency import IdempotentRoute
from app.api.problems import PROBLEM_RESPONSES
from app.api.wire import collection_out
from app.library import collections, deletions
from app.schemas.answers import DocumentRef
from app.schemas.collections import CollectionCreate, CollectionOut, CollectionUpdate
from app.schemas.filters import FieldsOut
from app.schemas.paging import Page
from app.schemas.suggestions import SuggestionOut, SuggestionsOut

router = APIRouter(
    prefix="/collections", tags=["collections"], route_class=IdempotentRoute, responses=PROBLEM_RESPONSES
)


@router.post("", status_code=201)
@any_key("write")
def create_collection(body: CollectionCreate, runtime: RuntimeDep, response: Response) -> CollectionOut:
    """Make an empty collection."""
    view = collections.create(
        runtime.db,
        name=body.name,
        description=body.description,
        language=body.language,
        settings=body.settings.model_dump(),
    )
    response.headers["Location"] = f"/v1/collections/{view.row.id}"
    return collection_out(view)


@router.get("")
@any_key("read")
def list_collections(runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 50) -> Page[CollectionOut]:
    """Collections, oldest first."""
    found = collections.page(runtime, cursor, limit)
    return Page(
        items=[collection_out(view) for view in found.items],
        next_cursor=found.next_cursor,
        has_more=found.next_cursor is not None,
    )


@router.get("/{collection}")
@on_collection("read", "reader")
def get_collection(collection: CollectionKey, runtime: RuntimeDep) -> CollectionOut:
    """A collection with its statistics."""
    return collection_out(collections.get(runtime, collection))


@router.get("/{collection}/fields")
@on_collection("read", "reader")
def list_fields(collection: CollectionKey, runtime: RuntimeDep) -> FieldsOut:
    """Fields of the documents' metadata that filters may name, with the values that stand most often."""
    return FieldsOut.model_validate(
        {"fields": collections.fields(runtime.db, collection)}, from_attributes=True
    )


@router.get("/{collection}/suggestions")
@on_collection("read", "reader")
def list_suggestions(collection: CollectionKey, runtime: RuntimeDep) -> SuggestionsOut:
    """Questions that the documents answer, to begin with; the server makes them in idle moments."""
    return SuggestionsOut(
        items=[
            SuggestionOut(
                question=one.question,
                language=one.language,
                document=DocumentRef(id=one.document_id, name=one.name, title=one.title or one.name),
            )
            for one in collections.suggested(runtime.db, collection)
        ]
    )


@router.patch("/{collection}")
@on_collection("write", "owner")
def change_collection(
    collection: CollectionKey, body: CollectionUpdate, runtime: RuntimeDep
) -> CollectionOut:
    """Change a collection; fields that the body does not name stay."""
    changes = body.model_dump(exclude_unset=True)
    for required in ("name", "description", "settings"):
        if changes.get(required, ...) is None:
            del changes[required]
    return collection_out(collections.update(runtime, collection, changes))


@router.delete("/{collection}", status_code=204)
@on_collection("write", "owner")
def delete_collection(collection: CollectionKey, runtime: RuntimeDep, erase: EraseNow = False) -> Response:
    """Delete a collection with all its documents; no search finds them once this returns.

    It lies in the bin, from where its owner can restore it, until its time is over (setting `bin.keep_days`); the
    header `Bin-Item` of the reply names it. With `erase` its text goes at once, and that of documents in its bin.
    """
    if erase:
        collections.delete(runtime, collection)
        return Response(status_code=204)
    return deleted(deletions.discard_collection(runtime, collection))
