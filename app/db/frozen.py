"""Frozen copies of documents: their rows as JSON, outside of all tables that searches and lists read.

A copy holds the contents and stored files of its versions, so that restoring it parses and embeds nothing. Columns
that a copy of an earlier program lacks take their defaults.
"""

from collections.abc import Collection as AnyCollection
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy import inspect as mapped
from sqlalchemy.orm import Session

from app.db import chunks, contents, fields, jobs, tags
from app.db.access import UNRESTRICTED
from app.db.erasing import batches
from app.db.frozen_models import FrozenDocument, FrozenVersion
from app.db.models import AnswerSource, Base, Content, Document, DocumentVersion
from app.db.types import UtcDateTime

ENDED = frozenset({"ready", "failed"})
"""States of versions that no job changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen:
    """A frozen document; `record` has the columns of `document` and of each of its `versions`."""

    document_id: str
    record: Mapping[str, Any]

    @property
    def columns(self) -> Mapping[str, Any]:
        """Columns of the document's own row."""
        found: Mapping[str, Any] = self.record["document"]
        return found


def freeze(session: Session, holder_id: str, collection_id: str, document_ids: Sequence[str]) -> None:
    """Copy documents with all of their versions; the documents themselves stay."""
    for part in batches(document_ids):
        versions: dict[str, list[DocumentVersion]] = {}
        for version in session.scalars(
            select(DocumentVersion)
            .where(DocumentVersion.document_id.in_(part))
            .order_by(DocumentVersion.number)
        ):
            versions.setdefault(version.document_id, []).append(version)
        documents = session.scalars(select(Document).where(Document.id.in_(part)).order_by(Document.id)).all()
        tagged = tags.of_documents(session, part)
        switched_off = chunks.disabled_places(session, part)
        rows = [
            {
                "holder_id": holder_id,
                "collection_id": collection_id,
                "document_id": document.id,
                "record": {
                    "document": columns_of(document),
                    "versions": [columns_of(version) for version in versions.get(document.id, ())],
                    "tags": tagged.get(document.id, []),
                    "chunks_off": switched_off.get(document.id, []),
                },
            }
            for document in documents
        ]
        if not rows:
            continue
        statement = insert(FrozenDocument).returning(FrozenDocument.id, sort_by_parameter_order=True)
        ids = session.scalars(statement, rows).all()
        held = [
            {
                "frozen_id": frozen_id,
                "sha256": version.sha256,
                "content_id": version.content_id,
                "serving": version.serving,
            }
            for frozen_id, document in zip(ids, documents, strict=True)
            for version in versions.get(document.id, ())
        ]
        if held:
            session.execute(insert(FrozenVersion), held)


def of_holder(session: Session, holder_id: str) -> list[Frozen]:
    """Frozen documents of a holder, in the order of their ids."""
    rows = session.scalars(
        select(FrozenDocument).where(FrozenDocument.holder_id == holder_id).order_by(FrozenDocument.id)
    )
    return [Frozen(document_id=row.document_id, record=row.record) for row in rows]


def thaw(
    session: Session, frozen: Frozen, collection_id: str, now: datetime, **changes: Any
) -> Sequence[int]:
    """Write the rows of a frozen document back; a version that was not ready yet is queued again.

    Args:
        session: A writing session that holds the collection.
        frozen: The copy; no document of its id, name or sender's id is there.
        collection_id: Where the document goes.
        now: The present moment.
        changes: Columns of the document that differ from the copy.

    Returns:
        Ids of its new chunks; empty for a document that is switched off.
    """
    own = decoded(Document, frozen.columns) | {"collection_id": collection_id} | changes
    session.execute(insert(Document).values(own))
    fields.replace(session, own["id"], collection_id, own["meta"])
    tags.replace(session, own["id"], collection_id, frozen.record.get("tags", ()))
    added: Sequence[int] = ()
    for stored in frozen.record["versions"]:
        version = decoded(DocumentVersion, stored)
        if version["status"] not in ENDED:
            version |= {"status": "queued", "error": None}
        session.execute(insert(DocumentVersion).values(version))
        if version["status"] == "queued":
            jobs.enqueue(session, collection_id, own["id"], version["id"], now)
        if version["serving"]:
            added = contents.add_chunks(
                session,
                collection_id,
                own["id"],
                version["id"],
                version["content_id"],
                places_off=frozen.record.get("chunks_off", ()),
            )
    return added if own.get("enabled", True) else ()


