"""Queries for taking in whole folders: what is known already, and how far the work on it is."""

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


def known_files(session: Session, collection_id: str) -> dict[str, KnownFile]:
    """Documents of a collection by name, but for those that came out of archives and mails."""
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


def running(session: Session, collection_id: str) -> tuple[str, str, int, int] | None:
    """Name of a document that is ingested now with its stage, units done and units in all; None where none is."""
    row = session.execute(
        select(Document.name, Job.stage, Job.done, Job.total)
        .join(Document, Document.id == Job.document_id)
        .where(Job.collection_id == collection_id, Job.kind == "ingest", Job.state == "running")
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1], row[2], row[3])
