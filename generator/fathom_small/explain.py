"""Attribution of an answer to its passages: attention of each step, and the answer's probability without each passage.

Both come from passes of the decoder over an answer that is known (teacher forcing); nothing is read again. A passage
is masked by taking its rows out of attention and out of copying, which equals its removal.

Dimensions in names: T steps, N rows of all passages together (S a passage).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from generator.device import HOST
from generator.fathom_small.actions import Action, ActionTargets, action_loss
from generator.fathom_small.attribution import attended
from generator.fathom_small.decoder import Decoder, FusedMemory, StepInputs
from generator.fathom_small.decoding import Step
from generator.fathom_small.reading import Reading
from generator.types import Attended, Token

IMPOSSIBLE = float("-inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Attribution of an answer to its passages.

    Attributes:
        tokens: The answer.
        attention: Where each action looked, copying ones too, strongest range first; *stop* left out.
        log_probability: Of the answer's actions, in nats.
        without: By passage key, the same with the passage masked. What had been copied from it is copied from the
            likeliest other place that says the same, else written; -inf where neither can be.
        unseen: By passage key, the same actions with the passage not attended to, though copied from: what the
            decoder owes to having looked there.
    """

    tokens: Sequence[Token]
    attention: Sequence[Sequence[Attended]]
    log_probability: float
    without: Mapping[str, float]
    unseen: Mapping[str, float]


class Replay(NamedTuple):
    """A known answer under the model: log-probability of its actions in nats, attention of its steps.

    Attributes:
        log_probability: Summed over the actions.
        attention_TN: float32, on the CPU.
    """

    log_probability: float
    attention_TN: Tensor


def explain(
    decoder: Decoder,
    table: nn.Embedding,
    reading: Reading,
    fused: FusedMemory,
    steps: Sequence[Step],
    encode: Callable[[str], Sequence[int]],
) -> Explanation:
    """Explain an answer by replaying it, whole and with each passage masked.

    Args:
        decoder: In evaluation mode.
        table: The encoder's piece embeddings.
        reading: What the answer was made from.
        fused: The reading, prepared for the decoder.
        steps: The answer, *stop* included where it came to that.
        encode: Text to piece ids, for what must be written instead of copied.
    """
    whole = replay(decoder, table, reading, fused, steps)
    acting = [t for t, step in enumerate(steps) if step.action != Action.STOP]
    ways = _Ways(reading, fused, decoder.writable_V.tolist(), encode)
    without, unseen = {}, {}
    row_N = torch.arange(reading.ids_PS.numel(), device=fused.bias_BN.device)
    for p, passage in enumerate(reading.passages):
        hidden_N = row_N // ways.S == p
        without[passage.key] = unseen[passage.key] = IMPOSSIBLE
        if len(reading.passages) == 1:
            continue  # without any passage nothing is answered
        if (others := ways.without(steps, p)) is not None:
            masked = replay(decoder, table, reading, mask(fused, hidden_N), others)
            without[passage.key] = masked.log_probability
        looking_away = replay(decoder, table, reading, mask_attention(fused, hidden_N), steps)
        unseen[passage.key] = looking_away.log_probability
    return Explanation(
        tokens=[token for step in steps for token in step.tokens],
        attention=[attended(whole.attention_TN[t], reading) for t in acting],
        log_probability=whole.log_probability,
        without=without,
        unseen=unseen,
    )


def mask(fused: FusedMemory, hidden_N: Tensor) -> FusedMemory:
    """The memory without some rows: they are neither attended to nor copied.

    Args:
        fused: The memory.
        hidden_N: bool, where the memory is, True for rows to hide; whole passages, since a run never leaves its own.
    """
    prior = fused.prior._replace(copy_BN=fused.prior.copy_BN.masked_fill(hidden_N, IMPOSSIBLE))
    return mask_attention(fused, hidden_N)._replace(prior=prior)


def mask_attention(fused: FusedMemory, hidden_N: Tensor) -> FusedMemory:
    """The memory with some rows (bool, True) out of attention, though they may be copied."""
    return fused._replace(bias_BN=fused.bias_BN.masked_fill(hidden_N, IMPOSSIBLE))


