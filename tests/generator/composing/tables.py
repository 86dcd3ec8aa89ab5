"""Evidence without a model: passages of parsed documents, and chosen probabilities of what answers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch

from generator.composing.compose import compose
from generator.composing.evidence import EvidenceTable
from generator.composing.plan import Plan, parts_of, tokens_of
from generator.composing.question import asked_of
from generator.fathom_small.encoder import ReadStates
from generator.fathom_small.reading import Reading, SpanDistribution
from generator.types import Ink, Shape, SourcePassage, TextBlock, Token
from ingestion.config import ParsingLimits
from ingestion.parsers import parse_source
from ingestion.sentences import sentences_of
from ingestion.types import Source

_PIECE = re.compile(r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+|[^\w\s]")


def page(
    text: str,
    *,
    name: str = "page.md",
    key: str = "page",
    within: tuple[str, str] | None = None,
    headings: Sequence[str] = (),
    weight: float = 1.0,
) -> SourcePassage:
    """A document as a passage, or the part of it from one text to another, the rest around it."""
    document = parse_source(Source(name=name, data=text.encode()), ParsingLimits())
    whole = document.text
    start, end = 0, len(whole)
    if within is not None:
        start = whole.index(within[0])
        end = whole.index(within[1], start) + len(within[1])
    sentences = [span for block in document.blocks for span in sentences_of(whole, block)]
    return SourcePassage(
        key=key,
        text=whole[start:end],
        before=whole[:start],
        after=whole[end:],
        sentences=[
            (max(a, start) - start, min(b, end) - start) for a, b in sentences if a < end and b > start
        ],
        blocks=[
            TextBlock(
                kind=block.kind.value,
                start=block.start - start,
                end=block.end - start,
                level=block.level or 0,
            )
            for block in document.blocks
        ],
        headings=headings,
        weight=weight,
    )


def evidence(
    question: str,
    *passages: SourcePassage,
    says: Mapping[str, float] | None = None,
    translated: Sequence[tuple[str, Sequence[str]]] = (),
) -> EvidenceTable:
    """What a reader would find that thinks of some texts, each in one passage, that they answer.

    Args:
        question: As it was asked.
        passages: What is read.
        says: Probability by text; of text that stands in several passages, the first place counts.
        translated: Words of the question with their translations.
    """
    ranges = [[match.span() for match in _PIECE.finditer(passage.text)] for passage in passages]
    P, S = len(passages), max(len(pieces) for pieces in ranges)
    joint_PSS = torch.full((P, S, S), float("-inf"))
    for text, probability in (says or {}).items():
        p = next(p for p, passage in enumerate(passages) if text in passage.text)
        start = passages[p].text.index(text)
        inside = [i for i, (a, b) in enumerate(ranges[p]) if a < start + len(text) and start < b]
        joint_PSS[p, inside[0], inside[-1]] = torch.tensor(probability).log()
    zeros = torch.zeros(P, S)
    states = ReadStates(torch.zeros(P, S, 1), zeros, zeros, torch.zeros(P, 2), torch.zeros(P))
    reading = Reading(
        passages, ranges, torch.zeros(P, S, dtype=torch.long), torch.zeros(P, S, dtype=torch.long), states
    )
    return EvidenceTable(question, reading, SpanDistribution(joint_PSS, 1.0), translated)


@dataclass(frozen=True)
class Said:
    """An answer as it is shown."""

    text: str
    shape: Shape
    parts: list[tuple[str, str]]
    more: bool
    plan: Plan
    tokens: list[Token]

    @property
    def core(self) -> tuple[int, int, int]:
        """Passage and range of the sentence with the short answer."""
        assert self.plan.core is not None
        return self.plan.core.passage, self.plan.core.start, self.plan.core.end


def said(plan: Plan, passages: Sequence[SourcePassage]) -> Said:
    """Write a plan out; whatever it says, what it copies stands in its source, and its parts lie in order."""
    tokens = list(tokens_of(plan, passages))
    sources = {passage.key: passage for passage in passages}
    for token in tokens:
        if token.ink == Ink.COPIED:
            source = sources[token.passage or ""]
            wide, origin = source.before + source.text + source.after, len(source.before)
            assert token.start is not None
            assert token.end is not None
            assert 0 <= token.start + origin < token.end + origin <= len(wide)
            assert token.text == wide[token.start + origin : token.end + origin]
    text = "".join(token.text for token in tokens)
    parts = parts_of(plan, passages, text)
    at = 0
    for part in parts:
        assert at <= part.answer_start < part.answer_end <= len(text)
        at = part.answer_end
    return Said(
        text=text,
        shape=plan.shape,
        parts=[(part.kind.value, text[part.answer_start : part.answer_end]) for part in parts],
        more=plan.more,
        plan=plan,
        tokens=tokens,
    )


def answer(question: str, *passages: SourcePassage, says: Mapping[str, float] | None = None) -> Said:
    """Compose an answer to a question as it is asked."""
    plan = compose(evidence(question, *passages, says=says), asked_of(question))
    assert plan is not None
    return said(plan, passages)
