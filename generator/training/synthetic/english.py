"""English questions from statements: a span of the main clause gives way to question words, which go to the front.

Forms follow the cloze translation of arXiv 1906.04980, by rule, for clauses that can be told without a tagger.
"""

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

from generator.training.synthetic.english_clause import (
    YEAR,
    Clause,
    Token,
    asked,
    inside,
    parse,
    plain,
    texts_of,
    tokens_of,
)
from generator.training.synthetic.english_phrases import (
    LONGEST_ANSWER,
    kind_of_name,
    noun_phrase,
    number_phrase,
)
from generator.training.synthetic.english_words import (
    DETERMINERS,
    MONTHS,
    NOT_PLACES,
    PARTICIPLES,
    PERSON_VERBS,
    PERSONS,
    PREPOSITIONS,
    Words,
)
from generator.training.synthetic.spans import Asked, Kind
from generator.training.synthetic.word_lists import words_of

DATE = re.compile(
    rf"(?:(?:\d{{1,2}}\s+)?(?:{MONTHS})(?:\s+\d{{1,2}})?\s*,?\s*)?(?:1\d{{3}}|20\d{{2}})(?!\s*(?:,\d|%|[a-z]+s\b))"
    rf"|(?:{MONTHS})\s+\d{{1,2}}\b|\d{{1,2}}\s+(?:{MONTHS})\b"
)
SINGULAR = {"are": "is", "were": "was", "have": "has"}
SHORTEST_QUESTION, LONGEST_QUESTION = 4, 18
DROPPED = words_of("also originally currently mainly usually generally officially primarily actually often")
ABOUT = words_of("about approximately over around the nearly almost than more least at up to only")
NOT_BEFORE_NUMBER = words_of("of between from and or a an first last next same other")


@dataclass(frozen=True, slots=True)
class Around:
    """Where a clause stands: its sentence, its passage, and the words of many texts."""

    sentence: str
    passage: str
    words: Words


def english_questions(sentence: str, passage: str, words: Words, rng: random.Random) -> list[Asked]:
    """Questions that a sentence answers; ranges are of the sentence.

    Args:
        sentence: One sentence of the passage.
        passage: Tells whether its names are persons'.
        words: Of many texts.
        rng: Of the variation of questions.
    """
    if '"' in sentence and sentence.count('"') % 2:
        return []
    made = []
    clause, around = parse(sentence, words), Around(sentence, passage, words)
    if clause is not None:
        for form in (_when, _where, _subject, _agent, _count, _object, _definition):
            made += list(form(clause, around))
    made += list(_apposition(sentence))
    return [
        Asked(_varied(question, sentence, rng), question.answers, question.kind)
        for question in made
        if SHORTEST_QUESTION <= len(question.question.split()) <= LONGEST_QUESTION
        and _says_enough(question.question, words)
        and not any(sentence[a:b].lower() in question.question.lower() for a, b in question.answers)
        and all(0 < len(sentence[a:b].split()) <= LONGEST_ANSWER for a, b in question.answers)
    ]


def _says_enough(question: str, words: Words) -> bool:
    """Whether a question names what it is about, or describes it at some length."""
    inner = re.findall(r"[^\W_]+", question)[1:]
    named = any(word[0].isdigit() or words.is_name(word) for word in inner)
    return named or sum(len(word) > SHORTEST_QUESTION for word in inner) >= SHORTEST_QUESTION - 1


def _range(tokens: Sequence[Token]) -> tuple[int, int]:
    return tokens[0].start, tokens[-1].end


def _question(kind: Kind, parts: Sequence[str] | None, *answers: tuple[int, int]) -> Iterator[Asked]:
    text = plain(parts) if parts else ""
    if text:
        yield Asked(text[:1].upper() + text[1:] + "?", answers, kind)


def _adjuncts(clause: Clause, prepositions: Sequence[str]) -> Iterator[tuple[int, int, tuple[Token, ...]]]:
    """Places `[i, j)` of prepositional phrases in the rest, with what follows the preposition; the lead is at -1."""
    rest = clause.rest
    if clause.lead and clause.lead[0].low in prepositions and len(clause.lead) > 1:
        yield -1, -1, clause.lead[1:]
    for i, token in enumerate(rest[:-1]):
        if token.low in prepositions:
            j = next((k for k in range(i + 1, len(rest)) if rest[k].low in PREPOSITIONS), len(rest))
            if j > i + 1:
                yield i, j, rest[i + 1 : j]


