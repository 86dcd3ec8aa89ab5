"""Queries over the documents that files on disk are compared with, and over the job that runs."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.db.models import Document, DocumentVersion, Job


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFile:
    """The newest version of a document, as a file on disk is compared with it."""

    document_id: str
    sha256: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningJob:
    """A job in work: its document's name, its stage, and the units of the stage."""

    name: str
    stage: str
    done: int
    total: int


def known_files(session: Session, collection_id: str) -> dict[str, KnownFile]:
    """Documents of a collection by name, without members of archives and mails."""
    rows = session.execute(
        select(Document.name, Document.id, DocumentVersion.sha256, DocumentVersion.status)
        .join(
            DocumentVersion,
            (DocumentVersion.document_id == Document.id) & (DocumentVersion.number == Document.version),
        )
        .where(Document.collection_id == collection_id, Document.parent_id.is_(None))
    )
    return {
        name: KnownFile(document_id=document, sha256=sha256, status=status)
        for name, document, sha256, status in rows
    }


def running(session: Session, collection_id: str) -> RunningJob | None:
    """A job that ingests a document of the collection now; None where none does."""
    row = session.execute(
        select(Document.name, Job.stage, Job.done, Job.total)
        .join(Document, Document.id == Job.document_id)
        .where(Job.collection_id == collection_id, Job.kind == "ingest", Job.state == "running")
        .limit(1)
    ).first()
    return None if row is None else RunningJob(name=row[0], stage=row[1], done=row[2], total=row[3])