def remove(
    session: Session,
    *,
    holder_id: str | None = None,
    collection_id: str | None = None,
    document_ids: Sequence[str] | None = None,
) -> tuple[set[int], set[str]]:
    """Delete the copies of a holder, of a collection, or of some documents wherever they are held.

    Returns:
        Contents and blobs that they held, which may be without an owner now.
    """
    held: tuple[set[int], set[str]] = set(), set()
    for part in batches(document_ids) if document_ids is not None else ((),):
        conditions: list[ColumnElement[bool]] = []
        if holder_id is not None:
            conditions.append(FrozenDocument.holder_id == holder_id)
        if collection_id is not None:
            conditions.append(FrozenDocument.collection_id == collection_id)
        if document_ids is not None:
            conditions.append(FrozenDocument.document_id.in_(part))
        assert conditions
        ids = select(FrozenDocument.id).where(*conditions)
        for content_id, sha256 in session.execute(
            select(FrozenVersion.content_id, FrozenVersion.sha256).where(FrozenVersion.frozen_id.in_(ids))
        ):
            held[0].update(() if content_id is None else (content_id,))
            held[1].add(sha256)
        session.execute(delete(FrozenVersion).where(FrozenVersion.frozen_id.in_(ids)))
        session.execute(delete(FrozenDocument).where(*conditions))
    return held


def texts(session: Session, holder_id: str) -> dict[str, str]:
    """Canonical texts of the versions that served, by document."""
    rows = session.execute(
        select(FrozenDocument.document_id, Content.text)
        .join(FrozenVersion, FrozenVersion.frozen_id == FrozenDocument.id)
        .join(Content, Content.id == FrozenVersion.content_id)
        .where(FrozenDocument.holder_id == holder_id, FrozenVersion.serving)
    )
    return {row[0]: row[1] for row in rows}


def texts_of_answers(session: Session, answer_ids: AnyCollection[str]) -> dict[str, dict[str, str | None]]:
    """Canonical texts of the frozen documents whose words answers may hold, by answer and document.

    The text is that of the version that served, None where none did; whoever may see it.
    """
    found: dict[str, dict[str, str | None]] = {}
    texts: dict[str, str | None] = {}
    for part in batches(answer_ids):
        linked = (
            select(AnswerSource.answer_id, AnswerSource.document_id)
            .join(FrozenDocument, FrozenDocument.document_id == AnswerSource.document_id)
            .where(AnswerSource.answer_id.in_(part))
            .distinct()
        )
        for answer, document in session.execute(linked.execution_options(**UNRESTRICTED)):
            if document not in texts:
                texts[document] = _text_of(session, document)
            found.setdefault(answer, {})[document] = texts[document]
    return found


def _text_of(session: Session, document_id: str) -> str | None:
    served = (
        select(Content.text)
        .join(FrozenVersion, FrozenVersion.content_id == Content.id)
        .join(FrozenDocument, FrozenDocument.id == FrozenVersion.frozen_id)
        .where(FrozenDocument.document_id == document_id, FrozenVersion.serving)
    )
    return session.scalar(served.limit(1).execution_options(**UNRESTRICTED))


def documents_of(session: Session, *, collection_id: str) -> list[str]:
    """Ids of the frozen documents of a collection."""
    statement = select(FrozenDocument.document_id).where(FrozenDocument.collection_id == collection_id)
    return list(session.scalars(statement.distinct()))


def columns_of(row: Base) -> dict[str, Any]:
    """Loaded columns of a row as JSON values, by attribute."""
    return {
        attribute.key: _encoded(getattr(row, attribute.key)) for attribute in mapped(type(row)).column_attrs
    }


def decoded(table: type[Base], columns: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a row from JSON; columns that the table has no more are left out."""
    found = {}
    for attribute in mapped(table).column_attrs:
        if attribute.key in columns:
            value = columns[attribute.key]
            moment = isinstance(attribute.columns[0].type, UtcDateTime) and value is not None
            found[attribute.key] = datetime.fromisoformat(value) if moment else value
    return found


def _encoded(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value
