"""Single-byte encodings of Latin letters, distinguished by the alphabets of languages.

The same byte is `ł` in one encoding and `³` in another. A text is in the encoding in which one alphabet has nearly all
of its letters beyond ASCII; western Europe goes first, so that texts with few of them stay what most files are.
"""

import re
from typing import Final

_WESTERN: Final = (
    "äöüß", "àâæçéèêëîïôœùûüÿ", "áéíñóúü", "àáâãçéêíóôõú", "åäöé", "æøåéòô", "àèéìíòóù", "áéíóúýþæöð",
    "áéëïíóöúü", "õäöüšž",
)  # fmt: skip
_ENCODINGS: Final = (
    ("cp1252", _WESTERN),
    ("cp1250", ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîşţ")),
    ("iso8859_2", ("ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áäčďéíĺľňóôŕšťúýž", "áéíóöőúüű", "čćđšž", "ăâîşţ")),
    ("cp1254", ("çğ\u0131iöşüâî",)),
)
_NO_LETTERS: Final = frozenset("’‘\u201a“”„–—…·•°€§«»\u00a0\u00ad©®™")
_HIGH = re.compile(r"[^\x00-\x7f]")
_RUN = re.compile(rb"[\x80-\xff]+")
_IN_A_WORD = re.compile(rb"[A-Za-z][\x80-\xff]+|[\x80-\xff]+[A-Za-z]")
_LEAST_SHARE: Final = 0.97
_LEAST_IN_WORDS: Final = 0.7
_FEWEST: Final = 3


def latin_encoding(sample: bytes) -> str | None:
    """The encoding of western or central Europe or of Turkey that a text is in; None where no alphabet explains it.

    Args:
        sample: Bytes that are no UTF-8; words of ASCII letters with others between.
    """
    runs = len(_RUN.findall(sample))
    if runs < _FEWEST or len(_IN_A_WORD.findall(sample)) < _LEAST_IN_WORDS * runs:
        return None
    return next((name for name, alphabets in _ENCODINGS if _is_spelled(sample, name, alphabets)), None)


def _is_spelled(sample: bytes, encoding: str, alphabets: tuple[str, ...]) -> bool:
    """Whether one alphabet has nearly all letters of a text; characters between letters count as letters."""
    letters = [char for char in _HIGH.findall(sample.decode(encoding, "replace")) if char not in _NO_LETTERS]
    lower = "".join(letters).lower()
    most = max(sum(map(lower.count, alphabet)) for alphabet in alphabets)
    return bool(letters) and most >= _LEAST_SHARE * len(letters)
