"""Tables of the bin: deleted documents and collections that can be restored, as frozen copies of their rows.

A frozen document has no row in `documents`, so that no query finds it, its name is free, and nothing lists it. Its
contents and stored files stay as long as a frozen version refers to them; see `app.db.frozen`.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models import Base, BigId
from app.db.types import JsonColumn, UtcDateTime, utc_now


class BinItem(Base):
    """A deletion that can be undone until `expires_at`: of a document with its members, or of a collection.

    Attributes:
        kind: document or collection.
        collection_id: The collection of the documents; it may be gone.
        owner_id: Owner of a deleted collection, None where it had none.
        record: Rows of a deleted collection: its own, its grants, and the ids of the chunks that it had.
    """

    __tablename__ = "bin_items"
    __table_args__ = (Index("ix_bin_items_collection_id_deleted_at_id", "collection_id", "deleted_at", "id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    collection_id: Mapped[str] = mapped_column(String(40))
    owner_id: Mapped[str | None] = mapped_column(String(40), index=True)
    name: Mapped[str] = mapped_column(String(255))
    record: Mapped[dict[str, Any] | None] = mapped_column(JsonColumn)
    deleted_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class BinAnswer(Base):
    """An answer made from a collection that is in the bin: nobody but the machine sees it until that is over."""

    __tablename__ = "bin_answers"

    item_id: Mapped[str] = mapped_column(ForeignKey("bin_items.id", ondelete="CASCADE"), primary_key=True)
    answer_id: Mapped[str] = mapped_column(
        ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class FrozenDocument(Base):
    """Rows of a document as they were at one moment.

    Attributes:
        holder_id: The bin item that it belongs to.
        record: The document's own row, its tags, and the rows of its versions.
    """

    __tablename__ = "frozen_documents"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    holder_id: Mapped[str] = mapped_column(String(40), index=True)
    collection_id: Mapped[str] = mapped_column(String(40), index=True)
    document_id: Mapped[str] = mapped_column(String(40), index=True)
    record: Mapped[dict[str, Any]] = mapped_column(JsonColumn)


class FrozenVersion(Base):
    """Bytes and content of a frozen version, which keep both from being collected."""

    __tablename__ = "frozen_versions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    frozen_id: Mapped[int] = mapped_column(ForeignKey("frozen_documents.id", ondelete="CASCADE"), index=True)
    sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), index=True)
    content_id: Mapped[int | None] = mapped_column(ForeignKey("contents.id"), index=True)
    serving: Mapped[bool] = mapped_column(default=False)
