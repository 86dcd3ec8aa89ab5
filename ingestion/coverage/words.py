"""Words of a text as a multiset, and the words of one text that another lacks."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping

from ingestion.types import Coverage

_HAN = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
# Letters and digits apart, because where a superscript begins is the parser's choice.
_WORD = re.compile(rf"[a-zA-Z]++(?:[^\W\d_{_HAN}]++)?|[{_HAN}]|\d+|[^\W\d_{_HAN}]+")
_JOINED = re.compile("[\u00ad\u200b\u200c\u200d\u2060\ufeff]")
# Everything between words; the underscore, which Python takes for a letter, is a blank by then.
_BETWEEN = re.compile(rf"[^\w{_HAN}]+")
# Signs of Chinese text with their plain forms: without them most text is in normal form, which is quick to see.
_PLAIN_FORMS = tuple((sign, unicodedata.normalize("NFKC", sign)) for sign in "\u3000，；：？！（）…")
# Base64, keys and hashes are no words: whoever leaves them out loses nothing that is read.
_GIBBERISH_CHARS = 64
_GIBBERISH = re.compile(rf"[A-Za-z0-9+/=_-]{{{_GIBBERISH_CHARS},}}")
_SAMPLES = 5
_MOST_SIGNS = 3
_SAMPLE_CHARS = 40

Words = Counter[str]


def words_in(text: str) -> Words:
    """Words (a Chinese or Japanese character is one) with how often each occurs; forms of a character are equal."""
    return _words_of(Counter(_normal(text).split()))


def _normal(text: str) -> str:
    """Text whose characters have one form each, and no marks that can't be seen."""
    if text.isascii():
        return text
    text = _JOINED.sub("", text)
    for sign, plain in _PLAIN_FORMS:
        text = text.replace(sign, plain)
    return unicodedata.normalize("NFKC", text)


def _words_of(pieces: Mapping[str, int]) -> Words:
    """Words of texts without blanks; each text is taken apart once, however often it occurs."""
    words = Words(
        {
            piece: count
            for piece, count in pieces.items()
            if piece.isalpha() and piece.isascii() and len(piece) < _GIBBERISH_CHARS
        }
    )
    others = [item for item in pieces.items() if item[0] not in words]
    words.update(_found("\n".join([piece for piece, count in others if count == 1])))
    for piece, count in others:
        if count > 1:
            for word in _found(piece):
                words[word] += count
    return words


def _found(text: str) -> list[str]:
    return _WORD.findall(_GIBBERISH.sub(" ", text))


def _chars(text: str) -> int:
    """Characters of all words."""
    return len(_BETWEEN.sub("", _GIBBERISH.sub(" ", text).replace("_", " ")))


def compare(visible: str | Words, kept_text: str) -> Coverage:
    """How many characters of the visible words a text has.

    Parsers repeat words (names of columns in each row), which must not make up for others that are missing, so each
    word counts by itself. But a parser may cut words elsewhere (`per- mission`, `10^6`): what is missing is looked for,
    character by character, in those words of the text that the source does not have at all. Signs of formulas, which
    are joined more often than a page's own text has them joined (`R n`, `Rn`), are looked for in such short words.

    Args:
        visible: The visible text, or its words.
        kept_text: The text that is judged.
    """
    kept = Counter(_normal(kept_text).split())
    if isinstance(visible, str):
        text = _normal(visible)
        seen = Counter(text.split())
        if _are_kept(seen, kept):
            chars = _chars(text)
            return Coverage(visible=chars, kept=chars, lost=())
        visible = _words_of(seen)
    return _compared(visible, _words_of(kept))


def _are_kept(seen: Counter[str], kept: Counter[str]) -> bool:
    """Whether a text has all words of another as often; most pieces of both are equal and need no closer look."""
    lacking = {piece: more for piece, count in seen.items() if (more := count - kept.get(piece, 0)) > 0}
    surplus = {piece: more for piece, count in kept.items() if (more := count - seen.get(piece, 0)) > 0}
    found = _words_of(surplus)
    return all(found.get(word, 0) >= count for word, count in _words_of(lacking).items())


def _compared(visible: Words, kept_words: Words) -> Coverage:
    elsewhere: Counter[str] = Counter()
    for word, count in kept_words.items():
        if word not in visible:
            for char in word:
                elsewhere[char] += count
    lost: Words = Counter()
    missing = {word: count for word in visible if (count := visible[word] - kept_words.get(word, 0)) > 0}
    joined = _joined_signs(visible, kept_words) if any(len(word) == 1 for word in missing) else Counter()
    for word in sorted(missing, key=len, reverse=True):
        count = missing[word] - _take(word, missing[word], elsewhere)
        count -= _take(word, count, joined) if count and len(word) == 1 else 0
        if count:
            lost[word] = count
    total = sum(len(word) * count for word, count in visible.items())
    gone = sum(len(word) * count for word, count in lost.items())
    worst = sorted(lost, key=lambda word: len(word) * lost[word], reverse=True)
    return Coverage(
        visible=total, kept=total - gone, lost=tuple(word[:_SAMPLE_CHARS] for word in worst[:_SAMPLES])
    )


def _joined_signs(visible: Words, kept: Words) -> Counter[str]:
    """Letters of the words of two or three that a text has more often than the source, though the source has them."""
    letters: Counter[str] = Counter()
    for word, count in kept.items():
        if 1 < len(word) <= _MOST_SIGNS and (more := count - visible.get(word, count)) > 0:
            for letter in word:
                letters[letter] += more
    return letters


def _take(word: str, wanted: int, elsewhere: Counter[str]) -> int:
    """Take the characters of a word out of `elsewhere` as often as they are there; gives the number of times."""
    needed = Counter(word)
    times = min(wanted, *(elsewhere.get(char, 0) // count for char, count in needed.items()))
    if times:
        for char, count in needed.items():
            elsewhere[char] -= times * count
    return times
