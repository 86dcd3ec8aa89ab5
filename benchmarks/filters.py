"""Decision 0082: documents found by rows of metadata values, beside SQLite's own reading of the JSON column.

`python -m benchmarks.filters [--documents 100000]` makes a database of so many documents of one chunk each, filters it
at four shares and prints JSON: milliseconds of the first search with a filter, of a repeated one, and of the peer;
`ratio` is the peer's time over the first search's. Recall of the index under filters: `fathom bench index --thorough`.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

from app.db import migrate
from app.db.engine import Database
from app.db.field_models import DocumentField
from app.db.fields import values_of
from app.db.models import Base, Blob, Chunk, Collection, Content, ContentChunk, Document, DocumentVersion
from app.indexes.filtered import FilteredChunks
from app.search.filtering import filter_of

SHARES = (0.5, 0.1, 0.01, 0.001)
ROUNDS = 5
BATCH = 5_000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=100_000)
    count = parser.parse_args().documents
    with tempfile.TemporaryDirectory() as folder:
        db = Database(f"sqlite:///{Path(folder) / 'filters.db'}")
        migrate.upgrade(db)
        _fill(db, count)
        print(
            json.dumps({"documents": count, "filters": [_measured(db, share) for share in SHARES]}, indent=1)
        )
        db.close()


def _fill(db: Database, count: int) -> None:
    """Documents whose `share` is spread over [0, 1), and whose `group` has a thousandth of them each."""
    with db.write() as session:
        session.add_all([Collection(id="col_1", name="many"), Blob(sha256="0", size_bytes=0)])
        content = {
            "text": "",
            "blocks": [],
            "pages": [],
            "dropped": [],
            "title": "",
            "media_type": "text/plain",
        }
        counts = {"language": "en", "chunk_count": 1, "page_count": 0}
        session.add(Content(id=1, sha256="0", hint="", recipe="", **content, **counts))
        session.flush()
        place = {"position": 0, "start": 0, "end": 0, "heading_path": [], "sentences": []}
        session.add(ContentChunk(id=1, content_id=1, text="", token_count=0, language="en", **place))
    for begin in range(0, count, BATCH):
        with db.write() as session:
            for table, values in _rows(range(begin, min(begin + BATCH, count)), count).items():
                session.execute(insert(table), values)


def _rows(numbers: range, count: int) -> dict[type[Base], list[dict[str, Any]]]:
    """Rows of some of the documents, by table in the order of its insertion."""
    metadata = {n: {"share": (n * 7919 % count) / count, "group": f"group {n % 1000}"} for n in numbers}
    owner = {n: {"document_id": f"doc_{n}"} for n in numbers}
    in_collection = {"collection_id": "col_1"}
    version = {"number": 1, "sha256": "0", "serving": True, "content_id": 1}
    return {
        Document: [
            {"id": f"doc_{n}", "name": f"{n}.txt", "meta": metadata[n]} | in_collection for n in numbers
        ],
        DocumentVersion: [{"id": f"ver_{n}"} | owner[n] | version for n in numbers],
        Chunk: [
            {"version_id": f"ver_{n}", "content_chunk_id": 1} | owner[n] | in_collection for n in numbers
        ],
        DocumentField: [
            owner[n] | in_collection | value for n in numbers for value in values_of(metadata[n])
        ],
    }


def _measured(db: Database, share: float) -> dict[str, Any]:
    wanted = filter_of({"share": {"lt": share}})
    kept = FilteredChunks()
    exact = _peer(db, share)
    found = kept.of(db, ["col_1"], wanted)
    first = _median_ms(lambda: FilteredChunks().of(db, ["col_1"], wanted))
    again = _median_ms(lambda: kept.of(db, ["col_1"], wanted))
    peer = _median_ms(lambda: _peer(db, share))
    return {
        "share": share,
        "chunks": len(found),
        "recall": len(found & exact) / len(exact),
        "precision": len(found & exact) / len(found),
        "first_ms": round(first, 2),
        "repeated_ms": round(again, 3),
        "json_extract_ms": round(peer, 2),
        "ratio": round(peer / first, 2),
    }


def _peer(db: Database, share: float) -> frozenset[int]:
    statement = text(
        "SELECT chunks.id FROM chunks JOIN documents ON documents.id = chunks.document_id WHERE "
        "documents.collection_id = 'col_1' AND enabled AND json_extract(documents.metadata, '$.share') < :share"
    )
    with db.read() as session:
        return frozenset(session.scalars(statement, {"share": share}))


def _median_ms(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        spent.append(1000 * (time.perf_counter() - begin))
    return statistics.median(spent)


if __name__ == "__main__":
    main()