def _when(clause: Clause, around: Around) -> Iterator[Asked]:
    for i, j, phrase in _adjuncts(clause, ("in", "on")):
        start, end = _range(phrase)
        match = DATE.match(around.sentence, start)
        if match is None or match.end() > end:
            continue
        date = [token for token in phrase if token.end <= match.end()]
        after = phrase[len(date) :]
        if after and after[0].low not in {"and", "by", "as"} and after[0].text[0].isalnum():
            continue
        if i >= 0:
            rest = texts_of([*clause.rest[:i], *after, *clause.rest[j:]])
        elif after:
            continue
        else:
            rest = texts_of(clause.rest)
        parts = asked(["when"], clause, rest, around.words)
        yield from _question(Kind.WHEN, parts, (start, date[-1].end))
        return


def _where(clause: Clause, around: Around) -> Iterator[Asked]:
    if clause.copula and clause.rest and clause.rest[0].low in DETERMINERS:
        return
    for i, j, phrase in _adjuncts(clause, ("in", "at", "near")):
        named = phrase[1:] if phrase[0].low == "the" else phrase
        size = next(
            (k for k, t in enumerate(named) if not (t.text[0].isupper() or t.text == ",")), len(named)
        )
        place = named[:size]
        while place and place[-1].text == ",":
            place = place[:-1]
        if not place or any(
            t.text in NOT_PLACES
            or t.text.endswith(("ish", "ese", "ian"))
            or (not t.text[0].isupper() and t.text != ",")
            for t in place
        ):
            continue
        after = named[len(place) :]
        if i < 0 and (after or clause.lead[0].low != "in"):
            continue
        if after and after[0].low not in {"and", "on", ","} | PREPOSITIONS and not YEAR.match(after[0].text):
            continue
        rest = texts_of([*clause.rest[:i], *after, *clause.rest[j:]] if i >= 0 else clause.rest)
        if after and after[0].low == "and":
            continue
        yield from _question(Kind.WHERE, asked(["where"], clause, rest, around.words), _range(place))
        return


def _subject(clause: Clause, around: Around) -> Iterator[Asked]:
    rest = texts_of(clause.rest)
    kind = kind_of_name(clause.subject, around.passage)
    if (
        kind is not None
        and kind[0] is Kind.WHICH
        and clause.subject[-1].low in {word.lower() for word in rest}
    ):
        return
    if kind is None or len(rest) < SHORTEST_QUESTION - 1 or "and" in {t.low for t in clause.subject}:
        return
    if not rest[0][0].isalpha():
        return
    if clause.copula and (rest[0] in {"a", "an", "not", "also", "one"} or rest[0][0].isupper()):
        return
    lead = texts_of(clause.lead) if clause.lead and DATE.search(plain(texts_of(clause.lead))) else []
    if lead:
        lead[0] = lead[0].lower()
    bare = clause.subject[1:] if clause.subject[0].low in DETERMINERS else clause.subject
    if len(bare) > 1 or (bare and around.words.is_name(bare[0].text)):
        passive = not clause.copula or clause.rest[0].low.endswith(("ed", "en"))
        verb = SINGULAR.get(clause.verb.low, clause.verb.text) if passive else clause.verb.text
        parts = [*kind[1], verb, *rest, *lead]
        yield from _question(kind[0], parts, _range(bare), _range(clause.subject))


def _agent(clause: Clause, around: Around) -> Iterator[Asked]:
    rest = clause.rest
    for i in range(1, len(rest) - 1):
        if rest[i].low != "by" or not clause.copula or not rest[i + 1].text[0].isupper():
            continue
        participle = rest[i - 1].low
        size = next(
            (k for k in range(i + 1, len(rest)) if not rest[k].text[0].isupper() and rest[k].low != "and"),
            len(rest),
        )
        agent = rest[i + 1 : size]
        past = PARTICIPLES.get(participle, participle if participle.endswith("ed") else None)
        if past is None or agent[-1].low == "and":
            return
        if i > 1 and not rest[0].low.endswith(("ed", "en")):
            return
        who = ["who"] if participle in PERSON_VERBS else ["what"]
        kind = Kind.WHO if participle in PERSON_VERBS else Kind.WHAT
        if i == 1:
            parts = [*who, past, *inside(clause.subject, around.words), *texts_of(rest[size:])]
            yield from _question(kind, parts, _range(agent))
        else:
            parts = asked(who, clause, texts_of(rest[: i + 1]), around.words) or []
            yield from _question(kind, parts, _range(agent))
        return


