"""Writing to the audit trail: in the transaction of the recorded act, as its last step.

Who appends holds the trail's state until commit, so that two processes never go on from the same record; a short
transaction that ends with it keeps others waiting for no longer than its own commit.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.audit.chain import digest, hashed, output_salt, question_salt
from app.db import audit as rows
from app.db.audit import SALT_DIGITS, AuditRecord
from app.db.types import utc_now

LOCAL = "local"
"""Actor of acts without a key: on a machine of one person, or from the command line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Something to record.

    Attributes:
        event: What happened, as in "answer".
        actor: Who did it.
        subject: Id of the thing that it happened to; empty where there is none.
        body: What is kept for good: ids, numbers, verdicts; no text of documents or people.
        question: Text that came in; None where none did.
        output: Text that went out; None where none did.
    """

    event: str
    actor: str = LOCAL
    subject: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)
    question: str | None = None
    output: str | None = None


def append(session: Session, entries: Sequence[Entry], *, keep_text: bool = True) -> None:
    """Append records.

    Args:
        session: A writing session, which commits next.
        entries: What to record, in order.
        keep_text: Whether texts are kept beside their digests.
    """
    if not entries:
        return
    state = rows.lock(session)
    seq, previous, now = state.seq, state.hash, utc_now()
    records = []
    for entry in entries:
        record = _record(entry, seq + 1, previous, now, keep_text=keep_text)
        records.append(record)
        seq, previous = record.seq, record.hash
    rows.append(session, records)


def _record(entry: Entry, seq: int, previous: str, now: datetime, *, keep_text: bool) -> AuditRecord:
    salt = secrets.token_hex(SALT_DIGITS)
    said, told = entry.question, entry.output
    has_text = said is not None or told is not None
    return hashed(
        AuditRecord(
            seq=seq,
            at=now,
            event=entry.event,
            actor=entry.actor,
            subject=entry.subject,
            body=json.dumps(entry.body, ensure_ascii=False, separators=(",", ":"), sort_keys=True),
            question_digest=None if said is None else digest(question_salt(salt), said),
            output_digest=None if told is None else digest(output_salt(salt), told),
            question=said if keep_text else None,
            output=told if keep_text else None,
            salt=salt if keep_text and has_text else None,
            previous=previous,
            hash="",
        )
    )
