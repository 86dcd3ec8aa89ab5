"""Markdown (CommonMark with tables, footnotes and formulas, and the admonitions and imports of documentation sites)."""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingestion.canonical import CanonicalWriter, clean_lines
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.gibberish import ENCODED_DATA
from ingestion.parsers.text.markdown_sites import code_title, label_of
from ingestion.parsers.text.markdown_syntax import (
    MAX_NESTING,
    Tags,
    markdown_parser,
    with_whole_rows,
    without_data_addresses,
    without_front_matter,
)
from ingestion.parsers.web.elements import STRUCK
from ingestion.parsers.web.html import write_html
from ingestion.sniff import MARKDOWN
from ingestion.tables.forms import begins_with_pair
from ingestion.tables.grid import Cell, Grid
from ingestion.types import BlockKind, Document, Source

_HEADING_ID = re.compile(r"\s*\{#[\w.-]+\}\s*$")
# A picture's text that says something, and is not a file's name.
_CAPTION = re.compile(r"\S+\s+\S+\s+\S+|[\u4e00-\u9fff]{4}")
_ALERT = re.compile(r"\A\[!(\w+)\][+-]?\s*")
_TAG_NAME = re.compile(r"</?([A-Za-z][\w-]*)")
_ALT = re.compile(r"\salt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.I)
_SHOWS_SOMETHING = re.compile(r"<(?:img|input)\b", re.I)
_ANY_TAG = re.compile(r"<!--(?:[^-]|-(?!->))*+(?:-->|\Z)|<[^<>]*>")
_TABLE_TAG = re.compile(r"<(/?)table\b", re.I)
_BREAKS = frozenset(
    [
        "br",
        "p",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "div",
        "tr",
        "td",
        "th",
        "table",
        "hr",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "blockquote",
        "pre",
    ]
)
_LEFT_OUT = {
    **dict.fromkeys(STRUCK, "struck text"),
    **dict.fromkeys(("rt", "rp"), "readings beside characters"),
    **dict.fromkeys(("script", "style"), "scripts and styles"),
}


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a Markdown file; link targets, pictures, comments and struck text are left out and counted."""
    decoded = decode(source.data)
    writer = CanonicalWriter(limits)
    writer.drop("characters that could not be read", decoded.replaced)
    title = write_markdown(clean_lines(decoded.text), writer)
    return writer.build(media_type=MARKDOWN, title=title, encoding=decoded.encoding)


def write_markdown(text: str, writer: CanonicalWriter) -> str:
    """Write Markdown to a document under construction (a cell of a notebook).

    Args:
        text: With line ends as LF.
        writer: Takes the blocks.

    Returns:
        The title that its front matter gives, else an empty string.
    """
    text, data_chars = without_data_addresses(text)
    writer.drop(ENCODED_DATA, data_chars)
    body, front = without_front_matter(text)
    writer.drop("settings of the page", front.settings)
    markdown = markdown_parser()
    tokens = markdown.parse(body)
    whole = with_whole_rows(body, tokens)
    tokens = tokens if whole is None else markdown.parse(whole)
    if front.title and not any(token.tag == "h1" for token in tokens):
        writer.heading(1, front.title)
    for prose in front.prose:
        writer.paragraph(prose)
    writer.table([front.fields], header=False)
    _Walker(writer, markdown, Tags(body)).walk(tokens)
    writer.drop("blocks nested too deep", sum(token.level >= MAX_NESTING - 1 for token in tokens))
    return front.title


class _Walker:
    """Turns markdown-it's flat token list into blocks."""

    def __init__(self, writer: CanonicalWriter, markdown: MarkdownIt, tags: Tags) -> None:
        self._writer = writer
        self._markdown = markdown
        self._tags = tags
        self._lists: list[int | None] = []  # next number of each open list, None for bullets
        self._fresh_item = False
        self._quotes = 0
        self._rows: list[list[Cell]] = []
        self._notes: dict[str, list[Token]] = {}
        self._due: list[str] = []  # footnotes that the current block refers to
        self._label = ""  # of the footnote that begins

    def walk(self, tokens: Sequence[Token]) -> None:
        """Write all blocks; a footnote stands below the first block that refers to it, or else at the end."""
        self._blocks(self._without_notes(tokens))
        self._due = list(self._notes)
        self._write_notes()

    def _without_notes(self, tokens: Sequence[Token]) -> list[Token]:
        kept: list[Token] = []
        label = ""
        for token in tokens:
            if token.type == "footnote_reference_open":
                label = token.meta["label"]
                self._notes[label] = []
            elif token.type == "footnote_reference_close":
                label = ""
            elif label:
                self._notes[label].append(token)
            else:
                kept.append(token)
        return kept

    def _write_notes(self) -> None:
        while self._due:
            label = self._due.pop(0)
            if note := self._notes.pop(label, None):
                self._label = f"[^{label}]: "
                self._blocks(note)
                self._label = ""

    def _blocks(self, tokens: Sequence[Token]) -> None:
        table_ends = _table_ends(tokens)
        position = 0
        while position < len(tokens):
            token, following = tokens[position], position + 1
            if token.type == "inline":
                self._inline(token, tokens[position - 1])
            elif token.type in {"fence", "code_block"}:
                self._writer.paragraph(code_title(token.info))
                self._writer.code(token.content)
            elif token.type == "math_block":
                self._writer.paragraph(token.content)
            elif token.type == "html_block":
                following = table_ends.get(position, position) + 1
                self._html(tokens[position:following])
            else:
                self._structure(token)
            position = following
            if token.level == 0 and token.nesting < 1 and not self._label:
                self._write_notes()

    def _structure(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrGet("start") or 1))
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._fresh_item = True
            case "blockquote_open":
                self._quotes += 1
            case "blockquote_close":
                self._quotes -= 1
            case "table_open":
                self._rows = []
            case "tr_open":
                self._rows.append([])
            case "table_close":
                has_names = any(cell.text for cell in self._rows[0]) and not begins_with_pair(self._rows)
                self._writer.grid(Grid(rows=self._rows, header_rows=int(has_names)))

    def _inline(self, token: Token, opener: Token) -> None:
        text = self._label + self._text(token.children or [])
        self._label = ""
        if opener.type == "heading_open":
            self._writer.heading(int(opener.tag[1:]), _HEADING_ID.sub("", text))
        elif opener.type in {"th_open", "td_open"}:
            self._rows[-1].append(Cell(text, is_name=opener.type == "th_open"))
        elif self._lists and self._fresh_item:
            self._fresh_item = False
            self._writer.list_item(text, len(self._lists) - 1, self._mark())
        elif self._lists:
            self._writer.paragraph(text, BlockKind.LIST_ITEM, len(self._lists) - 1)
        elif self._quotes:
            self._writer.paragraph(_ALERT.sub(_alert_name, text), BlockKind.QUOTE)
        else:
            self._writer.paragraph(text)

    def _mark(self) -> str:
        number = self._lists[-1]
        if number is None:
            return "-"
        self._lists[-1] = number + 1
        return f"{number}."

    def _html(self, tokens: Sequence[Token]) -> None:
        for part in (part for token in tokens for part in (token, *(token.children or []))):
            if part.type in {"html_block", "html_inline"}:
                self._writer.drop("comments", part.content.count("<!--"))
                part.content = self._tags.escaped(part.content)
        html = self._markdown.renderer.render(tokens, self._markdown.options, {})
        if _SHOWS_SOMETHING.search(html) or _ANY_TAG.sub("", html).strip():
            write_html(html, self._writer)

    def _text(self, children: Sequence[Token]) -> str:
        parts: list[str] = []
        skipped: list[str] = []  # names of open elements whose text is left out
        kept = STRUCK if self._writer.keep_hidden else frozenset()
        for child in children:
            kind, name = child.type, _element_of(child)
            if (
                name in _LEFT_OUT
                and name not in kept
                and not child.content.startswith("</")
                and kind != "s_close"
            ):
                skipped.append(name)
                self._writer.drop(_LEFT_OUT[name])
            elif name in skipped:
                skipped.remove(name)
            elif not skipped:
                parts.append(self._inline_html(child, parts) if kind == "html_inline" else self._run(child))
        return _join_lines("".join(parts))

    def _run(self, child: Token) -> str:
        match child.type:
            case "text" | "code_inline":
                return child.content
            case "softbreak" | "hardbreak":
                return "\n"
            case "math_inline" | "math_inline_double":
                return f"{child.markup}{child.content}{child.markup}"
            case "footnote_ref":
                label = child.meta["label"]
                self._due.append(label)
                return f"[^{label}]"
            case "image":
                self._writer.drop("pictures")
                return _caption(self._text(child.children or []))
            case "link_open" if child.info != "auto":
                self._writer.drop("link targets")
        return ""

    def _inline_html(self, child: Token, before: Sequence[str]) -> str:
        tag = child.content
        if tag.startswith("<!--"):
            self._writer.drop("comments")
            return ""
        if not self._tags.is_markup(tag):
            return tag
        match _element_of(child):
            case "img":
                self._writer.drop("pictures")
                alt = _ALT.search(tag)
                return _caption(alt[1] or alt[2] or "") if alt else ""
            case "input" if "checkbox" in tag:
                return "[x] " if "checked" in tag else "[ ] "
            case "sup" if not tag.startswith("</") and before and before[-1][-1:].isalnum():
                return "^"
            case name if name in _BREAKS:
                return " "
        label = label_of(tag)
        return f" {label}: " if label else ""


def _element_of(token: Token) -> str:
    """Name of the element that an inline token opens or closes, or an empty string."""
    if token.type in {"s_open", "s_close"}:
        return "s"
    name = _TAG_NAME.match(token.content) if token.type == "html_inline" else None
    return name[1].lower() if name else ""


def _alert_name(mark: re.Match[str]) -> str:
    return f"{mark[1].capitalize()}: "


def _caption(text: str) -> str:
    return text if _CAPTION.search(text) else ""


def _table_ends(tokens: Sequence[Token]) -> dict[int, int]:
    """Where tables of HTML end, by where they begin; blocks of Markdown between belong to their cells."""
    ends: dict[int, int] = {}
    opened: list[int] = []
    for position, token in enumerate(tokens):
        for tag in _TABLE_TAG.finditer(token.content if token.type == "html_block" else ""):
            if not tag[1]:
                opened.append(position)
            elif opened:
                ends[opened.pop()] = position
    return ends


def _join_lines(text: str) -> str:
    """Join wrapped lines: Chinese without a space, other text with one."""
    return re.sub(
        r"(?<=[\u3001-\u9fff\uff00-\uffef])[ \t]*\n[ \t]*(?=[\u3001-\u9fff\uff00-\uffef])", "", text
    )
