"""The text of a document around a passage, the passage highlighted."""

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

import streamlit as st

from ui import i18n, state
from ui.components.mount import mount
from ui.components.notices import notice, show_error
from ui.errors import ApiError, FathomError
from ui.text_runs import SourceView, source_view
from ui.wire import Content, DocumentRef

_STEP_CHARS = 4000
_MAX_CHARS = 400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A range of a document that somebody wants to see."""

    document: DocumentRef
    start: int
    end: int
    page: int | None = None

    @property
    def focus(self) -> str:
        """Names this place."""
        return f"{self.document['id']}:{self.start}:{self.end}"


def source_panel(
    place: Place, *, key: str, reveal: bool = True, on_close: Callable[[], None] | None = None
) -> None:
    """Draw the document around `place`; a deleted document is said to be gone.

    Args:
        place: What to show; an empty range shows the start of the document.
        key: Names this panel within the page.
        reveal: Whether a narrow screen scrolls to it.
        on_close: Called when somebody closes the panel; without it there is no button for that.
    """
    with st.container(horizontal=True, vertical_alignment="center", wrap=False):
        _head(place)
        if on_close is not None:
            st.button(
                i18n.text("common.close"), icon=":material/close:", type="tertiary", key=f"{key}:close",
                on_click=on_close,
            )  # fmt: skip
    try:
        content = state.client().content(place.document["id"])
    except ApiError as error:
        if error.status == 404:
            notice(i18n.text("source.withdrawn"), tone="bad")
        else:
            show_error(error)
        return
    except FathomError as error:
        show_error(error)
        return
    _text(place, content, key=key, reveal=reveal)


def _head(place: Place) -> None:
    title = place.document.get("title") or place.document["name"]
    parts = [place.document["name"]] if place.document["name"] != title else []
    if place.page:
        parts.append(i18n.text("common.page", n=place.page))
    if place.end > place.start:
        parts.append(i18n.text("source.range", start=place.start, end=place.end))
    small = escape(" · ".join(parts))
    st.html(f"<div class='fx-path'>{escape(str(title))} <small>{small}</small></div>")


def _text(place: Place, content: Content, *, key: str, reveal: bool) -> None:
    radius_key = f"{key}:radius:{place.focus}"
    radius = int(st.session_state.get(radius_key, _STEP_CHARS))

    def more() -> None:
        st.session_state[radius_key] = min(radius * 4, _MAX_CHARS)

    marks = [(place.start, place.end)] if place.end > place.start else []
    view: SourceView = source_view(content, marks, radius=radius)
    runs = [
        run | {"label": i18n.text("common.page", n=run["page"])} if "page" in run else run
        for run in view.runs
    ]
    data = {
        "runs": runs, "focus": place.focus, "region": i18n.text("source.region"),
        "before": view.start > 0, "after": view.end < view.total,
        "more": i18n.text("source.show_more"), "reveal": reveal,
    }  # fmt: skip
    mount("source", data, key=key, triggers={"more": more})
