"""Plots as inline SVG: a point with its interval by row, nothing loaded and nothing run.

The plotting library that is installed (Altair, through Streamlit) draws in the browser by a script of megabytes; what a
report needs are points and lines on one axis.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _LABEL, _FIGURE, _ROW, _AXIS = 640, 150, 145, 22, 24
_TICKS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A figure with its interval; None where nothing stands for it."""

    label: str
    value: float | None
    low: float | None = None
    high: float | None = None


def interval_plot(title: str, rows: Sequence[Row], *, most: float | None = None, digits: int = 3) -> str:
    """Points with whiskers on a common axis from 0.

    Args:
        title: Said above, and to who can't see.
        rows: From top to bottom.
        most: End of the axis; None takes the largest value or bound.
        digits: After the point.
    """
    if most is None:
        shown = [bound for row in rows for bound in (row.value, row.high) if bound is not None]
        most = max(shown, default=0.0) or 1.0
    height = _ROW * len(rows) + _AXIS
    parts = [_axis(most, height)]
    parts += [_row(row, number, most, digits) for number, row in enumerate(rows)]
    return (
        f"<figure><figcaption>{escape(title)}</figcaption>"
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}">{"".join(parts)}</svg></figure>'
    )


def _x(value: float, most: float) -> float:
    share = min(1.0, max(0.0, value / most))
    return round(_LABEL + share * (_WIDTH - _LABEL - _FIGURE), 1)


def _axis(most: float, height: int) -> str:
    parts = []
    for tick in range(_TICKS + 1):
        value = most * tick / _TICKS
        x = _x(value, most)
        parts.append(f'<line class="grid" x1="{x}" y1="0" x2="{x}" y2="{height - _AXIS + 4}"/>')
        parts.append(f'<text class="tick" x="{x}" y="{height - 6}" text-anchor="middle">{value:.3g}</text>')
    return "".join(parts)


def _row(row: Row, number: int, most: float, digits: int) -> str:
    y = _ROW * number + _ROW / 2
    label = f'<text x="{_LABEL - 8}" y="{y + 4}" text-anchor="end">{escape(row.label)}</text>'
    if row.value is None:
        return label + f'<text class="tick" x="{_LABEL + 4}" y="{y + 4}">nothing measured</text>'
    figure = f"{row.value:.{digits}f}"
    whisker = ""
    if row.low is not None and row.high is not None:
        figure += f" ({row.low:.{digits}f}–{row.high:.{digits}f})"
        left, right = _x(row.low, most), _x(row.high, most)
        whisker = f'<line class="whisker" x1="{left}" y1="{y}" x2="{right}" y2="{y}"/>'
    return (
        label
        + whisker
        + f'<circle cx="{_x(row.value, most)}" cy="{y}" r="4.5"/>'
        + f'<text class="tick" x="{_WIDTH}" y="{y + 4}" text-anchor="end">{figure}</text>'
    )
