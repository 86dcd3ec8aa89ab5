"""Sentence bounds in Chinese, English and mixed text.

Rules, in the order they are asked: a line end inside a block, unless the line is wrapped; a Chinese mark (。！？…) with
the closing quotes and brackets after it; a Western mark followed by white space and no small letter, unless it ends an
abbreviation, an initial, a decimal or the number of a list item. Code and tables go by line. The method is that of
Grefenstette & Tapanainen (1994): regular patterns plus a list of abbreviations.
"""

import re
from collections.abc import Iterator

from ingestion.types import Block, BlockKind

Span = tuple[int, int]

_CLOSERS = re.escape("”’\"'）)】」』》〉］]}")
# Possessive, and a run of full stops begins only at its first: time stays linear on hostile runs.
_CANDIDATE = re.compile(
    rf"[。！？!?｡]++[{_CLOSERS}。！？!?…]*+|…++[{_CLOSERS}]*+|(?<!\.)\.++[{_CLOSERS}]*+(?=\s|\Z|[\u3400-\u9fff])"
    r"|\n[^\S\n]*+"
)
_ABBREVIATIONS = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "sr",
        "jr",
        "st",
        "mt",
        "vs",
        "etc",
        "e.g",
        "i.e",
        "cf",
        "al",
        "fig",
        "figs",
        "eq",
        "eqs",
        "sec",
        "secs",
        "ch",
        "chap",
        "no",
        "nos",
        "vol",
        "pp",
        "ed",
        "eds",
        "inc",
        "ltd",
        "co",
        "corp",
        "dept",
        "est",
        "approx",
        "ca",
        "resp",
        "gen",
        "col",
        "sgt",
        "capt",
        "rev",
        "hon",
        "sen",
        "rep",
        "gov",
        "jan",
        "feb",
        "mar",
        "apr",
        "jun",
        "jul",
        "aug",
        "sep",
        "sept",
        "oct",
        "nov",
        "dec",
        "u.s",
        "u.k",
        "u.n",
        "e.u",
        "a.m",
        "p.m",
        "ph.d",
        "d.c",
        "tab",
        "ref",
        "refs",
        "app",
        "art",
        "z.b",
        "d.h",
        "bzw",
        "u.a",
    ]
)
# These end sentences about as often as not; a capital letter after them decides.
_MAY_END = frozenset(
    [
        "etc",
        "inc",
        "ltd",
        "co",
        "corp",
        "a.m",
        "p.m",
        "ph.d",
        "u.s",
        "u.k",
        "u.n",
        "e.u",
        "d.c",
        "al",
        "jr",
        "sr",
    ]
)
_LIST_NUMBER = re.compile(r"(?:[^\n]*\n)?\s*(?:\(?\d{1,3}|[a-zA-Z]|[ivxIVX]{1,5})\.$")
_ITEM_START = re.compile(
    r"[-*•▪◦‣+]\s|\(?\d{1,3}[.)、．]|[（(][一二三四五六七八九十\d]{1,3}[)）]|[一二三四五六七八九十]{1,3}、|[①-⑳]"
    r"|第[\d一二三四五六七八九十百千零]{1,7}[条條章节節款]"
)
_LOOK_BACK = 40
_WRAPPED_SHARE = 0.75
_TERMINATORS = tuple('。！？!?.…：:；;”"」』）)')


def sentences_of(text: str, block: Block) -> list[Span]:
    """Sentences of one block, as ranges of `text`, without white space around them.

    Args:
        text: The canonical text.
        block: One of its blocks; code and tables give a range a line.

    Returns:
        Ascending, disjoint ranges that together hold every visible character of the block.
    """
    if block.kind in {BlockKind.CODE, BlockKind.TABLE}:
        return list(_lines(text, block.start, block.end))
    if block.kind is BlockKind.HEADING:
        return _trimmed(text, [(block.start, block.end)])
    return split_sentences(text, block.start, block.end)


