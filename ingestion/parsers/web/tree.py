"""Trees of HTML pages, also of pages nested deeper than libxml2 reads."""

import re
from collections.abc import Callable

from lxml import etree
from lxml import html as lxml_html

from ingestion.errors import EmptyDocumentError

_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s<>/]*)([^<>]*)>")
_UNREAD = re.compile(r"<(script|style)\b[^>]*>(?:(?!</\1).)*+(?:</\1[^>]*>)?", re.I | re.S)
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905
_MAX_DEPTH = 1000  # of pages that are nested deeper than libxml2 allows (2,048)
# All elements of one class: lxml's own lookup asks Python for the class of each. Forms and inputs are read as others.
_ELEMENTS = etree.ElementDefaultClassLookup(element=lxml_html.HtmlElement)


def tree_of(text: str, drop: Callable[[str, int], None]) -> lxml_html.HtmlElement:
    """Parse a page or a fragment. No entity, script or address in it is followed.

    Raises:
        EmptyDocumentError: If there is nothing in it.
    """
    text = _XML_DECLARATION.sub("", text).replace("\x00", "")
    root, is_whole = _parsed(text)
    if not is_whole:
        shallow = _Shallow()
        root, _ = _parsed(_TAG.sub(shallow.tag, _UNREAD.sub("", text)))
        drop("elements nested too deep", shallow.count)
    return root


def _parsed(text: str) -> tuple[lxml_html.HtmlElement, bool]:
    parser = lxml_html.HTMLParser(no_network=True, huge_tree=True, remove_comments=True, remove_pis=True)
    parser.set_element_class_lookup(_ELEMENTS)
    try:
        root = lxml_html.document_fromstring(text, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise EmptyDocumentError("The page contains no text.") from error
    for further in list(root.itersiblings()):  # what stands behind `</html>`
        root.append(further)
    return root, all(entry.type != etree.ErrorTypes.ERR_RESOURCE_LIMIT for entry in parser.error_log)


class _Shallow:
    """Takes the tags out that are nested deeper than libxml2 reads on; their text stays."""

    def __init__(self) -> None:
        self._depth = 0
        self.count = 0

    def tag(self, found: re.Match[str]) -> str:
        """The tag, or a space in its place."""
        if found[2].lower() in _VOID or found[3].endswith("/"):
            return found[0]
        is_deep = self._depth + (not found[1]) > _MAX_DEPTH
        self._depth = max(0, self._depth + (-1 if found[1] else 1))
        self.count += is_deep and not found[1]
        return " " if is_deep else found[0]
