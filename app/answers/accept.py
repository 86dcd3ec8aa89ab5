"""Accepting a question: checked, numbered, its collections found, before anything costs time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.answers.types import AnswerHead
from app.audit.recording import LOCAL
from app.db.filters import Filter
from app.db.types import new_id, utc_now
from app.safety.types import Finders, Match
from app.search import searching
from app.search.filtering import filter_of
from app.search.parts import SearchParts
from app.search.scope import RankingChoice, Scope, scope_of
from retrieval.follow_up import Turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The answer that a question renews, its question as it stands alone, and the review that asks."""

    answer_id: str
    standalone_question: str | None = None
    review_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question to answer, as asked.

    Attributes:
        collections: Ids or names.
        history: Earlier turns of the conversation, oldest first.
        k: Passages to read; None for the collection's or the server's value.
        temperature: None for the server's value.
        choice: How this answer's retrieval differs from the collections' settings.
        allow: Chunk ids that may be read, or None for all.
        wanted: Filter of the documents that may be read, as `filter_of` reads it; None for all.
        weights: How much passages count, by chunk id: 1 where none is given, 0 leaves the passage unread.
        answer_from: Least confidence to answer at all; None for the model's own.
        conversation: The caller's id of the conversation, by which its answers can be deleted.
        actor: Who asks, for the audit trail.
        again: The answer whose question this is; None for a question of its own.
        shadow: Whether vectors are searched that golden questions have not released yet.
    """

    collections: tuple[str, ...]
    question: str
    history: tuple[Turn, ...] = ()
    k: int | None = None
    temperature: float | None = None
    choice: RankingChoice = field(default_factory=RankingChoice)
    allow: frozenset[int] | None = None
    wanted: Mapping[str, Any] | None = None
    weights: Mapping[int, float] = field(default_factory=dict)
    answer_from: float | None = None
    conversation: str | None = None
    actor: str = LOCAL
    again: Again | None = None
    shadow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """An accepted question, whose answer is to be generated.

    Attributes:
        question: As it is searched, answered, shown and stored: with what the content filter masks.
        standalone_question: The question to search and answer where it leans on earlier turns, else None.
        asked: As asked, for the audit trail alone.
        actor: Who asked.
        finders: The content filter as it was then.
        found: What it found in the question.
        blocked: Whether the question is refused for that.
        again: The answer whose question this is; None for a question of its own.
        shadow: As of `Ask`.
        created_at: When it was accepted, ISO 8601 in UTC.
    """

    id: str
    question: str
    standalone_question: str | None = None
    scope: Scope
    k: int
    temperature: float
    seed: int = 0
    allow: frozenset[int] | None = None
    wanted: Mapping[str, Any] | None = None
    weights: Mapping[int, float] = field(default_factory=dict)
    answer_from: float | None = None
    conversation: str | None = None
    asked: str
    actor: str = LOCAL
    finders: Finders = field(default_factory=Finders)
    found: Sequence[Match] = ()
    blocked: bool = False
    again: Again | None = None
    shadow: bool = False
    created_at: str = field(default_factory=lambda: utc_now().isoformat().replace("+00:00", "Z"))

    @property
    def understood(self) -> str:
        """The question to search and to answer."""
        return self.standalone_question or self.question

    @property
    def filter(self) -> Filter | None:
        """The filter of documents, None where all may be read."""
        return filter_of(self.wanted) if self.wanted else None

    @property
    def head(self) -> AnswerHead:
        """The part of the answer that is known already."""
        return AnswerHead(
            id=self.id,
            question=self.question,
            standalone_question=self.standalone_question,
            collections=self.scope.ids,
            created_at=self.created_at,
        )

    @property
    def request(self) -> dict[str, Any]:
        """The request as it is stored, defaults filled in."""
        weights = {"weights": {str(chunk): weight for chunk, weight in self.weights.items()}}
        standalone = {"standalone_question": self.standalone_question}
        return {
            "k": self.k,
            "temperature": self.temperature,
            "seed": self.seed,
            **self.scope.described,
            **({"filter": self.wanted} if self.wanted else {}),
            **(weights if self.weights else {}),
            **(standalone if self.standalone_question else {}),
        }


def accept(parts: SearchParts, ask: Ask) -> Pending:
    """Check a question, have the content filter look through it, and find its collections.

    Raises:
        InvalidInputError: The question, or one of the history, is empty or too long, or the filter is none.
        CollectionNotFoundError: A collection does not exist.
    """
    settings, finders = parts.settings, parts.finders()
    limit = settings.limits.max_question_chars
    asked = searching.checked_text(ask.question, limit, "question")
    read = searching.read_question(asked, ask.history, limit, finders.incoming)
    standalone = read.standalone
    if ask.again is not None and ask.again.standalone_question:
        whole = searching.read_question(ask.again.standalone_question, (), limit, finders.incoming)
        read, standalone = replace(whole, text=read.text), whole.text
    scope = scope_of(parts.db, settings, ask.collections).chosen(ask.choice)
    temperature = settings.answers.temperature if ask.temperature is None else ask.temperature
    if ask.wanted:
        filter_of(ask.wanted)  # refused here, before the answer has a number
    return Pending(
        id=new_id("ans"),
        question=read.text,
        standalone_question=standalone,
        scope=scope,
        k=ask.k or scope.k,
        temperature=temperature,
        allow=ask.allow,
        wanted=ask.wanted,
        weights=ask.weights,
        answer_from=ask.answer_from,
        conversation=ask.conversation,
        asked=asked,
        actor=ask.actor,
        shadow=ask.shadow,
        finders=finders,
        found=read.matches,
        blocked=read.blocked,
        again=ask.again,
    )
