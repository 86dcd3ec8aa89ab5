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


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePassage:
    """A passage to read.

    Attributes:
        key: The caller's id of the passage, given back in spans.
        text: Text of the passage.
        kept: Ranges of `text` that may be read (after compression), ascending; empty means all of it.
        sentences: Ranges of `text`, ascending, for answers by whole sentences; empty means none are known.
        weight: 1 is neutral, 0 equals removal.
    """

    key: str
    text: str
    kept: Sequence[tuple[int, int]] = ()
    sentences: Sequence[tuple[int, int]] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A question and the passages to answer it from; an order of passages has no meaning."""

    question: str
    passages: Sequence[SourcePassage]
    max_new_tokens: int = 128
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A run of the answer in one ink; a copied run equals `passage.text[start:end]`."""

    answer_start: int
    answer_end: int
    ink: Ink
    passage: str | None = None
    start: int | None = None
    end: int | None = None


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
    """

    text: str
    ink: Ink
    passage: str | None = None
    start: int | None = None
    end: int | None = None
    action: Literal["write", "copy", "next"] | None = None
    attention: Sequence[Attended] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Generated:
    """The finished answer.

    Attributes:
        text: Empty where the passages do not answer.
        answerable: Whether the passages hold the answer, by what the model says of it.
        confidence: Probability in [0, 1] that they do; None where the model gives none.
        relevance: Probability by passage key that it holds the answer.
        granularity: "phrase", or "sentence" where the phrase was uncertain and its sentence was not.
        phrase: The best phrase, also where the answer is the whole sentence.
        timings_ms: read, fuse, first_token, total.
    """

    text: str
    spans: Sequence[Span]
    answerable: bool
    confidence: float | None
    relevance: Mapping[str, float] = field(default_factory=dict)
    granularity: str = "phrase"
    phrase: str = ""
    generated_tokens: int = 0
    timings_ms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing new yet; whoever follows may look whether the answer is still wanted."""


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
