"""Read a question against passages: memories in, read states and a distribution over answer spans out.

Dimensions in names: P passages, Q question pieces, S passage pieces (padded), D width.
"""

import math
import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from generator.blocks.passage_memory import FRAME, PassageMemories, kept_rows, stands_in
from generator.device import HOST
from generator.errors import CheckpointError, RequestError
from generator.fathom_small.encoder import DocumentLayers, ReadingLayers, ReadStates
from generator.fathom_small.match import PieceMatcher
from generator.fathom_small.memory_cache import MEMORY_ROWS, MemoryCache
from generator.prefixes import QUESTION_PREFIX
from generator.types import SourcePassage

BLANK_LINE = re.compile(r"\n[^\S\n]*\n\s*")
LONGEST_SPAN = 64
"""Longest answer phrase, in pieces."""
QUESTION_PENALTY = 3.0
"""Taken off the logits of a start and of an end inside a sentence that asks. Headings of a page of questions look more
like the question than anything else does, and of 44,840 training answers 54 stand in such a sentence."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Result of reading a question against its passages.

    All tensors are on the CPU but the read states and those of the question, which stay on the device of the model.

    Attributes:
        passages: Those that were read (weight above 0 and some text kept), in the order given.
        ranges: Character ranges of the kept pieces, by passage; see `PassageMemory`.
        ids_PS: int64 piece ids; padding is 0.
        segment_PS: int64 number of the block of text, in a kept range, that a piece stands in; blocks are parted by
            blank lines, and no run of copied text goes from one into another. -1 for framing pieces and padding, which
            are not copied.
        read: Heads and states of the reading layers; no span starts or ends at a piece of white space, and few in a
            sentence that asks.
        question_QD: Document-layer states of the question; None where nobody kept them.
    """

    passages: Sequence[SourcePassage]
    ranges: Sequence[Sequence[tuple[int, int]]]
    ids_PS: Tensor
    segment_PS: Tensor
    read: ReadStates
    question_QD: Tensor | None = None


@dataclass(frozen=True, slots=True)
class PassageRows:
    """Passages side by side, padded: their memories, and features of their pieces that need no question.

    Attributes:
        ranges: Character ranges of the kept pieces, by passage.
        memory_PSD: Memories; padding is 0.
        ids_PS: int64 piece ids; padding is 0.
        mask_PS: bool, True at pieces.
        segment_PS: int64; see `Reading`.
        silent_PS: bool, True where no span starts or ends: white space, framing pieces, padding.
        asks_PS: float32, 1 inside a sentence that asks, else 0.
        log_weight_P: float32 log of the passages' weights.
    """

    ranges: Sequence[Sequence[tuple[int, int]]]
    memory_PSD: Tensor
    ids_PS: Tensor
    mask_PS: Tensor
    segment_PS: Tensor
    silent_PS: Tensor
    asks_PS: Tensor
    log_weight_P: Tensor

    def to(self, device: torch.device) -> "PassageRows":
        """The same rows on a device."""
        return PassageRows(
            self.ranges,
            self.memory_PSD.to(device),
            self.ids_PS.to(device),
            self.mask_PS.to(device),
            self.segment_PS.to(device),
            self.silent_PS.to(device),
            self.asks_PS.to(device),
            self.log_weight_P.to(device),
        )


def passage_rows(memories: PassageMemories, passages: Sequence[SourcePassage]) -> PassageRows:
    """Rows of the kept parts of passages; memories stay on their device, the rest is on the CPU.

    Args:
        memories: Gives the passages' memories.
        passages: One or more, each with a weight above 0 and some text.
    """
    gathered = [
        kept_rows(m, p.kept) for m, p in zip(memories.get([p.text for p in passages]), passages, strict=True)
    ]
    S = max(len(memory.ids_S) for memory in gathered)
    P, D = len(passages), gathered[0].states_SD.shape[1]
    first_SD = gathered[0].states_SD
    memory_PSD = torch.zeros(P, S, D, dtype=first_SD.dtype, device=first_SD.device)
    ids_PS = torch.zeros(P, S, dtype=torch.long, device=HOST)
    mask_PS = torch.zeros(P, S, dtype=torch.bool, device=HOST)
    segment_PS = torch.full((P, S), -1, device=HOST)
    blank_PS = torch.ones(P, S, dtype=torch.bool, device=HOST)
    asks_PS = torch.zeros(P, S, device=HOST)
    for p, memory in enumerate(gathered):
        n = len(memory.ids_S)
        memory_PSD[p, :n], ids_PS[p, :n], mask_PS[p, :n] = memory.states_SD, memory.ids_S, True
        segment_PS[p, :n] = torch.tensor(_segments(memory.ranges, passages[p]), device=HOST)
        blank_PS[p, :n] = torch.tensor([b <= a for a, b in memory.ranges], device=HOST)
        asks_PS[p, :n] = torch.tensor(_asks(memory.ranges, passages[p]), device=HOST)
    return PassageRows(
        [memory.ranges for memory in gathered],
        memory_PSD,
        ids_PS,
        mask_PS,
        segment_PS,
        blank_PS | (segment_PS < 0),
        asks_PS,
        torch.tensor([math.log(p.weight) for p in passages], device=HOST),
    )


