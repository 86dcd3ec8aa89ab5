"""The main clause of an English sentence, found without a tagger: what comes before its first finite verb, and after.

Sentences in which that is doubtful give no clause; a made question costs nothing, a garbled one does.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from generator.training.synthetic.english_words import (
    ADVERBS,
    BE,
    CLAUSE_WORDS,
    DETERMINERS,
    HAVE,
    IRREGULAR,
    MODALS,
    PARTICIPLES,
    PREPOSITIONS,
    PRESENT,
    PRONOUNS,
    Words,
)

TOKEN = re.compile(
    r"``|''|(?:Dr|Mr|Mrs|Ms|St|Jr)\.|(?:[A-Z]\.)+|\d[\d,.]*\d|[^\W_]+(?:[-'’./][^\W_]+)*|['’]s\b|[^\w\s]"
)
PARENTHESIS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
ENDS = frozenset(";:.!?—–")
LONGEST_SUBJECT, LONGEST_LEAD = 9, 7
YEAR = re.compile(r"1\d{3}|20\d{2}")
SPACING = (
    (re.compile(r"\s*(?:``|''|\")\s*"), " "),
    (re.compile(r"\s+([,.;:?!%)’])"), r"\1"),
    (re.compile(r"\s+(['’]s?\b)"), r"\1"),
    (re.compile(r"([($£€])\s+"), r"\1"),
    (re.compile(r"(?<=\w) - (?=\w)"), "-"),
    (re.compile(r"(?<=\w) / (?=\w)"), "/"),
    (re.compile(r"\s{2,}"), " "),
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word or mark, and where it stands in the sentence."""

    text: str
    start: int
    end: int

    @property
    def low(self) -> str:
        """In lower case."""
        return self.text.lower()


@dataclass(frozen=True, slots=True)
class Clause:
    """A main clause: `lead , subject verb rest`; the lead may be empty."""

    lead: tuple[Token, ...]
    subject: tuple[Token, ...]
    verb: Token
    rest: tuple[Token, ...]

    @property
    def copula(self) -> bool:
        """Whether the verb is a form of "be"."""
        return self.verb.low in BE


def tokens_of(sentence: str) -> list[Token]:
    """Words and marks of a sentence; what stands in brackets is left out."""
    outside = PARENTHESIS.sub(lambda match: " " * len(match.group()), sentence)
    return [Token(match.group(), *match.span()) for match in TOKEN.finditer(outside)]


def plain(texts: Sequence[str]) -> str:
    """Words and marks as one text with the usual spaces."""
    text = " ".join(texts)
    for pattern, instead in SPACING:
        text = pattern.sub(instead, text)
    return text.strip(" ,")


def texts_of(tokens: Sequence[Token]) -> list[str]:
    """The words of tokens."""
    return [token.text for token in tokens]


def parse(sentence: str, words: Words) -> Clause | None:
    """The main clause of a sentence; None where it is not plain where its subject ends."""
    tokens = tokens_of(sentence)
    lead: list[Token] = []
    if tokens and (tokens[0].low in PREPOSITIONS or tokens[0].low in {"however", "today", "additionally"}):
        comma = next((i for i, token in enumerate(tokens[: LONGEST_LEAD + 1]) if _is_break(tokens, i)), None)
        if comma is None:
            return None
        lead, tokens = tokens[:comma], tokens[comma + 1 :]
    verb = next((i for i in range(1, len(tokens)) if _is_verb(tokens, i, words)), None)
    if verb is None or verb > LONGEST_SUBJECT:
        return None
    subject = tokens[:verb]
    while len(subject) > 1 and (subject[-1].low in ADVERBS or subject[-1].low.endswith("ly")):
        subject = subject[:-1]
    if (
        subject[0].low in PRONOUNS | PREPOSITIONS | ADVERBS
        or subject[0].low.endswith("ly")
        or not subject[0].text[0].isalnum()
    ):
        return None
    if any(
        t.low in CLAUSE_WORDS | PRONOUNS - {"no", "and"} or t.text in ENDS or t.text == "," for t in subject
    ):
        return None
    if any(b.low in DETERMINERS and a.low not in PREPOSITIONS | {"and", "or"} for a, b in pairwise(subject)):
        return None
    rest = tokens[verb + 1 :]
    end = next((i for i in range(len(rest)) if _ends_clause(rest, i)), len(rest))
    while end and (rest[end - 1].low in PREPOSITIONS or rest[end - 1].low in {"and", "or", "a", "the"}):
        end -= 1
    if _doubtful(tokens[verb], rest[:end]) or "not" in {t.low for t in rest[:2]}:
        return None
    return Clause(tuple(lead), tuple(subject), tokens[verb], tuple(rest[:end]))


