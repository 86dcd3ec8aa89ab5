"""Comparison of a collection with a folder on another machine, by paths and hashes.

Its files are told by path and hash, so that only bytes that are new need to travel.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from app.db import collections
from app.db import local_files as rows
from app.db.engine import Database
from app.library.documents import check_name
from app.settings.groups import LimitSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Differences between a collection and a folder.

    Attributes:
        add: Paths without a document.
        replace: Paths whose document was made of other bytes, with its id.
        delete: Names of documents that have no file, with their ids.
        unchanged: Number of files whose document was made of the same bytes.
    """

    add: tuple[str, ...]
    replace: Mapping[str, str]
    delete: Mapping[str, str]
    unchanged: int


def compare(db: Database, limits: LimitSettings, collection: str, files: Mapping[str, str]) -> Difference:
    """Compare a collection with a folder; changes nothing.

    Args:
        db: The database.
        limits: Limits on what comes in.
        collection: Id or name.
        files: SHA-256 in lower-case hexadecimal by path; a path is the name of its document.

    Raises:
        CollectionNotFoundError: There is no such collection.
        InvalidInputError: A path can't be the name of a document.
    """
    for path in files:
        check_name(path, limits.max_name_chars)
    with db.read() as session:
        found = collections.require(session, collection)
        known = rows.known_files(session, found.id)
    replace = {
        path: known[path].document_id
        for path, sha256 in files.items()
        if path in known and known[path].sha256 != sha256
    }
    add = tuple(path for path in files if path not in known)
    return Difference(
        add=add,
        replace=replace,
        delete={name: item.document_id for name, item in known.items() if name not in files},
        unchanged=len(files) - len(add) - len(replace),
    )