def answering_logits(read: ReadStates, rows: PassageRows) -> ReadStates:
    """Start and end logits as answering takes them: none where nothing can be said, with the passages' weights."""
    penalty_PS = QUESTION_PENALTY * rows.asks_PS
    return read._replace(
        start_BS=read.start_BS.masked_fill(rows.silent_PS, float("-inf"))
        + rows.log_weight_P[:, None]
        - penalty_PS,
        end_BS=read.end_BS.masked_fill(rows.silent_PS, float("-inf")) - penalty_PS,
    )


class PassageReader:
    """Composes tokenizer, memory cache and reading layers. Safe to call from several threads."""

    def __init__(
        self,
        document: DocumentLayers,
        reading: ReadingLayers,
        tokenizer: Tokenizer,
        matcher: PieceMatcher,
        window: int,
        *,
        question_pieces: int = 128,
        memory_rows: int = MEMORY_ROWS,
        memories_on: torch.device | None = None,
    ) -> None:
        """Set up with an empty memory cache.

        Args:
            document: In evaluation mode.
            reading: In evaluation mode, on the same device.
            tokenizer: The encoder's.
            matcher: Over the same vocabulary; its tables are copied to the device of the layers.
            window: Longest text of the document layers, in pieces.
            question_pieces: Longest question; a longer one keeps its end, where the question usually stands.
            memory_rows: Rows of memories that are kept, over all passages.
            memories_on: Where they are kept; None for the device of the layers.
        """
        self.memories = MemoryCache(document, tokenizer, window, memory_rows, memories_on)
        self.device = document.device
        self._document, self._reading = document, reading
        self._matcher = matcher.to(self.device)
        self._tokenizer, self._question_pieces = tokenizer, question_pieces
        self._bos, self._eos = _frame_piece(tokenizer, "<s>"), _frame_piece(tokenizer, "</s>")
        self._prefix = tokenizer.encode(QUESTION_PREFIX.strip(), add_special_tokens=False).ids

    def pieces(self, text: str) -> list[int]:
        """Piece ids of a text that stands alone."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def read(self, question: str, passages: Sequence[SourcePassage]) -> Reading | None:
        """Read the kept parts of each passage; None if there is nothing to read.

        Raises:
            RequestError: The question is empty.
        """
        if not question.strip():
            raise RequestError("the question is empty; ask something")
        live = [p for p in passages if p.weight > 0 and p.text.strip()]
        if not live:
            return None
        rows = passage_rows(self.memories, live)
        with torch.inference_mode():
            states_1QD = self.question_states(question)
            read = answering_logits(_scores_on_host(self._read_states(question, states_1QD, rows)), rows)
        return Reading(live, rows.ranges, rows.ids_PS, rows.segment_PS, read, states_1QD[0])

    def question_states(self, question: str) -> Tensor:
        """Document-layer states of a question with its frame and prefix, in the layers' format: [1, Q, D]."""
        question_1Q = torch.tensor([self.question_ids(question)], device=self.device)
        with torch.inference_mode():
            states_1QD: Tensor = self._document(question_1Q, torch.ones_like(question_1Q, dtype=torch.bool))
        return states_1QD

    def question_ids(self, question: str) -> list[int]:
        """Piece ids of a question, framed and with its prefix; a longer one keeps its end."""
        pieces = self._tokenizer.encode(QUESTION_PREFIX + question, add_special_tokens=False).ids[
            len(self._prefix) :
        ]
        pieces = pieces[-(self._question_pieces - len(self._prefix) - 2) :]
        return [self._bos, *self._prefix, *pieces, self._eos]

    def _read_states(self, question: str, states_1QD: Tensor, rows: PassageRows) -> ReadStates:
        question_1Q = torch.tensor([self.question_ids(question)], device=self.device)
        ids_PS = rows.ids_PS.to(self.device)
        P = len(ids_PS)
        question_PQ = question_1Q.expand(P, -1)
        read: ReadStates = self._reading(
            states_1QD.expand(P, -1, -1),
            torch.ones_like(question_PQ, dtype=torch.bool),
            rows.memory_PSD.to(self.device),
            rows.mask_PS.to(self.device),
            self._matcher.features(question_PQ, ids_PS),
            self._matcher.features(ids_PS, question_PQ),
        )
        return read


