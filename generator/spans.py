"""Where an answer comes from: its tokens merged to spans in two inks."""

from collections.abc import Sequence

from generator.types import Ink, Span, Token


def spans(tokens: Sequence[Token]) -> list[Span]:
    """Merge neighbouring tokens: written ones together, copied ones if their source ranges touch."""
    merged: list[Span] = []
    at = 0
    for token in tokens:
        end = at + len(token.text)
        last = merged[-1] if merged else None
        goes_on = (
            last is not None
            and last.ink == token.ink
            and last.passage == token.passage
            and (token.ink == Ink.WRITTEN or last.end == token.start)
            and last.support == token.support
        )
        if goes_on and last is not None:
            merged[-1] = Span(
                answer_start=last.answer_start,
                answer_end=end,
                ink=last.ink,
                passage=last.passage,
                start=last.start,
                end=token.end,
                support=last.support,
            )
        elif token.text:
            merged.append(
                Span(
                    answer_start=at,
                    answer_end=end,
                    ink=token.ink,
                    passage=token.passage,
                    start=token.start,
                    end=token.end,
                    support=token.support,
                )
            )
        at = end
    return merged
