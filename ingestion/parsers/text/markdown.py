"""Markdown (CommonMark with tables, and the admonitions and imports of documentation sites)."""

import re
from collections.abc import Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingestion.canonical import CanonicalWriter, clean_lines
from ingestion.config import ParsingLimits
from ingestion.encodings import decode
from ingestion.parsers.web.html import text_of_fragment
from ingestion.sniff import MARKDOWN
from ingestion.types import BlockKind, Document, Source

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_FRONT_TITLE = re.compile(r"^(?:title|标题)\s*[:：]\s*(.+?)\s*$", re.M)
_ADMONITION = re.compile(r"^[ \t]*:::+[ \t]*\{?[\w-]*\}?[ \t]*(?:\[(.*)\]|(.*))$", re.M)
_MODULE_LINE_CHARS = 500  # longer ones are text, and would take long to match
_MODULE_LINE = re.compile(r"^(?:import\s.+\sfrom\s+['\"].+['\"];?|export\s+(?:default|const)\s.+)$", re.M)
_HEADING_ID = re.compile(r"\s*\{#[\w.-]+\}\s*$")
# A picture's text that says something, and is not a file's name.
_CAPTION = re.compile(r"\S+\s+\S+\s+\S+|[\u4e00-\u9fff]{4}")
_MAX_NESTING = 40


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Read a Markdown file; link targets, pictures and comments are left out and counted."""
    decoded = decode(source.data)
    writer = CanonicalWriter(limits)
    writer.drop("characters that could not be read", decoded.replaced)
    body, title = _without_front_matter(clean_lines(decoded.text))
    body = _ADMONITION.sub(lambda match: f"\n{(match[1] or match[2] or '').strip()}\n", body)
    markdown = MarkdownIt("commonmark", {"maxNesting": _MAX_NESTING, "html": True}).enable(["table"])
    _Walker(writer).walk(markdown.parse(body))
    return writer.build(media_type=MARKDOWN, title=title, encoding=decoded.encoding)


def _without_front_matter(text: str) -> tuple[str, str]:
    match = _FRONT_MATTER.match(text)
    if match is None:
        return text, ""
    title = _FRONT_TITLE.search(match[1])
    return text[match.end() :], title[1].strip("\"'") if title else ""


class _Walker:
    """Turns markdown-it's flat token list into blocks."""

    def __init__(self, writer: CanonicalWriter) -> None:
        self._writer = writer
        self._lists: list[int | None] = []  # next number of each open list, None for bullets
        self._fresh_item = False
        self._quotes = 0
        self._rows: list[list[str]] = []

    def walk(self, tokens: Sequence[Token]) -> None:
        for position, token in enumerate(tokens):
            if token.type == "inline":
                self._inline(token, tokens[position - 1])
            elif token.type in {"fence", "code_block"}:
                self._writer.code(token.content)
            elif token.type == "html_block":
                self._html(token.content)
            else:
                self._structure(token)

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
                self._writer.table(self._rows)

    def _inline(self, token: Token, opener: Token) -> None:
        text = self._text(token.children or [])
        if opener.type == "heading_open":
            self._writer.heading(int(opener.tag[1:]), _HEADING_ID.sub("", text))
        elif opener.type in {"th_open", "td_open"}:
            self._rows[-1].append(text)
        elif self._lists and self._fresh_item:
            self._fresh_item = False
            self._writer.list_item(text, len(self._lists) - 1, self._mark())
        elif self._lists:
            self._writer.paragraph(text, BlockKind.LIST_ITEM, len(self._lists) - 1)
        elif self._quotes:
            self._writer.paragraph(text, BlockKind.QUOTE)
        else:
            lines = text.split("\n")
            self._writer.paragraph("\n".join(line for line in lines if not _is_module_line(line.strip())))

    def _mark(self) -> str:
        number = self._lists[-1]
        if number is None:
            return "-"
        self._lists[-1] = number + 1
        return f"{number}."

    def _html(self, html: str) -> None:
        if html.lstrip().startswith("<!--"):
            self._writer.drop("comments")
        for line in text_of_fragment(html).split("\n"):
            self._writer.paragraph(line)

    def _text(self, children: Sequence[Token]) -> str:
        parts: list[str] = []
        for child in children:
            match child.type:
                case "text" | "code_inline":
                    parts.append(child.content)
                case "softbreak" | "hardbreak":
                    parts.append("\n")
                case "image":
                    self._writer.drop("pictures")
                    caption = self._text(child.children or [])
                    parts.append(caption if _CAPTION.search(caption) else "")
                case "link_open" if child.info != "auto":
                    self._writer.drop("link targets")
                case "html_inline" if child.content.lower().startswith("<br"):
                    parts.append(" ")
        return _join_lines("".join(parts))


def _is_module_line(line: str) -> bool:
    return len(line) <= _MODULE_LINE_CHARS and _MODULE_LINE.fullmatch(line) is not None


def _join_lines(text: str) -> str:
    """Join wrapped lines: Chinese without a space, other text with one."""
    return re.sub(
        r"(?<=[\u3001-\u9fff\uff00-\uffef])[ \t]*\n[ \t]*(?=[\u3001-\u9fff\uff00-\uffef])", "", text
    )
