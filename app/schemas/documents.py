"""Documents, their chunks and their text on the wire."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.schemas.jobs import JOB_EXAMPLE, JobOut
from app.schemas.problem import ErrorInfo

DocumentStatus = Literal["queued", "parsing", "chunking", "embedding", "indexing", "ready", "failed"]

DOCUMENT_EXAMPLE: dict[str, Any] = {
    "id": "doc_zk7tq2hn3vcv5w6d7g2m5a3x2e",
    "collection_id": "col_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "name": "guide/start.md",
    "external_id": None,
    "parent_id": None,
    "media_type": "text/markdown",
    "size_bytes": 5120,
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "title": "Getting started",
    "language": "en",
    "status": "ready",
    "enabled": True,
    "version": 1,
    "serving_version": 1,
    "chunks": 7,
    "pages": 0,
    "metadata": {"team": "docs"},
    "tags": ["onboarding"],
    "dropped": [{"what": "image", "count": 2}],
    "coverage": {"visible": 4210, "kept": 4210, "lost": []},
    "warnings": [],
    "error": None,
    "job_id": "job_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "progress": None,
    "created_at": "2025-01-01T12:00:00Z",
    "updated_at": "2025-01-01T12:00:03Z",
}


class DroppedOut(BaseModel):
    """Content that the parser left out: its kind, such as `image`, and the number of occurrences."""

    what: str
    count: int


class CoverageOut(BaseModel):
    """How much of the file's visible text is in the document's text, counted without the parser."""

    visible: int = Field(description="Letters, digits and Chinese characters that a reader of the file sees.")
    kept: int = Field(description="Those of them in the document's text.")
    lost: list[str] = Field(description="Some of the words that are missing.")


class ProgressOut(BaseModel):
    """How far the stage in `status` is."""

    done: int = Field(description="Units of the stage that are finished.")
    total: int = Field(description="Units of the stage; 0 where not known yet.")


class DocumentOut(BaseModel):
    """A document; its state is the newest version's, search uses the serving version."""

    model_config = ConfigDict(json_schema_extra={"example": DOCUMENT_EXAMPLE})

    id: str
    collection_id: str
    name: str
    external_id: str | None
    parent_id: str | None = Field(
        description="Id of the archive or mail that held this file; deleting it deletes this document."
    )
    media_type: str | None
    size_bytes: int
    sha256: str
    title: str
    language: str | None
    status: DocumentStatus
    enabled: bool = Field(description="False hides the document from search and answers.")
    version: int = Field(description="Number of the newest version.")
    serving_version: int | None = Field(
        description="Version that search uses; null before the first is ready."
    )
    chunks: int = Field(description="Searchable chunks.")
    pages: int = Field(description="Pages, 0 for formats without.")
    metadata: dict[str, Any]
    tags: list[str] = Field(description="In lower case; filters find them as `document.tag`.")
    dropped: list[DroppedOut]
    coverage: CoverageOut | None = Field(
        description="Null before the document is ready, and for formats in which nothing is counted."
    )
    warnings: list[ErrorInfo] = Field(
        description="Faults of a document that is ready all the same: `text_left_out`, if its text keeps "
        "less of the file's than the setting `limits.min_coverage`."
    )
    error: ErrorInfo | None
    job_id: str | None = Field(description="The newest job on this document.")
    progress: ProgressOut | None = Field(
        description="How far its job is, so that one list shows all progress; null where nothing is to be done."
    )
    created_at: datetime
    updated_at: datetime


class DocumentUpdate(BaseModel):
    """Changes to a document; absent fields stay. `metadata` and `tags` replace all that there were."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"enabled": False, "metadata": {"team": "docs"}, "tags": ["legal"]}},
    )

    enabled: bool | None = None
    metadata: dict[str, Any] | None = None
    tags: list[str] | None = Field(
        default=None,
        max_length=1000,
        description="At most 50 of at most 64 characters; members of an archive or mail get them, too.",
    )


class ChunkUpdate(BaseModel):
    """A change of a chunk."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"enabled": False}})

    enabled: bool = Field(
        description="False keeps it out of searches and answers, in later versions that have it word for word, too."
    )


