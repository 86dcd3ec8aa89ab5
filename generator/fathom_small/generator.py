"""`fathom-small` as a generator: read, decide whether the passages answer, write in two inks."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from generator.composing.alternatives import other_evidence
from generator.composing.clauses import part_asked_for
from generator.composing.compose import compose
from generator.composing.emphasis import emphasis
from generator.composing.evidence import EvidenceTable
from generator.composing.plan import Plan, joined, parts_of, tokens_of
from generator.composing.question import Asked, asked_of, decided
from generator.composing.signals import signals, weigh
from generator.composing.support import support_signals, supported
from generator.device import HOST
from generator.fathom_small.calibration import Calibration
from generator.fathom_small.decoder import Decoder
from generator.fathom_small.decoding import DecodingConfig, Step, decode, fuse
from generator.fathom_small.explain import Explanation, explain
from generator.fathom_small.reading import PassageReader, Reading, SpanDistribution, span_distribution
from generator.fathom_small.run_edges import tidy, trimmed
from generator.fathom_small.shape_head import ShapeHead, shape_probabilities
from generator.spans import spans
from generator.types import Event, Generated, Ink, Request, Shape, SourcePassage, Token

WITHOUT_PHRASE = frozenset({Shape.LIST, Shape.STEPS})
"""Shapes in which no phrase stands out, so that none is decoded."""


class FathomSmall:
    """Our own model behind the `Generator` protocol; several threads may call it."""

    def __init__(
        self,
        reader: PassageReader,
        decoder: Decoder,
        table: nn.Embedding,
        pieces: Sequence[str],
        calibration: Calibration,
        model_id: str,
        shapes: ShapeHead | None = None,
    ) -> None:
        """Compose from loaded parts, all on one device; see `generator.fathom_small.loading.load_generator`."""
        self._reader, self._decoder, self._table, self._pieces = reader, decoder, table, pieces
        self._calibration, self._model_id, self._shapes = calibration, model_id, shapes

    @property
    def reader(self) -> PassageReader:
        """The reading half, for measuring and fitting."""
        return self._reader

    @property
    def passages_kept(self) -> tuple[int, int, int]:
        """Memories of passages that are kept, and how often one was found and was not."""
        return self._reader.memories.counts

    def forget_passages(self) -> None:
        """Drop the memories of passages; they are computed again when they are read again."""
        self._reader.memories.clear()

    @property
    def calibration(self) -> Calibration:
        """Parameters fitted on development sets."""
        return self._calibration

    @property
    def model_id(self) -> str:
        """Name and content hash of the weights."""
        return self._model_id

    def relevance(self, question: str, passages: Sequence[SourcePassage]) -> Sequence[float]:
        """Probability of each passage to hold the answer; 0 for passages without weight or text."""
        reading = self._reader.read(question, passages)
        found = self._relevance(reading) if reading else {}
        return [found.get(passage.key, 0.0) for passage in passages]

    def stream(self, request: Request) -> Iterator[Event]:
        """Answer a request; the last event is the `Generated`.

        Raises:
            RequestError: The question is empty.
        """
        begun = time.perf_counter()
        read = self._read(request)
        if read is None:
            yield Generated(
                text="", spans=(), answerable=False, confidence=0.0, timings_ms={"read": _ms(begun)}
            )
            return
        timings = {"read": _ms(begun)}
        plan = read.plan if self._is_answered(read, request) else None
        tokens: list[Token] = []
        for token in tokens_of(plan, read.reading.passages) if plan else ():
            timings.setdefault("first_token", _ms(begun))
            tokens.append(token)
            yield token
        short: list[Token] = []
        if plan is not None and plan.shape not in WITHOUT_PHRASE:
            short = [token for step in self._short_answer(read, request) for token in step.tokens]
        yield self._generated(read, plan, tokens, short, {**timings, "total": _ms(begun)})

    def _generated(
        self,
        read: "_Read",
        plan: Plan | None,
        tokens: Sequence[Token],
        short: Sequence[Token],
        timings_ms: Mapping[str, float],
    ) -> Generated:
        """The end of a stream; no plan where the answer was held back."""
        text, said = "".join(token.text for token in tokens), spans(tokens)
        phrase = "".join(token.text for token in short) or read.best_phrase
        if read.plan is not None and read.plan.opening:
            phrase = read.plan.opening.strip().rstrip(".。")
        return Generated(
            text=text,
            spans=said,
            answerable=bool(tokens),
            confidence=self._confidence(read),
            relevance=self._relevance(read.reading),
            shape=plan.shape if plan else None,
            phrase=phrase,
            emphasis=emphasis(said, short),
            parts=parts_of(plan, read.reading.passages, text) if plan else (),
            more=plan is not None and plan.more,
            evidence=other_evidence(read.table, plan),
            signals=read.signals,
            generated_tokens=len(tokens),
            timings_ms=timings_ms,
        )

    def explain(self, request: Request) -> Explanation | None:
        """The short answer to a request, with its attribution to each passage; None if the passages do not answer.

        The short answer is the phrase of what `stream` gives. It costs one pass of the decoder more, and two a passage.

        Raises:
            RequestError: The question is empty.
        """
        read = self._read(request)
        if read is None or not self._is_answered(read, request):
            return None
        steps = list(self._short_answer(read, request))
        with torch.inference_mode():
            fused = fuse(self._decoder, read.reading, self._calibration.relevance_weight)
        return explain(self._decoder, self._table, read.reading, fused, steps, self._reader.pieces)

    def _read(self, request: Request) -> "_Read | None":
        whole = self._read_one(request.question, request)
        if whole is None or not request.parts:
            return whole
        parts = [self._read_one(part, request) for part in request.parts]
        least = self._least(request)
        sure = [part for part in parts if part is not None and self._confidence(part) >= least]
        if not sure:
            return whole
        plan = joined([part.plan for part in sure if part.plan is not None])
        unsure = min(sure, key=self._confidence)
        return replace(sure[0], plan=plan, signals=unsure.signals)

    def _read_one(self, question: str, request: Request) -> "_Read | None":
        """Read for the question of a request, or for a part of it."""
        reading = self._reader.read(question, request.passages)
        if reading is None:
            return None
        calibration = self._calibration
        distribution = span_distribution(reading, calibration.span_temperature, calibration.relevance_weight)
        table = EvidenceTable(question, reading, distribution, request.translated)
        asked = self._asked(question, reading)
        plan = compose(table, asked)
        if plan is None:
            return _Read(reading, distribution, table, None, {})
        values = signals(asked, table, plan)
        log_odds = weigh(values, calibration.confidence)
        values |= support_signals(table, plan, plan.main)
        return _Read(
            reading, distribution, table, supported(table, plan, log_odds, calibration.support), values
        )

    def _asked(self, question: str, reading: Reading) -> Asked:
        """Decide by rules and, where they see no shape, by the learned head."""
        asked = asked_of(question)
        if self._shapes is None or reading.question_QD is None:
            return asked
        return decided(asked, shape_probabilities(self._shapes, reading.question_QD, asked))

    def _short_answer(self, read: "_Read", request: Request) -> Iterator[Step]:
        """The phrase, by the decoder, inside the sentence that was chosen."""
        config = DecodingConfig(
            max_actions=request.max_new_tokens,
            relevance_weight=self._calibration.relevance_weight,
            temperature=request.temperature,
            seed=request.seed,
            write_margin=self._calibration.write_margin,
        )
        rows = None
        if read.plan is not None and (core := read.plan.core) is not None:
            start = core.passage * read.reading.ids_PS.shape[1]
            first, last = part_asked_for(read.table, core)
            rows = (start + first, start + last)
        return tidy(decode(self._decoder, self._table, self._pieces, read.reading, config, rows))

    def _confidence(self, read: "_Read") -> float:
        if read.plan is None:
            return 0.0
        log_odds = torch.tensor(weigh(read.signals, self._calibration.confidence), device=HOST)
        return float(torch.sigmoid(log_odds))

    def _is_answered(self, read: "_Read", request: Request) -> bool:
        return read.plan is not None and self._confidence(read) >= self._least(request)

    def _least(self, request: Request) -> float:
        return self._calibration.answer_from if request.answer_from is None else request.answer_from

    def _relevance(self, reading: Reading) -> dict[str, float]:
        scores_P = torch.sigmoid(reading.read.relevance_B / self._calibration.relevance_temperature)
        return {p.key: float(s) for p, s in zip(reading.passages, scores_P, strict=True)}


@dataclass(frozen=True, slots=True)
class _Read:
    """Result of reading, with the plan of the answer; no plan if nothing can be copied."""

    reading: Reading
    distribution: SpanDistribution
    table: EvidenceTable
    plan: Plan | None
    signals: Mapping[str, float]

    @property
    def best_phrase(self) -> str:
        """The most probable span, without signs at its edges."""
        return trimmed(_span_token(self.reading, *self.distribution.best()[:3])).text


def _span_token(reading: Reading, passage: int, first: int, last: int) -> Token:
    source, ranges = reading.passages[passage], reading.ranges[passage]
    start, end = ranges[first][0], ranges[last][1]
    return Token(
        text=source.text[start:end], ink=Ink.COPIED, passage=source.key, start=start, end=end, action="copy"
    )


def _ms(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000.0
