"""What Streamlit runs for every change: the frame, and the page that was asked for."""

from html import escape

import streamlit as st

from ui import i18n
from ui.components.mount import ICON, page_style
from ui.navigation import register
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
        st.radio(
            i18n.text("lang.label"), list(i18n.LANGUAGES), format_func=lambda code: i18n.LANGUAGES[code],
            index=list(i18n.LANGUAGES).index(i18n.browser_language()), key=i18n.LANGUAGE_KEY,
            horizontal=True, bind="query-params", persist_state="session",
        )  # fmt: skip
    page.run()


if __name__ == "__main__":
    main()
