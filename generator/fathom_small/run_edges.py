"""Punctuation at the edges of copied runs: a sign that belongs to the words before or after the run is left out.

Runs end between pieces, and a piece may hold a sign beside what was meant ("=4M"), or the bracket that closes after
it ("4096）" of "（4096）"), or opens before it ("(4MiB"). What is left is still a verbatim range of the passage. What
follows a sign decides whether it stays: a sign at the end of what has been copied so far waits for the next step, and
a run that begins with an opening bracket waits for its partner or its end.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from generator.fathom_small.decoding import Step
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
CLOSING = {opening: closing for closing, opening in PAIRS.items()}
SEPARATORS = frozenset("=：:；;，,、|")


def tidy(steps: Iterable[Step]) -> Iterator[Step]:
    """The same steps, their tokens without signs at the edges of copied runs."""
    run = _Run()
    last: Step | None = None  # held back while the run is, to carry what is released at the end
    for step in steps:
        if last is not None:
            yield last
        last = step._replace(tokens=tuple(run.take(step.tokens)))
        if not run.is_held:
            yield last
            last = None
    if last is not None:
        yield last._replace(tokens=(*last.tokens, *run.end()))


def trimmed(token: Token) -> Token:
    """A copied run given as one token, without signs at its edges; unchanged where nothing would be left."""
    run = _Run()
    kept = [*run.take([token]), *run.end()]
    return kept[0] if kept else token


class _Run:
    """The copied run so far: its text, tokens at its end that may be dropped, and tokens with an open bracket."""

    def __init__(self) -> None:
        self._text, self._waiting, self._held = "", list[Token](), list[Token]()

    @property
    def is_held(self) -> bool:
        """Whether the run began with an opening bracket whose partner has not been copied yet."""
        return bool(self._held)

    def take(self, tokens: Iterable[Token]) -> Iterator[Token]:
        """Tokens that are safe to emit now."""
        for token in tokens:
            if token.ink != Ink.COPIED or token.action == "copy":
                yield from self.end()
            if token.ink != Ink.COPIED:
                yield token
                continue
            if not self._text and not self._held:
                token = _from(token, _leading(token.text))
            if self._held or (not self._text and token.text[:1] in CLOSING):
                self._held.append(token)
                if not _unclosed("".join(held.text for held in self._held)):
                    yield from self._release()
            else:
                yield from self._go_on(token)

    def end(self) -> Iterator[Token]:
        """Tokens to emit at the end of the run: all except unclosed brackets."""
        yield from self._release(_unclosed("".join(token.text for token in self._held)))
        self._text, self._waiting = "", []

    def _release(self, dropped: int = 0) -> Iterator[Token]:
        held, self._held = self._held, []
        for token in held:
            less = min(dropped, len(token.text))
            dropped -= less
            yield from self._go_on(_from(token, less))

    def _go_on(self, token: Token) -> Iterator[Token]:
        self._text += token.text
        said = len(token.text) - min(len(token.text), _trailing(self._text))
        if said:
            yield from self._waiting
            yield _until(token, said)
            self._waiting = []
        if said < len(token.text):
            self._waiting.append(_from(token, said))


def _opens_alone(text: str) -> bool:
    """Whether the bracket at the start of a text is never closed in it."""
    depth = 0
    for character in text:
        depth += (character == text[0]) - (character == CLOSING[text[0]])
        if not depth:
            return False
    return True


def _unclosed(text: str) -> int:
    """Brackets at the start that nothing closes, and the signs between and after them."""
    at = 0
    while text[at : at + 1] in CLOSING and _opens_alone(text[at:]):
        at += 1 + _leading(text[at + 1 :])
    return at


def _leading(text: str) -> int:
    """Number of leading signs and blanks that belong to the text before."""
    return next(
        (i for i, c in enumerate(text) if not (c in SEPARATORS or c in PAIRS or c.isspace())), len(text)
    )


def _trailing(text: str) -> int:
    """Number of trailing signs and blanks that belong to the text after; brackets and quotes only without partner."""
    end = len(text)
    while end:
        last = text[end - 1]
        alone = last in PAIRS and text.count(PAIRS[last], 0, end) < text.count(last, 0, end)
        quote = _stray_quote(text[:end])
        if not (last in SEPARATORS or last in PAIRS.values() or last.isspace() or alone or quote):
            break
        end -= quote or 1
    return len(text) - end


def _stray_quote(text: str) -> int:
    """Length of a typewriter's quotation mark at the end whose partner is not in the text; inches are none."""
    if text.endswith("''"):
        opened, closed = text.count("``"), text.count("''")
        return 2 * (closed > opened if opened else closed % 2)
    return int(text.endswith('"') and not text[-2:-1].isdigit() and text.count('"') % 2)


def _from(token: Token, at: int) -> Token:
    return token if not at else replace(token, text=token.text[at:], start=(token.start or 0) + at)


def _until(token: Token, at: int) -> Token:
    return (
        token if at == len(token.text) else replace(token, text=token.text[:at], end=(token.start or 0) + at)
    )
