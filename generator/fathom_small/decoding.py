"""Decode one answer, action by action; the reference loop that batched serving must equal.

Dimensions in names: P passages, S pieces of a passage (padded), N = P * S rows, D width, T steps.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from generator.blocks.sampling import pick
from generator.device import HOST
from generator.fathom_small.actions import Action, ReaderPrior, StepLogProbs, reader_prior
from generator.fathom_small.attribution import attended
from generator.fathom_small.decoder import Decoder, FusedMemory, StepInputs
from generator.fathom_small.reading import LONGEST_SPAN, Reading, passage_null
from generator.types import Attended, Ink, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingConfig:
    """How actions are chosen.

    Attributes:
        max_actions: Most steps of an answer.
        relevance_weight: Of the relevance head in comparing passages.
        temperature: 0 takes the most probable action; else actions are drawn.
        seed: Of the draw.
        write_margin: Taken off the log-probability of *write*: by how much words of its own must be more probable than
            words of the passages.
    """

    max_actions: int = 128
    relevance_weight: float = 1.0
    temperature: float = 0.0
    seed: int = 0
    write_margin: float = 0.0


class Step(NamedTuple):
    """One action of an answer.

    Attributes:
        action: What was done.
        argument: Piece number for *write*, row for *copy* and *next*, 0 for *stop*.
        tokens: The text that it gave.
    """

    action: Action
    argument: int
    tokens: tuple[Token, ...] = ()


def fuse(
    decoder: Decoder, reading: Reading, relevance_weight: float, rows: tuple[int, int] | None = None
) -> FusedMemory:
    """Prepare the read states of all passages as one set of rows, on their device.

    Args:
        decoder: In evaluation mode.
        reading: What was read.
        relevance_weight: Of the relevance head; see `span_distribution`.
        rows: First and last row that may be copied; None for all. All are attended to.
    """
    read = reading.read
    P, S, D = read.states_BSD.shape
    null_P = passage_null(read, relevance_weight)
    outside_PS = torch.zeros(P, S, dtype=torch.bool, device=HOST)
    if rows is not None:
        row_PS = torch.arange(P * S, device=HOST).reshape(P, S)
        outside_PS = (row_PS < rows[0]) | (row_PS > rows[1])
    # ends outside count for nothing, or copying would go on to the last row for their sake
    prior = reader_prior(
        read.start_BS.masked_fill(outside_PS, float("-inf"))[None],
        read.end_BS.masked_fill(outside_PS, float("-inf"))[None],
        null_P[None],
        reading.segment_PS.masked_fill(outside_PS, -1)[None],
        LONGEST_SPAN,
    )
    weight_P = torch.tensor([math.log(passage.weight) for passage in reading.passages], device=HOST)
    bias_PS = weight_P[:, None].expand(P, S).masked_fill(reading.segment_PS < 0, float("-inf"))
    place = read.states_BSD.device
    placed = ReaderPrior(*(part.to(place) for part in prior))
    return decoder.fuse(read.states_BSD.reshape(1, P * S, D), bias_PS.reshape(1, P * S).to(place), placed)


class _Run:
    """The answer so far: the last token, and the text position of a copied run."""

    def __init__(self, reading: Reading, pieces: Sequence[str], writable: Sequence[int]) -> None:
        self.reading, self.pieces, self.writable = reading, pieces, writable
        self.S = reading.ids_PS.shape[1]
        self.piece, self.before, self.row = 0, 0, 0
        self.text = ""

    def inputs(self) -> StepInputs:
        """Inputs of the next step, on the device of the read states."""
        values_311 = [[[self.piece]], [[self.before]], [[self.row]]]
        return StepInputs(*torch.tensor(values_311, device=self.reading.read.states_BSD.device))

    def take(self, action: Action, argument: int, attention: Sequence[Attended]) -> Step:
        """Carry out an action; the step stores the attention with its text."""
        if action == Action.STOP:
            return Step(action, 0)
        if action == Action.WRITE:
            self.piece, self.before, self.row = self.writable[argument], 2, 0
            text = self.pieces[self.piece].replace("▁", " ")
            text = text if self.text else text.lstrip()
            token = Token(text=text, ink=Ink.WRITTEN, action="write", attention=attention)
            return Step(action, argument, (self._emit(token),))
        row = self.row + 1 if action == Action.NEXT else argument
        return Step(action, row, tuple(self._copy(action, row)))

    def _copy(self, action: Action, row: int) -> Iterator[Token]:
        p, s = divmod(row, self.S)
        start, end = self.reading.ranges[p][s]
        passage = self.reading.passages[p]
        if action == Action.NEXT:
            start = self.reading.ranges[p][s - 1][1]
        elif self._needs_space(p, s):
            yield self._emit(Token(text=" ", ink=Ink.WRITTEN))
        self.piece, self.before, self.row = int(self.reading.ids_PS[p, s]), 1, row
        if start == end:  # a character of several pieces has been copied whole
            return
        yield self._emit(
            Token(
                text=passage.text[start:end],
                ink=Ink.COPIED,
                passage=passage.key,
                start=start,
                end=end,
                action="next" if action == Action.NEXT else "copy",
            )
        )

    def _emit(self, token: Token) -> Token:
        self.text += token.text
        return token

    def _needs_space(self, p: int, s: int) -> bool:
        starts_word = self.pieces[int(self.reading.ids_PS[p, s])].startswith("▁")
        return starts_word and bool(self.text) and not self.text[-1].isspace() and self.text[-1].isascii()


def decode(
    decoder: Decoder,
    table: nn.Embedding,
    pieces: Sequence[str],
    reading: Reading,
    config: DecodingConfig,
    rows: tuple[int, int] | None = None,
) -> Iterator[Step]:
    """Answer action by action; ends with *stop* or at `max_actions`.

    Args:
        decoder: In evaluation mode.
        table: The encoder's piece embeddings.
        pieces: Text of every piece, by id.
        reading: What was read.
        config: How actions are chosen.
        rows: First and last row that may be copied; None for all.
    """
    generator = torch.Generator().manual_seed(config.seed)
    run = _Run(reading, pieces, decoder.writable_V.tolist())
    with torch.inference_mode():
        fused = fuse(decoder, reading, config.relevance_weight, rows)
    caches = decoder.new_caches()
    place = fused.states_BND.device
    for step in range(config.max_actions):
        asked: list[Tensor] = []
        with torch.inference_mode():
            positions_11 = torch.tensor([[step]], device=place)
            log_probs, _ = decoder(
                run.inputs(), fused, table, positions_BT=positions_11, caches=caches, asked=asked
            )
        action, argument = choose(log_probs, config, generator)
        attention: Sequence[Attended] = ()
        if action == Action.WRITE:
            with torch.inference_mode():
                attention = attended(decoder.attention(asked, fused)[0, -1].to(HOST), reading)
        yield run.take(action, argument, attention)
        if action == Action.STOP:
            return


def choose(log_probs: StepLogProbs, config: DecodingConfig, generator: torch.Generator) -> tuple[Action, int]:
    """Most probable action of the last step, or one drawn at a temperature; chosen on the CPU.

    Args:
        log_probs: Of a batch of one, on any device.
        config: How actions are chosen.
        generator: Of the CPU, so that a seed draws alike wherever the model is.
    """
    temperature = config.temperature
    action_A = log_probs.action_BTA[0, -1].to(HOST, copy=True)
    action_A[Action.WRITE] -= config.write_margin
    action = Action(pick(action_A, temperature, generator))
    if action == Action.WRITE:
        return action, pick(log_probs.write_BTV[0, -1].to(HOST), temperature, generator)
    if action == Action.COPY:
        return action, pick(log_probs.copy_BTN[0, -1].to(HOST), temperature, generator)
    return action, 0
