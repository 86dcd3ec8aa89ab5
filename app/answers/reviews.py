"""Reviews: all outdated answers of a collection asked again, one after the other, with progress, and until cancelled.

A review is rows: its answers are written down when it begins, and what became of each is written in the transaction
that stores the new answer. A process that dies leaves a lease that runs out; the next one goes on where it ended.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.answers import again, run, stored
from app.answers.types import Answer
from app.db import collections, identity, renewals
from app.db.access import Reader
from app.db.engine import Database
from app.db.paging import Slice
from app.db.renewals import ReviewView
from app.db.types import utc_now
from app.errors import (
    AnswerNotFoundError,
    CollectionNotFoundError,
    ForbiddenError,
    UnavailableError,
    describe,
)
from app.faults import machine_fault
from app.search.parts import SearchParts

logger = logging.getLogger(__name__)

LEASE_S = 30.0
LOOK_S = 1.0
"""Seconds between two looks at the lease while an answer is generated."""

__all__ = ["ReviewView"]


class ReviewParts(SearchParts, Protocol):
    """Parts that a review needs: those of answering, as each asker sees them."""

    def seen_by(self, reader: Reader) -> SearchParts:
        """The parts with the database as `reader` sees it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An answer before and after it was asked again; both stay stored."""

    before: Answer
    after: Answer


def start(db: Database, collection: str) -> ReviewView:
    """Begin a review of a collection's outdated answers, or give the review that is under way.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    with db.write() as session:
        found = collections.find(session, collection)
        if found is None or collections.lock(session, found.id) is None:
            raise CollectionNotFoundError(collection)
        key = renewals.open_review(session, found.id) or renewals.add_review(session, found.id)
        view = renewals.review(session, key)
    assert view is not None
    return view


def get(db: Database, review_id: str) -> ReviewView:
    """A review as it stands.

    Raises:
        ReviewNotFoundError: There is none, or it is somebody else's.
    """
    with db.read() as session:
        view = renewals.review(session, review_id)
    if view is None:
        raise renewals.ReviewNotFoundError(review_id)
    return view


def page(db: Database, collection: str, cursor: str | None, limit: int) -> Slice[ReviewView]:
    """A page of a collection's reviews, newest first.

    Raises:
        CollectionNotFoundError: There is no such collection.
        InvalidInputError: The cursor can't be read.
    """
    with db.read() as session:
        found = collections.require(session, collection)
        return renewals.reviews(session, found.id, cursor, limit)


def changes(db: Database, review_id: str, cursor: str | None, limit: int) -> Slice[Change]:
    """A page of the answers of a review that say something else now, old and new.

    Raises:
        ReviewNotFoundError: There is no such review.
        InvalidInputError: The cursor can't be read.
    """
    get(db, review_id)
    with db.read() as session:
        found = renewals.changes(session, review_id, cursor, limit)
    pairs: list[Change] = []
    for item in found.items:
        try:
            before, after = (stored.get(db, key, in_work=False) for key in (item.renews_id, item.answer_id))
        except AnswerNotFoundError:  # deleted since the page was read
            continue
        pairs.append(Change(before=before, after=after))
    return Slice(pairs, found.next_cursor)


def cancel(db: Database, review_id: str) -> None:
    """Cancel a review; the answers that were asked again stay. A finished review stays as it is.

    Raises:
        ReviewNotFoundError: There is no such review.
    """
    get(db, review_id)
    with db.write() as session:
        renewals.cancel(session, review_id, utc_now())


def work(
    parts: ReviewParts,
    stopping: Callable[[], bool] = lambda: False,
    told: Callable[[ReviewView], None] = lambda _: None,
) -> bool:
    """Do the oldest review that waits to its end; gives False where there is none.

    Args:
        parts: Models, indexes and database.
        stopping: Whether the process ends; the review then goes back to the queue.
        told: Called with the review as it stands, after each answer.
    """
    with parts.db.read() as session:
        if renewals.waiting(session) is None:
            return False
    with parts.db.write() as session:
        held = renewals.claim(session, utc_now(), LEASE_S)
    if held is None:
        return False
    return _Work(parts, held, stopping, told).run()


class _Work:
    """One lease of a review."""

    def __init__(
        self,
        parts: ReviewParts,
        held: ReviewView,
        stopping: Callable[[], bool],
        told: Callable[[ReviewView], None],
    ) -> None:
        self._parts, self._held = parts, held
        self._stopping, self._told = stopping, told
        self._looked_at = float("-inf")
        self._lost = False

    def run(self) -> bool:
        while self._reason() is None:
            with self._parts.db.read() as session:
                item = renewals.next_item(session, self._held.id)
            if item is None:
                return self._end("done")
            if not self._ask(*item):
                return self._end("failed")
            self._told(get(self._parts.db, self._held.id))
        if not self._lost:
            self._end("queued")
        return True

    def _end(self, state: str) -> bool:
        with self._parts.db.write() as session:
            renewals.finish(session, self._held, state, None if state == "queued" else utc_now())
        return True

    def _reason(self) -> str | None:
        """Why the work ends; keeps the lease."""
        if self._stopping():
            return "stopping"
        if not self._lost and time.monotonic() - self._looked_at >= LOOK_S:
            self._looked_at = time.monotonic()
            with self._parts.db.write() as session:
                self._lost = not renewals.renew_lease(session, self._held, utc_now(), LEASE_S)
        return "cancelled" if self._lost else None

    def _ask(self, answer_id: str, owner_id: str | None) -> bool:
        """Ask one question again; False where no question can be answered now."""
        self._looked_at = float("-inf")  # the next look comes with the first step
        try:
            parts = self._parts if owner_id is None else self._parts.seen_by(self._reader(owner_id))
            asked = again.ask_of(parts.db, answer_id, review_id=self._held.id)
            outcome = run.complete(parts, run.begin(parts, asked), stop_reason=self._reason)
            if outcome.answer.status != "done":
                return True  # cancelled: it is asked again where the review goes on
        except Exception as error:
            failure = describe(error)
            logger.warning(
                "an answer could not be renewed",
                extra={"answer": answer_id, "review": self._held.id, "code": failure.code},
                exc_info=failure.status >= 500,
            )
            if isinstance(error, UnavailableError) or machine_fault(error) is not None:
                return False
        with self._parts.db.write() as session:
            renewals.settle(session, self._held.id, answer_id, "failed", unless_settled=True)
        return True

    def _reader(self, user_id: str) -> Reader:
        """The asker of an answer.

        Raises:
            ForbiddenError: There is no such user any more, or not to be let in.
        """
        with self._parts.db.read() as session:
            user = identity.find_user(session, user_id)
        if user is None or user.disabled_at is not None:
            raise ForbiddenError(
                "user_gone", "Who asked this is no user any more.", "Delete the answer, or ask yourself."
            )
        return Reader(user_id=user.id, is_admin=user.role == "admin")
