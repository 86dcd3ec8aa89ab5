"""Markdown before its blocks are walked: the configured parser, front matter, whole table rows, tags that are none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.footnote import footnote_plugin

from ingestion.parsers.text.markdown_sites import label_of, site_plugin

MAX_NESTING: Final = 40
_FRONT_MATTER = re.compile(r"\A(---|\+\+\+)[ \t]*\n(.*?)\n(?:\1|\.\.\.)[ \t]*(?:\n|\Z)", re.S)
_FIELD = re.compile(r"([\w\u4e00-\u9fff][\w .\u4e00-\u9fff-]{0,60}?)\s*(?:[:：](?=\s|$)|：|=)\s*(.*)")
_TITLES: Final = frozenset({"title", "标题"})
_PROSE: Final = frozenset(
    {"description", "summary", "abstract", "excerpt", "subtitle", "描述", "摘要", "简介"}
)
# Settings of site generators that say how a page is shown, not what it says.
_SETTINGS = re.compile(
    r"sidebar.*|hide_.*|pagination_.*|layout|permalink|slug|draft|toc|aside|outline|template", re.I
)
_BLOCK_MARK = re.compile(r"[|>][+-]?")
# Formulas in brackets, and a sign of multiplication between digits, would be taken for escapes and emphasis.
_LITERAL = re.compile(
    r"\\\((?:[^\\\n]|\\(?![()])){1,500}+\\\)|\\\[(?:[^\\]|\\(?![\[\]])){1,2000}+\\\]|(?<=\d)\*(?=\d)"
)
_FORMULA = re.compile(r"[_^\\]|\w\*\w")
_FOOTNOTE = re.compile(r"\[\^([^\[\]\s]{1,60})\](?![:(])")
_DATA_ADDRESS = re.compile(
    r"(?<=data:)[\w.+-]{1,60}/[\w.+-]{1,60}(?:[^\s,]{0,100},[\w+/=%-]{256,}+|[^\s,]{0,60},\s?<svg(?:[^\nd]|d(?!ata:))*?</svg>)",
    re.A,
)
_DELIMITER_ROW = re.compile(r"(?<!\\)\|")
_CODE_SPAN = re.compile(r"(?<!`)(`{1,4})(?!`)[^\n]{1,500}?(?<!`)\1(?!`)")
_TAG = re.compile(r"<(/?)([A-Za-z][\w.:-]*)([^<>]*)>")
_WITHOUT_END: Final = frozenset(
    [
        "br",
        "hr",
        "wbr",
        "img",
        "p",
        "li",
        "dt",
        "dd",
        "tr",
        "td",
        "th",
        "thead",
        "tbody",
        "tfoot",
        "colgroup",
        "col",
        "rt",
        "rp",
        "option",
        "summary",
    ]
)


@cache  # of one file it keeps nothing
def markdown_parser() -> MarkdownIt:
    """CommonMark with tables, struck text, footnotes and formulas; addresses are neither checked nor changed."""
    markdown = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING, "html": True})
    markdown.enable(["table", "strikethrough"])
    markdown.use(footnote_plugin, inline=False, move_to_end=False)
    markdown.inline.ruler.at("footnote_ref", _footnote_rule)
    markdown.use(
        dollarmath_plugin,
        allow_labels=False,
        allow_space=False,
        allow_digits=False,
        allow_blank_lines=False,
        double_inline=True,
    )
    markdown.use(site_plugin)
    markdown.inline.ruler.before("escape", "literal", _literal_rule)
    # Nothing is fetched or shown here, and a picture in a data address is a picture, of whatever type.
    markdown.validateLink = lambda url: True  # type: ignore[method-assign]  # noqa: ARG005 - its name is asked for
    markdown.normalizeLink = lambda url: url  # type: ignore[method-assign]
    return markdown


def _footnote_rule(state: StateInline, silent: bool) -> bool:
    """A reference to a footnote; the plugin's own rule takes the square of the time on unclosed ones."""
    match = _FOOTNOTE.match(state.src, state.pos)
    if match is None:
        return False
    if not silent:
        state.push("footnote_ref", "", 0).meta = {"label": match[1]}
    state.pos = match.end()
    return True


def _literal_rule(state: StateInline, silent: bool) -> bool:
    match = _LITERAL.match(state.src, state.pos)
    if match is None or (len(match[0]) > 1 and not _FORMULA.search(match[0][2:-2])):
        return False
    if not silent:
        state.push("text", "", 0).content = match[0]
    state.pos = match.end()
    return True


def without_data_addresses(text: str) -> tuple[str, int]:
    """Remove the data of `data:` addresses; returns the text, and the number of characters removed."""
    shorter = _DATA_ADDRESS.sub("", text)
    return shorter, len(text) - len(shorter)


