"""The content filter on the way in and out of a search: questions, and passages with their documents.

What is masked keeps its length, so that all positions stay. Everything here does nothing without finders.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.db.sources import DocumentName
from app.safety.personal_data import redacted
from app.safety.screen import screened
from app.safety.types import Finder, Finders, Match, hardest
from app.settings.schema import Settings
from retrieval.types import Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenedQuestion:
    """A question after the filter has looked through it.

    Attributes:
        text: With what is masked; the only form that is searched, answered, shown and stored.
        matches: What was found.
        blocked: Whether it is refused.
    """

    text: str
    matches: Sequence[Match] = ()
    blocked: bool = False


def screen_question(question: str, finders: Sequence[Finder]) -> ScreenedQuestion:
    """Look through a question; one of which nothing readable is left is blocked too.

    Args:
        question: Checked text.
        finders: For what comes in.
    """
    if not finders:
        return ScreenedQuestion(text=question)
    found = screened(question, finders)
    blocked = hardest(found.matches) == "block" or not any(character.isalnum() for character in found.text)
    return ScreenedQuestion(text=found.text, matches=found.matches, blocked=blocked)


def blocks(text: str, finders: Sequence[Finder]) -> Sequence[Match]:
    """Matches for which a passage is not read; empty where it may be."""
    if not any("block" in finder.levels for finder in finders):
        return ()
    found = [match for finder in finders for match in finder.find(text)]
    return found if hardest(found) == "block" else ()


def hidden(text: str, finders: Sequence[Finder]) -> str:
    """The text with its masks."""
    return screened(text, finders).text if finders else text


def passable(
    passages: Mapping[int, Passage], finders: Finders
) -> tuple[Mapping[int, Passage], Sequence[Match]]:
    """Passages that may be shown, with their masks, and the matches for which others may not."""
    if not finders.incoming and not finders.outgoing:
        return passages, ()
    blocked = {key: blocks(passage.text, finders.incoming) for key, passage in passages.items()}
    shown = {
        key: hidden_passage(passage, finders.outgoing)
        for key, passage in passages.items()
        if not blocked[key]
    }
    return shown, [match for matches in blocked.values() for match in matches]


def hidden_passage(passage: Passage, finders: Sequence[Finder]) -> Passage:
    """The passage with its masks."""
    if not finders:
        return passage
    path = tuple(hidden(heading, finders) for heading in passage.heading_path)
    return replace(passage, text=hidden(passage.text, finders), heading_path=path)


def hidden_document(document: DocumentName, finders: Sequence[Finder]) -> DocumentName:
    """The document with masks in its name and title."""
    if not finders:
        return document
    return replace(document, name=hidden(document.name, finders), title=hidden(document.title, finders))


def kept_text(text: str, settings: Settings) -> str:
    """A text as the audit trail keeps it: without personal data, where the settings say so."""
    return redacted(text) if "audit" in settings.safety.redact else text


def verdicts(found: Mapping[str, Sequence[Match]]) -> list[dict[str, Any]]:
    """Findings of the filter as the audit trail keeps them: counts by place and lexicon, and no words.

    Args:
        found: Matches by place: question, passages, output.
    """
    counts = Counter(
        (place, match.level, match.source, match.version)
        for place, matches in found.items()
        for match in matches
    )
    return [
        {"place": place, "level": level, "source": source, "version": version, "count": count}
        for (place, level, source, version), count in sorted(counts.items())
    ]
