"""Geometry of plots: a point with its interval by row, on one axis; `report.html` draws them as inline SVG.

The plotting library that is installed (Altair, through Streamlit) draws in the browser by a script of megabytes; a
report needs points and lines on one axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass

_WIDTH, _LABEL, _FIGURE, _ROW, _AXIS = 640, 150, 145, 22, 24
_TICKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure with its interval; None if it was not measured."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A row as it is drawn; `x` is None if nothing was measured, `whisker` if there is no interval."""

    label: str
    y: float
    x: float | None = None
    whisker: tuple[float, float] | None = None
    figure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A plot in units of its view box.

    Attributes:
        left: Start of the axis.
        ticks: Place and text of each tick.
        marks: From top to bottom.
    """

    title: str
    width: int
    height: int
    left: int
    ticks: Sequence[tuple[float, str]]
    marks: Sequence[Mark]


def interval_plot(title: str, rows: Sequence[Row], *, most: float | None = None, digits: int = 3) -> Plot:
    """Points with whiskers on a common axis from 0.

    Args:
        title: Shown above, and read to people who can't see the plot.
        rows: From top to bottom.
        most: End of the axis; None takes the largest value or bound.
        digits: After the point.
    """
    if most is None:
        shown = [bound for row in rows for bound in (row.value, row.high) if bound is not None]
        most = max(shown, default=0.0) or 1.0
    ticks = [most * tick / _TICKS for tick in range(_TICKS + 1)]
    return Plot(
        title=title,
        width=_WIDTH,
        height=_ROW * len(rows) + _AXIS,
        left=_LABEL,
        ticks=[(_x(value, most), f"{value:.3g}") for value in ticks],
        marks=[_mark(row, _ROW * number + _ROW / 2, most, digits) for number, row in enumerate(rows)],
    )


def _x(value: float, most: float) -> float:
    share = min(1.0, max(0.0, value / most))
    return round(_LABEL + share * (_WIDTH - _LABEL - _FIGURE), 1)


def _mark(row: Row, y: float, most: float, digits: int) -> Mark:
    if row.value is None:
        return Mark(label=row.label, y=y)
    figure, whisker = f"{row.value:.{digits}f}", None
    if row.low is not None and row.high is not None:
        figure += f" ({row.low:.{digits}f}–{row.high:.{digits}f})"
        whisker = _x(row.low, most), _x(row.high, most)
    return Mark(label=row.label, y=y, x=_x(row.value, most), whisker=whisker, figure=figure)
