"""Calls about users, groups and keys, and about collections that are shared with them."""

from typing import Any, cast

from ui.client.connection import Connection, segment
from ui.wire.people import Grant, Key, KeyWish, NewKey, User

_AT_MOST = 1000


class PeopleCalls(Connection):
    """Calls about people; most of them are an administrator's alone."""

    def users(self) -> list[User]:
        """All users, oldest first, a thousand at most."""
        return self._all("/v1/users", _AT_MOST)

    def create_user(self, name: str, *, role: str, password: str | None) -> User:
        """Create a user; without a password, only keys and the sign-in provider let them in."""
        body = {"name": name, "role": role} | ({"password": password} if password else {})
        return cast("User", self._json("POST", "/v1/users", json=body))

    def change_user(self, user_id: str, **changes: Any) -> User:
        """Change `role`, `password` or `disabled` of a user; absent fields stay."""
        return cast("User", self._json("PATCH", f"/v1/users/{segment(user_id)}", json=changes))

    def join_group(self, user_id: str, group: str) -> User:
        """Put a user into a group, which is made where it is missing."""
        path = f"/v1/users/{segment(user_id)}/groups/{segment(group)}"
        return cast("User", self._json("PUT", path))

    def leave_group(self, user_id: str, group: str) -> User:
        """Take a user out of a group."""
        path = f"/v1/users/{segment(user_id)}/groups/{segment(group)}"
        return cast("User", self._json("DELETE", path))

    def keys(self, user: str | None = None) -> list[Key]:
        """Keys of a user, or one's own, oldest first, a thousand at most."""
        return self._all("/v1/keys", _AT_MOST, {"user": user} if user else {})

    def create_key(self, wish: KeyWish) -> NewKey:
        """Create a key; the reply is the only place where it can be read."""
        return cast("NewKey", self._json("POST", "/v1/keys", json=dict(wish)))

    def revoke_key(self, key_id: str) -> None:
        """Revoke a key: it opens nothing from the next second on."""
        self._send("DELETE", f"/v1/keys/{segment(key_id)}")

    def grants(self, collection_id: str) -> list[Grant]:
        """With whom a collection is shared, oldest first."""
        reply = self._json("GET", f"/v1/collections/{segment(collection_id)}/grants")
        return cast("list[Grant]", reply["items"])

    def share(self, collection_id: str, *, role: str, **whom: str) -> Grant:
        """Share a collection with a `user` or a `group`; who has it already gets the new role."""
        path = f"/v1/collections/{segment(collection_id)}/grants"
        return cast("Grant", self._json("POST", path, json={"role": role, **whom}))

    def withdraw(self, collection_id: str, grant_id: str) -> None:
        """Stop sharing a collection with somebody."""
        self._send("DELETE", f"/v1/collections/{segment(collection_id)}/grants/{segment(grant_id)}")
