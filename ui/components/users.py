"""Users as cards, a form for a new one, and a dialog that changes one."""

from collections.abc import Callable, Sequence

import streamlit as st

from ui import i18n, state
from ui.components.cards import Card, cards
from ui.components.notices import notice, show_error
from ui.errors import FathomError
from ui.wire.people import User

ROLES = ("member", "admin")


def user_cards(users: Sequence[User], me: str | None, on_act: Callable[[str, str], None]) -> None:
    """Draw users; `on_act` gets `keys`, `change`, `disable` or `enable`, and an id.

    Args:
        users: The users.
        me: Id of whoever looks; nobody disables themselves here.
        on_act: Called before the page runs again.
    """
    items = [_card(user, mine=user["id"] == me) for user in users]
    cards(items, label=i18n.text("people.users"), key="user_cards", on_act=on_act)


def _card(user: User, *, mine: bool) -> Card:
    disabled = user["disabled_at"] is not None
    parts = [
        i18n.text("people.groups", names=", ".join(user["groups"])) if user["groups"] else "",
        i18n.text("people.password.set" if user["has_password"] else "people.password.none"),
        i18n.text("people.since", day=i18n.day_text(user["created_at"])),
    ]
    actions = [("keys", i18n.text("people.keys"), ""), ("change", i18n.text("people.change"), "")]
    if not mine:
        what = "enable" if disabled else "disable"
        actions.append((what, i18n.text(f"people.{what}"), "" if disabled else "danger"))
    return {
        "id": user["id"], "name": user["name"], "tone": "off" if disabled else "ok",
        "state": i18n.text("people.disabled" if disabled else f"people.role.{user['role']}"),
        "meta": " · ".join(filter(None, parts)), "actions": actions,
    }  # fmt: skip


def new_user() -> None:
    """Draw the form of a new user."""
    with st.form("new_user", border=False, clear_on_submit=True):
        name = st.text_input(i18n.text("sign_in.name"), max_chars=255)
        role = st.selectbox(i18n.text("people.role"), ROLES, format_func=_role)
        password = st.text_input(
            i18n.text("people.password.optional"), type="password", help=i18n.text("people.password.help"),
            autocomplete="new-password",
        )  # fmt: skip
        sent = st.form_submit_button(i18n.text("people.create_user"), type="primary")
    if not sent:
        return
    if not name.strip():
        notice(i18n.text("people.name_missing"), tone="bad")
        return
    try:
        state.client().create_user(name.strip(), role=role, password=password or None)
    except FathomError as error:
        show_error(error)
        return
    st.rerun()


def change_user(user: User, on_end: Callable[[], object]) -> None:
    """Open a dialog that changes role, groups and password of a user.

    Args:
        user: The user.
        on_end: Called when the dialog is over, however it ended.
    """

    @st.dialog(i18n.text("people.change.title", name=user["name"]), on_dismiss=lambda: _end(on_end))
    def dialog() -> None:
        with st.form("change_user", border=False):
            role = st.selectbox(
                i18n.text("people.role"), ROLES, index=ROLES.index(user["role"]), format_func=_role
            )
            groups = st.text_input(i18n.text("people.groups.edit"), value=", ".join(user["groups"]))
            password = st.text_input(
                i18n.text("people.password.new"), type="password", autocomplete="new-password"
            )
            saved = st.form_submit_button(i18n.text("common.save"), type="primary")
        if saved:
            try:
                _save(user, role, groups, password)
            except FathomError as error:
                show_error(error)
                return
            on_end()
            st.rerun()

    dialog()


def _end(on_end: Callable[[], object]) -> None:
    on_end()


def _save(user: User, role: str, groups: str, password: str) -> None:
    client = state.client()
    changes = ({"role": role} if role != user["role"] else {}) | ({"password": password} if password else {})
    if changes:
        client.change_user(user["id"], **changes)
    wanted = {name.strip() for name in groups.replace("，", ",").split(",") if name.strip()}
    for group in sorted(wanted - set(user["groups"])):
        client.join_group(user["id"], group)
    for group in sorted(set(user["groups"]) - wanted):
        client.leave_group(user["id"], group)


def _role(role: str) -> str:
    return i18n.text(f"people.role.{role}")
