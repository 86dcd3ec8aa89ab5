"""The writing half in training, over a reader: batches of answers as actions, the module, its loss.

The reader is frozen. Answers that stand in a passage are copied as a whole; free-form ones are turned into actions by
greedy longest alignment. Other passages stand beside the one that answers, so that the decoder learns to look at a
set. Batches hold answers of about one length.

Dimensions in names: B answers, P passages an answer, S pieces of a passage, N = P * S rows, T steps.
"""

import logging
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from generator.blocks.moe import busy_share, max_violation
from generator.data.batches import Encoded, ReadingBatch, ReadingData
from generator.data.spelling import Spelling
from generator.fathom_small.actions import Action, ActionTargets, action_loss, align, reader_prior
from generator.fathom_small.decoder import Decoder, DecoderLayer, StepInputs
from generator.fathom_small.reading import LONGEST_SPAN
from generator.training.objective import Metrics, Objective
from generator.training.reader import Reader

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerConfig:
    """Passages and length of a training answer.

    Attributes:
        passages: Passages an answer is written over: the one that holds it, and others.
        actions: Longest answer T, *stop* included; longer ones are left out.
        lengths: Answers of at most so many actions are batched together; longer ones at the longest length there is.
        near: Share of other passages that look like the question and do not answer it.
        shortest_copy: Pieces that a stretch must have to be copied out of the middle of a free-form answer.
    """

    passages: int = 3
    actions: int = 128
    lengths: tuple[int, ...] = (12, 32, 64)
    near: float = 0.5
    shortest_copy: int = 3


class WritingBatch(NamedTuple):
    """Rows to read (B * P of them, an answer's passages next to each other) and the target actions."""

    reading: ReadingBatch
    targets: ActionTargets
    inputs: StepInputs


_Row = tuple[Encoded, list[int], list[tuple[Action, int]]]
"""An example, its window, and its actions."""


