"""Rights of principals on things: roles, by rows. A thing that a principal may not read does not exist for it."""

import time
from collections.abc import Callable
from typing import Final, Literal

from sqlalchemy.orm import Session

from app.db import answers, collections, documents, grants, identity, jobs, renewals, webhooks
from app.db.access import RANKS
from app.db.engine import Database
from app.db.types import utc_now
from app.errors import (
    AnswerNotFoundError,
    CollectionNotFoundError,
    DocumentNotFoundError,
    FathomError,
    ForbiddenError,
    JobNotFoundError,
    NotFoundError,
    UnauthenticatedError,
)
from app.identity.principal import OF_ADMINISTRATORS, Principal

Kind = Literal["collection", "document", "job", "answer", "review", "webhook"]
Role = Literal["reader", "editor", "owner"]

LOOK_S: Final = 0.6
"""Age at which work looks its right up again by itself; who serves the request does so more often."""

KEY_ENDED: Final = (
    "This key was revoked, or has expired.",
    "Use another key; `fathom keys create` makes one on the machine that Fathom runs on.",
)
_NOT_ADMIN: Final = ("Only administrators may do this.", "Ask an administrator of this Fathom.")
ROLES_MAY: Final = {
    "editor": "change its documents",
    "owner": "change, share or delete the collection itself",
}


def require_scope(principal: Principal, scope: str) -> None:
    """Make sure that a key is for this kind of request.

    Raises:
        ForbiddenError: It is not.
    """
    if scope not in principal.scopes:
        raise ForbiddenError(
            "scope_missing",
            f"This key has the scopes {', '.join(sorted(principal.scopes)) or '(none)'}; `{scope}` is needed.",
            "Use a key with that scope; `fathom keys create` makes one.",
        )
    if scope in OF_ADMINISTRATORS and not principal.is_admin and principal.user_id is not None:
        raise ForbiddenError("not_admin", *_NOT_ADMIN)


def require(database: Database, kind: Kind, key: str, role: Role) -> None:
    """Make sure that the reader of a database has a role on the collection of a thing.

    Args:
        database: As its reader sees it; see `Database.seen_by`.
        kind: What `key` names.
        key: Id; of a collection also the name.
        role: The least role. An answer or a review is its asker's alone, who may do everything with it.

    Raises:
        NotFoundError: There is no such thing, or the reader may not read it: the same error for both.
        ForbiddenError: The reader may read it, but has not the role.
    """
    with database.read() as session:
        if kind in {"answer", "review", "webhook"}:
            _require_own(session, kind, key)
            return
        if kind == "collection":
            collection = collections.find(session, key)
            missing: FathomError = CollectionNotFoundError(key)
            collection_id = None if collection is None else collection.id
        elif kind == "document":
            document = documents.find(session, key)
            missing = DocumentNotFoundError(key)
            collection_id = None if document is None else document.collection_id
        else:
            job = jobs.find(session, key)
            missing = JobNotFoundError(key)
            collection_id = None if job is None else job.collection_id
        held = None if collection_id is None else grants.role(session, collection_id)
    if held is None:
        raise missing
    if RANKS[held] < RANKS[role]:
        raise ForbiddenError(
            "role_too_low",
            f"You are {held} of this collection; only {'an' if role == 'editor' else 'its'} {role} may "
            f"{ROLES_MAY[role]}.",
            "Ask an owner of the collection for that role (`fathom grants add`).",
        )


def _require_own(session: Session, kind: Kind, key: str) -> None:
    """Make sure that a thing of one user alone is there for the reader.

    Raises:
        AnswerNotFoundError: There is no such answer, or it is not the reader's.
        ReviewNotFoundError: There is no such review, or it is not the reader's.
        WebhookNotFoundError: There is no such webhook, or it is not the reader's.
    """
    if kind == "answer" and answers.get(session, key) is None:
        raise AnswerNotFoundError(key)
    if kind == "review" and renewals.review(session, key) is None:
        raise renewals.ReviewNotFoundError(key)
    if kind == "webhook" and webhooks.find(session, key) is None:
        raise webhooks.WebhookNotFoundError(key)


