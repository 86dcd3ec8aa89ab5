"""A page of HTML: how much text each part holds, and which parts are left out for which reason."""

import posixpath
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final
from urllib.parse import unquote

from lxml import html as lxml_html

from ingestion.parsers.web.elements import (
    EMBEDDED,
    HEADINGS,
    NEVER_TEXT,
    is_block,
    is_hidden,
    is_struck,
    is_styled_away,
    tag_of,
)
from ingestion.parsers.web.sizes import Size, Sizes, is_named_furniture, leads_elsewhere
from ingestion.style_sheets import hiding_classes

HIDDEN: Final = "hidden text"
STRUCK: Final = "struck text"
FURNITURE: Final = "navigation and page furniture"
_COPYRIGHT = re.compile(r"©|\bcopyright\b|all rights reserved|版权所有|保留所有权利|ICP备", re.I)
_SCRIPTS_WANTED = re.compile(r"java\s?script|enable (?:cookies|scripts?)|启用.{0,8}脚本", re.I)
_ICON_NAME = re.compile(r"(?:\A|[\s_-])(?:icons?|fa|fas|far|fab|glyphicon|katex-html)(?:\Z|[\s_-])", re.I)
_SENTENCE = re.compile(
    r"[^\W\d_]++(?:[,;:]?[ \n]\S++){7,}?(?<=[a-z)][.!])(?=\s|\Z)|[\u4e00-\u9fff，、]{16,}。"
)
_MOST_TEXTS = 2_000
_PANEL_NAME = re.compile(
    r"\b(?:tab|tabs|tablinks?|accordion|collapse|collapsible|panel|faq|expandable|spoiler)(?:\b|[_-])", re.I
)
_MAX_NOTES = 100_000
_MIN_SENTENCE_CHARS = 20
_MAX_NOTICE_CHARS = 300
_MIN_MAIN_SHARE = 0.3
_MAX_HIDDEN_SHARE = 0.9  # a page with more was to be shown by a script
_MAX_CAPTION_CHARS = 25
_NOTHING: Final = Size()


