"""Queries over golden questions, their runs, and the encoders that they released."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from app.db.feedback import Passage, add_passages, passage_of
from app.db.models import Collection, Content, Document, DocumentVersion, Job
from app.db.paging import Slice, after, encode_cursor
from app.db.question_models import EncoderRelease, GoldenQuestion, GoldenRun, RightPassage
from app.db.types import new_id, utc_now

KEPT_RUNS = 50
"""Runs of a collection that are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenView:
    """A golden question; see `app.db.question_models.GoldenQuestion`."""

    id: str
    question: str
    expected: Sequence[str]
    answerable: bool
    source: str
    passages: Sequence[Passage]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """A run of all golden questions; see `app.db.question_models.GoldenRun`."""

    id: str
    collection_id: str
    reason: str
    fingerprint: Mapping[str, Any]
    state: str
    passed: int
    total: int
    results: Sequence[Mapping[str, Any]] = field(default_factory=list)
    error: str | None
    created_at: datetime
    finished_at: datetime | None


def add(
    session: Session,
    collection_id: str,
    question: str,
    *,
    expected: Sequence[str],
    answerable: bool,
    source: str,
    passages: Sequence[Passage],
) -> str:
    """Add a question; gives its id."""
    row = GoldenQuestion(
        id=new_id("gold"),
        collection_id=collection_id,
        question=question,
        expected=list(expected),
        answerable=answerable,
        source=source,
    )
    session.add(row)
    session.flush()
    add_passages(session, passages, question_id=row.id)
    return row.id


def remove(session: Session, collection_id: str, question_id: str) -> bool:
    """Delete a question; False where the collection has none of that id."""
    mine = GoldenQuestion.collection_id == collection_id
    statement = delete(GoldenQuestion).where(GoldenQuestion.id == question_id, mine)
    return session.scalar(statement.returning(GoldenQuestion.id)) is not None


def questions(session: Session, collection_id: str) -> list[GoldenView]:
    """All questions of a collection, oldest first."""
    rows = session.scalars(
        select(GoldenQuestion)
        .where(GoldenQuestion.collection_id == collection_id)
        .order_by(GoldenQuestion.created_at, GoldenQuestion.id)
    ).all()
    passages: dict[str, list[Passage]] = {row.id: [] for row in rows}
    right = select(RightPassage).where(RightPassage.question_id.in_(list(passages)))
    for one in session.scalars(right.order_by(RightPassage.id)):
        passages[str(one.question_id)].append(passage_of(one))
    return [
        GoldenView(
            id=row.id,
            question=row.question,
            expected=row.expected,
            answerable=row.answerable,
            source=row.source,
            passages=passages[row.id],
            created_at=row.created_at,
        )
        for row in rows
    ]


def collections_asked(session: Session) -> list[str]:
    """Ids of the collections that have golden questions."""
    return list(session.scalars(select(GoldenQuestion.collection_id).distinct()))


def state_of(session: Session, collection_id: str) -> dict[str, Any]:
    """State of a collection, for a fingerprint: its index changes, recipes of its contents, and its questions."""
    recipes = session.scalars(
        select(Content.recipe)
        .join(DocumentVersion, DocumentVersion.content_id == Content.id)
        .join(Document, Document.id == DocumentVersion.document_id)
        .where(Document.collection_id == collection_id, DocumentVersion.serving)
        .distinct()
        .order_by(Content.recipe)
    ).all()
    seq = session.scalar(select(Collection.index_seq).where(Collection.id == collection_id))
    asked = session.scalars(
        select(GoldenQuestion.id)
        .where(GoldenQuestion.collection_id == collection_id)
        .order_by(GoldenQuestion.id)
    ).all()
    return {"documents": seq, "parser": list(recipes), "questions": list(asked)}


def is_busy(session: Session, collection_id: str) -> bool:
    """Whether documents of a collection are waiting or in work."""
    waiting = select(Job.id).where(Job.collection_id == collection_id, Job.state.in_(("queued", "running")))
    return session.scalar(waiting.limit(1)) is not None


# ------------------------------------------------------------------ runs
def queue(session: Session, collection_id: str, reason: str, fingerprint: Mapping[str, Any]) -> str:
    """Queue a run, or give the waiting run the new reason; returns its id."""
    waiting = session.scalar(
        select(GoldenRun)
        .where(GoldenRun.collection_id == collection_id, GoldenRun.state == "queued")
        .limit(1)
    )
    if waiting is None:
        waiting = GoldenRun(id=new_id("run"), collection_id=collection_id, reason=reason, fingerprint={})
        session.add(waiting)
    waiting.reason, waiting.fingerprint = reason, dict(fingerprint)
    session.flush()
    return waiting.id


