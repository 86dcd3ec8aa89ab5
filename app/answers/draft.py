"""An answer while it is written: its text, its two inks, and citations checked against the stored text.

Knows the database only to read what is cited; it knows nothing of search, of models or of HTTP.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from app.answers.citations import AnswerSpan, CitedRange, citations_of, to_document
from app.answers.provenance import Kept, record
from app.db.engine import Database
from app.db.sources import read_sources
from app.errors import QuoteMismatchError
from generator.types import SUPPORTED, Evidence, Span, Token
from retrieval.types import ContextPassage, Passage

Citation = dict[str, Any]
NEAREST = 3
AROUND = 120
"""Most characters of a citation's line that are given before and behind its quote."""
WORD = 20
"""So many of them are given up for a cut between words; Chinese has no spaces to cut at."""


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
        """Spans and citations of a text that will not change any more.

        Raises:
            QuoteMismatchError: A run does not equal the stored text.
            SourcesWithdrawnError: A source is gone.
        """
        moved = to_document(spans, self._passages)
        return moved, self._cite(citations_of(text, moved), text, spans, first=1)

    def provenance(self, text: str, spans: Sequence[Span]) -> Kept:
        """Where each token of a text that will not change any more comes from."""
        return record(text, self._tokens, spans, self._passages)

    @property
    def citations_sent(self) -> int:
        """Citations that `write` has given."""
        return self._cited

    def nearest(
        self, relevance: Mapping[str, float], evidence: Sequence[Evidence] = ()
    ) -> list[dict[str, Any]]:
        """The passages to show where nothing answers, whole, the key sentence of each marked.

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
            asdict(source)
            | {"score": relevance.get(str(source.chunk), self._scores[source.chunk])}
            | _key_sentence(item, keys.get(str(source.chunk)))
            for item, source in zip(ranked, sources, strict=True)
            if source is not None
        ]

    def also(self, evidence: Sequence[Evidence]) -> list[dict[str, Any]]:
        """Sentences that may answer too, best first; those whose document is gone are left out."""
        places = [(self._passages[item.passage], item) for item in evidence if item.passage in self._passages]
        ranges = [
            (passage.chunk_id, passage.start + item.start, passage.start + item.end)
            for passage, item in places
        ]
        with self._database.read() as session:
            sources = read_sources(session, ranges)
        return [
            asdict(source) | {"score": item.probability}
            for (_, item), source in zip(places, sources, strict=True)
            if source is not None
        ]

    def _cite(
        self, cited: Sequence[CitedRange], text: str, spans: Sequence[Span], *, first: int
    ) -> list[Citation]:
        """Read the ranges from the database, and insist that they say what the answer says.

        Raises:
            QuoteMismatchError: One says something else.
            SourcesWithdrawnError: One is gone.
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
            where = {"n": number, "answer_start": item.answer_start, "answer_end": item.answer_end}
            around = _around(self._passages[str(item.chunk)], item.start, item.end)
            told = {"score": self._scores.get(item.chunk, 0.0), **_support(item, spans)}
            citations.append(where | asdict(source) | around | told)
        return citations


def _support(item: CitedRange, spans: Sequence[Span]) -> dict[str, Any]:
    """Least support of the runs that a citation backs, and whether it is enough; None where nothing is known."""
    known = [
        span.support
        for span in spans
        if span.support is not None
        and span.answer_start < item.answer_end
        and item.answer_start < span.answer_end
    ]
    support = min(known, default=None)
    return {"support": support, "supported": None if support is None else support >= SUPPORTED}


def _around(passage: Passage, start: int, end: int) -> dict[str, str]:
    """What stands before and behind a range of a document on its own line, from whole words where there are any."""
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
    return {"before": before, "after": after}


def _key_sentence(item: ContextPassage, evidence: Evidence | None) -> dict[str, int]:
    """Range of the sentence of a passage that comes closest, in its document; without evidence what was kept first."""
    if evidence is not None:
        return {
            "key_start": item.passage.start + evidence.start,
            "key_end": item.passage.start + evidence.end,
        }
    start, end = item.kept[0] if item.kept else (item.passage.start, item.passage.end)
    return {"key_start": start, "key_end": end}
