"""Elements of HTML by their kind: tags, roles that stand for tags, and styles that show or hide them."""

import re
from collections.abc import Set
from typing import Final

from lxml import html as lxml_html

BLOCKS: Final = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details", "dialog", "dir", "div",
    "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header",
    "hgroup", "hr", "html", "legend", "li", "listing", "main", "menu", "nav", "noscript", "ol", "optgroup", "option",
    "p", "plaintext", "pre", "search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "ul", "xmp",
})  # fmt: skip
HEADINGS: Final = {f"h{level}": level for level in range(1, 7)}
LISTS: Final = frozenset({"ul", "ol", "menu", "dir"})
CODE: Final = frozenset({"pre", "xmp", "listing", "plaintext"})
NEVER_TEXT: Final = frozenset({
    "annotation", "annotation-xml", "area", "base", "basefont", "col", "colgroup", "datalist", "defs", "frame", "head",
    "link", "meta", "metadata", "noembed", "noframes", "param", "script", "style", "template", "title",
})  # fmt: skip
"""Elements that no page shows, and those of SVG and MathML that only describe.

Void elements that libxml2 doesn't know as such (embed, source, track) are not among them: text that follows is inside.
"""
EMBEDDED: Final = frozenset({"applet", "audio", "canvas", "iframe", "object", "video"})
STRUCK: Final = frozenset({"del", "s", "strike"})
# Widgets stand beside the text around them, not in it.
WIDGETS: Final = frozenset({"button", "input", "meter", "output", "progress", "select", "textarea"})
_BY_ROLE: Final = {
    "table": "table", "grid": "table", "treegrid": "table", "rowgroup": "tbody", "row": "tr", "cell": "td",
    "gridcell": "td", "columnheader": "th", "rowheader": "th", "list": "ul", "listitem": "li", "navigation": "nav",
    "complementary": "aside", "contentinfo": "footer", "search": "search", "button": "button",
}  # fmt: skip
_GENERIC: Final = frozenset(
    {"div", "span", "section", "p", "a", "form"}
)  # tags that a role may turn into others
_HIDING = re.compile(
    r"(?:\bdisplay\s*:\s*none|\bvisibility\s*:\s*(?:hidden|collapse)|\bmso-hide\s*:\s*all)", re.I
)
_SHOWING = re.compile(r"\b(?:display\s*:\s*(?!none)|visibility\s*:\s*visible)", re.I)
_STRIKING = re.compile(r"\btext-decoration(?:-line)?\s*:[^;]*line-through", re.I)
_BLOCK_STYLE = re.compile(r"\bdisplay\s*:\s*(?:block|flex|grid|table|list-item|flow-root)", re.I)
_BOLD = re.compile(r"\bfont-weight\s*:\s*(?:bold|[6-9]00)", re.I)


def tag_of(element: lxml_html.HtmlElement) -> str:
    """Tag in lower case; for elements without meaning of their own, the tag that their role stands for."""
    tag: str = element.tag  # in lower case, since the parser of HTML leaves no others
    if tag in _GENERIC and (role := element.get("role")):
        if role == "heading":
            level = element.get("aria-level", "2")
            return f"h{level}" if f"h{level}" in HEADINGS else "h6"
        return _BY_ROLE.get(role, tag)
    return tag


def is_block(element: lxml_html.HtmlElement, tag: str) -> bool:
    """Whether an element stands on lines of its own."""
    if tag in BLOCKS:
        return True
    style = element.get("style")
    return style is not None and _BLOCK_STYLE.search(style) is not None


def parts_words(tag: str) -> bool:
    """Whether words on both sides of the beginning or end of an inline element are apart; custom elements may be."""
    return tag in WIDGETS or "-" in tag


def is_styled_away(element: lxml_html.HtmlElement, hiding: Set[str]) -> bool:
    """Whether one of the classes of an element is in `hiding`, and its own style does not show it."""
    names = element.get("class")
    return (
        names is not None
        and not hiding.isdisjoint(names.split())
        and _SHOWING.search(element.get("style", "")) is None
    )


def is_hidden(element: lxml_html.HtmlElement, tag: str) -> bool:
    """Whether an element hides by its own attributes."""
    hidden = element.get("hidden")
    if hidden is not None:
        return str(hidden).lower() != "until-found"
    if tag == "dialog" and element.get("open") is None:
        return True
    style = element.get("style")
    return (style is not None and _HIDING.search(style) is not None) or element.get("popover") is not None


def is_struck(element: lxml_html.HtmlElement, tag: str) -> bool:
    """Whether the text of an element is crossed out."""
    if tag in STRUCK:
        return True
    style = element.get("style")
    return style is not None and _STRIKING.search(style) is not None


def is_bold(element: lxml_html.HtmlElement) -> bool:
    """Whether an element makes its text bold."""
    return tag_of(element) in {"b", "strong", "th"} or _BOLD.search(element.get("style", "")) is not None
