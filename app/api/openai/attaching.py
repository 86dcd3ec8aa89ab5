"""Documents made from uploaded files."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.api.openai.store_objects import FILE_ID
from app.composition.runtime import Runtime
from app.errors import ConflictError
from app.intake.record import Recorded, Upload, record_uploads
from app.library import documents, files
from app.library.files import FileView
from app.storage import StoredBlob

Wanted = tuple[str, Mapping[str, Any] | None]
"""Id of a file, or of a document to be copied, and attributes for the new document."""


def attach(runtime: Runtime, collection: str, wanted: Sequence[Wanted]) -> list[Recorded]:
    """Make documents of uploaded files in a collection; each has its file's id as its sender's id.

    A file whose name another file's document has is named with its id before it.

    Raises:
        CollectionNotFoundError: There is no such collection.
        FileNotFoundHereError: There is no such file; nothing is made then.
        DocumentNotFoundError: There is no such document; nothing is made then.
    """
    found = [(_file(runtime, key), attributes) for key, attributes in wanted]
    return [_attached(runtime, collection, file, attributes) for file, attributes in found]


def _file(runtime: Runtime, key: str) -> FileView:
    if key.startswith(FILE_ID):
        return files.get(runtime.db, key)
    view = documents.get(runtime.db, key)
    version = view.serving or view.newest
    return FileView(
        id=key,
        name=view.document.name,
        purpose="",
        media_type=version.media_type,
        sha256=version.sha256,
        size_bytes=view.size_bytes,
        created_at=view.document.created_at,
    )


def _attached(
    runtime: Runtime, collection: str, file: FileView, attributes: Mapping[str, Any] | None
) -> Recorded:
    try:
        return _recorded(runtime, collection, file, file.name, attributes)
    except ConflictError:
        return _recorded(runtime, collection, file, f"{file.id}/{file.name}", attributes)


def _recorded(
    runtime: Runtime, collection: str, file: FileView, name: str, attributes: Mapping[str, Any] | None
) -> Recorded:
    upload = Upload(
        name=name,
        blob=StoredBlob(sha256=file.sha256, size_bytes=file.size_bytes),
        media_type=file.media_type,
        external_id=file.id if file.id.startswith(FILE_ID) else None,
        metadata=attributes,
    )
    (recorded,) = record_uploads(runtime, collection, [upload])
    return recorded
