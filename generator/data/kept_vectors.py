"""Vectors of training texts, stored on disk: near misses are found with the search encoder, once a run."""

import hashlib
import logging
import struct
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from generator.data.distractors import SearchEncoder

log = logging.getLogger(__name__)


class KeptVectors:
    """A search encoder with a cache of vectors on disk: resumed runs encode only texts that are not cached yet."""

    def __init__(
        self, load: Callable[[], SearchEncoder], encoder_id: Callable[[], str], folder: Path
    ) -> None:
        """Load nothing yet.

        Args:
            load: Gives the encoder, when something must be encoded.
            encoder_id: Gives the encoder's id: cached vectors of another encoder are not read.
            folder: Folder of the cache.
        """
        self._load, self._encoder_id, self.folder = load, encoder_id, folder

    def embed_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of questions."""
        return self._kept("queries", texts, lambda new: self.encoder.embed_queries(new))

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of passages."""
        return self._kept("passages", texts, lambda new: self.encoder.embed_passages(new))

    def _kept(
        self, kind: str, texts: Sequence[str], embed: Callable[[Sequence[str]], NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        encoder = hashlib.sha256(self._encoder_id().encode()).hexdigest()[:16]
        file = self.folder / f"{kind}-{encoder}.npz"
        vectors = _read(file)
        keys = [hashlib.sha256(text.encode()).digest()[:16] for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in vectors}
        if new:
            log.info("encoding %s %s for near misses", f"{len(new):,}", kind)
            vectors |= dict(zip(new, embed(list(new.values())), strict=True))
            self._save(file, vectors)
        return np.stack([vectors[key] for key in keys])

    def _save(self, file: Path, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        keys = np.frombuffer(b"".join(vectors), np.uint8).reshape(len(vectors), -1)
        partial = file.with_suffix(".partial")
        with partial.open("wb") as handle:
            np.savez(handle, keys=keys, vectors=np.stack(list(vectors.values())))
        partial.replace(file)  # a run that is killed leaves no half of one

    @cached_property
    def encoder(self) -> SearchEncoder:
        """Loaded when something must be encoded."""
        return self._load()


def _read(file: Path) -> dict[bytes, NDArray[np.float32]]:
    """Vectors by key; none where the file is missing or damaged, since all of them can be made again."""
    try:
        with np.load(file) as kept:  # an archive, with a checksum of each part
            return dict(zip(map(bytes, kept["keys"]), kept["vectors"], strict=True))
    except FileNotFoundError:
        return {}
    except (
        ValueError,
        KeyError,
        EOFError,
        NotImplementedError,
        BadZipFile,
        zlib.error,
        struct.error,
        SyntaxError,
    ):
        log.warning("kept vectors are damaged and made again", extra={"path": str(file)}, exc_info=True)
        return {}
