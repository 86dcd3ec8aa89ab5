"""How long each stage took, as bars."""

from collections.abc import Mapping
from html import escape
from typing import Final

import streamlit as st

from ui import i18n
from ui.strings import STRINGS

_NOT_STAGES: Final = {"total", "first_token"}
# As a question passes them; a stage that is not named here comes last.
_ORDER: Final = ("embed", "dense", "lexical", "retrieve", "load", "rerank", "compress", "fuse", "generate")


def stage_name(stage: str) -> str:
    """A stage in the session's language; an unknown one stays as it is."""
    key = f"stage.{stage}"
    return i18n.text(key) if key in STRINGS else stage


def timings(values: Mapping[str, float]) -> None:
    """Draw one bar a stage, in the order of the path, then times across stages."""
    present = [name for name in values if name not in _NOT_STAGES and values[name] is not None]
    present.sort(key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
    stages = {name: values[name] for name in present}
    longest = max(stages.values(), default=0.0) or 1.0
    rows = "".join(
        f"<div class='fx-stage'><span>{escape(stage_name(name))}</span>"
        f"<span class='fx-bar'><i style='width:{max(1.0, 100 * ms / longest):.1f}%'></i></span>"
        f"<span class='fx-ms'>{i18n.ms_text(ms)}</span></div>"
        for name, ms in stages.items()
    )
    marks = " · ".join(
        f"{escape(stage_name(name))} <strong>{i18n.ms_text(values[name])}</strong>"
        for name in ("first_token", "total") if values.get(name) is not None
    )  # fmt: skip
    if rows or marks:
        st.html(f"<div class='fx-timings'>{rows}<div class='fx-ms'>{marks}</div></div>")