def claim(session: Session, now: datetime, lease_s: float) -> RunView | None:
    """Take the oldest run that waits or whose process is gone; None where there is none."""
    row = session.scalar(
        select(GoldenRun)
        .where(
            or_(
                GoldenRun.state == "queued",
                (GoldenRun.state == "running") & (GoldenRun.lease_until < now),
            )
        )
        .order_by(GoldenRun.created_at, GoldenRun.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if row is None:
        return None
    row.state, row.lease_until = "running", now + timedelta(seconds=lease_s)
    session.flush()
    return _run(row)


def waits(session: Session, now: datetime) -> bool:
    """Whether `claim` would find a run."""
    gone = (GoldenRun.state == "running") & (GoldenRun.lease_until < now)
    found = select(GoldenRun.id).where(or_(GoldenRun.state == "queued", gone)).limit(1)
    return session.scalar(found) is not None


def keep(session: Session, run_id: str, now: datetime, lease_s: float) -> None:
    """Renew the lease of a run."""
    until = now + timedelta(seconds=lease_s)
    session.execute(update(GoldenRun).where(GoldenRun.id == run_id).values(lease_until=until))


def finish(
    session: Session, run_id: str, state: str, results: Sequence[Mapping[str, Any]], error: str | None = None
) -> None:
    """Store the end of a run, and delete the oldest ones of its collection."""
    done = state in {"done", "failed"}
    row = session.get(GoldenRun, run_id)
    if row is None:
        return
    row.state, row.results, row.error, row.lease_until = state, [dict(one) for one in results], error, None
    row.passed, row.total = sum(bool(one["passed"]) for one in results), len(results)
    row.finished_at = utc_now() if done else None
    session.flush()
    old = (
        select(GoldenRun.id)
        .where(GoldenRun.collection_id == row.collection_id)
        .order_by(GoldenRun.created_at.desc(), GoldenRun.id.desc())
        .offset(KEPT_RUNS)
    )
    ids = session.scalars(old).all()
    session.execute(delete(GoldenRun).where(GoldenRun.id.in_(ids)))


def run(session: Session, collection_id: str, run_id: str) -> RunView | None:
    """A run of a collection."""
    row = session.get(GoldenRun, run_id)
    return None if row is None or row.collection_id != collection_id else _run(row)


def newest(
    session: Session, collection_id: str, *, before: datetime | None = None, done: bool = True
) -> RunView | None:
    """The newest run, that is done and older than a moment where so asked."""
    statement = select(GoldenRun).where(GoldenRun.collection_id == collection_id)
    if done:
        statement = statement.where(GoldenRun.state == "done")
    if before is not None:
        statement = statement.where(GoldenRun.created_at < before)
    row = session.scalar(statement.order_by(GoldenRun.created_at.desc(), GoldenRun.id.desc()).limit(1))
    return None if row is None else _run(row)


def runs(session: Session, collection_id: str, cursor: str | None, limit: int) -> Slice[RunView]:
    """A page of runs, newest first."""
    statement = select(GoldenRun).where(GoldenRun.collection_id == collection_id)
    rows = session.scalars(
        after(statement, cursor, limit, GoldenRun.created_at, GoldenRun.id, newest_first=True)
    ).all()
    more, shown = len(rows) > limit, rows[:limit]
    following = encode_cursor(shown[-1].created_at, shown[-1].id) if more else None
    return Slice([_run(row) for row in shown], following)


def _run(row: GoldenRun) -> RunView:
    return RunView(
        id=row.id,
        collection_id=row.collection_id,
        reason=row.reason,
        fingerprint=row.fingerprint,
        state=row.state,
        passed=row.passed,
        total=row.total,
        results=row.results,
        error=row.error,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )


# ------------------------------------------------------------------ encoders
def release(
    session: Session, collection_id: str, vector_model: str, run_id: str | None, *, forced: bool = False
) -> None:
    """Let a collection be searched by the vectors of an encoder."""
    row = session.get(EncoderRelease, (collection_id, vector_model))
    if row is None:
        row = EncoderRelease(collection_id=collection_id, vector_model=vector_model)
        session.add(row)
    row.run_id, row.forced = run_id, forced
    session.flush()


def has_release(session: Session, collection_id: str) -> bool:
    """Whether any encoder was released for a collection."""
    found = select(EncoderRelease.vector_model).where(EncoderRelease.collection_id == collection_id).limit(1)
    return session.scalar(found) is not None


def held_back(session: Session, vector_model: str, collection_ids: Sequence[str] | None = None) -> list[str]:
    """Collections with golden questions that another encoder was released for, and not this one.

    Args:
        session: Any open session.
        vector_model: Id of the encoder.
        collection_ids: Where to look; None for all collections.
    """
    if collection_ids is None:
        return list(session.scalars(_HELD_BACK, {"model": vector_model}))
    return list(session.scalars(_HELD_BACK_OF, {"model": vector_model, "ids": list(collection_ids)}))


def _held_back() -> Select[str]:
    releases, questions_ = EncoderRelease.__table__, GoldenQuestion.__table__
    of_it = releases.c.collection_id == questions_.c.collection_id
    released = exists().where(of_it, releases.c.vector_model == bindparam("model"))
    return select(questions_.c.collection_id).distinct().where(~released, exists().where(of_it))


# Made once: to put them together takes longer than to execute them.
_HELD_BACK = _held_back()
_HELD_BACK_OF = _held_back().where(
    GoldenQuestion.__table__.c.collection_id.in_(bindparam("ids", expanding=True))
)
