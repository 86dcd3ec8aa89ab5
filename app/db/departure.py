"""Queries over everything that belongs to a user, whoever sees it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.db.file_models import UploadedFile
from app.db.frozen_models import BinItem
from app.db.identity_tables import User
from app.db.living_models import AnswerReview
from app.db.models import Answer, Collection
from app.db.webhook_models import Webhook

_NAME_CHARS = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """Ids of the things of a user.

    Attributes:
        bin_items: Deleted collections that can still be restored.
    """

    collections: Sequence[str]
    bin_items: Sequence[str]
    files: Sequence[str]


def belongings(session: Session, user_id: str) -> Belongings:
    """Collections, deleted collections and uploaded files of a user, oldest first."""
    of_user = select(Collection.id).where(Collection.owner_id == user_id)
    deleted = select(BinItem.id).where(BinItem.owner_id == user_id, BinItem.kind == "collection")
    files = select(UploadedFile.id).where(UploadedFile.owner_id == user_id)
    return Belongings(
        collections=list(session.scalars(of_user.order_by(Collection.created_at, Collection.id))),
        bin_items=list(session.scalars(deleted.order_by(BinItem.deleted_at, BinItem.id))),
        files=list(session.scalars(files.order_by(UploadedFile.created_at, UploadedFile.id))),
    )


def answers(session: Session, user_id: str, limit: int) -> list[str]:
    """Ids of some answers to a user's questions."""
    return list(session.scalars(select(Answer.id).where(Answer.owner_id == user_id).limit(limit)))


def hand_over(session: Session, user_id: str, name: str, receiver_id: str) -> list[str]:
    """Give the collections of a user, and those in the bin, to another; returns the ids of the former.

    Args:
        session: A writing session.
        user_id: The user.
        name: The user's name, for collections whose name the receiver has already: "birds (ann)".
        receiver_id: The other user.
    """
    taken = set(session.scalars(select(Collection.name).where(Collection.owner_id == receiver_id)))
    moved = []
    for row in session.scalars(
        select(Collection).where(Collection.owner_id == user_id).order_by(Collection.created_at)
    ):
        row.name = _free(row.name, name, taken)
        row.owner_id = receiver_id
        taken.add(row.name)
        moved.append(row.id)
    session.execute(update(BinItem).where(BinItem.owner_id == user_id).values(owner_id=receiver_id))
    session.flush()
    return moved


def remove(session: Session, user_id: str) -> bool:
    """Delete a user's row, with keys, memberships and grants; False where it is gone already."""
    session.execute(delete(AnswerReview).where(AnswerReview.owner_id == user_id))
    session.execute(delete(Webhook).where(Webhook.owner_id == user_id))
    return bool(session.scalars(delete(User).where(User.id == user_id).returning(User.id)).all())


def _free(name: str, user: str, taken: set[str]) -> str:
    number, free = 1, name
    while free in taken:
        suffix = f" ({user})" if number == 1 else f" ({user} {number})"
        free, number = name[: _NAME_CHARS - len(suffix)] + suffix, number + 1
    return free
