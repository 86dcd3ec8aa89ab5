"""Where a gold answer stands: in its paragraph, and in the canonical text of the ingested document.

A parser may normalise line ends and white space, so paragraphs are found in the canonical text by their
visible characters alone. Offsets are Unicode code points, half-open.
"""

import unicodedata
from collections.abc import Sequence


def locate(text: str, answer: str, near: int | None) -> tuple[int, int] | None:
    """Find an answer in its paragraph, nearest to where the data says it begins.

    Args:
        text: The paragraph.
        answer: Verbatim answer; compared without regard to case where it does not occur exactly.
        near: Start offset from the data, which may be off, or None.

    Returns:
        Range in `text`, or None where the answer does not occur.
    """
    if not answer:
        return None
    if near is not None and text[near : near + len(answer)] == answer:
        return near, near + len(answer)
    for haystack, needle in ((text, answer), (text.lower(), answer.lower())):
        if len(haystack) != len(text) or len(needle) != len(answer):
            continue  # lower-casing changed a length, so that offsets would not hold
        starts = _occurrences(haystack, needle)
        if starts:
            start = min(starts, key=lambda at: abs(at - (near or 0)))
            return start, start + len(needle)
    return None


def _occurrences(text: str, needle: str) -> list[int]:
    starts: list[int] = []
    at = text.find(needle)
    while at >= 0:
        starts.append(at)
        at = text.find(needle, at + 1)
    return starts


def _visible(text: str) -> tuple[str, list[int]]:
    """Visible characters of a text and the offset of each."""
    offsets = [
        at for at, char in enumerate(text) if not char.isspace() and unicodedata.category(char)[0] != "C"
    ]
    return "".join(text[at] for at in offsets), offsets


class ParagraphMap:
    """Maps ranges of the paragraphs of an article to ranges of the document's canonical text.

    Args:
        canonical: Text of the ingested document.
        paragraphs: In the order in which the document was written.
    """

    def __init__(self, canonical: str, paragraphs: Sequence[str]) -> None:
        compact, self._offsets = _visible(canonical)
        self._paragraphs = paragraphs
        self._starts: list[int | None] = []
        cursor = 0
        for paragraph in paragraphs:
            wanted, _ = _visible(paragraph)
            at = compact.find(wanted, cursor)
            self._starts.append(at if at >= 0 else None)
            cursor = at + len(wanted) if at >= 0 else cursor

    def to_canonical(self, paragraph: int, start: int, end: int) -> tuple[int, int] | None:
        """Map a range of paragraph number `paragraph`.

        Returns:
            The range in the canonical text, or None where the paragraph is not in it or the range shows
            nothing.
        """
        base = self._starts[paragraph]
        text = self._paragraphs[paragraph]
        before = len(_visible(text[:start])[0])
        length = len(_visible(text[start:end])[0])
        if base is None or length == 0:
            return None
        first = base + before
        return self._offsets[first], self._offsets[first + length - 1] + 1
