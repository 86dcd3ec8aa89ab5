"""Vectors as they lie in the database: little-endian float16, unit length before rounding."""

import numpy as np
from numpy.typing import NDArray

STORED = np.dtype("<f2")


def pack(vector: NDArray[np.float32]) -> bytes:
    """A vector (float32 [D]) as bytes, two for each value."""
    return vector.astype(STORED).tobytes()


def unpack(stored: list[bytes], dim: int) -> NDArray[np.float32]:
    """Stored vectors as float32 [N, D].

    Raises:
        ValueError: A vector is not of width `dim`.
    """
    if not stored:
        return np.empty((0, dim), dtype=np.float32)
    return np.frombuffer(b"".join(stored), dtype=STORED).reshape(len(stored), dim).astype(np.float32)
