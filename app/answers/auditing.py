"""Record of an answer in the audit trail: question, chunks found, read and cited, text, asker, verdicts and time."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.answers.accept import Pending
from app.answers.generate import Outcome
from app.answers.types import Answer, AnswerFailure
from app.audit.recording import Entry, append
from app.safety.types import Match
from app.search.masking import kept_text, verdicts
from app.settings.schema import Settings


def record(session: Session, settings: Settings, pending: Pending, outcome: Outcome, stored: Answer) -> None:
    """Record an answer in the transaction that stores it, as its last step.

    Args:
        session: The writing session.
        settings: Settings of the process.
        pending: The question.
        outcome: What came of it.
        stored: The answer as it is stored.
    """
    retrieved = outcome.retrieved
    body = _head(pending) | {
        "status": stored.status,
        "reason": stored.reason,
        "model": stored.model,
        "found": [hit.chunk_id for hit in retrieved.hits] if retrieved else [],
        "read": [[chunk, document] for chunk, document in outcome.read],
        "cited": [[one.document.id, one.chunk, one.start, one.end] for one in stored.citations],
        "ms": stored.timings_ms.get("total"),
    }
    _append(session, settings, pending, body, outcome.verdicts, stored.text)


def record_failure(session: Session, settings: Settings, pending: Pending, failure: AnswerFailure) -> None:
    """Record a question that could not be answered, in the transaction that stores why.

    Args:
        session: The writing session.
        settings: Settings of the process.
        pending: The question.
        failure: Why.
    """
    body = _head(pending) | {"status": "failed", "code": failure.code}
    _append(session, settings, pending, body, {"question": pending.found}, None)


def _head(pending: Pending) -> dict[str, Any]:
    return {"collections": list(pending.scope.ids), "k": pending.k}


def _append(
    session: Session,
    settings: Settings,
    pending: Pending,
    body: Mapping[str, Any],
    found: Mapping[str, Sequence[Match]],
    output: str | None,
) -> None:
    if not settings.audit.answers:
        return
    entry = Entry(
        event="answer",
        actor=pending.actor,
        subject=pending.id,
        body={**body, "verdicts": verdicts(found)},
        question=kept_text(pending.asked, settings),
        output=None if output is None else kept_text(output, settings),
    )
    append(session, [entry], keep_text=settings.audit.keep_text)
