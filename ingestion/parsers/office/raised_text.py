"""Raised and lowered text on one line: 10^6 and not 106."""

import re
from collections.abc import Sequence
from typing import Final

_EXPONENT: Final = re.compile(
    r"[+\u2212\u2013-]?\d+(?:[.,]\d+)*|[+\u2212\u2013-]?[A-Za-z\u03b1-\u03c9]|\d*[+\u2212\u2013-]"
)
_TERM: Final = re.compile(r"[\w.+\u2212\u2013*/()-]{2,40}")
_OPERATORS: Final = frozenset("+-*/\u2212\u2013")


def joined(pieces: Sequence[tuple[str, str]]) -> str:
    """Join runs of a paragraph; `^` stands before raised figures and letters, which say another thing on the line.

    Args:
        pieces: Texts, each with "superscript", "subscript" or another word for the height at which it stands.
    """
    parts: list[str] = []
    last = ""
    start = 0
    while start < len(pieces):
        end = start + 1
        raised = pieces[start][1]
        while end < len(pieces) and pieces[end][1] == raised:
            end += 1
        text = "".join(text for text, _ in pieces[start:end])
        text = _on_line(text, raised, last)
        parts.append(text)
        last, start = text[-1:] or last, end
    return "".join(parts)


def _on_line(text: str, raised: str, before: str) -> str:
    """Raised or lowered text as it is typed behind the character `before`."""
    bare = text.strip()
    if raised == "superscript" and (before.isalnum() or before in {")", "]", "\uff09"}):
        if bare in {"o", "º"} and before.isdecimal():
            return text.replace(bare, "°")
        if _EXPONENT.fullmatch(bare):
            return text.replace(bare, f"^{bare}", 1)
        if _TERM.fullmatch(bare) and (not bare[0].isalpha() or _OPERATORS.intersection(bare)):
            return text.replace(bare, f"^({bare})", 1)
    if raised == "subscript" and before.isdecimal() and bare[:1].isdecimal():
        return text.replace(bare, f"_{bare}", 1)
    return text
