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

from generator.blocks.passage_memory import FRAME, kept_rows, stands_in
from generator.errors import RequestError
from generator.fathom_small.encoder import DocumentLayers, ReadingLayers, ReadStates
from generator.fathom_small.match import PieceMatcher
from generator.fathom_small.memory_cache import MemoryCache
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
    """What reading a question against its passages gives.

    Attributes:
        passages: Those that were read (weight above 0 and some text kept), in the order given.
        ranges: Character ranges of the kept pieces, by passage; see `PassageMemory`.
        ids_PS: int64 piece ids; padding is 0.
        segment_PS: int64 number of the block of text, in a kept range, that a piece stands in; blocks are parted by
            blank lines, and no run of copied text goes from one into another. -1 for framing pieces and padding, which
            are not copied.
        read: Heads and states of the reading layers; no span starts or ends at a piece of white space, and few in a
            sentence that asks.
    """

    passages: Sequence[SourcePassage]
    ranges: Sequence[Sequence[tuple[int, int]]]
    ids_PS: Tensor
    segment_PS: Tensor
    read: ReadStates


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
    ) -> None:
        """Set up with an empty memory cache.

        Args:
            document: In evaluation mode.
            reading: In evaluation mode.
            tokenizer: The encoder's.
            matcher: Over the same vocabulary.
            window: Longest text of the document layers, in pieces.
            question_pieces: Longest question; a longer one keeps its end, where the question usually stands.
        """
        self.memories = MemoryCache(document, tokenizer, window)
        self._document, self._reading = document, reading
        self._tokenizer, self._matcher, self._question_pieces = tokenizer, matcher, question_pieces
        self._bos, self._eos = tokenizer.token_to_id("<s>"), tokenizer.token_to_id("</s>")
        self._prefix = tokenizer.encode(QUESTION_PREFIX.strip(), add_special_tokens=False).ids

    def pieces(self, text: str) -> list[int]:
        """Piece ids of a text that stands alone."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def read(self, question: str, passages: Sequence[SourcePassage]) -> Reading | None:
        """Read the kept parts of each passage; None where there is nothing to read.

        Raises:
            RequestError: The question is empty.
        """
        if not question.strip():
            raise RequestError("the question is empty; ask something")
        live = [p for p in passages if p.weight > 0 and p.text.strip()]
        if not live:
            return None
        gathered = [
            kept_rows(m, p.kept) for m, p in zip(self.memories.get([p.text for p in live]), live, strict=True)
        ]
        S = max(len(memory.ids_S) for memory in gathered)
        P, D = len(live), gathered[0].states_SD.shape[1]
        memory_PSD = torch.zeros(P, S, D, dtype=gathered[0].states_SD.dtype)
        ids_PS = torch.zeros(P, S, dtype=torch.long)
        mask_PS = torch.zeros(P, S, dtype=torch.bool)
        segment_PS = torch.full((P, S), -1)
        blank_PS = torch.ones(P, S, dtype=torch.bool)
        asks_PS = torch.zeros(P, S)
        for p, memory in enumerate(gathered):
            n = len(memory.ids_S)
            memory_PSD[p, :n], ids_PS[p, :n], mask_PS[p, :n] = memory.states_SD, memory.ids_S, True
            segment_PS[p, :n] = torch.tensor(_segments(memory.ranges, live[p]))
            blank_PS[p, :n] = torch.tensor([b <= a for a, b in memory.ranges])
            asks_PS[p, :n] = torch.tensor(_asks(memory.ranges, live[p]))
        silent_PS = blank_PS | (segment_PS < 0)
        with torch.inference_mode():
            read = self._read_states(question, memory_PSD, ids_PS, mask_PS)
            weight_P1 = torch.tensor([math.log(p.weight) for p in live])[:, None]
            read = read._replace(
                start_BS=read.start_BS.masked_fill(silent_PS, float("-inf"))
                + weight_P1
                - QUESTION_PENALTY * asks_PS,
                end_BS=read.end_BS.masked_fill(silent_PS, float("-inf")) - QUESTION_PENALTY * asks_PS,
            )
        return Reading(live, [memory.ranges for memory in gathered], ids_PS, segment_PS, read)

    def _read_states(self, question: str, memory_PSD: Tensor, ids_PS: Tensor, mask_PS: Tensor) -> ReadStates:
        pieces = self._tokenizer.encode(QUESTION_PREFIX + question, add_special_tokens=False).ids[
            len(self._prefix) :
        ]
        pieces = pieces[-(self._question_pieces - len(self._prefix) - 2) :]
        question_1Q = torch.tensor([[self._bos, *self._prefix, *pieces, self._eos]])
        P = ids_PS.shape[0]
        states_1QD = self._document(question_1Q, torch.ones_like(question_1Q, dtype=torch.bool))
        question_PQ = question_1Q.expand(P, -1)
        read: ReadStates = self._reading(
            states_1QD.expand(P, -1, -1),
            torch.ones_like(question_PQ, dtype=torch.bool),
            memory_PSD,
            mask_PS,
            self._matcher.features(question_PQ, ids_PS),
            self._matcher.features(ids_PS, question_PQ),
        )
        return read


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


def passage_null(reading: Reading, relevance_weight: float) -> Tensor:
    """What a passage's spans are measured against: its null score, less its weighted relevance logit. float32 [P]."""
    return reading.read.null_B2.sum(-1) - relevance_weight * reading.read.relevance_B


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
    read = reading.read
    null_P = passage_null(reading, relevance_weight)
    joint_PSS = read.start_BS[:, :, None] + read.end_BS[:, None, :] - null_P[:, None, None]
    S = joint_PSS.shape[-1]
    near_SS = torch.ones(S, S, dtype=torch.bool).triu().tril(LONGEST_SPAN - 1)
    same_PSS = reading.segment_PS[:, :, None] == reading.segment_PS[:, None, :]
    joint_PSS = (joint_PSS / temperature).masked_fill(~(near_SS & same_PSS), float("-inf"))
    any_span = float(joint_PSS.flatten().logsumexp(0))
    total = math.log1p(math.exp(-abs(any_span))) + max(any_span, 0.0)
    return SpanDistribution(joint_PSS - total, any_span)


def _asks(ranges: Sequence[tuple[int, int]], passage: SourcePassage) -> list[float]:
    """1 for pieces inside a sentence of the passage that ends with a question mark, else 0."""
    asking = [(a, b) for a, b in passage.sentences if passage.text[a:b].rstrip().endswith(("?", "？"))]
    return [float(any(a <= start and end <= b for a, b in asking)) for start, end in ranges]


def _segments(ranges: Sequence[tuple[int, int]], passage: SourcePassage) -> list[int]:
    """Number of the block in a kept range that each piece stands in; -1 for framing pieces.

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
