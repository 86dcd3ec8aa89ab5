"""Use cases of collections."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.audit.changes import record_change
from app.db import chunks, collections, documents, suggestions
from app.db import fields as field_rows
from app.db.collections import CollectionStats
from app.db.engine import Database
from app.db.fields import FieldSummary
from app.db.paging import Slice
from app.db.suggestions import Suggestion
from app.db.vectors import Waiting
from app.db.views import CollectionRecord
from app.errors import CollectionNotFoundError, ConflictError, InvalidInputError
from app.library import erasing, vector_state
from app.library.parts import EncoderParts, ErasureParts

TAKEN = "Choose another name, or use that one."


@dataclass(frozen=True, slots=True)
class CollectionView:
    """A collection and its counts; `waiting` has no vectors by the encoder in use."""

    row: CollectionRecord
    stats: CollectionStats
    waiting: Waiting


def create(
    db: Database,
    *,
    name: str,
    description: str = "",
    language: str | None = None,
    settings: Mapping[str, Any] | None = None,
) -> CollectionView:
    """Make an empty collection.

    Raises:
        ConflictError: The name is taken.
        InvalidInputError: The name can't be used.
    """
    check_name(name)
    try:
        with db.write() as session:
            row = collections.add(session, name, description, language, settings or {})
            record_change(session, "collection.created", row.id)
    except IntegrityError as error:
        raise ConflictError("collection_exists", f"There is a collection {name!r} already.", TAKEN) from error
    return CollectionView(row, CollectionStats(), Waiting())


def get(parts: EncoderParts, key: str) -> CollectionView:
    """The collection with this id or name.

    Raises:
        CollectionNotFoundError: There is none.
    """
    with parts.db.read() as session:
        row = collections.require(session, key)
        stats = collections.stats(session, [row.id])[row.id]
    return CollectionView(row, stats, vector_state.waiting(parts, [row.id]).get(row.id, Waiting()))


def get_or_create(parts: EncoderParts, name: str) -> CollectionView:
    """The collection of this name or id, made where it is missing.

    Raises:
        CollectionNotFoundError: An id was given and there is none.
        InvalidInputError: The name can't be used.
    """
    with parts.db.read() as session:
        row = collections.find(session, name)
    if row is None and not name.startswith("col_"):
        try:
            return create(parts.db, name=name)
        except ConflictError:
            pass  # Made by another process meanwhile.
    return get(parts, name)


def page(
    parts: EncoderParts, cursor: str | None, limit: int, *, newest_first: bool = False
) -> Slice[CollectionView]:
    """A page of collections, oldest or newest first.

    Raises:
        InvalidInputError: The cursor can't be read.
    """
    with parts.db.read() as session:
        found = collections.page(session, cursor, limit, newest_first=newest_first)
        stats = collections.stats(session, [row.id for row in found.items])
    waiting = vector_state.waiting(parts, list(stats))
    views = [CollectionView(row, stats[row.id], waiting.get(row.id, Waiting())) for row in found.items]
    return Slice(views, found.next_cursor)


def documents_by_state(db: Database, ids: Sequence[str]) -> dict[str, dict[str, tuple[int, int]]]:
    """By collection id and state: number of documents in it, and bytes of their files."""
    with db.read() as session:
        return collections.documents_by_state(session, ids)


def update(parts: EncoderParts, key: str, changes: Mapping[str, Any]) -> CollectionView:
    """Change the fields that `changes` names; of `settings` only the keys given.

    Raises:
        CollectionNotFoundError: There is no such collection.
        ConflictError: The new name is taken.
        InvalidInputError: The new name can't be used.
    """
    if "name" in changes:
        check_name(changes["name"])
    try:
        with parts.db.write() as session:
            row = collections.require(session, key)
            columns = {key: changes[key] for key in ("name", "description", "language") if key in changes}
            if "settings" in changes:
                columns["settings"] = {**row.settings, **changes["settings"]}
            collections.change(session, row.id, **columns)
            record_change(
                session,
                "collection.changed",
                row.id,
                fields=sorted(changes.keys() - {"settings"}),
                settings=dict(changes.get("settings", {})),
            )
    except IntegrityError as error:
        name = changes.get("name")
        raise ConflictError("collection_exists", f"There is a collection {name!r} already.", TAKEN) from error
    return get(parts, row.id)


def delete(parts: ErasureParts, key: str) -> None:
    """Delete a collection with its documents for good, those in the bin included; nothing of it is found any more.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """

    def remove(session: Session) -> str:
        row = collections.find(session, key)
        if row is None or collections.lock(session, row.id) is None:
            raise CollectionNotFoundError(key)
        contents, blobs = documents.leftovers(session, row.id)
        gone = erasing.gone_in_collection(session, row.id)
        collections.remove(session, row.id)
        erasing.erase_frozen(session, row.id, gone)
        erasing.schedule(session, documents.collect_garbage(session, contents, blobs), [row.id])
        record_change(session, "collection.erased", row.id, documents=len(gone))
        return row.id

    parts.drop_index(parts.db.transact(remove))
    erasing.try_to_finish(parts)


def fields(db: Database, key: str) -> list[FieldSummary]:
    """Fields of the documents' metadata, by name.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    with db.read() as session:
        row = collections.require(session, key)
        return field_rows.summaries(session, row.id)


def suggested(db: Database, key: str) -> list[Suggestion]:
    """Suggested questions of a collection.

    Raises:
        CollectionNotFoundError: There is no such collection.
    """
    with db.read() as session:
        found = collections.require(session, key)
        return suggestions.listed(session, found.id)


def chunk_ids(db: Database, collection_id: str) -> list[int]:
    """Ids of the chunks of a collection that search may return, ascending."""
    with db.read() as session:
        return chunks.live_ids(session, collection_id)


def check_name(name: str) -> None:
    """Make sure that a collection can have a name.

    Raises:
        InvalidInputError: It can't.
    """
    if (
        not name.strip()
        or "/" in name
        or name.startswith("col_")
        or not name.isprintable()
        or len(name) > 255
    ):
        raise InvalidInputError(
            "bad_collection_name",
            f"A collection can't be named {name!r}.",
            "Use 1 to 255 printable characters without '/', not beginning with 'col_'.",
        )
