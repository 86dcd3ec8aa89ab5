"""Text of documents that are gone, erased from wherever it stands besides the documents' own rows.

In the transaction that deletes or replaces, after the documents' chunks are gone: answers lose what they say of them,
their streams and their tokens, and kept replies lose their bodies. What lies outside of the database is noted in that
transaction (table `erasures`) and done right after it by `finish`: files without an owner, words and vectors in index
files, and the write-ahead log. Whoever is killed in between leaves the note, and the next one takes it up: every
start, every deletion, and the housekeeping of the server. Each step may be repeated.
"""

import logging
from collections.abc import Collection as AnyCollection
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.db import audit, deletions, documents, feedback, frozen
from app.db import erasing as rows
from app.db.engine import Database
from app.db.erasing import Answer
from app.db.views import ErasureView
from app.errors import UnavailableError
from app.library import staleness
from app.library.blanking import Gone, blanked, documents_of
from app.library.parts import ErasureParts
from app.storage import BlobStore

logger = logging.getLogger(__name__)

INDEXED_AT_ONCE = 1_000
"""Chunks whose words are indexed again within a deletion: a second or two."""


def gone_texts(session: Session, document_ids: AnyCollection[str]) -> dict[str, Gone]:
    """Texts of documents, read before the deletion; the text only if an answer was made from the document."""
    linked = rows.linked_answers(session, document_ids)
    texts = rows.texts(session, document_ids) if linked else {}
    return {key: Gone(text=texts.get(key)) for key in document_ids}


def gone_in_collection(session: Session, collection_id: str) -> dict[str, Gone]:
    """As `gone_texts`, for all documents of a collection; everything made from a document is blanked."""
    return {key: Gone(text=None) for key in rows.documents_in(session, collection_id)}


def withdraw(session: Session, gone: Mapping[str, Gone]) -> None:
    """Blank text of documents in answers and stored replies, after their chunks were deleted in this transaction."""
    deleted = [key for key, one in gone.items() if one.now is None]
    for key, one in gone.items():
        feedback.withdraw_document(session, key, one.now)
    for part in rows.batches(rows.linked_answers(session, gone)):
        held = {row.id: (row, _text(row)) for row in rows.whole_answers(session, part)}
        blanked_ids = [key for key, (row, _) in held.items() if _blank(row, gone)]
        session.flush()
        lost = [key for key, (row, text) in held.items() if _text(row) != text]
        staleness.text_erased(session, lost, gone=bool(deleted))
        feedback.erase_words(session, lost)
        audit.erase_texts(session, blanked_ids, outputs_only=True)
        rows.unlink_answers(session, part, deleted)
    staleness.source_gone(session, deleted)
    rows.erase_replies(session, deleted)
    # what an upload was answered stays: it names the document, and says nothing of it
    rows.erase_replies(session, [key for key, one in gone.items() if one.now is not None], quoting_only=True)


def replace(session: Session, gone: Mapping[str, Gone], version_id: str, content_id: int, title: str) -> None:
    """Blank text in answers that the new version of a document lacks, and mark them, after its chunks were replaced.

    Args:
        session: The session that replaced them.
        gone: From `gone_texts`, before.
        version_id: The new version.
        content_id: What it says.
        title: Its title.
    """
    if not rows.linked_answers(session, gone):
        rows.erase_replies(session, gone, quoting_only=True)
        if feedback.has_passages(session, list(gone)):
            now = rows.text_of(session, content_id)
            for key in gone:
                feedback.withdraw_document(session, key, now)
        return
    now = rows.text_of(session, content_id)
    withdraw(session, {key: Gone(text=one.text, now=now, title=title) for key, one in gone.items()})
    for key, one in gone.items():
        staleness.source_changed(session, key, one.text, now, version_id)


def withdraw_missed(db: Database) -> None:
    """Blank answers that name documents which are gone: stored by an earlier program, which left them as they were."""
    with db.read() as session:
        missed = rows.documents_missed(session)
    for part in rows.batches(missed):
        with db.write() as session:
            withdraw(session, {key: Gone(text=None) for key in part})
            rows.schedule(session)