class Page:
    """Decides which elements are left out, and counts these."""

    def __init__(
        self,
        root: lxml_html.HtmlElement,
        drop: Callable[[str, int], None],
        *,
        keep_hidden: bool = False,
        name: str = "",
        notes: dict[str, str] | None = None,
    ) -> None:
        """Measure a page.

        Args:
            root: Its tree.
            drop: Told what is left out, and how often.
            keep_hidden: Whether hidden and struck text is read.
            name: The page's own file name, where others link to it.
            notes: Numbers of notes by the address of their text, filled while pages are read that refer to them.
        """
        self.root = root
        self._drop = drop
        self._links_beside_main: set[lxml_html.HtmlElement] = set()
        self._name = name
        self.notes = {} if notes is None else notes
        """Numbers of notes by the address of their text, as far as marks have been seen that refer to them."""
        styles, scripts = (_texts(root, name) for name in ("style", "script"))
        self._hiding = hiding_classes(styles, scripts) if styles else frozenset()
        self._sizes = Sizes(root, self._is_covered, by_class=bool(self._hiding))
        most = _MAX_HIDDEN_SHARE * max(1, self._sizes.chars)
        self._keep_hidden = keep_hidden or self._sizes.covered >= most
        self._find_main()

    def drop(self, what: str, count: int = 1) -> None:
        """Count parts that are left out, by their kind."""
        self._drop(what, count)

    def record_note(self, address: str, number: str) -> None:
        """Record the number of a note by the address that its mark links to."""
        file, _, target = address.rpartition("#")
        if target and len(self.notes) < _MAX_NOTES:
            self.notes.setdefault(f"{posixpath.basename(unquote(file)) or self._name}#{target}", number)

    def note_number(self, element: lxml_html.HtmlElement) -> str:
        """Number of the note that an element holds; empty if no mark was seen that links to it."""
        own = element.get("id") if self.notes else None
        return "" if own is None else self.notes.get(f"{self._name}#{own}", "")

    def size(self, element: lxml_html.HtmlElement) -> Size:
        """Size of a table, a cell, a heading or an element that may be furniture; of others it is zero."""
        return self._sizes.of.get(element, _NOTHING)

    def _is_hidden(self, element: lxml_html.HtmlElement, tag: str) -> bool:
        return is_hidden(element, tag) or (bool(self._hiding) and is_styled_away(element, self._hiding))

    def _is_covered(self, element: lxml_html.HtmlElement, tag: str) -> bool:
        return self._is_hidden(element, tag) or is_struck(element, tag)

    def _is_reachable(self, element: lxml_html.HtmlElement) -> bool:
        """Whether a link or a control of the page opens a hidden element, such as a panel or a note."""
        if (
            element.get("id") in self._sizes.targets
            or element.get("role") == "tabpanel"
            or self.note_number(element)
        ):
            return True
        return _is_named_panel(element)

    def leaves_out(self, element: lxml_html.HtmlElement, tag: str) -> bool:
        """Whether an element is not read; if it held something, that is counted."""
        reason = self.reason(element, tag)
        if reason:
            self.drop(reason)
        return reason is not None

    def reason(self, element: lxml_html.HtmlElement, tag: str) -> str | None:
        """Why an element is left out: None if it isn't, nothing to count if it is an ornament."""
        if tag in NEVER_TEXT:
            return ""
        may_cover = self._sizes.judged.get(element)
        if may_cover is None:
            return FURNITURE if element in self._links_beside_main else None
        if may_cover and not self._keep_hidden:
            if self._is_hidden(element, tag) and not self._is_reachable(element):
                return HIDDEN
            if is_struck(element, tag):
                return STRUCK
        if tag in EMBEDDED:
            return "embedded content"
        if element.get("aria-hidden") == "true" and _is_ornament(element):
            return ""
        if tag == "noscript":
            return self._notice(element)
        if tag == "button":
            return "buttons" if self._is_command(element) else None
        return FURNITURE if self._is_furniture(element, tag) else None

    def _is_furniture(self, element: lxml_html.HtmlElement, tag: str) -> bool:
        """Whether an element is navigation; sentences are none, wherever they stand."""
        size = self.size(element)
        own = size.chars - size.linked
        if element in self._links_beside_main:
            return True
        if tag in {"nav", "search"}:
            return size.is_mostly_links or own < _MIN_SENTENCE_CHARS
        if tag == "footer":
            is_short = size.chars < _MAX_NOTICE_CHARS
            return size.is_mostly_links or (
                is_short and _COPYRIGHT.search(element.text_content()) is not None
            )
        if not size.chars or not size.is_mostly_links:
            return False
        is_named = tag == "aside" or element.get("role") == "banner" or is_named_furniture(element)
        return is_named and not _has_sentence(element)

    def _notice(self, element: lxml_html.HtmlElement) -> str | None:
        """Text for readers without scripts is read as such a reader would; a demand for scripts is none."""
        size = self.size(element)
        if not size.chars:
            return ""
        is_short = size.chars < _MAX_NOTICE_CHARS
        return "demands for scripts" if is_short and _SCRIPTS_WANTED.search(element.text_content()) else None

    def _is_command(self, element: lxml_html.HtmlElement) -> bool:
        """Whether a button's text is only its command: few words, no figure, no question, nothing that it opens."""
        if (
            element.get("aria-controls")
            or element.get("aria-expanded")
            or self.size(element).chars > _MAX_CAPTION_CHARS
            or _is_named_panel(element)
        ):
            return False
        text = element.text_content()
        above = islice(element.iterancestors(), 3)
        is_title = any(tag_of(parent) in {*HEADINGS, "summary", "dt", "th"} for parent in above)
        return not is_title and not any(character.isdigit() or character in "?？" for character in text)

    def _find_main(self) -> None:
        """Note the parts beside the page's own `main` or `article`; lists of links there are furniture."""
        whole = sum(self.size(body).chars for body in self.root.iter("body"))
        for path in (".//main", ".//*[@role='main']", ".//article"):
            found = self.root.findall(path)
            if len(found) == 1:
                main = found[0]
                beside = [sibling for node in _and_ancestors(main) for sibling in _siblings(node)]
                if len(main.text_content().strip()) > _MIN_MAIN_SHARE * whole:
                    self._links_beside_main.update(
                        other
                        for other in beside
                        if is_block(other, tag_of(other))
                        and _is_mostly_links(other)
                        and not _has_sentence(other)
                    )
                    return


def _and_ancestors(element: lxml_html.HtmlElement) -> Iterator[lxml_html.HtmlElement]:
    while element.tag not in {"body", "html"}:
        yield element
        element = element.getparent()


def _siblings(element: lxml_html.HtmlElement) -> Iterator[lxml_html.HtmlElement]:
    yield from element.itersiblings(preceding=True)
    yield from element.itersiblings()


def _is_mostly_links(element: lxml_html.HtmlElement) -> bool:
    linked = 0
    for link in element.iter("a"):
        if leads_elsewhere(link):
            text = link.text_content() if len(link) else link.text
            linked += len(text.strip()) if text else 0
    return linked > 0 and Size(len(element.text_content().strip()), linked).is_mostly_links


def _texts(root: lxml_html.HtmlElement, name: str) -> list[str]:
    return [element.text for element in root.iter(name) if element.text]


def _is_named_panel(element: lxml_html.HtmlElement) -> bool:
    """Whether an element is called a panel that readers open, or the title of one."""
    return _PANEL_NAME.search(f"{element.get('class', '')} {element.get('id', '')}") is not None


def _has_sentence(element: lxml_html.HtmlElement) -> bool:
    """Whether a list of links says something, too: a sentence of several words, as boxes about a subject do."""
    return any(
        _SENTENCE.search(text)
        for node in islice(element.iter(), _MOST_TEXTS)
        for text in ("" if node.tag in NEVER_TEXT else node.text, node.tail)
        if text
    )


def _is_ornament(element: lxml_html.HtmlElement) -> bool:
    """Whether an element that is kept from being read aloud is a mark or an icon; many others can be seen."""
    if element.tag == "img" or (not len(element) and not (element.text or "").strip()):
        return False
    has_words = any(any(map(str.isalnum, text)) for text in element.itertext())
    return not has_words or _ICON_NAME.search(element.get("class", "")) is not None
