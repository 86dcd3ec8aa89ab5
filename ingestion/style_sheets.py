"""Classes that a page hides by its own style sheets.

Only rules for a class alone are believed, and only on every screen: pages hide on one device what they show on
another. A class that another rule shows, in some state or on some screen, or that a script names, may be seen later.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.S)
_MARK = re.compile(
    r"\{[^{}]*+\}|[{}]"
)  # a rule without others inside, or where one with others begins or ends
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
    return _hiding("\n".join(sheets)[:_MAX_CHARS], "\n".join(scripts)[:_MAX_CHARS])


@lru_cache(maxsize=1)  # reading a page and counting its words ask the same, one after the other
def _hiding(sheets: str, scripts: str) -> frozenset[str]:
    hidden: set[str] = set()
    shown: set[str] = set()
    for selectors, declarations, is_everywhere in _rules(
        _COMMENT.sub(" ", sheets.replace("<!--", " ").replace("-->", " "))
    ):
        states = [state.lower() for state in _SHOWING.findall(declarations)]
        if any(state in _HIDING for state in states):
            found = map(_SINGLE.fullmatch, selectors.split(",") if is_everywhere else ())
            hidden.update(single[1] for single in found if single)
        elif states:
            shown.update(_CLASS.findall(selectors))
    hidden -= shown
    return frozenset(hidden.difference(_WORD.findall(scripts)) if hidden else ())


def _rules(text: str) -> Iterator[tuple[str, str, bool]]:
    """Selectors and declarations of the rules for screens that show or hide, and whether they are for every screen.

    Most rules say nothing of it; they are passed over without a look at their selectors.
    """
    around: list[tuple[str, int]] = []
    start = 0
    for mark in _MARK.finditer(text):
        begin, end = mark.span()
        if text[begin] == "{":
            is_whole = end - begin > 1
            if not is_whole or _SHOWING.search(text, begin, end):
                head = text[start:begin].rpartition(";")[2].strip()
                if not is_whole:
                    around.append((head, end))
                elif not head.startswith("@"):
                    yield from _rule(head, text[begin + 1 : end - 1], around)
        elif around:
            head, inner = around.pop()
            if not head.startswith("@"):
                yield from _rule(head, text[inner:begin], around)
        start = end


def _rule(head: str, declarations: str, around: list[tuple[str, int]]) -> Iterator[tuple[str, str, bool]]:
    outer = [name for name, _ in around]
    if not any(map(_PAPER.match, outer)):
        yield head, declarations, all(map(_EVERY_SCREEN.match, outer))