def _is_break(tokens: Sequence[Token], place: int) -> bool:
    """A comma that does not stand inside of a date or between a town and its country."""
    if tokens[place].text != ",":
        return False
    if place + 1 >= len(tokens) or place == 0:
        return True
    before, after = tokens[place - 1].text, tokens[place + 1].text
    if YEAR.fullmatch(after) and before[-1].isdigit():
        return False
    closed = (
        place + 2 >= len(tokens) or not tokens[place + 2].text[0].isalpha() or tokens[place + 2].low == "in"
    )
    return not (before[0].isupper() and after[0].isupper() and closed and place > 1)


def _is_verb(tokens: Sequence[Token], place: int, words: Words) -> bool:
    word, before = tokens[place].text, tokens[place - 1].low
    if word in BE | MODALS or word in HAVE or word in PRESENT:
        return True
    if before in DETERMINERS | PREPOSITIONS or before.endswith(("'s", "ly")) or not word.islower():
        return False
    after = tokens[place + 1].low if place + 1 < len(tokens) else ""
    if after == "by":
        return False
    if word in IRREGULAR and word not in {"set", "put", "left", "felt", "saw", "found", "lead"}:
        return True
    return word.endswith("ed") and words.base(word) is not None


def _ends_clause(rest: Sequence[Token], place: int) -> bool:
    token = rest[place]
    if (
        token.text in ENDS
        or token.low in CLAUSE_WORDS
        or (token.low in {"and", "or", "but"} and _new_clause(rest, place))
    ):
        return True
    return _is_break(rest, place)


def _new_clause(rest: Sequence[Token], place: int) -> bool:
    """Whether a verb, or a subject with its verb, follows a conjunction."""
    following = [token.low for token in rest[place + 1 : place + 5]]
    finite = BE | MODALS | IRREGULAR.keys() | PRESENT.keys() | HAVE.keys()
    return bool(following) and (
        following[0] in PRONOUNS | {"then", "later"}
        or any(w in finite or w.endswith("ed") for w in following)
    )


def _doubtful(verb: Token, rest: Sequence[Token]) -> bool:
    """A second finite verb after one that may be a participle ("the film directed by him was")."""
    if verb.low in BE | MODALS or verb.low in HAVE:
        return False
    return any(t.text in BE | MODALS or t.text in {"has", "had"} for t in rest)


def inside(subject: Sequence[Token], words: Words) -> list[str]:
    """The words of a subject as they stand inside of a sentence."""
    first, *others = texts_of(subject)
    name = first.lower() not in DETERMINERS and (
        words.is_name(first) or (bool(others) and others[0][0].isupper())
    )
    return [first if name else first[:1].lower() + first[1:], *others]


def asked(wh: Sequence[str], clause: Clause, rest: Sequence[str], words: Words) -> list[str] | None:
    """The clause as a question: question words, auxiliary, subject, the rest of the predicate."""
    verb = clause.verb.low
    subject = inside(clause.subject, words)
    if verb in BE | MODALS:
        return [*wh, verb, *subject, *rest]
    if verb in HAVE:
        participle = [t.low for t in clause.rest[:2]]
        if any(w.endswith("ed") or w in PARTICIPLES or w in {"been", "become"} for w in participle):
            return [*wh, verb, *subject, *rest]
        return [*wh, HAVE[verb], *subject, "have", *rest]
    if verb in PRESENT:
        return [*wh, "does", *subject, PRESENT[verb], *rest]
    base = words.base(verb)
    return [*wh, "did", *subject, base, *rest] if base else None
