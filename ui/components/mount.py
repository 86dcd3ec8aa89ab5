"""Our browser components: script and style files of this folder, with data beside them.

Text from documents reaches the browser as data and is drawn with `textContent` only, so it can't become markup.
"""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, Final

import streamlit as st

_STATIC: Final = Path(__file__).parent / "static"
# A file of ours: an icon named by emoji or symbol would be fetched from a font server.
ICON: Final = _STATIC / "icon.png"


@cache
def _asset(*names: str) -> str:
    return "\n".join((_STATIC / name).read_text(encoding="utf-8") for name in names)


def mount(name: str, data: dict[str, Any], *, key: str, triggers: dict[str, Callable[[], None]]) -> None:
    """Draw a component.

    Args:
        name: File name of its script, and of its style if it has one, without the suffix.
        data: What to draw; JSON.
        key: Names this instance within the page.
        triggers: Events that the component sends, each with what to call.
    """
    styles = [file for file in ("base.css", f"{name}.css") if (_STATIC / file).exists()]
    draw = st.components.v2.component(
        f"fathom_{name}", html="<div class='root'></div>",
        css=_asset(*styles), js=_asset("dom.js", f"{name}.js"),
    )  # fmt: skip
    callbacks: dict[str, Any] = {f"on_{event}_change": call for event, call in triggers.items()}
    draw(key=key, data=data, **callbacks)


def page_style() -> None:
    """Give the page the style of everything drawn with `st.html`."""
    st.html(f"<style>{_asset('page.css')}</style>")
