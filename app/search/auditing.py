"""Record of a search in the audit trail: query, chunks found, searcher, verdicts and time."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from app.audit.recording import Entry, append
from app.safety.types import Match
from app.search.masking import kept_text, verdicts
from app.search.parts import SearchParts
from app.search.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """A search that is over.

    Attributes:
        asked: The query as typed.
        question: What the content filter found in it.
        passages: What it found in passages that were left out.
        hits: Chunks that are shown, with their documents.
        began: When it began, by `time.perf_counter`.
    """

    actor: str
    asked: str
    began: float
    question: Sequence[Match] = ()
    passages: Sequence[Match] = ()
    hits: Sequence[tuple[int, str]] = ()


def record(parts: SearchParts, scope: Scope, searched: Searched) -> None:
    """Record a search before its result is shown, where the settings ask for it; one more write to the disk."""
    audit = parts.settings.audit
    if not audit.searches:
        return
    entry = Entry(
        event="search",
        actor=searched.actor,
        body={
            "collections": list(scope.ids),
            "found": [list(hit) for hit in searched.hits],
            "verdicts": verdicts({"question": searched.question, "passages": searched.passages}),
            "ms": round((time.perf_counter() - searched.began) * 1000, 2),
        },
        question=kept_text(searched.asked, parts.settings),
    )
    with parts.db.write() as session:
        append(session, [entry], keep_text=audit.keep_text)
