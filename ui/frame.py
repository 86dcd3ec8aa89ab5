"""The script that Streamlit runs for every change: the frame, and the requested page."""

from html import escape

import streamlit as st

from ui import i18n, state
from ui.components.mount import ICON, page_style
from ui.components.notices import show_error
from ui.errors import ApiError, FathomError
from ui.navigation import register
from ui.sign_in import SIGN_OUT
from ui.views import ask, collections, documents, search_test, status


def main() -> None:
    """Draw the frame and the page that was asked for."""
    st.set_page_config(page_title="Fathom", page_icon=str(ICON), layout="wide")
    page_style()
    pages = {
        "ask": st.Page(
            ask.render, title=i18n.text("nav.ask"), icon=":material/forum:", url_path="ask", default=True
        ),
        "documents": st.Page(
            documents.render,
            title=i18n.text("nav.documents"),
            icon=":material/description:",
            url_path="documents",
        ),
        "collections": st.Page(
            collections.render,
            title=i18n.text("nav.collections"),
            icon=":material/folder:",
            url_path="collections",
        ),
        "search": st.Page(
            search_test.render, title=i18n.text("nav.search"), icon=":material/search:", url_path="search"
        ),
        "status": st.Page(
            status.render, title=i18n.text("nav.status"), icon=":material/monitor_heart:", url_path="status"
        ),
    }
    # Our own links, so that the name stands above them.
    page = st.navigation(list(pages.values()), position="hidden")
    register(pages)
    with st.sidebar:
        tagline = escape(i18n.text("app.tagline"))
        st.html(f"<div class='fx-brand'>Fathom<small>{tagline}</small></div>")
        for target in pages.values():
            st.page_link(target, width="stretch")
        name = _who()
        if name is not None:
            out = escape(i18n.text("sign_in.out"))
            st.html(f"<p class='fx-lead'>{escape(name)} · <a href='{SIGN_OUT}' target='_self'>{out}</a></p>")
        st.radio(
            i18n.text("lang.label"), list(i18n.LANGUAGES), format_func=lambda code: i18n.LANGUAGES[code],
            index=list(i18n.LANGUAGES).index(i18n.browser_language()), key=i18n.LANGUAGE_KEY,
            horizontal=True, bind="query-params", persist_state="session",
        )  # fmt: skip
    page.run()


def _who() -> str | None:
    """Name of whoever signed in; ends the run where the session is over, with the way back."""
    try:
        me = state.signed_in()
    except ApiError as error:
        if error.status != 401:
            return None
        again = escape(i18n.text("sign_in.again"))
        st.html(f"<p><a href='{SIGN_OUT}' target='_self'>{again}</a></p>")
        show_error(error)
        st.stop()
    except FathomError:
        return None  # the page says so
    return None if me is None else me["name"]


if __name__ == "__main__":
    main()
