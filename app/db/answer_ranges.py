"""Queries over the ranges of documents that answers stand on, and the marks of outdated answers."""

from collections.abc import Collection as AnyCollection
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, or_, select, update
from sqlalchemy.orm import Session

from app.db import webhooks
from app.db.access import UNRESTRICTED
from app.db.erasing import batches
from app.db.living_models import AnswerRange
from app.db.models import Answer, Chunk, Document, DocumentVersion
from app.db.sources import DocumentName
from app.db.types import utc_now
from app.db.webhooks import Event

SOURCE_CHANGED = "source_changed"
SOURCE_GONE = "source_gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeView:
    """A range of the serving version of a document that an answer stands on."""

    id: int
    answer_id: str
    start: int
    end: int


def versions_of(session: Session, chunk_ids: AnyCollection[int]) -> dict[int, str]:
    """Versions of the chunks among these that are there, by chunk; whoever may see them."""
    found: dict[int, str] = {}
    for part in batches(chunk_ids):
        statement = select(Chunk.id, Chunk.version_id).where(Chunk.id.in_(part))
        found.update((row[0], row[1]) for row in session.execute(statement.execution_options(**UNRESTRICTED)))
    return found


def there(session: Session, document_ids: AnyCollection[str]) -> set[str]:
    """The documents among these that exist; whoever may see them."""
    found: set[str] = set()
    for part in batches(document_ids):
        statement = select(Document.id).where(Document.id.in_(part))
        found.update(session.scalars(statement.execution_options(**UNRESTRICTED)))
    return found


def add(session: Session, answer_id: str, ranges: Sequence[tuple[str, str, int, int]]) -> None:
    """Note the ranges that an answer stands on: document, version, and characters of its canonical text."""
    rows = [
        {
            "answer_id": answer_id,
            "document_id": document,
            "version_id": version,
            "start": start,
            "end": end,
            "changed": False,
        }
        for document, version, start, end in ranges
    ]
    if rows:
        session.execute(insert(AnswerRange), rows)


def of_document(session: Session, document_id: str) -> list[RangeView]:
    """Ranges of a document that answers stand on and that have not changed so far."""
    rows = session.execute(
        select(AnswerRange.id, AnswerRange.answer_id, AnswerRange.start, AnswerRange.end)
        .where(AnswerRange.document_id == document_id, AnswerRange.changed.is_(False))
        .order_by(AnswerRange.id)
    )
    return [RangeView(id=row[0], answer_id=row[1], start=row[2], end=row[3]) for row in rows]


def move(session: Session, places: Mapping[int, tuple[int, int]], version_id: str) -> None:
    """Move ranges along to where the new version says the same."""
    rows = [
        {"id": key, "start": start, "end": end, "version_id": version_id}
        for key, (start, end) in places.items()
    ]
    if rows:
        session.execute(update(AnswerRange), rows)


def set_changed(session: Session, range_ids: AnyCollection[int]) -> None:
    """Note that the new version says something else at these ranges."""
    for part in batches(range_ids):
        session.execute(update(AnswerRange).where(AnswerRange.id.in_(part)).values(changed=True))


def remove(session: Session, document_ids: AnyCollection[str]) -> set[str]:
    """Forget the ranges of documents that are gone; gives the answers that stood on them."""
    found: set[str] = set()
    for part in batches(document_ids):
        gone = delete(AnswerRange).where(AnswerRange.document_id.in_(part)).returning(AnswerRange.answer_id)
        found.update(session.scalars(gone))
    return found


def answers_on(session: Session, document_ids: AnyCollection[str]) -> set[str]:
    """Ids of the answers that stand on ranges of these documents."""
    found: set[str] = set()
    for part in batches(document_ids):
        statement = select(AnswerRange.answer_id).where(AnswerRange.document_id.in_(part))
        found.update(session.scalars(statement.distinct()))
    return found


def unmark_whole(session: Session, answer_ids: AnyCollection[str]) -> None:
    """Take the mark of a deleted source off answers whose sources are all there, unchanged, and that lost no words."""
    for part in batches(answer_ids):
        missing = ~select(Document.id).where(Document.id == AnswerRange.document_id).exists()
        broken = set(
            session.scalars(
                select(AnswerRange.answer_id)
                .where(AnswerRange.answer_id.in_(part), or_(AnswerRange.changed, missing))
                .execution_options(**UNRESTRICTED)
            )
        )
        marked = session.execute(
            select(Answer.id, Answer.answer)
            .where(Answer.id.in_(part), Answer.outdated == SOURCE_GONE)
            .execution_options(**UNRESTRICTED)
        )
        whole = [
            key for key, said in marked if key not in broken and not (said or {}).get("erased_sources", 0)
        ]
        session.execute(
            update(Answer)
            .where(Answer.id.in_(whole))
            .values(outdated=None, outdated_at=None)
            .execution_options(**UNRESTRICTED, synchronize_session=False)
        )


def mark(session: Session, answer_ids: AnyCollection[str], reason: str) -> None:
    """Mark answers as outdated, whoever may see them; a deleted source outranks a changed one."""
    for part in batches(answer_ids):
        statement = update(Answer).where(Answer.id.in_(part))
        if reason == SOURCE_CHANGED:
            statement = statement.where(Answer.outdated.is_(None))
        else:
            statement = statement.where(Answer.outdated.is_distinct_from(reason))
        marked = session.execute(
            statement.values(outdated=reason, outdated_at=utc_now())
            .returning(Answer.id, Answer.owner_id, Answer.collection_ids)
            .execution_options(**UNRESTRICTED, synchronize_session=False)
        ).all()
        events = [
            Event(
                type="answer.outdated",
                data={"answer_id": key, "reason": reason, "collections": collection_ids},
                collection_ids=collection_ids,
                owner_id=owner,
                is_private=True,
            )
            for key, owner, collection_ids in marked
        ]
        if events:
            webhooks.emit(session, events)


def changed_documents(session: Session, answer_ids: Sequence[str]) -> dict[str, list[DocumentName]]:
    """The documents that say something else by now, by answer; as far as the session may see them."""
    found: dict[str, list[DocumentName]] = {}
    for part in batches(answer_ids):
        rows = session.execute(
            select(AnswerRange.answer_id, Document.id, Document.name, DocumentVersion.title)
            .join(Document, Document.id == AnswerRange.document_id)
            .join(DocumentVersion, DocumentVersion.document_id == Document.id)
            .where(AnswerRange.answer_id.in_(part), AnswerRange.changed, DocumentVersion.serving)
            .distinct()
            .order_by(AnswerRange.answer_id, Document.id)
        )
        for answer, document, name, title in rows:
            source = DocumentName(id=document, name=name, title=title or name)
            found.setdefault(answer, []).append(source)
    return found
