"""A stored question asked again: of the same collections, by the same filter and number of passages."""

from app.answers.accept import Again, Ask
from app.audit.recording import LOCAL
from app.db import answers as rows
from app.db.engine import Database
from app.errors import AnswerNotFoundError


def ask_of(db: Database, answer_id: str, *, actor: str = LOCAL, review_id: str | None = None) -> Ask:
    """The question of a stored answer, to be asked again; the settings of today hold, the asker's choices stay.

    Args:
        db: The database, as the asker sees it.
        answer_id: The answer to renew.
        actor: Who asks, for the audit trail.
        review_id: The review that asks.

    Raises:
        AnswerNotFoundError: There is no such answer.
    """
    with db.read() as session:
        row = rows.get(session, answer_id)
    if row is None:
        raise AnswerNotFoundError(answer_id)
    request = row.request
    return Ask(
        collections=tuple(row.collection_ids),
        question=row.question,
        k=request.get("k"),
        temperature=request.get("temperature"),
        wanted=request.get("filter"),
        weights={int(chunk): weight for chunk, weight in request.get("weights", {}).items()},
        conversation=row.conversation,
        actor=actor,
        again=Again(
            answer_id=row.id,
            standalone_question=request.get("standalone_question"),
            review_id=review_id,
        ),
    )