@dataclass(slots=True)
class FrontMatter:
    """Front matter of a page.

    Attributes:
        title: Of the page.
        prose: Descriptions and summaries.
        fields: All else that readers may ask for, as `name: value`.
        settings: Number of fields that only a program reads.
    """

    title: str = ""
    prose: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    settings: int = 0


def without_front_matter(text: str) -> tuple[str, FrontMatter]:
    """Part front matter (YAML or TOML) from the body.

    It is read by lines, as people write it: a name and a value, or items and further lines below a name.

    Returns:
        The body, and what stood before it.
    """
    match = _FRONT_MATTER.match(text)
    front = FrontMatter()
    if match is None:
        return text, front
    for name, parts in _fields(match[2].split("\n")):
        value = ", ".join(part for part in map(_plain_value, parts) if part)
        if name.lower() in _TITLES:
            front.title = front.title or value
        elif _SETTINGS.fullmatch(name):
            front.settings += 1
        elif name.lower() in _PROSE:
            front.prose.append(value)
        elif value:
            front.fields.append(f"{name}: {value}" if name else value)
    return text[match.end() :], front


def _fields(lines: Sequence[str]) -> list[tuple[str, list[str]]]:
    fields: list[tuple[str, list[str]]] = []
    is_text = False
    for line in lines:
        field = _FIELD.fullmatch(line)
        if field:
            is_text = _BLOCK_MARK.fullmatch(field[2]) is not None
            fields.append((field[1], [] if is_text else [field[2]]))
        elif line.strip() and not line.lstrip().startswith("#"):
            if not fields:
                fields.append(("", []))
            parts = fields[-1][1]
            part = line.strip().removeprefix("- ")
            is_open = parts and parts[-1].startswith('"') and not parts[-1].rstrip(",").endswith('"')
            if parts and (is_text or is_open):
                parts[-1] += " " + part
            else:
                parts.append(part)
    return fields


def _plain_value(value: str) -> str:
    value = value.strip()
    if value.startswith("[") and value.endswith("]"):
        return ", ".join(filter(None, map(_plain_value, value[1:-1].split(","))))
    return value.strip("\"'[],").strip()


def with_whole_rows(text: str, tokens: Sequence[Token]) -> str | None:
    """The text with those pipes of table rows escaped that part no cells; None where there are none.

    These stand inside code, or beyond the last column, where a cell would be lost.
    """
    lines: list[str] | None = None
    for table, first in pairwise([*tokens, None]):
        if table is None or table.type != "table_open" or table.map is None or first is None:
            continue
        lines = text.split("\n") if lines is None else lines
        columns = _count_cells(lines[table.map[0]])
        for number in range(table.map[0] + 2, table.map[1]):
            lines[number] = _whole_row(lines[number], columns)
    changed = None if lines is None else "\n".join(lines)
    return None if changed == text else changed


def _count_cells(line: str) -> int:
    return len(_DELIMITER_ROW.findall(line.strip(" \t>").removeprefix("|").removesuffix("|"))) + 1


def _whole_row(line: str, columns: int) -> str:
    if "`" in line:
        line = _CODE_SPAN.sub(lambda span: _DELIMITER_ROW.sub(r"\\|", span[0]), line)
    if _count_cells(line) <= columns:
        return line
    places = [match.start() for match in _DELIMITER_ROW.finditer(line)]
    leads = line.lstrip(" \t>").startswith("|")
    beyond = places[columns - 1 + leads :]
    if line.rstrip().endswith("|"):
        beyond = beyond[:-1]
    for place in reversed(beyond):
        line = f"{line[:place]}\\{line[place:]}"
    return line


class Tags:
    """Which tags of a text are markup; `<api-token>` and `List<Item>` are text of their author."""

    def __init__(self, text: str) -> None:
        """Collect the names of opening and closing tags in `text`."""
        self._seen = {(match[1], match[2].lower()) for match in _TAG.finditer(text)}

    def is_markup(self, tag: str) -> bool:
        """Whether a tag has attributes, an end, or needs none."""
        match = _TAG.fullmatch(tag)
        if match is None:
            return True
        slash, name, rest = match[1], match[2].lower(), match[3].strip()
        if name in _WITHOUT_END or "=" in rest or rest.endswith("/"):
            return True
        return ("" if slash else "/", name) in self._seen

    def escaped(self, html: str) -> str:
        """HTML in which tags that are none stand as text, and labels of components as a line of their own."""

        def read(match: re.Match[str]) -> str:
            if not self.is_markup(match[0]):
                return f"&lt;{match[0][1:-1]}&gt;"
            label = label_of(match[0])
            return f"{match[0]}<p>{label}</p>" if label else match[0]

        return _TAG.sub(read, html)
