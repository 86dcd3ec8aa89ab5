"""A list of cards with buttons; documents, hits, sources and history are drawn with it."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, NotRequired, TypedDict

import streamlit as st

from ui.components.mount import mount
from ui.text_runs import Run

Tone = Literal["bad", "busy", "warn", "ok", "on", "off", ""]


class Card(TypedDict):
    """One card. All text is drawn as text.

    Attributes:
        id: Given back with an action.
        main: Action of a click on the name.
        lines: Lines of runs `{t, c}`.
        clip: Whether a line shows its first three rows only.
        fold: Where lines may be long: what the button says that shows all of them, and the one that folds them again.
        progress: Share done, in [0, 1].
        actions: Buttons as (action, label, style); style is "strong", "danger" or "".
    """

    id: str
    name: str
    tone: NotRequired[Tone]
    main: NotRequired[str]
    state: NotRequired[str]
    n: NotRequired[int]
    lines: NotRequired[list[list[Run]]]
    hint: NotRequired[str]
    clip: NotRequired[bool]
    fold: NotRequired[tuple[str, str]]
    meta: NotRequired[str]
    progress: NotRequired[float]
    actions: NotRequired[list[tuple[str, str, str]]]


def plain(line: str) -> list[Run]:
    """A line of one plain run."""
    return [{"t": line, "c": ""}]


def cards(
    items: Sequence[Card], *, label: str, key: str, on_act: Callable[[str, str], None] | None = None
) -> None:
    """Draw cards.

    Args:
        items: What to draw, in order.
        label: Name of the list for screen readers.
        key: Names this list within the page.
        on_act: Called with (action, id) before the page runs again.
    """

    def acted() -> None:
        event = st.session_state[key].get("act")
        if event and on_act is not None:
            on_act(str(event["what"]), str(event["id"]))

    data: dict[str, Any] = {"items": list(items), "label": label}
    mount("cards", data, key=key, triggers={"act": acted})