class WriterBatches:
    """Epochs of answers as actions."""

    def __init__(
        self,
        data: ReadingData,
        repeat: Mapping[str, float],
        writable_V: Tensor,
        vocabulary: Sequence[str],
        seed: int,
        config: AnswerConfig,
    ) -> None:
        """Set up.

        Args:
            data: With `negatives` 0, so that every window answers; its distractors stand beside it.
            repeat: How often a set is seen per epoch, by its path.
            writable_V: int64 encoder ids of the pieces that can be written.
            vocabulary: Text of every piece of the encoder, by id.
            seed: Of order and distractors.
            config: What an answer is written over; passages are padded to the data's longest window.
        """
        self.data, self.repeat, self.seed = data, repeat, seed
        self.config = config
        self.S, self.T = data.config.passage_pieces[-1], config.actions
        self.writable = {int(piece): number for number, piece in enumerate(writable_V.tolist())}
        self.written = list(self.writable)
        self.spelling = Spelling(vocabulary, self.writable)

    def __call__(self, epoch: int) -> Iterator[WritingBatch]:
        """Batches of one epoch."""
        rng = random.Random(self.seed * 1_000_003 + epoch)
        order: list[int] = []
        for i, example in enumerate(self.data.examples):
            repeat = self.repeat[example.source]
            order.extend([i] * (int(repeat) + (rng.random() < repeat - int(repeat))))
        rng.shuffle(order)
        size = max(1, self.data.config.rows(self.S) // self.config.passages)
        waiting: dict[int, list[_Row]] = {}
        left_out: Counter[str] = Counter()
        for i in order:
            row = self._row(self.data.examples[i], rng)
            if row is None:
                left_out[self.data.examples[i].source] += 1
                continue
            T = next((length for length in self.config.lengths if len(row[2]) <= length <= self.T), self.T)
            rows = waiting.setdefault(T, [])
            rows.append(row)
            if len(rows) == size:
                yield self._collate(waiting.pop(T), T, rng)
        log.info(
            "epoch %s: %s answers, left out as too long or not to be spelled: %s",
            epoch,
            len(order),
            dict(left_out),
        )

    def _row(self, example: Encoded, rng: random.Random) -> _Row | None:
        window, answers = self.data.window(example, rng)
        if len(window) > self.S:
            return None
        if example.target:
            lead = len(self.data.prefix) + 1
            blocked = [-1] * lead + window[lead:-1].tolist() + [-1]
            spelled = self.spelling(example.target, set(blocked))
            actions = align(spelled, blocked, self.writable, self.config.shortest_copy)
        elif answers:
            first, last = rng.choice(answers)
            copied = [(Action.NEXT, row) for row in range(first + 1, last + 1)]
            actions = [(Action.COPY, first), *copied, (Action.STOP, 0)]
        else:
            return None
        return (example, window.tolist(), actions) if 1 < len(actions) <= self.T else None

    def _collate(self, rows: list[_Row], T: int, rng: random.Random) -> WritingBatch:
        reading_rows = []
        B = len(rows)
        action_BT = np.full((B, T), -1)
        argument_BT, piece_BT, before_BT, row_BT = (np.zeros((B, T), np.int64) for _ in range(4))
        for b, (example, window, actions) in enumerate(rows):
            place = rng.randrange(self.config.passages)
            shift = place * self.S
            for p in range(self.config.passages):
                pieces = window if p == place else self._distractor(example, rng)
                reading_rows.append((example, np.array(pieces, np.int32), ()))
            for t, (action, argument) in enumerate(actions):
                copied = action in (Action.COPY, Action.NEXT)
                action_BT[b, t] = int(action)
                argument_BT[b, t] = argument + shift if copied else argument
                if t + 1 < len(actions):
                    piece_BT[b, t + 1] = window[argument] if copied else self.written[argument]
                    before_BT[b, t + 1] = 1 if copied else 2
                    row_BT[b, t + 1] = argument + shift if copied else 0
        device = self.data.device
        targets_2BT = torch.from_numpy(np.stack([action_BT, argument_BT])).to(device)
        inputs_3BT = torch.from_numpy(np.stack([piece_BT, before_BT, row_BT])).to(device)
        reading = self.data.collate(reading_rows, self.S)
        return WritingBatch(reading, ActionTargets(*targets_2BT), StepInputs(*inputs_3BT))

    def _distractor(self, example: Encoded, rng: random.Random) -> list[int]:
        others = self.data.by_group[example.group]
        number = rng.choice(others if len(others) > 1 else self.data.by_source[example.source])
        if example.distractors and rng.random() < self.config.near:
            number = rng.choice(example.distractors)
        if number == example.passage:
            number = rng.choice(self.data.by_source[example.source])
        ids = self.data.passages[number][: self.S - len(self.data.prefix) - 2].tolist()
        return [self.data.bos, *self.data.prefix.tolist(), *ids, self.data.eos]


class Writer(nn.Module):
    """Frozen reader and decoder, as one module for training."""

    def __init__(self, reader: Reader, decoder: Decoder, *, compile_reader: bool = False) -> None:
        super().__init__()
        self.reader = reader.requires_grad_(requires_grad=False)
        self.decoder = decoder
        self.read = torch.compile(reader, dynamic=False) if compile_reader else reader

    def forward(self, batch: WritingBatch) -> tuple[Tensor, Mapping[str, Tensor]]:
        """Loss of one batch, and by layer the routers' loads, dropped assignments and gate entropy in nats."""
        rows = batch.reading
        with torch.no_grad():
            read = self.read(rows)
        B, S = batch.targets.action_BT.shape[0], rows.passage_BS.shape[1]
        P = len(rows.passage_BS) // B
        text_BPS = (rows.passage_mask_BS & (rows.passage_BS > 2)).reshape(B, P, S)
        segment_BPS = torch.where(text_BPS, 0, -1)
        none = float("-inf")
        prior = reader_prior(
            read.start_BS.reshape(B, P, S).masked_fill(~text_BPS, none),
            read.end_BS.reshape(B, P, S).masked_fill(~text_BPS, none),
            (read.null_B2.sum(-1) - read.relevance_B).reshape(B, P),
            segment_BPS,
            LONGEST_SPAN,
        )
        states_BND = read.states_BSD.float().reshape(B, P * S, -1)
        bias_BN = torch.zeros(B, P * S, device=text_BPS.device)
        bias_BN = bias_BN.masked_fill(~text_BPS.flatten(1), none)
        fused = self.decoder.fuse(states_BND, bias_BN, prior)
        valid_BT = batch.targets.action_BT >= 0
        log_probs, stats = self.decoder(batch.inputs, fused, self.reader.document.pieces, valid_BT=valid_BT)
        loss, _ = action_loss(log_probs, batch.targets)
        entropy = sum((s.entropy for s in stats), torch.zeros((), device=loss.device))
        told = {"nll": loss.detach()}
        for i, router in enumerate(stats):
            told |= {f"load{i}": router.load_E, f"dropped{i}": router.dropped}
            told[f"gate_entropy{i}"] = router.entropy.detach()
        return loss - self.decoder.config.entropy_weight * entropy, told


class WriterLoss(Objective):
    """Loss of writing, a mean over the steps of the answers; moves the routing biases after each step."""

    def __init__(self, writer: Writer) -> None:
        self.writer = writer
        self._loads: dict[int, Tensor] = {}

    def counts(self, batch: WritingBatch, /) -> Tensor:
        """Steps of the answers, *stop* included: float32 [1]."""
        return (batch.targets.action_BT >= 0).sum().float()[None]

    def end_step(self) -> None:
        """Move each routing bias by the loads of all batches since the last call."""
        for i, layer in enumerate(self._expert_layers()):
            if layer.experts is not None and i in self._loads:
                layer.experts.update_bias(self._loads[i])
        self._loads = {}

    def _expert_layers(self) -> list[DecoderLayer]:
        return [layer for layer in self.writer.decoder.decoder_layers() if layer.experts]

    def __call__(self, batch: WritingBatch, shares: Tensor | None = None) -> tuple[Tensor, Metrics]:
        """Loss of one batch."""
        loss, parts = self.writer(batch)
        if shares is not None:
            loss = loss * shares[0]
        metrics: dict[str, Tensor | float] = {"nll": parts["nll"], "rows": len(batch.targets.action_BT)}
        for i in range(len(self._expert_layers())):
            load_E = parts[f"load{i}"]
            self._loads[i] = self._loads[i] + load_E if i in self._loads else load_E
            metrics[f"max_violation{i}"] = max_violation(load_E)
            metrics[f"busy{i}"] = busy_share(load_E)
            metrics |= {name: parts[name] for name in (f"dropped{i}", f"gate_entropy{i}")}
        return loss, metrics
