"""Suggested questions of a collection: made from its text, kept where the reader really answers them.

Decision 0110: forms instead of a model, a check of each by the whole path of answering, a few tries a collection.
"""

import logging
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from app.answers.accept import Ask, accept
from app.answers.generate import generate
from app.answers.question_forms import Candidate, questions_of
from app.answers.types import AnswerEvent
from app.db import suggestions
from app.db.suggestions import Material, Suggestion
from app.errors import FathomError
from app.search.parts import SearchParts

logger = logging.getLogger(__name__)

WANTED: Final = 3
"""Questions of a collection in each language that it has."""
TRIES: Final = 10
"""Questions in one language that the reader is asked at most for one state of a collection."""
SURE: Final = 0.8
"""Confidence from which a question is suggested."""

Stop = Callable[[], bool]


def work(parts: SearchParts, wait: Stop) -> bool:
    """Make the questions of a collection that has too few of them.

    Args:
        parts: Models, indexes and database, unrestricted.
        wait: Waits until nobody needs the reader; True where the work is to end at once.

    Returns:
        Whether there was such a collection.
    """
    with parts.db.read() as session:
        found = suggestions.due(session, WANTED)
        if found is None:
            return False
        collection_id, seq = found
        known = suggestions.listed(session, collection_id)
        material = suggestions.material(session, collection_id)
    kept, tried = Counter(one.language for one in known), Counter[str]()
    for chunk, candidate in candidates(material, known):
        language = candidate.language
        if kept[language] >= WANTED or tried[language] >= TRIES:
            continue
        tried[language] += 1
        if wait():
            return False
        if _is_answered(parts, collection_id, chunk.document_id, candidate.question):
            with parts.db.write() as session:
                kept[language] += suggestions.add(
                    session, collection_id, chunk.chunk_id, candidate.question, language
                )
    with parts.db.write() as session:
        suggestions.mark(session, collection_id, seq)
    logger.info("questions were suggested", extra={"collection": collection_id, "count": kept.total()})
    return True


def candidates(material: Sequence[Material], known: Sequence[Suggestion]) -> list[tuple[Material, Candidate]]:
    """Questions to try: each document's best first, then each document's second, and so on; none twice."""
    seen = suggestions.questions(known)
    by_document: dict[str, list[tuple[Material, Candidate]]] = {}
    for chunk in material:
        for candidate in questions_of(chunk.heading_path, list(_sentences(chunk))):
            if candidate.question.casefold() not in seen:
                seen.add(candidate.question.casefold())
                by_document.setdefault(chunk.document_id, []).append((chunk, candidate))
    turns = [
        (turn, found[1].rank, found)
        for pairs in by_document.values()
        for turn, found in enumerate(sorted(pairs, key=lambda pair: pair[1].rank))
    ]
    return [found for _, _, found in sorted(turns, key=lambda item: item[:2])]


def _sentences(chunk: Material) -> Iterator[str]:
    for start, end in chunk.sentences:
        yield chunk.text[start - chunk.start : end - chunk.start].strip()


def _is_answered(parts: SearchParts, collection_id: str, document_id: str, question: str) -> bool:
    """Whether a question gets a sure answer from the document that it was made from; nothing is stored."""
    try:
        pending = accept(parts, Ask(collections=(collection_id,), question=question))
        answer = generate(parts, pending, _discard, lambda: None).answer
    except FathomError:
        logger.info("a suggested question could not be tried", exc_info=True)
        return False
    sure = answer.answerable and (answer.confidence or 0) >= SURE
    return sure and any(citation.document.id == document_id for citation in answer.citations)


def _discard(_: AnswerEvent) -> None:
    """Take an event that nobody follows."""
