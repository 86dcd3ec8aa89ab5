"""Use cases of indexes: compare them with the database, and repair them."""

from dataclasses import dataclass

import numpy as np

from app.db import chunks, collections
from app.errors import CollectionNotFoundError
from app.indexes.vectors import unpack
from app.runtime import Runtime

SAME_VECTOR = 0.999
"""Least cosine between a stored vector (float16) and the one in the index; rounding costs 1e-6."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexAudit:
    """How the indexes of a collection differ from the database; all lists empty is clean.

    Attributes:
        live: Chunks that search may return, by the database.
        missing: By index, live chunks that it lacks.
        extra: By index, chunks that it holds and that are not live.
        differing: Chunks whose vector in the dense index is not the stored one.
        other_model: Live chunks embedded by another encoder; they are found by words only.
    """

    collection_id: str
    seq: int
    live: int
    missing: dict[str, list[int]]
    extra: dict[str, list[int]]
    differing: list[int]
    other_model: list[int]

    @property
    def clean(self) -> bool:
        """Whether indexes and database agree."""
        return not any((*self.missing.values(), *self.extra.values(), self.differing))


def audit(runtime: Runtime, collection: str) -> IndexAudit:
    """Compare the indexes of this process, caught up, with the database.

    Args:
        runtime: The runtime.
        collection: Id or name.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    collection_id = _id(runtime, collection)
    index = runtime.collection_index(collection_id)
    held = {name: index.ids(name) for name in ("dense", "lexical")}
    model, dim = runtime.embedder.model_id, runtime.embedder.dim
    differing: list[int] = []
    other_model: list[int] = []
    with runtime.db.read() as session:
        live = set(chunks.live_ids(session, collection_id))
        for batch in chunks.entries(session, sorted(live)):
            other_model.extend(entry.chunk_id for entry in batch if entry.vector_model != model)
            ours = [e for e in batch if e.vector_model == model and e.chunk_id in held["dense"]]
            vectors = unpack([entry.vector for entry in ours], dim)
            for entry, vector in zip(ours, vectors, strict=True):
                _, cosines = index.dense.search(vector, 1, frozenset((entry.chunk_id,)))
                if not len(cosines) or not np.isfinite(cosines[0]) or cosines[0] < SAME_VECTOR:
                    differing.append(entry.chunk_id)
    expected = {"dense": live - set(other_model), "lexical": live}
    return IndexAudit(
        collection_id=collection_id,
        seq=index.seq,
        live=len(live),
        missing={name: sorted(expected[name] - held[name]) for name in held},
        extra={name: sorted(held[name] - expected[name]) for name in held},
        differing=differing,
        other_model=other_model,
    )


def repair(runtime: Runtime, collection: str) -> IndexAudit:
    """Make the indexes equal to the database.

    Returns:
        The audit afterwards.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    before = audit(runtime, collection)
    index = runtime.collection_index(before.collection_id)
    if before.differing:
        index.dense.remove(before.differing)
    index.reconcile()
    return audit(runtime, before.collection_id)


def _id(runtime: Runtime, collection: str) -> str:
    with runtime.db.read() as session:
        row = collections.find(session, collection)
    if row is None:
        raise CollectionNotFoundError(collection)
    return row.id
