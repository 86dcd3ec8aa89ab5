"""Plain data of ingestion: input (bytes) and output (text, blocks, chunks).

Offsets are counted in Unicode code points (Python `str` indices) and are half-open `[start, end)`.
This module knows nothing of vectors' meaning, of storage, or of the web.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # the parser child imports these types and starts twice as fast without numpy
    import numpy as np
    from numpy.typing import NDArray

    from ingestion.config import ParsingLimits


Box = tuple[float, float, float, float]


class BlockKind(StrEnum):
    """Structural role of a stretch of canonical text."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CODE = "code"
    QUOTE = "quote"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """An uploaded file as it came.

    Attributes:
        name: File name or path as the user gave it; only its suffix is used, as a hint.
        data: The raw bytes.
        media_type: Declared media type, or None; a hint only, bytes decide.
    """

    name: str
    data: bytes
    media_type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A structural unit of the canonical text, in reading order; blocks never overlap.

    Attributes:
        page: Page on which it begins.
        box: Rectangle around it on that page, where the format has places: left, bottom, right, top, in points
            from the lower left corner of the page before it is turned (PDF user space).
    """

    kind: BlockKind
    start: int
    end: int
    level: int = 0
    page: int | None = None
    box: Box | None = None
    heading_path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSpan:
    """Range of the canonical text that came from one page (1-based number)."""

    number: int
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """Something a parser left out on purpose, so that it can be reported."""

    what: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of a file's visible text stands in the canonical text, counted without its parser.

    Attributes:
        visible: Letters, digits and Chinese characters that a reader of the file sees.
        kept: Those of them in the canonical text.
        lost: Some of the words that are missing, those with the most characters first.
    """

    visible: int
    kept: int
    lost: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Share of the visible characters that the text has, 1 if none is visible."""
        return self.kept / self.visible if self.visible else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed file: its canonical text and the structure over it.

    Attributes:
        text: Canonical text; every citation of Fathom is a range of this string.
        blocks: In reading order; gaps between blocks are whitespace only.
        encoding: Character encoding the bytes were decoded with, or None where the format fixes it.
        language: "zh", "en" or "und", by the share of Han characters among letters.
        coverage: How much of the visible text is kept; None where that is not known.
        page_texts: Text of each page as the file gives it, before it is put in order, where the parser has it at no
            cost: for the counting of coverage, in the process that reads.
    """

    text: str
    media_type: str
    title: str
    blocks: tuple[Block, ...]
    pages: tuple[PageSpan, ...] = ()
    encoding: str | None = None
    language: str = "und"
    dropped: tuple[Dropped, ...] = ()
    coverage: Coverage | None = None
    page_texts: tuple[str, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentenceStates:
    """Encoder output per sentence, not normalised, so that parts can be added up.

    Attributes:
        sums: float32 [N, D]; sum of the token states of each sentence.
        windows: int64 [N]; sentences of one number were read together, so that their states are comparable; -1 for
            one without states.
    """

    sums: NDArray[np.float32]
    windows: NDArray[np.int64]


class KeepMember(Protocol):
    """Takes a file found inside another one: a member of an archive, an attachment of a mail or PDF."""

    def __call__(self, name: str, data: bytes) -> None:
        """Take a file; `name` is its path inside the outer one, with `/`, never absolute, never upwards."""
        ...


class Parser(Protocol):
    """Reads files in its own process; `ingestion.parser_process.ParserProcess` does."""

    def parse(self, source: Source, limits: ParsingLimits, keep: KeepMember | None = None) -> Document:
        """Read a file; see `ParserProcess.parse`."""
        ...


class SentenceEncoder(Protocol):
    """Encodes sentences of one text for chunking, none truncated."""

    def __call__(self, text: str, spans: Sequence[tuple[int, int]]) -> SentenceStates:
        """Encode the ranges `spans` (ascending, disjoint) of `text`."""
        ...


class CountTokens(Protocol):
    """Number of tokens of a text by the configured tiktoken vocabulary."""

    def __call__(self, text: str) -> int:
        """Count the tokens of `text`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A semantic unit: `text == document.text[start:end]`; all chunks together tile the text.

    Attributes:
        token_count: By the configured tiktoken vocabulary; at most `ChunkingConfig.max_tokens`.
        sentences: Ranges in the canonical text (not relative to the chunk).
        vector: float32 [D], unit length: sum of the sentence states, normalised.
        sentence_vectors: float32 [N, D], those of `sentences`, unit length; zeros for one without states.
    """

    index: int
    start: int
    end: int
    text: str
    token_count: int
    language: str
    heading_path: tuple[str, ...] = ()
    page: int | None = None
    page_end: int | None = None
    sentences: tuple[tuple[int, int], ...] = ()
    vector: NDArray[np.float32] = field(repr=False, compare=False)
    sentence_vectors: NDArray[np.float32] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestEvent:
    """Progress of one document: `done` of `total` units in `stage` (parsing, chunking, embedding)."""

    stage: str
    done: int
    total: int
