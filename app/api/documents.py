"""Routes of documents."""

import asyncio
import json
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool

from app.api.access import on_collection, on_document
from app.api.admitted import AdmittedRoute, admitted, in_thread, turn_come, while_there
from app.api.deps import ChunkId, CollectionKey, Cursor, DocumentId, EraseNow, Limit, RuntimeDep, deleted
from app.api.idempotency import once
from app.api.json_body import read_json, text_value
from app.api.problems import PROBLEM_RESPONSES
from app.api.uploads import digest_of, read_uploads
from app.api.wire import chunk_out, content_out, document_out, job_out
from app.composition.runtime import Runtime
from app.intake import fetching, syncing
from app.intake.record import Upload, record_uploads
from app.library import deletions, documents, passages
from app.schemas.documents import (
    ChunkOut,
    ChunkUpdate,
    ContentOut,
    DocumentOut,
    DocumentStatus,
    DocumentUpdate,
    SyncDocument,
    SyncOut,
    SyncRequest,
    UploadOut,
    UrlUpload,
)
from app.schemas.jobs import JobOut
from app.schemas.paging import Page
from app.search.filtering import filter_of

router = APIRouter(tags=["documents"], route_class=AdmittedRoute, responses=PROBLEM_RESPONSES)


def _form_of(files: dict[str, Any], **more: dict[str, Any]) -> dict[str, Any]:
    """The description of an upload, which the route reads itself as a stream."""
    metadata = {"type": "string", "description": "A JSON object, for all files."}
    schema = {
        "type": "object",
        "required": ["files"],
        "properties": {"files": files, "metadata": metadata, **more},
    }
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


FILE: dict[str, Any] = {"type": "string", "format": "binary"}
UPLOAD_BODY = _form_of(
    {"type": "array", "items": FILE},
    external_id={"type": "string", "description": "Your own id, for a single file."},
)
UPLOAD_BODY["requestBody"]["content"]["application/json"] = {"schema": UrlUpload.model_json_schema()}


@router.post(
    "/collections/{collection}/documents",
    status_code=202,
    response_model=UploadOut,
    openapi_extra=UPLOAD_BODY,
)
@on_collection("write", "editor")
@admitted(lambda request: "fetches" if _is_json(request) else "uploads")
async def upload_documents(collection: CollectionKey, request: Request, runtime: RuntimeDep) -> Response:
    """Upload one or many files; they are stored when this returns, and read by a worker afterwards.

    The same bytes under the same name change nothing. New bytes under a known name replace the document
    once they are searchable. JSON with a `url` takes in a page of the web: it is fetched now, from public
    addresses only, and again when you call again.
    """
    if _is_json(request):
        return await _fetch_page(runtime, collection, request)
    return await _upload(runtime, collection, request)


@router.put(
    "/collections/{collection}/documents/by-external-id/{external_id:path}",
    status_code=202,
    response_model=UploadOut,
    openapi_extra=_form_of(FILE),
)
@on_collection("write", "editor")
@admitted("uploads")
async def put_document(
    collection: CollectionKey,
    external_id: Annotated[
        str,
        Path(
            min_length=1, max_length=255, description="Your own id; may hold slashes.", examples=["wiki/4711"]
        ),
    ],
    request: Request,
    runtime: RuntimeDep,
) -> Response:
    """Create or replace the document that has your id; the name of its file does not matter.

    The same bytes change nothing. The earlier version serves until the new bytes are searchable.
    """
    return await _upload(runtime, collection, request, external_id)


@router.post("/collections/{collection}/sync")
@on_collection("write", "editor")
def compare_with_folder(collection: CollectionKey, body: SyncRequest, runtime: RuntimeDep) -> SyncOut:
    """Compare a collection with a folder, given as paths and hashes: files to upload, documents to delete.

    Nothing changes but for `delete`. Upload the files of `add` and `replace` afterwards, each under its path.
    """
    found = syncing.compare(
        runtime.db, runtime.settings.limits, collection, {file.path: file.sha256 for file in body.files}
    )
    deleted = documents.delete_all(runtime, found.delete.values()) if body.delete else 0
    return SyncOut(
        add=list(found.add),
        replace=[SyncDocument(path=path, document_id=key) for path, key in found.replace.items()],
        delete=[SyncDocument(path=path, document_id=key) for path, key in found.delete.items()],
        unchanged=found.unchanged,
        deleted=deleted,
    )


