"""HTML: text in document order, with headings, lists, tables and code; nothing is fetched, no script is run."""

import re
from collections.abc import Iterator

from lxml import etree
from lxml import html as lxml_html

from ingestion.canonical import CanonicalWriter, squeeze
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.errors import EmptyDocumentError
from ingestion.sniff import HTML
from ingestion.types import BlockKind, Document, Source

_DECLARED = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.I)
_XML_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_IGNORED = frozenset(
    {
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "math",
        "head",
        "nav",
        "footer",
        "aside",
        "form",
        "button",
        "select",
        "textarea",
        "iframe",
        "object",
        "embed",
        "audio",
        "video",
        "canvas",
        "map",
        "dialog",
    }
)
_BLOCKS = frozenset(
    {
        "address",
        "article",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "caption",
    }
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BOILERPLATE_ROLES = frozenset({"navigation", "banner", "contentinfo", "search", "complementary"})
_FURNITURE = re.compile(
    r"(?:\A|[\s_-])(?:nav|navbar|navbox|menu|sidebar|breadcrumbs?|cookies?|noprint|toc|pagination)(?:\Z|[\s_-])",
    re.I,
)
_MAX_LINK_SHARE = 0.6
_MIN_MAIN_SHARE = 0.3
_MAX_DEPTH = 200


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read an HTML page; navigation, forms and scripts are left out and counted."""
    declared = _DECLARED.search(source.data[:4096])
    decoded = decode(source.data, declared[1].decode("ascii", "replace") if declared else None)
    writer = CanonicalWriter(limits)
    writer.drop("characters that could not be read", decoded.replaced)
    root = _tree(decoded.text)
    title = squeeze(root.findtext(".//title") or "")
    _Walker(writer).walk_block(_main_part(root))
    return writer.build(media_type=HTML, title=title, encoding=decoded.encoding)


def write_html(text: str, writer: CanonicalWriter) -> None:
    """Write the content of an HTML page to a document under construction (a chapter, an e-mail)."""
    try:
        root = _tree(text)
    except EmptyDocumentError:
        return
    _Walker(writer).walk_block(root)


def text_of_fragment(text: str) -> str:
    """Text of a piece of HTML, one line a block; an empty string for a comment or a lone tag."""
    if not re.sub(r"<!--.*?-->|<[^>]*>", "", text, flags=re.S).strip():
        return ""
    lines = re.sub(
        r"<(?:br|/?(?:p|div|li|tr|h\d|summary|details|table|ul|ol))\b[^>]*>", "\n", text, flags=re.I
    )
    plain = lxml_html.fromstring(f"<div>{lines}</div>").text_content()
    return "\n".join(line for line in map(squeeze, plain.split("\n")) if line)


def _tree(text: str) -> lxml_html.HtmlElement:
    text = _XML_DECLARATION.sub("", text).replace("\x00", "")
    parser = lxml_html.HTMLParser(no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = lxml_html.document_fromstring(text, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise EmptyDocumentError("The page contains no text.") from error
    return root


def _main_part(root: lxml_html.HtmlElement) -> lxml_html.HtmlElement:
    """The page's own `main` or `article`, where that holds a good part of the text."""
    body = root.find("body")
    body = root if body is None else body
    whole = len(body.text_content())
    for path in (".//main", ".//*[@role='main']", ".//article"):
        found = body.findall(path)
        if len(found) == 1 and len(found[0].text_content()) > _MIN_MAIN_SHARE * whole:
            return found[0]
    return body


class _Walker:
    """Depth-first over elements; inline text is gathered until a block begins or ends."""

    def __init__(self, writer: CanonicalWriter) -> None:
        self._writer = writer
        self._pending: list[str] = []
        self._lists: list[int | None] = []
        self._mark: str | None = None
        self._quotes = 0

    def walk_block(self, element: lxml_html.HtmlElement, depth: int = 0) -> None:
        """Write one block element and all below it."""
        self._flush()
        self._children(element, depth)
        self._flush()

    def _children(self, element: lxml_html.HtmlElement, depth: int) -> None:
        self._add(element.text)
        for child in element:
            if isinstance(child.tag, str) and not self._is_ignored(child):
                self._element(child, depth + 1)
            self._add(child.tail)

    def _is_ignored(self, element: lxml_html.HtmlElement) -> bool:
        tag = element.tag.lower()
        if tag in _IGNORED or element.get("role") in _BOILERPLATE_ROLES:
            if tag in {"nav", "footer", "aside", "form"} or element.get("role"):
                self._writer.drop("navigation and page furniture")
            return True
        if "hidden" in element.attrib or element.get("aria-hidden") == "true":
            return True
        if _FURNITURE.search(f"{element.get('class', '')} {element.get('id', '')}") and _is_mostly_links(
            element
        ):
            self._writer.drop("navigation and page furniture")
            return True
        return False

    def _element(self, element: lxml_html.HtmlElement, depth: int) -> None:
        tag = element.tag.lower()
        if depth > _MAX_DEPTH:
            self._add(element.text_content())
        elif tag in _HEADINGS:
            self._flush()
            self._writer.heading(_HEADINGS[tag], element.text_content())
        elif tag == "pre":
            self._flush()
            self._writer.code(element.text_content())
        elif tag == "table" and _is_data_table(element):
            self._flush()
            self._table(element)
        elif tag in {"ul", "ol"}:
            self._list(element, depth)
        elif tag in _BLOCKS:
            self._block(element, tag, depth)
        else:
            self._inline(element, tag, depth)

    def _block(self, element: lxml_html.HtmlElement, tag: str, depth: int) -> None:
        if tag == "li":
            self._flush()
            self._mark = self._next_mark()
        self._quotes += tag == "blockquote"
        self.walk_block(element, depth)
        self._quotes -= tag == "blockquote"
        if tag == "li":
            self._mark = None

    def _inline(self, element: lxml_html.HtmlElement, tag: str, depth: int) -> None:
        if tag == "br":
            self._pending.append(" ")
        elif tag == "img":
            self._writer.drop("pictures")
            self._add(element.get("alt"))
        else:
            if tag == "a" and element.get("href"):
                self._writer.drop("link targets")
            self._children(element, depth)

    def _list(self, element: lxml_html.HtmlElement, depth: int) -> None:
        self._flush()
        start = element.get("start", "1")
        number = int(start) if start.isdecimal() and len(start) < 9 else 1
        self._lists.append(number if element.tag == "ol" else None)
        self.walk_block(element, depth)
        self._lists.pop()

    def _next_mark(self) -> str:
        if not self._lists or self._lists[-1] is None:
            return "-"
        number = self._lists[-1]
        self._lists[-1] = number + 1
        return f"{number}."

    def _table(self, table: lxml_html.HtmlElement) -> None:
        rows = list(_rows(table))
        cells = [[squeeze(cell.text_content()) for cell in _cells(row)] for row in rows]
        named = rows[0].getparent().tag == "thead" or all(cell.tag == "th" for cell in _cells(rows[0]))
        if not named:
            # A head cell at a row's start names what follows it.
            pairs = [_cells(row) for row in rows]
            cells = [
                [f"{texts[0]}: {texts[1]}"] if len(texts) == 2 and pair[0].tag == "th" else texts
                for texts, pair in zip(cells, pairs, strict=True)
            ]
        self._writer.table(cells, header=named)

    def _add(self, text: str | None) -> None:
        if text:
            self._pending.append(text)

    def _flush(self) -> None:
        text = "".join(self._pending)
        self._pending.clear()
        if not text.strip():
            return
        if self._mark is not None:
            self._writer.list_item(text, max(0, len(self._lists) - 1), self._mark)
            self._mark = None
        elif self._lists:
            self._writer.paragraph(text, BlockKind.LIST_ITEM, len(self._lists) - 1)
        else:
            self._writer.paragraph(text, BlockKind.QUOTE if self._quotes else BlockKind.PARAGRAPH)


def _is_mostly_links(element: lxml_html.HtmlElement) -> bool:
    whole = len(element.text_content().strip())
    linked = sum(len(link.text_content().strip()) for link in element.iter("a"))
    return linked > _MAX_LINK_SHARE * whole


def _rows(table: lxml_html.HtmlElement) -> Iterator[lxml_html.HtmlElement]:
    """Rows of the table itself, without those of tables inside it."""
    for child in table:
        if child.tag == "tr":
            yield child
        elif child.tag in {"thead", "tbody", "tfoot"}:
            yield from (row for row in child if row.tag == "tr")


def _cells(row: lxml_html.HtmlElement) -> list[lxml_html.HtmlElement]:
    return [cell for cell in row if cell.tag in {"td", "th"}]


def _is_data_table(table: lxml_html.HtmlElement) -> bool:
    """Tables made for layout hold tables, headings or long text in their cells; these are read as blocks."""
    if table.find(".//table") is not None or any(table.find(f".//{tag}") is not None for tag in _HEADINGS):
        return False
    lengths = [len(cell.text_content()) for row in _rows(table) for cell in _cells(row)]
    return bool(lengths) and max(lengths) < 2000
