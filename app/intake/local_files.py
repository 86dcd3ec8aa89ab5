"""Files on this machine: a folder recorded as documents, a collection mirrored from a folder.

Names of documents are paths relative to the folder, with `/`. Hidden files and folders are left out, and in a Git
repository what Git ignores.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.db import local_files as rows
from app.db.engine import Database
from app.db.local_files import KnownFile
from app.errors import InvalidInputError
from app.intake.git_folder import tracked_files
from app.intake.parts import RecordParts
from app.intake.record import Upload, record_uploads
from app.library import documents
from app.library.documents import check_name
from app.settings.groups import LimitSettings
from app.storage import BlobStore, StoredBlob

BATCH = 64
PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFile:
    """A file, and the name that its document gets."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedFile:
    """A file that could not be recorded at all; a later failure is on its document."""

    name: str
    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedFiles:
    """The result of recording files on disk.

    Attributes:
        document_ids: All their documents.
        queued: Documents with new bytes, to be worked on.
        unchanged: Number of files that were known.
        deleted: Number of documents whose file is gone.
        rejected: Files that could not be read or are too large.
    """

    document_ids: tuple[str, ...]
    queued: tuple[str, ...]
    unchanged: int
    deleted: int
    rejected: tuple[RejectedFile, ...]


def files_under(paths: Sequence[Path]) -> list[LocalFile]:
    """Files at or below some paths, in a fixed order, each once.

    A file is named by its way from the path given. Where two paths hold the same name (`en/start.md`, `zh/start.md`
    given as `en` and `zh`), the later one is named from further up, so that neither takes the other's place.

    Raises:
        InvalidInputError: A path does not exist, or there is no file.
    """
    found: dict[str, LocalFile] = {}
    seen: set[Path] = set()
    for path in paths:
        if not path.exists():
            raise InvalidInputError(
                "path_not_found", f"There is no file or folder {str(path)!r}.", "Check the path."
            )
        for file in _below(path):
            whole = file.parent.resolve() / file.name  # a link stays a file of its own
            if whole in seen:
                continue
            seen.add(whole)
            name = file.relative_to(path).as_posix() if path.is_dir() else file.name
            above = whole.parts[: -len(PurePosixPath(name).parts)]
            while name in found and above:
                above, name = above[:-1], f"{above[-1]}/{name}"
            found[name] = LocalFile(path=file, name=name)
    if not found:
        named = ", ".join(repr(str(path)) for path in paths)
        raise InvalidInputError("no_files", f"There is no file in {named}.", "Name a folder with documents.")
    return list(found.values())


def record_files(
    parts: RecordParts,
    collection_id: str,
    files: Sequence[LocalFile],
    *,
    mirror: bool = False,
    retry_failed: bool = False,
    on_file: Callable[[LocalFile], None] | None = None,
) -> RecordedFiles:
    """Record files in a collection and queue them; known bytes under a known name cost a hash only.

    Args:
        parts: Database, stored files, index files and settings.
        collection_id: An existing collection.
        files: From `files_under`.
        mirror: Delete documents that have no file any more.
        retry_failed: Queue unchanged documents again that failed before.
        on_file: Told each file when it has been looked at.
    """
    with parts.db.read() as session:
        known = rows.known_files(session, collection_id)
    uploads: list[Upload] = []
    queued: list[str] = []
    kept: list[str] = []
    rejected: list[RejectedFile] = []
    for file in files:
        blob = _stored(parts.blobs, parts.settings.limits, file, known.get(file.name))
        if isinstance(blob, StoredBlob):
            uploads.append(Upload(name=file.name, blob=blob))
        elif isinstance(blob, RejectedFile):
            rejected.append(blob)
        else:
            (queued if retry_failed and _retried(parts.db, blob) else kept).append(blob.document_id)
        if len(uploads) == BATCH:
            queued += _record(parts, collection_id, uploads)
            uploads = []
        if on_file is not None:
            on_file(file)
    queued += _record(parts, collection_id, uploads)
    names = {file.name for file in files}
    gone = [item.document_id for name, item in known.items() if name not in names] if mirror else []
    return RecordedFiles(
        document_ids=(*kept, *queued),
        queued=tuple(queued),
        unchanged=len(kept),
        deleted=documents.delete_all(parts, gone),
        rejected=tuple(rejected),
    )


def _below(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    kept = tracked_files(path)
    for entry in sorted(path.rglob("*")) if kept is None else kept:
        hidden = any(part.startswith(".") for part in entry.relative_to(path).parts)
        if not hidden and entry.is_file():
            yield entry


def _stored(
    blobs: BlobStore, limits: LimitSettings, file: LocalFile, known: KnownFile | None
) -> StoredBlob | KnownFile | RejectedFile:
    """Store a file's bytes; the known file or the reason where they are not stored."""
    limit = limits.max_upload_bytes
    try:
        check_name(file.name, limits.max_name_chars)
        size = file.path.stat().st_size
        if size > limit:
            return RejectedFile(
                name=file.name,
                code="file_too_large",
                message=f"The file has {size:,} bytes; {limit:,} are allowed.",
                hint="Split it, or raise FATHOM_LIMITS__MAX_UPLOAD_BYTES.",
            )
        if known is not None and _hash(file.path) == known.sha256:
            return known
        with file.path.open("rb") as source, blobs.writer() as writer:
            while piece := source.read(PIECE_BYTES):
                writer.write(piece)
            return writer.commit()
    except InvalidInputError as error:
        return RejectedFile(name=file.name[:80], code=error.code, message=error.message, hint=error.hint)
    except PermissionError:
        return RejectedFile(
            name=file.name,
            code="file_unreadable",
            message="The file may not be read.",
            hint="Check its permissions.",
        )


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _record(parts: RecordParts, collection_id: str, uploads: list[Upload]) -> list[str]:
    if not uploads:
        return []
    return [item.view.document.id for item in record_uploads(parts, collection_id, uploads)]


def _retried(db: Database, known: KnownFile) -> bool:
    if known.status != "failed":
        return False
    documents.retry(db, known.document_id)
    return True
