"""Queries over documents, their versions, contents and blobs."""

from collections.abc import Collection as AnyCollection
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.orm import Session, aliased, undefer

from app.db import fields, filters, jobs, tags
from app.db.collections import record_index_change
from app.db.file_models import UploadedFile
from app.db.filters import Filter
from app.db.frozen_models import FrozenVersion
from app.db.models import Blob, Chunk, Content, Document, DocumentVersion, Job
from app.db.paging import Slice, after, encode_cursor
from app.db.types import new_id
from app.db.views import CanonicalText, ContentView, DocumentRecord, DocumentView, VersionView


def find(session: Session, document_id: str) -> DocumentRecord | None:
    """The document with this id."""
    return _one(session, Document.id == document_id)


def by_name(session: Session, collection_id: str, name: str) -> DocumentRecord | None:
    """The document of that name."""
    return _one(session, Document.collection_id == collection_id, Document.name == name)


def by_external_id(session: Session, collection_id: str, external_id: str) -> DocumentRecord | None:
    """The document with the caller's own id."""
    return _one(session, Document.collection_id == collection_id, Document.external_id == external_id)


def with_external_id(session: Session, external_id: str) -> list[str]:
    """Ids of the documents of all collections that have this id of their sender."""
    return list(session.scalars(select(Document.id).where(Document.external_id == external_id)))


def members(session: Session, document_ids: Sequence[str]) -> list[DocumentRecord]:
    """Documents that came out of these, by id."""
    rows = session.scalars(select(Document).where(Document.parent_id.in_(document_ids)).order_by(Document.id))
    return [_record(row) for row in rows]


def add(
    session: Session,
    collection_id: str,
    name: str,
    *,
    external_id: str | None,
    parent_id: str | None,
    enabled: bool,
    meta: Mapping[str, Any],
    now: datetime,
) -> DocumentRecord:
    """Add a document; its version 1 is to follow in the same transaction."""
    row = Document(
        id=new_id("doc"),
        collection_id=collection_id,
        name=name,
        external_id=external_id,
        parent_id=parent_id,
        enabled=enabled,
        version=1,
        meta=dict(meta),
        created_at=now,
        updated_at=now,
    )
    session.add(row)
    session.flush()
    fields.replace(session, row.id, collection_id, meta)
    return _record(row)


def change(session: Session, document_id: str, **columns: Any) -> None:
    """Write columns of a document's own row, with the values that filters find where its metadata changes."""
    session.execute(update(Document).where(Document.id == document_id).values(columns))
    if "meta" in columns or "name" in columns:
        owner = Document.collection_id
        collection_id = session.scalars(select(owner).where(Document.id == document_id)).one()
        if "meta" in columns:
            fields.replace(session, document_id, collection_id, columns["meta"])
        # filters that processes remember are known by this number
        record_index_change(session, collection_id)


def add_version(
    session: Session, document_id: str, number: int, sha256: str, media_type: str | None, now: datetime
) -> str:
    """Add bytes as a version of a document; gives the version's id.

    Args:
        session: A writing session.
        document_id: The document, whose row names this number as its newest.
        number: One more than that of the version before.
        sha256: Of a blob that has a row.
        media_type: As declared.
        now: The present moment.
    """
    version = DocumentVersion(
        id=new_id("ver"),
        document_id=document_id,
        number=number,
        sha256=sha256,
        media_type=media_type,
        created_at=now,
    )
    session.add(version)
    session.flush()
    return version.id


def drop_version(session: Session, version_id: str) -> None:
    """Delete a version that does not serve."""
    session.execute(delete(DocumentVersion).where(DocumentVersion.id == version_id))


def requeue_version(session: Session, version_id: str) -> None:
    """Let a failed version wait again."""
    session.execute(
        update(DocumentVersion).where(DocumentVersion.id == version_id).values(status="queued", error=None)
    )


def version(session: Session, version_id: str) -> VersionView | None:
    """The version with this id."""
    row = session.get(DocumentVersion, version_id, populate_existing=True)
    return None if row is None else _version(row)


def newest_version(session: Session, document: DocumentRecord) -> VersionView:
    """The version with the highest number."""
    return _version(
        session.scalars(
            select(DocumentVersion)
            .where(DocumentVersion.document_id == document.id, DocumentVersion.number == document.version)
            .execution_options(populate_existing=True)
        ).one()
    )


