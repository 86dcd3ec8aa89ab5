"""Queries that find text of a document outside its own rows, and the erasures still to do."""

import re
from collections.abc import Collection as AnyCollection
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session, undefer

from app.db.access import UNRESTRICTED
from app.db.frozen_models import FrozenDocument
from app.db.models import (
    Answer,
    AnswerSource,
    Blob,
    Chunk,
    Collection,
    Content,
    Document,
    DocumentVersion,
    Erasure,
)
from app.db.reply_models import IdempotencyKey, ReplySource
from app.db.types import new_id, utc_now
from app.db.views import ErasureView

__all__ = ["Answer"]

ERASED_STATUS = 410
"""Status of a stored reply whose body was erased."""
AT_ONCE = 200
Key = TypeVar("Key", str, int)
_SOURCE = re.compile(rb"(?:doc|ans)_[a-z2-7]{26}")


def link_answer(session: Session, answer_id: str, document_ids: Iterable[str]) -> None:
    """Note the documents whose text an answer may hold."""
    rows = [{"answer_id": answer_id, "document_id": key} for key in sorted(set(document_ids))]
    if rows:
        session.execute(insert(AnswerSource), rows)


def unlink_answers(session: Session, answer_ids: Sequence[str], document_ids: AnyCollection[str]) -> None:
    """Forget that answers hold text of documents."""
    for part in batches(document_ids):
        session.execute(
            delete(AnswerSource).where(
                AnswerSource.answer_id.in_(answer_ids), AnswerSource.document_id.in_(part)
            )
        )


def linked_answers(session: Session, document_ids: AnyCollection[str]) -> list[str]:
    """Ids of the answers that may hold text of these documents."""
    found: set[str] = set()
    for part in batches(document_ids):
        found.update(
            session.scalars(select(AnswerSource.answer_id).where(AnswerSource.document_id.in_(part)))
        )
    return sorted(found)


def documents_missed(session: Session) -> list[str]:
    """Documents that answers were made from and that are gone, from the bin too."""
    there = select(Document.id).where(Document.id == AnswerSource.document_id).exists()
    frozen = select(FrozenDocument.id).where(FrozenDocument.document_id == AnswerSource.document_id).exists()
    return list(session.scalars(select(AnswerSource.document_id).where(~there, ~frozen).distinct()))


def whole_answers(session: Session, answer_ids: Sequence[str]) -> Sequence[Answer]:
    """Answers with their streams, held until commit."""
    return session.scalars(
        select(Answer)
        .where(Answer.id.in_(answer_ids))
        .order_by(Answer.id)
        .options(undefer(Answer.events))
        .with_for_update()
        .execution_options(**UNRESTRICTED)  # whoever asked, the text goes
    ).all()


def chunks_held(session: Session, chunk_ids: AnyCollection[int]) -> set[int]:
    """The chunks among these that still exist, locked until commit."""
    found: set[int] = set()
    for part in batches(chunk_ids):
        statement = select(Chunk.id).where(Chunk.id.in_(part)).with_for_update(key_share=True, read=True)
        found.update(session.scalars(statement))
    return found


def texts(session: Session, document_ids: AnyCollection[str]) -> dict[str, str]:
    """Canonical texts of the serving versions, by document."""
    found: dict[str, str] = {}
    for part in batches(document_ids):
        rows = session.execute(
            select(DocumentVersion.document_id, Content.text)
            .join(Content, Content.id == DocumentVersion.content_id)
            .where(DocumentVersion.document_id.in_(part), DocumentVersion.serving)
        )
        found.update((row[0], row[1]) for row in rows)
    return found


def text_of(session: Session, content_id: int) -> str:
    """Canonical text of a content."""
    return session.scalars(select(Content.text).where(Content.id == content_id)).one()


def documents_in(session: Session, collection_id: str) -> list[str]:
    """Ids of all documents of a collection."""
    return list(session.scalars(select(Document.id).where(Document.collection_id == collection_id)))


def sources_in(body: bytes) -> set[str]:
    """Ids of documents and answers that a reply names."""
    return {found.decode() for found in _SOURCE.findall(body)}


