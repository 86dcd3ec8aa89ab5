"""The text of an element as a reader sees it: in order, and where elements begin and end.

Raised and lowered text, formulas, readings beside characters, pictures and form fields become plain text here.
"""

import re
from collections.abc import Generator, Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from lxml import etree
from lxml import html as lxml_html

from ingestion.canonical import squeeze
from ingestion.parsers.web.elements import WIDGETS, is_block, parts_words, tag_of
from ingestion.parsers.web.page import Page

_EXPONENT = re.compile(
    r"[+\u2212\u2013-]?[\d.,]+[+\u2212\u2013-]?|[+\u2212\u2013-]|[+\u2212\u2013-]?[a-z\u03b1-\u03c9]"
    r"|[\w()., ]{0,12}[+\u2212\u2013*/-][\w()+\u2212\u2013*/., -]{0,12}"
)
_COMPOUND = re.compile(r"(?<=[\w)])[ ]?[+\u2212\u2013*/-][ ]?(?=[\w(])")
_BASE = re.compile(r"[A-Za-z\d)\]}\u0391-\u03c9\u00b0\u00b5\u2032\u2033]")
_KANA = re.compile(r"[\u3040-\u30ff]+")
_RUBY = frozenset({"ruby", "rb", "rt", "rtc", "rp"})
_NOTE_CHARS = 12
_MARK_ELEMENTS = 12
# The rest of a Japanese word behind its characters (食べる), up to what may be a particle.
_WORD_END = re.compile(r"(?:(?![をはがにでとのもへや])[ぁ-ゖ]){1,4}")
_INVISIBLE = str.maketrans("", "", "\u2061\u2062\u2063\u2064")
# Signs before the second and third part of a formula (MathML Core, 3.3 and 3.4).
_SIGNS: Final = {
    "msup": ("^",), "msub": ("_",), "msubsup": ("_", "^"), "mfrac": ("/",), "munder": ("_",), "mover": ("^",),
    "munderover": ("_", "^"), "mroot": (", ",),
}  # fmt: skip
_AROUND: Final = {
    "q": ("“", "”"), "msqrt": ("√(", ")"), "mroot": ("√(", ")"), "mfenced": ("(", ")"), "mtr": ("", "; "),
    "mtd": ("", " "), "mspace": ("", " "), "text": ("", " "),
}  # fmt: skip
_FORMULA_PARTS = frozenset({"mi", "mn", "mo", "mtext", "ms"})
_ICONS: Final = frozenset({"i", "span", "b", "em"})
_TICKS: Final = {"checkbox": ("☐", "☑"), "radio": ("○", "◉")}
_FIELDS = frozenset({"select", "textarea", "input", "img"})
_TOLD = frozenset({*_FIELDS, *_AROUND, *_SIGNS, *_FORMULA_PARTS, "embed", "sub", "sup", "svg"})
"""Elements that show more than their text; links to notes and icons without text do so too."""
_SPECIAL = frozenset({*_RUBY, *_SIGNS, "br"})
_EDGED = frozenset({"a", "br", *WIDGETS})
_UNREAD_INPUTS = frozenset({"button", "color", "file", "hidden", "image", "password", "reset", "submit"})


class Edge(NamedTuple):
    """Where an element begins or ends.

    Attributes:
        is_start: Whether it begins.
        element: The element.
        tag: Its tag, as `tag_of` gives it.
        is_block: Whether it stands on lines of its own.
    """

    is_start: bool
    element: lxml_html.HtmlElement
    tag: str
    is_block: bool

    @property
    def parts_words(self) -> bool:
        """Whether words on both sides of it are apart."""
        return self.is_block or self.tag == "br" or parts_words(self.tag)


