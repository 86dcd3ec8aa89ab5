"""Visible words of HTML, by its tags alone: no tree is built, so that depth and broken nesting lose nothing."""

import html
import re

from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.style_sheets import hiding_classes

_DECLARED = re.compile(rb"charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
# Contents of a comment, a script or a style are no markup.
_OPAQUE = re.compile(
    r"<!--.*?(?:-->|\Z)|<(script|style|title|textarea|template)\b[^<>]*(?<!/)>.*?(?:</\1\s*>|\Z)|<!\[CDATA\[|\]\]>",
    re.I | re.S,
)
_SECTION = re.compile(r"<!\[CDATA\[(.*?)(?:\]\]>|\Z)", re.S)
_END_TAG = re.compile(r"</[a-zA-Z][\w-]*>|<[a-zA-Z][^<>]*/>")
_ATTRIBUTES = r"(?:[^<>\"']++|\"[^\"]*\"|'[^']*')*+"
_TAG = re.compile(rf"<(/?)([a-zA-Z][\w:-]*)({_ATTRIBUTES})>|<[?!][^<>]*>")
_XML_MARKUP = re.compile(rf"<!--.*?(?:-->|\Z)|<[/?!]?[^\W\d][\w:.-]*{_ATTRIBUTES}>", re.S)


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


# Furniture by the format's own elements, and what a page does not show or shows as struck out.
_UNSEEN = _names(
    "head script style noscript template nav footer select datalist option button textarea iframe object canvas "
    "audio video map dialog svg math rt rp del s strike"
)
# A link that names the language of its target is one of a menu of languages.
_UNSEEN_MARKS = re.compile(
    r"(?:^|\s)(?:hidden(?:\s|=|/|$)|hreflang\s*=)|aria-hidden\s*=\s*[\"']?true|display\s*:\s*none|visibility\s*:\s*hidden"
    r"|role\s*=\s*[\"']?(?:navigation|banner|contentinfo|search|complementary)",
    re.I,
)
_CLASSES = re.compile(r"\bclass\s*=\s*([\"']?)([^\"'>]*)\1", re.I)
_STYLE = re.compile(r"<style\b[^<>]*>(.*?)</style", re.I | re.S)
_SCRIPT = re.compile(r"<script\b[^<>]*>(.*?)</script", re.I | re.S)
_VOID = _names("area base br col embed hr img input link meta param source track wbr")
# Their end tags may be left out, so that nothing says where something hidden ends.
_UNCLOSED = _names("p li dt dd tr td th thead tbody tfoot colgroup html body")
_MOST_ENDLESS = 32
_INLINE = _names(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q rb rp rt ruby s samp small "
    "span strike strong time tt u var wbr"
)


def page(data: bytes, _limits: ParsingLimits) -> str:
    """Visible text of a page."""
    return visible_text(decoded(data))


def xml(data: bytes, _limits: ParsingLimits) -> str:
    """Text of the elements of an XML file; of a page of HTML inside an element, the words that it shows."""
    text = _SECTION.sub(lambda section: html.escape(section[1]), decoded(data))
    pieces = (html.unescape(piece) for piece in _XML_MARKUP.split(text))
    return "\n".join(visible_text(piece) if _END_TAG.search(piece) else piece for piece in pieces)


def decoded(data: bytes) -> str:
    """The text of a page, by the encoding that it declares."""
    declared = _DECLARED.search(data[:4096])
    return decode(data, declared[1].decode("ascii", "replace") if declared else None).text


def visible_text(text: str) -> str:
    """Text between the tags, with a blank where an element of a line of its own begins or ends."""
    sheets = _STYLE.findall(text)
    hiding = hiding_classes(sheets, _SCRIPT.findall(text)) if sheets else frozenset()
    pieces = _TAG.split(_OPAQUE.sub(" ", text))
    texts, ends, attributes = pieces[4::4], pieces[1::4], pieces[3::4]
    names = [name.lower() if name else "" for name in pieces[2::4]]
    parts: list[str] = [pieces[0]]
    endless: set[str] = set()
    after = 0  # number of the tag from which on something is seen
    for number, name in enumerate(names):
        if number < after:
            continue
        if name not in _INLINE:
            parts.append(" ")
        begins = not ends[number] and (attributes[number] or name in _UNSEEN) and name not in endless
        if begins and _begins_unseen(name, attributes[number] or "", hiding):
            end = _after_end(names, ends, number + 1)
            if end is not None:
                after = end
                parts.append(texts[end - 1])
                continue
            if len(endless) == _MOST_ENDLESS:  # no page is like this; what is left counts as seen
                parts.append(" ".join(texts[number:]))
                break
            endless.add(name)
        parts.append(texts[number])
    return html.unescape("".join(parts))


def _begins_unseen(name: str, attributes: str, hiding: frozenset[str]) -> bool:
    if name in _VOID or attributes.endswith("/"):
        return False
    if hiding and (found := _CLASSES.search(attributes)) and not hiding.isdisjoint(found[2].split()):
        return "style" not in attributes
    if name in _UNSEEN or name in _UNCLOSED or not attributes:
        return name in _UNSEEN
    lower = attributes.lower()
    may_hide = "hidden" in lower or "none" in lower or "role" in lower or "hreflang" in lower
    return may_hide and _UNSEEN_MARKS.search(attributes) is not None


def _after_end(names: list[str], ends: list[str | None], after: int) -> int | None:
    """Number of the tag after the end of the element before `after`, or None if nothing closes it: it hides nothing."""
    name, depth = names[after - 1], 1
    while depth:
        try:
            after = names.index(name, after) + 1
        except ValueError:
            return None
        depth += -1 if ends[after - 1] else 1
    return after
