"""Decision 0072: ROUGE-L of an answer that is a sentence."""

import re
from collections.abc import Sequence

from app.measuring.quality.scores import normalise

_WORDS = re.compile(r"[^\W_]+")


def rouge_l(prediction: str, golds: Sequence[str], *, by_character: bool) -> float:
    """F1 of the longest common subsequence with the best of the gold answers, in [0, 1] (ROUGE-L, Lin 2004).

    Over lower-case words, articles included, or over Chinese characters; for answers that are sentences.
    """
    return max((_pair_rouge(prediction, gold, by_character) for gold in golds), default=0.0)


def _pair_rouge(prediction: str, gold: str, by_character: bool) -> float:
    predicted, wanted = (
        list(normalise(text, by_character=True)) if by_character else _WORDS.findall(text.lower())
        for text in (prediction, gold)
    )
    longest = [0] * (len(wanted) + 1)  # of the common subsequences with each start of `wanted`
    for unit in predicted:
        before = 0
        for place, other in enumerate(wanted, 1):
            kept = longest[place]
            longest[place] = before + 1 if unit == other else max(kept, longest[place - 1])
            before = kept
    return 2 * longest[-1] / max(1, len(predicted) + len(wanted))
