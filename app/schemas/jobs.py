"""Jobs on the wire."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.problem import ErrorInfo

JobState = Literal["queued", "running", "done", "failed"]

JOB_EXAMPLE: dict[str, Any] = {
    "id": "job_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "document_id": "doc_zk7tq2hn3vcv5w6d7g2m5a3x2e",
    "collection_id": "col_4k7tq2hn3vcv5w6d7g2m5a3x2e",
    "kind": "ingest",
    "state": "running",
    "stage": "embedding",
    "done": 120,
    "total": 400,
    "attempts": 1,
    "error": None,
    "created_at": "2025-01-01T12:00:00Z",
    "started_at": "2025-01-01T12:00:01Z",
    "finished_at": None,
}


class JobOut(BaseModel):
    """Work on a document, with its progress."""

    model_config = ConfigDict(json_schema_extra={"example": JOB_EXAMPLE})

    id: str
    document_id: str
    collection_id: str
    kind: str = Field(description="ingest, or reembed after a change of the encoder.")
    state: JobState
    stage: str = Field(description="queued, parsing, chunking, embedding, indexing, ready or failed.")
    done: int = Field(description="Units of the stage that are finished.")
    total: int = Field(description="Units of the stage; 0 where not known yet.")
    attempts: int
    error: ErrorInfo | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
