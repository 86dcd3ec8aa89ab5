"""Lists of words that the content filter blocks, masks or notes, with a box to try a text."""

from html import escape
from typing import Final

import streamlit as st

from ui import i18n, state
from ui.components.cards import Card, cards
from ui.components.confirm import confirm_delete
from ui.components.notices import notice, page_title, show_error
from ui.errors import FathomError
from ui.wire.safety import Level, Lexicon, Trial

_LEVELS: Final[tuple[Level, ...]] = ("block", "mask", "flag")
_DELETED: Final = "lexicon_to_delete"
_EDITED: Final = "lexicon_edited"
_NAME, _LEVEL, _WORDS, _PINYIN = "lexicon_name", "lexicon_level", "lexicon_words", "lexicon_pinyin"


def render() -> None:
    """Draw the page."""
    page_title(i18n.text("lexicons.title"), i18n.text("lexicons.lead"))
    flash = state.take_flash()
    if flash is not None:
        show_error(flash)
    try:
        found = state.client().lexicons()
        _ask_delete()
        if found:
            cards(
                [_card(one) for one in found],
                label=i18n.text("lexicons.title"),
                key="lexicon_cards",
                on_act=_act,
            )
        else:
            notice(i18n.text("lexicons.none"))
        with st.expander(
            i18n.text("lexicons.new"),
            expanded=not found or _EDITED in st.session_state,
            icon=":material/edit:",
        ):
            _form()
        _try()
    except FathomError as error:
        show_error(error)


def _card(lexicon: Lexicon) -> Card:
    enabled = lexicon["enabled"]
    parts = [
        i18n.count("lexicons.words", lexicon["words"]),
        i18n.text("lexicons.by_sound") if lexicon["pinyin"] else "",
    ]
    switch = "disable" if enabled else "enable"
    return {
        "id": lexicon["name"], "name": lexicon["name"], "tone": "ok" if enabled else "off",
        "state": i18n.text(f"lexicons.level.{lexicon['level']}" if enabled else "documents.disabled"),
        "meta": " · ".join(filter(None, parts)),
        "actions": [
            ("change", i18n.text("lexicons.change"), ""), (switch, i18n.text(f"documents.{switch}"), ""),
            ("delete", i18n.text("common.delete"), "danger"),
        ],
    }  # fmt: skip


def _act(what: str, name: str) -> None:
    client = state.client()
    try:
        if what == "delete":
            st.session_state[_DELETED] = name
        elif what == "change":
            content = client.lexicon(name)
            st.session_state.update(
                {
                    _EDITED: name,
                    _NAME: name,
                    _LEVEL: content["level"],
                    _WORDS: "\n".join(content["words"]),
                    _PINYIN: content["pinyin"],
                }
            )
        else:
            client.enable_lexicon(name, enabled=what == "enable")
    except FathomError as error:
        state.set_flash(error)


def _ask_delete() -> None:
    name = st.session_state.get(_DELETED)
    if name is not None:
        confirm_delete(
            i18n.text("lexicons.delete.title"), name, i18n.text("lexicons.delete.body"),
            lambda: state.client().delete_lexicon(name), lambda: st.session_state.pop(_DELETED, None),
        )  # fmt: skip


def _form() -> None:
    with st.form("lexicon", border=False):
        name = st.text_input(i18n.text("lexicons.name"), max_chars=64, key=_NAME)
        level = st.selectbox(
            i18n.text("lexicons.level"),
            _LEVELS,
            key=_LEVEL,
            format_func=lambda one: i18n.text(f"lexicons.level.{one}"),
        )
        lines = st.text_area(i18n.text("lexicons.lines"), key=_WORDS, height=160)
        pinyin = st.toggle(i18n.text("lexicons.pinyin"), key=_PINYIN)
        sent = st.form_submit_button(i18n.text("lexicons.save"), type="primary")
    if not sent:
        return
    words = [line.strip() for line in lines.splitlines() if line.strip()]
    if not name.strip() or not words:
        notice(i18n.text("lexicons.incomplete"), tone="bad")
        return
    state.client().put_lexicon(name.strip(), level=level, words=words, pinyin=pinyin, enabled=True)
    for key in (_EDITED, _NAME, _LEVEL, _WORDS, _PINYIN):
        st.session_state.pop(key, None)
    st.rerun()


def _try() -> None:
    st.html(f"<h2 class='fx-part'>{escape(i18n.text('lexicons.try'))}</h2>")
    with st.form("try_lexicons", border=False):
        text = st.text_area(i18n.text("lexicons.try.text"), max_chars=100_000, height=100)
        sent = st.form_submit_button(i18n.text("lexicons.try.go"))
    if sent and text.strip():
        _tell(text, state.client().try_lexicons(text))


def _tell(text: str, trial: Trial) -> None:
    level = trial["level"]
    if level is None:
        notice(i18n.text("lexicons.try.clean"), tone="good")
        return
    found = [
        i18n.text(
            "lexicons.try.found", found=text[m["start"] : m["end"]], word=m["word"], lexicon=m["lexicon"]
        )
        for m in trial["matches"]
    ]
    shown = [trial["text"]] if level == "mask" else []
    notice(i18n.text(f"lexicons.try.{level}"), *shown, *found, tone="bad" if level == "block" else "quiet")
