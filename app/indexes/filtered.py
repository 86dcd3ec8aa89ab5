"""Chunks that filters of documents leave."""

import threading
from collections import OrderedDict
from collections.abc import Sequence

from app.db import collections, filters
from app.db.engine import Database
from app.db.filters import Filter

KEPT_IDS = 2_000_000
"""Chunk ids that a process remembers for all filters together, about 64 bytes each; the last filter is always kept."""
OF_A_FILTER = 1_000
"""Ids that a filter counts for beside its own: filters that leave nothing take room, too."""


class FilteredChunks:
    """Chunks that filters leave, remembered until a collection or the metadata of a document in it changes."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._kept: OrderedDict[object, frozenset[int]] = OrderedDict()
        self._lock = threading.Lock()
        self._hits = self._misses = 0

    @property
    def counts(self) -> tuple[int, int, int]:
        """Filters kept, and how often one was found and was not."""
        return len(self._kept), self._hits, self._misses

    def of(self, db: Database, collection_ids: Sequence[str], wanted: Filter) -> frozenset[int]:
        """Ids of the searchable chunks of some collections whose documents a filter leaves.

        The same set comes back for the same filter, by which an index knows it again.
        """
        with db.read() as session:
            changes = tuple(collections.index_seq(session, key) for key in collection_ids)
            # by its text, for True and 1 are equal in Python and not in a filter
            key = (tuple(collection_ids), repr(wanted), changes)
            with self._lock:
                if (known := self._kept.get(key)) is not None:
                    self._kept.move_to_end(key)
                    self._hits += 1
                    return known
                self._misses += 1
            found = filters.chunk_ids(session, collection_ids, wanted)
        with self._lock:
            known = self._kept.setdefault(key, found)
            while (
                len(self._kept) > 1 and sum(len(ids) + OF_A_FILTER for ids in self._kept.values()) > KEPT_IDS
            ):
                self._kept.popitem(last=False)
        return known
