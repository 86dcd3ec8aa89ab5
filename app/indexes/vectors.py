"""Vectors as they lie in the database: of chunks in float16, of sentences in int8.

A chunk's vector is what search ranks by; those of its sentences only choose what an answer reads of it, and are many.
"""

import numpy as np
from numpy.typing import NDArray

STORED = np.dtype("<f2")


def pack(vector: NDArray[np.float32]) -> bytes:
    """A vector (float32 [D]) as bytes, two for each value."""
    return vector.astype(STORED).tobytes()


def pack_sentences(vectors: NDArray[np.float32]) -> bytes:
    """Unit vectors (float32 [N, D]) as bytes, one for each value; rows are scaled to int8, their directions stay."""
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=0.0)
    scaled = np.divide(127.0 * vectors, largest, out=np.zeros_like(vectors), where=largest > 0)
    packed: bytes = np.rint(scaled).astype(np.int8).tobytes()
    return packed


def unpack_sentences(stored: bytes, count: int) -> NDArray[np.float32]:
    """Stored sentence vectors as float32 [count, D], unit length; zeros for a sentence without states.

    Raises:
        ValueError: The bytes are not those of `count` vectors.
    """
    rows = np.frombuffer(stored, dtype=np.int8).reshape(count, -1).astype(np.float32)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(rows, lengths, out=np.zeros_like(rows), where=lengths > 0)
    return unit


def unpack(stored: list[bytes], dim: int) -> NDArray[np.float32]:
    """Stored vectors as float32 [N, D].

    Raises:
        ValueError: A vector is not of width `dim`.
    """
    if not stored:
        return np.empty((0, dim), dtype=np.float32)
    return np.frombuffer(b"".join(stored), dtype=STORED).reshape(len(stored), dim).astype(np.float32)
