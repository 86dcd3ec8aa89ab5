"""Changes as records of the audit trail, in the transaction that makes them, as its last step.

Recorded are ids, roles, numbers and names of fields; no text of documents or people but the names of groups.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.audit.recording import LOCAL, Entry, append
from app.db.access import owner_of


def record_change(session: Session, event: str, subject: str, **body: Any) -> None:
    """Record a change by whoever the session is bound to.

    Args:
        session: A writing session, which commits next.
        event: The thing and its change, as in "key.revoked".
        subject: Id of the thing.
        body: Further ids and values; None is left out.
    """
    kept = {name: value for name, value in body.items() if value is not None}
    append(session, [Entry(event=event, actor=owner_of(session) or LOCAL, subject=subject, body=kept)])


def record_changes(session: Session, event: str, bodies: Mapping[str, Mapping[str, Any]]) -> None:
    """Record the same change of several things, by their ids."""
    actor = owner_of(session) or LOCAL
    append(session, [Entry(event=event, actor=actor, subject=one, body=body) for one, body in bodies.items()])
