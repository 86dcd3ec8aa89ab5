"""Tables of the audit trail and of the content filter."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models import Base
from app.db.types import UtcDateTime, utc_now


class AuditRow(Base):
    """A record of the audit trail; see `app.db.audit.AuditRecord` for its columns, `app.audit.chain` for its hashes."""

    __tablename__ = "audit_records"

    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    event: Mapped[str] = mapped_column(String(40))
    actor: Mapped[str] = mapped_column(String(255))
    subject: Mapped[str] = mapped_column(String(64), index=True)
    # Text and not JSON: what is hashed has to come back to the byte.
    body: Mapped[str] = mapped_column(Text)
    question_digest: Mapped[str | None] = mapped_column(String(64))
    output_digest: Mapped[str | None] = mapped_column(String(64))
    question: Mapped[str | None] = mapped_column(Text)
    output: Mapped[str | None] = mapped_column(Text)
    salt: Mapped[str | None] = mapped_column(String(64))
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class AuditState(Base):
    """The one row that says where the trail begins and ends; who appends holds it until commit."""

    __tablename__ = "audit_state"

    key: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    base_seq: Mapped[int] = mapped_column(BigInteger)
    base_hash: Mapped[str] = mapped_column(String(64))
    seq: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class LexiconRow(Base):
    """A named list of words that texts are looked through for; `version` counts its changes."""

    __tablename__ = "lexicons"
    __table_args__ = (CheckConstraint("level IN ('block', 'mask', 'flag')", name="level"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    level: Mapped[str] = mapped_column(String(8))
    enabled: Mapped[bool] = mapped_column(default=True)
    pinyin: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(Integer, default=1)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class LexiconWord(Base):
    """A word of a lexicon, as written."""

    __tablename__ = "lexicon_words"

    lexicon_id: Mapped[str] = mapped_column(ForeignKey("lexicons.id", ondelete="CASCADE"), primary_key=True)
    word: Mapped[str] = mapped_column(String(200), primary_key=True)
