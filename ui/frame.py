"""The script that Streamlit runs for every change: the frame, and the requested page."""

from collections.abc import Callable
from html import escape

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from ui import i18n, state
from ui.components.mount import ICON, page_style
from ui.components.notices import show_error
from ui.errors import ApiError, FathomError
from ui.navigation import register
from ui.sign_in import SIGN_OUT
from ui.views import ask, audit, collections, documents, lexicons, people, search_test, status
from ui.wire import Me


def main() -> None:
    """Draw the frame and the page that was asked for."""
    st.set_page_config(page_title="Fathom", page_icon=str(ICON), layout="wide")
    page_style()
    i18n.settle_language()
    me = _who()
    daily, managing = _daily(), _managing(me)
    pages = daily | managing
    # Our own links, so that the name stands above them.
    page = st.navigation(list(pages.values()), position="hidden")
    register(pages)
    with st.sidebar:
        tagline = escape(i18n.text("app.tagline"))
        st.html(f"<div class='fx-brand'>Fathom<small>{tagline}</small></div>")
        for target in daily.values():
            st.page_link(target, width="stretch", query_params=i18n.in_address())
        st.html(f"<p class='fx-sub'>{escape(i18n.text('nav.manage'))}</p>")
        for target in managing.values():
            st.page_link(target, width="stretch", query_params=i18n.in_address())
        if me is not None:
            out = escape(i18n.text("sign_in.out"))
            st.html(
                f"<p class='fx-lead'>{escape(me['name'])} · <a href='{SIGN_OUT}' target='_self'>{out}</a></p>"
            )
        st.radio(
            i18n.text("lang.label"), list(i18n.LANGUAGES), format_func=lambda code: i18n.LANGUAGES[code],
            key=i18n.LANGUAGE_KEY, horizontal=True, on_change=i18n.choose_language,
        )  # fmt: skip
    page.run()


def _page(name: str, draw: Callable[[], None], icon: str, *, first: bool = False) -> StreamlitPage:
    return st.Page(
        draw, title=i18n.text(f"nav.{name}"), icon=f":material/{icon}:", url_path=name, default=first
    )


def _daily() -> dict[str, StreamlitPage]:
    """Pages for everybody's work, by name."""
    return {
        "ask": _page("ask", ask.render, "forum", first=True),
        "documents": _page("documents", documents.render, "description"),
        "collections": _page("collections", collections.render, "folder"),
        "search": _page("search", search_test.render, "search"),
    }


def _managing(me: Me | None) -> dict[str, StreamlitPage]:
    """Pages for managing Fathom, by name, as far as whoever looks may see them."""
    pages = {"status": _page("status", status.render, "monitor_heart")}
    if me is None or me["admin"]:
        pages["lexicons"] = _page("lexicons", lexicons.render, "filter_alt")
        pages["audit"] = _page("audit", audit.render, "history_edu")
    if me is not None:
        name, icon = ("people", "group") if me["admin"] else ("keys", "key")
        pages[name] = _page(name, people.render, icon)
    return pages


def _who() -> Me | None:
    """Whoever signed in; ends the run where the session is over, with the way back."""
    try:
        return state.signed_in()
    except ApiError as error:
        if error.status != 401:
            return None
        again = escape(i18n.text("sign_in.again"))
        st.html(f"<p><a href='{SIGN_OUT}' target='_self'>{again}</a></p>")
        show_error(error)
        st.stop()
    except FathomError:
        return None  # the page says so


if __name__ == "__main__":
    main()
