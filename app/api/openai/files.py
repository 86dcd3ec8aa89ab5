"""Files: uploaded once, made into documents of collections later."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.concurrency import run_in_threadpool

from app.api.access import any_key, principal_of_request
from app.api.admitted import AdmittedRoute, admitted, in_thread, turn_come
from app.api.deps import RuntimeDep
from app.api.openai.lists import PagingDep, listed
from app.api.openai.store_objects import FILE_ID
from app.api.openai.times import unix_time
from app.api.uploads import read_file
from app.composition.runtime import Runtime
from app.errors import ForbiddenError, InvalidInputError, NotFoundError
from app.identity.rights import require
from app.library import documents, files
from app.library.files import FileView

router = APIRouter(route_class=AdmittedRoute)

FileId = Annotated[
    str, Path(max_length=64, description="Id of an uploaded file, or of a document (doc_…) to read.")
]
FIELDS = ("purpose",)


@router.post("/files", response_model=None)
@any_key("write")
@admitted("uploads")
async def upload_file(request: Request, runtime: RuntimeDep) -> Response:
    """Upload a file; it is parsed once it is attached to a vector store."""
    _check_reach(request)
    async with turn_come(request):
        upload, fields = await read_file(request, runtime.blobs, runtime.settings.limits, FIELDS)
        purpose = _purpose(fields)
        found = await run_in_threadpool(
            files.record, runtime, upload.name, purpose, upload.media_type, upload.blob
        )
    return JSONResponse(_object(found))


@router.get("/files")
@any_key("read")
def list_files(
    runtime: RuntimeDep,
    paging: PagingDep,
    purpose: Annotated[str | None, Query(max_length=64, description="Only files of this purpose.")] = None,
) -> dict[str, Any]:
    """Uploaded files."""

    def place(key: str) -> tuple[datetime, str]:
        file = files.get(runtime.db, key)
        return file.created_at, file.id

    found = files.page(
        runtime.db, purpose, paging.cursor(place), paging.limit, newest_first=paging.newest_first
    )
    return listed(found, _object)


@router.get("/files/{file_id}")
@any_key("read")
def get_file(file_id: FileId, runtime: RuntimeDep) -> dict[str, Any]:
    """An uploaded file, or a document as one: citations name documents."""
    if file_id.startswith(FILE_ID):
        return _object(files.get(runtime.db, file_id))
    view = documents.get(runtime.db, file_id)
    return {
        "id": view.document.id,
        "object": "file",
        "bytes": view.size_bytes,
        "created_at": unix_time(view.document.created_at),
        "filename": view.document.name,
        "purpose": "assistants",
        "status": "processed" if view.newest.status == "ready" else "uploaded",
        "status_details": None,
    }


@router.get("/files/{file_id}/content", response_model=None)
@any_key("read")
@admitted("exports")
async def get_file_content(file_id: FileId, request: Request, runtime: RuntimeDep) -> Response:
    """The bytes as they were uploaded."""
    return await in_thread(request, lambda _: _content(runtime, file_id))


@router.delete("/files/{file_id}")
@any_key("write")
def delete_file(file_id: FileId, request: Request, runtime: RuntimeDep) -> dict[str, Any]:
    """Delete a file, and the documents that were made from it where the caller may change them."""
    files.get(runtime.db, file_id)
    made = files.documents_of(runtime.db, file_id)
    documents.delete_all(runtime, [key for key in made if _may_change(runtime, request, key)])
    files.delete(runtime, file_id)
    return {"id": file_id, "object": "file", "deleted": True}


def _check_reach(request: Request) -> None:
    if principal_of_request(request).collection_ids is not None:
        raise ForbiddenError(
            "key_of_collections",
            "This key reaches single collections, and an uploaded file is in none.",
            "Use a key for all collections, or upload to a collection (POST /v1/collections/ID/documents).",
        )


def _may_change(runtime: Runtime, request: Request, document_id: str) -> bool:
    if principal_of_request(request).user_id is None:
        return True
    try:
        require(runtime.db, "document", document_id, "editor")
    except (ForbiddenError, NotFoundError):
        return False
    return True


def _purpose(fields: Mapping[str, str]) -> str:
    purpose = fields.get("purpose", "")
    if not purpose.isidentifier() or len(purpose) > 64:
        raise InvalidInputError("bad_purpose", "The purpose is missing.", "Send `purpose`, as assistants.")
    return purpose


def _object(file: FileView) -> dict[str, Any]:
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.size_bytes,
        "created_at": unix_time(file.created_at),
        "filename": file.name,
        "purpose": file.purpose,
        "status": "processed",
        "status_details": None,
    }


def _content(runtime: Runtime, key: str) -> FileResponse:
    if key.startswith(FILE_ID):
        file = files.get(runtime.db, key)
        name, path = file.name, files.stored_path(runtime.blobs, file)
    else:
        name, path = documents.original(runtime.db, runtime.blobs, key)
    last = name.replace("\\", "/").rpartition("/")[2] or name
    return FileResponse(
        path,
        media_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(last, safe='')}",
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "sandbox; default-src 'none'",
        },
    )