def _frame_piece(tokenizer: Tokenizer, piece: str) -> int:
    """Id of a piece that frames a text.

    Raises:
        CheckpointError: The tokenizer has no such piece.
    """
    number: int | None = tokenizer.token_to_id(piece)
    if number is None:
        raise CheckpointError(f"the tokenizer has no piece {piece}; use the encoder's own tokenizer.json")
    return number


@dataclass(frozen=True, slots=True)
class SpanDistribution:
    """Probability of answer spans over all passages and of "none of them answers".

    Scores are start + end logits minus the passage's own null logits, so that passages compare; the null of the
    whole set has score 0. Built from `Reading` by `span_distribution`.

    Attributes:
        log_joint_PSS: Log-probability of the span first..last of a passage; -inf where not allowed.
        answerable_logit: log of (probability of any span / probability of null).
    """

    log_joint_PSS: Tensor
    answerable_logit: float

    def best(self) -> tuple[int, int, int, float]:
        """Most probable span: passage, first and last piece, log-probability."""
        flat = self.log_joint_PSS.flatten()
        place = int(flat.argmax())
        S = self.log_joint_PSS.shape[-1]
        return place // (S * S), place // S % S, place % S, float(flat[place])


def passage_null(read: ReadStates, relevance_weight: float = 1.0) -> Tensor:
    """Baseline of a passage's spans: its null score, less its weighted relevance logit. float32 [P]."""
    return read.null_B2.sum(-1) - relevance_weight * read.relevance_B


def span_scores(read: ReadStates, segment_PS: Tensor, relevance_weight: float = 1.0) -> Tensor:
    """Score of every span: start and end logit less the passage's null.

    Args:
        read: With the logits that `answering_logits` gives.
        segment_PS: int64 block of text of each piece; a span stays in one.
        relevance_weight: See `span_distribution`.

    Returns:
        float32 [P, S, S], first and last piece; -inf for spans that cross blocks or have more than `LONGEST_SPAN`
        pieces.
    """
    null_P = passage_null(read, relevance_weight)
    joint_PSS = read.start_BS[:, :, None] + read.end_BS[:, None, :] - null_P[:, None, None]
    S = joint_PSS.shape[-1]
    near_SS = torch.ones(S, S, dtype=torch.bool, device=joint_PSS.device).triu().tril(LONGEST_SPAN - 1)
    same_PSS = segment_PS[:, :, None] == segment_PS[:, None, :]
    return joint_PSS.masked_fill(~(near_SS & same_PSS), float("-inf"))


def span_distribution(
    reading: Reading, temperature: float = 1.0, relevance_weight: float = 1.0
) -> SpanDistribution:
    """Distribution over spans of at most `LONGEST_SPAN` pieces, over all passages together.

    Shared normalisation over passages follows arXiv 1710.10723.

    Args:
        reading: What was read.
        temperature: Divides span scores.
        relevance_weight: How much the relevance head counts beside the null scores in comparing passages.
    """
    joint_PSS = span_scores(reading.read, reading.segment_PS, relevance_weight) / temperature
    any_span = float(joint_PSS.flatten().logsumexp(0))
    total = math.log1p(math.exp(-abs(any_span))) + max(any_span, 0.0)
    return SpanDistribution(joint_PSS - total, any_span)


def _scores_on_host(read: ReadStates) -> ReadStates:
    """The same with all scores on the CPU, where answers are put together; the read states stay."""
    return ReadStates(
        states_BSD=read.states_BSD,
        start_BS=read.start_BS.to(HOST),
        end_BS=read.end_BS.to(HOST),
        null_B2=read.null_B2.to(HOST),
        relevance_B=read.relevance_B.to(HOST),
    )


def _asks(ranges: Sequence[tuple[int, int]], passage: SourcePassage) -> list[float]:
    """1 for pieces inside a sentence of the passage that ends with a question mark, else 0."""
    asking = [(a, b) for a, b in passage.sentences if passage.text[a:b].rstrip().endswith(("?", "？"))]
    return [float(any(a <= start and end <= b for a, b in asking)) for start, end in ranges]


def _segments(ranges: Sequence[tuple[int, int]], passage: SourcePassage) -> list[int]:
    """Number of the block in a kept range to which each piece belongs; -1 for framing pieces.

    White space between two pieces of a block belongs to it, so that copying goes on across it.
    """
    ends = [*(gap.start() for gap in BLANK_LINE.finditer(passage.text)), len(passage.text)]
    numbers: dict[tuple[int, int], int] = {}
    segments = []
    for start, end in ranges:
        kept = next((i for i, one in enumerate(passage.kept) if stands_in((start, end), one)), None)
        if (start, end) == FRAME or (passage.kept and kept is None):
            segments.append(-1)
            continue
        place = (kept or 0, bisect_left(ends, max(start + 1, end)))
        segments.append(numbers.setdefault(place, len(numbers)))
    return segments
