"""Plain data of generation: a request with its passages, the events of a stream, the finished answer.

Source offsets are Unicode code points in the passage text that was given, half-open `[start, end)`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Protocol


class Ink(StrEnum):
    """Where a stretch of an answer comes from."""

    COPIED = "copied"
    WRITTEN = "written"


class Shape(StrEnum):
    """Form of an answer."""

    PHRASE = "phrase"
    SENTENCE = "sentence"
    LIST = "list"
    STEPS = "steps"
    ROW = "row"
    YES_NO = "yes_no"
    COMPARISON = "comparison"
    DEFINITION = "definition"


class PartKind(StrEnum):
    """Role of a stretch of an answer, for drawing it."""

    TEXT = "text"
    HEADING = "heading"
    ITEM = "item"
    ROW = "row"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBlock:
    """A structural unit of the text around a passage.

    Attributes:
        kind: heading, paragraph, list_item, table, code or quote.
        start: First character, counted from the start of the passage's text: negative in `before`.
        end: One past the last.
        level: Of a heading, from 1.
    """

    kind: str
    start: int
    end: int
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePassage:
    """A passage to read.

    Attributes:
        key: The caller's id of the passage, given back in spans.
        text: Text of the passage.
        kept: Ranges of `text` that may be read (after compression), ascending; empty means all of it.
        sentences: Ranges of `text`, ascending, for answers by whole sentences; empty means none are known.
        likeness: How near each of `sentences` is to the question by meaning, in standard deviations over the sentences
            of all passages; empty means that nobody knows.
        weight: 1 is neutral, 0 equals removal.
        before: The document's text directly before `text`, as far as an answer may reach back.
        after: The document's text directly behind `text`, likewise. Neither is read.
        blocks: Structure of `before + text + after`, ascending; empty where none is known.
        headings: Titles above the passage, outermost first, the document's own included.
    """

    key: str
    text: str
    kept: Sequence[tuple[int, int]] = ()
    sentences: Sequence[tuple[int, int]] = ()
    likeness: Sequence[float] = ()
    weight: float = 1.0
    before: str = ""
    after: str = ""
    blocks: Sequence[TextBlock] = ()
    headings: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A question and the passages to answer it from; an order of passages has no meaning.

    Attributes:
        parts: Questions that `question` consists of, each to be understood alone; empty where it asks one thing.
        answer_from: Least confidence to answer at all; None for the model's own.
        translated: Words of the question with what they are called in the other language, for passages in it; empty
            where all are in the question's own.
    """

    question: str
    passages: Sequence[SourcePassage]
    parts: Sequence[str] = ()
    max_new_tokens: int = 128
    temperature: float = 0.0
    seed: int = 0
    answer_from: float | None = None
    translated: Sequence[tuple[str, Sequence[str]]] = ()


SUPPORTED = 0.55
"""Least support of a run that need not be marked, see `docs/decisions/0078-support-of-citations.md`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A run of the answer in one ink; a copied run equals `passage.text[start:end]`.

    A run copied from the text around a passage has a `start` below 0 or an `end` beyond the passage's text.

    Attributes:
        support: Probability in [0, 1] that a copied run says what was asked for; None where the generator tells none.
    """

    answer_start: int
    answer_end: int
    ink: Ink
    passage: str | None = None
    start: int | None = None
    end: int | None = None
    support: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attended:
    """A range of a passage that was looked at, with its share of the attention in (0, 1]."""

    passage: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A piece of answer text, as it is written.

    Attributes:
        passage: Key of the passage of a copied piece.
        start: First character of a copied piece in its passage.
        end: One past its last character.
        action: What gave it; None for a space set between two runs, and where the generator has no actions.
        attention: Where a written piece looked, strongest first: the ranges that matter, so that the weights sum to
            less than 1. Empty for copied pieces, and where the generator has none.
        support: Of a copied piece, as in `Span`.
    """

    text: str
    ink: Ink
    passage: str | None = None
    start: int | None = None
    end: int | None = None
    action: Literal["write", "copy", "next"] | None = None
    attention: Sequence[Attended] = ()
    support: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A stretch of the answer with its role."""

    answer_start: int
    answer_end: int
    kind: PartKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A sentence, row or item that may answer, with the probability that it does."""

    passage: str
    start: int
    end: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """The finished answer.

    Attributes:
        text: Empty where the passages do not answer.
        answerable: Whether the passages hold the answer, by what the model says of it.
        confidence: Probability in [0, 1] that the answer is right, also of one that was held back; None where the model
            gives none.
        relevance: Probability by passage key that it holds the answer.
        shape: Form of the answer; None where the generator tells none.
        phrase: The short answer: the best phrase, or yes or no; also where nothing was said.
        emphasis: Ranges of `text` that are the phrase.
        parts: Roles of the stretches of `text`, ascending; empty where the generator tells none.
        more: Whether the document goes on with items or steps that were left out.
        evidence: What else may answer, best first; where nothing was said, all of it.
        signals: What confidence and support were made of, by name; for fitting them.
        timings_ms: read, fuse, first_token, total.
    """

    text: str
    spans: Sequence[Span]
    answerable: bool
    confidence: float | None
    relevance: Mapping[str, float] = field(default_factory=dict)
    shape: Shape | None = None
    phrase: str = ""
    emphasis: Sequence[tuple[int, int]] = ()
    parts: Sequence[Part] = ()
    more: bool = False
    evidence: Sequence[Evidence] = ()
    signals: Mapping[str, float] = field(default_factory=dict)
    generated_tokens: int = 0
    timings_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A heartbeat without text, so that the consumer can check whether the answer is still wanted."""


Event = Token | Waiting | Generated
"""A stream is any number of `Token` and `Waiting`, then exactly one `Generated`."""


class Generator(Protocol):
    """Anything that answers a request; closing the iterator stops the work at once."""

    @property
    def model_id(self) -> str:
        """Name and version of the model."""
        ...

    def stream(self, request: Request) -> Iterator[Event]:
        """Answer as a stream of events."""
        ...

    def relevance(self, question: str, passages: Sequence[SourcePassage]) -> Sequence[float]:
        """Probability of each passage to hold the answer, for reranking."""
        ...
