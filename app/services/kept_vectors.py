"""Vectors of training texts, kept on disk: near misses are found with the search encoder, once a run."""

import hashlib
import logging
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval.embedder import SentenceTransformerEmbedder
from retrieval.encoder_id import encoder_id
from retrieval.protocols import Embedder

log = logging.getLogger(__name__)


class KeptVectors:
    """The search encoder, its vectors kept on disk, so that a run that goes on need not encode again."""

    def __init__(self, models: Path, folder: Path) -> None:
        self.models, self.folder = models, folder

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of questions."""
        return self._kept("queries", texts, lambda encoder: encoder.embed_queries(texts))

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of passages."""
        return self._kept("passages", texts, lambda encoder: encoder.embed_passages(texts))

    def _kept(
        self, kind: str, texts: Sequence[str], embed: Callable[[Embedder], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        key = hashlib.sha256("\0".join([encoder_id(self.models / "encoder"), *texts]).encode()).hexdigest()
        file = self.folder / f"{kind}-{key[:16]}.npy"
        if file.exists():
            kept: NDArray[np.float32] = np.load(file)
            return kept
        log.info("encoding %s %s for near misses", f"{len(texts):,}", kind)
        vectors = embed(self.encoder)
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial")
        with partial.open("wb") as handle:
            np.save(handle, vectors)
        partial.replace(file)  # a run that is killed leaves no half of one
        return vectors

    @cached_property
    def encoder(self) -> Embedder:
        """Loaded when something must be encoded."""
        return SentenceTransformerEmbedder(self.models / "encoder")