def link_reply(session: Session, key: str, sources: AnyCollection[str], *, quotes: bool) -> None:
    """Record the ids that a stored reply names, and whether it holds passages."""
    rows = [{"key": key, "source_id": one, "quotes": quotes} for one in sorted(sources)]
    if rows:
        session.execute(insert(ReplySource), rows)


def sources_of(session: Session, key: str) -> set[str]:
    """Ids of documents and answers that a kept reply names, as they were recorded."""
    return set(session.scalars(select(ReplySource.source_id).where(ReplySource.key == key)))


def gone(session: Session, sources: AnyCollection[str]) -> bool:
    """Whether a document or answer of these is not there any more; the others stay until commit."""
    for part in batches(sources):
        there = set(
            session.scalars(
                select(Document.id).where(Document.id.in_(part)).with_for_update(key_share=True, read=True)
            )
        )
        there.update(session.scalars(select(Answer.id).where(Answer.id.in_(part))))
        if there != set(part):
            return True
    return False


def erase_replies(session: Session, sources: AnyCollection[str], *, quoting_only: bool = False) -> None:
    """Erase the bodies of stored replies that name these sources; the keys stay used."""
    for part in batches(sources):
        statement = select(ReplySource.key).where(ReplySource.source_id.in_(part)).distinct()
        keys = session.scalars(statement.where(ReplySource.quotes) if quoting_only else statement).all()
        for some in batches(keys):
            session.execute(
                update(IdempotencyKey)
                .where(IdempotencyKey.key.in_(some))
                .values(status_code=ERASED_STATUS, headers={}, body=None)
            )
            session.execute(delete(ReplySource).where(ReplySource.key.in_(some)))


def schedule(
    session: Session, blobs: AnyCollection[str] = (), collection_ids: AnyCollection[str] = ()
) -> None:
    """Record files to erase outside of the database after this transaction is committed."""
    session.add(
        Erasure(
            id=new_id("era"), blobs=sorted(blobs), collection_ids=sorted(collection_ids), created_at=utc_now()
        )
    )


def pending(session: Session) -> list[ErasureView]:
    """Erasing that is left to do, oldest first."""
    rows = session.scalars(select(Erasure).order_by(Erasure.created_at, Erasure.id))
    return [ErasureView(id=row.id, blobs=row.blobs, collection_ids=row.collection_ids) for row in rows]


def settle(session: Session, erasure_ids: Sequence[str], left: AnyCollection[str]) -> None:
    """Note that erasures are done, but for the index files of the collections `left`."""
    for row in session.scalars(select(Erasure).where(Erasure.id.in_(erasure_ids)).with_for_update()):
        still = sorted(set(row.collection_ids) & set(left))
        if still:
            row.blobs, row.collection_ids = [], still
        else:
            session.delete(row)


def claim_unowned(session: Session, sha256: str) -> bool:
    """Hold the name of a blob that no row has, so that no upload records it until commit; see `release`."""
    name = session.get_bind().dialect.name
    if name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as upsert
    else:
        from sqlalchemy.dialects.sqlite import insert as upsert  # type: ignore[assignment]
    row = {"sha256": sha256, "size_bytes": 0, "created_at": utc_now()}
    statement = upsert(Blob).values(row).on_conflict_do_nothing().returning(Blob.sha256)
    return session.scalar(statement) is not None


def release(session: Session, sha256: str) -> None:
    """Give the name of a claimed blob back; in the transaction that claimed it."""
    session.execute(delete(Blob).where(Blob.sha256 == sha256))


def collections_there(session: Session, collection_ids: AnyCollection[str]) -> set[str]:
    """The collections among these that exist."""
    found: set[str] = set()
    for part in batches(collection_ids):
        there = select(Collection.id).where(Collection.id.in_(part))
        found.update(session.scalars(there.execution_options(**UNRESTRICTED)))
    return found


def batches(keys: Iterable[Key]) -> Iterator[list[Key]]:
    """Keys in pieces that fit into one statement, each once."""
    unique = sorted(set(keys))
    for begin in range(0, len(unique), AT_ONCE):
        yield unique[begin : begin + AT_ONCE]
