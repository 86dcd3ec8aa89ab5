"""Queries over the audit trail: rows in the order of their numbers, and the state that says where the trail ends."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from app.db.safety_models import AuditRow, AuditState

STATE_KEY = 1
SALT_DIGITS = 32
"""Hex digits of the half of a salt that belongs to one of a row's two texts."""
AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """One row of the trail.

    Attributes:
        seq: Its number, from 1, without gaps.
        event: What happened, as in "answer".
        actor: Who did it.
        subject: Id of the thing that it happened to; empty where there is none.
        body: JSON of everything else that is kept for good.
        question_digest: Salted hash of the text that came in; None where none did.
        output_digest: Likewise of the text that went out.
        question: The text that came in; None where it was erased, or is not kept.
        output: Likewise.
        salt: Salts of the two digests, `SALT_DIGITS` each; each goes with its text.
        previous: Hash of the row before.
        hash: Hash over everything above but the texts and their salt.
    """

    seq: int
    at: datetime
    event: str
    actor: str
    subject: str
    body: str
    question_digest: str | None
    output_digest: str | None
    question: str | None
    output: str | None
    salt: str | None
    previous: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailState:
    """Where the trail begins and ends: the last row that was removed by retention, and the newest row."""

    base_seq: int
    base_hash: str
    seq: int
    hash: str


_FIELDS = tuple(field.name for field in fields(AuditRecord))
_COLUMNS = tuple(getattr(AuditRow, name) for name in _FIELDS)


def lock(session: Session) -> TrailState:
    """The state, locked until commit: one writer at a time appends, in whatever process.

    SQLite's write transactions exclude each other anyway.
    """
    row = session.execute(_state().with_for_update()).one()
    return TrailState(base_seq=row[0], base_hash=row[1], seq=row[2], hash=row[3])


def state(session: Session) -> TrailState:
    """The state as it is now."""
    row = session.execute(_state()).one()
    return TrailState(base_seq=row[0], base_hash=row[1], seq=row[2], hash=row[3])


def _state() -> Any:
    return select(AuditState.base_seq, AuditState.base_hash, AuditState.seq, AuditState.hash).where(
        AuditState.key == STATE_KEY
    )


def append(session: Session, records: Sequence[AuditRecord]) -> None:
    """Insert rows and move the end to the last of them; in the transaction that holds the state."""
    values = [{name: getattr(record, name) for name in _FIELDS} for record in records]
    session.execute(insert(AuditRow), values)
    last = records[-1]
    session.execute(
        update(AuditState).where(AuditState.key == STATE_KEY).values(seq=last.seq, hash=last.hash)
    )


def walk(session: Session, after: int = 0, until: int | None = None) -> Generator[AuditRecord]:
    """Rows in the order of their numbers, some at a time.

    Args:
        session: The session; one snapshot for all.
        after: Number of the row before the first.
        until: Number of the last; None for the end.
    """
    statement = select(*_COLUMNS).where(AuditRow.seq > after).order_by(AuditRow.seq)
    if until is not None:
        statement = statement.where(AuditRow.seq <= until)
    found = session.execute(statement, execution_options={"yield_per": AT_ONCE})
    try:
        for row in found:
            yield AuditRecord(**dict(zip(_FIELDS, row, strict=True)))
    finally:
        found.close()


def page(session: Session, wanted: Mapping[str, str], before: int | None, limit: int) -> list[AuditRecord]:
    """Rows, newest first.

    Args:
        session: The session.
        wanted: Values of `event`, `actor`, `subject` that rows must have.
        before: Number of the row before which to begin; None for the end.
        limit: Most rows.
    """
    statement = select(*_COLUMNS).order_by(AuditRow.seq.desc()).limit(limit)
    for name, value in wanted.items():
        statement = statement.where(getattr(AuditRow, name) == value)
    if before is not None:
        statement = statement.where(AuditRow.seq < before)
    return [AuditRecord(**dict(zip(_FIELDS, row, strict=True))) for row in session.execute(statement)]


def get(session: Session, seq: int) -> AuditRecord | None:
    """The row of a number."""
    row = session.execute(select(*_COLUMNS).where(AuditRow.seq == seq)).one_or_none()
    return None if row is None else AuditRecord(**dict(zip(_FIELDS, row, strict=True)))


def erase_texts(session: Session, subjects: Sequence[str], *, outputs_only: bool = False) -> None:
    """Take the texts out of all rows about these subjects; digests and hashes stay.

    Args:
        session: A writing session.
        subjects: Ids of answers.
        outputs_only: Leave what came in, and its half of the salt.
    """
    values: dict[str, Any] = dict(_NO_TEXTS)
    if outputs_only:
        values = {"output": None, "salt": func.substr(AuditRow.salt, 1, SALT_DIGITS)}
    for begin in range(0, len(subjects), AT_ONCE):
        part = subjects[begin : begin + AT_ONCE]
        session.execute(update(AuditRow).where(AuditRow.subject.in_(part)).values(values))


def erase_texts_before(session: Session, moment: datetime) -> int:
    """Take the texts out of rows older than a moment; gives the number of rows that had some."""
    statement = (
        update(AuditRow)
        .where(AuditRow.at < moment, AuditRow.salt.is_not(None))
        .values(_NO_TEXTS)
        .returning(AuditRow.seq)
    )
    return len(session.scalars(statement).all())


_NO_TEXTS: dict[str, None] = {"question": None, "output": None, "salt": None}


def last_before(session: Session, moment: datetime) -> tuple[int, str] | None:
    """Number and hash of the last row before the first row at or after a moment."""
    first_kept = session.scalar(select(func.min(AuditRow.seq)).where(AuditRow.at >= moment))
    statement = select(AuditRow.seq, AuditRow.hash).order_by(AuditRow.seq.desc()).limit(1)
    if first_kept is not None:
        statement = statement.where(AuditRow.seq < first_kept)
    row = session.execute(statement).one_or_none()
    return None if row is None else (row[0], row[1])


def remove_until(session: Session, seq: int, hash_: str) -> int:
    """Delete rows up to a number, which becomes the base; gives their number."""
    removed = session.scalars(delete(AuditRow).where(AuditRow.seq <= seq).returning(AuditRow.seq)).all()
    session.execute(
        update(AuditState).where(AuditState.key == STATE_KEY).values(base_seq=seq, base_hash=hash_)
    )
    return len(removed)
