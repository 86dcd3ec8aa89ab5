"""Content words of a question with their translations into the other language."""

import re
from collections.abc import Iterable, Iterator, Sequence

import rjieba

from retrieval.index.analysis import asks_in_chinese, is_chinese_text, is_function_word
from retrieval.index.word_list import WordList

_RUN = re.compile(r"[\u4e00-\u9fff]+|[A-Za-z0-9][\w.\-/]*", re.ASCII)

Translated = tuple[str, tuple[str, ...]]
"""A word as the question has it, and its translations, the commonest first; none where it is a name or not listed."""


def crosses(question: str, texts: Iterable[str]) -> bool:
    """Whether any of some texts is in another language than a question."""
    chinese = asks_in_chinese(question)
    return any(is_chinese_text(text) != chinese for text in texts)


def translated_words(question: str, words: WordList) -> Sequence[Translated]:
    """Content words of a question, each once, with their translations.

    A long Chinese word that is not listed is taken apart.

    Args:
        question: Any text.
        words: Of both languages.
    """
    chinese = asks_in_chinese(question)
    return [
        # an English word in a Chinese question is a name, or already what it is called there
        (word, () if chinese and word.isascii() else tuple(dict.fromkeys(words.translations(word))))
        for word in dict.fromkeys(_words(question, words))
    ]


def _words(question: str, words: WordList) -> Iterator[str]:
    for run in _RUN.findall(question):
        if run.isascii():
            yield from [] if is_function_word(run.lower()) else [run]
            continue
        for word in rjieba.cut(run):
            if is_function_word(word):
                continue
            if words.translations(word):
                yield word
                continue
            parts = [
                part for part in rjieba.cut_for_search(word) if part != word and words.translations(part)
            ]
            yield from parts or [word]
