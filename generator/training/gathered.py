"""The reader over gathered questions: passages as answering reads them, in batches; loss and best spans.

Dimensions in names: N questions, B rows (one question with one passage), Q question pieces, S passage pieces.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from generator.data.gathered import GatheredQuestion, GoldRange
from generator.device import autocast
from generator.fathom_small.encoder import ReadStates
from generator.fathom_small.match import PieceMatcher
from generator.fathom_small.reading import (
    PassageReader,
    PassageRows,
    answering_logits,
    passage_rows,
    span_scores,
)
from generator.training.losses import GatheredWeights, gathered_loss, question_scores
from generator.training.reader import Reader


class GoldSpan(NamedTuple):
    """Pieces that answer.

    Attributes:
        within: The answer begins and ends anywhere inside.
    """

    first: int
    last: int
    within: bool


class GatheredBatch(NamedTuple):
    """Questions with their passages, one row a passage.

    Attributes:
        question_BQ: int64 piece ids.
        question_mask_BQ: bool.
        question_BQD: Document-layer states.
        rows: The passages.
        number_B: int64 question of each row.
        gold: Gold spans of each row.
        answerable_N: bool, whether any passage of the question answers.
    """

    question_BQ: Tensor
    question_mask_BQ: Tensor
    question_BQD: Tensor
    rows: PassageRows
    number_B: Tensor
    gold: tuple[tuple[GoldSpan, ...], ...]
    answerable_N: Tensor


class BestSpan(NamedTuple):
    """Best span of a question, as answering would choose it.

    Attributes:
        logit: Log-odds that any passage answers.
        inside: Whether the best span is right: inside a gold region, or touching an exact range; None where nothing
            answers.
    """

    logit: float
    inside: bool | None


class GatheredReading:
    """Reads gathered questions by the code of answering; the document layers stay as they are."""

    def __init__(self, reader: Reader, passages: PassageReader, matcher: PieceMatcher, pad: int) -> None:
        """Set up.

        Args:
            reader: What learns.
            passages: Over the same layers; keeps the memories.
            matcher: Of the encoder's pieces.
            pad: Id of the padding piece.
        """
        self.reader, self.passages, self.pad = reader, passages, pad
        self.device = reader.reading.role.device
        self.matcher = matcher.to(self.device)

    @torch.no_grad()
    def batch(self, questions: Sequence[GatheredQuestion]) -> GatheredBatch:
        """Put questions together; memories are computed in the format that answering has them in."""
        sources = [passage.source for question in questions for passage in question.passages]
        number_B = torch.tensor([n for n, question in enumerate(questions) for _ in question.passages])
        ids = [self.passages.question_ids(question.question) for question in questions]
        question_NQ = torch.full((len(ids), max(map(len, ids))), self.pad)
        for n, pieces in enumerate(ids):
            question_NQ[n, : len(pieces)] = torch.tensor(pieces)
        question_NQ, number_B = question_NQ.to(self.device), number_B.to(self.device)
        with autocast(self.device, enabled=False):
            rows = passage_rows(self.passages.memories, sources)
            states_NQD = self.reader.document(question_NQ, question_NQ != self.pad)
        golds = [passage.gold for question in questions for passage in question.passages]
        gold = tuple(
            gold_spans(ranges, segments, ranges_of_text)
            for ranges, segments, ranges_of_text in zip(
                rows.ranges, rows.segment_PS.tolist(), golds, strict=True
            )
        )
        question_BQ = question_NQ[number_B]
        answerable_N = torch.tensor([question.answerable for question in questions], device=self.device)
        return GatheredBatch(
            question_BQ,
            question_BQ != self.pad,
            states_NQD[number_B],
            rows.to(self.device),
            number_B,
            gold,
            answerable_N,
        )

    def read(self, batch: GatheredBatch) -> ReadStates:
        """Read a batch, with the logits that answering compares."""
        rows = batch.rows
        read: ReadStates = self.reader.reading(
            batch.question_BQD,
            batch.question_mask_BQ,
            rows.memory_PSD,
            rows.mask_PS,
            self.matcher.features(batch.question_BQ, rows.ids_PS),
            self.matcher.features(rows.ids_PS, batch.question_BQ),
        )
        return answering_logits(read, rows)


class GatheredReaderLoss:
    """Callable for the loop: gathered questions to loss and metrics. Eager: every batch has lengths of its own."""

    def __init__(self, reading: GatheredReading, weights: GatheredWeights) -> None:
        self.reading, self.weights = reading, weights

    def __call__(self, questions: Sequence[GatheredQuestion]) -> tuple[Tensor, Mapping[str, Tensor | float]]:
        """Loss of one batch."""
        batch = self.reading.batch(questions)
        read = self.reading.read(batch)
        joint_BSS = span_scores(read, batch.rows.segment_PS)
        loss = gathered_loss(
            joint_BSS, read.relevance_B, gold_mask(batch), batch.number_B, batch.answerable_N, self.weights
        )
        return loss.total, {"span": loss.span, "relevance": loss.relevance, "rows": len(batch.number_B)}

    def scored(self, questions: Sequence[GatheredQuestion]) -> tuple[float, list[BestSpan]]:
        """Span loss of some questions, and the best span of each."""
        batch = self.reading.batch(questions)
        read = self.reading.read(batch)
        joint_BSS, number_B = span_scores(read, batch.rows.segment_PS), batch.number_B
        loss = gathered_loss(
            joint_BSS, read.relevance_B, gold_mask(batch), number_B, batch.answerable_N, self.weights
        )
        own_NB = number_B[None, :] == torch.arange(len(questions), device=number_B.device)[:, None]
        logits = question_scores(joint_BSS, own_NB).tolist()
        S = joint_BSS.shape[-1]
        best_B, place_B = (each.tolist() for each in joint_BSS.flatten(1).max(1))
        spans = []
        for logit, own_B, answerable in zip(
            logits, own_NB.tolist(), batch.answerable_N.tolist(), strict=True
        ):
            row = max((b for b, own in enumerate(own_B) if own), key=lambda b: best_B[b])
            right = is_right(place_B[row] // S, place_B[row] % S, batch.gold[row])
            spans.append(BestSpan(logit, right if answerable else None))
        return float(loss.span), spans


def gold_spans(
    ranges: Sequence[tuple[int, int]], segments: Sequence[int], gold: Sequence[GoldRange]
) -> tuple[GoldSpan, ...]:
    """Gold ranges as pieces; ranges without a kept piece are left out.

    Args:
        ranges: Character range of each piece.
        segments: Block of each piece, -1 where it is not said; may be longer than `ranges`.
        gold: Ranges of characters.
    """
    spans = []
    for one in gold:
        inside = [
            i
            for i, (a, b) in enumerate(ranges)
            if a < b and a < one.end and b > one.start and segments[i] >= 0
        ]
        if inside:
            spans.append(GoldSpan(inside[0], inside[-1], one.within))
    return tuple(spans)


def gold_mask(batch: GatheredBatch) -> Tensor:
    """Spans that answer: bool [B, S, S], first and last piece."""
    B, S = batch.rows.ids_PS.shape
    gold_BSS = torch.zeros(B, S, S, dtype=torch.bool)
    for b, spans in enumerate(batch.gold):
        for first, last, within in spans:
            if within:
                gold_BSS[b, first : last + 1, first : last + 1] = True
            else:
                gold_BSS[b, first, last] = True
    return gold_BSS.to(batch.rows.ids_PS.device)


def is_right(first: int, last: int, gold: Sequence[GoldSpan]) -> bool:
    """Whether a span lies inside a gold region or touches an exact range."""
    return any(
        one.first <= first and last <= one.last if one.within else first <= one.last and last >= one.first
        for one in gold
    )
