"""Punctuation at the edges of copied runs: a sign that belongs to the words before or after the run is left out.

Runs end between pieces, and a piece may hold a sign beside what was meant ("=4M"), or the bracket that closes after
it ("4096）" of "（4096）"). What is left is still a verbatim range of the passage. What follows a sign decides whether
it stays, so a sign at the end of what has been copied so far waits for the next step.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from generator.inference.generate import Step
from generator.types import Ink, Token

PAIRS = {
    "）": "（",
    ")": "(",
    "】": "【",
    "]": "[",
    "》": "《",
    "〉": "〈",
    "」": "「",
    "』": "『",
    "”": "“",
    "}": "{",
}
SEPARATORS = frozenset("=：:；;，,、|")


def tidy(steps: Iterable[Step]) -> Iterator[Step]:
    """The same steps, their tokens without signs at the edges of copied runs."""
    run = _Run()
    for step in steps:
        yield step._replace(tokens=tuple(run.take(step.tokens)))


def trimmed(token: Token) -> Token:
    """A copied run given as one token, without signs at its edges; unchanged where nothing would be left."""
    run = _Run()
    kept = list(run.take([token]))
    return kept[0] if kept else token


class _Run:
    """The copied run so far: its text, and the tokens at its end that may have to go."""

    def __init__(self) -> None:
        self._text, self._waiting = "", list[Token]()

    def take(self, tokens: Iterable[Token]) -> Iterator[Token]:
        """What can be said now."""
        for token in tokens:
            if token.ink != Ink.COPIED or token.action == "copy":
                self._text, self._waiting = "", []
            if token.ink != Ink.COPIED:
                yield token
            elif self._text:
                yield from self._go_on(token)
            else:
                yield from self._go_on(_from(token, _leading(token.text)))

    def _go_on(self, token: Token) -> Iterator[Token]:
        self._text += token.text
        said = len(token.text) - min(len(token.text), _trailing(self._text))
        if said:
            yield from self._waiting
            yield _until(token, said)
            self._waiting = []
        if said < len(token.text):
            self._waiting.append(_from(token, said))


def _leading(text: str) -> int:
    """Signs and white space at the start that belong to what stands before."""
    return next(
        (i for i, c in enumerate(text) if not (c in SEPARATORS or c in PAIRS or c.isspace())), len(text)
    )


def _trailing(text: str) -> int:
    """Signs and white space at the end that belong to what comes after: brackets only where they have no partner."""
    end = len(text)
    while end:
        last = text[end - 1]
        alone = last in PAIRS and text.count(PAIRS[last], 0, end) < text.count(last, 0, end)
        if not (last in SEPARATORS or last in PAIRS.values() or last.isspace() or alone):
            break
        end -= 1
    return len(text) - end


def _from(token: Token, at: int) -> Token:
    return token if not at else replace(token, text=token.text[at:], start=(token.start or 0) + at)


def _until(token: Token, at: int) -> Token:
    return (
        token if at == len(token.text) else replace(token, text=token.text[:at], end=(token.start or 0) + at)
    )
