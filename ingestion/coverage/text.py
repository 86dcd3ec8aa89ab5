"""Visible text of text formats: the characters of the file without the marks of its format."""

import html
import json
import re

from ingestion.config import ParsingLimits
from ingestion.coverage.markup import visible_text
from ingestion.encodings import decode

_TERMINAL = re.compile(r"\x1b\[[\d;?]*[A-Za-z]|[^\n\x08]\x08")
_SEPARATOR_LINE = re.compile(r"\A\ufeff?sep=.\r?\n", re.I)
_FRONT_MATTER = re.compile(r"\A\ufeff?(---|\+\+\+)\n.*?\n\1\s*?(?:\n|\Z)", re.S)
_FENCE = re.compile(r"^[ >]*(?:```|~~~)[^\n]*$", re.M)
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.S)
_PICTURE = re.compile(r"!\[[^\]\n]*\](?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]\n]*\])")
_LINK_TARGET = re.compile(r"(?<=\])(?:\([^()\n]*(?:\([^()\n]*\)[^()\n]*)*\)|\[[^\]\n]*\])")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:[^\n]*$", re.M)
# Marks of site generators: names of headings, boxes, modules.
_GENERATOR = re.compile(r"\{#[^{}\n]*\}|^ *:::+ *\w*|^import [^\n]* from ['\"][^\n]*$", re.M)
_ANGLE = re.compile(r"<(/?)([a-zA-Z][\w:-]*)")
_ENDED = re.compile(r"</([a-zA-Z][\w:-]*)\s*>|<([a-zA-Z][\w:-]*)[^<>]*/>")
_VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "source", "wbr"})
_PARAGRAPHS = frozenset({"li", "p", "td", "th", "tr"})
_STRING = re.compile(r'"((?:[^"\\]|\\.)*+)"(\s*:)?|-?\d[\d.eE+-]*')


def plain(data: bytes, _limits: ParsingLimits) -> str:
    """All of a text file, without the control sequences that make a terminal show them bold or in colour."""
    return _TERMINAL.sub("", decode(data).text)


def delimited(data: bytes, _limits: ParsingLimits) -> str:
    """All of a table in text but the line that names its separator."""
    return _SEPARATOR_LINE.sub("", decode(data).text)


def markdown(data: bytes, _limits: ParsingLimits) -> str:
    """The text that a reader of the page sees: no link targets, pictures, comments, tags, front matter."""
    text = _FRONT_MATTER.sub("", decode(data).text.replace("\r\n", "\n"))
    for syntax in (_COMMENT, _FENCE, _PICTURE, _LINK_TARGET, _DEFINITION, _GENERATOR):
        text = syntax.sub(" ", text)
    return visible_text(_without_placeholders(text))


def _without_placeholders(text: str) -> str:
    """Text whose angle brackets are elements only; a name that no end tag has is a word, as in `<api-token>`."""
    ended = {found[1] or found[2] for found in _ENDED.finditer(text)} | _VOID | _PARAGRAPHS
    return _ANGLE.sub(lambda found: found[0] if found[2] in ended else f"&lt;{found[0][1:]}", text)


def json_values(data: bytes, _limits: ParsingLimits) -> str:
    """Texts and whole numbers; names of fields are repeated in each record and count nothing."""
    parts: list[str] = []
    for found in _STRING.finditer(decode(data).text):
        if found[1] is None:
            parts.append(_number(found[0]))
        elif not found[2]:
            parts.append(json.loads(found[0], strict=False) if "\\" in found[1] else found[1])
    return html.unescape("\n".join(parts))


def _number(text: str) -> str:
    """Whole numbers; how others are written is the parser's choice."""
    return text if text.lstrip("-").isdecimal() else ""
