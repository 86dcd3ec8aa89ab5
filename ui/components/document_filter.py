"""Choosing the documents that are asked: by their metadata, type, language and date."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

import streamlit as st

from ui import i18n, state
from ui.components.tags import TAG_FIELD
from ui.wire import Field

_FIELDS: Final = 8
"""Fields that are offered, the most frequent; whoever needs others asks over REST."""
_TYPES: Final = ("pdf", "docx", "pptx", "xlsx", "md", "txt", "html", "csv", "eml")


def document_filter(collections: Sequence[str], *, key: str) -> dict[str, Any] | None:
    """Draw a switch and, where it is on, pickers of values; gives the filter for a request, None for all documents.

    Args:
        collections: Ids of the collections that are asked.
        key: Begins the keys of the widgets.
    """
    if not st.toggle(i18n.text("filter.some"), key=f"{key}_filter"):
        return None
    chosen: list[dict[str, Any]] = []
    choose = i18n.text("common.choose")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for field in _fields(collections):
            values = [value["value"] for value in field["values"]]
            label = i18n.text("filter.tag") if field["name"] == TAG_FIELD else field["name"]
            if picked := st.multiselect(
                label, values, key=f"{key}_{field['name']}", width=260, placeholder=choose
            ):
                chosen.append({field["name"]: {"in": picked}})
        if types := st.multiselect(
            i18n.text("filter.type"), _TYPES, key=f"{key}_type", width=260, placeholder=choose
        ):
            chosen.append({"document.type": {"in": types}})
        languages = {"en": i18n.text("filter.english"), "zh": i18n.text("filter.chinese")}
        if spoken := st.multiselect(
            i18n.text("filter.language"),
            list(languages),
            format_func=languages.__getitem__,
            key=f"{key}_language",
            placeholder=choose,
            width=260,
        ):
            chosen.append({"document.language": {"in": spoken}})
        since = st.date_input(i18n.text("filter.since"), value=None, key=f"{key}_since", width=260)
        if isinstance(since, date):
            chosen.append({"document.date": {"gte": since.isoformat()}})
    return {"and": chosen} if chosen else None


def _fields(collections: Sequence[str]) -> list[Field]:
    """Fields with text, the most frequent first, values of one name in several collections together."""
    found: dict[str, Field] = {}
    for collection in collections:
        for field in state.client().fields(collection):
            if field["kind"] != "text":
                continue
            known = found.setdefault(
                field["name"], {"name": field["name"], "kind": "text", "documents": 0, "values": []}
            )
            known["documents"] += field["documents"]
            seen = {value["value"] for value in known["values"]}
            known["values"] += [value for value in field["values"] if value["value"] not in seen]
    return sorted(found.values(), key=lambda field: (-field["documents"], field["name"]))[:_FIELDS]