class Shown:
    """Iterates over texts and edges in document order, without recursion.

    Of elements inside a line, only those have edges that end a line or part words, links, and what may be a note.
    """

    def __init__(self, page: Page, root: lxml_html.HtmlElement) -> None:
        """Read `root` and its descendants."""
        self._page = page
        self._root = root
        self._walk = etree.iterwalk(root, events=("start", "end"))
        self._is_skipping = False
        self._opened: list[tuple[str, bool, bool]] = []
        self._closing: list[tuple[lxml_html.HtmlElement, str]] = []
        self._readings: list[str] = []  # of the last characters, not yet written
        self._rubies: list[str] = []  # elements of ruby text that are open
        self._last = " "
        self._has_signs = root.getparent() is not None and root.getparent().tag in _SIGNS

    def skip(self) -> None:
        """Pass over the children of the element that has just begun."""
        self._walk.skip_subtree()
        self._is_skipping = True

    def __iter__(self) -> Iterator[str | Edge]:
        for event, element in self._walk:
            if event == "end":
                tag, is_apart, has_edge = self._opened.pop()
                if is_apart or self._closing or self._readings or self._rubies:
                    yield from self._ending(element, tag, is_apart)
                if has_edge:
                    yield Edge(False, element, tag, is_apart)
                text = element.tail if element is not self._root else None
            else:
                tag, is_apart, has_edge = self._open(element)
                if is_apart or tag in _SPECIAL:
                    yield from self._started(tag, is_apart)
                if has_edge:
                    yield Edge(True, element, tag, is_apart)
                text = "" if self._is_skipping else element.text
                if not self._is_skipping and self._may_be_told(element, tag, text):
                    text = yield from self._told(element, tag)
                self._is_skipping = False
            if text:
                for part in self._text(text) if self._rubies or self._readings else (text,):
                    yield part
                    self._last = part[-1]
        yield from self._written_readings()

    def _open(self, element: lxml_html.HtmlElement) -> tuple[str, bool, bool]:
        """Tag of an element that begins, whether it is a block, whether it has edges; an omitted element has none."""
        tag = tag_of(element)
        if element is not self._root and self._page.leaves_out(element, tag):
            self.skip()
            kind = ("", False, False)
        else:
            is_apart = is_block(element, tag)
            kind = (tag, is_apart, is_apart or tag in _EDGED or "-" in tag or bool(self._page.notes))
        self._opened.append(kind)
        return kind

    def _started(self, tag: str, is_apart: bool) -> Iterable[str]:
        """Readings that stand before an element, which is now open."""
        if tag in _RUBY:
            self._rubies.append(tag)
        self._has_signs = self._has_signs or tag in _SIGNS
        if tag == "br" or is_apart:
            self._last = " "
            if self._readings:
                return self._written_readings()
        return ()

    def _may_be_told(self, element: lxml_html.HtmlElement, tag: str, text: str | None) -> bool:
        """Whether an element may show more than its text."""
        if tag in _TOLD or self._has_signs:
            return True
        if tag == "a":
            return is_note_link(element, tag)
        return tag in _ICONS and (not text or text.isspace())

    def _told(self, element: lxml_html.HtmlElement, tag: str) -> Generator[str, None, str]:
        """Labels and signs that an element shows before its text; returns that text."""
        if tag in _FIELDS:
            self._walk.skip_subtree()
            yield from self._text(f" {self._field(element, tag)} ")
            return ""
        if label := self._drawn(element, tag):
            yield from self._text(label)
        if before := self._before(element, tag):
            yield from self._written_readings()
            yield before
            self._last = before[-1]
        text: str = element.text or ""
        return text.translate(_INVISIBLE) if tag in _FORMULA_PARTS else text

    def _ending(self, element: lxml_html.HtmlElement, tag: str, is_apart: bool) -> Iterator[str]:
        """Signs and readings behind the content of an element, which is no longer open."""
        if self._closing and self._closing[-1][0] is element:
            after = self._closing.pop()[1]
            yield after
            self._last = after[-1]
        if tag in _RUBY and self._rubies:
            self._rubies.pop()
        if is_apart:
            yield from self._written_readings()
            self._last = " "

    def _text(self, text: str) -> Iterator[str]:
        if self._rubies:
            text = text.strip()
            if self._rubies[-1] in {"rt", "rtc"}:
                self._readings.extend([text] if text else [])
                return
            if self._rubies[-1] == "rp":
                return
        elif self._readings:
            if ending := _WORD_END.match(text):
                yield ending[0]
                text = text[ending.end() :]
            if text:
                yield from self._written_readings()
        if text:
            yield text
            self._last = text[-1]

    def _written_readings(self) -> Iterator[str]:
        if self._readings:
            joiner = "" if all(_KANA.fullmatch(reading) for reading in self._readings) else " "
            yield f"({joiner.join(self._readings)})"
            self._readings.clear()

    def _before(self, element: lxml_html.HtmlElement, tag: str) -> str:
        """Characters before the content of the element; the characters behind it are stored for its end."""
        before, after = "", ""
        if tag in _AROUND:
            before, after = _AROUND[tag]
        elif tag == "sup" or is_note_link(element, tag):
            before, after = self._raised(element)
        elif tag == "sub":
            before, after = self._lowered(element)
        parent = element.getparent()
        if parent is not None and (signs := _SIGNS.get(parent.tag)):
            place = _place(element)
            is_group = sum(part.tag in _FORMULA_PARTS for part in islice(element.iter(), _MARK_ELEMENTS)) > 1
            before = (
                (signs[place - 1] if 0 < place <= len(signs) else "") + ("(" if is_group else "") + before
            )
            after += ")" if is_group else ""
        if after:
            self._closing.append((element, after))
        return before

    def _raised(self, element: lxml_html.HtmlElement) -> tuple[str, str]:
        """Signs around raised text: none for ordinals, `^` for exponents, brackets for numbers of notes."""
        mark = _start_of(element)
        if not mark or self._last in "[(^":
            return "", ""
        link = element if element.tag == "a" else next(element.iter("a"), None)
        address = "" if link is None else link.get("href", "")
        if "#" in address and len(mark) <= _NOTE_CHARS:
            self._page.record_note(address, mark.strip("[]()"))
            return ("", "") if mark[0] in "[(\u3014\u3010" else ("[", "]")
        if not _EXPONENT.fullmatch(mark) or (mark in "aeo" and (self._last.isdigit() or mark == "o")):
            return "", ""
        if _BASE.match(self._last):
            return ("^(", ")") if _COMPOUND.search(mark) else ("^", "")
        return ("[", "]") if mark.isdigit() else ("", "")

    def _lowered(self, element: lxml_html.HtmlElement) -> tuple[str, str]:
        """Signs around lowered text: none in chemistry (H2O), `_` for indices."""
        mark = _start_of(element)
        is_count = mark.isdigit() and not self._last.isdigit()
        if not mark or is_count or " " in mark or len(mark) > _NOTE_CHARS or not self._last.strip():
            return "", ""
        return ("_(", ")") if _COMPOUND.search(mark) else ("_", "")

    def _drawn(self, element: lxml_html.HtmlElement, tag: str) -> str:
        """Name of a drawing or an icon; a space where it has none."""
        if tag == "embed":
            self._page.drop("embedded content")
        if tag == "svg":
            self._page.drop("pictures")
            return f" {element.get('aria-label', '')} "
        label = _icon_label(element) if tag in _ICONS else ""
        return f" {label} " if label else ""

    def _field(self, element: lxml_html.HtmlElement, tag: str) -> str:
        """The text that a picture or a form field shows."""
        if tag == "img":
            self._page.drop("pictures")
            return str(element.get("alt", ""))
        if tag == "textarea":
            return str(element.text_content())
        if tag == "select":
            options = list(element.iter("option"))
            chosen = [option for option in options if "selected" in option.attrib]
            is_list = "multiple" in element.attrib or element.get("size", "1") not in {"", "0", "1"}
            shown = options if is_list and not chosen else chosen or options[:1]
            self._page.drop("options that are not chosen", len(options) - len(shown))
            return ", ".join(option.get("label") or option.text_content().strip() for option in shown)
        kind = element.get("type", "text").lower()
        if kind in _TICKS and element.get("role") != "button":  # a menu that opens without a script
            return _TICKS[kind]["checked" in element.attrib]
        return "" if kind in {*_TICKS, *_UNREAD_INPUTS} else str(element.get("value", ""))


