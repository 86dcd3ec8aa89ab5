"""What must hold of a database and its indexes at any moment, counted as violations."""

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app.composition.runtime import Runtime
from app.db.frozen_models import FrozenVersion
from app.db.models import Chunk, Collection, Content, ContentChunk, DocumentVersion, IndexChange, Job
from app.library import index_audit
from ingestion.sniff import CONTAINERS


def violations(runtime: Runtime, collection_id: str) -> list[str]:
    """All that is wrong, in words; empty when nothing is."""
    found: list[str] = []
    with runtime.db.read() as session:
        if runtime.db.is_sqlite:
            damage = session.execute(text("PRAGMA integrity_check")).scalar()
            found += [] if damage == "ok" else [f"SQLite: {damage}"]
        for version in session.scalars(select(DocumentVersion).where(DocumentVersion.serving)):
            found += _of_version(session, version)
        found += _strays(session)
        found += _sequence(session, collection_id)
    audit = index_audit.audit(runtime, collection_id)
    return found if audit.clean else [*found, f"index and database differ: {audit}"]


def _of_version(session: Session, version: DocumentVersion) -> list[str]:
    content = session.get(Content, version.content_id)
    if content is None or version.status != "ready":
        return [f"{version.id} serves without content or while {version.status}"]
    rows = session.scalars(
        select(ContentChunk)
        .join(Chunk, Chunk.content_chunk_id == ContentChunk.id)
        .where(Chunk.version_id == version.id)
        .order_by(ContentChunk.position)
    ).all()
    found = []
    if len(rows) != content.chunk_count:
        found.append(f"{version.id} has {len(rows)} chunks, its content {content.chunk_count}")
    # of an archive the text is the list of its files, which is not searched
    if content.media_type not in CONTAINERS and "".join(row.text for row in rows) != content.text:
        found.append(f"chunks of {version.id} do not add up to its text")
    return found


def _strays(session: Session) -> list[str]:
    chunks = session.scalar(
        select(func.count())
        .select_from(Chunk)
        .outerjoin(DocumentVersion, (DocumentVersion.id == Chunk.version_id) & DocumentVersion.serving)
        .where(DocumentVersion.id.is_(None))
    )
    contents = session.scalar(
        select(func.count())
        .select_from(Content)
        .outerjoin(DocumentVersion, DocumentVersion.content_id == Content.id)
        .where(
            DocumentVersion.id.is_(None),
            ~select(FrozenVersion.id).where(FrozenVersion.content_id == Content.id).exists(),
        )
    )
    doubled = session.execute(
        select(Job.version_id)
        .where(Job.state == "done", Job.version_id.is_not(None))
        .group_by(Job.version_id)
        .having(func.count() > 1)
    ).all()
    found = [f"{chunks} chunks of versions that do not serve"] if chunks else []
    found += [f"{contents} contents that nobody uses"] if contents else []
    return found + ([f"finished more than once: {doubled}"] if doubled else [])


def _sequence(session: Session, collection_id: str) -> list[str]:
    numbers = session.scalars(
        select(IndexChange.seq).where(IndexChange.collection_id == collection_id).order_by(IndexChange.seq)
    ).all()
    last = session.scalar(select(Collection.index_seq).where(Collection.id == collection_id)) or 0
    # those of before a deletion that was undone are gone with it
    if list(numbers) != list(range(numbers[0] if numbers else 1, last + 1)):
        return [f"index changes have gaps: {numbers} up to {last}"]
    return []
