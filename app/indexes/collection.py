"""The two indexes of one collection in one process, synchronised with the database.

The database numbers the changes of a collection. Before a search, `refresh` compares that number with
the one its indexes contain, and replays what is between; where too much is missing, it compares ids and
adds or removes the difference. So every process sees a deletion or an ingestion with the commit.

The lexical index has a folder that one process at a time can own; the others keep theirs in memory. The
dense index is in memory in each, and is written down as snapshots now and then.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
from sqlalchemy.orm import Session

from app.db import chunks, collections
from app.db.engine import Database
from app.errors import CollectionNotFoundError
from app.indexes.vectors import unpack
from retrieval.config import HnswConfig
from retrieval.errors import IndexLockedError, IndexWriteError, SnapshotError
from retrieval.index.hnsw import HnswIndex
from retrieval.index.lexical import TantivyIndex
from retrieval.index.snapshot import SnapshotStore
from retrieval.index.word_list import WordList

logger = logging.getLogger(__name__)

BOTH = ("dense", "lexical")
Changed = TypeVar("Changed")
PURGE_BATCH = 500
PURGE_PAUSE = 9.0
"""Pause after a purge, as a multiple of the purge's duration."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexConfig:
    """Settings of a collection's indexes.

    Attributes:
        dim: Width of the vectors.
        model_id: Encoder of the vectors; chunks that have none by it are not in the dense index.
        exact_below: Chunks up to which the dense index scans.
        snapshot_every: Replayed chunks after which the dense index is written down.
        words: What words are called in the other language, shared by all collections.
    """

    dim: int
    model_id: str
    exact_below: int
    snapshot_every: int
    words: WordList | None = None


