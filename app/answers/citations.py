"""From the generator's spans to citations: ranges of a passage become ranges of its document.

Pure functions over the types of the libraries; they know nothing of SQL. `draft` checks each range against the stored
text before anybody sees it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.answers.types import AnswerRange, AnswerSpan, Citation
from app.db.surroundings import REACH
from generator.types import Ink, Span
from ingestion.sentences import split_sentences
from retrieval.types import Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class CitedRange:
    """A stretch of a document that a stretch of the answer was copied from."""

    answer_start: int
    answer_end: int
    document: str
    chunk: int
    start: int
    end: int


class UnknownPassageError(Exception):
    """A generator named a passage that it was not given, or a range outside of it."""


def to_document(spans: Sequence[Span], passages: Mapping[str, Passage]) -> list[AnswerSpan]:
    """Move copied spans from passage to document offsets and merge touching spans.

    Args:
        spans: As the generator gave them, in answer order.
        passages: The passages it was given, by key.

    Returns:
        Spans in answer order; two copied runs that are neighbours in the answer and in the document are one.

    Raises:
        UnknownPassageError: A copied span does not lie in a passage that was given.
    """
    moved = [_move(span, passages) for span in sorted(spans, key=lambda span: span.answer_start)]
    joined: list[AnswerSpan] = []
    for span in moved:
        if joined and _touch(joined[-1], span):
            last = joined.pop()
            span = AnswerSpan(
                answer_start=last.answer_start,
                answer_end=span.answer_end,
                kind=last.kind,
                chunk=last.chunk,
                document=last.document,
                start=last.start,
                end=span.end,
            )
        joined.append(span)
    return joined


def _move(span: Span, passages: Mapping[str, Passage]) -> AnswerSpan:
    if span.ink is Ink.WRITTEN:
        return AnswerSpan(answer_start=span.answer_start, answer_end=span.answer_end, kind="written")
    passage = passages.get(span.passage or "")
    if passage is None or span.start is None or span.end is None:
        raise UnknownPassageError(
            f"the generator copied from passage {span.passage!r}, which it was not given"
        )
    if not -passage.start <= span.start <= span.end <= len(passage.text) + REACH:
        raise UnknownPassageError(
            f"the generator copied [{span.start}, {span.end}) of passage {span.passage!r}, "
            f"which has {len(passage.text)} characters"
        )
    return AnswerSpan(
        answer_start=span.answer_start,
        answer_end=span.answer_end,
        kind="copied",
        chunk=passage.chunk_id,
        document=passage.document_id,
        start=passage.start + span.start,
        end=passage.start + span.end,
    )


def _touch(left: AnswerSpan, right: AnswerSpan) -> bool:
    if left.kind != right.kind or left.answer_end != right.answer_start:
        return False
    return left.kind == "written" or (left.document == right.document and left.end == right.start)


def citations_of(text: str, spans: Sequence[AnswerSpan]) -> list[CitedRange]:
    """Ranges to cite: the copied spans, white space at their ends left off.

    Args:
        text: The answer.
        spans: From `to_document`.

    Returns:
        One range a copied span that shows something, in answer order.
    """
    ranges: list[CitedRange] = []
    for span in spans:
        if span.kind != "copied" or span.document is None or span.chunk is None or span.start is None:
            continue
        run = text[span.answer_start : span.answer_end]
        if not any(character.isalnum() for character in run):
            continue  # a copied comma is no evidence
        left, right = len(run) - len(run.lstrip()), len(run) - len(run.rstrip())
        ranges.append(
            CitedRange(
                answer_start=span.answer_start + left,
                answer_end=span.answer_end - right,
                document=span.document,
                chunk=span.chunk,
                start=span.start + left,
                end=span.start + len(run) - right,
            )
        )
    return ranges


def unsupported(text: str, citations: Sequence[Citation]) -> list[AnswerRange]:
    """Sentences of an answer in which nothing is cited.

    Args:
        text: The answer.
        citations: Of the answer.
    """
    cited = [(citation.answer_start, citation.answer_end) for citation in citations]
    return [
        AnswerRange(answer_start=start, answer_end=end)
        for start, end in split_sentences(text)
        if any(character.isalnum() for character in text[start:end])
        and not any(left < end and start < right for left, right in cited)
    ]
