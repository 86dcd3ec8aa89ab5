"""Runs of golden questions: all of a collection's asked after every change, and compared with the run before.

A change is seen by a fingerprint of documents, recipes, encoder, model and questions. While documents are in work
nothing is asked, so a hundred uploads end in one run. Answers of a run are neither stored nor recorded: verdicts are.
A collection whose encoder changed is searched by words until a run on the new vectors has passed; see
`app/indexes/shadow.py`.
"""

import logging
import time
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.orm import Session

from app.answers.accept import Ask, accept
from app.answers.generate import Outcome, generate
from app.answers.golden import found_id
from app.db import collections
from app.db import golden as rows
from app.db.engine import Database
from app.db.feedback import Passage
from app.db.golden import GoldenView, RunView
from app.db.paging import Slice
from app.db.types import utc_now
from app.errors import ConflictError, NotFoundError, describe
from app.indexes.shadow import searched_vectors
from app.search.parts import SearchParts

logger = logging.getLogger(__name__)

LEASE_S: Final = 120.0
REASONS: Final = ("encoder", "model", "parser", "documents", "questions")
"""Parts of a fingerprint; the first that differs is a run's reason."""

__all__ = ["RunView"]


class StoppedError(Exception):
    """The process ends; the run goes back to the queue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A run, with the differences from the run before.

    Attributes:
        share: Questions that passed, of all.
        newly_failed: Ids of questions that passed before.
        newly_passed: Ids of questions that failed before.
        before: The run that it is compared with; None for the first.
    """

    run: RunView
    share: float
    newly_failed: Sequence[str]
    newly_passed: Sequence[str]
    before: str | None


def start(parts: SearchParts, collection: str) -> RunView:
    """Queue a run by hand, or give the run that waits already.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    with parts.db.write() as session:
        collection_id = found_id(session, collection)
        key = rows.queue(session, collection_id, "hand", _fingerprint(parts, session, collection_id))
        view = rows.run(session, collection_id, key)
    assert view is not None
    return view


def plan(parts: SearchParts) -> int:
    """Queue a run for each collection that changed since its last one and is at rest; gives their number."""
    count = 0
    with parts.db.read() as session:
        asked = rows.collections_asked(session)
    for collection_id in asked:
        with parts.db.read() as session:
            last = rows.newest(session, collection_id, done=False)
            now = _fingerprint(parts, session, collection_id)
            at_rest = not rows.is_busy(session, collection_id)
        before: Mapping[str, Any] = {} if last is None else last.fingerprint
        changed = [name for name in REASONS if before.get(name) != now[name]]
        reason = "questions" if last is None else next(iter(changed), None)
        if reason is None or not at_rest:
            continue
        with parts.db.write() as session:
            if collections.lock(session, collection_id) is not None:
                rows.queue(session, collection_id, reason, now)
                count += 1
    return count


def run_due(parts: SearchParts, stopping: Callable[[], bool] = lambda: False) -> None:
    """Queue the runs that are due, and do all that wait, until `stopping` says so."""
    plan(parts)
    while not stopping() and work(parts, stopping):
        pass


def work(parts: SearchParts, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Do the oldest run that waits to its end; gives False where there is none."""
    with parts.db.read() as session:
        if not rows.waits(session, utc_now()):
            return False
    with parts.db.write() as session:
        held = rows.claim(session, utc_now(), LEASE_S)
    if held is None:
        return False
    try:
        finish_run(parts, held, stopping)
    except StoppedError:
        with parts.db.write() as session:
            rows.finish(session, held.id, "queued", [])
    except Exception as error:  # noqa: BLE001 - whatever it is, the run has to end
        failure = describe(error)
        logger.warning("golden questions can't be asked", extra={"run": held.id, "code": failure.code})
        with parts.db.write() as session:
            rows.finish(session, held.id, "failed", [], failure.code)
    return True


