"""Word pairs from parallel lines: terms of a subject that a general dictionary lacks.

IBM model 1 (Brown et al., "The mathematics of statistical machine translation", 1993) in both directions; a pair counts
by the geometric mean of its two probabilities.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from retrieval.index.analysis import analyse, is_function_word, stems

LEAST = 0.15
"""Least geometric mean of both probabilities of a pair."""
LEAST_TIMES = 3
"""Lines in which each word of a pair stands."""
ROUNDS = 8
_WORD = re.compile(r"[a-z]{2,}")
_CHINESE = re.compile(r"[\u4e00-\u9fff]+")

Numbered = list[list[int]]


def word_pairs(lines: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Chinese words with an English one, surest first.

    Args:
        lines: English and Chinese ones that say the same.
    """
    spelled: defaultdict[str, Counter[str]] = defaultdict(Counter)
    english, chinese = [], []
    for first, second in lines:
        # what the Chinese line has in Latin letters is the same in both
        words = [word for word in _WORD.findall(first.lower()) if word not in second.lower()]
        words = [word for word in words if not is_function_word(word)]
        for word, stem in zip(words, found := stems(words), strict=True):
            spelled[stem][word] += 1
        english.append(list(dict.fromkeys(found)))
        chinese.append(list(dict.fromkeys(_chinese_words(second))))
    e, c = _vocabulary(english), _vocabulary(chinese)
    lines_E, lines_C = [[e[w] for w in line] for line in english], [[c[w] for w in line] for line in chinese]
    there, back = _model_1(lines_E, lines_C), _model_1(lines_C, lines_E)
    times_E, times_C = (Counter(w for line in side for w in line) for side in (lines_E, lines_C))
    names_E, names_C = list(e), list(c)
    worth = {
        (word, stem): (there[stem, word] * back[word, stem]) ** 0.5
        for stem, word in there
        if min(times_E[stem], times_C[word]) >= LEAST_TIMES
    }
    sure = sorted((pair for pair in worth if worth[pair] >= LEAST), key=lambda pair: (-worth[pair], pair))
    return [(names_C[word], spelled[names_E[stem]].most_common(1)[0][0]) for word, stem in sure]


def _chinese_words(text: str) -> Iterator[str]:
    for word in analyse(text).words:
        if _CHINESE.fullmatch(word) and not is_function_word(word):
            yield word


def _vocabulary(lines: Sequence[Sequence[str]]) -> dict[str, int]:
    return {word: number for number, word in enumerate(dict.fromkeys(w for line in lines for w in line))}


def _model_1(source: Numbered, target: Numbered) -> dict[tuple[int, int], float]:
    """Probability of a target word given a source word, by (source, target); every line also has an empty word."""
    # one row for each way in which a target word may come about: source word (-1 is the empty one), target, token
    rows = [
        (word, said, token)
        for token, (line, said) in enumerate(
            (line, said) for line, other in zip(source, target, strict=True) for said in other
        )
        for word in (-1, *line)
    ]
    if not rows:
        return {}
    word_R, said_R, token_R = np.array(rows).T
    pairs_P2, pair_R = np.unique(np.stack([word_R, said_R], axis=1), axis=0, return_inverse=True)
    pair_R = pair_R.reshape(-1)
    probability_P: NDArray[np.float64] = np.ones(len(pairs_P2))
    for _ in range(ROUNDS):
        weight_R = probability_P[pair_R]
        weight_R = weight_R / np.bincount(token_R, weight_R)[token_R]
        count_P = np.bincount(pair_R, weight_R, minlength=len(pairs_P2))
        probability_P = count_P / np.bincount(pairs_P2[:, 0] + 1, count_P)[pairs_P2[:, 0] + 1]
    return {(int(w), int(s)): float(p) for (w, s), p in zip(pairs_P2, probability_P, strict=True) if w >= 0}
