"""Queries over grants: the roles of users and groups on collections."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from app.db.access import ReaderSession, role_on
from app.db.identity_tables import Grant, Group, User
from app.db.types import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantView:
    """A grant; either `user` or `group` is a name."""

    id: str
    collection_id: str
    user: str | None
    group: str | None
    role: str
    created_at: datetime


def put(
    session: Session,
    collection_id: str,
    role: str,
    *,
    user_id: str | None = None,
    group_id: str | None = None,
) -> GrantView:
    """Grant a collection to a user or a group, or change the role of the grant that there is."""
    same = (
        Grant.collection_id == collection_id,
        Grant.user_id.is_(None) if user_id is None else Grant.user_id == user_id,
        Grant.group_id.is_(None) if group_id is None else Grant.group_id == group_id,
    )
    found = session.scalar(update(Grant).where(*same).values(role=role).returning(Grant.id))
    if found is None:
        found = new_id("grt")
        session.add(
            Grant(id=found, collection_id=collection_id, user_id=user_id, group_id=group_id, role=role)
        )
        session.flush()
    return next(view for view in of(session, collection_id) if view.id == found)


def of(session: Session, collection_id: str) -> list[GrantView]:
    """Grants of a collection, oldest first."""
    rows = session.execute(
        select(Grant, User.name, Group.name)
        .outerjoin(User, User.id == Grant.user_id)
        .outerjoin(Group, Group.id == Grant.group_id)
        .where(Grant.collection_id == collection_id)
        .order_by(Grant.created_at, Grant.id)
    )
    return [
        GrantView(
            id=row.id,
            collection_id=row.collection_id,
            user=user,
            group=group,
            role=row.role,
            created_at=row.created_at,
        )
        for row, user, group in rows
    ]


def remove(session: Session, collection_id: str, grant_id: str) -> bool:
    """Take a grant back; False where the collection has none of this id."""
    gone = session.scalars(
        delete(Grant).where(Grant.collection_id == collection_id, Grant.id == grant_id).returning(Grant.id)
    )
    return bool(gone.all())


def role(session: Session, collection_id: str) -> str | None:
    """Role of the session's reader on a collection; the machine itself is owner of all."""
    return role_on(session, session.reader, collection_id) if isinstance(session, ReaderSession) else "owner"
