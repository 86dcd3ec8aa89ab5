"""Queries over answers that were asked again, and over reviews of outdated answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Select, func, insert, or_, select, update
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from app.db import webhooks
from app.db.access import UNRESTRICTED, owner_of
from app.db.identity_tables import AnswerCollection
from app.db.living_models import CHANGES, AnswerRenewal, AnswerReview, ReviewItem
from app.db.models import Answer
from app.db.paging import Slice, after, encode_cursor
from app.db.types import new_id, utc_now
from app.db.webhooks import Event
from app.errors import NotFoundError


class ReviewNotFoundError(NotFoundError):
    """There is no review of that id, or somebody else began it."""

    def __init__(self, key: str) -> None:
        """Name the missing object."""
        hint = "List those of the collection (GET /v1/collections/{collection}/reviews)."
        super().__init__("review_not_found", f"There is no review {key!r}.", hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """An answer and the answer that it renews; `change` is same or changed."""

    answer_id: str
    renews_id: str
    change: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewView:
    """A review of outdated answers as it stands.

    Attributes:
        state: queued, running, done, failed or cancelled.
        total: Answers to ask again.
        outcomes: Number of answers by outcome: same, changed, failed.
    """

    id: str
    collection_id: str
    owner_id: str | None
    state: str
    total: int
    outcomes: dict[str, int] = field(default_factory=dict)
    fence: int
    created_at: datetime
    finished_at: datetime | None

    @property
    def done(self) -> int:
        """Answers that were asked again."""
        return sum(self.outcomes.values())


def record(session: Session, renewal: Renewal, review_id: str | None) -> bool:
    """Note that an answer renews another, with its outcome in a review; False where the other is gone."""
    statement = (
        select(Answer.id).where(Answer.id == renewal.renews_id).with_for_update(key_share=True, read=True)
    )
    if session.scalar(statement.execution_options(**UNRESTRICTED)) is None:
        return False
    if review_id is not None and session.get(AnswerReview, review_id, execution_options=UNRESTRICTED) is None:
        review_id = None
    session.add(
        AnswerRenewal(
            answer_id=renewal.answer_id,
            renews_id=renewal.renews_id,
            change=renewal.change,
            review_id=review_id,
        )
    )
    session.flush()
    if renewal.change == "changed":
        webhooks.emit(session, [_changed(session, renewal)])
    if review_id is not None:
        settle(session, review_id, renewal.renews_id, renewal.change)
    return True


def text_of(session: Session, answer_id: str) -> tuple[bool, str] | None:
    """Whether an answer answers, and its text as it is stored now; None where it is gone or has none."""
    statement = select(Answer.answer).where(Answer.id == answer_id).execution_options(**UNRESTRICTED)
    stored = session.scalar(statement)
    return None if stored is None else (bool(stored["answerable"]), str(stored["text"]))


def renewals_of(session: Session, answer_ids: Sequence[str]) -> tuple[dict[str, str], dict[str, Renewal]]:
    """Newest renewal of each answer, by the answer's id; and the answers that are renewals themselves, by id."""
    rows = session.scalars(
        select(AnswerRenewal)
        .where(or_(AnswerRenewal.renews_id.in_(answer_ids), AnswerRenewal.answer_id.in_(answer_ids)))
        .order_by(AnswerRenewal.created_at, AnswerRenewal.answer_id)
    ).all()
    return {row.renews_id: row.answer_id for row in rows}, {row.answer_id: _renewal(row) for row in rows}


def outdated(collection_id: str | None = None) -> Select[str]:
    """Ids of outdated answers that nothing renews yet; of a collection, or of all."""
    renewals = AnswerRenewal.__table__
    renewed = select(renewals.c.answer_id).where(renewals.c.renews_id == Answer.id).exists()
    statement = select(Answer.id).where(Answer.outdated.is_not(None), ~renewed)
    if collection_id is not None:
        links = AnswerCollection.__table__
        asked = select(links.c.answer_id).where(links.c.collection_id == collection_id)
        statement = statement.where(Answer.id.in_(asked))
    return statement


def add_review(session: Session, collection_id: str) -> str:
    """Begin a review of the outdated answers of a collection that the session sees; gives its id."""
    review = AnswerReview(
        id=new_id("rev"), collection_id=collection_id, owner_id=owner_of(session), created_at=utc_now()
    )
    session.add(review)
    session.flush()
    found = session.scalars(outdated(collection_id).order_by(Answer.id)).all()
    if found:
        session.execute(insert(ReviewItem), [{"review_id": review.id, "answer_id": key} for key in found])
    return review.id


def open_review(session: Session, collection_id: str) -> str | None:
    """The review of a collection that is not finished, of whoever the session is bound to."""
    return session.scalar(
        select(AnswerReview.id)
        .where(
            AnswerReview.collection_id == collection_id,
            AnswerReview.state.in_(("queued", "running")),
            AnswerReview.owner_id.is_not_distinct_from(owner_of(session)),
        )
        .order_by(AnswerReview.created_at)
        .limit(1)
    )


def review(session: Session, review_id: str) -> ReviewView | None:
    """The review with this id."""
    row = session.get(AnswerReview, review_id, populate_existing=True)
    return None if row is None else _view(session, row)


def reviews(session: Session, collection_id: str, cursor: str | None, limit: int) -> Slice[ReviewView]:
    """Reviews of a collection, newest first."""
    statement = select(AnswerReview).where(AnswerReview.collection_id == collection_id)
    statement = after(statement, cursor, limit, AnswerReview.created_at, AnswerReview.id, newest_first=True)
    rows = session.scalars(statement).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Slice(
        [_view(session, row) for row in rows[:limit]],
        encode_cursor(last.created_at, last.id) if last else None,
    )


