"""Tables that filters search: values of documents' metadata, and tags."""

from sqlalchemy import Float, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models import Base, BigId
from app.db.types import KEY_CHARS

MAX_TAG_CHARS = 64


class DocumentField(Base):
    """A value of a field of a document's metadata, written with it; see `app.db.fields`.

    Attributes:
        field: Keys that lead to the value, joined by points.
        kind: text, number, boolean or date.
        key: First characters of `text`.
        text: A text or date as given, a number by its digits.
        folded: A text or date without case.
        number: A number, a boolean as 0 or 1, a date as seconds since 1970 in UTC.
    """

    __tablename__ = "document_fields"
    __table_args__ = (
        Index("ix_document_fields_key", "collection_id", "field", "key"),
        Index("ix_document_fields_number", "collection_id", "field", "number"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), index=True)
    collection_id: Mapped[str] = mapped_column(String(40))
    field: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(8))
    key: Mapped[str] = mapped_column(String(KEY_CHARS))
    text: Mapped[str] = mapped_column(Text)
    folded: Mapped[str | None] = mapped_column(Text)
    number: Mapped[float | None] = mapped_column(Float(53))


class DocumentTag(Base):
    """A tag of a document, in lower case."""

    __tablename__ = "document_tags"
    __table_args__ = (Index("ix_document_tags_collection_id_tag", "collection_id", "tag"),)

    document_id: Mapped[str] = mapped_column(ForeignKey("documents.id", ondelete="CASCADE"), primary_key=True)
    tag: Mapped[str] = mapped_column(String(MAX_TAG_CHARS), primary_key=True)
    collection_id: Mapped[str] = mapped_column(String(40))