class UrlUpload(BaseModel):
    """A web page to ingest instead of files: it is fetched once, now."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"url": "https://example.org/guide", "metadata": {"team": "docs"}}},
    )

    url: str = Field(min_length=1, description="An http or https address that is public.")
    name: str | None = Field(
        default=None, min_length=1, description="Name of the document; the address by default."
    )
    external_id: str | None = Field(default=None, min_length=1, max_length=255, description="Your own id.")
    metadata: dict[str, Any] | None = None


class UploadOut(BaseModel):
    """Documents of an upload with their ingestion jobs; a file that changes nothing has no job."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "documents": [
                    {
                        **DOCUMENT_EXAMPLE,
                        "title": "guide/start.md",
                        "language": None,
                        "status": "queued",
                        "serving_version": None,
                        "chunks": 0,
                        "dropped": [],
                        "coverage": None,
                        "progress": {"done": 0, "total": 0},
                        "updated_at": DOCUMENT_EXAMPLE["created_at"],
                    }
                ],
                "jobs": [
                    {
                        **JOB_EXAMPLE,
                        "state": "queued",
                        "stage": "queued",
                        "done": 0,
                        "total": 0,
                        "attempts": 0,
                        "started_at": None,
                    }
                ],
            }
        }
    )

    documents: list[DocumentOut]
    jobs: list[JobOut]


class ChunkOut(BaseModel):
    """A piece of a document, which searches return while it is enabled: its text at `[start, end)`."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": 17,
                "document_id": "doc_zk7tq2hn3vcv5w6d7g2m5a3x2e",
                "index": 0,
                "start": 0,
                "end": 41,
                "text": "# Getting started\n\nInstall the programme.",
                "token_count": 9,
                "language": "en",
                "heading_path": ["Getting started"],
                "page": None,
                "page_end": None,
                "sentences": [[0, 17], [19, 41]],
                "enabled": True,
            }
        }
    )

    id: int
    document_id: str
    index: int
    start: int
    end: int
    text: str
    token_count: int
    language: str
    heading_path: list[str]
    page: int | None
    page_end: int | None
    sentences: list[tuple[int, int]]
    enabled: bool = Field(description="False keeps it out of searches and answers.")


class PageOut(BaseModel):
    """Range of the text that came from one page (numbers begin at 1)."""

    number: int
    start: int
    end: int


class BlockOut(BaseModel):
    """A structural unit of the text."""

    kind: str
    start: int
    end: int
    level: int
    page: int | None
    box: tuple[float, float, float, float] | None = Field(
        default=None,
        description="Rectangle on its page, for PDF: left, bottom, right, top, in points from the lower left "
        "corner of the page before it is turned. A block that goes on over the page's end has that of its beginning.",
    )


class ContentOut(BaseModel):
    """The canonical text with its structure; every citation is a range of this text."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "document_id": DOCUMENT_EXAMPLE["id"],
                "title": "Getting started",
                "text": "# Getting started\n\nInstall the programme.",
                "pages": [],
                "blocks": [
                    {"kind": "heading", "start": 0, "end": 17, "level": 1, "page": None, "box": None},
                    {"kind": "paragraph", "start": 19, "end": 41, "level": 0, "page": None, "box": None},
                ],
            }
        }
    )

    document_id: str
    title: str
    text: str
    pages: list[PageOut]
    blocks: list[BlockOut]


class SyncFile(BaseModel):
    """A file of a folder: its path, which is the name of its document, and the hash of its bytes."""

    model_config = ConfigDict(extra="forbid")

    path: str = Field(min_length=1, description="Path below the folder, with `/`.")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="SHA-256 of the bytes, in lower case.")


class SyncRequest(BaseModel):
    """A folder to compare a collection with."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "files": [{"path": "guide/start.md", "sha256": DOCUMENT_EXAMPLE["sha256"]}],
                "delete": False,
            }
        },
    )

    files: list[SyncFile] = Field(
        min_length=1,
        description="All files of the folder; an empty folder is refused, it is mostly a mistake.",
    )
    delete: bool = Field(
        default=False, description="Delete the documents that have no file, instead of only listing them."
    )

    @field_validator("files")
    @classmethod
    def _paths_differ(cls, files: list[SyncFile]) -> list[SyncFile]:
        seen: set[str] = set()
        for file in files:
            if file.path in seen:
                raise ValueError(f"the path {file.path!r} occurs twice")
            seen.add(file.path)
        return files


class SyncDocument(BaseModel):
    """A document that differs from the folder."""

    path: str
    document_id: str


class SyncOut(BaseModel):
    """Differences between the collection and the folder. Upload `add` and `replace` under their paths."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "add": ["guide/new.md"],
                "replace": [{"path": "guide/start.md", "document_id": DOCUMENT_EXAMPLE["id"]}],
                "delete": [],
                "unchanged": 40,
                "deleted": 0,
            }
        }
    )

    add: list[str] = Field(description="Paths without a document.")
    replace: list[SyncDocument] = Field(description="Documents made of other bytes than the file has.")
    delete: list[SyncDocument] = Field(description="Documents without a file.")
    unchanged: int = Field(description="Number of files whose document was made of the same bytes.")
    deleted: int = Field(description="Number of documents deleted by this call.")
