"""Text folded to a form in which spellings that evade a filter are alike; each step is a table by character.

Folded alike: letter case, full width and other compatibility forms, accents of Latin letters, traditional and
simplified Chinese, letters of other scripts that look like Latin ones (Unicode's table of confusables). Characters
that show nothing go, and so does what may stand between the characters of a word to hide it; clause punctuation of
Chinese stays, as `BREAK`, because no word reaches across it. Words of a lexicon and texts go through the same tables,
so that it does not matter which form is "right".
"""

import re
import string
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

import opencc
from confusable_homoglyphs.confusables import confusables_data

BREAK = "\n"
"""The character that stands for all clause punctuation in a folded text; no folded word holds it."""
_BREAKING = frozenset(
    "。，、；：！？…“”‘’（）《》〈〉【】「」『』\u3014\u3015"  # tortoise shell brackets
    "｡､\ufe50\ufe51\ufe54\ufe55\ufe56\ufe57"  # the same, narrow and small
)
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and symbols by their category that show nothing."""


def is_invisible(character: str) -> bool:
    """Whether a character shows nothing of its own: formats, marks upon others, fillers."""
    return unicodedata.category(character) in {"Cf", "Mn", "Me"} or character in _FILLERS


def is_separator(character: str) -> bool:
    """Whether a character may stand inside a word to hide it: white space, symbols, most punctuation."""
    return (
        unicodedata.category(character)[0] in "ZCSP"
        and character not in _BREAKING
        and not is_invisible(character)
    )


def is_han(character: str) -> bool:
    """Whether a folded character is one of Chinese or kana, which are written without spaces between words."""
    return (
        "\u3040" <= character <= "\u9fff"
        or "\u3005" <= character <= "\u3007"
        or "\uf900" <= character <= "\ufaff"
        or "\U00020000" <= character <= "\U0003ffff"
    )


def is_word_character(character: str) -> bool:
    """Whether a folded character joins with its neighbours to a word: letters and digits, but not Chinese."""
    return character.isalnum() and not is_han(character)


class _Folding(dict[int, str]):
    """Folded form by code point, found out when it is first asked for; for `str.translate`."""

    def __missing__(self, code: int) -> str:
        folded = _fold_character(chr(code))
        self[code] = folded
        return folded


TABLE = _Folding()


def fold(text: str) -> str:
    """The folded text; `places` tells which characters it came from."""
    return text.translate(TABLE)


def places(text: str) -> Sequence[int]:
    """For each character of the folded text, the position in `text` of the character that it came from."""
    return [place for place, character in enumerate(text) for _ in TABLE[ord(character)]]


def _fold_character(character: str) -> str:
    if character in _BREAKING:
        return BREAK
    if not character.isalpha() and (letter := _variant(character)) is not None:
        return letter
    # a symbol may be a letter in a circle or of full width, which is what counts
    whole = unicodedata.normalize("NFKC", character)
    if not whole.casefold().isascii() and character.isalpha() and character in _look_alikes():
        return _look_alikes()[character]  # the compatible form of a lunate sigma looks like no "c"
    return "".join(_plain(one) for one in whole if not is_invisible(one) and not is_separator(one))


def _plain(character: str) -> str:
    """A character without case, accent, and variant of its script."""
    base = unicodedata.normalize("NFD", character)[0]
    lowered = (base if base.isascii() else character).casefold()
    if lowered.isascii():
        return lowered
    if is_han(lowered):
        simplified: str = _simplifier().convert(lowered)
        return simplified
    looks = _look_alikes()
    return looks.get(character) or looks.get(lowered) or _variant(character) or lowered


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@cache
def _look_alikes() -> Mapping[str, str]:
    """Characters with the ASCII letter or digit that each looks like, in lower case: other scripts, and capitals.

    A capital of another script counts for its small letter too ("\u043c" for "m", since "\u041c" looks like "M"), and
    so does a character that looks like one of those.
    """
    alike = _directly_alike()
    found = {character: _one_of(character, alike) for character in alike}
    for character in list(found):  # the other case, whose shape may be nobody's
        for other in (character.lower(), character.upper()):
            if len(other) == 1 and not other.isascii():
                found.setdefault(other, found[character])
    for character, letter in list(found.items()):
        for other in confusables_data.get(character, ()):
            one = other["c"]
            if len(one) == 1 and one.isalpha() and not one.isascii() and not is_han(one):
                found.setdefault(one, letter)
    return found | SUPPLEMENT


def _directly_alike() -> Mapping[str, str]:
    """By character, all ASCII characters of which Unicode's table says that it looks like them, digits last."""
    alike: dict[str, str] = {}
    for character in string.ascii_letters + string.digits:
        for other in confusables_data[character]:
            if len(other["c"]) == 1 and not other["c"].isascii() and not is_han(other["c"]):
                alike[other["c"]] = alike.get(other["c"], "") + character
    return alike


def _one_of(character: str, alike: Mapping[str, str]) -> str:
    """The closest of several shapes of a character: that of its small letter too, else a letter."""
    own = alike[character].lower()
    small = alike.get(character.lower(), own).lower()
    return next((one for one in own if one in small), own[0])


SUPPLEMENT: Final = {"\u04cf": "l"}
"""Where the table names another shape: the Cyrillic palochka is one stroke, as "l"."""
_LATIN: Final = re.compile(
    r"(?:LATIN (?:SMALL LETTER|CAPITAL LETTER|LETTER SMALL CAPITAL) (?:SCRIPT |DOTLESS |OPEN )?"
    r"|NEGATIVE (?:CIRCLED|SQUARED) LATIN CAPITAL LETTER )([A-Z])(?: WITH .+)?"
)
"""Names of variants of a Latin letter: small capitals, strokes and hooks, letters in dark circles and squares."""


def _variant(character: str) -> str | None:
    """The ASCII letter, in lower case, of which a character is a variant by its name."""
    found = _LATIN.fullmatch(unicodedata.name(character, ""))
    return None if found is None else found[1].lower()
