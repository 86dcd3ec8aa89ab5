"""A language model as a generator: each sentence is checked against the passages before it is emitted.

A sentence is held back until it is complete. So what is shown has been checked, its quotes are cited at once, and a
refusal is never shown as an answer. How the model is asked is up to the classes that inherit this.
"""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from generator.errors import RequestError
from generator.quoting.completion import Completion, Ended
from generator.quoting.prompt import BREAKER, is_refusal, readable
from generator.quoting.quotes import QuoteFinder
from generator.quoting.sentences import Sentence, SentenceReader, SplitSentences
from generator.spans import spans
from generator.types import Event, Generated, Ink, Request, SourcePassage, Token, Waiting

Relevance = Callable[[str, Sequence[SourcePassage]], Sequence[float]]


class QuotingGenerator(ABC):
    """Answers in the words of a language model, behind the `Generator` protocol; several threads may call it.

    Args:
        split: Finds the sentences of an answer.
        relevance: Judges passages for reranking, which a language model has no call for.
    """

    def __init__(self, split: SplitSentences, relevance: Relevance) -> None:
        self._split, self._relevance = split, relevance

    @property
    @abstractmethod
    def model_id(self) -> str:
        """Name and version of the model."""

    @abstractmethod
    def _complete(self, request: Request, passages: Sequence[SourcePassage]) -> Completion:
        """Ask the model a question about the passages that are to be read."""

    @abstractmethod
    def _check(self, ended: Ended, request: Request, *, wrote: bool) -> None:
        """Insist on an answer that came to its end.

        Raises:
            GeneratorError: The model wrote nothing, or was stopped.
        """

    def relevance(self, question: str, passages: Sequence[SourcePassage]) -> Sequence[float]:
        """Probability of each passage to hold the answer, by the judge that was given."""
        return self._relevance(question, passages)

    def stream(self, request: Request) -> Iterator[Event]:
        """Answer a request; the last event is the `Generated`, whose confidence is None: the model gives none.

        Raises:
            RequestError: The question is empty.
            GeneratorError: The model can't be asked, fails or breaks off.
        """
        if not request.question.strip():
            raise RequestError("the question is empty")
        passages = [
            passage for passage in request.passages if passage.weight > 0 and readable(passage).strip()
        ]
        if not passages:
            yield Generated(text="", spans=(), answerable=False, confidence=None)
            return
        answer = _Answer(passages, self._split)
        ended = Ended("", None)
        with closing(self._complete(request, passages)) as arriving:
            for piece in arriving:
                ended = piece if isinstance(piece, Ended) else ended
                told = False
                for token in answer.take(piece):
                    told = True
                    yield token
                if answer.refused:
                    break
                if not told:
                    yield Waiting()
        if not answer.refused:
            self._check(ended, request, wrote=bool(answer.tokens))
        yield answer.generated(ended)


class _Answer:
    """One answer, as it is written.

    Attributes:
        tokens: What was told.
        refused: Whether the model gave up; once it has quoted something, there is an answer.
    """

    def __init__(self, passages: Sequence[SourcePassage], split: SplitSentences) -> None:
        self._finder = QuoteFinder(passages)
        self._reader = SentenceReader(split, self._finder.holds, BREAKER)
        self._pieces = 0
        self._began = time.perf_counter()
        self._timings: dict[str, float] = {}
        self.tokens: list[Token] = []
        self.refused = False

    def take(self, piece: str | Ended | None) -> Iterator[Token]:
        """Tokens to emit now; with `Ended`, all remaining ones."""
        if piece is None:
            return
        self._pieces += isinstance(piece, str)
        for sentence in self._reader.feed(piece) if isinstance(piece, str) else self._reader.finish():
            self.refused = is_refusal(sentence.text) and all(t.ink is Ink.WRITTEN for t in self.tokens)
            if self.refused:
                return
            self._timings.setdefault("first_token", self._ms())
            for token in self._in_two_inks(sentence):
                self.tokens.append(token)
                yield token

    def _in_two_inks(self, sentence: Sentence) -> Iterator[Token]:
        """The sentence as tokens; a quote is given in the words of its source, to the character."""
        at = 0
        for quote in self._finder.quotes(sentence.text, sentence.cited):
            if quote.start > at:
                yield Token(text=sentence.text[at : quote.start], ink=Ink.WRITTEN)
            yield Token(
                text=quote.text,
                ink=Ink.COPIED,
                passage=quote.passage.key,
                start=quote.source_start,
                end=quote.source_end,
            )
            at = quote.end
        if at < len(sentence.text):
            yield Token(text=sentence.text[at:], ink=Ink.WRITTEN)

    def generated(self, ended: Ended) -> Generated:
        """The finished answer."""
        tokens = [] if self.refused else self.tokens
        return Generated(
            text="".join(token.text for token in tokens),
            spans=spans(tokens),
            answerable=not self.refused,
            confidence=None,
            generated_tokens=self._pieces if ended.tokens is None else ended.tokens,
            timings_ms={**self._timings, "total": self._ms()},
        )

    def _ms(self) -> float:
        return (time.perf_counter() - self._began) * 1000.0
