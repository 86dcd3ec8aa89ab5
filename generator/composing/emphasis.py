"""Where the short answer stands in the answer."""

from collections.abc import Sequence

from generator.types import Ink, Span, Token

MOST = 0.9
"""An answer that is nearly all phrase has nothing to stand out from."""


def emphasis(spans: Sequence[Span], phrase: Sequence[Token]) -> list[tuple[int, int]]:
    """Ranges of the answer that say the phrase, ascending.

    Args:
        spans: Of the answer.
        phrase: The short answer; its copied tokens are found by where they were copied from.
    """
    ranges: list[tuple[int, int]] = []
    for token in phrase:
        if token.ink != Ink.COPIED or token.start is None or token.end is None:
            continue
        for span in spans:
            if span.passage != token.passage or span.start is None or span.end is None:
                continue
            if span.start <= token.start and token.end <= span.end:
                start = span.answer_start + token.start - span.start
                ranges.append((start, start + token.end - token.start))
                break
    joined: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    length = sum(span.answer_end - span.answer_start for span in spans)
    return joined if sum(end - start for start, end in joined) < MOST * length else []
