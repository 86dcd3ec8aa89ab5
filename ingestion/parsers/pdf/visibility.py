"""Text that a PDF holds and its pages don't show: off the page, white on white, without ink, on a layer turned off.

The renderer decides: a line that may be unseen is left out where the picture of the page is blank. The invisible text
that recognition lays over a scan stands on the picture of its words, and stays.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pypdfium2 as pdfium

from ingestion.parsers.pdf.lines import Line
from ingestion.types import Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_TINY_PT = 0.6  # height of characters that nobody reads
_SCALE = 1.5  # pixels for each point
_MAX_SIDE_PX = 2000
_MIN_CONTRAST = 12  # of 255, between the darkest and the lightest pixel of a line that is seen
_MIN_PX = 2  # a smaller place shows nothing that can be read


def drop_unseen(lines: list[Line], page: pdfium.PdfPage) -> int:
    """Remove lines that the page doesn't show, and give their number.

    The page is rendered once, and only if the way that a line is drawn makes it doubtful.
    """
    shown = page.get_bbox()
    unseen = [line for line in lines if line.y1 - line.y0 < _TINY_PT or not _overlap(line.box, shown)]
    doubtful = [line for line in lines if line.paint.is_doubtful]
    if doubtful:
        unseen.extend(_blank(doubtful, page))
    gone = {id(line) for line in unseen}
    lines[:] = [line for line in lines if id(line) not in gone]
    return len(gone)


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and one[2] > other[0] and one[1] < other[3] and one[3] > other[1]


def _blank(lines: Sequence[Line], page: pdfium.PdfPage) -> list[Line]:
    """Those lines under which the picture of the page has one colour."""
    bitmap = page.render(
        scale=min(_SCALE, _MAX_SIDE_PX / max(page.get_size())), may_draw_forms=False, rev_byteorder=True
    )
    try:
        picture, places = bitmap.to_numpy()[:, :, :3], bitmap.get_posconv(page)
        blank = []
        for line in lines:
            x0, y0, x1, y1 = line.box
            corners = places.to_bitmap(x0, y0), places.to_bitmap(x1, y1)
            left, right = sorted(corner[0] for corner in corners)
            top, bottom = sorted(corner[1] for corner in corners)
            if not _is_seen(picture[max(top, 0) : bottom, max(left, 0) : right]):
                blank.append(line)
        return blank
    finally:
        bitmap.close()


def _is_seen(part: "NDArray[np.uint8]") -> bool:
    height, width = part.shape[:2]
    if height < _MIN_PX or width < _MIN_PX:
        return False
    pixels = part.reshape(-1, part.shape[2])
    return int((pixels.max(axis=0) - pixels.min(axis=0)).max()) >= _MIN_CONTRAST
