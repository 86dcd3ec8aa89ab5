"""An answer while it is generated: its text, its two inks, and citations checked against the stored text.

Knows the database only to read what is cited; it knows nothing of search, of models or of HTTP.
"""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from app.answers.citations import CitedRange, citations_of, to_document
from app.answers.provenance import record
from app.answers.types import AlternativeSource, AnswerSpan, Citation, NearestPassage, Trace
from app.db.engine import Database
from app.db.sources import DocumentName, Source, read_sources
from app.errors import QuoteMismatchError
from generator.types import SUPPORTED, Evidence, Span, Token
from retrieval.types import ContextPassage, Passage

NEAREST = 3
"""Most passages that are shown where nothing answers."""
AROUND = 120
"""Most characters of a citation's line that are shown in front of its quote, and as many behind it."""
WORD = 20
"""At most this many of those characters are dropped so that the cut falls between words; Chinese has no spaces."""


class SourcesWithdrawnError(Exception):
    """A document that the answer copied from was deleted, disabled or replaced in the meantime."""


class Draft:
    """Text and spans so far, over the passages that the generator reads."""

    def __init__(self, database: Database, passages: Sequence[ContextPassage]) -> None:
        """Begin with an empty text."""
        self._database = database
        self._context = passages
        self._passages = {str(item.passage.chunk_id): item.passage for item in passages}
        self._scores = {
            item.passage.chunk_id: item.hit.scores.get("rerank", item.hit.score) for item in passages
        }
        self.text = ""
        self.spans: list[Span] = []
        self._tokens: list[Token] = []
        self._cited = 0

    def write(self, token: Token) -> list[Citation]:
        """Append a token.

        Returns:
            Citations of the copied runs that this token brought to an end.

        Raises:
            QuoteMismatchError: A run does not equal the stored text.
            SourcesWithdrawnError: A source is gone.
        """
        begin = len(self.text)
        self.text += token.text
        self._tokens.append(token)
        self.spans.append(
            Span(
                answer_start=begin,
                answer_end=len(self.text),
                ink=token.ink,
                passage=token.passage,
                start=token.start,
                end=token.end,
                support=token.support,
            )
        )
        # all but the last run are closed: only the last can still grow
        closed = citations_of(self.text, to_document(self.spans, self._passages)[:-1])
        fresh, self._cited = closed[self._cited :], len(closed)
        return self._cite(fresh, self.text, self.spans, first=len(closed) - len(fresh) + 1)

    def settle(self, text: str, spans: Sequence[Span]) -> tuple[list[AnswerSpan], list[Citation]]:
        """Spans and citations of a final text.

        Raises:
            QuoteMismatchError: A run does not equal the stored text.
            SourcesWithdrawnError: A source is gone.
        """
        moved = to_document(spans, self._passages)
        return moved, self._cite(citations_of(text, moved), text, spans, first=1)

    def trace(self, text: str, spans: Sequence[Span]) -> Trace:
        """Where each token of a final text comes from."""
        return record(text, self._tokens, spans, self._passages)

    @property
    def citations_sent(self) -> int:
        """Citations that `write` has given."""
        return self._cited

    def nearest(
        self, relevance: Mapping[str, float], evidence: Sequence[Evidence] = ()
    ) -> list[NearestPassage]:
        """The whole passages to show where nothing answers, each with the range of its closest sentence.

        Args:
            relevance: Probability by passage key that it holds the answer; decides where there is no evidence.
            evidence: The best sentence of each passage, best first.
        """
        keys = {item.passage: item for item in reversed(evidence)}
        order = {
            passage: place for place, passage in enumerate(dict.fromkeys(item.passage for item in evidence))
        }
        ranked = sorted(
            self._context,
            key=lambda item: (
                order.get(str(item.passage.chunk_id), len(order)),
                -relevance.get(str(item.passage.chunk_id), 0.0),
            ),
        )[:NEAREST]
        with self._database.read() as session:
            sources = read_sources(
                session, [(item.passage.chunk_id, item.passage.start, item.passage.end) for item in ranked]
            )
        return [
            NearestPassage(
                **_place(source),
                score=relevance.get(str(source.chunk), self._scores[source.chunk]),
                key_start=start,
                key_end=end,
            )
            for item, source in zip(ranked, sources, strict=True)
            if source is not None
            for start, end in [_key_sentence(item, keys.get(str(source.chunk)))]
        ]

    def alternatives(self, evidence: Sequence[Evidence]) -> list[AlternativeSource]:
        """Sentences that may answer too, best first, without those whose document is gone."""
        places = [(self._passages[item.passage], item) for item in evidence if item.passage in self._passages]
        ranges = [
            (passage.chunk_id, passage.start + item.start, passage.start + item.end)
            for passage, item in places
        ]
        with self._database.read() as session:
            sources = read_sources(session, ranges)
        return [
            AlternativeSource(**_place(source), score=item.probability)
            for (_, item), source in zip(places, sources, strict=True)
            if source is not None
        ]

    def _cite(
        self, cited: Sequence[CitedRange], text: str, spans: Sequence[Span], *, first: int
    ) -> list[Citation]:
        """Read the ranges from the database and check that each equals the answer's text.

        Raises:
            QuoteMismatchError: A range does not equal it.
            SourcesWithdrawnError: A range is gone.
        """
        if not cited:
            return []
        with self._database.read() as session:
            sources = read_sources(session, [(item.chunk, item.start, item.end) for item in cited])
        citations: list[Citation] = []
        for number, (item, source) in enumerate(zip(cited, sources, strict=True), first):
            if source is None:
                raise SourcesWithdrawnError(item.document)
            said = text[item.answer_start : item.answer_end]
            if source.quote != said:
                raise QuoteMismatchError(source.document.id, (source.start, source.end))
            before, after = _around(self._passages[str(item.chunk)], item.start, item.end)
            support = _support(item, spans)
            citations.append(
                Citation(
                    n=number,
                    answer_start=item.answer_start,
                    answer_end=item.answer_end,
                    **_place(source),
                    before=before,
                    after=after,
                    score=self._scores.get(item.chunk, 0.0),
                    support=support,
                    supported=None if support is None else support >= SUPPORTED,
                )
            )
        return citations