def _count(clause: Clause, around: Around) -> Iterator[Asked]:
    found = number_phrase(clause.subject)
    if found is not None and found[0] == 0:
        i, k, j = found
        rest = texts_of([*clause.subject[k:], clause.verb, *clause.rest])
        answer = clause.subject[i:k]
        yield from _question(
            Kind.HOW_MANY, ["how", "many", *rest], _range(answer), _range(clause.subject[i:j])
        )
        return
    found = number_phrase(clause.rest)
    if found is None:
        return
    i, k, j = found
    before = list(clause.rest[:i])
    while before and before[-1].low in ABOUT:
        before.pop()
    follows = clause.rest[j].low if j < len(clause.rest) else ""
    if (before and before[-1].low in NOT_BEFORE_NUMBER) or follows in {"and", "or"}:
        return
    noun = texts_of(clause.rest[k:j])
    if noun[-1] in texts_of(clause.subject) or (clause.copula and i and clause.rest[0].low in DETERMINERS):
        return
    parts = asked(["how", "many", *noun], clause, texts_of([*before, *clause.rest[j:]]), around.words)
    yield from _question(Kind.HOW_MANY, parts, _range(clause.rest[i:k]), _range(clause.rest[i:j]))


def _object(clause: Clause, around: Around) -> Iterator[Asked]:
    size = noun_phrase(clause.rest)
    follows = clause.rest[size].low if size < len(clause.rest) else ""
    if (
        clause.copula
        or not size
        or follows in {"and", "or", ","}
        or clause.verb.low in {"became", "becomes", "can"}
    ):
        return
    phrase, rest = clause.rest[:size], texts_of(clause.rest[size:])
    if clause.verb.low in {"has", "have", "had"} and any(t.low.endswith("ed") for t in phrase):
        return
    bare = phrase[1:] if phrase[0].low in DETERMINERS else phrase
    if not bare or (len(bare) == 1 and not around.words.is_name(bare[0].text)):
        return
    kind = kind_of_name(bare, around.passage) if bare[0].text[0].isupper() else (Kind.WHAT, ["what"])
    wh = kind if kind is not None and kind[0] is not Kind.WHICH else (Kind.WHAT, ["what"])
    yield from _question(wh[0], asked(wh[1], clause, rest, around.words), _range(phrase), _range(bare))


def _definition(clause: Clause, around: Around) -> Iterator[Asked]:
    if not clause.copula or not clause.rest or clause.rest[0].low not in DETERMINERS:
        return
    kind = kind_of_name(clause.subject, around.passage) or (Kind.WHAT, ["what"])
    head = takewhile(lambda token: token.low not in PREPOSITIONS, clause.rest)
    person = kind[0] is Kind.WHO or any(token.low in PERSONS for token in head)
    wh = ["who"] if person else ["what"]
    answer = clause.rest[:LONGEST_ANSWER] if len(clause.rest) <= LONGEST_ANSWER else ()
    if len(answer) > 2 and len(clause.subject) + 2 >= SHORTEST_QUESTION - 1:
        parts = asked(wh, clause, [], around.words)
        yield from _question(Kind(wh[0]), parts, _range(answer), _range(answer[1:] or answer))


def _apposition(sentence: str) -> Iterator[Asked]:
    """`Name , a noun phrase , ...`: who or what the name is."""
    tokens = tokens_of(sentence)
    comma = next((i for i, token in enumerate(tokens) if token.text == ","), 0)
    if not 2 <= comma <= 4 or not all(t.text[0].isupper() for t in tokens[:comma]):
        return
    after = tokens[comma + 1 :]
    end = next((i for i, token in enumerate(after) if token.text == ","), 0)
    if end < 2 or after[0].low not in DETERMINERS:
        return
    person = any(t.low in PERSONS for t in after[:end])
    wh = "who" if person else "what"
    parts = [wh, "was" if re.search(r"\b(?:was|had|died)\b", sentence) else "is", *texts_of(tokens[:comma])]
    yield from _question(Kind(wh), parts, _range(after[:end]))


def _varied(question: Asked, sentence: str, rng: random.Random) -> str:
    """The question without some of its words, so that it does not repeat its sentence."""
    words = [word for word in question.question.split() if word not in DROPPED or rng.random() < 0.5]
    text = " ".join(words)
    shorter = re.fullmatch(r"(.{25,}) (?:in|for|on|during|with|from) [^?]{3,40}\?", text)
    year = question.kind is Kind.WHEN and YEAR.fullmatch(sentence[slice(*question.answers[0])])
    if year and rng.random() < 0.3:
        text = "What year" + text.removeprefix("When")
    if shorter is not None and len(words) > SHORTEST_QUESTION * 2 and rng.random() < 0.4:
        text = shorter.group(1) + "?"
    return text
