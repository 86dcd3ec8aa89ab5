"""Deletion of users: their collections are handed over or erased, their answers and files erased, their keys end.

Each step is a transaction of its own, in an order that can be repeated after a kill: first nothing lets the user in any
more, last the user's row goes. The audit trail stays: it knows users by their ids.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.audit.recording import LOCAL, Entry, append
from app.db import answers as answer_rows
from app.db import audit as audit_rows
from app.db import departure, identity
from app.db import erasing as erasing_rows
from app.db.types import utc_now
from app.errors import ConflictError, InvalidInputError, NotFoundError
from app.identity.gate import FRESH_S
from app.library import collections, deletions, erasing, files
from app.library.parts import BinParts

AT_ONCE = 200
_MARGIN_S: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """The result of a deletion: ids of the collections handed over and erased, and numbers of answers and files."""

    user_id: str
    handed_over: Sequence[str] = ()
    erased: Sequence[str] = ()
    answers: int = 0
    files: int = 0


def delete_user(
    parts: BinParts, key: str, *, hand_over_to: str | None = None, erase: bool = False, actor: str = LOCAL
) -> Departure:
    """Delete a user; after a kill, a second call deletes the rest.

    Args:
        parts: Everything that holds text, with an unrestricted database.
        key: Id or name of the user.
        hand_over_to: Id or name of another user, for the collections.
        erase: Whether the collections are erased instead.
        actor: Whoever asks for it, for the audit trail.

    Raises:
        NotFoundError: There is no such user, or nobody to hand over to.
        ConflictError: The user has collections and neither way is named, or is the only administrator.
        InvalidInputError: Both ways are named, or the user is to inherit from itself.
    """
    user_id, name, receiver_id = _close(parts, key, hand_over_to, erase=erase)
    time.sleep(FRESH_S + _MARGIN_S)  # so long the processes remember keys, and could begin another answer
    handed_over: Sequence[str] = ()
    if receiver_id is not None:
        with parts.db.write() as session:
            handed_over = departure.hand_over(session, user_id, name, receiver_id)
    with parts.db.read() as session:
        left = departure.belongings(session, user_id)
    for collection_id in left.collections:
        collections.delete(parts, collection_id)
    for item in left.bin_items:
        deletions.erase(parts, item)
    for file_id in left.files:
        files.delete(parts, file_id)
    gone = Departure(
        user_id=user_id,
        handed_over=handed_over,
        erased=left.collections,
        answers=_erase_answers(parts, user_id),
        files=len(left.files),
    )
    with parts.db.write() as session:
        departure.remove(session, user_id)
        body = {
            "handed_over": list(gone.handed_over), "erased": list(gone.erased), "to": receiver_id,
            "answers": gone.answers, "files": gone.files,
        }  # fmt: skip
        append(session, [Entry(event="user.deleted", actor=actor, subject=user_id, body=body)])
    erasing.try_to_finish(parts)
    return gone


def _close(
    parts: BinParts, key: str, hand_over_to: str | None, *, erase: bool
) -> tuple[str, str, str | None]:
    """Let nobody in any more; gives the user's id and name, and the id of the receiver.

    Raises:
        NotFoundError: There is no such user, or nobody to hand over to.
        ConflictError: The user has collections and neither way is named, or is the only administrator.
        InvalidInputError: Both ways are named, or the user is to inherit from itself.
    """
    if erase and hand_over_to is not None:
        raise InvalidInputError(
            "two_ways", "Collections are handed over or erased, not both.", "Name one of the two."
        )
    with parts.db.write() as session:
        user = identity.find_user(session, key)
        if user is None:
            raise NotFoundError(*_unknown(key))
        receiver = None if hand_over_to is None else identity.find_user(session, hand_over_to)
        if hand_over_to is not None and receiver is None:
            raise NotFoundError(*_unknown(hand_over_to))
        if receiver is not None and receiver.id == user.id:
            raise InvalidInputError(
                "own_heir", f"{user.name} is the user who goes.", "Hand the collections to another user."
            )
        if user.role == "admin" and not identity.other_admins(session, user.id):
            raise ConflictError(
                "last_admin",
                f"{user.name} is the only administrator.",
                "Make another user administrator first.",
            )
        owned = departure.belongings(session, user.id)
        if (owned.collections or owned.bin_items) and receiver is None and not erase:
            raise ConflictError(
                "user_has_collections",
                f"{user.name} has {len(owned.collections)} collections, "
                f"and {len(owned.bin_items)} more in the bin.",
                "Hand them over to another user, or have them erased.",
            )
        now = utc_now()
        identity.change_user(session, user.id, disabled_at=now)
        identity.revoke_all(session, user.id, now)
        return user.id, user.name, None if receiver is None else receiver.id


def _erase_answers(parts: BinParts, user_id: str) -> int:
    count = 0
    while True:
        with parts.db.write() as session:
            some = departure.answers(session, user_id, AT_ONCE)
            if not some:
                return count
            count += answer_rows.remove(session, some)
            audit_rows.erase_texts(session, some)
            erasing_rows.erase_replies(session, some)
            erasing.schedule(session)


def _unknown(key: str) -> tuple[str, str, str]:
    return "user_not_found", f"There is no user {key!r}.", "List the users (`fathom users`)."