def run_now(parts: SearchParts, collection: str, reason: str = "hand") -> Report:
    """Ask all questions in this process.

    Raises:
        CollectionNotFoundError: There is no such collection.
        UnavailableError: A model is missing.
    """
    with parts.db.write() as session:
        collection_id = found_id(session, collection)
        key = rows.queue(session, collection_id, reason, _fingerprint(parts, session, collection_id))
        rows.finish(session, key, "running", [])
        rows.keep(session, key, utc_now(), LEASE_S)
        held = rows.run(session, collection_id, key)
    assert held is not None
    try:
        finish_run(parts, held)
    except BaseException as error:
        with parts.db.write() as session:
            rows.finish(session, held.id, "failed", [], type(error).__name__)
        raise
    return report(parts.db, collection_id, held.id)


def finish_run(parts: SearchParts, held: RunView, stopping: Callable[[], bool] = lambda: False) -> None:
    """Ask the questions of a run that this process holds, and store it; a passed one releases the encoder.

    Raises:
        StoppedError: As `stopping` said.
    """
    with parts.db.read() as session:
        asked = rows.questions(session, held.collection_id)
    results = []
    kept = time.monotonic()
    for question in asked:
        if stopping():
            raise StoppedError
        if time.monotonic() - kept > LEASE_S / 4:
            kept = time.monotonic()
            with parts.db.write() as session:
                rows.keep(session, held.id, utc_now(), LEASE_S)
        results.append(judged(parts, held.collection_id, question))
    passed = sum(bool(one["passed"]) for one in results)
    model = parts.embedder.model_id
    index = parts.collection_index(held.collection_id)
    complete = len(searched_vectors([index])) > 0 or len(index.lexical) == 0
    with parts.db.write() as session:
        rows.finish(session, held.id, "done", results)
        if complete and passed >= parts.settings.golden.share * len(results):
            rows.release(session, held.collection_id, model, held.id)
    logger.info(
        "golden questions asked",
        extra={"collection": held.collection_id, "reason": held.reason, "passed": passed, "of": len(results)},
    )


def judged(parts: SearchParts, collection_id: str, question: GoldenView) -> dict[str, Any]:
    """Ask one question and judge the answer: whether the right passage was found, and the right thing said.

    Returns:
        `question`, `passed`, and the verdicts that it comes from: `found` and `rank` (1-based) of the right passage,
        `answered` as it should be, `said` one of the expected texts; None where that was not asked for.
    """
    pending = accept(parts, Ask(collections=(collection_id,), question=question.question, shadow=True))
    outcome = generate(parts, pending, lambda _: None, lambda: None)
    answer = outcome.answer
    rank = _rank(parts, outcome, question.passages)
    verdicts: dict[str, bool | None] = {
        "found": rank is not None if question.passages and question.answerable else None,
        "answered": answer.answerable == question.answerable,
        "said": any(_plain(text) in _plain(answer.text) for text in question.expected)
        if question.expected and question.answerable
        else None,
    }
    passed = all(verdict is not False for verdict in verdicts.values())
    return {"question": question.id, "passed": passed, "rank": rank, **verdicts}


def report(db: Database, collection: str, run_id: str) -> Report:
    """A run, with the differences from the finished run before.

    Raises:
        CollectionNotFoundError: There is no such collection.
        NotFoundError: It has no such run.
    """
    with db.read() as session:
        collection_id = found_id(session, collection)
        view = rows.run(session, collection_id, run_id)
        if view is None:
            raise NotFoundError(
                "golden_run_not_found",
                f"There is no run {run_id!r} here.",
                "List them (`fathom golden runs`).",
            )
        before = rows.newest(session, collection_id, before=view.created_at)
    was = {} if before is None else {str(one["question"]): bool(one["passed"]) for one in before.results}
    now = {str(one["question"]): bool(one["passed"]) for one in view.results}
    return Report(
        run=view,
        share=view.passed / view.total if view.total else 1.0,
        newly_failed=[key for key, good in now.items() if not good and was.get(key)],
        newly_passed=[key for key, good in now.items() if good and was.get(key) is False],
        before=None if before is None else before.id,
    )


