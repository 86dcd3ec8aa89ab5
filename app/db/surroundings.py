"""Text and structure around chunks, within the reach of an answer."""

import threading
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from app.db.models import Chunk, Content, ContentChunk

REACH = 2000
"""Characters before and behind a chunk."""
KEPT_BLOCKS = 200_000
"""Parsed blocks in the cache, summed over the recently used documents."""

Row = tuple[str, int, int, int]
"""Kind, start, end and level of a block, in the document's canonical text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The text before and after a chunk, with its blocks.

    Attributes:
        before: Text of the document that ends where the chunk begins.
        after: Text that begins where the chunk ends.
        blocks: Blocks that touch `before`, the chunk or `after`, ascending.
    """

    before: str
    after: str
    blocks: Sequence[Row]


class SurroundingsReader:
    """Reads the surroundings of chunks; safe to use from many threads.

    A content never changes, so its parsed blocks are kept under its id.
    """

    def __init__(self) -> None:
        """Begin with an empty cache."""
        self._kept: OrderedDict[int, Sequence[Row]] = OrderedDict()
        self._size = 0
        self._lock = threading.Lock()

    def read(self, session: Session, chunk_ids: Sequence[int], reach: int = REACH) -> dict[int, Surroundings]:
        """Surroundings by live chunk id.

        Args:
            session: Any open session.
            chunk_ids: As many as an answer reads.
            reach: Characters before and behind each chunk, at most.
        """
        first = case((ContentChunk.start > reach, ContentChunk.start - reach), else_=0)
        rows = session.execute(
            select(
                Chunk.id,
                Content.id,
                first,
                ContentChunk.start,
                ContentChunk.end,
                # `substr` counts code points, from 1, on SQLite and PostgreSQL: long texts stay in the database
                func.substr(Content.text, first + 1, ContentChunk.start - first),
                func.substr(Content.text, ContentChunk.end + 1, reach),
            )
            .join(ContentChunk, ContentChunk.id == Chunk.content_chunk_id)
            .join(Content, Content.id == ContentChunk.content_id)
            .where(Chunk.id.in_(set(chunk_ids)))
        ).all()
        blocks = self._blocks(session, {row[1] for row in rows})
        switched_off = _switched_off(session, chunk_ids)
        found: dict[int, Surroundings] = {}
        for chunk, content, begin, start, end, before, after in rows:
            lower, upper = begin, end + len(after)
            for off_start, off_end in switched_off.get(chunk, ()):  # nothing is read beyond such a chunk
                lower = max(lower, off_end) if off_end <= start else lower
                upper = min(upper, off_start) if off_start >= end else upper
            found[chunk] = Surroundings(
                before=before[lower - begin :],
                after=after[: upper - end],
                blocks=_touching(blocks[content], lower, upper),
            )
        return found

    def _blocks(self, session: Session, contents: set[int]) -> dict[int, Sequence[Row]]:
        with self._lock:
            found = {content: self._kept[content] for content in contents if content in self._kept}
            for content in found:
                self._kept.move_to_end(content)
        missing = contents - set(found)
        if missing:
            stored = session.execute(select(Content.id, Content.blocks).where(Content.id.in_(missing)))
            for content, blocks in stored:
                found[content] = [
                    (b["kind"], b["start"], b["end"], b.get("level") or 0) for b in blocks or ()
                ]
                self._keep(content, found[content])
        return found

    def _keep(self, content: int, blocks: Sequence[Row]) -> None:
        with self._lock:
            if content not in self._kept:
                self._kept[content] = blocks
                self._size += len(blocks)
            while self._size > KEPT_BLOCKS and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._size -= len(oldest)


def _switched_off(session: Session, chunk_ids: Sequence[int]) -> dict[int, list[tuple[int, int]]]:
    """Ranges of the chunks of the same version that are switched off, by chunk."""
    off, place = aliased(Chunk), aliased(ContentChunk)
    rows = session.execute(
        select(Chunk.id, place.start, place.end)
        .join(off, off.version_id == Chunk.version_id)
        .join(place, place.id == off.content_chunk_id)
        .where(Chunk.id.in_(set(chunk_ids)), ~off.enabled)
    )
    found: dict[int, list[tuple[int, int]]] = {}
    for chunk, start, end in rows:
        found.setdefault(chunk, []).append((start, end))
    return found


def _touching(blocks: Sequence[Row], start: int, end: int) -> Sequence[Row]:
    """Blocks that overlap `[start, end)`; blocks of a document are in order and never overlap each other."""
    first = bisect_left(blocks, start + 1, key=lambda block: block[2])
    last = bisect_left(blocks, end, key=lambda block: block[1])
    return blocks[first:last]
