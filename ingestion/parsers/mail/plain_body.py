"""Bodies of mails in plain text: lines that a program broke are joined, quoted ones are quotes."""

import re
from typing import Final

from ingestion.canonical import CanonicalWriter
from ingestion.types import BlockKind

_WRAPPED_FROM: Final = 55  # a line of so many columns was broken by the program; a shorter one by its writer
_LIST_MARK: Final = re.compile(r"(?:[-*•·]|\d{1,3}[.)])\s+(?=\S)")
_WIDE: Final = re.compile(r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]")
_HAN: Final = re.compile(r"[\u2e80-\ua4cf\uf900-\ufaff\uff00-\uff60]")  # written without blanks between words


def write_plain(
    text: str, writer: CanonicalWriter, *, is_flowed: bool = False, without_space: bool = False
) -> None:
    """Write a plain body.

    Args:
        text: The body.
        writer: Where to.
        is_flowed: Whether a blank at the end of a line says that the program broke it (RFC 3676).
        without_space: Whether that blank is no part of the text (`DelSp=yes`).
    """
    pending: list[str] = []
    quoted = False

    def flush() -> None:
        joined = _joined(pending)
        pending.clear()
        if mark := _LIST_MARK.match(joined):
            writer.list_item(
                joined[mark.end() :], mark=mark[0].strip().translate({ord(c): "-" for c in "*•·"})
            )
        else:
            writer.paragraph(joined, BlockKind.QUOTE if quoted else BlockKind.PARAGRAPH)

    for line in text.splitlines():
        body = line.lstrip(">| ") if line.startswith(">") else line.strip()
        is_quote = line.startswith(">")
        if is_quote != quoted or not body or _LIST_MARK.match(body):
            flush()
            quoted = is_quote
        if body:
            goes_on = is_flowed and line.endswith(" ") and line != "-- "
            pending.append(f"{body.rstrip()} " if goes_on and not without_space else body.rstrip())
            is_broken = goes_on if is_flowed else len(body) + len(_WIDE.findall(body)) >= _WRAPPED_FROM
            if not is_broken:
                flush()
            elif not is_flowed:
                pending[-1] += "\n"
    flush()


def _joined(lines: list[str]) -> str:
    """Lines of a paragraph; where a program broke one between Han characters, no blank stands between."""
    parts: list[str] = []
    for line, following in zip(lines, [*lines[1:], ""], strict=False):
        text = line.removesuffix("\n")
        between = bool(_HAN.match(text[-1:]) and _HAN.match(following[:1]))
        parts.append(text if between or text == line else f"{text} ")
    return "".join(parts)
