"""Examples as pieces: every passage once, every question in two styles, answers as ranges of pieces."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from generator.data.examples import Example
from generator.errors import TrainingDataError
from generator.prefixes import PASSAGE_PREFIX, QUESTION_PREFIX

BLOCK = 2_048
"""Passages tokenised at once: offsets take a hundred bytes a piece until they are looked at."""


class TokenisedExamples:
    """Examples as token ids; about 20,000 passages a minute on one core.

    Attributes:
        texts: The passages, ascending, each once.
        sources: Names of the sets they are from.
        passages: int32 piece ids of each, without special and prefix pieces.
        prefix: int32 piece ids that come before every passage.
        homes: Number of each example's passage.
        questions: int32 piece ids of each example's question, with its prefix, cut to length.
        other_styles: The same, typeset the other way; see `restyled`.
        spans: By example, ranges [first, last] of pieces that answer, ascending.
    """

    def __init__(self, examples: Sequence[Example], tokenizer: Tokenizer, question_pieces: int) -> None:
        """Tokenise.

        Args:
            examples: What to ask.
            tokenizer: The encoder's.
            question_pieces: Longest question, two special pieces included.
        """
        self.texts = sorted({example.passage for example in examples})
        number = {text: i for i, text in enumerate(self.texts)}
        self.homes = [number[example.passage] for example in examples]
        named = {number[example.passage]: example.source for example in examples}
        self.sources = [named[i] for i in range(len(self.texts))]
        self.prefix = np.array(
            tokenizer.encode(PASSAGE_PREFIX.strip(), add_special_tokens=False).ids, np.int32
        )
        self.questions = list(_questions([e.question for e in examples], tokenizer, question_pieces))
        self.other_styles = list(
            _questions([restyled(e.question) for e in examples], tokenizer, question_pieces)
        )
        asked: list[list[int]] = [[] for _ in self.texts]
        for place, home in enumerate(self.homes):
            asked[home].append(place)
        self.passages: list[NDArray[np.int32]] = []
        self.spans: list[tuple[tuple[int, int], ...]] = [()] * len(examples)
        shift, lead = len(PASSAGE_PREFIX), len(self.prefix)
        for first in range(0, len(self.texts), BLOCK):
            block = [PASSAGE_PREFIX + text for text in self.texts[first : first + BLOCK]]
            for encoding in tokenizer.encode_batch(block, add_special_tokens=False):
                offsets = encoding.offsets[lead:]
                for place in asked[len(self.passages)]:
                    found = (piece_range(offsets, a + shift, b + shift) for a, b in examples[place].answers)
                    self.spans[place] = tuple(sorted({span for span in found if span is not None}))
                self.passages.append(np.array(encoding.ids[lead:], np.int32))


def _questions(
    texts: Sequence[str], tokenizer: Tokenizer, question_pieces: int
) -> Iterator[NDArray[np.int32]]:
    for first in range(0, len(texts), BLOCK):
        block = [QUESTION_PREFIX + text for text in texts[first : first + BLOCK]]
        for encoding in tokenizer.encode_batch(block, add_special_tokens=False):
            yield np.array(encoding.ids[: question_pieces - 2], np.int32)


def restyled(question: str) -> str:
    """A question typeset the other way: as typed into a search box, or as a written sentence."""
    bare = question.rstrip("?？ ").lower()
    if bare != question:
        return bare
    return question[:1].upper() + question[1:] + ("？" if "\u3400" <= question[-1:] <= "\u9fff" else "?")


def special_id(tokenizer: Tokenizer, piece: str) -> int:
    """Id of a special piece.

    Raises:
        TrainingDataError: The tokenizer has no such piece.
    """
    number = tokenizer.token_to_id(piece)
    if number is None:
        raise TrainingDataError(f"the tokenizer has no piece {piece}; use the encoder's own tokenizer.json")
    return number


def piece_range(offsets: Sequence[tuple[int, int]], start: int, end: int) -> tuple[int, int] | None:
    """First and last piece that overlap the characters `[start, end)`, or None."""
    inside = [i for i, (a, b) in enumerate(offsets) if b > start and a < end and b > a]
    return (inside[0], inside[-1]) if inside else None
