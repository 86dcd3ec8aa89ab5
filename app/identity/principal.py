"""Whoever makes a request, as far as the program cares."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.db.access import Reader
from app.db.identity import KeyView

SCOPES: Final = ("read", "ask", "write", "metrics", "admin")
"""Scopes of keys: to read and search; to ask; to change; to watch; to manage users, groups and keys."""
OF_ADMINISTRATORS: Final = frozenset(("metrics", "admin"))
"""Scopes that are good for nothing where the key's user is no administrator: they are about all users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who makes a request.

    Attributes:
        user_id: The user; None for the machine itself, which may do everything.
        key_id: The key or session that was shown.
        collection_ids: The only collections that the key reaches; None for all of its user's.
        expires_at: When the key ends by itself.
        rate_per_minute: Most requests in a minute; None for any number.
        quota_per_day: Most requests in a day of UTC; None for any number.
    """

    user_id: str | None = None
    name: str = ""
    is_admin: bool = False
    key_id: str = ""
    kind: str = "key"
    scopes: frozenset[str] = frozenset(SCOPES)
    collection_ids: tuple[str, ...] | None = None
    expires_at: datetime | None = None
    rate_per_minute: int | None = None
    quota_per_day: int | None = None

    @property
    def reader(self) -> Reader | None:
        """The rows that it sees; None for all."""
        if self.user_id is None:
            return None
        return Reader(user_id=self.user_id, is_admin=self.is_admin, collection_ids=self.collection_ids)


MACHINE: Final = Principal()
"""Whoever is at this machine, where Fathom serves one person; and the command line, always."""


def principal_of(key: KeyView) -> Principal:
    """Whom a good key stands for."""
    return Principal(
        user_id=key.user_id,
        name=key.user_name,
        is_admin=key.user_role == "admin",
        key_id=key.id,
        kind=key.kind,
        scopes=frozenset(key.scopes),
        collection_ids=key.collection_ids,
        expires_at=key.expires_at,
        rate_per_minute=key.rate_per_minute,
        quota_per_day=key.quota_per_day,
    )
