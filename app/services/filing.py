"""Use cases of files on this machine: take a folder in, keep a collection equal to a folder.

Names of documents are paths relative to the folder, with `/`. Hidden files and folders are left out, and in a Git
repository what Git ignores.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from app.composition.runtime import Runtime
from app.db import documents as document_rows
from app.db import filing as rows
from app.db.documents import DocumentView
from app.db.filing import KnownFile
from app.errors import InvalidInputError
from app.services import documents
from app.services.documents import Upload
from app.services.git_folder import kept_files
from app.storage import StoredBlob

BATCH = 64
PIECE_BYTES = 1 << 20
VIEW_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalFile:
    """A file to take in, and the name that its document gets."""

    path: Path
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A file that could not be taken in at all; what fails later is on its document."""

    name: str
    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """What became of files on disk.

    Attributes:
        document_ids: All their documents.
        queued: Documents with new bytes, to be worked on.
        unchanged: Number of files that were known.
        deleted: Number of documents whose file is gone.
        refused: Files that could not be read or are too large.
    """

    document_ids: tuple[str, ...]
    queued: tuple[str, ...]
    unchanged: int
    deleted: int
    refused: tuple[Refused, ...]


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


def file_in(
    runtime: Runtime,
    collection_id: str,
    files: Sequence[LocalFile],
    *,
    mirror: bool = False,
    retry_failed: bool = False,
    on_file: Callable[[LocalFile], None] | None = None,
) -> Filed:
    """Take files into a collection; those with known bytes under a known name cost a hash only.

    Args:
        runtime: The runtime.
        collection_id: An existing collection.
        files: From `files_under`.
        mirror: Delete documents that have no file any more.
        retry_failed: Queue unchanged documents again that failed before.
        on_file: Told each file when it has been looked at.
    """
    with runtime.db.read() as session:
        known = rows.known_files(session, collection_id)
    uploads: list[Upload] = []
    queued: list[str] = []
    kept: list[str] = []
    refused: list[Refused] = []
    for file in files:
        blob = _take(runtime, file, known.get(file.name))
        if isinstance(blob, StoredBlob):
            uploads.append(Upload(name=file.name, blob=blob))
        elif isinstance(blob, Refused):
            refused.append(blob)
        else:
            (queued if retry_failed and _retried(runtime, blob) else kept).append(blob.document_id)
        if len(uploads) == BATCH:
            queued += _record(runtime, collection_id, uploads)
            uploads = []
        if on_file is not None:
            on_file(file)
    queued += _record(runtime, collection_id, uploads)
    names = {file.name for file in files}
    gone = [item.document_id for name, item in known.items() if name not in names] if mirror else []
    return Filed(
        document_ids=(*kept, *queued),
        queued=tuple(queued),
        unchanged=len(kept),
        deleted=documents.delete_all(runtime, gone),
        refused=tuple(refused),
    )


def with_members(runtime: Runtime, document_ids: Sequence[str]) -> list[str]:
    """The documents, and those that came out of them."""
    found = list(document_ids)
    with runtime.db.read() as session:
        for begin in range(0, len(document_ids), VIEW_BATCH):
            part = document_ids[begin : begin + VIEW_BATCH]
            found += [row.id for row in document_rows.members(session, part)]
    return found


def views_of(runtime: Runtime, document_ids: Sequence[str]) -> list[DocumentView]:
    """Documents by id, in order; those deleted meanwhile are left out."""
    found: dict[str, DocumentView] = {}
    with runtime.db.read() as session:
        for begin in range(0, len(document_ids), VIEW_BATCH):
            found |= document_rows.views(session, list(document_ids[begin : begin + VIEW_BATCH]))
    return [found[key] for key in document_ids if key in found]


def _below(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
        return
    kept = kept_files(path)
    for entry in sorted(path.rglob("*")) if kept is None else kept:
        hidden = any(part.startswith(".") for part in entry.relative_to(path).parts)
        if not hidden and entry.is_file():
            yield entry


def _take(runtime: Runtime, file: LocalFile, known: KnownFile | None) -> StoredBlob | KnownFile | Refused:
    """Store a file's bytes, or tell that they are known or can't be stored."""
    limit = runtime.settings.limits.max_upload_bytes
    try:
        documents.check_name(file.name, runtime.settings.limits.max_name_chars)
        size = file.path.stat().st_size
        if size > limit:
            return Refused(
                name=file.name,
                code="file_too_large",
                message=f"The file has {size:,} bytes; {limit:,} are allowed.",
                hint="Split it, or raise FATHOM_LIMITS__MAX_UPLOAD_BYTES.",
            )
        if known is not None and _hash(file.path) == known.sha256:
            return known
        with file.path.open("rb") as source, runtime.blobs.writer() as writer:
            while piece := source.read(PIECE_BYTES):
                writer.write(piece)
            return writer.commit()
    except InvalidInputError as error:
        return Refused(name=file.name[:80], code=error.code, message=error.message, hint=error.hint)
    except PermissionError:
        return Refused(
            name=file.name,
            code="file_unreadable",
            message="The file may not be read.",
            hint="Check its permissions.",
        )


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _record(runtime: Runtime, collection_id: str, uploads: list[Upload]) -> list[str]:
    if not uploads:
        return []
    return [taken.view.document.id for taken in documents.take_in(runtime, collection_id, uploads)]


def _retried(runtime: Runtime, known: KnownFile) -> bool:
    if known.status != "failed":
        return False
    documents.retry(runtime, known.document_id)
    return True
