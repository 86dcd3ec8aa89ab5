"""`fathom-small` as a generator: read, decide whether the passages answer, write in two inks."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import nn

from generator.inference.attribution import spans
from generator.inference.explain import Explanation, explain
from generator.inference.generate import DecodingConfig, Step, decode, fuse
from generator.inference.reading import PassageReader, Reading, SpanDistribution, span_distribution
from generator.inference.run_edges import tidy, trimmed
from generator.model.actions import Action
from generator.model.decoder import Decoder
from generator.types import Event, Generated, Ink, Request, SourcePassage, Token


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """What was fitted on development sets, stored with the weights.

    Attributes:
        answerable_scale: Confidence = sigmoid(scale * answerable logit + shift).
        answerable_shift: See above.
        answer_from: Least confidence to answer at all.
        span_temperature: Divides span scores before they become probabilities.
        phrase_from: Least probability of the best phrase to answer with a phrase.
        sentence_from: Least probability of its sentence to answer with the sentence instead.
        relevance_temperature: Divides relevance logits.
        relevance_weight: Of the relevance head, beside the null scores, in comparing passages.
        write_margin: By how much, in log-probability, its own words must be more probable than the passages'.
    """

    answerable_scale: float = 1.0
    answerable_shift: float = 0.0
    answer_from: float = 0.5
    span_temperature: float = 1.0
    phrase_from: float = 0.3
    sentence_from: float = 0.5
    relevance_temperature: float = 1.0
    relevance_weight: float = 1.0
    write_margin: float = 2.0


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
    ) -> None:
        """Compose from loaded parts; see `generator.loading.load_generator`."""
        self._reader, self._decoder, self._table, self._pieces = reader, decoder, table, pieces
        self._calibration, self._model_id = calibration, model_id

    @property
    def reader(self) -> PassageReader:
        """The reading half, for measuring and fitting."""
        return self._reader

    @property
    def calibration(self) -> Calibration:
        """What was fitted on development sets."""
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
        reading = self._reader.read(request.question, request.passages)
        if reading is None:
            yield Generated(
                text="", spans=(), answerable=False, confidence=0.0, timings_ms={"read": _ms(begun)}
            )
            return
        calibration = self._calibration
        distribution = span_distribution(reading, calibration.span_temperature, calibration.relevance_weight)
        confidence = self._confidence(distribution)
        best = distribution.best()
        phrase = trimmed(_span_token(reading, *best[:3]))
        timings = {"read": _ms(begun)}
        answerable = confidence >= calibration.answer_from
        tokens: list[Token] = []
        granularity = "phrase"
        if answerable:
            sentence = self._sentence(reading, distribution, best)
            granularity = "sentence" if sentence else "phrase"
            for step in sentence or self._decode(reading, request):
                for token in step.tokens:
                    timings.setdefault("first_token", _ms(begun))
                    tokens.append(token)
                    yield token
        yield Generated(
            text="".join(token.text for token in tokens),
            spans=spans(tokens),
            answerable=answerable and bool(tokens),
            confidence=confidence,
            relevance=self._relevance(reading),
            granularity=granularity,
            phrase=phrase.text,
            generated_tokens=len(tokens),
            timings_ms={**timings, "total": _ms(begun)},
        )

    def explain(self, request: Request) -> Explanation | None:
        """Answer a request, and say what the answer owes to each passage; None where they do not answer.

        The answer is the one that `stream` gives. It costs one pass of the decoder more, and two a passage.

        Raises:
            RequestError: The question is empty.
        """
        calibration = self._calibration
        reading = self._reader.read(request.question, request.passages)
        if reading is None:
            return None
        distribution = span_distribution(reading, calibration.span_temperature, calibration.relevance_weight)
        if self._confidence(distribution) < calibration.answer_from:
            return None
        steps = self._sentence(reading, distribution, distribution.best()) or list(
            self._decode(reading, request)
        )
        with torch.inference_mode():
            fused = fuse(self._decoder, reading, calibration.relevance_weight)
        return explain(self._decoder, self._table, reading, fused, steps, self._reader.pieces)

    def _decode(self, reading: Reading, request: Request) -> Iterator[Step]:
        config = DecodingConfig(
            max_actions=request.max_new_tokens,
            relevance_weight=self._calibration.relevance_weight,
            temperature=request.temperature,
            seed=request.seed,
            write_margin=self._calibration.write_margin,
        )
        return tidy(decode(self._decoder, self._table, self._pieces, reading, config))

    def _confidence(self, distribution: SpanDistribution) -> float:
        calibration = self._calibration
        logit = calibration.answerable_scale * distribution.answerable_logit + calibration.answerable_shift
        return float(torch.sigmoid(torch.tensor(logit)))

    def _relevance(self, reading: Reading) -> dict[str, float]:
        scores_P = torch.sigmoid(reading.read.relevance_B / self._calibration.relevance_temperature)
        return {p.key: float(s) for p, s in zip(reading.passages, scores_P, strict=True)}

    def _sentence(
        self, reading: Reading, distribution: SpanDistribution, best: tuple[int, int, int, float]
    ) -> list[Step] | None:
        """Copy the whole sentence of the best phrase, where the phrase is uncertain and the sentence is not."""
        passage, first, last, log_probability = best
        answerable = max(1e-9, float(distribution.log_joint_PSS.exp().sum()))
        if torch.tensor(log_probability).exp() / answerable >= self._calibration.phrase_from:
            return None
        ranges = reading.ranges[passage]
        source = reading.passages[passage]
        for start, end in source.sentences:
            inside = [i for i, (a, b) in enumerate(ranges) if b > a and a >= start and b <= end]
            if inside and inside[0] <= first and last <= inside[-1]:
                whole = distribution.within(passage, inside[0], inside[-1]) / answerable
                if whole >= self._calibration.sentence_from:
                    return _copy(reading, passage, inside[0], inside[-1])
        return None


def _copy(reading: Reading, passage: int, first: int, last: int) -> list[Step]:
    """The actions that copy a run of pieces of a passage, its text given at once."""
    start = passage * reading.ids_PS.shape[1]
    token = trimmed(_span_token(reading, passage, first, last))
    going_on = [Step(Action.NEXT, start + s) for s in range(first + 1, last + 1)]
    return [Step(Action.COPY, start + first, (token,)), *going_on, Step(Action.STOP, 0)]


def _span_token(reading: Reading, passage: int, first: int, last: int) -> Token:
    source, ranges = reading.passages[passage], reading.ranges[passage]
    start, end = ranges[first][0], ranges[last][1]
    return Token(
        text=source.text[start:end], ink=Ink.COPIED, passage=source.key, start=start, end=end, action="copy"
    )


def _ms(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000.0
