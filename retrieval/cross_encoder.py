"""Any cross-encoder of sentence-transformers as a `Scorer`, read from a folder, never fetched."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from sentence_transformers import CrossEncoder

from retrieval.errors import EncoderError
from retrieval.types import Passage

# What reads a pair; of a bare encoder the library would make one with a head of random numbers.
_READS_PAIRS = ("ForSequenceClassification", "ForCausalLM")


class CrossEncoderScorer:
    """Scores a passage by reading it together with the question; safe to use from many threads.

    Args:
        path: Folder that `CrossEncoder.save_pretrained` wrote, with weights in safetensors.
        device: A torch device.
        batch_size: Pairs of one forward pass.

    Raises:
        EncoderError: The folder holds no such model.
    """

    def __init__(self, path: Path, device: str = "cpu", batch_size: int = 16) -> None:
        _check_kind(path)
        try:
            self._model = CrossEncoder(
                str(path), device=device, local_files_only=True, model_kwargs={"use_safetensors": True}
            )
        except (OSError, ValueError, KeyError, SafetensorError) as error:
            raise EncoderError(f"{path} holds no cross-encoder that can be read: {error}") from error
        if self._model.num_labels != 1:
            raise EncoderError(f"{path} gives {self._model.num_labels} values a pair; a reranker gives one")
        self._batch_size = batch_size

    def __call__(self, question: str, passages: Sequence[Passage]) -> Sequence[float]:
        """Score each passage, higher is better; a passage longer than the model's window counts by its beginning."""
        if not passages:
            return []
        scores = self._model.predict(
            [(question, passage.text) for passage in passages],
            batch_size=self._batch_size,
            show_progress_bar=False,
        )
        return [float(score) for score in np.asarray(scores, dtype=np.float64).reshape(-1)]


def _check_kind(path: Path) -> None:
    """Read the configuration of the folder.

    Raises:
        EncoderError: Nothing, or a model that scores no pairs.
    """
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
        kinds = [str(kind) for kind in config.get("architectures") or ()]
    except (OSError, ValueError, AttributeError) as error:
        raise EncoderError(f"{path} is not the folder of a cross-encoder: {error}") from error
    if not any(kind.endswith(_READS_PAIRS) for kind in kinds):
        raise EncoderError(f"{path} holds {', '.join(kinds) or 'an unnamed model'}, which scores no pairs")
