"""Finds the rectangles of a page in which a point lies."""

from collections import defaultdict
from collections.abc import Iterable

from ingestion.types import Box

_BAND_PT = 24.0
_MAX_BAND = 1000  # pages have 200 inches at most


class Places:
    """Rectangles by horizontal bands, so that a point is compared with those at its height alone."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        """Keep the rectangles: left, bottom, right, top."""
        self._bands: defaultdict[int, list[Box]] = defaultdict(list)
        for box in boxes:
            for band in range(_band(box[1]), _band(box[3]) + 1):
                self._bands[band].append(box)

    def hold(self, x: float, y: float, margin: float = 0.0) -> bool:
        """Whether the point lies in one of them, farther than `margin` from its upper and lower edge."""
        return any(
            left <= x <= right and bottom + margin <= y <= top - margin
            for left, bottom, right, top in self._bands.get(_band(y), ())
        )


def _band(y: float) -> int:
    return int(max(-_MAX_BAND, min(y // _BAND_PT, _MAX_BAND)))
