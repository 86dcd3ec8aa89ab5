"""Text cut into runs that a component can draw without knowing offsets.

The interface counts characters as Unicode code points, browsers as UTF-16 units: so all cutting happens here,
and the browser gets ready pieces. Joining the `t` of the runs always gives the text back.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from ui.wire import Answer, Content, Hit

Run = dict[str, Any]
"""`{t, c}` is text with class names; `{chip}` the number of a citation; `{page}` the start of a page."""

Block = dict[str, Any]
"""`{kind, runs, depth?}`: runs that stand together, as a paragraph, heading, item, row or piece of code."""

INK_COPIED: Final = "copied"
INK_WRITTEN: Final = "written"
UNSUPPORTED: Final = "written unsupported"
CODE: Final = "code"
_CONTEXT_CHARS: Final = 4000


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


def _pieces(text: str, cuts: Iterable[int]) -> list[tuple[int, int]]:
    """Cut `text` at every offset of `cuts` that lies inside it."""
    bounds = sorted({0, len(text), *(cut for cut in cuts if 0 < cut < len(text))})
    return [(start, end) for start, end in pairwise(bounds) if start < end]


def answer_runs(answer: Answer | Mapping[str, Any], hints: Sequence[tuple[int, int, str]] = ()) -> list[Run]:
    """Cut an answer into runs of one ink, with the chip of a citation behind the words that it supports.

    Args:
        answer: `text`, and as far as known `spans`, `citations`, `unsupported`, `emphasis` and `parts`.
        hints: What to say of ranges of the text where nothing was copied.

    Returns:
        Runs `{t, c, n?, hint?, strong?}` (`c` holds `code` where the text is code; `n` is the citation that the text
        was copied by; `strong` is true where the answer says its phrase) and `{chip: n}`.
    """
    text: str = answer.get("text") or ""
    spans = answer.get("spans") or []
    citations = answer.get("citations") or []
    unsupported = answer.get("unsupported") or []
    emphasis = answer.get("emphasis") or []
    parts = answer.get("parts") or []
    ranges = (*spans, *citations, *unsupported, *emphasis, *parts)
    cuts = [cut for item in ranges for cut in (item["answer_start"], item["answer_end"])]
    runs: list[Run] = []
    for start, end in _pieces(text, cuts):
        span = _holding(spans, start)
        kind = span["kind"] if span is not None else None
        run: Run = {"t": text[start:end], "c": kind if kind in {INK_COPIED, INK_WRITTEN} else INK_WRITTEN}
        cited = [c["n"] for c in citations if c["answer_start"] <= start < c["answer_end"]]
        if run["c"] == INK_COPIED:
            if cited:
                run["n"] = cited[0]
        else:
            if hint := next((said for a, b, said in hints if a <= start < b), None):
                run["hint"] = hint
            if _holding(unsupported, start) is not None:
                run["c"] = UNSUPPORTED
        if _holding(emphasis, start) is not None:
            run["strong"] = True
        part = _holding(parts, start)
        if part is not None and part["kind"] == CODE:
            run["c"] += f" {CODE}"
        runs.append(run)
        runs += [{"chip": c["n"]} for c in citations if c["answer_end"] == end]
    # A citation of a range beyond the text (the filter took it back) still has its chip.
    shown = {run["chip"] for run in runs if "chip" in run}
    runs += [{"chip": c["n"]} for c in citations if c["n"] not in shown]
    return runs


def _holding(ranges: Iterable[Any], at: int) -> Any | None:
    """The first range that holds a character of the answer."""
    return next((r for r in ranges if r["answer_start"] <= at < r["answer_end"]), None)


def answer_blocks(
    answer: Answer | Mapping[str, Any], hints: Sequence[tuple[int, int, str]] = ()
) -> list[Block]:
    """The runs of an answer, grouped by its parts.

    White space between two blocks is left out: blocks stand below each other. A part that goes on in the line of the
    one before belongs to its block, except code. Without parts, all is one block of text.

    Args:
        answer: As for `answer_runs`.
        hints: As for `answer_runs`.
    """
    text: str = answer.get("text") or ""
    ranges = _block_ranges(text, answer.get("parts") or [])
    blocks: list[Block] = [{"kind": kind, "runs": []} for _, _, kind in ranges]
    current, at = 0, 0
    for run in answer_runs(answer, hints):
        if "t" in run:
            start, at = at, at + len(run["t"])
            while current + 1 < len(ranges) and ranges[current + 1][0] <= start:
                current += 1
            if not ranges[current][0] <= start < ranges[current][1]:
                continue
        if not blocks:
            blocks = [{"kind": "text", "runs": []}]
        blocks[current]["runs"].append(run)
    for block, (start, end, kind) in zip(blocks, ranges, strict=False):
        said = text[start:end]
        if kind == "item" and (depth := (len(said) - len(said.lstrip(" "))) // 2):
            block["depth"] = depth
    return blocks


def _block_ranges(text: str, parts: Sequence[Mapping[str, Any]]) -> list[tuple[int, int, str]]:
    """Ranges `(start, end, kind)` of the text that are drawn as blocks; between them is only white space."""
    if not parts:
        return [(0, len(text), "text")] if text else []
    pieces: list[tuple[int, int, str]] = []
    at = 0
    for part in parts:
        start, end = max(at, part["answer_start"]), min(len(text), part["answer_end"])
        if text[at:start].strip():
            pieces.append((at, start, "text"))
        if start < end:
            pieces.append((start, end, part["kind"]))
        at = max(at, end)
    if text[at:].strip():
        pieces.append((at, len(text), "text"))
    blocks: list[tuple[int, int, str]] = []
    for start, end, kind in pieces:
        last = blocks[-1] if blocks else None
        if last is not None and CODE not in {kind, last[2]} and "\n" not in text[last[1] : start]:
            blocks[-1] = (last[0], end, last[2])
        else:
            blocks.append((start, end, kind))
    return blocks


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A part of a document's text, ready to draw.

    Attributes:
        runs: What to draw, in order.
        start: Where the part starts in the text; 0 when nothing is left out before it.
        end: Where it ends.
        total: Characters of the whole text.
    """

    runs: list[Run]
    start: int
    end: int
    total: int


