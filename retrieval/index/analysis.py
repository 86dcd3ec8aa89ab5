"""Text to index terms, the same for documents and questions.

Chinese becomes words and characters, English stems. Folding is for matching only: no offset of a
term leads back into the text.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import opencc
import rjieba
import tantivy

VERSION = 3
"""Counts up when terms, or the fields that hold them, change: an index of another version is rebuilt."""

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_LETTER = rf"(?:(?![{_CJK}])[^\W_])"
_RUN = re.compile(rf"(?P<cjk>[{_CJK}]+)|(?P<word>{_LETTER}+(?:['.\-_]{_LETTER}+)*)")
_LATIN_WORD = re.compile(r"[A-Za-z]+")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_JOINT = re.compile(r"[.\-_]")
_MAX_TERM = 64

# Words that say how a question is put, not what about. A question of nothing else keeps them.
_ENGLISH = (
    "a an and are as at be been by can could did do does for from had has have how i if in is it its me my of "
    "on or our s she should so t than that the their them there these they this those to us was we were what "
    "when where which who whom whose why will with would you your"
)
_CHINESE = (
    "的 了 是 在 和 与 及 或 有 被 把 将 也 都 就 而 吗 呢 吧 啊 哪 哪个 哪些 哪里 哪儿 什么 怎么 怎样 如何 为什么 "
    "为何 谁 几 多少 是否 请问 请 这 那 这个 那个 其 之 于 对 从 到 以 为"
)
_FUNCTION_WORDS = frozenset(_ENGLISH.split() + _CHINESE.split())


@dataclass(frozen=True, slots=True)
class Terms:
    """Terms in order, repeated as they are in the text.

    Attributes:
        words: Chinese words (long ones with their parts) and English stems.
        grams: Pairs of neighbouring Chinese characters, and each character alone.
    """

    words: list[str]
    grams: list[str]


def analyse(text: str) -> Terms:
    """Split a text into terms.

    Full-width forms are narrowed, case is dropped, traditional characters become simplified ones.
    """
    words: list[str] = []
    grams: list[str] = []
    for run in _RUN.finditer(_fold(text)):
        if run["cjk"]:
            words += rjieba.cut_for_search(run["cjk"])
            grams += _grams(run["cjk"])
        else:
            words += _parts(run["word"])
    return Terms(stems(words), grams)


def analyse_question(text: str) -> Terms:
    """Terms of a question: each once, without function words where others are left."""
    terms = analyse(text)
    words = list(dict.fromkeys(terms.words))
    telling = [word for word in words if word not in _FUNCTION_WORDS]
    return Terms(telling or words, list(dict.fromkeys(terms.grams)))


def _fold(text: str) -> str:
    narrow = unicodedata.normalize("NFKC", text).replace("\u2019", "'").lower()
    return simplified(narrow)


def is_function_word(word: str) -> bool:
    """Whether a word is a function word, which carries no subject."""
    return word in _FUNCTION_WORDS


def is_chinese_text(text: str) -> bool:
    """Whether most words of a text are Chinese, two Han characters counting as a word."""
    han = sum(len(run["cjk"]) for run in _RUN.finditer(text) if run["cjk"])
    return han > 0 and han / 2 >= len(_LATIN_WORD.findall(text))


def asks_in_chinese(question: str) -> bool:
    """Whether a question is Chinese: names and commands may be most of its words."""
    return _HAN.search(question) is not None


def folded(text: str) -> str:
    """Lower case and simplified characters, always as long as the text; for matching at its offsets."""
    changed = simplified(text).lower()
    return changed if len(changed) == len(text) else text


def simplified(text: str) -> str:
    """Traditional Chinese characters as simplified ones; a few phrases change in length."""
    return str(_simplifier().convert(text))


def _grams(run: str) -> Iterator[str]:
    yield from run
    for first, second in pairwise(run):
        yield first + second


def _parts(word: str) -> Iterator[str]:
    """A word; of a compound such as `meta-url` or `v1.2` its parts as well."""
    parts = _JOINT.split(word)
    if len(parts) > 1:
        yield word[:_MAX_TERM]
    for part in parts:
        for start in range(0, len(part), _MAX_TERM):
            yield part[start : start + _MAX_TERM]


def stems(words: Sequence[str]) -> list[str]:
    """English stems of words in lower case, which hold no blank; of Chinese ones the words themselves."""
    return list(_stemmer().analyze(" ".join(words)))


@cache
def _stemmer() -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace())
    return builder.filter(tantivy.Filter.stemmer("english")).build()


@cache
def _simplifier() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")
