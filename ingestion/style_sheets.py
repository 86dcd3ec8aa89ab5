"""Classes that a page hides by its own style sheets.

Only rules for a class alone are believed, and only on every screen: pages hide on one device what they show on
another. A class that another rule shows, in some state or on some screen, or that a script names, may be seen later.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|<!--|-->", re.S)
_MARK = re.compile(r"[{};]")
_SINGLE = re.compile(r"\s*[a-z\d]*\.(-?[_a-z\u0080-\uffff][\w-]*)\s*", re.I)
_CLASS = re.compile(r"\.(-?[_a-z\u0080-\uffff][\w-]*)", re.I)
_SHOWING = re.compile(r"(?<![\w-])(?:display|visibility)\s*:\s*([\w-]+)", re.I)
_EVERY_SCREEN = re.compile(r"@(?:media\s+(?:only\s+)?(?:screen|all)\s*\Z|supports\b|layer\b)", re.I)
_PAPER = re.compile(r"@media\s+(?:only\s+)?(?:print|speech)\b", re.I)
_WORD = re.compile(r"[\w-]+")
_HIDING: Final = frozenset({"none", "hidden", "collapse"})
_MAX_CHARS: Final = 500_000  # of all style sheets, and of all scripts


def hiding_classes(sheets: Iterable[str], scripts: Iterable[str]) -> frozenset[str]:
    """Names of classes whose elements are not seen, from the texts of a page's own style sheets and scripts."""
    hidden: set[str] = set()
    shown: set[str] = set()
    for selectors, declarations, is_everywhere in _rules(_COMMENT.sub(" ", "\n".join(sheets)[:_MAX_CHARS])):
        states = [state.lower() for state in _SHOWING.findall(declarations)]
        if any(state in _HIDING for state in states):
            found = map(_SINGLE.fullmatch, selectors.split(",") if is_everywhere else ())
            hidden.update(single[1] for single in found if single)
        elif states:
            shown.update(_CLASS.findall(selectors))
    hidden -= shown
    return frozenset(hidden.difference(_WORD.findall("\n".join(scripts)[:_MAX_CHARS])) if hidden else ())


def _rules(text: str) -> Iterator[tuple[str, str, bool]]:
    """Selectors and declarations of the rules for screens, and whether they are for every screen."""
    around: list[tuple[str, int]] = []
    start = 0
    for mark in _MARK.finditer(text):
        if mark[0] == "{":
            around.append((text[start : mark.start()].strip(), mark.end()))
        elif mark[0] == "}" and around:
            head, begin = around.pop()
            outer = [name for name, _ in around]
            if not head.startswith("@") and not any(map(_PAPER.match, outer)):
                yield head, text[begin : mark.start()], all(map(_EVERY_SCREEN.match, outer))
        start = mark.end()
