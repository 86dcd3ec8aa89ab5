"""The direction in which an encoder's vectors differ by language alone, and cosines in which it counts less.

Vectors of a multilingual encoder hold the language of a text beside its meaning: to a question in one language nearly
all passages in the other one are alike, and those with most words of its own language come first. What texts in two
languages differ by on average is one direction. Cosines are measured with part of it taken out of both sides, so that
no stored vector changes.

References: Yang, Yang, Cer, Darve, "A simple and effective method to eliminate the self language bias in multilingual
representations", EMNLP 2021 (arXiv 2109.04727); Mu, Viswanath, "All-but-the-top", ICLR 2018 (arXiv 1702.01417).
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

FILE = "language_direction.json"
STRENGTH = 0.5
"""Share of the direction that is taken out: by the rest, the page in the question's own language comes first."""


def fitted_direction(
    english: tuple[NDArray[np.float32], NDArray[np.float32]],
    chinese: tuple[NDArray[np.float32], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Direction between two languages: the mean of that between their questions and that between their passages.

    Args:
        english: Vectors of questions and of passages, float32 [N, D] each, unit length; any texts of many topics.
        chinese: The same; the texts need not be translations.

    Returns:
        float32 [D], unit length.
    """
    between = (
        _unit(one.mean(axis=0) - other.mean(axis=0)) for one, other in zip(english, chinese, strict=True)
    )
    return _unit(np.sum(list(between), axis=0))


def save_direction(folder: Path, direction_D: NDArray[np.float32], model_id: str) -> None:
    """Write a direction (float32 [D]) beside the encoder that it belongs to."""
    content = {"encoder": model_id, "direction": [round(float(value), 6) for value in direction_D]}
    (folder / FILE).write_text(json.dumps(content) + "\n", encoding="utf-8")


def load_direction(folder: Path, model_id: str) -> NDArray[np.float32] | None:
    """The direction of an encoder: float32 [D], unit length; None where its folder has none, or another encoder's."""
    try:
        content = json.loads((folder / FILE).read_text(encoding="utf-8"))
        if content["encoder"] != model_id:
            return None
        return _unit(np.asarray(content["direction"], dtype=np.float32))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def lessened(vectors: NDArray[np.float32], direction_D: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors (float32 [..., D]) with `STRENGTH` of a direction taken out, not normalised."""
    along = vectors @ direction_D
    return np.asarray(vectors - STRENGTH * along[..., None] * direction_D, dtype=np.float32)


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-12), dtype=np.float32)