def erase_frozen(session: Session, collection_id: str, gone: Mapping[str, Gone]) -> None:
    """Erase the frozen copies of a collection that is deleted for good, and the text of its documents everywhere.

    Args:
        session: A writing session; the collection's own rows are gone.
        collection_id: The collection.
        gone: Its documents that were not frozen.
    """
    keys = frozen.documents_of(session, collection_id=collection_id)
    contents, blobs = frozen.remove(session, collection_id=collection_id)
    deletions.remove_of_collection(session, collection_id)
    withdraw(session, {key: Gone(text=None) for key in keys} | dict(gone))
    schedule(session, documents.collect_garbage(session, contents, blobs), [collection_id])


def schedule(
    session: Session, blobs: AnyCollection[str] = (), collection_ids: AnyCollection[str] = ()
) -> None:
    """Record the work of `finish` for the time after this transaction."""
    rows.schedule(session, blobs, collection_ids)


def without_gone(
    session: Session, answer: Mapping[str, Any], read: AnyCollection[tuple[int, str]]
) -> tuple[dict[str, Any], set[str]]:
    """An answer about to be stored, without the text of documents that went while it was made.

    Args:
        session: The writing session that stores it: what is there now stays until its commit.
        answer: As it was made.
        read: Chunks that it was made from, with their documents.

    Returns:
        The answer, and the documents whose text it may hold.
    """
    there = rows.chunks_held(session, [chunk for chunk, _ in read])
    gone = {document: Gone(text=None) for chunk, document in read if chunk not in there}
    documents = ({document for _, document in read} | documents_of(answer)) - set(gone)
    return (blanked(answer, gone) if gone else dict(answer)), documents


def check_stored(blobs: BlobStore, hashes: Iterable[str]) -> None:
    """Make sure, in the transaction that records uploads, that their files did not go with the last documents of them.

    Raises:
        UnavailableError: One did.
    """
    if not all(blobs.exists(sha256) for sha256 in hashes):
        raise UnavailableError(
            "file_just_deleted",
            "A document of the same bytes was deleted at this moment, and the stored file with it.",
            "Send the file again.",
            retry_after_s=1,
        )


def finish(parts: ErasureParts, *, at_most: int | None = INDEXED_AT_ONCE) -> bool:
    """Do the recorded erasing; safe to call at any time, by any process.

    Args:
        parts: Database, stored files and index files.
        at_most: Chunks of an open index that is rewritten now; a larger one is left to the housekeeping. None for any.

    Returns:
        Whether nothing is left. What is left (another process owns an index, or reads an older state of the
        database) stays noted.
    """
    with parts.db.read() as session:
        pending = rows.pending(session)
    if not pending:
        return True
    _remove_blobs(parts.db, parts.blobs, pending)
    parts.forget_passages()
    collections = {key for erasure in pending for key in erasure.collection_ids}
    with parts.db.read() as session:
        there = rows.collections_there(session, collections)
    for key in collections - there:
        parts.drop_index(key)
    left = {key for key in there if not parts.purge_index(key, at_most)}
    if not parts.db.empty_log():
        logger.info("the database is read at an older state; its log is emptied later")
        return False
    with parts.db.write() as session:
        rows.settle(session, [erasure.id for erasure in pending], left)
    return not left


def try_to_finish(parts: ErasureParts, *, at_most: int | None = INDEXED_AT_ONCE) -> None:
    """Do the recorded erasing as far as possible now; the rest stays recorded."""
    try:
        finish(parts, at_most=at_most)
    except (OSError, OperationalError):
        logger.warning("erasing is not finished; it is taken up again", exc_info=True)


def _text(row: Answer) -> str:
    return str((row.answer or {}).get("text", ""))


def _blank(row: Answer, gone: Mapping[str, Gone]) -> bool:
    """Take the text of documents out of a stored answer; its stream becomes its end, and its tokens go.

    Returns:
        Whether it may have held some.
    """
    if row.answer is None:
        row.events, row.provenance = None, None
        return True
    answer = blanked(row.answer, gone)
    if answer == row.answer:
        return False
    if answer["text"] != row.answer["text"]:
        row.provenance = None
    last = max((event["id"] for event in row.events or ()), default=0)
    row.answer = answer
    row.events = [{"id": last, "event": "done", "data": {"answer": answer}}] if last else None
    return True


def _remove_blobs(db: Database, blobs: BlobStore, pending: Sequence[ErasureView]) -> None:
    for part in rows.batches(sha256 for erasure in pending for sha256 in erasure.blobs):
        with db.write() as session:
            for sha256 in part:
                # Held while the file goes: an upload of the same bytes is recorded after this, and looks for the file.
                if rows.claim_unowned(session, sha256):
                    blobs.remove(sha256)
                    rows.release(session, sha256)