def serving_version(session: Session, document_id: str) -> VersionView | None:
    """The version that search uses."""
    row = session.scalar(
        select(DocumentVersion)
        .where(DocumentVersion.document_id == document_id, DocumentVersion.serving)
        .execution_options(populate_existing=True)
    )
    return None if row is None else _version(row)


def serving_content(session: Session, document_id: str) -> tuple[VersionView, CanonicalText] | None:
    """The serving version with its text, blocks and pages."""
    row = session.execute(
        select(DocumentVersion, Content)
        .join(Content, Content.id == DocumentVersion.content_id)
        .join(Document, Document.id == DocumentVersion.document_id)
        .where(Document.id == document_id, DocumentVersion.serving)
        .options(undefer(Content.text), undefer(Content.blocks), undefer(Content.pages))
    ).first()
    if row is None:
        return None
    content = row[1]
    text = CanonicalText(content_id=content.id, text=content.text, blocks=content.blocks, pages=content.pages)
    return _version(row[0]), text


def content_of(session: Session, sha256: str, hint: str, recipe: str) -> ContentView | None:
    """Content made of these bytes by this recipe, if any; its row is locked until commit."""
    row = session.scalar(
        select(Content)
        .where(Content.sha256 == sha256, Content.hint == hint, Content.recipe == recipe)
        .with_for_update(key_share=True, read=True)
    )
    return None if row is None else content_view(row)


def views(session: Session, document_ids: Sequence[str]) -> dict[str, DocumentView]:
    """Documents as they are shown, by id."""
    rows = session.execute(_view_statement().where(Document.id.in_(document_ids))).all()
    tagged = tags.of_documents(session, [row[0].id for row in rows])
    return {row[0].id: _view(*row, tagged.get(row[0].id, ())) for row in rows}


def page(
    session: Session,
    collection_id: str,
    states: AnyCollection[str],
    cursor: str | None,
    limit: int,
    *,
    newest_first: bool = False,
    wanted: Filter | None = None,
) -> Slice[DocumentView]:
    """A page of a collection's documents, oldest or newest first; in some states only, left by a filter."""
    statement = _view_statement().where(Document.collection_id == collection_id)
    if wanted is not None:
        statement = statement.where(filters.where(wanted, [collection_id]))
    if states:
        newest = aliased(DocumentVersion)
        statement = statement.join(
            newest, (newest.document_id == Document.id) & (newest.number == Document.version)
        ).where(newest.status.in_(states))
    statement = after(statement, cursor, limit, Document.created_at, Document.id, newest_first=newest_first)
    rows = session.execute(statement).all()
    tagged = tags.of_documents(session, [row[0].id for row in rows])
    found = [_view(*row, tagged.get(row[0].id, ())) for row in rows[:limit]]
    last = found[-1].document if len(rows) > limit else None
    return Slice(found, encode_cursor(last.created_at, last.id) if last else None)


def collect_garbage(
    session: Session, content_ids: AnyCollection[int], hashes: AnyCollection[str]
) -> Sequence[str]:
    """Delete contents and blobs that no version (frozen or not) and no file refers to; gives hashes of blobs."""
    if content_ids:
        # The lock comes first: a version that takes the content up meanwhile is seen by the delete.
        held = session.scalars(
            select(Content.id).where(Content.id.in_(content_ids)).order_by(Content.id).with_for_update()
        ).all()
        used = select(DocumentVersion.id).where(DocumentVersion.content_id == Content.id).exists()
        frozen = select(FrozenVersion.id).where(FrozenVersion.content_id == Content.id).exists()
        session.execute(delete(Content).where(Content.id.in_(held), ~used, ~frozen))
    if hashes:
        names = session.scalars(
            select(Blob.sha256).where(Blob.sha256.in_(hashes)).order_by(Blob.sha256).with_for_update()
        ).all()
        version = select(DocumentVersion.id).where(DocumentVersion.sha256 == Blob.sha256).exists()
        content = select(Content.id).where(Content.sha256 == Blob.sha256).exists()
        # of the table, which is whole whoever the session is bound to: another's file holds its bytes, too
        files = UploadedFile.__table__
        file = select(files.c.id).where(files.c.sha256 == Blob.sha256).exists()
        frozen = select(FrozenVersion.id).where(FrozenVersion.sha256 == Blob.sha256).exists()
        unused = delete(Blob).where(Blob.sha256.in_(names), ~version, ~content, ~file, ~frozen)
        return session.scalars(unused.returning(Blob.sha256)).all()
    return ()