class _Place(TypedDict):
    """The fields that every source of an answer has."""

    document: DocumentName
    chunk: int
    page: int | None
    start: int
    end: int
    quote: str


def _place(source: Source) -> _Place:
    return {
        "document": source.document,
        "chunk": source.chunk,
        "page": source.page,
        "start": source.start,
        "end": source.end,
        "quote": source.quote,
    }


def _support(item: CitedRange, spans: Sequence[Span]) -> float | None:
    """Least support in [0, 1] of the runs that a citation covers; None where the generator gives none."""
    known = [
        span.support
        for span in spans
        if span.support is not None
        and span.answer_start < item.answer_end
        and item.answer_start < span.answer_end
    ]
    return min(known, default=None)


def _around(passage: Passage, start: int, end: int) -> tuple[str, str]:
    """The text in front of and behind a range of a document on its own line, cut between words where there are any."""
    text, first, last = passage.text, start - passage.start, end - passage.start
    line = text.rfind("\n", 0, first) + 1
    line_end = text.find("\n", last)
    before, after = text[line:first], text[last : line_end if line_end >= 0 else len(text)]
    if len(before) > AROUND:
        before = before[-AROUND:]
        before = "…" + before[before.find(" ", 0, WORD) + 1 :]
    if len(after) > AROUND:
        space = after.rfind(" ", AROUND - WORD, AROUND)
        after = after[: space if space >= 0 else AROUND] + "…"
    return before, after


def _key_sentence(item: ContextPassage, evidence: Evidence | None) -> tuple[int, int]:
    """Range of a passage's closest sentence in its document; without evidence, of the first range that was read."""
    if evidence is not None:
        return item.passage.start + evidence.start, item.passage.start + evidence.end
    return item.kept[0] if item.kept else (item.passage.start, item.passage.end)