def replay(
    decoder: Decoder, table: nn.Embedding, reading: Reading, fused: FusedMemory, steps: Sequence[Step]
) -> Replay:
    """Pass over the steps of a known answer, all at once."""
    ids_N, writable_V = reading.ids_PS.flatten(), decoder.writable_V.to(HOST)
    place = fused.states_BND.device
    pieces, before, rows = [0], [0], [0]
    for step in steps[:-1]:
        copied = step.action != Action.WRITE
        pieces.append(int(ids_N[step.argument] if copied else writable_V[step.argument]))
        before.append(1 if copied else 2)
        rows.append(step.argument if copied else 0)
    inputs = StepInputs(*torch.tensor([[pieces], [before], [rows]], device=place))
    actions, arguments = [int(step.action) for step in steps], [step.argument for step in steps]
    targets = ActionTargets(*torch.tensor([[actions], [arguments]], device=place))
    asked: list[Tensor] = []
    with torch.inference_mode():
        log_probs, _ = decoder(inputs, fused, table, asked=asked)
        loss, count = action_loss(log_probs, targets)
        attention_TN = decoder.attention(asked, fused)[0].to(HOST)
    return Replay(-float(loss * count), attention_TN)


class _Ways:
    """Finds other action sequences for the copied text."""

    def __init__(
        self,
        reading: Reading,
        fused: FusedMemory,
        writable: Sequence[int],
        encode: Callable[[str], Sequence[int]],
    ) -> None:
        self.S = reading.ids_PS.shape[1]
        self._reading, self._prior_N, self._encode = reading, fused.prior.copy_BN[0].to(HOST), encode
        self._number = {piece: number for number, piece in enumerate(writable)}

    def without(self, steps: Sequence[Step], hidden: int) -> list[Step] | None:
        """The same answer without passage number `hidden`; None where it can't be said."""
        changed: list[Step] = []
        for run in _runs(steps):
            if run[0].action != Action.COPY or run[0].argument // self.S != hidden:
                changed += run
                continue
            (first, last) = run[0].argument % self.S, run[-1].argument % self.S
            ranges = self._reading.ranges[hidden]
            text = self._reading.passages[hidden].text[ranges[first][0] : ranges[last][1]]
            other = self._copied_elsewhere(text, hidden) or self._written(text)
            if not other:
                return None
            changed += other
        return changed

    def _copied_elsewhere(self, text: str, hidden: int) -> list[Step]:
        places = [
            rows for p in range(len(self._reading.passages)) if p != hidden for rows in self._places(text, p)
        ]
        if not places:
            return []
        rows = max(places, key=lambda rows: float(self._prior_N[rows[0]]))
        return [Step(Action.COPY, rows[0]), *(Step(Action.NEXT, row) for row in rows[1:])]

    def _places(self, text: str, p: int) -> Iterator[list[int]]:
        """Rows of each place of a passage that reads so, in whole pieces of one unbroken stretch."""
        ranges, passage = self._reading.ranges[p], self._reading.passages[p].text
        at = passage.find(text)
        while at >= 0:
            inside = [s for s, (a, b) in enumerate(ranges) if b > a and a >= at and b <= at + len(text)]
            if inside and (ranges[inside[0]][0], ranges[inside[-1]][1]) == (at, at + len(text)):
                rows = range(inside[0], inside[-1] + 1)
                if len({int(self._reading.segment_PS[p, s]) for s in rows}) == 1:
                    yield [p * self.S + s for s in rows]
            at = passage.find(text, at + 1)

    def _written(self, text: str) -> list[Step]:
        pieces = self._encode(text)
        if not all(piece in self._number for piece in pieces):
            return []
        return [Step(Action.WRITE, self._number[piece]) for piece in pieces]


def _runs(steps: Sequence[Step]) -> list[list[Step]]:
    """Steps cut before every action other than NEXT."""
    runs: list[list[Step]] = []
    for step in steps:
        if step.action == Action.NEXT and runs:
            runs[-1].append(step)
        else:
            runs.append([step])
    return runs
