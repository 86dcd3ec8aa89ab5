"""Says where the text of a document still stands: in every table, index, stored file, log and backup within reach.

Without the text itself (a document that is deleted, asked for by its id) what can be said is whether anything names
it, and whether anything is left that belongs to nobody. With the file that it was made from, its text is looked for
too, run by run, wherever bytes are.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.db import collections, remains
from app.db import erasing as erasing_rows
from app.db.engine import Database
from app.library import erasing
from app.library.parts import ErasureParts
from app.library.traces import Traces
from app.settings.schema import Settings
from ingestion.config import ParsingLimits
from ingestion.pipeline import parse
from ingestion.types import Source
from retrieval.index.holdings import Holding, dense_holdings, lexical_holding

OUT_OF_REACH = (
    "memory of running processes: they forget it as they go on, and when they end",
    "blocks that the file system has freed, and its own snapshots",
    "files elsewhere, unless they are named with --look-in",
)
SERVER_FILES = (
    "files of the PostgreSQL server: rows that are gone stay in them until VACUUM, in its log for longer"
)
_OWN = frozenset({"content_chunks", "chunk_vectors"})
"""Tables whose rows are deleted with the rows of `contents`."""
_IN_BIN = "It is in the bin: erase it there (`fathom bin list`, `fathom bin erase`)."
_KEEPING_IDS = frozenset({"index_changes", "audit_records", "webhook_deliveries"})
"""Tables that keep the ids of deleted documents, and none of their text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A place where the document still is, or may be.

    Attributes:
        place: Where: a table and its row, or a file.
        what: What was found there.
        hint: How to be rid of it.
    """

    place: str
    what: str
    hint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Ids, hashes and texts of a deleted document to search for.

    Attributes:
        document_id: Its id, where it is known.
        text: Its canonical text, where somebody has it.
        sha256: Hash of its file, where somebody has that.
    """

    document_id: str | None = None
    text: str | None = None
    sha256: str | None = None


def wanted(db: Database, document_id: str | None, file: Path | None, limits: ParsingLimits) -> Wanted:
    """Ids, hashes and texts of a document, from the database if it is still there, and from a file.

    Args:
        db: The database.
        document_id: Its id, where it is known.
        file: The file that it was made from, where somebody has it.
        limits: Limits of the parser that reads the file.

    Raises:
        IngestionError: The file can't be read.
        OSError: Likewise.
    """
    text = None
    if document_id is not None:
        with db.read() as session:
            text = remains.document_text(session, document_id)
    if file is None:
        return Wanted(document_id=document_id, text=text)
    data = file.read_bytes()
    parsed = parse(Source(name=file.name, data=data), limits)
    return Wanted(document_id=document_id, text=parsed.text, sha256=hashlib.sha256(data).hexdigest())


def findings(
    parts: ErasureParts, settings: Settings, wanted: Wanted, look_in: Sequence[Path] = ()
) -> Iterator[Finding]:
    """All places where a document still stands; none where it is gone.

    Args:
        parts: Database, stored files and index files.
        settings: Settings of the server.
        wanted: From `wanted`.
        look_in: More files and folders to look through: logs, backups.
    """
    erasing.try_to_finish(parts, at_most=None)
    traces = Traces(wanted.text) if wanted.text and wanted.text.strip() else None
    yield from _unfinished(parts.db)
    yield from _rows(parts.db, wanted, traces)
    yield from _indexes(parts.db, settings.indexes_dir)
    yield from _blobs(parts.db, settings.blobs_dir, wanted, traces)
    yield from _database_file(parts.db)
    if traces is not None:
        yield from _files(parts.db, settings.home, traces, look_in)


def _unfinished(db: Database) -> Iterator[Finding]:
    with db.read() as session:
        count = len(erasing_rows.pending(session))
    if count:
        yield Finding(
            place="table erasures",
            what=f"{count} erasures are not finished",
            hint="Another process owns the index or reads the database; the server ends it soon. Ask again then.",
        )
    if not db.empty_log():
        yield Finding(
            place=f"{db.engine.url.database}-wal",
            what="the write-ahead log could not be emptied",
            hint="Somebody reads an older state of the database; ask again when that has ended.",
        )


def _rows(db: Database, wanted: Wanted, traces: Traces | None) -> Iterator[Finding]:
    name = wanted.document_id.encode() if wanted.document_id else None
    hash_ = wanted.sha256.encode() if wanted.sha256 else None
    for cell in remains.cells(db):
        place = f"table {cell.table}, row {cell.row}, {cell.column}"
        if name is not None and name in cell.data and cell.table not in _KEEPING_IDS:
            yield Finding(place=place, what="names the document", hint=_row_hint(cell.table))
        elif hash_ is not None and cell.data == hash_:
            yield Finding(
                place=place,
                what="has the hash of the file",
                hint=_row_hint(cell.table)
                if cell.table == "uploaded_files"
                else "Delete the document of these bytes.",
            )
        if traces is None or cell.table in _OWN:
            continue
        found = traces.find(cell.data)
        if found is not None:
            yield Finding(place=place + _owners(db, cell), what=f"says “{found}”", hint=_row_hint(cell.table))


