"""Filters of OpenAI's protocol as filters of documents: attributes are metadata."""

from collections.abc import Mapping
from typing import Any

from app.errors import InvalidInputError

COMPARISONS = frozenset(("eq", "ne", "gt", "gte", "lt", "lte", "in"))
MAX_DEPTH = 16


def document_filter(given: Mapping[str, Any] | None, depth: int = 0) -> dict[str, Any] | None:
    """The filter of documents that a filter of attributes stands for; None for all.

    Raises:
        InvalidInputError: It is no such filter.
    """
    if not given:
        return None
    kind = given.get("type")
    parts, key = given.get("filters"), given.get("key")
    if kind in {"and", "or"} and isinstance(parts, list) and parts and depth < MAX_DEPTH:
        if all(isinstance(part, Mapping) and part for part in parts):
            return {str(kind): [document_filter(part, depth + 1) for part in parts]}
    elif isinstance(key, str) and "value" in given:
        if kind in COMPARISONS:
            return {key: {str(kind): given["value"]}}
        if kind == "nin":
            return {"not": {key: {"in": given["value"]}}}
    raise InvalidInputError(
        "bad_filter",
        f"A filter of type {str(kind)[:40]!r} can't be read.",
        'Send {"type": "eq", "key": "team", "value": "docs"}, or "and" and "or" with `filters`.',
    )
