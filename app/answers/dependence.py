"""Ranges of documents that an answer stands on: if one of them says something else, the answer is outdated.

Pure functions. A copied run stands on what it copied, a written one on what it attended to most, as its provenance
shows. Where a generator tells nothing of what it wrote, and a sentence cites nothing, the answer stands on all that was
read.
"""

from collections.abc import Iterator, Sequence

from app.answers.provenance import runs_of
from app.answers.types import Answer, Trace
from retrieval.types import ContextPassage

StandsOn = tuple[int, str, int, int]
"""Chunk, document, and range `[start, end)` of the document's canonical text."""
LEAST_SHARE = 0.05
"""Share of its attention below which a written run does not stand on a range."""


def stands_on(answer: Answer, trace: Trace | None, read: Sequence[ContextPassage]) -> frozenset[StandsOn]:
    """Ranges that an answer stands on; none for refusals, which say that nothing was found.

    Args:
        answer: As it was generated.
        trace: Where its tokens come from; None for refusals.
        read: The passages that the generator was given.
    """
    if not answer.answerable:
        return frozenset()
    copied = {
        (span.chunk, span.document, span.start, span.end)
        for span in answer.spans
        if span.chunk is not None and span.document and span.start is not None and span.end is not None
    }
    attended = set() if trace is None else set(_attended(trace))
    if answer.unsupported and not attended:
        return frozenset(copied | {_whole(item) for item in read})
    return frozenset(copied | attended)


def _attended(trace: Trace) -> Iterator[StandsOn]:
    for run in runs_of(trace):
        for item in run.ranges:
            if run.ink != "copied" and item.weight >= LEAST_SHARE:
                source = trace.sources[item.source]
                yield source.chunk, source.document, item.start, item.end


def _whole(item: ContextPassage) -> StandsOn:
    passage = item.passage
    return passage.chunk_id, passage.document_id, passage.start, passage.start + len(passage.text)
