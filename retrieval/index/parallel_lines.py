"""Lines of texts in two languages that say the same, found by the names and numbers that they share.

A text belongs to the one of the other language with which it shares most of them, where that holds both ways; lines
keep their order (dynamic programming over their lengths, after Gale and Church 1993, and over what they share).
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

LEAST_ALIKE = 0.5
"""Least cosine of the shared names of two texts that are taken for translations."""
LEAST_FIT = 0.3
"""Least score of two lines that are taken for translations; a pair of the same length without any name has 1."""
SKIPPED = -0.3
"""Score of a line that has none in the other language."""
CHARACTERS = 3.0
"""English characters for one Chinese one."""
_NAME = re.compile(r"[A-Za-z0-9_./-]{2,}")


def parallel_lines(english: Sequence[str], chinese: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs of an English and a Chinese line, each once.

    Args:
        english: Texts of several lines.
        chinese: Likewise, in any order.
    """
    if not english or not chinese:
        return []
    alike_EC = _alike(english, chinese)
    partner_E, partner_C = alike_EC.argmax(1), alike_EC.argmax(0)
    pairs = [
        pair
        for number, other in enumerate(partner_E)
        if partner_C[other] == number and alike_EC[number, other] > LEAST_ALIKE
        for pair in _aligned(_lines(english[number]), _lines(chinese[other]))
    ]
    return list(dict.fromkeys(pairs))


def _alike(english: Sequence[str], chinese: Sequence[str]) -> NDArray[np.float32]:
    """Cosines of the names of texts, weighed by their rarity, [E, C]."""
    counts = [_names(text) for text in (*english, *chinese)]
    # English words are no names: what counts stands in a Chinese text as it is
    known = {name for names in counts[len(english) :] for name in names}
    having = Counter(name for names in counts for name in names if name in known)
    place = {name: number for number, name in enumerate(having)}
    rows_NV = np.zeros((len(counts), len(place)), np.float32)
    for number, names in enumerate(counts):
        for name, times in names.items():
            if name in place:
                rarity = math.log(len(counts) / having[name])
                rows_NV[number, place[name]] = (1 + math.log(times)) * rarity
    rows_NV /= np.maximum(np.linalg.norm(rows_NV, axis=1, keepdims=True), 1e-9)
    product_EC: NDArray[np.float32] = rows_NV[: len(english)] @ rows_NV[len(english) :].T
    return product_EC


def _names(text: str) -> Counter[str]:
    return Counter(name.lower().strip("./-_") for name in _NAME.findall(text))


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _aligned(english: Sequence[str], chinese: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Pairs of lines on the best path through both texts, from the last to the first."""
    names_E, names_C = [_names(line) for line in english], [_names(line) for line in chinese]
    fit_EC = np.array(
        [[_fit(a, b, names_E[i], names_C[j]) for j, b in enumerate(chinese)] for i, a in enumerate(english)]
    )
    best = np.zeros((len(english) + 1, len(chinese) + 1))
    best[:, 0], best[0, :] = SKIPPED * np.arange(len(english) + 1), SKIPPED * np.arange(len(chinese) + 1)
    for i in range(1, len(english) + 1):
        for j in range(1, len(chinese) + 1):
            both = best[i - 1, j - 1] + fit_EC[i - 1, j - 1]
            best[i, j] = max(both, best[i - 1, j] + SKIPPED, best[i, j - 1] + SKIPPED)
    i, j = len(english), len(chinese)
    while i and j:
        if best[i, j] == best[i - 1, j] + SKIPPED:
            i -= 1
        elif best[i, j] == best[i, j - 1] + SKIPPED:
            j -= 1
        else:
            i, j = i - 1, j - 1
            if fit_EC[i, j] > LEAST_FIT:
                yield english[i], chinese[j]


def _fit(english: str, chinese: str, names_E: Counter[str], names_C: Counter[str]) -> float:
    """Fit of two lines: by their lengths, and by the names that both contain."""
    length: float = abs(math.log((len(english) + 5) / (CHARACTERS * len(chinese) + 5))) ** 1.5
    shared, whole = (names_E & names_C).total(), names_C.total()
    return 1.0 - length + 1.5 * (2 * shared - whole) / (whole + 1)