def _owners(db: Database, cell: remains.Cell) -> str:
    if cell.table != "contents":
        return ""
    with db.read() as session:
        found = remains.owners(session, int(cell.row))
        binned = remains.frozen_owners(session, int(cell.row))
    return (
        "".join(f", of document {key} ({name})" for key, name in found)
        + "".join(f", of document {key} in the bin ({item})" for key, item in binned)
        or ", of no document"
    )


def _row_hint(table: str) -> str:
    return {
        "answers": "Delete the answer: `fathom answers delete`, with its id.",
        "idempotency_keys": "It expires within a day.",
        "audit_records": "Delete the answer that the record is about, or run `fathom audit prune --texts`.",
        "uploaded_files": "Delete the file: DELETE /openai/v1/files/ID.",
        "bin_items": _IN_BIN,
        "frozen_documents": _IN_BIN,
        "frozen_versions": _IN_BIN,
    }.get(table, "Delete the document, if it is to go.")


def _indexes(db: Database, indexes_dir: Path) -> Iterator[Finding]:
    for folder in sorted(indexes_dir.glob("*")):
        with db.read() as session:
            there = collections.index_seq(session, folder.name) is not None
            live = remains.live_chunks(session, folder.name)
        if not there:
            yield Finding(
                place=str(folder), what="is the index of a collection that is gone", hint="Remove the folder."
            )
            continue
        lexical = lexical_holding(folder / "lexical")
        for holding in (*dense_holdings(folder / "dense"), *([lexical] if lexical else [])):
            yield from _holding(holding, live)


def _holding(holding: Holding, live: set[int]) -> Iterator[Finding]:
    hint = "Search once, or ask again in a minute: indexes are brought up to date; else remove it, it is made again."
    gone = len(holding.ids - live)
    if not holding.readable:
        yield Finding(place=str(holding.path), what="can't be read", hint=hint)
    if gone:
        yield Finding(place=str(holding.path), what=f"holds {gone} passages that are deleted", hint=hint)
    if holding.removed:
        what = f"keeps words or vectors of {holding.removed} passages that it does not find any more"
        yield Finding(place=str(holding.path), what=what, hint=hint)


def _blobs(db: Database, blobs_dir: Path, wanted: Wanted, traces: Traces | None) -> Iterator[Finding]:
    """Stored files of the document, and, if its text is not known, stored files without an owner."""
    for file in sorted(blobs_dir.rglob("*")):
        if not file.is_file():
            continue
        if wanted.sha256 is not None and file.name.startswith(wanted.sha256):
            yield Finding(
                place=str(file),
                what="is the file",
                hint="Delete the documents and uploaded files that have it.",
            )
        elif traces is None and wanted.sha256 is None and not _has_owner(db, file.name):
            yield Finding(
                place=str(file),
                what="belongs to no document, so it may be this one's",
                hint="Name its file with --file, or wait for the sweep of files that an upload left behind.",
            )


def _has_owner(db: Database, name: str) -> bool:
    with db.read() as session:
        return remains.has_blob(session, name)


def _database_file(db: Database) -> Iterator[Finding]:
    path = db.engine.url.database
    if not db.is_sqlite or not path or not Path(path).is_file():
        return
    full = remains.full_free_pages(Path(path))
    if full:
        yield Finding(
            place=path,
            what=f"{full} unused pages are not empty",
            hint="A program without secure_delete has written there: run `sqlite3 DATABASE VACUUM` once.",
        )


def _files(db: Database, home: Path, traces: Traces, look_in: Sequence[Path]) -> Iterator[Finding]:
    """Bytes of all files of the home and of the folders named; findings in tables are reported already."""
    database = Path(db.engine.url.database or "")
    for root in (home, *look_in):
        for file in [root] if root.is_file() else sorted(root.rglob("*")):
            if not file.is_file():
                continue
            try:
                found = traces.in_file(file)
            except OSError as error:
                yield Finding(
                    place=str(file), what=f"can't be read: {error.strerror}", hint="Look there yourself."
                )
                continue
            if found is not None:
                what = f"says “{found}”" + (
                    ", in a row or in what is left of one" if file == database else ""
                )
                yield Finding(place=str(file), what=what, hint="Remove it, or what of it says so.")
