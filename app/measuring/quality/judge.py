"""Scores one answer and its citations against the gold answers. Pure functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.answers.types import Citation
from app.measuring.quality.scores import contains_answer, exact_match, f1, has_han
from app.measuring.quality.truth import Place, overlap

LONG_GOLD = 100
"""A gold answer of more characters is a passage: an answer is right where it quotes from it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerScore:
    """How good an answer is; em, f1 and hits in [0, 1].

    Attributes:
        text: What was said, empty where it abstained.
        phrase: The short answer that `text` holds, also where nothing was said.
        shape: Form of the answer; None for a refusal, and for generators that tell none.
        em: Exact match of the short answer, 0 where it abstained.
        f1: Overlap of the short answer, 0 where it abstained.
        phrase_f1: Overlap of the short answer, also where nothing was said.
        sentence_hit: Whether the text, or a sentence that it was taken from, holds a gold answer.
        right: Whether the text holds a gold answer, or quotes a part of a long one; 0 where it abstained.
        signals: What the confidence was made of.
    """

    text: str
    phrase: str
    answered: bool
    confidence: float | None
    shape: str | None
    em: float
    f1: float
    phrase_em: float
    phrase_f1: float
    sentence_hit: float
    right: float
    signals: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class CitationScore:
    """Judged citations of one answer.

    Attributes:
        given: Number of citations.
        right: Of those, how many overlap the place of a gold answer or quote one.
        containing: How many quote a whole gold answer.
        verbatim: How many equal the document's text at their range.
        marked: How many are marked as not supported.
        marked_right: Of those, how many are right.
    """

    given: int
    right: int
    containing: int
    verbatim: int
    marked: int = 0
    marked_right: int = 0


def score_answer(
    golds: Sequence[str],
    *,
    text: str,
    phrase: str,
    sentences: Sequence[str],
    confidence: float | None,
    shape: str | None,
    by_character: bool,
    signals: Mapping[str, float] | None = None,
) -> AnswerScore:
    """Compare an answer with the right answers of its question.

    Args:
        golds: Right answers; where there is none, all scores are 0 and only `answered` counts.
        text: What was said; empty for an abstention.
        phrase: The short answer, whatever was said.
        sentences: Text of the sentences that the answer was taken from.
        confidence: Probability that the passages answer; None where the generator gives none.
        shape: Form of the answer, None where none is told: then the text itself is scored.
        by_character: Whether to compare characters (Chinese) instead of words.
        signals: Of its confidence.
    """
    short, answered = text if shape is None else phrase, bool(text.strip())
    sources = [*sentences, text]
    hit = answered and any(contains_answer(item, golds, by_character=by_character) for item in sources)
    return AnswerScore(
        text=text,
        phrase=phrase,
        answered=answered,
        confidence=confidence,
        shape=shape,
        em=exact_match(short, golds, by_character=by_character) if answered else 0.0,
        f1=f1(short, golds, by_character=by_character) if answered else 0.0,
        phrase_em=exact_match(phrase, golds, by_character=by_character),
        phrase_f1=f1(phrase, golds, by_character=by_character),
        sentence_hit=float(hit),
        right=float(answered and _is_right(text, sentences, golds, by_character=by_character)),
        signals=dict(signals or {}),
    )


def _is_right(text: str, sentences: Sequence[str], golds: Sequence[str], *, by_character: bool) -> bool:
    """Whether a text holds a gold answer, or its sentences are a part of a gold answer that is a whole section."""
    if contains_answer(text, golds, by_character=by_character):
        return True
    sections = [gold for gold in golds if len(gold) > LONG_GOLD]
    return any(
        contains_answer(section, [sentence], by_character=by_character)
        for sentence in sentences
        for section in sections
    )


def judge_citations(
    citations: Sequence[Citation],
    golds: Sequence[str],
    places: Sequence[Place],
    texts: Mapping[str, str],
) -> CitationScore:
    """Compare citations with the gold places and with the documents.

    Args:
        citations: As the answer carries them.
        golds: Gold answers; empty where the question has none, and then no citation is right.
        places: Where gold answers stand.
        texts: Canonical text by document id.
    """
    right = containing = verbatim = marked = marked_right = 0
    for citation in citations:
        document, start, end = citation.document.id, citation.start, citation.end
        quotes_gold = contains_answer(
            citation.quote, golds, by_character=any(has_han(gold) for gold in golds)
        )
        containing += quotes_gold
        is_right = bool(places) and (
            quotes_gold or any(overlap((document, start, end), place) for place in places)
        )
        right += is_right
        if citation.supported is False:
            marked += 1
            marked_right += is_right
        verbatim += texts.get(document, "")[start:end] == citation.quote
    return CitationScore(
        given=len(citations),
        right=right,
        containing=containing,
        verbatim=verbatim,
        marked=marked,
        marked_right=marked_right,
    )
