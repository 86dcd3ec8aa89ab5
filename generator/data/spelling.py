"""Answers in pieces that can be written: a rare piece is spelled in smaller ones, as a tokenizer without it would."""

from collections.abc import Collection, Sequence


class Spelling:
    """Spells pieces that cannot be written.

    The decoder writes only the most probable pieces of the vocabulary. Without spelling, an answer with one rare word
    that its passage lacks could not be learned from at all.
    """

    def __init__(self, vocabulary: Sequence[str], writable: Collection[int]) -> None:
        """Prepare.

        Args:
            vocabulary: Text of every piece, by id.
            writable: Ids of the pieces that can be written.
        """
        self.vocabulary = vocabulary
        self.numbers = {vocabulary[piece]: piece for piece in writable}
        self.longest = max(map(len, self.numbers), default=0)

    def __call__(self, answer: Sequence[int], readable: Collection[int]) -> list[int]:
        """The answer with every piece spelled that is neither readable nor writable.

        Args:
            answer: Piece ids.
            readable: Ids of the pieces that stand in the passage, which can be copied.

        Returns:
            Piece ids of the same text; a piece with a character that no writable piece has stays as it is.
        """
        spelled: list[int] = []
        for piece in answer:
            text = self.vocabulary[piece]
            known = piece in readable or text in self.numbers
            spelled += [piece] if known else self._spell(text) or [piece]
        return spelled

    def _spell(self, text: str) -> list[int]:
        """Longest writable pieces from the left; empty where a character cannot be written."""
        pieces: list[int] = []
        at = 0
        while at < len(text):
            ends = range(min(len(text), at + self.longest), at, -1)
            end = next((end for end in ends if text[at:end] in self.numbers), None)
            if end is None:
                return []
            pieces.append(self.numbers[text[at:end]])
            at = end
        return pieces
