"""Where each token of an answer comes from: kept compactly with the answer, told in its documents' coordinates.

What is kept is JSON: `sources` are `[chunk, document]`, `tokens` are
`[characters, ink, action, [[source, start, end, weight], ...]]` with ranges of the document's canonical text. A
copied token has one range of weight 1; a written one has those it attended to. Pure functions; no SQL here.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from app.answers.citations import UnknownPassageError
from app.db.sources import Source
from app.db.surroundings import REACH
from generator.types import Ink, Span, Token
from retrieval.types import Passage

Kept = dict[str, Any]
Place = tuple[int, int, int]
"""Chunk id, and a range `[start, end)` of the canonical text of its document."""
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
) -> Kept:
    """What to keep of an answer.

    Args:
        text: The answer.
        tokens: As they were streamed.
        spans: Of the answer; used where the generator revised its text, so that the tokens are not the answer's.
        passages: What the generator was given, by key.

    Raises:
        UnknownPassageError: A token names a passage that was not given, or a range outside of it.
    """
    if "".join(token.text for token in tokens) != text:
        tokens = [_as_token(span, text) for span in spans]
    numbers: dict[str, int] = {}
    rows = [
        [
            len(token.text),
            token.ink.value,
            token.action,
            [
                [numbers.setdefault(key, len(numbers)), *_moved(passages, key, start, end), round(weight, 4)]
                for key, start, end, weight in _ranges(token)
            ],
        ]
        for token in tokens
    ]
    return {
        "sources": [[passages[key].chunk_id, passages[key].document_id] for key in numbers],
        "tokens": rows,
    }


def _as_token(span: Span, text: str) -> Token:
    said = text[span.answer_start : span.answer_end]
    return Token(text=said, ink=span.ink, passage=span.passage, start=span.start, end=span.end)


def _ranges(token: Token) -> Iterator[tuple[str, int, int, float]]:
    if token.ink is Ink.WRITTEN:
        yield from ((item.passage, item.start, item.end, item.weight) for item in token.attention)
    elif token.passage is not None and token.start is not None and token.end is not None:
        yield token.passage, token.start, token.end, 1.0


def _moved(passages: Mapping[str, Passage], key: str, start: int, end: int) -> tuple[int, int]:
    passage = passages.get(key)
    if passage is None or not -passage.start <= start <= end <= len(passage.text) + REACH:
        raise UnknownPassageError(
            f"a token comes from [{start}, {end}) of passage {key!r}, which was not given"
        )
    return passage.start + start, passage.start + end


def told(
    answer: Mapping[str, Any], kept: Kept | None, sources: Mapping[Place, Source | None]
) -> dict[str, Any]:
    """The provenance of an answer as every face of the program gives it.

    Args:
        answer: The answer.
        kept: From `record`; None for answers stored before, refusals and answers that never came to an end.
        sources: The stored text at each of `places_of`.

    Returns:
        Tokens, and the runs that they form. `recorded` is "tokens", "runs" (no actions, no attention) or "nothing",
        and `note` says why it is less than tokens. Where a source is gone, `page` is null, and `quote` too, unless
        the answer says it.
    """
    rows = kept or _from_spans(answer)
    named, tokens = rows["sources"], rows["tokens"]
    recorded = "nothing" if not tokens else "tokens" if any(row[2] for row in tokens) else "runs"
    return {
        "id": answer["id"],
        "status": answer["status"],
        "text": answer["text"],
        "recorded": recorded,
        "note": _note(answer, kept, recorded),
        "tokens": [
            {"action": row[2]} | part
            for row, part in zip(tokens, _parts(answer["text"], tokens, named, sources), strict=True)
        ],
        "runs": list(_parts(answer["text"], _runs(tokens, named), named, sources)),
    }


def _parts(
    text: str,
    rows: Sequence[Sequence[Any]],
    named: Sequence[Sequence[Any]],
    sources: Mapping[Place, Source | None],
) -> Iterator[dict[str, Any]]:
    at = 0
    for length, ink, _, ranges in rows:
        said = text[at : at + length] if ink == Ink.COPIED else None
        where = [_range(named, item, said, sources) for item in ranges]
        yield {
            "answer_start": at,
            "answer_end": at + length,
            "kind": ink,
            "ranges": where,
            "weight_sum": round(sum(item["weight"] for item in where), 4),
        }
        at += length


def _runs(rows: Sequence[Sequence[Any]], named: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Neighbouring tokens put together: copied ones where the source goes on, written ones all."""
    groups: list[list[Sequence[Any]]] = []
    for row in rows:
        if groups and _goes_on(groups[-1][-1], row, named):
            groups[-1].append(row)
        else:
            groups.append([row])
    return [[sum(row[0] for row in group), group[0][1], None, _joined(group)] for group in groups]


