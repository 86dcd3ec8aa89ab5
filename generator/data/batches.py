"""Batches of reading examples: tokenised once, windows of few fixed lengths, order a function of seed and epoch.

Dimensions in names: B rows, Q question pieces, S passage pieces, N answers a row.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol, Self

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from generator.data.distractors import Asked, NearMisses, SearchEncoder
from generator.data.examples import Example
from generator.data.tokenised import TokenisedExamples, special_id

MAX_ANSWERS = 4


class Matcher(Protocol):
    """Marks each piece that occurs in the other text."""

    def to(self, device: torch.device) -> Self:
        """The same on a device."""
        ...

    def features(self, ids_BL: Tensor, other_BM: Tensor) -> Tensor:
        """Of int64 piece ids [B, L] of one text and [B, M] of the other: float32 [B, L, F]."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchConfig:
    """Shapes of batches.

    Attributes:
        question_pieces: Questions are cut and padded to this length.
        passage_pieces: Window lengths; a row takes the shortest that holds it, the last one cuts.
        batch_pieces: Rows of a batch = this / (question + passage pieces).
        negatives: Share of rows whose passage is exchanged for one that does not answer: another of the same group.
        foreign: Share of those whose passage is from anywhere in the set.
        hard: Share of those whose passage is one of the `hard_count` that share the most rare pieces with the
            question; what is left is of the same group.
        restyled: Share of questions that are asked in the other style: see `restyled`.
        unmatched: Share of rows without match features, so that a passage may answer though it shares no word with the
            question, as one in another language does not.
    """

    question_pieces: int = 32
    passage_pieces: tuple[int, ...] = (64, 128, 192, 256)
    batch_pieces: int = 3456
    negatives: float = 0.3
    foreign: float = 0.15
    hard: float = 0.6
    hard_count: int = 4
    restyled: float = 0.0
    unmatched: float = 0.0

    def window_length(self, pieces: int) -> int:
        """Shortest window of at least this many pieces; the longest window if none is."""
        return next((s for s in self.passage_pieces if pieces <= s), self.passage_pieces[-1])

    def rows(self, S: int) -> int:
        """Rows of a batch with windows of `S` pieces."""
        return max(1, self.batch_pieces // (self.question_pieces + S) // 2 * 2)


@dataclass(frozen=True, slots=True)
class Encoded:
    """A tokenised example: piece ids without special pieces; answers as piece ranges [first, last].

    Attributes:
        other_style: The question in the other style.
        passage: Number of the passage among the data's passages.
        target: Piece ids of a free-form answer; empty where the answer is a range.
        distractors: Numbers of passages that look like the question and do not answer it.
    """

    question: NDArray[np.int32]
    other_style: NDArray[np.int32]
    passage: int
    answers: tuple[tuple[int, int], ...]
    group: str
    source: str
    target: tuple[int, ...] = ()
    distractors: tuple[int, ...] = ()


class ReadingBatch(NamedTuple):
    """One batch; `answers_BN2` are [start, end] pieces in the window, -1 where unused, all -1 for a null row."""

    question_BQ: Tensor
    question_mask_BQ: Tensor
    passage_BS: Tensor
    passage_mask_BS: Tensor
    question_match_BQM: Tensor
    passage_match_BSM: Tensor
    answers_BN2: Tensor


class ReadingData:
    """Examples in memory, tokenised; gives batches for an epoch."""

    def __init__(
        self,
        examples: Sequence[Example],
        tokenizer: Tokenizer,
        matcher: Matcher,
        config: BatchConfig,
        encoder: SearchEncoder | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """Tokenise everything (about 20,000 passages a minute on one core).

        Args:
            examples: What to ask.
            tokenizer: The encoder's.
            matcher: Over the same vocabulary.
            config: Shapes of batches.
            encoder: Finds distractors by meaning, besides those by words; None for words alone.
            device: Where batches are wanted.
        """
        self.config = config
        self.device = torch.device(device)
        self.matcher = matcher.to(self.device)
        self.bos, self.eos, self.pad = (special_id(tokenizer, piece) for piece in ("<s>", "</s>", "<pad>"))
        known = TokenisedExamples(examples, tokenizer, config.question_pieces)
        self.prefix, self.passages = known.prefix, known.passages
        near: list[tuple[int, ...]] = [()] * len(examples)
        if config.hard:
            near = near_misses(examples, known, config.hard_count, encoder, self.device)
        self.by_source: dict[str, list[int]] = {}
        for passage, name in enumerate(known.sources):
            self.by_source.setdefault(name, []).append(passage)
        self.examples: list[Encoded] = []
        groups: dict[str, dict[int, None]] = {}
        for place, example in enumerate(examples):
            if example.answers and not known.spans[place]:
                continue
            target = tokenizer.encode(example.target, add_special_tokens=False).ids if example.target else ()
            self.examples.append(
                Encoded(
                    known.questions[place],
                    known.other_styles[place],
                    known.homes[place],
                    known.spans[place],
                    example.group,
                    example.source,
                    tuple(target),
                    near[place],
                )
            )
            groups.setdefault(example.group, {})[known.homes[place]] = None
        self.by_group = {group: list(passages) for group, passages in groups.items()}

    def epoch(self, order: Sequence[int], seed: int, *, whole: bool = False) -> Iterator[ReadingBatch]:
        """Batches over the examples numbered in `order`; incomplete ones at the end only where `whole` is true."""
        rng = random.Random(seed)
        waiting: dict[int, list[tuple[Encoded, NDArray[np.int32], tuple[tuple[int, int], ...]]]] = {}
        for i in order:
            example = self.examples[i]
            if rng.random() < self.config.restyled:
                example = replace(example, question=example.other_style)
            window, answers = self.window(example, rng)
            S = self.config.window_length(len(window))
            rows = waiting.setdefault(S, [])
            rows.append((example, window, answers))
            if len(rows) == self.config.rows(S):
                yield self._without_match(self.collate(waiting.pop(S), S), rng)
        for S, rows in waiting.items() if whole else ():
            yield self._without_match(self.collate(rows, S), rng)

    def _without_match(self, batch: ReadingBatch, rng: random.Random) -> ReadingBatch:
        """The batch with the match features of some rows taken away."""
        if not self.config.unmatched:
            return batch
        B = len(batch.question_BQ)
        kept_B = torch.tensor([rng.random() >= self.config.unmatched for _ in range(B)], device=self.device)
        kept_B11 = kept_B[:, None, None]
        return batch._replace(
            question_match_BQM=batch.question_match_BQM * kept_B11,
            passage_match_BSM=batch.passage_match_BSM * kept_B11,
        )

    def window(
        self, example: Encoded, rng: random.Random
    ) -> tuple[NDArray[np.int32], tuple[tuple[int, int], ...]]:
        """A window of the example's passage, or at times of another one of its group.

        Returns:
            int32 piece ids with special and prefix pieces; answers as piece ranges in them.
        """
        others = self.by_group[example.group]
        passage, answers = example.passage, example.answers
        if rng.random() < self.config.negatives:
            other = rng.choice(others)
            kind = rng.random()
            if kind < self.config.hard and example.distractors:
                other = rng.choice(example.distractors)
            elif kind > 1 - self.config.foreign:
                other = rng.choice(self.by_source[example.source])
            if other != passage:
                passage, answers = other, ()
        ids = self.passages[passage]
        lead = len(self.prefix) + 1
        room = self.config.passage_pieces[-1] - lead - 1
        first = 0
        if len(ids) > room:
            low, high = 0, len(ids) - room
            if answers:
                a, b = rng.choice(answers)
                low, high = max(0, min(b + 1 - room, high)), max(0, min(a, high))
            first = rng.randint(min(low, high), max(low, high))
        window = np.concatenate([[self.bos], self.prefix, ids[first : first + room], [self.eos]]).astype(
            np.int32
        )
        inside = tuple(
            (a - first + lead, b - first + lead)
            for a, b in answers
            if a >= first and b < first + min(room, len(ids))
        )
        return window, inside[:MAX_ANSWERS]

    def collate(
        self, rows: Sequence[tuple[Encoded, NDArray[np.int32], tuple[tuple[int, int], ...]]], S: int
    ) -> ReadingBatch:
        """Pad rows to one batch with windows of `S` pieces."""
        B, Q = len(rows), self.config.question_pieces
        question_BQ = torch.full((B, Q), self.pad)
        passage_BS = torch.full((B, S), self.pad)
        answers_BN2 = torch.full((B, MAX_ANSWERS, 2), -1)
        for b, (example, window, answers) in enumerate(rows):
            question = torch.tensor([self.bos, *example.question.tolist(), self.eos])
            question_BQ[b, : len(question)] = question
            passage_BS[b, : len(window)] = torch.from_numpy(window.astype(np.int64))
            for n, span in enumerate(answers):
                answers_BN2[b, n] = torch.tensor(span)
        question_BQ, passage_BS = question_BQ.to(self.device), passage_BS.to(self.device)
        return ReadingBatch(
            question_BQ,
            question_BQ != self.pad,
            passage_BS,
            passage_BS != self.pad,
            self.matcher.features(question_BQ, passage_BS),
            self.matcher.features(passage_BS, question_BQ),
            answers_BN2.to(self.device),
        )


def near_misses(
    examples: Sequence[Example],
    known: TokenisedExamples,
    count: int,
    encoder: SearchEncoder | None,
    device: torch.device,
) -> list[tuple[int, ...]]:
    """Near misses of each example among the passages of its set; see `generator.data.distractors`."""
    asked = [
        Asked(e.question, ids, home, tuple(e.passage[a:b] for a, b in e.answers))
        for e, ids, home in zip(examples, known.questions, known.homes, strict=True)
    ]
    return NearMisses(known.passages, known.texts, known.sources, encoder, device).find(asked, count)