def split_sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Sentences of running text in `[start, end)`, as ranges of `text` without white space around them."""
    end = len(text) if end is None else end
    wrap_width = _wrap_width(text, start, end)
    spans: list[Span] = []
    begin = start
    for match in _CANDIDATE.finditer(text, start, end):
        if match.start() < begin:
            continue
        if _is_bound(text, begin, match, end, wrap_width):
            stop = _without_opening_quote(text, begin, match)
            spans.append((begin, stop))
            begin = stop
    spans.append((begin, end))
    return _trimmed(text, spans)


def _is_bound(text: str, begin: int, match: re.Match[str], end: int, wrap_width: int) -> bool:
    mark = match.group()
    if mark[0] == "\n":
        return _line_is_whole(text, begin, match.start(), match.end(), end, wrap_width)
    if mark[0] in "。！？｡":
        return not text.startswith(("，", "、", "；", "。"), match.end())
    following = text[match.end() : match.end() + 1]
    if mark[0] in "!?…":
        goes_on = _next_visible(text, match.end(), end).islower()
        return not following or following > "\u2e7f" or (following.isspace() and not goes_on)
    return _full_stop_ends(text, begin, match, end)


def _full_stop_ends(text: str, begin: int, match: re.Match[str], end: int) -> bool:
    """Whether a Western full stop (with closing marks after it) ends a sentence."""
    word = _word_before(text, begin, match.start())
    following = text[match.end() : match.end() + 1]
    if following and not following.isspace():
        # A full stop straight before Chinese: an end only after a word, not in `3.个` or `e.g.中`.
        return word[-1:].isalpha() and not _is_abbreviation(word)
    visible = _next_visible(text, match.end(), end)
    if visible.islower() or _LIST_NUMBER.match(text, max(begin, match.start() - _LOOK_BACK), match.end()):
        return False
    if match.group() != "." or not _is_abbreviation(word):
        return True
    return not visible or word.lower() in _MAY_END


def _word_before(text: str, begin: int, stop: int) -> str:
    """The run of Latin letters and full stops that ends at `stop`."""
    start = stop
    while (
        start > max(begin, stop - _LOOK_BACK)
        and text[start - 1].isascii()
        and (text[start - 1].isalpha() or text[start - 1] == ".")
    ):
        start -= 1
    return text[start:stop].lstrip(".")


def _is_abbreviation(word: str) -> bool:
    return word.lower() in _ABBREVIATIONS or (len(word) == 1 and word.isupper())


def _next_visible(text: str, position: int, end: int) -> str:
    """The next character that is not white space, or an empty string."""
    while position < end and text[position].isspace():
        position += 1
    return text[position] if position < end else ""


def _without_opening_quote(text: str, begin: int, match: re.Match[str]) -> int:
    """End of a mark with its closers; a straight quote that was not opened before begins the next sentence."""
    stop = match.end()
    quote = text[stop - 1]
    if quote in "\"'" and stop - 1 > match.start() and text.count(quote, begin, stop - 1) % 2 == 0:
        return stop - 1
    return stop


def _wrap_width(text: str, start: int, end: int) -> int:
    """Width at which the lines of a block are wrapped, or 0 if they are not: most lines are about as long."""
    lengths = sorted(len(line) for line in text[start:end].split("\n"))
    if len(lengths) < 3:
        return lengths[-1] if len(lengths) == 2 and lengths[-1] >= 40 else 0
    longest = lengths[-1]
    full = sum(length >= _WRAPPED_SHARE * longest for length in lengths)
    return longest if longest >= 30 and full >= 0.6 * (len(lengths) - 1) else 0


def _line_is_whole(text: str, begin: int, newline: int, following: int, end: int, wrap_width: int) -> bool:
    """Whether a line end ends a sentence: it doesn't if a long line continues in the next."""
    if following >= end or text[following] == "\n" or _ITEM_START.match(text, following):
        return True
    line_start = max(begin, text.rfind("\n", begin, newline) + 1)
    if newline - line_start < _WRAPPED_SHARE * wrap_width or not wrap_width:
        return not (text[following].islower() and text[newline - 1] not in _TERMINATORS)
    return text[newline - 1] in "。！？"


def _lines(text: str, start: int, end: int) -> Iterator[Span]:
    position = start
    while position < end:
        newline = text.find("\n", position, end)
        stop = end if newline < 0 else newline
        yield from _trimmed(text, [(position, stop)])
        position = stop + 1


def _trimmed(text: str, spans: list[Span]) -> list[Span]:
    """Ranges without white space at their ends; ranges of white space alone are dropped."""
    result: list[Span] = []
    for start, end in spans:
        piece = text[start:end]
        left = start + len(piece) - len(piece.lstrip())
        right = end - (len(piece) - len(piece.rstrip()))
        if left < right:
            result.append((left, right))
    return result
