"""A deterministic generator: copies the sentence that shares most with the question, word by word."""

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

from generator.types import Attended, Event, Generated, Ink, Request, SourcePassage, Span, Token

_UNITS = re.compile(r"[\u4e00-\u9fff]|[a-z0-9]+")
_WORDS = re.compile(r"\s*\S+\s*")
_STOP = frozenset(
    ["what", "which", "who", "when", "how", "do", "does", "is", "are", "the", "a", *"什么的是在哪"]
)


def units(text: str) -> set[str]:
    return set(_UNITS.findall(text.lower())) - _STOP


class CopyingGenerator:
    """Answers with a sentence; abstains where no sentence shares a word with the question.

    Args:
        gate: Acquired before each token, so that a test decides how far the stream goes.
        spoil: Added to the answer's text without a source, to stand for written words.
    """

    model_id = "copying@1"

    def __init__(self, gate: threading.Semaphore | None = None, spoil: str = "") -> None:
        self.gate = gate
        self.spoil = spoil
        self.requests: list[Request] = []
        self.closed = 0

    def stream(self, request: Request) -> Iterator[Event]:
        self.requests.append(request)
        try:
            yield from self._events(request)
        finally:
            self.closed += 1

    def relevance(self, question: str, passages: Sequence[SourcePassage]) -> Sequence[float]:
        asked = units(question)
        return [len(asked & units(passage.text)) / max(1, len(asked)) for passage in passages]

    def _events(self, request: Request) -> Iterator[Event]:
        asked = units(request.question)
        relevance = dict(
            zip(
                (passage.key for passage in request.passages),
                self.relevance(request.question, request.passages),
                strict=True,
            )
        )
        shared, passage, start, end = max(
            (
                (len(asked & units(passage.text[start:end])), passage, start, end)
                for passage in request.passages
                if passage.weight > 0
                for start, end in passage.sentences or [(0, len(passage.text))]
            ),
            key=lambda found: found[0],
            default=(0, None, 0, 0),
        )
        confidence = shared / max(1, len(asked))
        nothing = Generated(text="", spans=(), answerable=False, confidence=confidence, relevance=relevance)
        if not shared:
            yield nothing
            return
        assert passage is not None
        spans: list[Span] = []
        text = ""
        for match in _WORDS.finditer(passage.text, start, end):
            if self.gate is not None:
                self.gate.acquire()
            left, right = match.span()
            yield Token(text=match.group(), ink=Ink.COPIED, passage=passage.key, start=left, end=right)
            spans.append(
                Span(
                    answer_start=len(text),
                    answer_end=len(text) + len(match.group()),
                    ink=Ink.COPIED,
                    passage=passage.key,
                    start=left,
                    end=right,
                )
            )
            text += match.group()
        if self.spoil:
            yield Token(text=self.spoil, ink=Ink.WRITTEN)
            spans.append(
                Span(answer_start=len(text), answer_end=len(text) + len(self.spoil), ink=Ink.WRITTEN)
            )
            text += self.spoil
        yield replace(
            nothing,
            text=text,
            spans=tuple(spans),
            answerable=True,
            phrase=text.strip(),
            generated_tokens=len(spans),
            timings_ms={"read": 2.0, "fuse": 1.0},
        )


class AttributingGenerator(CopyingGenerator):
    """Tells actions too, and of what it wrote that it looked at the whole passage with 0.6 of its attention."""

    def stream(self, request: Request) -> Iterator[Event]:
        text = {passage.key: passage.text for passage in request.passages}
        before: Token | None = None
        for event in super().stream(request):
            if isinstance(event, Token):
                if event.ink is Ink.COPIED:
                    event = replace(event, action="copy" if before is None else "next")
                    before = event
                elif before is not None and before.passage is not None:
                    whole = text[before.passage]
                    looked = Attended(passage=before.passage, start=0, end=len(whole), weight=0.6)
                    event = replace(event, action="write", attention=(looked,))
            yield event