def runs(db: Database, collection: str, cursor: str | None, limit: int) -> Slice[RunView]:
    """A page of a collection's runs, newest first.

    Raises:
        CollectionNotFoundError: There is no such collection.
        InvalidInputError: The cursor can't be read.
    """
    with db.read() as session:
        return rows.runs(session, found_id(session, collection), cursor, limit)


# ------------------------------------------------------------------ encoders
def is_held_back(db: Database, collection: str, encoder_id: str) -> bool:
    """Whether a collection is searched by words alone, because its golden questions did not pass by this encoder.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    with db.read() as session:
        return bool(rows.held_back(session, encoder_id, [found_id(session, collection)]))


def release(db: Database, collection: str, encoder_id: str, *, force: bool) -> None:
    """Let a collection be searched by an encoder's vectors although its golden questions did not pass.

    Raises:
        CollectionNotFoundError: There is no such collection.
        ConflictError: It is held back, and `force` was not given.
    """
    with db.write() as session:
        collection_id = found_id(session, collection)
        if not rows.held_back(session, encoder_id, [collection_id]):
            return
        if not force:
            raise ConflictError(
                "golden_not_passed",
                "The golden questions of this collection have not passed by the new encoder.",
                "Look at the last run (`fathom golden runs`), or release it nevertheless with force.",
            )
        last = rows.newest(session, collection_id)
        rows.release(session, collection_id, encoder_id, last.id if last else None, forced=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A collection whose golden questions were asked on the vectors of another encoder."""

    collection: str
    passed: int
    total: int
    released: bool


def try_encoder(parts: SearchParts, collection: str | None, *, force: bool) -> list[Tried]:
    """Ask the golden questions of collections that are held back from the encoder of this process.

    Args:
        parts: With the encoder to try.
        collection: Id or name; None for all.
        force: Whether it is released although they don't pass.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    model = parts.embedder.model_id
    with parts.db.read() as session:
        wanted = None if collection is None else [found_id(session, collection)]
        held = rows.held_back(session, model, wanted)
    tried = []
    for key in held:
        told = run_now(parts, key, "encoder")
        if force:
            release(parts.db, key, model, force=True)
        with parts.db.read() as session:
            found = collections.find(session, key)
        name = key if found is None else found.name
        released = not is_held_back(parts.db, key, model)
        tried.append(Tried(collection=name, passed=told.run.passed, total=told.run.total, released=released))
    return tried


def check_released(db: Database, encoder_id: str) -> None:
    """Make sure that no collection is held back from an encoder.

    Raises:
        ConflictError: One is: the vectors of the encoder before are those that it would go back to.
    """
    with db.read() as session:
        held = rows.held_back(session, encoder_id)
    if held:
        raise ConflictError(
            "golden_not_passed",
            f"Golden questions hold {len(held)} collections back from the encoder in use.",
            "Look at the last run (`fathom golden runs`), or release it (`fathom golden release --force`).",
        )


def _fingerprint(parts: SearchParts, session: Session, collection_id: str) -> dict[str, Any]:
    models = {"encoder": parts.embedder.model_id, "model": parts.generator.model_id}
    return models | rows.state_of(session, collection_id)


def _rank(parts: SearchParts, outcome: Outcome, right: Sequence[Passage]) -> int | None:
    """Rank of the first passage found that holds half of a right one; None where none does."""
    hits = [] if outcome.retrieved is None else [hit.chunk_id for hit in outcome.retrieved.hits]
    found = parts.passages.passages(hits)
    for rank, key in enumerate(hits, start=1):
        passage = found.get(key)
        for one in right:
            if passage is not None and passage.document_id == one.document_id:
                shared = min(passage.end, one.end) - max(passage.start, one.start)
                if 2 * shared >= one.end - one.start:
                    return rank
    return None


def _plain(text: str) -> str:
    """Letters and digits alone, in one case and width."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
