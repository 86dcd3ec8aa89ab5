"""Charts of Office as tables, from the numbers stored in them (DrawingML charts, and the extended ones of 2016).

Any kind of plot is read alike, so that none is unknown: rows are categories or points, columns are series.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from ingestion.parsers.office.drawing_text import A, body_text, whole
from ingestion.tables.grid import MAX_COLUMNS, Cell, Grid

C: Final = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
CX: Final = "{http://schemas.microsoft.com/office/drawing/2014/chartex}"
_AXES: Final = ("catAx", "dateAx", "valAx", "serAx")
_QUOTED: Final = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_EPOCHS: Final = datetime(1899, 12, 30), datetime(1904, 1, 1)
_MAX_DAY: Final = 2_958_465  # 31 December 9999
_MAX_POINTS: Final = 100_000
_MAX_CELLS: Final = 200_000  # of one table
_MAX_LEVELS: Final = 8
_Column = dict[int, str]


def chart_grids(root: etree._Element) -> Iterator[Grid]:
    """The tables of a chart part, one a plot; points (scatter, bubbles) have one a series.

    Its title and the titles of its axes for values are the caption of the first.
    """
    if root.tag.startswith(CX):
        yield from _extended(root)
        return
    epoch = _EPOCHS[_flag(root.find(f"{C}date1904"))]
    caption = _title(root.find(f"{C}chart/{C}title"))
    area = root.find(f"{C}chart/{C}plotArea")
    if area is None:
        return
    axes = {
        str(number.get("val")): axis
        for axis in area
        if axis.tag in {f"{C}{name}" for name in _AXES} and (number := axis.find(f"{C}axId")) is not None
    }
    told: set[str] = set()
    for plot in area:
        series = plot.findall(f"{C}ser")
        if not series:
            continue
        across, *others = _axis_titles(plot, axes)
        names = [name for name in others if name and name not in told]
        told.update(names)
        for grid in _plot(series, across, epoch):
            yield Grid(rows=grid.rows, header_rows=1, caption=_joined([caption, *names]))
            caption, names = "", []


def _plot(series: list[etree._Element], across: str, epoch: datetime) -> Iterator[Grid]:
    if any(one.find(f"{C}xVal") is not None for one in series):
        for one in series:
            columns = [_column(one.find(f"{C}{name}"), epoch) for name in ("xVal", "yVal", "bubbleSize")]
            yield _grid([across or "X", _series_name(one) or "Y", "Size"][: 3 if columns[2] else 2], columns)
        return
    labels = next(
        (found for one in series if (found := _labels(one.find(f"{C}cat"), epoch))), [dict[int, str]()]
    )
    values = [_column(one.find(f"{C}val"), epoch) for one in series]
    heads = [*[""] * (len(labels) - 1), across]
    width = len(labels) + len(values)
    if width <= MAX_COLUMNS and width * max(map(len, (*labels, *values))) <= _MAX_CELLS:
        yield _grid([*heads, *map(_series_name, series)], [*labels, *values])
        return
    for one, column in zip(series, values, strict=True):  # too wide to be one table
        used = [{place: label[place] for place in column if place in label} for label in labels]
        yield _grid([*heads, _series_name(one)], [*used, column])


def _grid(names: list[str], columns: list[_Column]) -> Grid:
    """A table whose columns hold texts by their place; places where all are empty are no rows."""
    places = sorted({place for column in columns for place, text in column.items() if text})
    columns = columns[: len(names)]
    rows = [[Cell(name) for name in names]]
    rows.extend([Cell(column.get(place, "")) for column in columns] for place in places)
    return Grid(rows=rows, header_rows=1)


def _labels(categories: etree._Element | None, epoch: datetime) -> list[_Column]:
    """Names of the categories, one column a level, the outermost first and filled down."""
    if categories is None:
        return []
    levels = categories.findall(f".//{C}lvl")
    if not levels:
        column = _column(categories, epoch)
        return [column] if column else []
    inner = _points(levels[0])
    columns = [inner]
    for level in levels[1:_MAX_LEVELS]:
        upper, current = _points(level), ""
        columns.insert(0, {place: (current := upper.get(place) or current) for place in sorted(inner)})
    return columns


def _column(holder: etree._Element | None, epoch: datetime) -> _Column:
    """Points of a sequence of numbers or texts, by place, as the chart shows them."""
    if holder is None:
        return {}
    code = holder.findtext(f".//{C}formatCode") or ""
    is_text = holder.find(f".//{C}strCache") is not None or holder.find(f".//{C}strLit") is not None
    return {place: text if is_text else _shown(text, code, epoch) for place, text in _points(holder).items()}


def _points(holder: etree._Element) -> _Column:
    found: _Column = {}
    for point in holder.iter(f"{C}pt"):
        place = whole(point.get("idx"), -1)
        if place >= 0 and len(found) < _MAX_POINTS:
            found[place] = (point.findtext(f"{C}v") or "").strip()
    return found


def _shown(text: str, code: str, epoch: datetime) -> str:
    """A number without the noise of binary fractions; dates and percentages by their format."""
    try:
        value = float(text)
    except ValueError:
        return text
    bare = _QUOTED.sub("", code).lower()
    if re.search(r"[ymdhs]", bare) and "general" not in bare and 0 <= value <= _MAX_DAY:
        return _date(value, bare, epoch)
    if "%" in bare:
        return f"{value * 100:.10g}%"
    return f"{value:.15g}"


def _date(value: float, code: str, epoch: datetime) -> str:
    moment = epoch + timedelta(days=value) + timedelta(milliseconds=500)
    day, hour = f"{moment:%Y-%m-%d}", f"{moment:%H:%M}"
    if not re.search(r"[yd]", code):
        return hour if "h" in code else day[:7]
    if "d" not in code:
        return day[:4] if "m" not in code else day[:7]
    return f"{day} {hour}" if "h" in code else day


def _series_name(series: etree._Element) -> str:
    holder = series.find(f"{C}tx")
    if holder is None:
        return ""
    return " ".join((point.text or "").strip() for point in holder.iter(f"{C}v"))


def _axis_titles(plot: etree._Element, axes: dict[str, etree._Element]) -> list[str]:
    """Title of the axis with the categories (or X), then titles of the other axes."""
    own = [axes[key] for item in plot.findall(f"{C}axId") if (key := str(item.get("val"))) in axes]
    own.sort(key=lambda axis: axis.tag not in {f"{C}catAx", f"{C}dateAx"})
    return [_title(axis.find(f"{C}title")) for axis in own] or [""]


def _title(title: etree._Element | None) -> str:
    if title is None:
        return ""
    rich = title.find(f"{C}tx/{C}rich")
    return body_text(rich) if rich is not None else _series_name(title)


def _extended(root: etree._Element) -> Iterator[Grid]:
    """Waterfalls, tree maps, funnels and their like."""
    data = {str(item.get("id")): item for item in root.iter(f"{CX}data")}
    title = root.find(f"{CX}chart/{CX}title")
    caption = _joined([*map(body_text, title.iter(f"{CX}rich"))]) if title is not None else ""
    for series in root.iter(f"{CX}series"):
        number = series.find(f"{CX}dataId")
        used = data.get(str(number.get("val"))) if number is not None else None
        if used is None:
            continue
        columns: list[_Column] = []
        for sequence in used:
            levels = sequence.findall(f"{CX}lvl")
            is_text = sequence.tag == f"{CX}strDim"
            columns.extend(_extended_points(level, is_text=is_text) for level in reversed(levels))
        name = series.findtext(f"{CX}tx/{CX}txData/{CX}v") or ""
        grid = _grid([*[""] * (len(columns) - 1), name], columns)
        yield Grid(rows=grid.rows, header_rows=1, caption=caption)
        caption = ""


def _extended_points(level: etree._Element, *, is_text: bool) -> _Column:
    code = str(level.get("formatCode", ""))
    points = {whole(point.get("idx"), -1): point.text or "" for point in level.iter(f"{CX}pt")}
    return {place: text if is_text else _shown(text, code, _EPOCHS[0]) for place, text in points.items()}


def _joined(texts: list[str]) -> str:
    return " – ".join(filter(None, texts))


def _flag(element: etree._Element | None) -> bool:
    return element is not None and element.get("val", "1") in {"1", "true", "on"}


def user_texts(root: etree._Element) -> list[str]:
    """Texts drawn on a chart by hand."""
    return [text for body in root.iter() if body.tag == f"{A}p" and (text := body_text(body))]
