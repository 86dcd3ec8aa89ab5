"""Users, their groups and their keys, for administrators; for everybody else their own keys."""

from typing import Final

import streamlit as st

from ui import i18n, state
from ui.components.confirm import confirm_delete
from ui.components.keys import key_cards, new_key, shown_once
from ui.components.notices import notice, page_title, show_error
from ui.components.users import change_user, new_user, user_cards
from ui.errors import FathomError
from ui.wire import Me
from ui.wire.people import Key, User

_PENDING: Final = "people_action"
_CHOSEN: Final = "keys_of"
_PART: Final = "people_part"
_REVOKE: Final = "revoke_key"


def render() -> None:
    """Draw the page."""
    me = state.signed_in()
    admin = me is not None and me["admin"]
    page_title(
        i18n.text("people.title" if admin else "keys.title"),
        i18n.text("people.lead" if admin else "keys.lead"),
    )
    if me is None:
        notice(i18n.text("people.single"), i18n.text("people.single.hint"))
        return
    try:
        users = state.client().users() if admin else []
        _act(users)
        if not admin:
            _keys(me, [])
            return
        parts = ["users", "keys"]
        part = st.segmented_control(
            i18n.text("people.part"), parts, key=_PART, label_visibility="collapsed", required=True, default="users",
            format_func=lambda name: i18n.text(f"people.{name}"),
        )  # fmt: skip
        if part == "keys":
            _keys(me, users)
        else:
            _users(me, users)
    except FathomError as error:
        show_error(error)


def _users(me: Me, users: list[User]) -> None:
    with st.expander(i18n.text("people.new_user"), icon=":material/person_add:", expanded=len(users) < 2):
        new_user()
    user_cards(users, me["id"], _remember)


def _keys(me: Me, users: list[User]) -> None:
    client = state.client()
    owner = str(me["id"])
    if users:
        names = {user["id"]: user["name"] for user in users}
        ids = list(names)
        chosen = st.session_state.get(_CHOSEN, owner)
        owner = st.selectbox(
            i18n.text("keys.of"), ids, index=ids.index(chosen) if chosen in names else 0,
            format_func=names.__getitem__,
        )  # fmt: skip
        st.session_state[_CHOSEN] = owner
    keys = client.keys(owner if users else None)
    collections = client.all_collections()
    _ask_revoke(keys)
    shown_once()
    with st.expander(i18n.text("keys.new"), icon=":material/key:", expanded=not keys):
        new_key(owner, collections, admin=me["admin"])
    if keys:
        key_cards(keys, {c["id"]: c["name"] for c in collections}, _remember)
    else:
        notice(i18n.text("keys.none"))


def _remember(what: str, target: str) -> None:
    """Keep a card's button until the page runs: dialogs can't be opened inside a component's callback."""
    if what == "keys":
        st.session_state[_CHOSEN], st.session_state[_PART] = target, "keys"
    else:
        st.session_state[_REVOKE if what == "revoke" else _PENDING] = (what, target)


def _act(users: list[User]) -> None:
    what, user_id = st.session_state.get(_PENDING, ("", ""))
    user = next((u for u in users if u["id"] == user_id), None)
    if user is None:
        return
    if what == "change":
        change_user(user, lambda: st.session_state.pop(_PENDING, None))
    else:
        del st.session_state[_PENDING]
        state.client().change_user(user_id, disabled=what == "disable")
        st.rerun()


def _ask_revoke(keys: list[Key]) -> None:
    _, key_id = st.session_state.get(_REVOKE, ("", ""))
    key = next((k for k in keys if k["id"] == key_id), None)
    if key is not None:
        confirm_delete(
            i18n.text("keys.revoke.title"), key["name"] or f"fth_{key['prefix']}…", i18n.text("keys.revoke.body"),
            lambda: state.client().revoke_key(key_id),
            lambda: st.session_state.pop(_REVOKE, None), label=i18n.text("keys.revoke"),
        )  # fmt: skip