def changes(session: Session, review_id: str, cursor: str | None, limit: int) -> Slice[Renewal]:
    """Answers of a review that say something else now, in the order they were asked."""
    statement = (
        select(AnswerRenewal)
        .join(Answer, Answer.id == AnswerRenewal.renews_id)
        .where(AnswerRenewal.review_id == review_id, AnswerRenewal.change == "changed")
    )
    statement = after(statement, cursor, limit, AnswerRenewal.created_at, AnswerRenewal.answer_id)
    rows = session.scalars(statement).all()
    last = rows[limit - 1] if len(rows) > limit else None
    return Slice(
        [_renewal(row) for row in rows[:limit]],
        encode_cursor(last.created_at, last.answer_id) if last else None,
    )


def waiting(session: Session) -> str | None:
    """A review that is not finished, by whoever it is done."""
    return session.scalar(
        select(AnswerReview.id).where(AnswerReview.state.in_(("queued", "running"))).limit(1)
    )


def claim(session: Session, now: datetime, lease_s: float) -> ReviewView | None:
    """Lease the oldest review that waits or whose process is gone; None where there is none."""
    held = AnswerReview.lease_until.between(now, now + timedelta(seconds=2 * lease_s))
    row = session.scalar(
        select(AnswerReview)
        .where(or_(AnswerReview.state == "queued", (AnswerReview.state == "running") & ~held))
        .order_by(AnswerReview.created_at, AnswerReview.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if row is None:
        return None
    row.state, row.fence = "running", row.fence + 1
    row.lease_until = now + timedelta(seconds=lease_s)
    session.flush()
    return _view(session, row)


def renew_lease(session: Session, held: ReviewView, now: datetime, lease_s: float) -> bool:
    """Keep a review; False where it was cancelled, deleted or taken over."""
    return _set(session, held, lease_until=now + timedelta(seconds=lease_s))


def finish(session: Session, held: ReviewView, state: str, now: datetime | None) -> bool:
    """End a review; False where somebody else did."""
    ended = _set(session, held, state=state, lease_until=None, finished_at=now)
    if ended and state in {"done", "failed"}:
        counted = dict.fromkeys(CHANGES, 0) | _view(session, session.get_one(AnswerReview, held.id)).outcomes
        data = {"review_id": held.id, "collection_id": held.collection_id, "total": held.total, **counted}
        event = Event(
            type=f"review.{state}",
            data=data,
            collection_ids=(held.collection_id,),
            owner_id=held.owner_id,
            is_private=True,
        )
        webhooks.emit(session, [event])
    return ended


def cancel(session: Session, review_id: str, now: datetime) -> bool:
    """Cancel a review that is not finished; False where it is."""
    result = session.execute(
        update(AnswerReview)
        .where(AnswerReview.id == review_id, AnswerReview.state.in_(("queued", "running")))
        .values(state="cancelled", lease_until=None, finished_at=now)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def next_item(session: Session, review_id: str) -> tuple[str, str | None] | None:
    """The next answer of a review to ask again, with the user it belongs to; None where none is left."""
    row = session.execute(
        select(ReviewItem.answer_id, Answer.owner_id)
        .join(Answer, Answer.id == ReviewItem.answer_id)
        .where(ReviewItem.review_id == review_id, ReviewItem.outcome.is_(None))
        .order_by(ReviewItem.answer_id)
        .limit(1)
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def settle(
    session: Session, review_id: str, answer_id: str, outcome: str, *, unless_settled: bool = False
) -> None:
    """Note the outcome of an answer of a review."""
    statement = update(ReviewItem).where(ReviewItem.review_id == review_id, ReviewItem.answer_id == answer_id)
    if unless_settled:
        statement = statement.where(ReviewItem.outcome.is_(None))
    session.execute(statement.values(outcome=outcome).execution_options(synchronize_session=False))


def _set(session: Session, held: ReviewView, **values: object) -> bool:
    result = session.execute(
        update(AnswerReview)
        .where(AnswerReview.id == held.id, AnswerReview.fence == held.fence, AnswerReview.state == "running")
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    assert isinstance(result, CursorResult)
    return result.rowcount == 1


def _changed(session: Session, renewal: Renewal) -> Event:
    """The event of an answer that says something else."""
    statement = select(Answer.owner_id, Answer.collection_ids).where(Answer.id == renewal.answer_id)
    owner, collection_ids = session.execute(statement.execution_options(**UNRESTRICTED)).one()
    data = {"answer_id": renewal.answer_id, "renews": renewal.renews_id, "collections": collection_ids}
    return Event(
        type="answer.changed", data=data, collection_ids=collection_ids, owner_id=owner, is_private=True
    )


def _renewal(row: AnswerRenewal) -> Renewal:
    return Renewal(answer_id=row.answer_id, renews_id=row.renews_id, change=row.change)


def _view(session: Session, row: AnswerReview) -> ReviewView:
    counted = session.execute(
        select(ReviewItem.outcome, func.count())
        .where(ReviewItem.review_id == row.id)
        .group_by(ReviewItem.outcome)
    )
    by_outcome = {row[0]: row[1] for row in counted}
    return ReviewView(
        id=row.id,
        collection_id=row.collection_id,
        owner_id=row.owner_id,
        state=row.state,
        total=sum(by_outcome.values()),
        outcomes={outcome: count for outcome, count in by_outcome.items() if outcome is not None},
        fence=row.fence,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
