"""Screen between a generator and its reader: events of an answer leave it, and the stored answer equals them.

What may still become a word of a lexicon is held back, and citations wait for the text that they stand in. What is
masked keeps its length, so that all positions stay. Without finders everything passes as it is.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from app.answers.types import (
    AlternativeSource,
    Answer,
    AnswerEvent,
    Citation,
    GeneratedText,
    NearestPassage,
    Replacement,
)
from app.db.sources import DocumentName
from app.safety.screen import Released, TextScreen, screened
from app.safety.types import Finder, Match, hardest
from app.search.masking import hidden

Kind = TypeVar("Kind", NearestPassage, AlternativeSource)


class AnswerBlockedError(Exception):
    """The answer holds a word of a lexicon whose level is "block"."""


class ScreenedEvents:
    """Events of one answer, from the generator to whoever follows.

    Attributes:
        text: What was told.
        matches: What was found in it, and in what was held back.
    """

    def __init__(self, emit: Callable[[AnswerEvent], None], finders: Sequence[Finder]) -> None:
        """Begin with nothing."""
        self._emit = emit
        self._finders = finders
        self._masked: dict[str, str] = {}
        self._start_anew()

    def _start_anew(self) -> None:
        self._screen = TextScreen(self._finders)
        self._kinds: deque[tuple[int, str]] = deque()
        self._written = 0
        self._waiting: deque[Citation] = deque()
        self.text = ""
        self.matches: list[Match] = []

    def __call__(self, event: AnswerEvent) -> None:
        """Take an event; tells it now, later, or with its text masked.

        Raises:
            AnswerBlockedError: A word that blocks is complete; nothing of it was told.
        """
        if not self._finders:
            self._emit(event)
        elif isinstance(event, GeneratedText):
            self._written += len(event.text)
            self._kinds.append((self._written, event.kind))
            self._tell(self._screen.feed(event.text))
        elif isinstance(event, Citation):
            self._waiting.append(event)
            self._cite()
        elif isinstance(event, Replacement):
            self._start_anew()
            self._take(screened(event.text, self._finders))
            self._emit(replace(event, text=self.text))
        else:
            self._emit(event)

    def finish(self) -> None:
        """Release the held text: no more comes.

        Raises:
            AnswerBlockedError: A word that blocks is in it.
        """
        if self._finders:
            self._tell(self._screen.end())

    def _take(self, released: Released) -> None:
        self.matches += released.matches
        if hardest(released.matches) == "block":
            raise AnswerBlockedError
        self.text += released.text

    def _tell(self, released: Released) -> None:
        at = len(self.text)
        self._take(released)
        while at < len(self.text):
            end, kind = self._kinds[0]
            self._emit(GeneratedText(text=self.text[at:end], kind=kind))
            if end <= len(self.text):
                self._kinds.popleft()
            at = min(end, len(self.text))
        self._cite()

    def _cite(self) -> None:
        while self._waiting and self._waiting[0].answer_end <= len(self.text):
            self._emit(self._hidden(self._waiting.popleft()))

    def _hidden(self, citation: Citation) -> Citation:
        """The citation with its quote as the answer has it, masks in the text around it."""
        around = self._shown(citation.before + citation.quote + citation.after)
        return replace(
            citation,
            document=self._document(citation.document),
            quote=self.text[citation.answer_start : citation.answer_end],
            before=around[: len(citation.before)],
            after=around[len(citation.before) + len(citation.quote) :],
        )

    def screened_answer(self, answer: Answer) -> Answer:
        """The answer as its events were, for the row that keeps it; after `finish`."""
        if not self._finders:
            return answer
        text = answer.text if answer.reason else self.text
        at = answer.text.find(answer.phrase)
        return replace(
            answer,
            text=text,
            phrase=text[at : at + len(answer.phrase)],
            citations=tuple(self._hidden(citation) for citation in answer.citations),
            nearest=tuple(self._source(one) for one in answer.nearest),
            also=tuple(self._source(one) for one in answer.also),
        )

    def _source(self, source: Kind) -> Kind:
        document = self._document(source.document)
        return replace(source, document=document, quote=self._shown(source.quote))

    def _document(self, document: DocumentName) -> DocumentName:
        return replace(document, name=self._shown(document.name), title=self._shown(document.title))

    def _shown(self, text: str) -> str:
        """The text with its masks, computed once: citations share sources, and stream and stored answer show them."""
        shown = self._masked.get(text)
        if shown is None:
            shown = self._masked[text] = hidden(text, self._finders)
        return shown
