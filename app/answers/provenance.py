"""Where each token of an answer comes from: a compact trace to store, and provenance in documents' coordinates.

Pure functions; they know nothing of SQL. The ranges of a trace are ranges of a document's canonical text.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from app.answers.citations import UnknownPassageError
from app.answers.types import (
    Answer,
    Provenance,
    RunProvenance,
    SourceRange,
    TokenProvenance,
    TokenTrace,
    Trace,
    TracedRange,
    TracedSource,
)
from app.db.sources import Source
from app.db.surroundings import REACH
from generator.types import Attended, Ink, Span, Token
from retrieval.types import Passage

Place = tuple[int, int, int]
"""Chunk id, and a range `[start, end)` of the canonical text of its document."""
Recorded = Literal["tokens", "runs", "nothing"]
SHOWN = 5
"""Most ranges of a written run."""

STILL_WRITTEN = "This answer is still being written; ask again when it is done."
NO_TEXT = "This answer has no text: it failed or was stopped before its first word."
REFUSAL = "The documents did not answer, so nothing of this text comes from them."
BEFORE_TOKENS = "This answer was stored before tokens were recorded; its runs are told instead."
ERASED = "Documents of this answer were deleted, and with them what its tokens came from; its runs are told instead."
NO_ACTIONS = "The generator of this answer tells what it copied, but neither actions nor attention."


def record(
    text: str, tokens: Sequence[Token], spans: Sequence[Span], passages: Mapping[str, Passage]
) -> Trace:
    """The trace of an answer, in the coordinates of its documents.

    Args:
        text: The answer.
        tokens: As they were streamed.
        spans: Of the answer; used where the generator revised its text, so that the tokens are not the answer's.
        passages: The passages that the generator was given, by key.

    Raises:
        UnknownPassageError: A token names a passage that was not given, or a range outside of it.
    """
    if "".join(token.text for token in tokens) != text:
        tokens = [_as_token(span, text) for span in spans]
    numbers: dict[str, int] = {}
    traced = tuple(
        TokenTrace(
            characters=len(token.text),
            ink=token.ink.value,
            action=token.action,
            ranges=tuple(_traced(item, numbers, passages) for item in _ranges(token)),
        )
        for token in tokens
    )
    given = (passages[key] for key in numbers)
    sources = tuple(TracedSource(chunk=passage.chunk_id, document=passage.document_id) for passage in given)
    return Trace(sources=sources, tokens=traced)


def _as_token(span: Span, text: str) -> Token:
    said = text[span.answer_start : span.answer_end]
    return Token(text=said, ink=span.ink, passage=span.passage, start=span.start, end=span.end)


def _ranges(token: Token) -> Sequence[Attended]:
    """The ranges of passages that a token comes from."""
    if token.ink is Ink.WRITTEN:
        return token.attention
    if token.passage is None or token.start is None or token.end is None:
        return ()
    return (Attended(passage=token.passage, start=token.start, end=token.end, weight=1.0),)


def _traced(item: Attended, numbers: dict[str, int], passages: Mapping[str, Passage]) -> TracedRange:
    """A range of a passage in its document; `numbers`, the sources by passage key, gains the passage.

    Raises:
        UnknownPassageError: The passage was not given, or the range lies outside of it.
    """
    passage = passages.get(item.passage)
    if passage is None or not -passage.start <= item.start <= item.end <= len(passage.text) + REACH:
        raise UnknownPassageError(
            f"a token comes from [{item.start}, {item.end}) of passage {item.passage!r}, which was not given"
        )
    return TracedRange(
        source=numbers.setdefault(item.passage, len(numbers)),
        start=passage.start + item.start,
        end=passage.start + item.end,
        weight=round(item.weight, 4),
    )


def provenance_of(answer: Answer, trace: Trace | None, sources: Mapping[Place, Source | None]) -> Provenance:
    """The provenance of an answer, by token and by run.

    Args:
        answer: The answer.
        trace: From `record`; None for answers stored before traces, for refusals, and for answers without an end.
        sources: The stored text at each of `places_of`.

    Returns:
        Tokens, and the runs that they form; `note` says why less than tokens is recorded. Where a source is gone, its
        page is None, and its quote too, unless the answer holds it.
    """
    known = trace or _from_spans(answer)
    recorded = _recorded(known)
    documents = {source.document.id: source.document for source in sources.values() if source}
    return Provenance(
        id=answer.id,
        status=answer.status,
        text=answer.text,
        recorded=recorded,
        note=_note(answer, trace, recorded),
        tokens=tuple(
            TokenProvenance(
                action=token.action,
                answer_start=run.answer_start,
                answer_end=run.answer_end,
                kind=run.kind,
                ranges=run.ranges,
                weight_sum=run.weight_sum,
            )
            for token, run in zip(
                known.tokens, _located(answer.text, known.tokens, known, sources), strict=True
            )
        ),
        runs=tuple(_located(answer.text, runs_of(known), known, sources)),
        documents=tuple(documents.values()),
    )


def places_of(answer: Answer, trace: Trace | None) -> list[Place]:
    """The places that the provenance of an answer names, each once."""
    known = trace or _from_spans(answer)
    return list(
        dict.fromkeys(
            (known.sources[item.source].chunk, item.start, item.end)
            for token in [*known.tokens, *runs_of(known)]
            for item in token.ranges
        )
    )


def _recorded(trace: Trace) -> Recorded:
    if not trace.tokens:
        return "nothing"
    return "tokens" if any(token.action for token in trace.tokens) else "runs"


def _located(
    text: str, tokens: Sequence[TokenTrace], trace: Trace, sources: Mapping[Place, Source | None]
) -> Iterator[RunProvenance]:
    """Tokens or runs of a trace with their places in the answer and the text of their sources."""
    at = 0
    for token in tokens:
        copied = text[at : at + token.characters] if token.ink == Ink.COPIED else None
        ranges = tuple(_source_range(trace, item, copied, sources) for item in token.ranges)
        yield RunProvenance(
            answer_start=at,
            answer_end=at + token.characters,
            kind=token.ink,
            ranges=ranges,
            weight_sum=round(sum(item.weight for item in ranges), 4),
        )
        at += token.characters


def _source_range(
    trace: Trace, item: TracedRange, copied: str | None, sources: Mapping[Place, Source | None]
) -> SourceRange:
    named = trace.sources[item.source]
    source = sources.get((named.chunk, item.start, item.end))
    quote = source.quote if source else None
    return SourceRange(
        chunk=named.chunk,
        document=named.document,
        page=source.page if source else None,
        start=item.start,
        end=item.end,
        quote=quote if copied is None else copied,
        weight=item.weight,
    )


def runs_of(trace: Trace) -> list[TokenTrace]:
    """Neighbouring tokens joined: copied ones where the source continues, written ones all; at most `SHOWN` ranges."""
    groups: list[list[TokenTrace]] = []
    for token in trace.tokens:
        if groups and _continues(groups[-1][-1], token, trace):
            groups[-1].append(token)
        else:
            groups.append([token])
    return [
        TokenTrace(
            characters=sum(token.characters for token in group),
            ink=group[0].ink,
            action=None,
            ranges=_joined(group),
        )
        for group in groups
    ]


def _continues(last: TokenTrace, token: TokenTrace, trace: Trace) -> bool:
    """Whether a token belongs to the run of the token before it."""
    if last.ink != token.ink or token.ink != Ink.COPIED:
        return last.ink == token.ink
    (before,), (after,) = last.ranges, token.ranges
    same = trace.sources[before.source].document == trace.sources[after.source].document
    return same and before.end == after.start


def _joined(tokens: Sequence[TokenTrace]) -> tuple[TracedRange, ...]:
    """Ranges of a run: the copied range, or the strongest ranges by the mean attention of its tokens."""
    if tokens[0].ink == Ink.COPIED:
        (first,), (last,) = tokens[0].ranges, tokens[-1].ranges
        return (TracedRange(source=first.source, start=first.start, end=last.end, weight=1.0),)
    attending = [token.ranges for token in tokens if token.ranges]
    joined: list[TracedRange] = []
    for item in sorted(item for ranges in attending for item in ranges):
        if joined and joined[-1].source == item.source and item.start <= joined[-1].end:
            last = joined.pop()
            item = replace(last, end=max(last.end, item.end), weight=last.weight + item.weight)
        joined.append(item)
    means = [replace(item, weight=round(item.weight / len(attending), 4)) for item in joined]
    return tuple(sorted(means, key=lambda item: -item.weight)[:SHOWN])


def _from_spans(answer: Answer) -> Trace:
    """The trace of an answer of which only the spans are known."""
    numbers: dict[TracedSource, int] = {}
    tokens: list[TokenTrace] = []
    for span in answer.spans:
        ranges: tuple[TracedRange, ...] = ()
        if span.chunk is not None and span.document and span.start is not None and span.end is not None:
            source = TracedSource(chunk=span.chunk, document=span.document)
            number = numbers.setdefault(source, len(numbers))
            ranges = (TracedRange(source=number, start=span.start, end=span.end, weight=1.0),)
        tokens.append(
            TokenTrace(
                characters=span.answer_end - span.answer_start, ink=span.kind, action=None, ranges=ranges
            )
        )
    return Trace(sources=tuple(numbers), tokens=tuple(tokens))


def _note(answer: Answer, trace: Trace | None, recorded: Recorded) -> str | None:
    if recorded == "tokens":
        return None
    if answer.erased and trace is None:
        return ERASED
    if recorded == "runs":
        return NO_ACTIONS if trace is not None else BEFORE_TOKENS
    if answer.status == "running":
        return STILL_WRITTEN
    return REFUSAL if answer.reason else NO_TEXT
