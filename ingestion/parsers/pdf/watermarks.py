"""Watermarks of a PDF: words laid over or under the text of its pages, which are no part of that text.

No sign is enough alone: headings repeat, charts have slanting labels, and large type may be grey. A watermark is drawn
apart from the text (slanting, pale or very large), stands where text stands or is known by its word, and comes again.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence

from ingestion.parsers.pdf.lines import Line
from ingestion.parsers.pdf.places import Places

_LARGE = 1.8  # times the size of most of the text
_HUGE = 3.0
_MIN_TILES = 3
_MIN_PAGES = 2
_MIN_PAGE_SHARE = 0.5
_MANY_PAGES = 3
_SAME_PLACE_PT = 6.0
_MIN_OVERLAP_PT = 1.5
_STEPS = 10  # places along a line at which text below or above it is looked for
_HEIGHT_STEP_PT = 4.0  # lower than small type, so that no line of it lies between two steps
_KNOWN = re.compile(
    r"(?:strictly\s+|company\s+|highly\s+)?(?:confidential|draft|sample|specimen|copy|void|duplicate|preview|internal"
    r"(?:\s+use)?(?:\s+only)?|do\s+not\s+(?:copy|distribute)|for\s+review(?:\s+only)?|top\s+secret|secret|restricted"
    r"|proprietary|uncontrolled|superseded|obsolete|evaluation|unregistered|trial|watermark|entwurf|vertraulich|muster"
    r"|机密|絕密|绝密|秘密|保密|草稿|初稿|草案|样本|样张|样稿|副本|作废|内部(?:资料|文件|使用)?|注意保密|严禁外传|请勿外传"
    r"|仅供[\u4e00-\u9fff]{1,8}|征求意见稿|送审稿|试用版|水印)"
    r"(?:[\s\-–—:：·/]*(?:confidential|draft|sample|copy|only|version|final|v?\d[\d.]*|机密|草稿))*\W*",
    re.I,
)

Key = tuple[str, int]


def drop_watermarks(pages: Sequence[list[Line]]) -> int:
    """Remove watermarks from the lines of all pages, and give their number."""
    body = _body_size(pages)
    suspects = [[line for line in page if _is_set_apart(line, body)] for page in pages]
    if not any(suspects):
        return 0
    often = _often(suspects)
    crossing = _crossing(pages, suspects, body)
    removed = 0
    for page, apart in zip(pages, suspects, strict=True):
        tiles = Counter(_key(line) for line in apart)
        gone = {
            id(line)
            for line in apart
            if _is_watermark(
                line,
                body,
                comes_again=_key(line) in often or tiles[_key(line)] >= _MIN_TILES,
                crosses=_key(line) in crossing,
            )
        }
        removed += len(gone)
        page[:] = [line for line in page if id(line) not in gone]
    return removed


def _is_watermark(line: Line, body: float, *, comes_again: bool, crosses: bool) -> bool:
    is_known = _KNOWN.fullmatch(line.text.strip()) is not None
    is_large = line.size >= _LARGE * body
    if line.paint.slant:
        if comes_again:
            return is_known or line.paint.is_pale or is_large or crosses
        return (is_known or line.paint.is_pale) and (is_large or crosses)
    if line.paint.is_pale:
        return (crosses or (is_known and is_large)) and (comes_again or (crosses and is_large))
    return crosses and comes_again and line.size >= _HUGE * body


def _is_set_apart(line: Line, body: float) -> bool:
    return line.paint.slant != 0 or line.paint.is_pale or line.size >= _HUGE * body


def _body_size(pages: Sequence[list[Line]]) -> float:
    """Size in which most of the straight text is set; of all text where none is straight."""
    weights: Counter[float] = Counter()
    for page in pages:
        for line in page:
            weights[round(line.size, 1)] += len(line.text) * (1 if line.paint.slant else 1000)
    return weights.most_common(1)[0][0] if weights else 0.0


def _key(line: Line) -> Key:
    return "".join(line.text.lower().split()), line.paint.slant


def _often(suspects: Sequence[Sequence[Line]]) -> set[Key]:
    """Keys of lines that stand at one place of many pages, or of most."""
    places: defaultdict[Key, list[tuple[int, float, float]]] = defaultdict(list)
    for number, page in enumerate(suspects):
        for line in page:
            places[_key(line)].append((number, line.x0, line.y0))
    least = min(_MANY_PAGES, max(_MIN_PAGES, _MIN_PAGE_SHARE * len(suspects)))
    return {key for key, found in places.items() if _pages_at_one_place(found) >= least}


def _pages_at_one_place(found: Sequence[tuple[int, float, float]]) -> int:
    _, x, y = found[len(found) // 2]
    near = {
        number for number, x0, y0 in found if abs(x0 - x) < _SAME_PLACE_PT and abs(y0 - y) < _SAME_PLACE_PT
    }
    return len(near)


def _crossing(pages: Sequence[list[Line]], suspects: Sequence[Sequence[Line]], body: float) -> set[Key]:
    """Keys of lines that stand where other text of their page stands, on one page at least."""
    found: set[Key] = set()
    for page, apart in zip(pages, suspects, strict=True):
        text = Places(line.box for line in page if not _is_set_apart(line, body)) if apart else None
        for line in apart:
            key = _key(line)
            if key not in found and text and any(text.hold(x, y, _MIN_OVERLAP_PT) for x, y in _points(line)):
                found.add(key)
    return found


def _points(line: Line) -> list[tuple[float, float]]:
    """Points along a line: on the diagonal of its box where it slants, else at three heights or more."""
    x0, y0, x1, y1 = line.box
    shares = [(step + 0.5) / _STEPS for step in range(_STEPS)]
    if line.paint.slant:
        # Which diagonal it is on isn't known here: text set upwards and downwards has one slant.
        rising = [(x0 + share * (x1 - x0), y0 + share * (y1 - y0)) for share in shares]
        return rising + [(x, y1 - (y - y0)) for x, y in rising]
    steps = min(max(3, round((y1 - y0) / _HEIGHT_STEP_PT)), _STEPS)
    heights = [y0 + (0.2 + 0.6 * step / (steps - 1)) * (y1 - y0) for step in range(steps)]
    return [(x0 + share * (x1 - x0), y) for share in shares for y in heights]
