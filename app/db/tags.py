"""Tags of documents: short words that people give, found by filters as `document.tag`."""

import unicodedata
from collections.abc import Collection as AnyCollection
from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from app.db.erasing import batches
from app.db.field_models import MAX_TAG_CHARS, DocumentTag
from app.errors import InvalidInputError

MAX_TAGS = 50


def folded(text: str) -> str:
    """A tag as it is stored: composed, in lower case, with single spaces."""
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def checked(tags: AnyCollection[str]) -> list[str]:
    """Tags as they are stored, each once, in order.

    Raises:
        InvalidInputError: One is empty, too long or not printable, or there are too many.
    """
    found = sorted({folded(tag) for tag in tags})
    wrong = next((tag for tag in found if not tag or len(tag) > MAX_TAG_CHARS or not tag.isprintable()), None)
    if wrong is not None or len(found) > MAX_TAGS:
        raise InvalidInputError(
            "bad_tags",
            f"{len(found)} tags are too many." if wrong is None else f"{wrong[:80]!r} can't be a tag.",
            f"Use at most {MAX_TAGS} tags of 1 to {MAX_TAG_CHARS} printable characters.",
        )
    return found


def replace(session: Session, document_id: str, collection_id: str, tags: Sequence[str]) -> None:
    """Make the tags of a document these, which are checked."""
    session.execute(delete(DocumentTag).where(DocumentTag.document_id == document_id))
    rows = [{"document_id": document_id, "collection_id": collection_id, "tag": tag} for tag in tags]
    if rows:
        session.execute(insert(DocumentTag), rows)


def of_documents(session: Session, document_ids: AnyCollection[str]) -> dict[str, list[str]]:
    """Tags by document, in order; documents without any are left out."""
    found: dict[str, list[str]] = {}
    for part in batches(document_ids):
        rows = session.execute(
            select(DocumentTag.document_id, DocumentTag.tag)
            .where(DocumentTag.document_id.in_(part))
            .order_by(DocumentTag.document_id, DocumentTag.tag)
        )
        for document_id, tag in rows:
            found.setdefault(document_id, []).append(tag)
    return found


def counts(session: Session, collection_id: str) -> list[tuple[str, int]]:
    """Tags of a collection with the number of their documents, the most frequent first."""
    documents = func.count()
    rows = session.execute(
        select(DocumentTag.tag, documents)
        .where(DocumentTag.collection_id == collection_id)
        .group_by(DocumentTag.tag)
        .order_by(documents.desc(), DocumentTag.tag)
    )
    return [(row[0], row[1]) for row in rows]


def tagged(session: Session, collection_id: str) -> int:
    """Number of documents of a collection that have a tag."""
    statement = select(func.count(DocumentTag.document_id.distinct()))
    return session.scalar(statement.where(DocumentTag.collection_id == collection_id)) or 0