def source_view(
    content: Content, marks: Sequence[tuple[int, int]], *, radius: int = _CONTEXT_CHARS
) -> SourceView:
    """Cut a document around its marked ranges.

    Args:
        content: The document's canonical text.
        marks: Ranges to highlight; the first one is what the view is about.
        radius: Characters to show before and after the first mark.

    Returns:
        The part with its runs: class `hl` where marked, `h` headings, `code` code and tables.
    """
    text = content["text"]
    total = len(text)
    focus_start, focus_end = marks[0] if marks else (0, 0)
    start = _line_start(text, _clamp(focus_start - radius, 0, total))
    end = _line_end(text, _clamp(focus_end + radius, 0, total))
    blocks = [b for b in content.get("blocks") or [] if b["end"] > start and b["start"] < end]
    pages = {p["start"]: p["number"] for p in content.get("pages") or [] if start <= p["start"] < end}
    first_page = _page_at(content, start)
    cuts = [c - start for b in blocks for c in (b["start"], b["end"])]
    cuts += [c - start for mark in marks for c in mark] + [p - start for p in pages]
    runs: list[Run] = [{"page": first_page}] if first_page is not None and start not in pages else []
    block_index = 0
    for piece_start, piece_end in _pieces(text[start:end], cuts):
        at = start + piece_start
        while block_index < len(blocks) and blocks[block_index]["end"] <= at:
            block_index += 1
        if at in pages:
            runs.append({"page": pages[at]})
        block = blocks[block_index] if block_index < len(blocks) else None
        inside = block is not None and block["start"] <= at < block["end"]
        names = [_block_class(block["kind"])] if inside and block is not None else []
        if any(mark_start <= at < mark_end for mark_start, mark_end in marks):
            names.append("hl")
        runs.append({"t": text[at : start + piece_end], "c": " ".join(filter(None, names))})
    return SourceView(runs=runs, start=start, end=end, total=total)


def _block_class(kind: str) -> str:
    if kind in {"heading", "title"}:
        return "h"
    return kind if kind in {"code", "table", "quote"} else ""


def _line_start(text: str, at: int) -> int:
    """Move back to the start of a line, if there is one close by."""
    found = text.rfind("\n", max(0, at - 400), at)
    return found + 1 if found >= 0 else (0 if at <= 400 else at)


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at, at + 400)
    return found if found >= 0 else (len(text) if len(text) - at <= 400 else at)


def _page_at(content: Content, at: int) -> int | None:
    return next((p["number"] for p in content.get("pages") or [] if p["start"] <= at < p["end"]), None)


def quote_runs(passage: Mapping[str, Any]) -> list[Run]:
    """A quote (class `kept`) in its line; plain where nothing is known of the line."""
    before, after = passage.get("before") or "", passage.get("after") or ""
    around = [(before, "cut"), (passage["quote"], "kept" if before or after else ""), (after, "cut")]
    return [{"t": text, "c": name} for text, name in around if text]


def passage_runs(passage: Mapping[str, Any]) -> list[Run]:
    """A passage whole, its key sentence of class `key`; plain where none is known."""
    text, begin = passage["quote"], passage["start"]
    start, end = passage.get("key_start"), passage.get("key_end")
    if start is None or end is None:
        return [{"t": text, "c": ""}]
    return [
        {"t": text[a:b], "c": "key" if start <= begin + a < end else ""}
        for a, b in _pieces(text, (start - begin, end - begin))
    ]


def hit_runs(hit: Hit) -> list[Run]:
    """Cut a hit's text into kept (class `kept`) and left-out runs (`cut`); uncompressed, all is plain."""
    text, kept = hit["text"], hit.get("kept") or []
    if not kept:
        return [{"t": text, "c": ""}]
    # Kept ranges are given in the document, like the hit's own range.
    ranges = [(k["start"] - hit["start"], k["end"] - hit["start"]) for k in kept]
    return [
        {"t": text[a:b], "c": "kept" if any(s <= a < e for s, e in ranges) else "cut"}
        for a, b in _pieces(text, [cut for pair in ranges for cut in pair])
    ]
