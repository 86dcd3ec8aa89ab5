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

INK_COPIED: Final = "copied"
INK_WRITTEN: Final = "written"
UNSUPPORTED: Final = "written unsupported"
_CONTEXT_CHARS: Final = 4000


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))


def _pieces(text: str, cuts: Iterable[int]) -> list[tuple[int, int]]:
    """Cut `text` at every offset of `cuts` that lies inside it."""
    bounds = sorted({0, len(text), *(cut for cut in cuts if 0 < cut < len(text))})
    return [(start, end) for start, end in pairwise(bounds) if start < end]


def answer_runs(answer: Answer | Mapping[str, Any], hints: Sequence[tuple[int, int, str]] = ()) -> list[Run]:
    """Cut an answer into runs of one ink, with the chip of a citation behind what it backs.

    Args:
        answer: `text`, and as far as known `spans`, `citations`, `unsupported`, `granularity` and `phrase`.
        hints: What to say of ranges of the text where nothing was copied.

    Returns:
        Runs `{t, c, n?, hint?, core?}` (`n` is the citation that the text was copied by; `core` is true for the best
        phrase of an answer that is its whole sentence) and `{chip: n}`.
    """
    text: str = answer.get("text") or ""
    spans = answer.get("spans") or []
    citations = answer.get("citations") or []
    unsupported = answer.get("unsupported") or []
    cuts = [
        cut
        for item in (*spans, *citations, *unsupported)
        for cut in (item["answer_start"], item["answer_end"])
    ]
    core = _core(answer, text)
    cuts += core
    runs: list[Run] = []
    for start, end in _pieces(text, cuts):
        kind = next((s["kind"] for s in spans if s["answer_start"] <= start < s["answer_end"]), None)
        run: Run = {"t": text[start:end], "c": kind if kind in {INK_COPIED, INK_WRITTEN} else INK_WRITTEN}
        cited = [c["n"] for c in citations if c["answer_start"] <= start < c["answer_end"]]
        if run["c"] == INK_COPIED:
            if cited:
                run["n"] = cited[0]
        else:
            if hint := next((said for a, b, said in hints if a <= start < b), None):
                run["hint"] = hint
            if any(u["answer_start"] <= start < u["answer_end"] for u in unsupported):
                run["c"] = UNSUPPORTED
        if core and core[0] <= start < core[1]:
            run["core"] = True
        runs.append(run)
        runs += [{"chip": c["n"]} for c in citations if c["answer_end"] == end]
    # A citation of a range beyond the text (the filter took it back) still has its chip.
    shown = {run["chip"] for run in runs if "chip" in run}
    runs += [{"chip": c["n"]} for c in citations if c["n"] not in shown]
    return runs


def _core(answer: Answer | Mapping[str, Any], text: str) -> tuple[int, ...]:
    """Range of the best phrase in an answer that is its whole sentence; empty for any other answer."""
    phrase = answer.get("phrase") or ""
    if answer.get("granularity") != "sentence" or not phrase or phrase not in text:
        return ()
    start = text.index(phrase)
    return start, start + len(phrase)


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