class CollectionIndex:
    """Dense and lexical index of one collection; safe to use from many threads."""

    def __init__(self, collection_id: str, database: Database, folder: Path, config: IndexConfig) -> None:
        """Open the indexes on disk; `refresh` brings them up to date.

        Args:
            collection_id: The collection, which need not exist any more.
            database: Where the truth is.
            folder: Folder of this collection's index files.
            config: Widths and thresholds.
        """
        self.collection_id = collection_id
        self._database = database
        self._config = config
        self._lock = threading.Lock()
        self._unsaved = 0
        self._purge_after = 0.0
        self.dense = HnswIndex(config.dim, HnswConfig(exact_below=config.exact_below))
        self._snapshots = _open_snapshots(folder / "dense")
        manifest = None
        if self._snapshots is not None:
            manifest = self._snapshots.load_newest(self.dense, model_id=config.model_id, dim=config.dim)
        self.lexical = _open_lexical(folder / "lexical", config.words)
        self._seq = {"dense": manifest.seq if manifest else 0, "lexical": self.lexical.seq}

    @property
    def seq(self) -> int:
        """Number of the last change that both indexes contain."""
        return min(self._seq.values())

    def refresh(self) -> int:
        """Catch up with the database; call it before every search.

        Returns:
            The number of the last change contained.

        Raises:
            CollectionNotFoundError: The collection is gone.
        """
        with self._database.read() as session:
            latest = self._latest(session)
        if latest == self._seq["dense"] == self._seq["lexical"]:
            return latest
        # Read again under the lock: a state older than what another thread has replayed would undo it.
        with self._lock, self._database.read() as session:
            latest = self._latest(session)
            for name in BOTH:
                if self._seq[name] != latest:
                    self._moved_where_stuck(partial(self._catch_up, session, name, latest))
        if self._unsaved >= self._config.snapshot_every:
            self.snapshot()
        return latest

    def reconcile(self) -> dict[str, int]:
        """Make both indexes hold exactly the live chunks, whatever they held before.

        Returns:
            Chunks added and removed, over both indexes.

        Raises:
            CollectionNotFoundError: The collection is gone.
        """
        with self._lock, self._database.read() as session:
            latest = self._latest(session)
            changed = [
                self._moved_where_stuck(partial(self._reconcile, session, name, latest)) for name in BOTH
            ]
        return {"added": sum(c[0] for c in changed), "removed": sum(c[1] for c in changed)}

    def ids(self, name: str) -> set[int]:
        """All chunk ids that the index `name` ("dense", "lexical") holds."""
        if name == "lexical":
            return set(self.lexical.ids())
        # A search that wants all of them gets all of them, whatever the question.
        anything = np.eye(1, self._config.dim, dtype=np.float32)[0]
        return set(self.dense.search(anything, len(self.dense))[0].tolist())

    def purge(self, at_most: int | None) -> bool:
        """Take the words and vectors of removed chunks out of the files, which otherwise only mark them.

        Words are indexed anew, some chunks at a time, so that searches go on. That takes a tenth of the time at most.

        Args:
            at_most: Chunks up to which this is done; None for any number.

        Returns:
            False where it is to be asked for again.

        Raises:
            CollectionNotFoundError: The collection is gone.
        """
        self.refresh()
        began = time.monotonic()
        large = at_most is not None and len(self.lexical) > at_most
        if self.lexical.in_memory or large or began < self._purge_after:
            return False
        try:
            if self._snapshots is not None:
                self._snapshots.forget()
        except IndexLockedError:
            return False
        if len(self.dense) > self._config.exact_below > 0:
            self.snapshot()
        if self.lexical.holds_removed:
            self._index_words_anew()
        self._purge_after = time.monotonic() + PURGE_PAUSE * (time.monotonic() - began)
        return not self.lexical.holds_removed

    def _index_words_anew(self) -> None:
        """Add all texts again: tantivy removes files in which no text counts any more."""
        ids = sorted(self.ids("lexical"))
        for begin in range(0, len(ids), PURGE_BATCH):
            with self._lock, self._database.read() as session:
                for batch in chunks.entries(session, ids[begin : begin + PURGE_BATCH], self._config.model_id):
                    self.lexical.add([entry.chunk_id for entry in batch], [entry.text for entry in batch])
        # committed together: files that were merged meanwhile would hold marks again
        with self._lock:
            self.lexical.commit(self._seq["lexical"])

    def snapshot(self) -> None:
        """Write the dense index down; a process that is doing so already is left to it."""
        if self._snapshots is None:
            return
        with self._lock:
            seq, self._unsaved = self._seq["dense"], 0
        try:
            self._snapshots.write(self.dense, seq=seq, model_id=self._config.model_id, dim=self._config.dim)
        except IndexLockedError:
            return
        except SnapshotError:
            # Costs time at the next start, never data; the metric and this line tell.
            logger.exception("snapshot failed", extra={"collection": self.collection_id})

    def close(self) -> None:
        """Give the folder back; a dense index that takes long to build is written down first."""
        if 0 < self._config.exact_below < len(self.dense) and self._unsaved:
            self.snapshot()
        self.dense.wait()
        self.lexical.close()

    def _latest(self, session: Session) -> int:
        latest = collections.index_seq(session, self.collection_id)
        if latest is None:
            raise CollectionNotFoundError(self.collection_id)
        return latest

    def _moved_where_stuck(self, change: Callable[[], Changed]) -> Changed:
        """Make a change; if the folder of the lexical index can't be written, move the index to memory."""
        try:
            return change()
        except IndexWriteError:
            logger.warning(
                "the lexical index can't be written and is kept in memory",
                extra={"collection": self.collection_id},
                exc_info=True,
            )
            stuck, self.lexical = self.lexical, TantivyIndex(words=self._config.words)
            self._seq["lexical"] = 0
            stuck.close()
            return change()

    def _catch_up(self, session: Session, name: str, latest: int) -> None:
        since = self._seq[name]
        changes = (
            collections.index_changes(session, self.collection_id, since, latest)
            if 0 < since < latest
            else None
        )
        if changes is None:
            self._reconcile(session, name, latest)
            return
        present: dict[int, bool] = {}
        for change in changes:
            present.update(dict.fromkeys(change.removed, False))
            present.update(dict.fromkeys(change.added, True))
            if name == "dense":
                present.update(dict.fromkeys(self._lacking(change.embedded), True))
        self._apply(
            session,
            name,
            latest,
            added=[key for key, there in present.items() if there],
            removed=[key for key, there in present.items() if not there],
        )

    def _reconcile(self, session: Session, name: str, latest: int) -> tuple[int, int]:
        live = set(chunks.live_ids(session, self.collection_id))
        held = self.ids(name)
        added, removed = sorted(live - held), sorted(held - live)
        self._apply(session, name, latest, added=added, removed=removed)
        return len(added), len(removed)

    def _apply(
        self, session: Session, name: str, latest: int, *, added: Sequence[int], removed: Sequence[int]
    ) -> None:
        index = self.dense if name == "dense" else self.lexical
        if removed:
            index.remove(removed)
        for batch in chunks.entries(session, added, self._config.model_id):
            if name == "dense":
                self._add_vectors(batch)
            else:
                self.lexical.add([e.chunk_id for e in batch], [e.text for e in batch])
        if name == "lexical":
            self.lexical.commit(latest)
        else:
            self._unsaved += len(added) + len(removed)
        self._seq[name] = latest

    def _add_vectors(self, batch: Iterable[chunks.IndexEntry]) -> None:
        stored = {entry.chunk_id: entry.vector for entry in batch if entry.vector is not None}
        if stored:
            self.dense.add(list(stored), unpack(list(stored.values()), self._config.dim))

    def _lacking(self, chunk_ids: Sequence[int]) -> list[int]:
        """Chunks that the dense index lacks, since vectors of another encoder may have arrived."""
        return sorted(set(chunk_ids).difference(self.dense.vectors(chunk_ids)[0].tolist()))


def _open_snapshots(folder: Path) -> SnapshotStore | None:
    """The snapshots of the dense index; None if their folder can't be written."""
    try:
        return SnapshotStore(folder)
    except OSError:
        logger.warning("no snapshots are kept", extra={"path": str(folder)}, exc_info=True)
        return None


def _open_lexical(folder: Path, words: WordList | None) -> TantivyIndex:
    try:
        return TantivyIndex(folder, words=words)
    except IndexLockedError:
        logger.info(
            "another process owns the lexical index; using one in memory", extra={"path": str(folder)}
        )
    except IndexWriteError:
        logger.warning(
            "the lexical index can't be written; using one in memory",
            extra={"path": str(folder)},
            exc_info=True,
        )
    return TantivyIndex(words=words)
