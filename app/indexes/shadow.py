"""The dense index that a search uses: the current encoder's once it is nearly complete, until then none.

After a change of encoder the vectors of before can't be compared with a question any more, and those of now come one
document at a time. Meanwhile the dense index grows in the shadow of the lexical one, which always holds every chunk.
Fused with few of the chunks it would favour what it happens to hold: measured, that is far worse than words alone, up
to some 95 % of them (`benchmarks/partly_embedded.py`).

A collection with golden questions waits longer: until they have passed on the new index (`app/answers/golden.py`).
"""

from collections.abc import Sequence

from app.indexes.collection import CollectionIndex
from app.indexes.union import UnionVectors
from retrieval.index.exact import ExactIndex
from retrieval.protocols import VectorIndex

COMPLETE = 0.95
"""Least share of the chunks that a dense index holds to be searched; a document that fails holds nobody up."""


def searched_vectors(indexes: Sequence[CollectionIndex], *, held_back: bool = False) -> VectorIndex:
    """The dense index of some collections, searched as one; an empty one while too many of their chunks lack vectors.

    Args:
        indexes: At least one, caught up with the database.
        held_back: Whether golden questions of one of them have not passed by the encoder in use; empty then, too.
    """
    held = sum(len(index.dense) for index in indexes)
    live = sum(len(index.lexical) for index in indexes)
    if held_back or held < COMPLETE * live:
        return ExactIndex(indexes[0].dense.dim)
    return indexes[0].dense if len(indexes) == 1 else UnionVectors([index.dense for index in indexes])
