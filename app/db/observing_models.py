"""Tables of numbers and ids alone: counters of workers, use by day, origins of jobs.

None refers to a key or a collection: a number stays when what it counts is deleted.
"""

from datetime import date

from sqlalchemy import BigInteger, Date, Float, ForeignKey, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.models import Base


class Tally(Base):
    """A counter that processes without an interface of their own add to; see `app.metrics`.

    Attributes:
        name: Name of the metric.
        labels: Its labels as JSON.
    """

    __tablename__ = "tallies"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    labels: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[float] = mapped_column(Float)


class Usage(Base):
    """Use on a day of UTC, by key and collection.

    Attributes:
        key_id: Empty for the machine itself.
        collection_id: Empty for all that was done by the key, each thing once; a question to two collections counts
            in both of theirs.
        user_id: Owner of the key; empty for the machine itself.
        read_tokens: Tokens of passages that answers were made from.
        written_tokens: Tokens of answers.
        characters: Characters of questions, queries and answers.
        uploaded_bytes: Bytes of uploaded files.
    """

    __tablename__ = "usage"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    key_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    collection_id: Mapped[str] = mapped_column(String(40), primary_key=True)
    user_id: Mapped[str] = mapped_column(String(40), default="")
    requests: Mapped[int] = mapped_column(Integer, default=0)
    questions: Mapped[int] = mapped_column(Integer, default=0)
    refusals: Mapped[int] = mapped_column(Integer, default=0)
    searches: Mapped[int] = mapped_column(Integer, default=0)
    read_tokens: Mapped[int] = mapped_column(BigInteger, default=0)
    written_tokens: Mapped[int] = mapped_column(BigInteger, default=0)
    characters: Mapped[int] = mapped_column(BigInteger, default=0)
    documents: Mapped[int] = mapped_column(Integer, default=0)
    uploaded_bytes: Mapped[int] = mapped_column(BigInteger, default=0)


class JobOrigin(Base):
    """The request that a job was queued by: its id, in log lines of the worker too, and its trace.

    Attributes:
        traceparent: As W3C Trace Context writes it; empty where nothing is traced.
    """

    __tablename__ = "job_origins"

    job_id: Mapped[str] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    request_id: Mapped[str] = mapped_column(String(64))
    traceparent: Mapped[str] = mapped_column(String(64), default="")
