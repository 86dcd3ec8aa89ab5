"""With whom a collection is shared, opened from the page of the collections."""

import streamlit as st

from ui import i18n, state
from ui.components.cards import Card, cards
from ui.components.notices import notice, page_title, show_error
from ui.errors import ApiError, FathomError
from ui.wire.people import Grant

_ROLES = ("reader", "editor", "owner")
_KINDS = ("user", "group")


def sharing(collection_id: str, *, back: str) -> None:
    """Draw the page of one collection's grants.

    Args:
        collection_id: The collection.
        back: The parameter of the address to remove when somebody goes back to the list.

    Raises:
        ApiError: The interface refused; that somebody is no owner is said on the page instead.
    """
    if st.button(i18n.text("share.back"), icon=":material/arrow_back:", type="tertiary"):
        del st.query_params[back]
        st.rerun()
    client = state.client()
    flash = state.take_flash()
    if flash is not None:
        show_error(flash)
    try:
        collection = client.collection(collection_id)
        grants = client.grants(collection_id)
    except ApiError as error:
        if error.status == 403:
            notice(i18n.text("share.owners_only"), i18n.text("share.owners_only.hint"), tone="bad")
            return
        raise
    page_title(i18n.text("share.title", name=collection["name"]), i18n.text("share.lead"))
    _form(collection_id)
    if grants:
        st.html(f"<p class='fx-sub'>{i18n.text('share.with')}</p>")
        cards(
            [_card(grant) for grant in grants], label=i18n.text("share.with"), key="grant_cards",
            on_act=lambda _what, grant_id: _withdraw(collection_id, grant_id),
        )  # fmt: skip
    else:
        notice(i18n.text("share.nobody"))


def _form(collection_id: str) -> None:
    with st.form("share", border=False, clear_on_submit=True):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            kind = st.selectbox(
                i18n.text("share.kind"), _KINDS, format_func=lambda k: i18n.text(f"share.kind.{k}"), width=180
            )
            name = st.text_input(i18n.text("collections.name"), max_chars=255, width=260)
            role = st.selectbox(
                i18n.text("people.role"),
                _ROLES,
                format_func=lambda r: i18n.text(f"share.role.{r}"),
                width=360,
            )
        sent = st.form_submit_button(i18n.text("share.add"), type="primary")
    if not sent:
        return
    if not name.strip():
        notice(i18n.text("share.name_missing"), tone="bad")
        return
    try:
        state.client().share(collection_id, role=role, **{kind: name.strip()})
    except FathomError as error:
        show_error(error)
        return
    st.rerun()


def _card(grant: Grant) -> Card:
    kind = "group" if grant["group"] else "user"
    return {
        "id": grant["id"], "name": grant["group"] or grant["user"] or "", "tone": "ok",
        "state": i18n.text(f"share.kind.{kind}"),
        "meta": i18n.text(f"share.role.{grant['role']}"),
        "actions": [("withdraw", i18n.text("share.withdraw"), "danger")],
    }  # fmt: skip


def _withdraw(collection_id: str, grant_id: str) -> None:
    try:
        state.client().withdraw(collection_id, grant_id)
    except FathomError as error:
        state.set_flash(error)