def key_owner(database: Database, principal: Principal, user: str | None, *, makes: bool = False) -> str:
    """Id of the user whose keys are meant.

    Args:
        database: Holds the users.
        principal: Who asks.
        user: Id or name; None for the principal itself, which for the machine is the first administrator.
        makes: Whether a key is to be made, which takes more than to look.

    Raises:
        ForbiddenError: The principal may not do that.
        NotFoundError: There is no such user.
    """
    manages = administers(principal)
    if makes and not manages and principal.kind != "session":
        raise ForbiddenError(
            "key_makes_no_keys",
            "A key makes no keys, unless it is an administrator's with the scope `admin`.",
            "Sign in to the web pages, or run `fathom keys create` on the machine that Fathom runs on.",
        )
    if user is None and principal.user_id is not None:
        return principal.user_id
    with database.read() as session:
        found = identity.first_admin(session) if user is None else identity.find_user(session, user)
    if manages and found is not None:
        return found.id
    if found is not None and found.id == principal.user_id:
        return found.id
    if not manages:
        raise ForbiddenError("not_admin", *_NOT_ADMIN)
    raise NotFoundError(
        "user_not_found", f"There is no user {user or 'yet'!r}.", "List the users (`fathom users`)."
    )


def require_key(database: Database, principal: Principal, key_id: str) -> None:
    """Make sure that a principal may revoke a key.

    Raises:
        NotFoundError: There is no such key, or it is another user's: the same error for both.
        ForbiddenError: A key may revoke itself, and no other.
    """
    with database.read() as session:
        found = identity.key(session, key_id)
    if found is None or not (administers(principal) or found.user_id == principal.user_id):
        raise NotFoundError("key_not_found", f"There is no key {key_id!r}.", "List the keys (`fathom keys`).")
    if not administers(principal) and principal.kind != "session" and key_id != principal.key_id:
        raise ForbiddenError(
            "key_revokes_itself_only",
            "A key revokes no other, unless it is an administrator's with the scope `admin`.",
            "Sign in to the web pages, or run `fathom keys revoke` on the machine that Fathom runs on.",
        )


def administers(principal: Principal) -> bool:
    """Whether a principal manages all users and their keys."""
    return principal.user_id is None or (principal.is_admin and "admin" in principal.scopes)


class Standing:
    """Whether somebody whose work is under way may still have its result; asked between steps, from any thread."""

    def __init__(
        self,
        database: Database,
        principal: Principal,
        collection_ids: tuple[str, ...],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Watch the key of a principal, and the collections that the work reads.

        Args:
            database: As the principal sees it.
            principal: For whom the work is done.
            collection_ids: What it reads.
            now: Seconds that only grow.
        """
        self._db = database
        self._principal = principal
        self._collections = collection_ids
        self._now = now
        self._looked_at = now()
        self._error: FathomError | None = None

    def check(self, older_than_s: float = LOOK_S) -> None:
        """Repeat the look-up where the last is older than `older_than_s` seconds.

        Raises:
            UnauthenticatedError: The key opens nothing any more.
            ForbiddenError: A collection is out of reach by now.
        """
        if self._principal.user_id is None:
            return
        if self._error is None and self._now() - self._looked_at >= older_than_s:
            self._looked_at = self._now()
            self._error = self._look()
        if self._error is not None:
            raise self._error

    def _look(self) -> FathomError | None:
        with self._db.read() as session:
            key = identity.key(session, self._principal.key_id)
            if key is None or not key.is_good(utc_now()):
                return UnauthenticatedError("key_invalid", *KEY_ENDED)
            if all(collections.index_seq(session, one) is not None for one in self._collections):
                return None
        return ForbiddenError(
            "access_withdrawn",
            "A collection that is read here was withdrawn or deleted.",
            "List the collections, and ask again about those that are there.",
        )
