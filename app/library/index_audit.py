"""Use cases of indexes: compare them with the database, and repair them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from app.db import chunks, collections
from app.db.engine import Database
from app.indexes.collection import BOTH
from app.indexes.vectors import unpack
from app.library.parts import IndexParts
from retrieval.index.lexical import text_digest
from retrieval.protocols import VectorIndex

SAME_VECTOR = 0.999
"""Least cosine between a stored vector (float16) and the one in the index; rounding costs 1e-6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexAudit:
    """How the indexes of a collection differ from the database; all lists empty is clean.

    Attributes:
        live: Chunks that search may return, by the database.
        missing: By index, live chunks that it lacks.
        extra: By index, chunks that it holds and that are not live.
        differing: By index, chunks that it holds with another vector or another text than the database.
        other_model: Live chunks without a vector by the encoder in use; they are found by words only.
        lexical_in_memory: Another process, such as a running server, owns the folder of the word index, so that the one
            compared here is this process's own, made from the database.
    """

    collection_id: str
    seq: int
    live: int
    missing: dict[str, list[int]]
    extra: dict[str, list[int]]
    differing: dict[str, list[int]]
    other_model: list[int]
    lexical_in_memory: bool

    @property
    def clean(self) -> bool:
        """Whether indexes and database agree."""
        return not any((*self.missing.values(), *self.extra.values(), *self.differing.values()))


def audit(parts: IndexParts, collection: str) -> IndexAudit:
    """Compare the indexes of this process, caught up, with the database.

    Args:
        parts: Database and indexes.
        collection: Id or name.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    collection_id = _id(parts.db, collection)
    index = parts.collection_index(collection_id)
    held = {name: index.ids(name) for name in BOTH}
    digests = index.lexical.digests()
    differing: dict[str, list[int]] = {name: [] for name in BOTH}
    other_model: list[int] = []
    with parts.db.read() as session:
        live = set(chunks.live_ids(session, collection_id))
        for batch in chunks.entries(session, sorted(live), parts.embedder.model_id):
            stored = {entry.chunk_id: entry.vector for entry in batch if entry.vector is not None}
            other_model += [entry.chunk_id for entry in batch if entry.vector is None]
            differing["dense"] += _other_vectors(index.dense, stored)
            differing["lexical"] += [
                entry.chunk_id
                for entry in batch
                if entry.chunk_id in digests and digests[entry.chunk_id] != text_digest(entry.text)
            ]
    expected = {"dense": live - set(other_model), "lexical": live}
    return IndexAudit(
        collection_id=collection_id,
        seq=index.seq,
        live=len(live),
        missing={name: sorted(expected[name] - held[name]) for name in BOTH},
        extra={name: sorted(held[name] - expected[name]) for name in BOTH},
        differing=differing,
        other_model=other_model,
        lexical_in_memory=index.lexical.in_memory,
    )


def _other_vectors(index: VectorIndex, stored: Mapping[int, bytes]) -> list[int]:
    """Chunks that the index holds with a vector that is not the stored one."""
    ids, held = index.vectors(list(stored))
    expected = unpack([stored[chunk_id] for chunk_id in ids.tolist()], held.shape[1])
    cosines = np.einsum("nd,nd->n", held, expected) / np.linalg.norm(expected, axis=1)
    same = cosines >= SAME_VECTOR  # False for what is not a number
    return [int(chunk_id) for chunk_id in ids[~same]]


def repair(parts: IndexParts, collection: str) -> IndexAudit:
    """Make the indexes equal to the database.

    Returns:
        The audit afterwards.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    before = audit(parts, collection)
    index = parts.collection_index(before.collection_id)
    # what is held in another form is taken out first, and then lacks like the rest
    index.dense.remove(before.differing["dense"])
    index.lexical.remove(before.differing["lexical"])
    index.lexical.commit()
    index.reconcile()
    return audit(parts, before.collection_id)


def _id(db: Database, collection: str) -> str:
    with db.read() as session:
        row = collections.require(session, collection)
    return row.id
