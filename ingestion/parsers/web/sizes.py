"""One pass over a page of HTML: the sizes of its parts, the covered ones, and elements that need a closer look."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from lxml import etree
from lxml import html as lxml_html

from ingestion.parsers.web.elements import EMBEDDED, HEADINGS, NEVER_TEXT, STRUCK, tag_of

_MAX_LINK_SHARE: Final = 0.6
_FURNITURE_NAME = re.compile(
    r"(?:\A|[\s_-])(?:nav|navbar|navbox|menu|sidebar|breadcrumbs?|cookies?|noprint|toc|pagination)(?:\Z|[\s_-])",
    re.I,
)
_COVERING_TAGS: Final = frozenset({"dialog", *STRUCK})
_JUDGED: Final = frozenset(
    {"aside", "button", "footer", "nav", "noscript", "search", *_COVERING_TAGS, *EMBEDDED, *NEVER_TEXT}
)
"""Elements that may be left out though they have no attribute."""
_MEASURED: Final = frozenset({
    *HEADINGS, "aside", "body", "button", "footer", "header", "main", "nav", "noscript", "pre", "search", "table", "td",
    "th",
})  # fmt: skip
_REFERRING: Final = frozenset(
    {"aria-controls", "data-target", "data-bs-target", "popovertarget", "aria-details", "commandfor"}
)
# Kinds of attributes: those that lead to another element, name one, cover it, may have it left out.
_LEADING: Final = frozenset({*_REFERRING, "href"})
_NAMING: Final = frozenset({"class", "id"})
_COVERING: Final = frozenset({"hidden", "popover", "style"})
_TELLING: Final = frozenset({*_NAMING, *_COVERING, "aria-hidden", "role"})
_MAX_NAMES_CHARS: Final = 1_000
_MOST_KEPT: Final = 4_096

IsCovered = Callable[[lxml_html.HtmlElement, str], bool]


class Size(NamedTuple):
    """How much an element holds.

    Attributes:
        chars: Characters of its text.
        linked: Those of them that are links.
        headings: Headings inside.
        tables: Tables inside.
        code: Blocks of code inside.
    """

    chars: int = 0
    linked: int = 0
    headings: int = 0
    tables: int = 0
    code: int = 0

    @property
    def is_mostly_links(self) -> bool:
        """Whether links make up most of it."""
        return self.linked > _MAX_LINK_SHARE * self.chars


class _Says(NamedTuple):
    """Which kinds of attributes an element has."""

    leads: bool = False
    names: bool = False
    covers: bool = False
    tells: bool = False


_SILENT: Final = _Says()


class Sizes:
    """Sizes found by one pass over a page; the pass takes most of the time that a page without tables takes.

    Attributes:
        of: Sizes of tables, cells, headings and of what may be furniture.
        judged: Elements that may be left out, and whether it may be because they are covered.
        targets: Names of elements that others lead to.
        chars: Characters of the page.
        covered: Those of them that are hidden or struck.
    """

    def __init__(self, root: lxml_html.HtmlElement, is_covered: IsCovered, *, by_class: bool) -> None:
        """Go over a page.

        Args:
            root: Its tree.
            is_covered: Whether an element hides what it holds or strikes it.
            by_class: Whether a class may hide an element.
        """
        self.of: dict[lxml_html.HtmlElement, Size] = {}
        self.judged: dict[lxml_html.HtmlElement, bool] = {}
        self.targets: set[str] = set()
        self.chars = self.covered = 0
        self._is_covered = is_covered
        self._by_class = by_class
        self._counts = [0, 0, 0]  # headings, tables, blocks of code
        self._linked = 0
        self._opened: list[tuple[lxml_html.HtmlElement, Size]] = []
        self._cover: lxml_html.HtmlElement | None = None
        self._go_over(root)

    def _go_over(self, root: lxml_html.HtmlElement) -> None:
        links: list[lxml_html.HtmlElement] = []
        opened = self._opened
        walk = etree.iterwalk(root, events=("start", "end"))
        for event, element in walk:
            if event == "start":
                tag = element.tag
                if tag in NEVER_TEXT:
                    walk.skip_subtree()
                    continue
                if tag == "a" and leads_elsewhere(element):
                    links.append(element)
                names = element.keys()
                if names or tag in _JUDGED or tag in _MEASURED:
                    self._note(element, tag, names)
                text = element.text
            else:
                if links and links[-1] is element:
                    links.pop()
                if opened and opened[-1][0] is element:
                    self._close(*opened.pop())
                text = element.tail
            if text and (length := len(text.strip())):
                self.chars += length
                self._linked += length if links else 0

    def _note(self, element: lxml_html.HtmlElement, tag: str, names: list[str]) -> None:
        says = _saying(tuple(names)) if names else _SILENT
        if says.tells:
            tag = tag_of(element)
        if says.leads:
            self._note_targets(element, names)
        is_cover = False
        if says.tells or tag in _JUDGED:
            may_cover = says.covers or (says.names and self._by_class) or tag in _COVERING_TAGS
            self.judged[element] = may_cover
            is_cover = may_cover and self._cover is None and self._is_covered(element, tag)
        if is_cover:
            self._cover = element
        if is_cover or tag in _MEASURED or (says.names and is_named_furniture(element)):
            self._opened.append((element, Size(self.chars, self._linked, *self._counts)))
            for place, is_kind in enumerate((tag in HEADINGS, tag == "table", tag == "pre")):
                self._counts[place] += is_kind

    def _close(self, element: lxml_html.HtmlElement, was: Size) -> None:
        headings, tables, code = self._counts
        size = Size(
            self.chars - was.chars,
            self._linked - was.linked,
            headings - was.headings,
            tables - was.tables,
            code - was.code,
        )
        self.of[element] = size
        if element is self._cover:
            self._cover = None
            self.covered += size.chars

    def _note_targets(self, element: lxml_html.HtmlElement, names: list[str]) -> None:
        for name in names:
            if name == "href":
                address = element.get(name, "")
                if address.startswith("#"):
                    self.targets.add(address[1:])
            elif name in _REFERRING:
                self.targets.update(element.get(name, "").replace("#", "").split())


def leads_elsewhere(link: lxml_html.HtmlElement) -> bool:
    """Whether a link leads to a page; telephone numbers and addresses of mail are text."""
    address = link.get("href")
    return address is None or not address[:7].lower().startswith(("tel:", "mailto:"))


def is_named_furniture(element: lxml_html.HtmlElement) -> bool:
    """Whether an element's class or id is that of navigation."""
    names, own = element.get("class"), element.get("id")
    return (names is not None and _names_furniture(names[:_MAX_NAMES_CHARS])) or (
        own is not None and _names_furniture(own[:_MAX_NAMES_CHARS])
    )


@lru_cache(maxsize=_MOST_KEPT)
def _names_furniture(names: str) -> bool:
    return _FURNITURE_NAME.search(names) is not None


@lru_cache(maxsize=_MOST_KEPT)
def _saying(attributes: tuple[str, ...]) -> _Says:
    kinds = (_LEADING, _NAMING, _COVERING, _TELLING)
    return _Says(*(not kind.isdisjoint(attributes) for kind in kinds))