def is_note_link(element: lxml_html.HtmlElement, tag: str) -> bool:
    """Whether a link leads to a note of a book (EPUB 3 and DPUB-ARIA)."""
    return tag == "a" and (
        "noteref" in element.get("epub:type", "") or element.get("role") in {"doc-noteref", "doc-biblioref"}
    )


def text_of(page: Page, root: lxml_html.HtmlElement) -> str:
    """Text of an element on one line; a space stands where a block or a line ends."""
    parts: list[str] = []
    for part in Shown(page, root):
        if isinstance(part, str):
            parts.append(part)
        elif part.parts_words:
            parts.append(" ")
    return squeeze("".join(parts))


def code_of(page: Page, root: lxml_html.HtmlElement) -> str:
    """Text of an element with its spacing; a line ends where a block or a line does."""
    parts: list[str] = [""]
    for part in Shown(page, root):
        if isinstance(part, str):
            parts.append(part)
        elif part.element is not root and (
            (part.tag == "br" and part.is_start) or (part.is_block and not parts[-1].endswith("\n"))
        ):
            parts.append("\n")
    return "".join(parts)


def _icon_label(element: lxml_html.HtmlElement) -> str:
    """The label of an element without content, in which style sheets draw an icon."""
    if len(element) or (element.text or "").strip() or element.get("aria-hidden") == "true":
        return ""
    return str(element.get("aria-label") or element.get("title") or "")


def _start_of(element: lxml_html.HtmlElement) -> str:
    """Text of an element that holds few others: longer ones are no mark, and nesting costs no time."""
    if sum(1 for _ in islice(element.iter(), _MARK_ELEMENTS)) == _MARK_ELEMENTS:
        return ""
    return "".join(element.itertext())[:100].strip()


def _place(element: lxml_html.HtmlElement) -> int:
    """How many elements stand before it; 3 for more."""
    return sum(1 for _ in islice(element.itersiblings(preceding=True), 3))
