"""Content terms of a text, for matching a question with sentences, headings and rows.

English words lose their endings, Chinese runs become pairs of characters. Terms only weigh evidence that the reader
has found; searching has an analysis of its own.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUN = re.compile(rf"(?P<han>[{_HAN}]+)|(?P<word>[^\W_{_HAN}]+(?:[.'’\-_][^\W_{_HAN}]+)*)")
_ENDING = re.compile(r"(?:'s|’s|ings?|ies|es|ed|s|e)$")
_SHORTEST_STEM = 3
UNLISTED = 0.3
"""Share of its weight by which a word counts that nothing translates and no text has: it may have another name."""
_EMPTY_WORDS = (
    "a an and any are as at be been being but by can could did do does doing for from get gets had has have having he "
    "her his how i if in into is it its just many me much my no not of on one or our out please she should so some "
    "such than that the their them then there these they this those to too use used using was we were what when where "
    "which who whom whose why will with would you your about after also before between both each give happen happens "
    "mean means must need needed needs may might list tell explain describe step steps way"
)
_EMPTY_ENGLISH = frozenset(_EMPTY_WORDS.split())
# Words that say how a question is put; longer ones first, so that they leave no halves behind.
_EMPTY_CHINESE = re.compile(
    "多长时间|为什么|有没有|能不能|可不可以|会不会|是不是|应不应该|怎么样|怎么办|哪一个|请问|什么|怎么|怎样|如何|哪些|哪几|"
    "哪个|哪里|哪种|多少|多久|多长|多大|多高|几种|几个|是否|可以|能够|应当|应该|需要|进行|以及|或者|如果|情况下|的话|"
    "有哪|包括|[的了是在和与及或有被把将也都就而吗呢吧啊哪几谁之其于为以从对到这那要能会由请]"
)


def terms_of(text: str) -> Counter[str]:
    """Content terms of a text with their counts."""
    found: Counter[str] = Counter()
    for run in _RUN.finditer(text.lower()):
        if run["word"]:
            word = run["word"]
            if word not in _EMPTY_ENGLISH:
                found[_stem(word)] += 1
            continue
        for part in _EMPTY_CHINESE.split(run["han"]):
            found.update(part[i : i + 2] for i in range(max(1, len(part) - 1)) if part)
    return found


def _stem(word: str) -> str:
    stem = _ENDING.sub("", word)
    return stem if len(stem) >= _SHORTEST_STEM else word


class TermWeights:
    """Weight of each term of a question, by its rarity among the units of the reading.

    The weight of a term is `log(1 + N / (1 + n))` for `n` of `N` units that hold it (the inverse document frequency of
    Spärck Jones 1972, smoothed).
    """

    def __init__(
        self,
        question: str,
        units: Iterable[Counter[str]],
        translated: Sequence[tuple[str, Sequence[str]]] = (),
    ) -> None:
        """Weigh the terms of a question.

        Args:
            question: As it was asked.
            units: Terms of every sentence, row and item that was read.
            translated: Words of the question with their translations, for texts in the other language.
        """
        asked = terms_of(question)
        units = list(units)
        seen = Counter(term for unit in units for term in asked if term in unit)
        self.weights = {term: math.log1p(len(units) / (1 + seen[term])) for term in asked}
        self.total = sum(self.weights.values()) or 1.0
        # of a question in parts each part counts its own words
        self._words = _Translated([(word, others) for word, others in translated if word in question], units)

    def share(self, *texts: Counter[str]) -> float:
        """Share of the question's weight that some texts hold together, in [0, 1]; in either language."""
        held = sum(weight for term, weight in self.weights.items() if any(term in text for text in texts))
        return max(held / self.total, self._words.share(*texts))

    def asks_for(self, term: str) -> bool:
        """Whether a term is one of the question, or of a translation of its words."""
        return term in self.weights or term in self._words.terms


class _Translated:
    """Words of a question, each of which a text has by any of its translations: synonyms of one word."""

    def __init__(
        self, translated: Sequence[tuple[str, Sequence[str]]], units: Sequence[Counter[str]]
    ) -> None:
        self._ways: list[Sequence[frozenset[str]]] = []
        self._weights: list[float] = []
        for word, others in translated:
            # a text with the Chinese word is in the question's language, and is weighed by its pairs of characters
            texts = others if others and not word.isascii() else (word, *others)
            ways = [way for way in (frozenset(terms_of(text)) for text in texts) if way]
            if not ways:
                continue
            having = sum(_holds(ways, unit) for unit in units)
            known = 1.0 if others or having else UNLISTED
            self._ways.append(ways)
            self._weights.append(known * math.log1p(len(units) / (1 + having)))
        self.terms = frozenset(term for ways in self._ways for way in ways for term in way)

    def share(self, *texts: Counter[str]) -> float:
        total = sum(self._weights)
        held = sum(
            weight
            for weight, ways in zip(self._weights, self._ways, strict=True)
            if any(_holds(ways, text) for text in texts)
        )
        return held / total if total else 0.0


def _holds(ways: Sequence[frozenset[str]], text: Counter[str]) -> bool:
    return any(all(term in text for term in way) for way in ways)