def _goes_on(last: Sequence[Any], row: Sequence[Any], named: Sequence[Sequence[Any]]) -> bool:
    if last[1] != row[1] or row[1] == Ink.WRITTEN:
        return bool(last[1] == row[1])
    (before,), (after,) = last[3], row[3]
    return bool(named[before[0]][1] == named[after[0]][1] and before[2] == after[1])


def _joined(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    """Ranges of a run: the one that it was copied from, or the strongest that its tokens looked at on average."""
    if rows[0][1] == Ink.COPIED:
        (first,), (last,) = rows[0][3], rows[-1][3]
        return [[first[0], first[1], last[2], 1.0]]
    looking = [row[3] for row in rows if row[3]]
    joined: list[list[Any]] = []
    for number, start, end, weight in sorted(item for ranges in looking for item in ranges):
        if joined and joined[-1][0] == number and start <= joined[-1][2]:
            joined[-1][2] = max(joined[-1][2], end)
            joined[-1][3] += weight
        else:
            joined.append([number, start, end, weight])
    shares = [[*place, round(weight / len(looking), 4)] for *place, weight in joined]
    return sorted(shares, key=lambda item: -item[3])[:SHOWN]


def places_of(answer: Mapping[str, Any], kept: Kept | None) -> list[Place]:
    """The places that the provenance of an answer names, each once."""
    rows = kept or _from_spans(answer)
    return list(
        dict.fromkeys(
            (rows["sources"][source][0], start, end)
            for *_, ranges in [*rows["tokens"], *_runs(rows["tokens"], rows["sources"])]
            for source, start, end, _ in ranges
        )
    )


def _range(
    named: Sequence[Sequence[Any]],
    item: Sequence[Any],
    said: str | None,
    sources: Mapping[Place, Source | None],
) -> dict[str, Any]:
    number, start, end, weight = item
    chunk, document = named[number]
    source = sources.get((chunk, start, end))
    return {
        "chunk": chunk,
        "document": document,
        "page": source.page if source else None,
        "start": start,
        "end": end,
        "quote": said if said is not None else source.quote if source else None,
        "weight": weight,
    }


def _from_spans(answer: Mapping[str, Any]) -> Kept:
    """The kept form of an answer of which only the spans are known."""
    numbers: dict[tuple[int, str], int] = {}
    rows = [
        [
            span["answer_end"] - span["answer_start"],
            span["kind"],
            None,
            [
                [
                    numbers.setdefault((span["chunk"], span["document"]), len(numbers)),
                    span["start"],
                    span["end"],
                    1.0,
                ]
            ]
            if span["kind"] == Ink.COPIED
            else [],
        ]
        for span in answer["spans"]
    ]
    return {"sources": [list(pair) for pair in numbers], "tokens": rows}


def _note(answer: Mapping[str, Any], kept: Kept | None, recorded: str) -> str | None:
    if recorded == "tokens":
        return None
    if answer.get("erased") and not kept:
        return ERASED
    if recorded == "runs":
        return NO_ACTIONS if kept else BEFORE_TOKENS
    if answer["status"] == "running":
        return STILL_WRITTEN
    return REFUSAL if answer["reason"] else NO_TEXT