def taken(
    session: Session, collection_id: str, names: AnyCollection[str], external_ids: AnyCollection[str]
) -> str | None:
    """A name or sender's id among these that a document of a collection has; None where all are free."""
    for column, keys in ((Document.name, names), (Document.external_id, external_ids)):
        found = session.scalar(
            select(column).where(Document.collection_id == collection_id, column.in_(sorted(keys))).limit(1)
        )
        if found is not None:
            return found
    return None


def remove(session: Session, document_id: str) -> None:
    """Delete the document with its versions, chunks and jobs."""
    session.execute(delete(Chunk).where(Chunk.document_id == document_id))
    session.execute(delete(Document).where(Document.id == document_id))


def leftovers(
    session: Session, collection_id: str, document_id: str | None = None
) -> tuple[set[int], set[str]]:
    """Contents and blobs that the documents of a collection, or one of them, refer to."""
    statement = (
        select(DocumentVersion.content_id, DocumentVersion.sha256)
        .join(Document, Document.id == DocumentVersion.document_id)
        .where(Document.collection_id == collection_id)
    )
    if document_id is not None:
        statement = statement.where(Document.id == document_id)
    rows = session.execute(statement).all()
    return {row[0] for row in rows if row[0] is not None}, {row[1] for row in rows}


def _view_statement() -> Select[Document, DocumentVersion, DocumentVersion, Content, int, int, Job]:
    newest, serving = aliased(DocumentVersion), aliased(DocumentVersion)
    chunks = (
        select(func.count(Chunk.id))
        .where(Chunk.document_id == Document.id)
        .correlate(Document)
        .scalar_subquery()
    )
    others = aliased(Job)
    newest_job = (
        select(others.id)
        .where(others.document_id == Document.id, others.kind == "ingest")
        .order_by(others.created_at.desc(), others.id.desc())
        .limit(1)
        .correlate(Document)
        .scalar_subquery()
    )
    return (
        select(Document, newest, serving, Content, Blob.size_bytes, chunks, Job)
        .join(newest, (newest.document_id == Document.id) & (newest.number == Document.version))
        .join(Blob, Blob.sha256 == newest.sha256)
        .outerjoin(serving, (serving.document_id == Document.id) & serving.serving)
        .outerjoin(Content, Content.id == newest.content_id)
        .outerjoin(Job, Job.id == newest_job)
        .execution_options(populate_existing=True)
    )


def _view(
    document: Document,
    newest: DocumentVersion,
    serving: DocumentVersion | None,
    content: Content | None,
    size_bytes: int,
    chunks: int,
    job: Job | None,
    tagged: Sequence[str],
) -> DocumentView:
    return DocumentView(
        document=_record(document),
        newest=_version(newest),
        serving=None if serving is None else _version(serving),
        newest_content=None if content is None else content_view(content),
        size_bytes=size_bytes,
        chunks=chunks,
        job=None if job is None else jobs.view(job),
        tags=tagged,
    )


def _one(session: Session, *conditions: ColumnElement[bool]) -> DocumentRecord | None:
    row = session.scalar(select(Document).where(*conditions).execution_options(populate_existing=True))
    return None if row is None else _record(row)


def _record(row: Document) -> DocumentRecord:
    return DocumentRecord(
        id=row.id,
        collection_id=row.collection_id,
        name=row.name,
        external_id=row.external_id,
        parent_id=row.parent_id,
        enabled=row.enabled,
        version=row.version,
        meta=row.meta,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _version(row: DocumentVersion) -> VersionView:
    return VersionView(
        id=row.id,
        document_id=row.document_id,
        number=row.number,
        sha256=row.sha256,
        media_type=row.media_type,
        status=row.status,
        serving=row.serving,
        content_id=row.content_id,
        title=row.title,
        error=row.error,
    )


def content_view(row: Content) -> ContentView:
    """A row as the rest of the program sees it."""
    return ContentView(
        id=row.id,
        title=row.title,
        media_type=row.media_type,
        language=row.language,
        page_count=row.page_count,
        dropped=row.dropped,
        coverage=row.coverage,
    )
