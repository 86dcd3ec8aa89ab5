"""Kinds of texts in cells: numbers, dates, codes, words; and their shapes."""

import re
from typing import Final

_MOST_BLANKS_OF_CODE: Final = 1
_DIGITS = re.compile(r"\d+(?:[.,\s]\d+)*")
_LETTERS = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"[^\w]*\d[\d.,\s]*[^\w]*")
_DATE = re.compile(r"\d{1,4}[-/.年]\d{1,2}[-/.月]\d{1,4}|\d{1,2}:\d\d")
_YEAR = re.compile(r"(?:19|20)\d\d")


def is_number(text: str) -> bool:
    """Whether a text is a number, with or without signs around it (currency, percent)."""
    return _NUMBER.fullmatch(text) is not None


def is_year(text: str) -> bool:
    """Whether a text is a year of the last or of this century."""
    return _YEAR.fullmatch(text) is not None


def has_letter(text: str) -> bool:
    """Whether a text has a letter."""
    return _LETTERS.search(text) is not None


def kind_of(text: str) -> str:
    """Number, date, code or words; "" for nothing."""
    if not text:
        return ""
    if is_number(text):
        return "number"
    if not any(map(str.isdigit, text)) or text.count(" ") > _MOST_BLANKS_OF_CODE:
        return "words"
    return "date" if _DATE.match(text) else "code"


def shape_of(text: str) -> str:
    """The form of a text: numbers as 9, words as a, all else as it is."""
    return _LETTERS.sub("a", _DIGITS.sub("9", text))
