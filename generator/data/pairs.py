"""Batches of pairs: a question with the passage that answers, and the same question with a near miss.

Passages compete when a question is answered, so they compete when the reader is trained. All pieces lie flat on the
device; a batch is gathered there, and pairs of about one length come together. What is drawn at random is a function of
seed and epoch, the same on every device.

Dimensions in names: E examples, B rows of a batch (the first half with the right passage, the second with the near miss
of the same question), Q question pieces, S passage pieces, N answers a row, K near misses.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from generator.data.batches import MAX_ANSWERS, Matcher, ReadingBatch, near_misses
from generator.data.distractors import SearchEncoder
from generator.data.examples import Example
from generator.data.ragged import Frame, RaggedPieces
from generator.data.tokenised import TokenisedExamples, special_id
from generator.errors import TrainingDataError


@dataclass(frozen=True, slots=True, kw_only=True)
class PairConfig:
    """Shapes of batches, and the other passages beside the right one.

    Attributes:
        question_pieces: Questions are cut and padded to this length.
        passage_pieces: Window lengths; a pair takes the shortest that holds both passages, the last one cuts.
        batch_pieces: Pieces of a batch, padding included.
        near: Share of pairs whose other passage is one of the `near_count` near misses of the question.
        group: Share of pairs whose other passage is of the same group; what is left is of the same set.
        near_count: Near misses kept of a question, half by words and half by meaning.
        restyled: Share of questions asked in the other style, so that style tells nothing of passages.
        unmatched: Share of pairs read without match features, so that a passage may answer though it shares no word
            with the question, as one in another language does not.
    """

    question_pieces: int = 48
    passage_pieces: tuple[int, ...] = (96, 160, 224, 320, 416)
    batch_pieces: int = 3_456
    near: float = 0.65
    group: float = 0.25
    near_count: int = 16
    restyled: float = 0.35
    unmatched: float = 0.15

    def pairs(self, S: int) -> int:
        """Pairs of a batch with windows of `S` pieces."""
        return max(1, self.batch_pieces // (2 * (self.question_pieces + S)))


class PairBatch(NamedTuple):
    """One batch of pairs.

    Attributes:
        reading: Rows to read.
        supervision_B: int64 `Supervision` of the row's example.
        own_B: bool, True where the row's passage is the example's own; also in the second half, where a set has no
            other passage.
    """

    reading: ReadingBatch
    supervision_B: Tensor
    own_B: Tensor


class PairData:
    """Examples, tokenised, with their near misses, on a device."""

    def __init__(
        self,
        examples: Sequence[Example],
        tokenizer: Tokenizer,
        matcher: Matcher,
        config: PairConfig,
        encoder: SearchEncoder | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        """Tokenise everything and look for near misses.

        Args:
            examples: What to ask; those whose answers hold no piece are left out.
            tokenizer: The encoder's.
            matcher: Over the same vocabulary.
            config: Shapes of batches.
            encoder: Finds near misses by meaning, besides those by words; None for words alone.
            device: Where pieces are kept and batches are made.

        Raises:
            TrainingDataError: No example is left.
        """
        self.config, self.device = config, torch.device(device)
        self.matcher = matcher.to(self.device)
        known = TokenisedExamples(examples, tokenizer, config.question_pieces)
        near = near_misses(examples, known, config.near_count, encoder, self.device)
        kept = [i for i, e in enumerate(examples) if known.spans[i] or not e.answers]
        if not kept:
            raise TrainingDataError("no example to train on; check the recipe")
        bos, eos, pad = (special_id(tokenizer, piece) for piece in ("<s>", "</s>", "<pad>"))
        self.frame = Frame(bos, tuple(known.prefix.tolist()), eos, pad)
        self.question_frame = Frame(bos, (), eos, pad)
        self.passages = RaggedPieces(known.passages, self.device)
        self.questions = RaggedPieces([known.questions[i] for i in kept], self.device)
        self.other_styles = RaggedPieces([known.other_styles[i] for i in kept], self.device)
        self.sources = [examples[i].source for i in kept]
        self.pieces_P = np.array([len(ids) for ids in known.passages], np.int64)
        self.home_E = np.array([known.homes[i] for i in kept], np.int64)
        self.near_EK = _padded([near[i] for i in kept], config.near_count)
        answers_EN2 = np.full((len(kept), MAX_ANSWERS, 2), -1, np.int64)
        for e, i in enumerate(kept):
            for n, span in enumerate(known.spans[i][:MAX_ANSWERS]):
                answers_EN2[e, n] = span
        self.answers_EN2 = torch.from_numpy(answers_EN2).to(self.device)
        self.supervision_E = torch.tensor([int(examples[i].supervision) for i in kept], device=self.device)
        self.group_of = [examples[i].group for i in kept]
        self.by_group = _numbers(self.group_of, self.home_E.tolist())
        self.by_source = _numbers(known.sources, range(len(known.sources)))

    def __len__(self) -> int:
        return len(self.home_E)


def _padded(rows: Sequence[Sequence[int]], width: int) -> NDArray[np.int64]:
    """int64 [E, K], -1 after the end of each row."""
    padded_EK = np.full((len(rows), width), -1, np.int64)
    for e, row in enumerate(rows):
        padded_EK[e, : len(row)] = row
    return padded_EK


def _numbers(names: Sequence[str], numbers: Sequence[int]) -> dict[str, NDArray[np.int64]]:
    """The numbers that belong to each name, ascending, each once."""
    found: dict[str, set[int]] = {}
    for name, number in zip(names, numbers, strict=True):
        found.setdefault(name, set()).add(number)
    return {name: np.array(sorted(values), np.int64) for name, values in found.items()}


class PairBatches:
    """Epochs of pairs: sets repeated by their weight, shuffled by seed and epoch."""

    def __init__(self, data: PairData, repeat: Mapping[str, float], seed: int) -> None:
        """Set up.

        Args:
            data: What to read.
            repeat: How often a set is seen per epoch, by its path; a fraction samples.
            seed: Of order, near misses, windows and styles.
        """
        self.data, self.seed = data, seed
        self.repeat_E = np.array([repeat[source] for source in data.sources])

    def __call__(self, epoch: int) -> Iterator[PairBatch]:
        """Batches of one epoch; of each length an incomplete one is left out."""
        data, config = self.data, self.data.config
        rng = np.random.default_rng([self.seed, epoch])
        times_E = np.floor(self.repeat_E + rng.random(len(data))).astype(np.int64)
        order = np.repeat(np.arange(len(data)), times_E)
        rng.shuffle(order)
        beside = self._beside(order, rng)
        longest = np.maximum(data.pieces_P[data.home_E[order]], data.pieces_P[beside]) + data.frame.lead + 1
        lengths = np.array(config.passage_pieces)
        bucket = np.minimum(np.searchsorted(lengths, longest), len(lengths) - 1)
        chunks = []
        for number, S in enumerate(config.passage_pieces):
            (inside,), size = np.nonzero(bucket == number), config.pairs(S)
            chunks += [(S, inside[i : i + size]) for i in range(0, len(inside) - size + 1, size)]
        for chunk in rng.permutation(len(chunks)):
            S, places = chunks[chunk]
            yield self._batch(order[places], beside[places], S, rng)

    def _beside(self, order: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """The other passage of each pair: a near miss, one of the same group, or one of the same set."""
        data, config = self.data, self.data.config
        found_K = (data.near_EK[order] >= 0).sum(1)
        pick = (rng.random(len(order)) * found_K).astype(np.int64)
        beside: NDArray[np.int64] = data.near_EK[order, pick]
        kind, draw = rng.random(len(order)), rng.random((len(order), 2))
        for place in np.nonzero((kind >= config.near) | (found_K == 0))[0].tolist():
            example, home = order[place], data.home_E[order[place]]
            near = data.by_group[data.group_of[example]]
            wide = kind[place] >= config.near + config.group or len(near) < 2
            pool = data.by_source[data.sources[example]] if wide else near
            drawn = pool[(draw[place] * len(pool)).astype(np.int64)]
            beside[place] = drawn[0] if drawn[0] != home else drawn[1]
        return beside

    def _batch(
        self, examples: NDArray[np.int64], beside: NDArray[np.int64], S: int, rng: np.random.Generator
    ) -> PairBatch:
        data, config = self.data, self.data.config
        pairs = len(examples)
        home_B = self._on_device(np.tile(data.home_E[examples], 2))
        passage_B = self._on_device(np.concatenate([data.home_E[examples], beside]))
        example_B = self._on_device(np.tile(examples, 2))
        own_B = passage_B == home_B
        passage_BS, answers_BN2 = self._windows(example_B, passage_B, own_B, S, rng)
        restyled_B1 = self._on_device(np.tile(rng.random(pairs) < config.restyled, 2))[:, None]
        matched_B11 = self._on_device(np.tile(rng.random(pairs) >= config.unmatched, 2))[:, None, None]
        first_B = torch.zeros_like(example_B)
        question_BQ, other_BQ = (
            texts.windows(example_B, first_B, config.question_pieces, data.question_frame)
            for texts in (data.questions, data.other_styles)
        )
        question_BQ = torch.where(restyled_B1, other_BQ, question_BQ)
        reading = ReadingBatch(
            question_BQ,
            question_BQ != data.frame.pad,
            passage_BS,
            passage_BS != data.frame.pad,
            data.matcher.features(question_BQ, passage_BS) * matched_B11,
            data.matcher.features(passage_BS, question_BQ) * matched_B11,
            answers_BN2,
        )
        return PairBatch(reading, data.supervision_E[example_B], own_B)

    def _windows(
        self, example_B: Tensor, passage_B: Tensor, own_B: Tensor, S: int, rng: np.random.Generator
    ) -> tuple[Tensor, Tensor]:
        """Windows of the passages, around an answer in a right passage; answers as positions in the windows."""
        data, lead = self.data, self.data.frame.lead
        room = S - lead - 1
        draw_B, which_B = self._on_device(rng.random((2, len(example_B)))).unbind()
        spare_B = (data.passages.length_R[passage_B] - room).clamp(min=0)
        answers_BN2 = data.answers_EN2[example_B]
        used_BN = (answers_BN2[..., 0] >= 0) & own_B[:, None]
        number_B = (which_B * used_BN.sum(1)).long()
        start_B, end_B = answers_BN2[torch.arange(len(example_B), device=example_B.device), number_B].T
        low_B = torch.minimum((end_B + 1 - room).clamp(min=0), spare_B)
        high_B = torch.maximum(torch.minimum(start_B, spare_B), low_B)
        asked_B = used_BN.any(1)
        low_B, high_B = torch.where(asked_B, low_B, 0), torch.where(asked_B, high_B, spare_B)
        first_B = low_B + (draw_B * (high_B - low_B + 1)).long()
        inside_BN = used_BN & (answers_BN2[..., 0] >= first_B[:, None])
        inside_BN = inside_BN & (answers_BN2[..., 1] < first_B[:, None] + room)
        placed_BN2 = answers_BN2 - first_B[:, None, None] + lead
        return (
            data.passages.windows(passage_B, first_B, S, data.frame),
            torch.where(inside_BN[..., None], placed_BN2, -1),
        )

    def _on_device(self, values: NDArray[np.generic]) -> Tensor:
        """Without a stop of the device; float64 comes as float32, which every device knows."""
        if values.dtype == np.float64:
            values = values.astype(np.float32)
        return torch.from_numpy(np.ascontiguousarray(values)).to(self.data.device, non_blocking=True)
