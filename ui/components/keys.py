"""Keys as cards, a form for a new one, and the new key itself, shown this once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Final

import streamlit as st

from ui import i18n, state
from ui.components.cards import Card, cards
from ui.components.copying import copy_button
from ui.components.notices import notice, show_error
from ui.errors import FathomError
from ui.wire import Collection
from ui.wire.people import Key, KeyWish, NewKey

SCOPES: Final = ("read", "ask", "write", "admin")
_NEW: Final = "new_key_shown"


def key_cards(keys: Sequence[Key], names: Mapping[str, str], on_act: Callable[[str, str], None]) -> None:
    """Draw keys, those in use first; `on_act` gets `revoke` and an id.

    Args:
        keys: The keys of one user.
        names: Names of collections by id.
        on_act: Called before the page runs again.
    """
    items = [_card(key, names) for key in sorted(keys, key=is_over)]
    cards(items, label=i18n.text("people.keys"), key="key_cards", on_act=on_act)


def is_over(key: Key) -> bool:
    """Whether a key was revoked or has expired."""
    ends = key["expires_at"]
    return key["revoked_at"] is not None or (
        ends is not None and datetime.fromisoformat(ends) < datetime.now(UTC)
    )


def _card(key: Key, names: Mapping[str, str]) -> Card:
    over = is_over(key)
    status = "revoked" if key["revoked_at"] else "expired" if over else "active"
    only = key["collections"]
    parts = [
        f"fth_{key['prefix']}…",
        i18n.listing(i18n.text(f"people.scope.{scope}") for scope in key["scopes"]),
        i18n.text("keys.all_collections") if only is None else i18n.listing(names.get(i, i) for i in only),
        i18n.text("keys.ends", day=i18n.day_text(key["expires_at"])) if key["expires_at"] else i18n.text("keys.no_end"),
        i18n.text("keys.rate_is", n=key["rate_per_minute"]) if key["rate_per_minute"] else "",
        i18n.text("keys.quota_is", n=key["quota_per_day"]) if key["quota_per_day"] else "",
    ]  # fmt: skip
    return {
        "id": key["id"], "name": key["name"] or i18n.text("keys.unnamed"), "tone": "off" if over else "ok",
        "state": i18n.text(f"keys.state.{status}"), "meta": " · ".join(filter(None, parts)),
        "actions": [] if over else [("revoke", i18n.text("keys.revoke"), "danger")],
    }  # fmt: skip


def new_key(user: str, collections: Sequence[Collection], *, admin: bool) -> None:
    """Draw the form of a new key.

    Args:
        user: Id of the user whose key it becomes.
        collections: Those that it may be restricted to.
        admin: Whether keys that manage users may be made.
    """
    names = {c["id"]: c["name"] for c in collections}
    scopes = SCOPES if admin else SCOPES[:-1]
    with st.form("new_key", border=False, clear_on_submit=True):
        name = st.text_input(i18n.text("keys.name"), max_chars=255)
        may = st.multiselect(
            i18n.text("keys.scopes"), scopes, default=scopes[:2], placeholder=i18n.text("common.choose"),
            format_func=lambda scope: i18n.text(f"people.scope.{scope}"),
        )  # fmt: skip
        only = st.multiselect(
            i18n.text("keys.collections"), list(names), format_func=names.__getitem__,
            placeholder=i18n.text("keys.all_collections"),
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom"):
            last = st.date_input(i18n.text("keys.last_day"), value=None, min_value="today", width=230)
            rate = st.number_input(i18n.text("keys.rate"), min_value=1, value=None, step=1, width=230)
            quota = st.number_input(i18n.text("keys.quota"), min_value=1, value=None, step=1, width=230)
        sent = st.form_submit_button(i18n.text("keys.create"), type="primary")
    if not sent:
        return
    if not may:
        notice(i18n.text("keys.scope_missing"), tone="bad")
        return
    wish: KeyWish = {
        "name": name.strip(), "user": user, "scopes": may, "collections": only or None,
        "expires_at": _end_of(last) if isinstance(last, date) else None,
        "rate_per_minute": rate, "quota_per_day": quota,
    }  # fmt: skip
    try:
        st.session_state[_NEW] = state.client().create_key(wish)
    except FathomError as error:
        show_error(error)
        return
    st.rerun()


def _end_of(day: date) -> str:
    """The last second of a day where the reader is."""
    return datetime.combine(day, time(23, 59, 59), tzinfo=i18n.zone()).isoformat()


def shown_once() -> None:
    """Draw the key that was just made, until somebody says that they have it."""
    made: NewKey | None = st.session_state.get(_NEW)
    if made is None:
        return
    notice(
        i18n.text("keys.new.title", name=made["name"] or made["user"]),
        i18n.text("keys.new.once"),
        tone="good",
    )
    copy_button(made["key"], label=i18n.text("common.copy"), key=f"copy:{made['id']}", shown=True)
    st.button(i18n.text("keys.new.have"), key="key_taken", on_click=lambda: st.session_state.pop(_NEW, None))
