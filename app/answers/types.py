"""Plain data of answers: questions accepted, answers with their citations, provenance, and the events of a stream.

The order of the fields is the order of the keys in stored rows and in events (`json_form.py`). Answer offsets are
Unicode code points of `Answer.text`; document offsets are those of a document's canonical text; both are half-open
`[start, end)`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.db.sources import DocumentName

AnswerStatus = Literal["running", "done", "failed", "cancelled"]
SpanKind = Literal["copied", "written", "erased"]
Reason = Literal[
    "not_in_documents",
    "no_passages",
    "empty_collection",
    "sources_withdrawn",
    "question_filtered",
    "answer_filtered",
]
"""Why there is no answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRange:
    """Characters of an answer."""

    answer_start: int
    answer_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSpan:
    """A run of the answer in one ink.

    Attributes:
        kind: "erased" is the note in the place of words whose document was deleted.
        chunk: Chunk that a copied run begins in, else None.
        document: Id of the document of a copied run, else None.
        start: First character of a copied run in its document, else None.
        end: One past its last character, else None.
    """

    answer_start: int
    answer_end: int
    kind: SpanKind
    chunk: int | None = None
    document: str | None = None
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPart:
    """A stretch of the answer with its role: text, heading, item, row or code."""

    answer_start: int
    answer_end: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Citation:
    """A stretch of the answer with the place in a document that it was copied from.

    Attributes:
        n: Number to show, from 1.
        page: Page that the range begins on, from 1; None for formats without pages.
        quote: The document's canonical text at `[start, end)`; it equals the answer at `[answer_start, answer_end)`.
        before: Text in front of the quote on its line, within its chunk; "…" where it is cut.
        after: Text behind the quote, likewise.
        score: Of the passage, by the reranker or else by the search.
        support: Probability in [0, 1] that the quote says what was asked for; None where the model gives none.
        supported: Whether `support` is enough; None as `support`.
    """

    n: int
    answer_start: int
    answer_end: int
    document: DocumentName
    chunk: int
    page: int | None
    start: int
    end: int
    quote: str
    before: str = ""
    after: str = ""
    score: float
    support: float | None = None
    supported: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NearestPassage:
    """A whole passage that comes close to an answer, with the range of its closest sentence in the document."""

    document: DocumentName
    chunk: int
    page: int | None
    start: int
    end: int
    quote: str
    score: float
    key_start: int | None = None
    key_end: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternativeSource:
    """Another sentence that may answer; `score` is the probability in [0, 1] that it does."""

    document: DocumentName
    chunk: int
    page: int | None
    start: int
    end: int
    quote: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of the passages found, tokens of them that were read, tokens generated."""

    context_tokens: int = 0
    compressed_tokens: int = 0
    generated_tokens: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFailure:
    """Reason why a question could not be answered, with a hint."""

    code: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """A reader's rating of an answer: 1 or -1, with a comment."""

    rating: int
    comment: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outdated:
    """Why an answer is outdated: source_changed or source_gone; since when; the changed documents still there."""

    reason: str
    since: datetime
    documents: tuple[DocumentName, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerHead:
    """The part of an answer that is known before it is generated; the event `meta`.

    Attributes:
        standalone_question: The question as searched and answered where it leans on earlier turns, else None.
        collections: Ids of the collections asked.
        created_at: When the question was accepted, ISO 8601 in UTC.
    """

    id: str
    question: str
    standalone_question: str | None = None
    collections: tuple[str, ...]
    created_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(AnswerHead):
    """An answer with its sources, or the refusal with the nearest passages.

    Attributes:
        text: The answer, or the refusal's text; empty while the answer is generated, and where that failed.
        answerable: False where the documents don't answer.
        reason: Why there is no answer; None where there is one.
        confidence: Probability in [0, 1] that the passages hold the answer; None where the model gives none.
        shape: Form of the answer, see `generator.types.Shape`; None for refusals.
        phrase: The short answer, where the text says one.
        emphasis: Where the text says the phrase.
        parts: Roles of the stretches of the text, ascending.
        more: Whether the document goes on with items that were left out.
        spans: Runs of the text by ink, in order.
        citations: Copied runs with their sources, in order of the text.
        unsupported: Sentences in which nothing is cited.
        nearest: The nearest passages, where there is no answer.
        also: Other sentences that may answer, best first, where there is an answer.
        erased: Notes in the text, each in the place of words whose document was deleted or replaced.
        erased_sources: Number of documents whose words were erased.
        timings_ms: Milliseconds by stage.
        model: Id of the generator; empty where none was asked.
        error: Why the answer failed, else None.
        feedback: A person's rating, else None; this and what follows is not stored with the answer.
        outdated: Whether a source is not any more as it was answered from; None where all are.
        renews: The answer whose question was asked again for this one.
        renewed_by: The newest answer to the same question, asked again.
        change: Whether this says the same as the answer that it renews: same or changed; None where it renews none.
    """

    text: str
    answerable: bool = False
    reason: str | None = None
    confidence: float | None = 0.0
    shape: str | None = None
    phrase: str = ""
    emphasis: tuple[AnswerRange, ...] = ()
    parts: tuple[AnswerPart, ...] = ()
    more: bool = False
    spans: tuple[AnswerSpan, ...] = ()
    citations: tuple[Citation, ...] = ()
    unsupported: tuple[AnswerRange, ...] = ()
    nearest: tuple[NearestPassage, ...] = ()
    also: tuple[AlternativeSource, ...] = ()
    erased: tuple[AnswerRange, ...] = ()
    erased_sources: int = 0
    usage: Usage = field(default_factory=Usage)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    model: str = ""
    status: AnswerStatus
    error: AnswerFailure | None = None
    feedback: Feedback | None = None
    outdated: Outdated | None = None
    renews: str | None = None
    renewed_by: str | None = None
    change: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """No answer: the sentence to show instead, and the passages that come closest."""

    reason: Reason
    text: str
    nearest: tuple[NearestPassage, ...] = ()


# ------------------------------------------------------------------------------------------------ events
@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedText:
    """The next piece of the answer; the event `token`."""

    text: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A text that takes the place of all text so far; its citations follow again. The event `replace`."""

    text: str
    spans: tuple[AnswerSpan, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The answer as it is stored; the event `done`, the last one."""

    answer: Answer


AnswerEvent = AnswerHead | GeneratedText | Citation | Replacement | Finished
"""One head, then text, citations and replacements, then one `Finished`."""


# ------------------------------------------------------------------------------------------------ provenance
@dataclass(frozen=True, slots=True, kw_only=True)
class TracedSource:
    """A chunk that tokens come from, with the id of its document."""

    chunk: int
    document: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class TracedRange:
    """A range of a document that a token comes from.

    Attributes:
        source: Position in `Trace.sources`.
        start: First character in the document.
        end: One past the last.
        weight: 1 for copied text, else the share of the token's attention in (0, 1].
    """

    source: int
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTrace:
    """A token of an answer, or a run of them.

    Attributes:
        characters: Length of its text.
        ink: "copied", "written" or "erased".
        action: What gave it ("write", "copy", "next"); None for runs, and where the generator has no actions.
        ranges: A copied token has one range of weight 1; a written one has the ranges that it attended to.
    """

    characters: int
    ink: str
    action: str | None
    ranges: tuple[TracedRange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Where the tokens of an answer come from, compactly, as it is stored with the answer."""

    sources: tuple[TracedSource, ...] = ()
    tokens: tuple[TokenTrace, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRange:
    """A range of a document with its text; `page` and `quote` are None where the document is gone."""

    chunk: int
    document: str
    page: int | None
    start: int
    end: int
    quote: str | None
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProvenance:
    """A run of the answer in one ink with its sources; `weight_sum` is the sum of their weights."""

    answer_start: int
    answer_end: int
    kind: str
    ranges: tuple[SourceRange, ...]
    weight_sum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenProvenance:
    """A token of the answer with its sources, as `RunProvenance`, and the action that gave it."""

    action: str | None
    answer_start: int
    answer_end: int
    kind: str
    ranges: tuple[SourceRange, ...]
    weight_sum: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where each token of an answer comes from; joined, the tokens are the text.

    Attributes:
        recorded: "tokens"; "runs" of the inks, without actions and attention; or "nothing".
        note: Why less than tokens was recorded, else None.
        runs: The tokens put together, for people.
        documents: The documents named, without those that are gone.
    """

    id: str
    status: str
    text: str
    recorded: Literal["tokens", "runs", "nothing"]
    note: str | None
    tokens: tuple[TokenProvenance, ...]
    runs: tuple[RunProvenance, ...]
    documents: tuple[DocumentName, ...]
