"""Phrases inside of an English clause: what kind of name one is, numbers with what they count, noun phrases."""

import re
from collections.abc import Sequence

from generator.training.synthetic.english_clause import YEAR, Token
from generator.training.synthetic.english_words import (
    DETERMINERS,
    LARGE,
    MONTHS,
    NUMBER_WORDS,
    PERSONS,
    PREPOSITIONS,
    THINGS,
)
from generator.training.synthetic.spans import Kind

AMOUNT = re.compile(r"\d[\d,.]*")
PERSON_PRONOUN = re.compile(r"\b(?:he|she|his|her|him)\b")
PLURALS = frozenset({"people", "men", "women", "children", "percent", "feet", "episodes", "million"})
LONGEST_ANSWER = 14
"""Words of an answer."""


def kind_of_name(tokens: Sequence[Token], passage: str) -> tuple[Kind, list[str]] | None:
    """Which question words ask for a name; None where that is not plain."""
    last = tokens[-1].low
    if last in PERSONS:
        return Kind.WHO, ["who"]
    if last in THINGS or last.rstrip("s") in THINGS:
        return (Kind.WHICH, ["which", last]) if tokens[-1].text[0].isupper() else (Kind.WHAT, ["what"])
    if tokens[0].low in DETERMINERS:
        return Kind.WHAT, ["what"]
    if not all(t.text[0].isupper() for t in tokens):
        return Kind.WHAT, ["what"]
    name = len(tokens) in {2, 3} and all(
        (t.text.isalpha() and not t.text.isupper()) or "." in t.text for t in tokens
    )
    if name and PERSON_PRONOUN.search(passage):
        return Kind.WHO, ["who"]
    if any(t.text.isupper() or not t.text.isalpha() or any(c.isupper() for c in t.text[1:]) for t in tokens):
        return Kind.WHAT, ["what"]
    return None


def number_phrase(tokens: Sequence[Token]) -> tuple[int, int, int] | None:
    """Where a number with the noun it counts stands: `[i, k)` the number, `[k, j)` the noun."""
    for i, token in enumerate(tokens):
        if not (AMOUNT.fullmatch(token.text) or token.low in NUMBER_WORDS) or YEAR.fullmatch(token.text):
            continue
        if i and (tokens[i - 1].text in "$£€#–-/" or tokens[i - 1].text in MONTHS.split("|")):
            continue
        k = i + 1
        while k < len(tokens) and tokens[k].low in LARGE | NUMBER_WORDS:
            k += 1
        for j in range(k, min(k + 3, len(tokens))):
            word = tokens[j].low
            if not word.isalpha() or word in PREPOSITIONS or word in {"and", "or"}:
                break
            if tokens[j].text[0].isupper() or tokens[k].text[0].isupper():
                break
            if word in PLURALS or (word.endswith("s") and not word.endswith(("ss", "us", "is"))):
                return i, k, j + 1
    return None


def noun_phrase(tokens: Sequence[Token]) -> int:
    """How many tokens from the start make one noun phrase; 0 where that is doubtful."""
    if not tokens or not (tokens[0].low in DETERMINERS or tokens[0].text[0].isupper()):
        return 0
    end = next(
        (
            i
            for i, t in enumerate(tokens)
            if i and (t.low in PREPOSITIONS - {"of"} or t.text == "," or t.low in {"and", "or", "as"})
        ),
        len(tokens),
    )
    return end if 1 <= end <= LONGEST_ANSWER else 0