def _is_json(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


async def _fetch_page(runtime: Runtime, collection: str, request: Request) -> Response:
    try:
        wanted = UrlUpload.model_validate(read_json(await request.body()))
    except json.JSONDecodeError as error:
        raise RequestValidationError([{"loc": ("body", error.pos), "msg": "JSON decode error"}]) from error
    except ValidationError as error:
        raise RequestValidationError(
            [{**item, "loc": ("body", *item["loc"])} for item in error.errors(include_url=False)]
        ) from error

    async def fetch() -> Upload:
        async with turn_come(request):
            return await fetching.fetch_upload(
                runtime.blobs,
                runtime.settings.limits,
                wanted.url,
                name=wanted.name,
                external_id=wanted.external_id,
                metadata=wanted.metadata,
            )

    upload = await while_there(request, asyncio.ensure_future(fetch()))
    return await run_in_threadpool(_record, runtime, collection, [upload])


async def _upload(
    runtime: Runtime, collection: str, request: Request, external_id: str | None = None
) -> Response:
    async with turn_come(request):
        limits = runtime.settings.limits
        uploads = await read_uploads(request, runtime.blobs, limits, external_id=external_id)

        async def record() -> Response:
            return await run_in_threadpool(_record, runtime, collection, uploads)

        return await once(request, digest_of(uploads), record)


def _record(runtime: Runtime, collection: str, uploads: list[Upload]) -> Response:
    recorded = record_uploads(runtime, collection, uploads)
    jobs = [job_out(item.job) for item in recorded if item.job is not None]
    body = UploadOut(
        documents=[document_out(item.view, runtime.settings.limits) for item in recorded], jobs=jobs
    )
    headers = {"Location": f"/v1/jobs/{jobs[0].id}"} if len(jobs) == 1 else {}
    return JSONResponse(body.model_dump(mode="json"), 202, headers=headers)


@router.get("/collections/{collection}/documents")
@on_collection("read", "reader")
def list_documents(
    collection: CollectionKey,
    runtime: RuntimeDep,
    cursor: Cursor = None,
    limit: Limit = 50,
    status: Annotated[DocumentStatus | None, Query(description="Only documents in this state.")] = None,
    wanted: Annotated[
        str | None,
        Query(
            alias="filter",
            max_length=20_000,
            description="Only documents that a filter leaves, as JSON; see `filter` of a search.",
            examples=['{"team": {"eq": "docs"}}'],
        ),
    ] = None,
) -> Page[DocumentOut]:
    """Documents of a collection, oldest first."""
    left = filter_of(text_value(wanted)) if wanted else None
    found = documents.page(runtime.db, collection, status, cursor, limit, wanted=left)
    return Page(
        items=[document_out(view, runtime.settings.limits) for view in found.items],
        next_cursor=found.next_cursor,
        has_more=found.next_cursor is not None,
    )


@router.get("/documents/{document_id}")
@on_document("read", "reader")
def get_document(document_id: DocumentId, runtime: RuntimeDep) -> DocumentOut:
    """A document with its state."""
    return document_out(documents.get(runtime.db, document_id), runtime.settings.limits)


@router.patch("/documents/{document_id}")
@on_document("write", "editor")
def change_document(document_id: DocumentId, body: DocumentUpdate, runtime: RuntimeDep) -> DocumentOut:
    """Show or hide a document in searches, or replace its metadata or its tags."""
    view = documents.update(
        runtime.db, document_id, enabled=body.enabled, metadata=body.metadata, tags=body.tags
    )
    return document_out(view, runtime.settings.limits)


@router.delete("/documents/{document_id}", status_code=204)
@on_document("write", "editor")
def delete_document(document_id: DocumentId, runtime: RuntimeDep, erase: EraseNow = False) -> Response:
    """Delete a document; no search finds its chunks once this returns.

    It lies in the bin of its collection, from where it can be restored, until its time is over (setting
    `bin.keep_days`); the header `Bin-Item` of the reply names it. With `erase` its text goes at once.
    """
    if erase:
        documents.delete(runtime, document_id)
        return Response(status_code=204)
    return deleted(deletions.discard_document(runtime, document_id))


@router.post("/documents/{document_id}/retry", status_code=202)
@on_document("write", "editor")
def retry_document(document_id: DocumentId, runtime: RuntimeDep, response: Response) -> JobOut:
    """Try a failed document again."""
    job = job_out(documents.retry(runtime.db, document_id))
    response.headers["Location"] = f"/v1/jobs/{job.id}"
    return job


@router.get("/documents/{document_id}/chunks")
@on_document("read", "reader")
def list_chunks(
    document_id: DocumentId, runtime: RuntimeDep, cursor: Cursor = None, limit: Limit = 50
) -> Page[ChunkOut]:
    """Chunks of a document in the order of its text, switched off or not."""
    found = documents.chunk_page(runtime.db, document_id, cursor, limit)
    return Page(
        items=[chunk_out(chunk) for chunk in found.items],
        next_cursor=found.next_cursor,
        has_more=found.next_cursor is not None,
    )


@router.patch("/documents/{document_id}/chunks/{chunk_id}")
@on_document("write", "editor")
def change_chunk(
    document_id: DocumentId, chunk_id: ChunkId, body: ChunkUpdate, runtime: RuntimeDep
) -> ChunkOut:
    """Keep a chunk out of searches and answers, or let it in again."""
    return chunk_out(passages.set_enabled(runtime, document_id, chunk_id, enabled=body.enabled))


@router.get(
    "/documents/{document_id}/content",
    response_model=ContentOut,
    responses={200: {"content": {"application/octet-stream": {}}}},
)
@on_document("read", "reader")
@admitted("exports")
async def get_content(
    document_id: DocumentId,
    request: Request,
    runtime: RuntimeDep,
    format: Annotated[  # noqa: A002 - the name on the wire
        Literal["text", "original"], Query(description="The text with its structure, or the uploaded bytes.")
    ] = "text",
) -> Response:
    """The canonical text that citations point into, or the uploaded file."""
    make = _original if format == "original" else _text
    return await in_thread(request, lambda _: make(runtime, document_id))


def _text(runtime: Runtime, document_id: str) -> Response:
    version, content = documents.content(runtime.db, document_id)
    body = content_out(version, content).model_dump(mode="json")
    return Response(json.dumps(body, ensure_ascii=False), media_type="application/json")


def _original(runtime: Runtime, document_id: str) -> FileResponse:
    name, path = documents.original(runtime.db, runtime.blobs, document_id)
    last = name.replace("\\", "/").rpartition("/")[2] or name
    return FileResponse(
        path,
        # Never a type that a browser would run, whatever was uploaded.
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(last, safe='')}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
