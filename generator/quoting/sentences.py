"""A text that arrives in pieces, as whole sentences with the numbers of the passages that they name.

Markers such as [2], [1, 3] or 【2】 are taken out: what the answer is shown with is what was found in the sources,
not what the model claims. A marker that the documents have at this very place (`argv[1]`) is text.

Knows nothing of servers; where a sentence ends is decided by a callable that it is given.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

SplitSentences = Callable[[str], Sequence[tuple[int, int]]]
"""Ranges of the sentences of a text, ascending, without white space around them."""

_MARKER = re.compile(r"\s*(?:[\[［【]\s*\d{1,3}(?:\s*[,，、;；–-]\s*\d{1,3})*\s*[\]］】])+")
_MAYBE_MARKER = re.compile(r"\s*(?:[\[［【][\d\s,，、;；–-]{0,40}[\]］】]?)*$")
_NUMBER = re.compile(r"\d+")
_LAST_WORD = re.compile(r"\S{1,12}\Z")
_THINKING, _THOUGHT = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence with the white space behind it, and the passages that it names."""

    text: str
    cited: frozenset[int]


class SentenceReader:
    """Takes the pieces of one answer.

    Args:
        split: Finds sentences.
        is_text: Whether a word with what looks like a marker behind it stands in the documents as it is.
        ignored: A character of the prompt that may come back and says nothing.
    """

    def __init__(self, split: SplitSentences, is_text: Callable[[str], bool], ignored: str) -> None:
        self._split, self._is_text, self._ignored = split, is_text, ignored
        self._arrived = ""  # may still become a marker, or belongs to what the model thinks aloud
        self._begun = False
        self._text = ""  # of the sentences that are not given yet
        self._markers: list[
            tuple[int, frozenset[int]]
        ] = []  # where they stood in `_text`, and what they name

    def feed(self, piece: str) -> Iterator[Sentence]:
        """Take a piece of the answer; gives the sentences that it brings to an end."""
        self._arrived += piece.replace(self._ignored, "")
        if not self._begun and not self._skip_thoughts():
            return
        maybe = _MAYBE_MARKER.search(self._arrived)
        assert maybe is not None, "it matches nothing at the end at least"
        self._take(maybe.start())
        spans = self._split(self._text)
        if len(spans) > 1:  # the last may go on
            yield from self._give([start for start, _ in spans])

    def finish(self) -> Iterator[Sentence]:
        """Yield the remaining sentences."""
        if not self._begun and self._arrived.lstrip().startswith(_THINKING):
            return
        self._take(len(self._arrived))
        self._text = self._text.rstrip()
        if self._text:
            starts = [start for start, _ in self._split(self._text)] or [0]
            yield from self._give([*starts, len(self._text)])

    def _skip_thoughts(self) -> bool:
        """Drop the model's thoughts before its answer; False while it may still be thinking."""
        self._arrived = self._arrived.lstrip()
        if self._arrived.startswith(_THINKING):
            _, ended, rest = self._arrived.partition(_THOUGHT)
            if not ended:
                return False
            self._arrived = rest.lstrip()
        if not self._arrived or _THINKING.startswith(self._arrived):
            return False
        self._begun = True
        return True

    def _take(self, end: int) -> None:
        """Move `_arrived[:end]` over, without its markers."""
        ready, self._arrived = self._arrived[:end], self._arrived[end:]
        at = 0
        for match in _MARKER.finditer(ready):
            self._text += ready[at : match.start()]
            at = match.end()
            before = _LAST_WORD.search(self._text)
            if before and self._is_text(before.group() + match.group()):
                self._text += match.group()
            else:
                numbers = frozenset(map(int, _NUMBER.findall(match.group())))
                # one before the first sentence is meant for it
                self._markers.append((max(1, len(self._text)), numbers))
        self._text += ready[at:]

    def _give(self, starts: Sequence[int]) -> Iterator[Sentence]:
        """Give the sentences between these places; the text before the first belongs to the first."""
        begin = 0
        for end in starts[1:]:
            cited = (numbers for place, numbers in self._markers if begin < place <= end)
            yield Sentence(self._text[begin:end], frozenset[int]().union(*cited))
            begin = end
        self._text = self._text[begin:]
        self._markers = [(place - begin, numbers) for place, numbers in self._markers if place > begin]
