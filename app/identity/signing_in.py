"""Users by their proof at sign-in: a password, or a provider that vouches for them."""

from typing import Final

from app.db import identity
from app.db.engine import Database
from app.errors import ConflictError, ForbiddenError
from app.identity import secrets
from app.identity.people import MAX_PASSWORD_CHARS, check_name


def password_fits(database: Database, name: str, password: str) -> str | None:
    """Id of the user whose password this is; None where it is not. It takes as long for names that nobody has."""
    with database.read() as session:
        found = identity.password_of(session, name)
    user_id, kept = found or (None, _NOBODY)
    return user_id if secrets.fits(kept, password[:MAX_PASSWORD_CHARS]) else None


def user_of_provider(database: Database, subject: str, name: str, *, may_make: bool) -> str:
    """Id of the user whom the sign-in provider vouches for.

    Args:
        database: Holds the users.
        subject: Issuer and subject, joined by a space.
        name: What the provider calls them; a user of that name is not taken for them.
        may_make: Whether a user is made who is not known yet.

    Raises:
        ForbiddenError: The user is not known here and none may be made, or is disabled.
        ConflictError: Somebody else has the name.
    """
    link = f"An administrator links you: fathom users change NAME --subject '{subject}'."
    with database.write() as session:
        known = identity.user_by_subject(session, subject)
        if known is not None and known.disabled_at is None:
            return known.id
        if known is not None or not may_make:
            raise ForbiddenError("not_a_user", "You are no user of this Fathom.", link)
        if identity.find_user(session, name) is not None:
            raise ConflictError("user_exists", f"There is a user {name!r} already.", link)
        check_name(name)
        return identity.add_user(session, name, "member", subject=subject).id


_NOBODY: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""A hash that no password has."""
