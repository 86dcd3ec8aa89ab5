"""Text recognition on pictures of pages, by RapidOCR and the PP-OCR models inside it: Chinese and English.

An optional install. Where it is missing nothing here is imported, and pictures are refused by name.
"""

import functools
import importlib.util
from collections.abc import Sequence
from statistics import median
from typing import TYPE_CHECKING, Any, Final

from ingestion.parsers.pdf.frame import Frame
from ingestion.parsers.pdf.lines import Line

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PACKAGES: Final = ("rapidocr", "onnxruntime")
INSTALL_HINT: Final = (
    "Install text recognition (`make ocr`) and try again, or run it elsewhere and upload the result."
)
MAX_SIDE_PX: Final = 2000
"""Longer sides are scaled down by the recogniser; more pixels cost memory and give nothing."""
_GLYPH_SHARE: Final = 0.75  # of a line's box, for the size of its font
_SAME_SIZE: Final = 0.3


def is_available() -> bool:
    """Whether text recognition is installed."""
    return all(importlib.util.find_spec(name) is not None for name in PACKAGES)


def lines_in(picture: "NDArray[np.uint8]", width: float, height: float) -> list[Line]:
    """Lines of text in a picture of a page.

    Args:
        picture: uint8 [H, W, 3] in the order blue, green, red.
        width: Of the page, in points.
        height: Of the page, in points.

    Returns:
        Lines with places in points from the lower left corner, in no order.
    """
    found = _engine()(picture)
    if found.boxes is None or not found.txts:
        return []
    across, down = width / picture.shape[1], height / picture.shape[0]
    frame = Frame((0.0, 0.0, width, height))
    lines = []
    for corners, text in zip(found.boxes, found.txts, strict=True):
        columns = [float(corner[0]) * across for corner in corners]
        rows = [height - float(corner[1]) * down for corner in corners]
        lines.append(
            Line(
                text=text,
                x0=min(columns),
                y0=min(rows),
                x1=max(columns),
                y1=max(rows),
                size=_GLYPH_SHARE * (max(rows) - min(rows)),
                base=min(rows),
                frame=frame,
            )
        )
    return _of_even_size(lines)


def _of_even_size(lines: Sequence[Line]) -> list[Line]:
    """Boxes of one font differ a little with the letters in them: those near the usual size have that size."""
    usual = median(line.size for line in lines)
    for line in lines:
        if abs(line.size - usual) <= _SAME_SIZE * usual:
            line.size = usual
    return list(lines)


@functools.cache
def _engine() -> Any:
    """The recogniser, loaded with the first picture (about a second) and cached."""
    from rapidocr import RapidOCR

    return RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.max_side_len": MAX_SIDE_PX,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
