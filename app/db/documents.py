"""Queries over documents, their versions and what those are made of."""

from collections.abc import Collection as AnyCollection
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session, aliased, undefer

from app.db.models import Blob, Chunk, Content, Document, DocumentVersion, Job
from app.db.paging import Slice, after, encode_cursor
from app.db.types import utc_now

__all__ = ["Content", "Document", "DocumentVersion", "DocumentView"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentView:
    """A document with all that is shown of it.

    Attributes:
        newest: Its newest version, whose state is the document's state.
        serving: The version that search uses, None before the first is ready.
        newest_content: What was made of the newest version, None before it is ready.
        chunks: Searchable chunks, those of the serving version.
        job: The newest job that ingests the document.
    """

    document: Document
    newest: DocumentVersion
    serving: DocumentVersion | None
    newest_content: Content | None
    size_bytes: int
    chunks: int
    job: Job | None


def put_blob(session: Session, sha256: str, size_bytes: int) -> None:
    """Make sure the blob's row exists, and hold it until commit so that nobody collects it meanwhile."""
    dialect = session.get_bind().dialect.name
    if dialect == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as pg_insert

        row = {"sha256": sha256, "size_bytes": size_bytes, "created_at": utc_now()}
        statement = pg_insert(Blob).values(row)
        session.execute(
            statement.on_conflict_do_update(
                index_elements=[Blob.sha256], set_={"size_bytes": statement.excluded.size_bytes}
            )
        )
    elif session.get(Blob, sha256) is None:
        session.add(Blob(sha256=sha256, size_bytes=size_bytes))
        session.flush()


def known_blobs(session: Session, hashes: AnyCollection[str]) -> set[str]:
    """Those of the hashes that have a row."""
    found: set[str] = set()
    wanted = sorted(hashes)
    for begin in range(0, len(wanted), 1000):
        found |= set(
            session.scalars(select(Blob.sha256).where(Blob.sha256.in_(wanted[begin : begin + 1000])))
        )
    return found


def by_name(session: Session, collection_id: str, name: str) -> Document | None:
    """The document of that name."""
    return session.scalar(
        select(Document).where(Document.collection_id == collection_id, Document.name == name)
    )


def by_external_id(session: Session, collection_id: str, external_id: str) -> Document | None:
    """The document with the caller's own id."""
    return session.scalar(
        select(Document).where(Document.collection_id == collection_id, Document.external_id == external_id)
    )


def members(session: Session, document_ids: Sequence[str]) -> Sequence[Document]:
    """Documents that came out of these, by id."""
    return session.scalars(
        select(Document).where(Document.parent_id.in_(document_ids)).order_by(Document.id)
    ).all()


def newest_version(session: Session, document: Document) -> DocumentVersion:
    """The version with the highest number."""
    return session.scalars(
        select(DocumentVersion).where(
            DocumentVersion.document_id == document.id, DocumentVersion.number == document.version
        )
    ).one()


def serving_version(session: Session, document_id: str) -> DocumentVersion | None:
    """The version that search uses."""
    return session.scalar(
        select(DocumentVersion).where(DocumentVersion.document_id == document_id, DocumentVersion.serving)
    )


def serving_content(session: Session, document_id: str) -> tuple[DocumentVersion, Content] | None:
    """The serving version with its text, blocks and pages."""
    row = session.execute(
        select(DocumentVersion, Content)
        .join(Content, Content.id == DocumentVersion.content_id)
        .where(DocumentVersion.document_id == document_id, DocumentVersion.serving)
        .options(undefer(Content.text), undefer(Content.blocks), undefer(Content.pages))
    ).first()
    return None if row is None else (row[0], row[1])


def content_of(session: Session, sha256: str, hint: str, recipe: str) -> Content | None:
    """What this recipe made of these bytes before, held until commit so that it stays."""
    return session.scalar(
        select(Content)
        .where(Content.sha256 == sha256, Content.hint == hint, Content.recipe == recipe)
        .with_for_update(key_share=True, read=True)
    )


def views(session: Session, document_ids: Sequence[str]) -> dict[str, DocumentView]:
    """Documents as they are shown, by id."""
    rows = session.execute(_view_statement().where(Document.id.in_(document_ids))).all()
    return {row[0].id: _view(*row) for row in rows}


def page(
    session: Session, collection_id: str, status: str | None, cursor: str | None, limit: int
) -> Slice[DocumentView]:
    """Some documents of a collection, oldest first, perhaps only those in one state."""
    statement = _view_statement().where(Document.collection_id == collection_id)
    if status is not None:
        newest = aliased(DocumentVersion)
        statement = statement.join(
            newest, (newest.document_id == Document.id) & (newest.number == Document.version)
        ).where(newest.status == status)
    rows = session.execute(after(statement, cursor, limit, Document.created_at, Document.id)).all()
    found = [_view(*row) for row in rows[:limit]]
    last = found[-1].document if len(rows) > limit else None
    return Slice(found, encode_cursor(last.created_at, last.id) if last else None)


def collect_garbage(
    session: Session, content_ids: AnyCollection[int], hashes: AnyCollection[str]
) -> Sequence[str]:
    """Delete those contents and blobs that no version refers to any more; gives the hashes of the blobs."""
    if content_ids:
        # The lock comes first: a version that takes the content up meanwhile is seen by the delete.
        held = session.scalars(
            select(Content.id).where(Content.id.in_(content_ids)).order_by(Content.id).with_for_update()
        ).all()
        used = select(DocumentVersion.id).where(DocumentVersion.content_id == Content.id).exists()
        session.execute(delete(Content).where(Content.id.in_(held), ~used))
    if hashes:
        names = session.scalars(
            select(Blob.sha256).where(Blob.sha256.in_(hashes)).order_by(Blob.sha256).with_for_update()
        ).all()
        version = select(DocumentVersion.id).where(DocumentVersion.sha256 == Blob.sha256).exists()
        content = select(Content.id).where(Content.sha256 == Blob.sha256).exists()
        unused = delete(Blob).where(Blob.sha256.in_(names), ~version, ~content)
        return session.scalars(unused.returning(Blob.sha256)).all()
    return ()


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
    )


def _view(
    document: Document,
    newest: DocumentVersion,
    serving: DocumentVersion | None,
    content: Content | None,
    size_bytes: int,
    chunks: int,
    job: Job | None,
) -> DocumentView:
    return DocumentView(
        document=document,
        newest=newest,
        serving=serving,
        newest_content=content,
        size_bytes=size_bytes,
        chunks=chunks,
        job=job,
    )
