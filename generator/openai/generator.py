"""A model server as a generator: prompt, sentences as they come, each checked against the passages before it is told.

A sentence is held back until it is complete. So what is shown has been checked, its quotes are cited at once, and a
refusal is never shown as an answer.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from generator.errors import ModelServerError, ModelServerRequestError, RequestError
from generator.inference.attribution import spans
from generator.openai.client import ChatClient, Ended
from generator.openai.prompt import BREAKER, is_refusal, messages, readable
from generator.openai.quotes import QuoteFinder
from generator.openai.sentences import Sentence, SentenceReader, SplitSentences
from generator.types import Event, Generated, Ink, Request, SourcePassage, Token, Waiting

Relevance = Callable[[str, Sequence[SourcePassage]], Sequence[float]]


class OpenAIGenerator:
    """Answers by a model server, behind the `Generator` protocol; several threads may call it.

    Args:
        client: Asks the server.
        split: Finds the sentences of an answer.
        relevance: Judges passages for reranking, which the protocol of the server has no call for.
    """

    def __init__(self, client: ChatClient, split: SplitSentences, relevance: Relevance) -> None:
        self._client, self._split, self._relevance = client, split, relevance

    @property
    def model_id(self) -> str:
        """Name of the model, and where its server is."""
        return f"{self._client.config.model}@{self._client.place}"

    def relevance(self, question: str, passages: Sequence[SourcePassage]) -> Sequence[float]:
        """Probability of each passage to hold the answer, by the judge that was given."""
        return self._relevance(question, passages)

    def stream(self, request: Request) -> Iterator[Event]:
        """Answer a request; the last event is the `Generated`, whose confidence is None: the server gives none.

        Raises:
            RequestError: The question is empty.
            ModelServerError: The server can't be asked, fails or breaks off.
        """
        if not request.question.strip():
            raise RequestError("the question is empty")
        passages = [
            passage for passage in request.passages if passage.weight > 0 and readable(passage).strip()
        ]
        if not passages:
            yield Generated(text="", spans=(), answerable=False, confidence=None)
            return
        yield from _Run(self._client, self._split, request, passages).events()


class _Run:
    """One answer."""

    def __init__(
        self, client: ChatClient, split: SplitSentences, request: Request, passages: Sequence[SourcePassage]
    ) -> None:
        self._client, self._request, self._passages = client, request, passages
        self._finder = QuoteFinder(passages)
        self._reader = SentenceReader(split, self._finder.holds, BREAKER)
        self._tokens: list[Token] = []
        self._pieces = 0
        self._began = time.perf_counter()
        self._timings: dict[str, float] = {}

    def events(self) -> Iterator[Event]:
        """All events of the answer."""
        request = self._request
        arriving = self._client.complete(
            messages(request.question, self._passages),
            max_tokens=request.max_new_tokens,
            temperature=request.temperature,
            seed=request.seed,
        )
        ended = Ended("", None)
        with closing(arriving):
            for piece in arriving:
                if piece is None:
                    yield Waiting()
                    continue
                if isinstance(piece, Ended):
                    ended, sentences = piece, self._reader.finish()
                else:
                    self._pieces += 1
                    sentences = self._reader.feed(piece)
                for sentence in sentences:
                    if self._refuses(sentence):
                        yield self._generated(ended, answerable=False)
                        return
                    yield from self._written(sentence)
        self._check(ended)
        yield self._generated(ended, answerable=True)

    def _refuses(self, sentence: Sentence) -> bool:
        """Whether the model gives up; once it has quoted something, there is an answer."""
        return is_refusal(sentence.text) and all(token.ink is Ink.WRITTEN for token in self._tokens)

    def _written(self, sentence: Sentence) -> Iterator[Token]:
        self._timings.setdefault("first_token", self._ms())
        for token in self._in_two_inks(sentence):
            self._tokens.append(token)
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

    def _check(self, ended: Ended) -> None:
        """Insist on an answer that came to its end.

        Raises:
            ModelServerRequestError: The model used up its tokens before it wrote anything.
            ModelServerError: It wrote nothing, or was stopped by its server.
        """
        place = self._client.place
        if ended.reason == "content_filter":
            raise ModelServerError(f"The model server {place} stopped the answer by its content filter.")
        if self._tokens:
            return
        if ended.reason == "length":
            raise ModelServerRequestError(
                f"The model of {place} used its {self._request.max_new_tokens} tokens without writing an answer, "
                "as models do that think at length first."
            )
        raise ModelServerError(f"The model of {place} wrote nothing.")

    def _generated(self, ended: Ended, *, answerable: bool) -> Generated:
        tokens = self._tokens if answerable else []
        return Generated(
            text="".join(token.text for token in tokens),
            spans=spans(tokens),
            answerable=answerable,
            confidence=None,
            generated_tokens=self._pieces if ended.tokens is None else ended.tokens,
            timings_ms={**self._timings, "total": self._ms()},
        )

    def _ms(self) -> float:
        return (time.perf_counter() - self._began) * 1000.0
